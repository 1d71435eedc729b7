"""`equina handover --pdf` and `equina paper`: a new file, its owner's alone, or one line that says why not."""

import json
import sys

import pytest

from command import ENVIRONMENT, run
from pdf import pages, reader, words

CASE = json.dumps(
    {"as_of": "2026-11-25T02:10+00:00", "text": "I can't pee.", "findings": {"back_pain": True, "urinary_retention": True}}
)


def test_the_page_of_a_case(tmp_path):
    file = tmp_path / "page.pdf"
    assert run("handover", "--pdf", file, given=CASE.encode()) == (0, b"", "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert pages(file.read_bytes()) == 1
    assert "Urinaryretention" in words(file.read_bytes())


def test_the_same_wherever_and_whenever(tmp_path):
    """Neither the zone, nor the language of the machine, nor the hash seed is in the bytes."""
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    run("handover", "--pdf", first, given=CASE.encode())
    other = ENVIRONMENT | {"TZ": "Asia/Tokyo", "LANG": "C", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    run("handover", "--pdf", second, given=CASE.encode(), env=other, cwd=tmp_path)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("sheet", ["checklist", "form"])
def test_the_blank_sheets(tmp_path, sheet):
    file = tmp_path / "blank.pdf"
    assert run("paper", sheet, "--out", file) == (0, b"", "")
    assert file.read_bytes().startswith(b"%PDF-1.7")


def test_letter_is_wider_than_a4(tmp_path):
    for flags, width in (((), 210), (("--letter",), 216)):
        file = tmp_path / f"{width}.pdf"
        run("paper", "form", "--out", file, *flags)
        assert round(float(reader(file.read_bytes()).pages[0].mediabox[2]) / 72 * 25.4) == width


@pytest.mark.parametrize("arguments", [("handover", "--pdf"), ("paper", "form", "--out")], ids=lambda given: given[0])
def test_a_file_that_is_there_is_left_as_it_is(tmp_path, arguments):
    file = tmp_path / "there.pdf"
    file.write_bytes(b"mine")
    code, output, said = run(*arguments, file, given=CASE.encode())
    assert (code, output) == (2, b"")
    assert said == f"equina: {file} is there already, and is left as it is. Give another name.\n"
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("given", "why"),
    [(b"", "no case"), (f"{CASE}\n{CASE}".encode(), "2 cases"), (b'{"findings": {"fevr": true}}', "fever"), (b"{", "JSON")],
)
def test_what_is_no_single_case_is_refused_and_leaves_no_file(tmp_path, given, why):
    file = tmp_path / "page.pdf"
    code, output, said = run("handover", "--pdf", file, given=given)
    assert (code, output) == (2, b"")
    assert why in said
    assert not file.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    code, _, said = run("paper", "checklist", "--out", tmp_path / "none" / "card.pdf")
    assert code == 2
    assert str(tmp_path / "none") in said


def test_pdf_and_format_exclude_each_other(tmp_path):
    code, _, said = run("handover", "--pdf", tmp_path / "x.pdf", "--format", "markdown", given=CASE.encode())
    assert code == 2
    assert "not allowed with" in said


def test_without_the_extra_it_is_said_what_to_install(tmp_path):
    """In an interpreter in which nothing but the package is to be had."""
    before = [sys.executable, "-c", "import sys; sys.modules['typst'] = None; from equina.cli import main; sys.exit(main())"]
    status, output, said = run("paper", "form", "--out", tmp_path / "x.pdf", before=before)
    assert (status, output) == (2, b"")
    assert "'.[paper]'" in said
