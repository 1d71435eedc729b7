"""Small things of the core that only a fault put in on purpose has shown to be untested (make mutation)."""

import shutil
from dataclasses import MISSING, fields, replace
from pathlib import Path

import pytest

from equina import Case, assess, load, next_questions
from equina import model as values
from equina.protocol import edited
from equina.tables import ProtocolError
from equina.triage import interval
from strategies import PROTOCOL

VALID = Path(__file__).parent / "bad_protocols" / "valid"


def kinds_of_values():
    return sorted(
        (each for each in vars(values).values() if isinstance(each, type) and hasattr(each, "__dataclass_fields__")), key=str
    )


@pytest.mark.parametrize("kind", kinds_of_values(), ids=lambda kind: kind.__name__)
def test_what_is_not_said_of_a_value_is_nothing(kind):
    said = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    assert {name for name, default in said.items() if default} <= {"language", "answered_by"}
    assert {field.name for field in fields(kind) if field.default is None} <= {
        f.name for f in fields(kind) if "None" in str(f.type)
    }


def test_an_edited_protocol_is_ready_and_keeps_the_rest():
    rule = PROTOCOL.rules["cannot_pass_urine"]
    weaker = edited(PROTOCOL, rules=PROTOCOL.rules | {rule.id: replace(rule, disposition="urgent")}, findings=PROTOCOL.findings)
    case = Case.of(urinary_retention=True)
    assert interval(PROTOCOL, case)[0] == "emergency"
    assert interval(weaker, case)[0] == "urgent"
    for name in ("id", "version", "digest", "folder", "sources", "topics", "core_flags", "say", "policies"):
        assert getattr(weaker, name) == getattr(PROTOCOL, name)
    same = edited(PROTOCOL, rules=PROTOCOL.rules, findings=PROTOCOL.findings)
    assert assess(same, case) == assess(PROTOCOL, case)


def lists():
    return [topic for topic in PROTOCOL.topics.values() if topic.kind == "list"]


def test_a_list_of_which_one_is_left_asks_for_it_by_name():
    seen = set()
    for topic in lists():
        told = [name for name in topic.findings if PROTOCOL.findings[name].answered_by == "self"]
        earlier = dict.fromkeys(
            (name for other in PROTOCOL.topics.values() if other is not topic for name in other.findings if name not in told), False
        )
        earlier = {name: value for name, value in earlier.items() if not PROTOCOL.findings[name].measured}
        for left in range(1, 3):
            step = next_questions(PROTOCOL, Case(values=earlier | dict.fromkeys(told[left:], False)))
            if step and step.id == topic.id:
                assert step.kind == ("one" if len(step.options) == 1 else "list")
                seen.add(step.kind)
    assert seen == {"one", "list"}


def test_what_is_said_keeps_the_order_of_the_protocol_and_not_of_the_alphabet():
    names = ["urinary_retention", "saddle_anesthesia", "back_pain", "leg_weakness", "fever"]
    told = assess(PROTOCOL, Case.of(**dict.fromkeys(sorted(names), True))).say
    said = [name for name in names if (PROTOCOL.findings[name].say or "").rstrip(".") in told]
    assert len(said) >= 3
    by_place = sorted(said, key=lambda name: told.index(PROTOCOL.findings[name].say.rstrip(".")))
    opened = {name for name in said if PROTOCOL.findings[name].say.rstrip(".") in PROTOCOL.say["opening"]}
    in_order = [name for name in PROTOCOL.order if name in said and name not in opened]
    assert [name for name in by_place if name not in opened] == in_order
    assert in_order != sorted(in_order)


def test_the_reason_of_a_test_is_in_the_language_of_the_protocol():
    spanish = load(language="es")
    # Everything that fits weighs: of each group of causes something.
    given = Case(values={name: True for name, finding in PROTOCOL.findings.items() if finding.kind == "symptom"})
    english = {each.id: each.because for each in assess(PROTOCOL, given).workup}
    theirs = {each.id: each.because for each in assess(spanish, given).workup}
    calm = Case.of(back_pain=True, sciatica_unilateral=True)
    english |= {f"calm {each.id}": each.because for each in assess(PROTOCOL, calm).workup}
    theirs |= {f"calm {each.id}": each.because for each in assess(spanish, calm).workup}
    assert theirs.keys() == english.keys()
    assert len(theirs) > 3
    assert not [name for name in theirs if theirs[name] == english[name]]
    begins = {why.split(" ")[0] for why in theirs.values()}
    assert not begins & {"To", "Look", "You", "Your"}


def test_a_translation_that_is_no_toml_is_told_with_its_place(tmp_path):
    folder = shutil.copytree(VALID, tmp_path / "protocol")
    (folder / "locale" / "es").mkdir(parents=True)
    (folder / "locale" / "es" / "findings.toml").write_text("[findings", encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"locale/es/findings\.toml: not TOML"):
        load(folder, language="es")
