"""Signed reasons for lowered emergencies: what they cover and what they do not, and the exit code that comes of it."""

import json

import pytest

from command import TINY, run
from versions import REASON, RETENTION, edited

pytest.importorskip("z3", reason="the extra `proofs` is not installed")

# The second rule that speaks for a raised residual is taken away later: nobody has signed for that.
SECOND = (
    "rules.toml",
    "[rules.weak_leg]",
    """[rules.residual_with_pain]
disposition = "emergency"
when = "back_pain and elevated_pvr"
because = "Made up."
timing = "Now."
pathway = "None."
sources = ["one"]
strength = "consensus"

[rules.weak_leg]""",
)


@pytest.fixture
def new(tmp_path):
    return edited(tmp_path / "new", RETENTION)


def signed(tmp_path, text=REASON):
    file = tmp_path / "accepted.toml"
    file.write_text(text, encoding="utf-8")
    return file


def diff(*arguments):
    code, output, said = run("diff", *arguments)
    return code, output.decode("utf-8"), said


def test_without_a_signature_a_lowered_emergency_fails_and_the_table_to_sign_is_printed(new):
    code, output, said = diff(TINY, new)
    assert code == 1, output
    assert said == ""
    assert "NOT SIGNED FOR" in output
    assert 'rules = ["cannot_pass_urine"]' in output


def test_the_printed_table_once_signed_covers_what_it_was_printed_for(tmp_path, new):
    _, output, _ = diff(TINY, new)
    tables = output[output.index("  [lowered.") : output.rindex("not to be released")]
    text = "\n".join(line.strip() for line in tables.splitlines())
    text = text.replace('who = ""', 'who = "Dr A. Example"').replace("date =", "date = 2026-12-01")
    code, output, said = diff(TINY, new, "--accept", signed(tmp_path, text.replace('reason = ""', 'reason = "Made up."')))
    assert (code, said) == (0, ""), output
    assert "every lowered emergency is signed for" in output


def test_a_reason_covers_the_patients_that_it_names(tmp_path, new):
    code, output, said = diff(TINY, new, "--accept", signed(tmp_path))
    assert (code, said) == (0, ""), output
    assert ": signed for" in output


@pytest.mark.parametrize(
    ("old", "new_text"),
    [
        ("pvr_ml >= 200", "pvr_ml >= 250"),
        (" or elevated_pvr", ""),
        ('to = "self_care"', 'to = "urgent"'),
    ],
    ids=["fewer patients", "another way to have it", "not as low"],
)
def test_a_reason_does_not_cover_more_than_it_says(tmp_path, new, old, new_text):
    text = REASON.replace("or elevated_pvr", "or (elevated_pvr and back_pain)") if old == "pvr_ml >= 200" else REASON
    assert old in text
    code, output, _ = diff(TINY, new, "--accept", signed(tmp_path, text.replace(old, new_text)))
    assert code == 1
    assert "NOT SIGNED FOR" in output


def test_a_reason_does_not_cover_what_a_later_edit_takes_from_another_rule(tmp_path):
    old = edited(tmp_path / "old", SECOND)
    first = edited(tmp_path / "first", RETENTION, source=old)
    assert diff(old, first, "--accept", signed(tmp_path))[0] == 0
    later = edited(
        tmp_path / "later",
        ("rules.toml", 'when = "back_pain and elevated_pvr"', 'when = "back_pain and pvr_ml > 900"'),
        source=first,
    )
    code, output, _ = diff(old, later, "--accept", signed(tmp_path))
    assert code == 1
    assert "residual_with_pain" in output.split("NOT SIGNED FOR")[-1]


def test_a_reason_that_covers_nothing_is_stale_and_fails(tmp_path):
    same = edited(tmp_path / "same")
    code, output, _ = diff(TINY, same, "--accept", signed(tmp_path))
    assert code == 1
    assert "STALE  the reason residual, signed by Dr A. Example" in output


def test_a_reason_against_another_release_is_history_and_covers_nothing(tmp_path, new):
    history = signed(tmp_path, REASON.replace('since = "1"', 'since = "0"'))
    assert diff(TINY, edited(tmp_path / "same"), "--accept", history)[0] == 0
    assert diff(TINY, new, "--accept", history)[0] == 1


BROKEN = {
    "unsigned": ('who = "Dr A. Example, clinical safety officer"', 'who = ""', "who: the text is empty"),
    "nobody": ('who = "Dr A. Example, clinical safety officer"\n', "", "who: the key is missing"),
    "no reason": ('reason = "Made up for the tests."', "", "reason: the key is missing"),
    "no date": ("date = 2026-12-01", 'date = "yesterday"', "date: a date is expected"),
    "an unknown rule": ('"cannot_pass_urine"', '"cannot_pass_urin"', 'did you mean "cannot_pass_urine"?'),
    "no emergency rule": ('"cannot_pass_urine"', '"weak_leg"', "only lowered emergencies need a signature"),
    "an unknown finding": ("elevated_pvr", "elevated_pwr", 'did you mean "elevated_pvr"?'),
    "an unknown quantity": ("pvr_ml <", "pvr_l <", '"pvr_l" is no quantity'),
    "a not": ("or elevated_pvr", "or not elevated_pvr", "there is no `not`"),
    "an unknown level": ('to = "self_care"', 'to = "selfcare"', 'did you mean "self_care"?'),
    "a misspelt key": ("since =", "from =", "the key is not known"),
    "no TOML": ("[lowered.residual]", "[lowered.residual", "not TOML"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_of_reasons_with_a_fault_is_refused_with_the_mend(tmp_path, new, name):
    old, text, words = BROKEN[name]
    assert old in REASON
    code, output, said = diff(TINY, new, "--accept", signed(tmp_path, REASON.replace(old, text)))
    assert code == 2
    assert output == ""
    assert "the signed reasons cannot be used" in said
    assert words in said


def test_json_has_the_same(new):
    code, output, _ = diff(TINY, new, "--json")
    found = json.loads(output)
    assert code == 1
    assert found["passes"] is False
    assert [(one["old"], one["new"], one["rules"]) for one in found["not_signed_for"]]
    numbers = [way for one in found["lowered"] for slot in one["answers"] for way in slot if way["finding"] == "pvr_ml"]
    assert {">=": 200.0, "<": 300.0} in [{key: way[key] for key in way if key != "finding"} for way in numbers]
