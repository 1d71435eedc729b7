"""`equina ask` without a terminal, its files, and `equina handover`: what goes in, what comes out, and the exit codes."""

import json
import os
import stat
import sys
from datetime import UTC, datetime

import pytest

from command import ENVIRONMENT, TINY, run, triage
from equina import Case, assess, load
from equina.ask import files
from equina.ask.files import line_of
from equina.ask.session import Session, known, next_prompt
from equina.exchange import read_request
from equina.interview import next_questions
from equina.protocol import SHIPPED
from equina.wording import wording
from terminal import answer, flat

PROTOCOL = load()
WORDS = wording("ask")
LEVELS = PROTOCOL.disposition_words
EMERGENCY = LEVELS["emergency"].upper()
CANNOT_PEE = {"back_pain": True, "urinary_retention": True}
NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)


def lines_for(truth, *more):
    """What a person types from the first question to the last, with the session it leads to."""
    session, typed = Session(start=Case(as_of=NOW)), []
    while prompt := next_prompt(PROTOCOL, session):
        line, session = answer(PROTOCOL, session, prompt, truth)
        typed.append(line)
    return "\n".join([*typed, *more, ""]).encode(), session


# --- piped ---------------------------------------------------------------------------------------------------------------------


def test_piped_to_a_calm_end():
    typed, _ = lines_for({"back_pain": "long_standing"}, "")
    code, output, said = run("ask", given=typed)
    assert (code, said) == (0, "")
    assert LEVELS["emergency"] in load().disposition_words.values()
    assert WORDS["done"].encode() in output
    assert b"\x1b" not in output
    assert max(len(line) for line in output.decode().splitlines() if len(line.split()) > 1) <= 80


@pytest.mark.parametrize("ending", [b"", b"1\n", b"q\n"])
def test_piped_to_an_emergency(ending):
    typed, _ = lines_for(CANNOT_PEE)
    code, output, said = run("ask", given=typed + ending)
    assert (code, said) == (0, "")
    assert flat(output.decode()).count(EMERGENCY) >= 2


def test_input_that_ends_early_names_the_open_question():
    typed, _ = lines_for({})
    code, output, said = run("ask", given=b"\n".join(typed.split(b"\n")[:4]) + b"\n")
    assert code == 2
    assert said.startswith("equina: the input ended before this question was answered: ")
    assert said.rstrip().endswith("?")
    assert flat(WORDS["stopped"]) in flat(output.decode())


@pytest.mark.parametrize(
    "given", [b"", b"\xff\xfe\x00\n" * 50, b"\x00" * 100_000, b"x" * 300_000 + b"\n", b"\n" * 500, b"1\n" * 3 + b"\xf0\x9f\x98"]
)
def test_no_input_whatever_ends_in_a_python_error(given):
    code, _, said = run("ask", given=given)
    assert code in (0, 2)
    assert code == 0 or "the input ended" in said


def test_stopping_in_a_pipe_is_no_advice():
    code, output, said = run("ask", given=b"me\nq\n")
    assert (code, said) == (1, "")
    assert flat(WORDS["stopped"]) in flat(output.decode())


def test_a_terminal_of_plain_letters_is_enough():
    typed, _ = lines_for({"fever": True})
    env = {**ENVIRONMENT, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    code, output, _ = run("ask", given=typed, env=env)
    assert code == 0
    assert output.decode("ascii")


def test_a_protocol_without_topics_or_handover_is_asked_all_the_same():
    code, output, said = run("ask", "--protocol", TINY, given=b"me\n" + b"0\nn\n" * 20)
    assert code in (0, 2), said
    assert b"Step 1." in output


# --- saved ---------------------------------------------------------------------------------------------------------------------


def test_a_saved_session_is_a_line_for_triage_and_handover(tmp_path):
    file = tmp_path / "me.json"
    typed, session = lines_for({"back_pain": True, "weak_stream": "long_standing", "age_years": 50.0, "sex_at_birth": "M"}, "")
    code, _, _ = run("ask", "--save", file, given=typed)
    assert code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    code, [result], _ = triage(file, protocol=SHIPPED)
    case = known(PROTOCOL, session)
    advice = assess(PROTOCOL, Case(values=case.values, complete=True, as_of=NOW))
    assert (code, result["disposition"], result["low"]) == (0, advice.disposition, advice.low)
    assert {name: of["value"] for name, of in result["findings"].items()} == case.values
    code, page, said = run("handover", file)
    assert (code, said) == (0, "")
    assert b"Age 50, sex at birth M" in page


def test_a_case_comes_back_from_its_line_as_it_was():
    case = Case(
        values={"back_pain": True, "fever": None, "temperature_c": 38.5, "sex_at_birth": "F", "weak_stream": "long_standing"},
        onset={"back_pain": NOW},
        as_of=NOW,
        complete=True,
        told="I can't \x1b[31mpee\n",
        carer=True,
    )
    back = read_request(PROTOCOL, line_of(PROTOCOL, case, "c1").encode(), NOW)
    assert back.id == "c1"
    for key in ("values", "onset", "as_of", "complete", "told", "carer", "answered_by"):
        assert getattr(back.case, key) == getattr(case, key), key


def test_nothing_that_is_there_is_written_over(tmp_path):
    file = tmp_path / "me.json"
    file.write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("me.json", "link"):
        code, output, said = run("ask", "--save", tmp_path / name, given=b"me\n")
        assert (code, output) == (2, b"")
        assert "--resume" in said
    assert file.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(("name", "told"), [("none/me.json", "the folder"), ("file/me.json", "can't be written")])
def test_a_place_that_takes_no_file_is_refused_before_anything_is_asked(tmp_path, name, told):
    (tmp_path / "file").write_text("")
    code, output, said = run("ask", "--save", tmp_path / name, given=b"me\n")
    assert (code, output) == (2, b"")
    assert told in said
    assert "name" in said


def test_a_file_is_its_owners_alone_from_the_first_byte(tmp_path, monkeypatch):
    modes = []
    opened = os.open
    monkeypatch.setattr(
        os, "open", lambda path, flags, mode=0o777: modes.append((flags & os.O_EXCL, mode)) or opened(path, flags, mode)
    )
    files.create(tmp_path / "a", "1\n")
    files.write(tmp_path / "a", "2\n")
    assert modes == [(os.O_EXCL, 0o600)] * 2
    assert (tmp_path / "a").read_text() == "2\n"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    files.create(tmp_path / "a", "1\n")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        files.write(tmp_path / "a", "2\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "1\n")]


def test_a_disk_that_fills_up_does_not_end_the_talk(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    file = folder / "me.json"
    fills = f"keep = files.write; files.write = lambda *given: (shutil.rmtree({str(folder)!r}, True), keep(*given))"
    start = f"import shutil, sys; from equina.ask import files; {fills}; from equina.cli import main; sys.exit(main())"
    typed, _ = lines_for(CANNOT_PEE, "1")
    code, output, _ = run("ask", "--save", file, given=typed, before=[sys.executable, "-c", start])
    assert code == 0
    assert b"could not be kept" in output
    assert EMERGENCY in flat(output.decode())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("{", "not JSON"),
        ("[1]", "object"),
        ('{"findings": {"fevr": true}}', 'did you mean "fever"?'),
        ('{"colour": 1}', '"colour" is not a key'),
        ('{"findings": {"fever": 3}}', "findings.fever"),
        ('{"protocol": 3}', "protocol: an object is expected"),
        ('{"carer": "yes"}', "carer"),
        ('{"id": "a"}\n{"id": "b"}\n', "holds 2 cases"),
        ('{"answered_by": "record"}', "answered_by"),
        ('{"text": "My back hurts"}', 'a text alone is taken for a record. Say who answers: write "answered_by": "self"'),
        ("\x00\xff", "not JSON"),
    ],
)
@pytest.mark.parametrize("option", ["--resume", "--answers"])
def test_a_broken_or_foreign_file_is_named_with_its_mend(tmp_path, option, text, told):
    file = tmp_path / "me.json"
    file.write_text(text)
    code, output, said = run("ask", option, file)
    assert (code, output) == (2, b"")
    assert str(file) in said
    assert told in said
    assert file.read_text() == text, "and left as it was"


@pytest.mark.parametrize("option", ["--resume", "--answers"])
def test_a_missing_file_is_named(tmp_path, option):
    for path in (tmp_path / "none", tmp_path):
        code, output, said = run("ask", option, path)
        assert (code, output) == (2, b"")
        assert str(path) in said


def test_resuming_counts_what_is_there_and_keeps_the_id_and_the_link(tmp_path):
    file, link = tmp_path / "me.json", tmp_path / "link"
    file.write_text('{"id": "x", "findings": {"back_pain": true, "fever": false}, "as_of": "2020-01-01T00:00+00:00"}')
    link.symlink_to(file)
    code, output, _ = run("ask", "--resume", link, given=b"0\nq\n")
    assert code == 1
    assert b"2 answers are here, from about " in output
    data = json.loads(file.read_text())
    assert data["id"] == "x"
    assert data["as_of"] > "2026"
    assert len(data["findings"]) > 2
    assert link.is_symlink()


def test_a_finished_session_shows_its_result_again_unless_the_questions_have_changed(tmp_path):
    file = tmp_path / "me.json"
    typed, _ = lines_for({}, "")
    run("ask", "--save", file, given=typed)
    code, output, _ = run("ask", "--resume", file, given=b"")
    assert code == 0
    assert WORDS["done"].encode() in output
    file.write_text(file.read_text().replace(PROTOCOL.digest, "sha256:0"))
    _, output, _ = run("ask", "--resume", file, given=b"")
    assert flat(WORDS["resumed_changed"]) in flat(output.decode())


# --- answers from a file -------------------------------------------------------------------------------------------------------


def test_answers_of_an_emergency():
    code, output, said = run("ask", "--answers", "-", given=json.dumps({"findings": CANNOT_PEE}, indent=2).encode())
    assert (code, said) == (0, "")
    assert EMERGENCY in flat(output.decode())
    assert b"Answer" not in output


def test_answers_that_settle_the_advice(tmp_path):
    _, session = lines_for({"back_pain": "long_standing"})
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"findings": known(PROTOCOL, session).values}))
    code, output, said = run("ask", "--answers", file, stdin=None)
    assert (code, said) == (0, "")
    advice = assess(PROTOCOL, Case(values=known(PROTOCOL, session).values, complete=True)).disposition
    assert LEVELS[advice].upper() in flat(output.decode())


def test_answers_that_leave_questions_open_get_no_advice_and_name_them():
    code, output, said = run("ask", "--answers", "-", given=b'{"findings": {"back_pain": true}}')
    assert code == 2
    assert LEVELS["none"].upper() in flat(output.decode())
    step = next_questions(PROTOCOL, Case(values={"back_pain": True}))
    assert all(option.finding in said for option in step.options)


def test_answers_with_every_core_flag_denied_but_questions_open_do_not_reassure():
    values = {"back_pain": True, **dict.fromkeys(PROTOCOL.core_flags, False)}
    assert assess(PROTOCOL, Case(values=values)).disposition not in (None, "emergency")
    code, output, said = run("ask", "--answers", "-", given=json.dumps({"findings": values}).encode())
    assert code == 2
    assert flat(WORDS["stopped_file"]) in flat(output.decode())
    assert not any(LEVELS[level] in flat(output.decode()) for level in ("self_care", "scheduled"))
    assert "still to be answered" in said


def test_the_ways_to_give_answers_exclude_each_other(tmp_path):
    code, output, said = run("ask", "--save", tmp_path / "a", "--answers", "-")
    assert (code, output) == (2, b"")
    assert "not allowed with" in said


# --- handover ------------------------------------------------------------------------------------------------------------------

CASES = rb"""{"findings": {"back_pain": true}}
{"findings": {"fevr": true}}
{"text": "red \u001b[31m now", "findings": {"fever": true}}
"""


@pytest.mark.parametrize(("form", "title"), [("text", "HANDOVER:"), ("markdown", "# ")])
def test_every_page_is_printed_and_a_bad_line_is_named(form, title):
    code, output, said = run("handover", "--format", form, given=CASES)
    assert code == 2
    assert said.startswith("equina: line 2: ")
    assert "fever" in said
    pages = output.decode().split("\n---\n" if form == "markdown" else f"\n{'-' * 80}\n")
    assert len(pages) == 2
    assert all(page.strip().startswith(title) for page in pages)
    assert b"\x1b" not in output


def test_handover_of_nothing_is_bad_input(tmp_path):
    assert run("handover", given=b"")[0] == 2
    code, output, said = run("handover", tmp_path / "none")
    assert (code, output) == (2, b"")
    assert "none" in said


@pytest.mark.parametrize("command", ["ask", "handover"])
def test_help_says_what_the_exit_codes_mean(command):
    code, output, said = run(command, "--help")
    assert (code, said) == (0, "")
    assert f"usage: equina {command}".encode() in output
    assert max(map(len, output.decode().splitlines())) <= 80
    if command == "ask":
        assert b"exit codes:" in output
