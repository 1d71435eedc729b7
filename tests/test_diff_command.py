"""`equina diff` as a command: given cases that are counted, and bad input told with its mend."""

import json

import pytest

from command import TINY, run
from versions import RETENTION, edited

pytest.importorskip("z3", reason="the extra `proofs` is not installed")

NUMB = """
[findings.numb_toe]
label = "A numb toe"
section = "neuro"
kind = "symptom"
answered_by = "self"
course = "episode"
ask = "Is a toe numb?"
sources = ["one"]
"""


def lines(tmp_path, *cases):
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(case if isinstance(case, str) else json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    return file


def diff(*arguments):
    code, output, said = run("diff", *arguments)
    return code, output.decode("utf-8"), said


def test_the_same_protocol_twice_moves_nobody(tmp_path):
    code, output, said = diff(TINY, edited(tmp_path / "same"))
    assert (code, said) == (0, "")
    assert "LOWERED: nobody (proved)" in output
    assert "RAISED: nobody (proved)" in output
    assert "nothing was edited" in output
    assert "no emergency is lowered" in output


def test_given_cases_are_counted_and_named(tmp_path):
    new = edited(tmp_path / "new", RETENTION)
    file = lines(
        tmp_path,
        {"id": "moved", "findings": {"pvr_ml": 250}},
        {"id": "same", "findings": {"pvr_ml": 450}},
        {"findings": {"elevated_pvr": True, "back_pain": True}},
    )
    code, output, said = diff(TINY, new, "--cases", file)
    assert (code, said) == (1, "")
    assert f"{file}: 3 cases, 1 the same, 1 emergency → self_care, 1 emergency → scheduled" in output
    assert "moved: emergency → self_care" in output
    assert "line 3: emergency → " in output


def test_a_finding_that_one_version_lacks_is_not_heard_by_it(tmp_path):
    new = edited(
        tmp_path / "new",
        ("findings.toml", "[findings.leg_weakness]", NUMB + "\n[findings.leg_weakness]"),
        (
            "rules.toml",
            'when = "back_pain and (weakness or pvr_ml >= 100)"',
            'when = "numb_toe or (back_pain and (weakness or pvr_ml >= 100))"',
        ),
    )
    file = lines(tmp_path, {"id": "toe", "findings": {"numb_toe": True}})
    code, output, said = diff(TINY, new, "--cases", file)
    assert (code, said) == (0, "")
    assert "  self_care → urgent, by weak_leg\n    A numb toe: yes, new or of unknown age" in output
    assert "toe: self_care → urgent" in output
    assert "findings.numb_toe added: A numb toe" in output
    back = diff(new, TINY, "--cases", file)[1]
    assert "toe: urgent → self_care" in back
    assert "findings.numb_toe removed: A numb toe" in back


def test_a_line_that_is_no_case_is_told_and_the_rest_is_counted(tmp_path):
    file = lines(tmp_path, "{\n", {"id": "ok", "findings": {"back_pain": True}}, {"findings": {"fevr": True}})
    code, output, said = diff(TINY, edited(tmp_path / "same"), "--cases", file)
    assert code == 2
    assert "1 case, 1 the same" in output
    assert "line 1 was not judged: not JSON" in output
    assert "line 3 was not judged: findings.fevr: not a known finding" in output
    assert "could not be judged" in said


def test_a_folder_that_is_missing_or_no_protocol_is_refused_with_the_mend(tmp_path):
    code, output, said = diff(tmp_path / "nowhere", tmp_path)
    assert (code, output) == (2, "")
    assert "the older protocol" in said
    assert "no such folder; give the folder that holds protocol.toml" in said
    assert "the newer protocol" in said
    assert "protocol.toml: the file is missing" in said


@pytest.mark.parametrize("option", ["--cases", "--accept"])
def test_a_file_that_is_missing_is_refused_with_the_mend(tmp_path, option):
    code, output, said = diff(TINY, edited(tmp_path / "same"), option, tmp_path / "nothing.toml")
    assert (code, output) == (2, "")
    assert "give " in said
    assert "nothing.toml" in said


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_refused(seconds):
    code, _, said = diff(TINY, TINY, "--seconds", seconds)
    assert code == 2
    assert "--seconds" in said
