"""Whatever the input holds, a run ends with a clear report; nothing is lost: judged, counted or set aside with its place."""

import gzip
import itertools
import json
import os
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import equina.batch.lines
from command import ENVIRONMENT, TINY
from command import run as command
from equina.arguments import parser
from equina.batch.blocks import line_at, lines_in
from equina.batch.contract import ASIDE_KEYS, EVIDENCE, MANIFEST_KEYS, RESULT_COLUMNS
from equina.batch.inputs import Input, Piece
from equina.batch.lines import lines_of, split
from equina.cli import RUNS, main
from screening import PROTOCOL, screen, write_lines

FULL = bool(os.environ.get("EQUINA_FULL"))
BACK = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50"}]}


def condition(number):
    return {"resourceType": "Condition", "id": f"c{number}", "subject": {"reference": f"Patient/p{number}"}, "code": BACK}


def bad(tmp_path, name, data):
    """A file beside a good one; what was set aside of it, and that the good one was judged."""
    good = write_lines(tmp_path / "good.ndjson", [condition(0), condition(1)])
    path = tmp_path / name
    path.write_bytes(data)
    run = screen(tmp_path / "out", good, path)
    assert {"p0", "p1"} <= {row["id"] for row in run.rows}
    assert all(each["file"] == str(path) for each in run.asides)
    return run, [(each["line"], each["reason"]) for each in run.asides]


LINE = json.dumps(condition(7)).encode()


@pytest.mark.parametrize(
    ("name", "data", "line", "why"),
    [
        ("a.ndjson", LINE + b"\n{oops\n", 2, "not JSON"),
        ("a.ndjson", LINE + b"\n[1, 2\n", 2, "not JSON"),
        ("a.ndjson", LINE + b"\n17\n", 2, "a JSON object is expected"),
        ("a.ndjson", LINE + b'\n{"resourceType": "Condition", "id": "\xff\xfe"}\n', 2, "not UTF-8"),
        ("a.ndjson", LINE + b"\n\0\0\0\n", 2, "not JSON"),
        ("a.ndjson", LINE + b"\n" + b"[" * 100_000 + b"\n", 2, "nested too deeply"),
        ("a.ndjson", LINE + b'\n{"findings": {"bakc_pain": true}}\n', 2, 'did you mean "back_pain"?'),
        ("a.ndjson", LINE + b'\n{"id": "x", "id": "y", "findings": {}}\n', 2, "is given twice"),
        ("a.ndjson", LINE + b'\n{"id": "x", "findings": {"pvr_ml": NaN}}\n', 2, "NaN is no number"),
        (
            "a.ndjson",
            LINE + b'\n{"id": "x", "as_of": "2031-01-01T00:00+00:00", "findings": {}}\n',
            2,
            "after the moment of the run",
        ),
        ("a.ndjson.gz", gzip.compress(LINE + b"\n" + os.urandom(300_000).hex().encode())[:-40_000], None, "ends early"),
        ("a.ndjson.gz", b"this is no gzip", None, "damaged"),
        ("a.ndjson.gz", gzip.compress(LINE * 9)[:60] + b"\xff" * 80, None, "damaged"),
        ("a.ndjson.zst", b"this is no zstd", None, "damaged"),
        ("a.parquet", b"PAR1 this is no parquet", None, "no Parquet file"),
        ("a.csv", b"id,back_pain\nx,true\ny,maybe\n", 3, "back_pain is true, false, null"),
        ("a.csv", b"id,back_pain\nx,true\ny,true,false\n", 3, "it has 3 cells"),
        ("a.csv", b"id,bakc_pain\nx,true\n", None, 'did you mean "back_pain"?'),
        ("a.csv", b"id,back_pain\nx,tru\xffe\n", 2, "not UTF-8"),
        ("a.csv", b"id,back\r_pain\nx,true\n", 1, "its names of columns are no CSV: a carriage return stands alone in it"),
        ("a.csv", b"id,back_pain\rx,true\ry,true\r", 1, "end each line with a line feed"),
        ("a.csv", b"id,back_pain\nx,tr\rue\n", 2, "not CSV: a carriage return stands alone in it"),
        ("a.csv", b"id,pvr_ml\nx,nan\n", 2, "give a number in mL"),
        ("a.csv", b"id,pvr_ml\nx,inf\n", 2, "give a number in mL"),
    ],
)
def test_a_bad_input_is_set_aside_with_its_place(tmp_path, name, data, line, why):
    _, asides = bad(tmp_path, name, data)
    assert len(asides) == 1, asides
    assert asides[0][0] == line
    assert why in asides[0][1], asides


def test_what_came_before_the_damage_is_judged(tmp_path):
    lines = b"".join(json.dumps(condition(number)).encode() + b"\n" for number in range(5000))
    run, asides = bad(tmp_path, "a.ndjson.gz", gzip.compress(lines)[:-2000])
    assert len(asides) == 1
    assert 1000 < len(run.rows) < 5000
    packed = pa.compress(lines, codec="zstd", asbytes=True)
    (tmp_path / "second").mkdir()
    run, asides = bad(tmp_path / "second", "a.ndjson.zst", packed[: len(packed) // 2])
    assert len(asides) == 1


def test_line_ends_of_every_sort(tmp_path):
    """\\n, \\r\\n, lone \\r, blank lines, a mark at the beginning, no end at the last line."""
    rows = [json.dumps(condition(number)) for number in range(10, 16)]
    data = "\ufeff" + rows[0] + "\n" + rows[1] + "\r\n\r\n" + rows[2] + "\r" + rows[3] + "\n \n" + rows[4] + "\n\n" + rows[5]
    run, asides = bad(tmp_path, "a.ndjson", data.encode())
    assert asides == []
    assert {row["id"] for row in run.rows} == {"p0", "p1", *(f"p{number}" for number in range(10, 16))}
    assert run.of("p15")["evidence"][0]["line"] == 8


def test_a_line_of_50_megabytes(tmp_path):
    """It is too long for any record: set aside by its number, and the lines around it are judged."""
    path = tmp_path / "a.ndjson"
    with path.open("wb") as file:
        file.write(LINE + b'\n{"resourceType": "DocumentReference", "text": "')
        file.writelines(b"x" * 1_000_000 for _ in range(50))
        file.write(b'"}\n' + json.dumps(condition(8)).encode() + b"\n")
    run = screen(tmp_path / "out", path)
    assert [(each["line"], "32 MiB" in each["reason"]) for each in run.asides] == [(2, True)]
    assert {row["id"] for row in run.rows} == {"p7", "p8"}
    assert run.of("p8")["evidence"][0]["line"] == 3


@pytest.mark.parametrize("longest", [10, 100])
def test_lines_are_the_same_in_pieces(tmp_path, monkeypatch, longest):
    """However a file is cut into pieces, each line is read once, in its own piece; too long ones too."""
    monkeypatch.setattr(equina.batch.lines, "_READ", 16)
    monkeypatch.setattr(equina.batch.lines, "LONGEST", longest)
    data = b"ab\n\ncdefgh\n" + b"x" * 50 + b"\nij\n" + b"y" * 9 + b"\nlast"
    path = tmp_path / "a"
    path.write_bytes(data)
    whole = [line if len(line) <= longest else None for line in data.split(b"\n")]
    for size in range(1, len(data) + 2):
        found = []
        for start in range(0, len(data), size):
            with path.open("rb", buffering=0) as file:
                found += lines_of(file, Piece(0, start, min(start + size, len(data))))
        assert found == whole, size


PLAIN = b'{"resourceType":"Condition","subject":{"reference":"Patient/a"}}'
LINES = [PLAIN, b'{"id":"c","resourceType":"Condition"}', b"", b" ", PLAIN + b" ", PLAIN + PLAIN, PLAIN[:-20]]
LINES += [b'{"findings":{}}', PLAIN[1:], b"[]", b'"}', b'{"']


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_taken_together_are_those_that_each_hold_one_record(end):
    """Whatever stands beside plain lines: a block is taken as one only if each of its lines decodes by itself."""
    decode = msgspec.json.Decoder(dict)
    for together in itertools.product(LINES, repeat=3):
        for block in (end.join(together), end.join(together) + end):
            lines = split(block)
            try:
                records = decode.decode_lines(block)
                ends = lines_in(block)
            except msgspec.MsgspecError:
                continue
            if ends is not None and len(records) == len(ends):
                assert [decode.decode(line) for line in lines] == records
                assert [line_at(block, ends, at) for at in range(len(ends))] == lines
    assert lines_in(end.join([PLAIN] * 3)) is not None


def test_many_tiny_files(tmp_path):
    """Each with one record and one line that is none; and the same patient in many of them."""
    folder = tmp_path / "in"
    count = 100_000 if FULL else 600
    for number in range(count):
        sub = folder / str(number // 500)
        if number % 500 == 0:
            sub.mkdir(parents=True)
        (sub / f"{number}.ndjson").write_text(json.dumps(condition(number % 100)) + ("\nno\n" if number % 100 == 0 else "\n"))
    run = screen(tmp_path / "out", folder)
    assert len(run.rows) == 100
    assert len(run.asides) == count // 100
    assert len(run.manifest["inputs"]) == count
    assert all(len(each["sha256"]) == 64 for each in run.manifest["inputs"])
    assert len(run.of("p1")["evidence"]) == count // 100


def test_files_that_cannot_be_read_or_are_of_no_known_kind(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write_lines(folder / "good.ndjson", [condition(1)])
    (folder / "gone.ndjson").symlink_to(tmp_path / "nowhere")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "empty.ndjson").write_bytes(b"")
    (folder / ".hidden.ndjson").write_bytes(b"no")
    os.mkfifo(folder / "pipe.ndjson")
    run = screen(tmp_path / "out", folder)
    assert {(Path(each["file"]).name, each["reason"].split(";")[0]) for each in run.asides} == {
        ("gone.ndjson", "no such file or directory"),
        ("picture.png", "its kind is not known by its name"),
        ("pipe.ndjson", "it is no file"),
    }
    assert len(run.rows) == 1


def test_the_folder_of_the_run_may_lie_among_its_inputs(tmp_path):
    write_lines(tmp_path / "a.ndjson", [condition(1)])
    run = screen(tmp_path / "out", tmp_path)
    assert [each["path"] for each in run.manifest["inputs"]] == [str(tmp_path / "a.ndjson")]


def test_a_record_that_names_nobody_among_several_patients(tmp_path):
    loose = {"resourceType": "Condition", "code": BACK}
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.ndjson", [condition(1), loose, condition(2)]))
    assert [(each["line"], each["reason"]) for each in run.asides] == [(2, "it names no patient, and there are several")]
    alone = screen(tmp_path / "alone", write_lines(tmp_path / "b.ndjson", [condition(1), loose]))
    assert [len(row["evidence"]) for row in alone.rows] == [2], "of one patient alone it is that patient's"


def test_lines_without_an_id_are_rows_of_their_own(tmp_path):
    lines = [{"findings": {"back_pain": True}}, {"findings": {"urinary_retention": True}}, {"id": "a", "findings": {}}]
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.jsonl", lines))
    assert sorted((row["id"] or "", row["low"]) for row in run.rows) == [("", "emergency"), ("", "self_care"), ("a", "self_care")]


def test_half_a_character_in_an_id_or_a_text(tmp_path):
    """JSON can name what no file can hold: it is shown as a question mark, and the patient is judged."""
    (tmp_path / "a.jsonl").write_bytes(b'{"id": "a\\ud800", "text": "\\ud83d back pain, can\'t pee \\udc00"}\n')
    run = screen(tmp_path / "out", tmp_path / "a.jsonl")
    assert [(row["id"], row["low"]) for row in run.rows] == [("a?", "emergency")]


def test_a_resource_that_is_named_first_within_another(tmp_path):
    """The kind of a line is that of its outermost object, wherever it stands."""
    inner = {"contained": [{"resourceType": "Patient", "id": "x"}], "resourceType": "Condition", "code": BACK, "subject": {"reference": "Patient/p"}}  # fmt: skip  # noqa: E501
    bundle = {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:q", "resource": {"resourceType": "Patient"}}, {"resource": condition(3)}]}  # fmt: skip  # noqa: E501
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.ndjson", [inner, bundle]))
    assert {row["id"]: row["present"] for row in run.rows} == {"p": ["back_pain"], "q": [], "p3": ["back_pain"]}


def test_a_bundle_over_many_lines(tmp_path):
    """As people write it, in a file that ends in .json; a file of lines may end so too."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": condition(1)}, {"resource": condition(2)}]}
    (tmp_path / "a.json").write_text(json.dumps(bundle, indent=2))
    write_lines(tmp_path / "b.json", [condition(3), condition(4)])
    run = screen(tmp_path / "out", tmp_path / "a.json", tmp_path / "b.json")
    assert run.asides == []
    assert {row["id"] for row in run.rows} == {"p1", "p2", "p3", "p4"}


def test_a_table_with_columns_of_other_kinds(tmp_path):
    """Whole numbers for a finding, dates, a category: each row by itself, with the same words for what is wrong."""
    table = pa.table(
        {
            "id": pa.array([1, 2, 3]),
            "back_pain": pa.array(["true", "long_standing", None]).dictionary_encode(),
            "fever": pa.array([True, None, False]),
            "pvr_ml": pa.array([450, None, 90_000]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    run = screen(tmp_path / "out", tmp_path / "a.parquet")
    assert {row["id"]: row["low"] for row in run.rows} == {"1": "emergency", "2": "self_care", "3": "self_care"}
    assert [(each["line"], each["id"], "outside the possible range" in each["reason"]) for each in run.asides] == [(3, "3", True)]


BAD_CELLS = [
    ("a1", "44", "male", "yes", "yes", "no"),
    ("a2", "44 years", "M", "yes", "yes", "no"),
    ("a3", "44", "M", "yes", "yes", "none"),
    ("a4", "44", "M", "yes", "yes", "no"),
    ("a5", "nan", "M", "yes", "yes", " "),
]
NAMES = ("id", "age", "sex", "urinary_retention", "saddle_anesthesia", "fever")


def as_csv(path):
    path.write_text("\n".join(map(",".join, (NAMES, *BAD_CELLS))))


def as_parquet(path):
    pq.write_table(pa.table(dict(zip(NAMES, map(list, zip(*BAD_CELLS, strict=True)), strict=True))), path)


@pytest.mark.parametrize("write", [as_csv, as_parquet])
def test_a_bad_cell_is_set_aside_and_the_rest_of_its_row_is_judged(tmp_path, capsys, write):
    """A slip in one column must not lose a patient who cannot pass urine."""
    path = tmp_path / f"a.{write.__name__[3:]}"
    write(path)
    run = screen(tmp_path / "out", path)
    assert {row["id"]: (row["low"], row["age_years"], row["sex"], row["set_aside"]) for row in run.rows} == {
        "a1": ("emergency", 44, None, 1),
        "a2": ("emergency", None, "M", 1),
        "a3": ("emergency", 44, "M", 1),
        "a4": ("emergency", 44, "M", 0),
        "a5": ("emergency", None, "M", 1),
    }
    first = 2 if write is as_csv else 1
    assert sorted((each["id"], each["line"] - first, each["what"], each["reason"][:9], each["quote"]) for each in run.asides) == [
        ("a1", 0, "value", "sex: sex_", '"male"'),
        ("a2", 1, "value", "age: age_", '"44 years"'),
        ("a3", 2, "value", "findings.", '"none"'),
        ("a5", 4, "value", "age: age_", '"nan"'),
    ]
    assert run.manifest["counts"]["refused"] == 0
    assert "not read at all" not in capsys.readouterr().out


def test_a_birth_date_that_is_none_is_set_aside_and_the_patient_kept(tmp_path):
    person = {"resourceType": "Patient", "id": "p0", "birthDate": "1980-13-45", "gender": "female"}
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.ndjson", [person, {**person, "id": "p1"}, condition(1)]))
    assert {row["id"]: (row["sex"], row["set_aside"]) for row in run.rows} == {"p0": ("F", 1), "p1": ("F", 1)}
    assert {each["reason"] for each in run.asides} == {"birthDate: not a date; write it as 1980-12-31"}


def test_a_case_with_bad_values_is_judged_by_its_others(tmp_path):
    """Each key and value that `triage` would refuse the line for, beside a record of the same patient and alone."""
    bad = {"age": "44", "pain": 1, "complete": "yes", "as_of": "now", "onset": {"fever": "2026-11-22T20:00+00:00"}}
    bad |= {"findings": {"urinary_retention": True, "bakc_pain": True, "pvr_ml": 90_000}, "answered_by": "me", "carer": 3}
    cases = [
        {"id": "p0", **bad},
        {"id": "q", **bad},
        {"id": "r", "age": 44, "findings": {"age_years": 45, "urinary_retention": True}},
    ]
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.ndjson", [condition(0), *cases]))
    assert {row["id"]: (row["low"], row["set_aside"]) for row in run.rows} == {
        "p0": ("emergency", 9),
        "q": ("emergency", 9),
        "r": ("emergency", 1),
    }
    assert "contradicts" in next(each["reason"] for each in run.asides if each["id"] == "r")


def test_a_run_says_loudly_what_was_not_read_at_all(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("id,urinary_retention\nx,yes\ny,yes,no\n")
    run = screen(tmp_path / "out", tmp_path / "a.csv")
    assert run.manifest["counts"]["refused"] == 1
    assert "1 of it not read at all: a patient named there alone has no row" in capsys.readouterr().out
    assert main(["worklist", str(tmp_path / "out")]) == 0
    assert "not read at all: 1 lines" in " ".join(capsys.readouterr().out.split())


# --- what cannot be begun, or gone on with ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("nowhere", "--out", "out"), "nowhere: no such file or folder"),
        (("empty", "--out", "out"), "nothing to read was found"),
        (("a.jsonl", "--out", "out", "--as-of", "yesterday"), "--as-of: not a moment"),
        (("a.jsonl", "--out", "out", "--window-days", "0"), "--window-days"),
        (("a.jsonl", "--out", "out", "--resume"), "there is no run to take up"),
        (("a.jsonl", "--out", "out", "--pseudonymise"), "EQUINA_PSEUDONYM_KEY is not set"),
        (("a.jsonl", "--out", "a.jsonl"), "a.jsonl"),
    ],
)
def test_bad_arguments(tmp_path, monkeypatch, capsys, arguments, why):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EQUINA_PSEUDONYM_KEY", raising=False)
    write_lines(tmp_path / "a.jsonl", [{"id": "a"}])
    (tmp_path / "empty").mkdir()
    assert main(["screen", *arguments]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists(), "nothing is left behind"


def test_a_disk_that_is_full(tmp_path):
    """The run stops with the reason, and goes on once there is room."""
    records = [condition(number) for number in range(3000)]
    path = write_lines(tmp_path / "a.ndjson", records)
    arguments = ("screen", "--protocol", TINY, path, "--out", tmp_path / "out", "--as-of", "2026-11-23T00:00+00:00", "--quiet")
    whole_bytecode = {**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}  # or the limit would cut that short, for everyone after
    small = "trap '' XFSZ; ulimit -f 10; exec \"$@\""
    code, _, said = command("-c", small, "sh", *command.__globals__["COMMAND"], *arguments, before=("sh",), env=whole_bytecode)
    assert code == 2
    assert "too large" in said
    assert "--resume" in said
    assert not (tmp_path / "out" / "manifest.json").exists()
    code, output, _ = command(*arguments, "--resume")
    assert code == 0
    assert b"3000 patients" in output


def test_every_finding_may_be_a_column():
    from equina.batch.tables import columns_of

    assert columns_of(PROTOCOL, [*PROTOCOL.findings, "id", "text"])[1] == []


def test_an_input_weighs_what_it_will_be_when_unpacked():
    plain, packed, table = (
        Input("a", "a", kind, packed, 10, 0).weight for kind, packed in (("lines", ""), ("lines", "gz"), ("parquet", ""))
    )
    assert plain < packed < table


def test_the_docs_tell_every_column_key_and_option():
    page = (Path(__file__).parents[1] / "docs" / "screening.md").read_text(encoding="utf-8")
    for column in (*RESULT_COLUMNS, *EVIDENCE):
        told = f"| `{column.name}` | {column.kind}{', may be null' if column.nullable else ''} | {column.about} |"
        assert told in page, told
    assert not [key for key in (*ASIDE_KEYS, *MANIFEST_KEYS) if f"`{key}`" not in page and f"`{key} " not in page]
    choices = parser(RUNS)._subparsers._group_actions[0].choices["screen"]
    options = {option for action in choices._actions for option in action.option_strings if option.startswith("--")}
    assert not [option for option in options - {"--help", "--protocol", "--engine", "--master"} if option not in page]
