"""`equina triage` from outside: whatever the bytes, each line has its own answer, in order, and the exit code tells how it went.

The lines that cannot be judged are in `cases/bad_input.toml`; they are sent in one stream, a good line before and after each.
"""

import json
import os
import signal
import sys
import tomllib
from pathlib import Path

import pytest

from command import COMMAND, ENVIRONMENT, PATIENCE, TINY, answers_in, readable, run, start, triage

HERE = Path(__file__).parent
GOOD = b'{"id": "good", "findings": {"back_pain": true, "urinary_retention": true}}'
BAD = b'{"id": "bad", "findings": {"fevr": true}}'


def is_good(answer):
    return answer["id"] == "good" and answer["disposition"] == "emergency" and "error" not in answer


# --- lines that cannot be judged -----------------------------------------------------------------------------------------------

MADE = [
    {
        "name": "thousands of digits",
        "line": '{"id": "x", "findings": {"pvr_ml": ' + "9" * 10_000 + "}}",
        "says": ["too many digits"],
    },
    {"name": "thousands of digits in the id", "line": '{"id": ' + "9" * 10_000 + "}", "says": ["too many digits"]},
    {"name": "thousands of decimals", "line": '{"id": "x", "age": -0.' + "9" * 10_000 + "}", "says": ["age"], "id": "x"},
    {"name": "a deep nest of lists", "line": '{"id": ' + "[" * 100_000 + "]" * 100_000 + "}", "says": ["nested too deeply"]},
    {"name": "a deep nest of objects", "line": '{"a":' * 100_000 + "1" + "}" * 100_000, "says": ["nested too deeply"]},
    {"name": "an open nest", "line": "[" * 100_000, "says": ["nested too deeply"]},
    {"name": "a NUL", "line": "\0", "says": ["not JSON"]},
    {"name": "a NUL in a text", "line": '{"id": "a\0b"}', "says": ["not JSON"]},
    {"name": "a byte order mark inside the file", "line": "\ufeff{}", "says": ["not JSON"]},
    {
        "name": "Latin-1",
        "line": '{"id": "x", "text": "br\xfblure"}'.encode("latin-1"),
        "says": ["not UTF-8 text", "byte 24", "save the file as UTF-8"],
    },
    {"name": "half a character", "line": b'{"id": "\xe2\x82"}', "says": ["not UTF-8 text"]},
    {"name": "a surrogate in UTF-8", "line": b'{"id": "\xed\xa0\x80"}', "says": ["not UTF-8 text"]},
    {
        "name": "a lone surrogate in the id",
        "line": '{"id": "\\ud800", "findings": 3}',
        "says": ["findings: an object"],
        "id": "\ud800",
    },
    {
        "name": "a long finding",
        "line": '{"id": "x", "findings": {"' + "a" * 100_000 + '": true}}',
        "says": ["not a known finding"],
        "id": "x",
    },
    {"name": "a long key", "line": '{"id": "x", "' + "a" * 100_000 + '": true}', "says": ["is not a key of a case"], "id": "x"},
    {"name": "a long answerer", "line": '{"id": "x", "answered_by": "' + "a" * 100_000 + '"}', "says": ["answered_by"], "id": "x"},
]
CASES = [*tomllib.loads((HERE / "cases" / "bad_input.toml").read_text(encoding="utf-8"))["case"], *MADE]
NAMES = [case["name"] for case in CASES]


def as_bytes(line):
    return line if isinstance(line, bytes) else line.encode("utf-8")


@pytest.fixture(scope="module")
def outcome():
    lines = [GOOD]
    for case in CASES:
        lines += [as_bytes(case["line"]), GOOD]
    return triage(given=b"\n".join(lines) + b"\n")


def test_bad_lines_set_the_exit_code_and_are_counted(outcome):
    code, answers, said = outcome
    assert code == 2
    assert len(answers) == 2 * len(CASES) + 1
    assert said == f"equina: {len(CASES)} of {len(answers)} lines could not be judged; their answers say why\n"


def test_good_lines_are_unharmed_by_the_bad_ones_around_them(outcome):
    assert all(map(is_good, outcome[1][::2]))


@pytest.mark.parametrize("name", NAMES)
def test_a_line_that_cannot_be_judged_says_why(outcome, name):
    place = NAMES.index(name)
    case, answer = CASES[place], outcome[1][2 * place + 1]
    assert answer.keys() == {"id", "line", "error"}
    assert answer["id"] == case.get("id")
    assert answer["line"] == 2 * place + 2
    for words in case["says"]:
        assert words in answer["error"]
    assert len(answer["error"]) < 2000, "an error is for a person to read: what was given is not repeated at length"


# --- the stream ----------------------------------------------------------------------------------------------------------------


def test_good_lines_alone_succeed_in_silence():
    code, answers, said = triage(given=GOOD + b"\n" + GOOD)
    assert (code, said) == (0, "")
    assert len(answers) == 2
    assert all(map(is_good, answers))


def test_lines_come_back_in_the_order_given_and_the_same_id_twice():
    given = [b'{"id": "b", "age": 40}', b'{"id": "a", "age": 41}', b'{"id": "b", "age": 42}', b'{"id": "b", "age": 400}']
    code, answers, _ = triage(given=b"\n".join(given))
    assert code == 2
    assert [answer["id"] for answer in answers] == ["b", "a", "b", "b"]
    assert [answer["findings"]["age_years"]["value"] for answer in answers[:3]] == [40, 41, 42]
    assert answers[3]["line"] == 4


def test_a_line_without_id_is_answered_with_null_and_its_number():
    code, answers, _ = triage(given=GOOD + b'\n{"findings": {"back_pain": true}}\n{"id": null, "age": 4}\n')
    assert code == 0
    assert [answer["id"] for answer in answers] == ["good", None, None]
    assert [answer.get("line") for answer in answers[1:]] == [2, 3]


def test_an_empty_line_of_json_is_judged_and_gives_no_advice():
    code, answers, _ = triage(given=b"{}\n")
    assert code == 0
    assert answers[0]["disposition"] is None
    assert [reason["rule"] for reason in answers[0]["reasons"]] == ["nothing_given"]


def test_blank_lines_are_passed_over_and_counted():
    code, answers, _ = triage(given=b"\n  \n" + GOOD + b"\n\t\n\n" + BAD + b"\n\n")
    assert code == 2
    assert is_good(answers[0])
    assert answers[1]["line"] == 6


@pytest.mark.parametrize("given", [b"", b"\n\n", b"  \n\t\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_nothing_given_is_bad_input(given):
    code, answers, said = triage(given=given)
    assert (code, answers) == (2, [])
    assert "no case was given" in said
    assert "one JSON object" in said


@pytest.mark.parametrize(
    "given",
    [
        b"\xef\xbb\xbf" + GOOD + b"\n" + GOOD + b"\n",
        GOOD + b"\r\n" + GOOD + b"\r\n",
        b"\xef\xbb\xbf" + GOOD + b"\r\n\r\n" + GOOD,
        b"  " + GOOD + b"\t\n" + GOOD + b"\r",
    ],
    ids=["byte order mark", "CRLF", "both", "spaces"],
)
def test_marks_of_other_systems_do_no_harm(given):
    code, answers, said = triage(given=given)
    assert (code, said) == (0, "")
    assert len(answers) == 2
    assert all(map(is_good, answers))


def test_utf_16_is_told_to_be_saved_as_utf_8():
    code, answers, _ = triage(given=GOOD.decode().encode("utf-16"))
    assert code == 2
    assert "save the file as UTF-8" in answers[0]["error"]


def test_letters_of_every_script_are_given_back_as_they_came():
    line = {"id": "Ωμέγα 語 😀 \u2028", "findings": {"back_pain": True}}
    for text in (json.dumps(line), json.dumps(line, ensure_ascii=False)):
        code, answers, _ = triage(given=text.encode("utf-8"))
        assert code == 0
        assert [answer["id"] for answer in answers] == [line["id"]]


def test_an_answer_comes_before_the_next_line_is_read():
    with start("triage", "--protocol", TINY, stderr=None) as child:
        for _ in range(3):
            child.stdin.write(GOOD + b"\n")
            child.stdin.flush()
            assert is_good(json.loads(child.stdout.readline()))
        child.stdin.close()
        assert child.wait(PATIENCE) == 0


# --- long lines ----------------------------------------------------------------------------------------------------------------

MEBIBYTE = 1024**2
# The peak of the child alone: the resource module would count the memory of the parent that it was forked from.
MEASURED = """
import sys
from pathlib import Path
from equina.cli import main
code = main()
peak = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
print("peak", peak.split()[1], file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of one process")
def test_a_line_of_a_hundred_megabytes_neither_fills_the_memory_nor_stops_the_rest(tmp_path):
    file = tmp_path / "long.jsonl"
    with file.open("wb") as out:
        out.write(GOOD + b'\n{"id": "long", "text": "')
        for _ in range(100):
            out.write(b"a" * MEBIBYTE)
        out.write(b'"}\n' + GOOD + b"\n" + BAD + b"\n")
    code, answers, said = triage(file, before=[sys.executable, "-c", MEASURED])
    assert code == 2
    assert [answer["id"] for answer in answers] == ["good", None, "good", "bad"]
    assert "longer than 4 MiB" in answers[1]["error"]
    assert [answers[1]["line"], answers[3]["line"]] == [2, 4]
    peak = int(said.split("peak ")[1])
    assert peak < 64 * 1024, f"{peak} KiB"


def long_line(length):
    """A case of exactly that many bytes, its end of line included."""
    start, end = b'{"id": "long", "text": "', b'"}\n'
    return start + b"a" * (length - len(start) - len(end)) + end


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("more", [-3, 0, 1, 2, 5, MEBIBYTE, 4 * MEBIBYTE])
@pytest.mark.parametrize("end", [b"", GOOD + b"\n"], ids=["last", "followed"])
def test_one_line_has_one_answer_around_the_limit(mark, more, end):
    given = mark + long_line(4 * MEBIBYTE + more) + end
    _, answers, _ = triage(given=given if end else given.rstrip(b"\n"))
    assert len(answers) == (2 if end else 1)
    assert (answers[0]["id"] == "long") != ("longer than 4 MiB" in answers[0].get("error", ""))
    if more > 4 or more <= -3:
        assert ("error" in answers[0]) == (more > 4)
    assert all(map(is_good, answers[1:]))


def test_a_long_line_cut_off_by_the_end_of_the_file_is_one_fault():
    code, answers, _ = triage(given=GOOD + b"\n" + b"[" * (9 * MEBIBYTE))
    assert code == 2
    assert is_good(answers[0])
    assert len(answers) == 2
    assert "longer than 4 MiB" in answers[1]["error"]


# --- files, pipes, signals -----------------------------------------------------------------------------------------------------


def test_a_file_is_read_like_the_standard_input(tmp_path):
    file = tmp_path / "cases with a space.jsonl"
    file.write_bytes(GOOD + b"\n" + BAD + b"\n")
    code, answers, _ = triage(file)
    assert code == 2
    assert is_good(answers[0])
    assert answers[1]["line"] == 2
    assert triage("-", given=GOOD)[0] == 0


def test_a_missing_file_is_named(tmp_path):
    code, answers, said = triage(tmp_path / "none.jsonl")
    assert (code, answers) == (2, [])
    assert f"{tmp_path / 'none.jsonl'}: no such file or directory; give a file that can be read" in said


def test_a_folder_is_no_file(tmp_path):
    code, answers, said = triage(tmp_path)
    assert (code, answers) == (2, [])
    assert f"{tmp_path}: is a directory; give a file that can be read" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    file = tmp_path / "secret.jsonl"
    file.write_bytes(GOOD)
    file.chmod(0)
    code, _, said = triage(file)
    assert code == 2
    assert "permission denied" in said


def test_a_folder_as_standard_input_is_bad_input(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        code, answers, _ = triage(stdin=folder)
    finally:
        os.close(folder)
    assert code not in (0, 130, 141)
    assert answers == []


def test_a_closed_standard_input_is_bad_input():
    code, answers, said = triage(before=["sh", "-c", 'exec "$@" <&-', "sh", *COMMAND], stdin=None)
    assert (code, answers) == (2, [])
    assert "equina: " in said


def test_a_closed_standard_output_is_no_success():
    code, _, said = triage(before=["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND], given=GOOD)
    assert code != 0
    assert "equina: " in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("from_file", [False, True])
def test_a_full_disk_is_said_of_the_output_and_not_of_the_input(tmp_path, from_file):
    file = tmp_path / "cases.jsonl"
    file.write_bytes(GOOD)
    with Path("/dev/full").open("wb") as full:
        code, _, said = triage(*([file] if from_file else []), given=GOOD, stdout=full)
    assert code not in (0, 120)
    assert "no space left on device" in said.lower()
    assert "can be read" not in said


@pytest.mark.parametrize("line", [GOOD, BAD], ids=["good", "bad"])
def test_a_closed_pipe_ends_quietly(tmp_path, line):
    file = tmp_path / "many.jsonl"
    file.write_bytes((line + b"\n") * 3000)
    with start("triage", "--protocol", TINY, file, stdin=None) as child:
        first = json.loads(child.stdout.readline())
        child.stdout.close()
        said = readable(child.stderr.read())
        assert child.wait(PATIENCE) == 141
    assert first["id"] == json.loads(line)["id"]
    assert said == "equina: the output was closed before all was written\n"


def test_ctrl_c_while_waiting_for_a_line_ends_quietly():
    # A shell that starts its jobs in the background lets them ignore the signal; here it counts.
    with start("triage", "--protocol", TINY, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as child:
        child.stdin.write(GOOD + b"\n")
        child.stdin.flush()
        assert is_good(json.loads(child.stdout.readline()))
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE) == 130
        assert child.stdout.read() == b""
        assert child.stderr.read() == b"equina: stopped by you; what was printed so far is whole\n"


# --- the protocol, and how the command is called -------------------------------------------------------------------------------


def test_a_missing_protocol_folder_is_named(tmp_path):
    code, answers, said = triage(protocol=tmp_path / "none", given=GOOD)
    assert (code, answers) == (2, [])
    assert str(tmp_path / "none") in said
    assert "no such folder" in said


def test_a_protocol_with_faults_judges_nobody_and_lists_them(tmp_path):
    code, answers, said = triage(protocol=tmp_path, given=GOOD)
    assert (code, answers) == (2, [])
    assert said.startswith("equina: the protocol has ")
    assert "rules.toml: the file is missing; add rules.toml to the protocol folder" in said


@pytest.mark.parametrize("arguments", [["--protocl", "x"], ["a.jsonl", "b.jsonl"], ["--protocol"]])
def test_a_wrong_call_is_bad_input_and_shows_the_usage(arguments):
    code, output, said = run("triage", *arguments)
    assert (code, output) == (2, b"")
    assert "usage: equina" in said


def test_the_output_does_not_depend_on_the_locale():
    bare = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ENVIRONMENT["PYTHONPATH"],
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
    }
    line = '{"id": "語", "findings": {"back_pain": true, "urinary_retention": true}}'.encode()
    code, answers, _ = triage(given=line, env=bare)
    assert code == 0
    assert answers[0]["id"] == "語"


def test_the_shipped_protocol_is_the_default():
    line = b'{"id": "good", "age": 38, "sex": "F", "findings": {"back_pain": true, "urinary_retention": true, "pvr_ml": 450}}'
    code, output, said = run("triage", given=line)
    assert (code, said) == (0, "")
    [answer] = answers_in(output)
    assert is_good(answer)
    assert answer["protocol"]["id"] == "back-pain"
