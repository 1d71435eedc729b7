"""The handover: every item with its state, in agreement with the rules, on about one page."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command import TINY
from equina import Case, assess, load
from equina.handover import STATES, handover, item_states, span
from equina.leaves import resolve
from equina.prose import as_markdown, as_text
from equina.triage import settle
from equina.wording import wording
from strategies import NOW, PROTOCOL, STATED, TRIES, cases

ITEMS = PROTOCOL.handover
NO_FLAGS = dict.fromkeys(PROTOCOL.core_flags, False)


def state(name, /, **given):
    """The state of an item and what it follows from."""
    complete = {key: given.pop(key) for key in ("onset", "answered_by") if key in given}
    [item] = item_states(PROTOCOL, Case(values=given, as_of=NOW, **complete), [name])
    return item.state, item.by


def page(case):
    """The blocks of the page by id."""
    return {block.id: block for block in handover(PROTOCOL, case, assess(PROTOCOL, case))}


def text(case):
    return " ".join(as_text(handover(PROTOCOL, case, assess(PROTOCOL, case))).split())


# --- states --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("fever", {"fever": True}, ("present", ())),
        ("leg_weakness", {"paralysis": True}, ("present", ("paralysis",))),
        ("elevated_pvr", {"pvr_ml": 450.0}, ("present", ("pvr_ml",))),
        ("leg_weakness", {"leg_weakness": None, "foot_drop": True}, ("present", ("foot_drop",))),
        ("leg_weakness", {"leg_weakness": False, "foot_drop": True}, ("present", ("foot_drop",))),
        ("sexual_dysfunction", {"sexual_dysfunction": "long_standing"}, ("long_standing", ())),
        ("leg_weakness", {"foot_drop": "long_standing"}, ("long_standing", ("foot_drop",))),
        ("saddle_anesthesia", {"saddle_anesthesia": "long_standing"}, ("present", ())),
        ("saddle_anesthesia", {"saddle_anesthesia": "long_standing", "spina_bifida": True}, ("long_standing", ())),
        ("fever", {"fever": False}, ("absent", ())),
        ("paralysis", {"leg_weakness": False}, ("absent", ("leg_weakness",))),
        ("foot_drop", {"leg_weakness": False}, ("not_asked", ())),  # who has one may not call the leg weak
        ("saddle_anesthesia", {"saddle_anesthesia": False}, ("absent", ())),
        ("saddle_paresthesia", {"saddle_paresthesia": "long_standing"}, ("long_standing", ())),
        (
            "saddle_paresthesia",
            {"saddle_paresthesia": "long_standing", "genital_sensory_change": True},
            ("present", ("genital_sensory_change",)),
        ),
        ("fever", {"fever": None}, ("not_known", ())),
        ("fever", {}, ("not_asked", ())),
        ("urinary_retention", {"bladder_dysfunction": False}, ("general", ())),
        ("weak_stream", {"bladder_dysfunction": False}, ("general", ())),
        ("weak_stream", {"bladder_dysfunction": False, "weak_stream": None}, ("not_known", ())),
        ("reduced_anal_tone", {}, ("not_examined", ())),
        ("reduced_anal_tone", {"reduced_anal_tone": False}, ("absent", ())),
        ("perianal_sensation_reduced", {"saddle_anesthesia": False}, ("not_examined", ())),
        ("pregnancy", {"sex_at_birth": "M"}, ("absent", ("sex_at_birth",))),
        ("pvr_ml", {}, ("not_examined", ())),
    ],
)
def test_each_state(name, given, expected):
    assert state(name, **given) == expected


@TRIES
@given(cases)
def test_the_page_agrees_with_the_rules(case):
    """What is shown as absent is excluded, what is shown as present holds, and all else is open or denied in general."""
    table = PROTOCOL.table
    truth = resolve(table, settle(PROTOCOL, case)[0])
    for item in item_states(PROTOCOL, case, STATED):
        leaf, about = table.bits[item.finding], table.about[item.finding]
        old = table.bits[f"{item.finding}_long_standing"]
        if item.state == "absent":
            assert not truth.must & about, item
            assert settle(PROTOCOL, case)[0].get(item.finding) is False or not truth.may & about, item
        elif item.state == "present":
            assert truth.must & leaf, item
        elif item.state == "long_standing":
            assert truth.must & (old | leaf), item
        else:
            assert not truth.must & (old | leaf), item
        assert item.finding in case.values or item.state != "not_known"


@TRIES
@given(cases)
def test_every_item_is_marked_once(case):
    lines = " ".join(page(case)["items"].lines)
    for name in ITEMS:
        assert PROTOCOL.findings[name].label.split(":")[0] in lines, name
    assert len(item_states(PROTOCOL, case, ITEMS)) == len(ITEMS)


def test_states_are_marked_in_words():
    case = Case(values={"fever": True, "urinary_retention": None, "leg_weakness": False, "bowel_dysfunction": False})
    lines = page(case)["items"].lines
    assert lines[0] == "PRESENT, new or worse: Fever"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "NOT KNOWN, asked",
        "GENERAL DENIAL ONLY, not asked by name",
        "NOT ASKED",
        "NOT EXAMINED",
        "ABSENT",
    ]
    assert "Weakness in both legs (wider sign denied)" in lines[-1]
    assert len(STATES) == 7


# --- time ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (timedelta(minutes=20), "less than an hour"),
        (timedelta(hours=6), "about 6 h"),
        (timedelta(hours=48), "about 48 h"),
        (timedelta(days=3, hours=20), "about 3 days"),
    ],
)
def test_a_span_is_told_as_one_would_say_it(time, told):
    assert span(time, wording("handover")) == told


def test_the_onset_is_shown_with_how_long_before():
    case = Case(values={"urinary_retention": True}, onset={"urinary_retention": NOW - timedelta(hours=6)}, as_of=NOW)
    assert "Urinary retention (since 2026-11-24 20:10, about 6 h before)" in text(case)


def test_what_follows_from_a_finding_began_with_it():
    onset = {"paralysis": NOW - timedelta(days=3)}
    [item] = item_states(PROTOCOL, Case(values={"paralysis": True}, onset=onset, as_of=NOW), ["leg_weakness"])
    assert item.onset == onset["paralysis"]


@pytest.mark.parametrize("as_of", [None, NOW - timedelta(hours=1)], ids=["no moment of the case", "an onset after it"])
def test_an_onset_without_a_span_is_still_shown(as_of):
    case = Case(values={"fever": True}, onset={"fever": NOW}, as_of=as_of)
    assert "Fever (since 2026-11-25 02:10" in text(case)
    assert "before)" not in page(case)["items"].lines[0]


# --- the page ------------------------------------------------------------------------------------------------------------------


def test_the_page_says_what_a_desk_needs():
    values = {"back_pain": True, "urinary_retention": True, "saddle_anesthesia": True, "pvr_ml": 450.0, "temperature_c": 36.8}
    values |= {"anticoagulant_use": True, "opioid_use": False, "age_years": 41.0, "sex_at_birth": "F"}
    case = Case(values=values, as_of=NOW, told="I can't pee\nand I am numb.", complete=True)
    told = text(case)
    for part in (
        "Name ___",
        "Age 41, sex at birth F. Answered by the person, 2026-11-25 02:10 UTC.",
        "Level: EMERGENCY. Get emergency care now.",
        f"{PROTOCOL.rules['cannot_pass_urine'].pathway} (cannot_pass_urine)",
        '"I can\'t pee and I am numb."',
        "Post-void residual volume (bladder scan) 450 mL; Body temperature 36.8 degrees Celsius",
        "Medicine, TAKEN (name, last dose ____________________): Anticoagulant use or bleeding disorder",
        "Medicine, ABSENT: Opioid use",
        "Is the groin or saddle area newly numb? Yes: Saddle numbness; not asked 1.",
        "Bladder scan after peeing: before ______ mL, after ______ mL",
        "MRI scan of the low back: Suspected cauda equina syndrome: as soon as possible and within 4 h of request",
        PROTOCOL.digest,
        PROTOCOL.version,
        "Not a diagnosis.",
        "No clinician has reviewed this protocol.",
    ):
        assert part in told, part


@pytest.mark.parametrize(
    ("given", "who"),
    [
        ({}, "the person"),
        ({"carer": True}, "a carer for the person"),
        ({"answered_by": "clinician"}, "a clinician"),
        ({"answered_by": "record"}, "a record, not by the person"),
    ],
)
def test_who_answered_is_said(given, who):
    assert f"Answered by {who}." in text(Case(values={"fever": True}, **given))


@pytest.mark.parametrize(
    ("values", "complete", "line"),
    [
        ({}, False, "Nothing was answered or read."),
        ({"back_pain": True}, False, "No advice yet. Key signs not asked by name: Urinary retention; "),
        ({"back_pain": True} | NO_FLAGS | {"fever": None}, True, "because key signs are not known by name: Fever."),
        ({"back_pain": True} | NO_FLAGS, True, "No rule of the protocol asks for more."),
    ],
)
def test_a_level_that_no_rule_gave_says_why(values, complete, line):
    assert line in " ".join(page(Case(values=values, complete=complete))["level"].lines)


def test_no_advice_yet_is_never_told_as_no_urgency():
    assert "NOT SETTLED YET, AT LEAST URGENT." in text(Case.of(back_pain=True, urgency=True))
    assert "Level: NOT SETTLED YET. We can't" in text(Case.of(back_pain="long_standing"))


def test_scans_are_suggested_only_when_the_case_calls_for_them():
    calm = Case(values={"back_pain": True, "stress_leak": "long_standing"} | NO_FLAGS, complete=True)
    infected = Case(values=PROTOCOL.stories["it_was_my_kidneys"].findings, complete=True)
    assert "suggested" not in page(calm)
    assert "MRI scan" not in " ".join(page(infected)["suggested"].lines)


def test_a_full_bladder_with_back_pain_has_its_mri_line():
    """The rule's own list has no MRI, its pathway asks for one beside any spine pain: the cause brings it."""
    case = Case(values={"back_pain": True, "urinary_retention": True}, complete=True)
    assert any(line.startswith("MRI scan of the low back") for line in page(case)["suggested"].lines)


def test_what_does_not_fit_is_shown():
    case = Case(values={"bladder_dysfunction": False, "stress_leak": True, "progressive_leg_weakness": "long_standing"})
    lines = " ".join(page(case)["conflicts"].lines)
    assert "denied, but present: Stress leak" in lines
    assert "taken as new" in lines


def test_long_words_of_a_person_are_cut_where_one_sees_it():
    block = page(Case(values={"fever": True}, told="word " * 200))["told"]
    assert block.lines[0].endswith(" [...]")
    assert len(block.lines[0]) <= 310


def test_without_own_words_the_answers_speak():
    case = Case(values={"fever": True})
    assert page(case)["told"].lines == (assess(PROTOCOL, case).say,)


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=lambda story: story.id)
def test_a_typical_page_is_one_page(story):
    case = Case(values=story.findings, as_of=NOW, complete=True, told=story.title)
    lines = as_text(handover(PROTOCOL, case, assess(PROTOCOL, case)), 80).splitlines()
    assert len(lines) <= 78
    assert max(map(len, lines)) <= 80


@given(st.sampled_from(list(PROTOCOL.stories.values())))
def test_markdown_has_every_line(story):
    case = Case(values=story.findings, complete=True)
    blocks = handover(PROTOCOL, case, assess(PROTOCOL, case))
    assert as_markdown(blocks).count("\n- ") == sum(len(block.lines) for block in blocks if block.kind == "list")


def test_a_protocol_without_a_checklist_still_has_a_page():
    tiny = load(TINY)
    case = Case(values={"back_pain": True, "urinary_retention": True})
    blocks = {block.id: block for block in handover(tiny, case, assess(tiny, case))}
    assert "items" not in blocks
    assert "PRESENT: " in blocks["also"].lines[0]
