"""Reading a protocol folder: what no broken file can show (see test_bad_protocols.py for the rest)."""

import shutil
from pathlib import Path

import pytest

from equina.case import Case
from equina.protocol import load
from equina.tables import Fault, ProtocolError, Table, nearest, read_file
from equina.triage import interval

VALID = Path(__file__).parent / "bad_protocols" / "valid"


@pytest.fixture
def folder(tmp_path):
    """A copy of the valid protocol."""
    return shutil.copytree(VALID, tmp_path / "protocol")


def fault_of(folder):
    with pytest.raises(ProtocolError) as error:
        load(folder)
    return str(error.value)


def test_a_fault_names_its_place_as_far_as_it_is_known():
    assert str(Fault("rules.toml", "rules.a", "when", "wrong", "mend it")) == "rules.toml: [rules.a]: when: wrong; mend it"
    assert str(Fault("rules.toml", "", "", "missing", "add it")) == "rules.toml: missing; add it"


def test_an_error_keeps_every_fault():
    faults = [Fault("a.toml", "", "", "wrong", "mend it"), Fault("b.toml", "", "", "wrong too", "mend it")]
    error = ProtocolError(faults)
    assert error.faults == tuple(faults)
    assert str(error) == "a.toml: wrong; mend it\nb.toml: wrong too; mend it"


@pytest.mark.parametrize("name", ["no_such_folder", "protocol/rules.toml"])
def test_what_is_no_folder_is_named(folder, name):
    words = fault_of(folder.parent / name)
    assert str(folder.parent / name) in words
    assert "no such folder; give the folder that holds protocol.toml" in words


def test_an_empty_folder_misses_each_file(tmp_path):
    words = fault_of(tmp_path)
    for name in [path.name for path in VALID.glob("*.toml")]:
        assert f"{name}: the file is missing; add {name} to the protocol folder" in words


def test_a_folder_in_the_place_of_a_file_is_named(folder):
    (folder / "care.toml").unlink()
    (folder / "care.toml").mkdir()
    assert "care.toml: the file cannot be read" in fault_of(folder)


def test_a_link_to_nothing_is_a_missing_file(folder):
    (folder / "care.toml").unlink()
    (folder / "care.toml").symlink_to(folder / "nowhere.toml")
    assert "care.toml: the file is missing" in fault_of(folder)


def test_a_file_that_no_protocol_has_is_named_and_not_passed_over(folder):
    (folder / "rules2.toml").write_text("[rules]\n", encoding="utf-8")
    assert "rules2.toml: no file of a protocol; put its tables into the file they belong to" in fault_of(folder)


def test_one_file_that_cannot_be_read_is_one_fault(folder):
    (folder / "rules.toml").write_text('[rules.a]\nwhen = "b\n', encoding="utf-8")
    assert len(fault_of(folder).splitlines()) == 1


def test_the_folder_may_be_a_text(folder):
    assert load(str(folder)).id == "tiny"


def test_line_endings_do_not_change_the_digest_and_any_word_does(folder):
    before = load(folder).digest
    care = folder / "care.toml"
    care.write_bytes(care.read_bytes().replace(b"\n", b"\r\n"))
    assert load(folder).digest == before
    hpo = folder / "codes" / "hpo.toml"
    hpo.write_text(hpo.read_text(encoding="utf-8") + "# another word\n", encoding="utf-8")
    assert load(folder).digest != before
    assert before.startswith("sha256:")


def test_faults_come_in_the_same_order_each_time(folder):
    findings = folder / "findings.toml"
    names = ["one", "two", *"abcdefgh"]
    twice = f"sources = {[*names, *reversed(names)]}".replace("'", '"')
    findings.write_text(findings.read_text(encoding="utf-8").replace('sources = ["one", "two"]', twice), encoding="utf-8")
    words = [line for line in fault_of(folder).splitlines() if "stands twice" in line]
    assert [line.split('"')[1] for line in words] == names, "the order of the list"


@pytest.mark.parametrize(("higher", "lower"), [("100.0001", "100"), ("2000001", "2000000")])
def test_a_threshold_of_many_digits_is_compared_in_full(folder, higher, lower):
    """Two thresholds that differ in their last digit are two, and each holds for its own numbers."""
    findings, rules = folder / "findings.toml", folder / "rules.toml"
    words = findings.read_text(encoding="utf-8").replace("high = 3000", "high = 9e9").replace('true_when = "pvr_ml >= 200"\n', "")
    findings.write_text(words, encoding="utf-8")
    words = rules.read_text(encoding="utf-8").replace('when = "retention"', f'when = "retention or pvr_ml >= {higher}"')
    rules.write_text(words.replace("pvr_ml >= 100)", f"pvr_ml >= {lower})"), encoding="utf-8")
    protocol = load(folder)
    level = {amount: interval(protocol, Case.of(back_pain=True, pvr_ml=float(amount)))[0] for amount in (higher, lower)}
    assert level == {higher: "emergency", lower: "urgent"}


def test_nearest_names_one_or_says_that_none_is_like_it():
    assert nearest("fevr", ["fever", "chills"]) == 'did you mean "fever"?'
    assert nearest("zzz", ["fever"]) == "nothing known is like it"
    assert nearest("", []) == "nothing known is like it"


def test_a_file_that_cannot_be_read_gives_nothing_and_one_fault(tmp_path):
    faults = []
    assert read_file(tmp_path, "none.toml", faults) == {}
    assert [fault.file for fault in faults] == ["none.toml"]


def test_a_table_counts_each_key_as_read_once():
    faults = []
    table = Table("a.toml", "t", {"name": "x", "more": 1}, faults)
    assert table.keys() == ("name", "more")
    assert table.text("name") == "x"
    assert table.optional("name") is None
    assert table.number("nothing") is None
    assert table.take_rest() == {"more": 1}
    table.rest()
    assert faults == []


@pytest.mark.parametrize(
    ("value", "words"),
    [([1], "a list"), ({"a": 1}, "a table"), (1, "a number"), (1.5, "a number"), (True, "true/false"), ("x", "a text")],
)
def test_each_kind_of_value_is_named_in_words(value, words):
    faults = []
    Table("a.toml", "t", {"day": value}, faults).day("day")
    assert faults[0].problem == f"a date is expected, not {words}"
