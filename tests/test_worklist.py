"""The worklist: who comes first, what is said of each, and what is said before any of them."""

import doctest
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pyarrow")

import equina.worklist.expected
from equina import assess
from equina.model import DISPOSITIONS, rank
from equina.shares import wilson
from equina.worklist.listing import worklist
from equina.worklist.manifest import read_manifest
from equina.worklist.options import LEVELS
from equina.worklist.patient import Patient, call, case_of, judged, newest_of
from equina.worklist.ranking import band, first, place
from equina.worklist.results import Counts, patients
from equina.worklist.telling import asked, beside, counted, fact_lines, level, nearest, rates, reasons, where
from screened import AS_OF, days, patient_of, piece, row, run
from strategies import PROTOCOL, TRIES, cases

RETENTION = (piece("back_pain", date=days(3)), piece("urinary_retention", date=days(1), quote="unable to pass urine"))
URGENCY = (piece("back_pain", date=days(3)), piece("urgency", date=days(2)))
NEAR = {"questions_left": 1, "nearest_rule": "cannot_pass_urine", "nearest_needs": ["urinary_retention"], "nearest_known": 1}


def test_the_examples_run():
    failed, tried = doctest.testmod(equina.worklist.expected)
    assert tried
    assert not failed


@pytest.fixture
def made(tmp_path):
    """The worklist of these rows."""

    def make(*rows, size=50, least="urgent", **more):
        folder = run(tmp_path / "run", list(rows), **more)
        return worklist(PROTOCOL, folder, size=size, least=least)

    return make


def ids(made):
    return [entry.patient.id for entry in made.entries]


def test_the_option_knows_every_level():
    assert tuple(reversed(DISPOSITIONS)) == LEVELS


# --- the order -----------------------------------------------------------------------------------------------------------------


def patient(id="p", level="urgent", left=None, known=0, **more):
    common = {"high": "emergency", "disposition": None, "reasons": (), "nearest_rule": None, "nearest_needs": (), "latest": None}
    common |= {"age_years": None, "sex": None, "as_of": AS_OF, "evidence": ()}
    return Patient(id=id, low=level, questions_left=left, nearest_known=known, **common | more)


def ago(count):
    return None if count is None else AS_OF - timedelta(days=count)


def test_level_then_recency_then_the_nearest_rule():
    dated = [
        (patient("emergency of last month", "emergency"), ago(25)),
        (patient("urgent today, three away", left=3), ago(0)),
        (patient("urgent yesterday, one away", left=1), ago(1)),
        (patient("urgent yesterday, one away, more known", left=1, known=2), ago(1)),
        (patient("urgent, a week, one away", left=1), ago(6)),
        (patient("urgent, no date, one away", left=1), ago(None)),
        (patient("urgent, older, one away", left=1), ago(60)),
        (patient("urgent today, none near"), ago(0)),
        (patient("raised by what is not known", "self_care", disposition="urgent", left=1), ago(29)),
        (patient("scheduled today, one away", "scheduled", left=1), ago(0)),
    ]
    assert [each.id for each, _ in first(dated, 20, 30)] == [
        "emergency of last month",
        "urgent yesterday, one away, more known",
        "urgent yesterday, one away",
        "urgent today, three away",
        "urgent today, none near",
        "urgent, a week, one away",
        "raised by what is not known",
        "urgent, no date, one away",
        "urgent, older, one away",
        "scheduled today, one away",
    ]


@pytest.mark.parametrize(("age", "expected"), [(0, 0), (2, 0), (2.1, 1), (7, 1), (7.1, 2), (30, 2), (30.1, 4), (None, 3)])
def test_the_bands_of_recency(age, expected):
    assert band(ago(age), AS_OF, 30) == expected


anybody = st.builds(
    lambda number, level, left, known, age: (patient(f"p{number}", level, left, known), ago(age)),
    st.integers(0, 30),
    st.sampled_from(DISPOSITIONS),
    st.sampled_from([None, 1, 2, 5]),
    st.integers(0, 3),
    st.sampled_from([None, 0, 1, 5, 20, 90]),
)


@given(st.lists(anybody, max_size=12), st.randoms(use_true_random=False), st.integers(1, 12))
@TRIES
def test_the_order_of_the_rows_does_not_matter_and_a_shorter_list_is_its_beginning(rows, random, size):
    mixed = random.sample(rows, len(rows))
    whole = [place(*each, 30) for each in first(rows, len(rows) or 1, 30)]
    assert [place(*each, 30) for each in first(mixed, size, 30)] == whole[:size]
    assert whole == sorted(whole)


def test_the_newest_sign_is_of_what_the_level_rests_on():
    """A diabetes recorded yesterday does not make a retention of three weeks ago recent, nor does a denial or a past mention."""
    old = (piece("urinary_retention", date=days(21)), piece("diabetes", date=days(1)), piece("back_pain", date=days(1)))
    said = piece("urinary_retention", date=days(0)) | {"assertion": "historical"}
    made = patient_of(row("p", *old, said))
    assert made.reasons == ("cannot_pass_urine",)
    assert newest_of(PROTOCOL, made).date().isoformat() == days(21)


def test_a_month_lasts_no_longer_than_the_run():
    made = patient_of(row("p", piece("urinary_retention", date="2026-11")))
    assert newest_of(PROTOCOL, made) == AS_OF


# --- what is counted -----------------------------------------------------------------------------------------------------------


def test_rates_rest_on_the_living_and_who_is_not_known_has_no_level(made):
    rows = [
        row("a", *RETENTION),
        row("b", *URGENCY),
        row("c"),
        row("d", piece("smoking", False)),
        row("e", *RETENTION, deceased=True),
    ]
    found = made(*rows)
    assert (found.expected.patients, found.expected.nothing_known, found.expected.deceased) == (4, 1, 1)
    assert found.expected.deceased_at_level == 1
    assert {level: share.hits for level, share in found.expected.rates.items()} == {"emergency": 1, "urgent": 1, "scheduled": 0}
    assert found.expected.rates["emergency"].interval == wilson(1, 4)
    assert ids(found) == ["a", "b"]
    told = " ".join(rates(found))
    assert "Emergency: 2,500 per 10,000 patients (456 – 6,994; 1 of 4)" in told
    rests = " ".join(found.expected.rests_on(found.manifest))
    assert "Of 1 of them (25.0 %) nothing was on record" in rests
    assert "1 more have died" in rests
    assert "No clinician has reviewed the protocol" in rests


def test_who_is_known_by_denials_alone_is_known(made):
    """A run keeps no evidence of rows in which nothing speaks: they are told from the silent by the policy that speaks of them."""
    denied = row("a", piece("fever", False)) | {"evidence": []}
    found = made(denied, row("b"), least="self_care")
    assert (found.expected.nothing_known, found.expected.levels) == (1, {"self_care": 1})
    assert {entry.patient.id: level(entry) for entry in found.entries} == {"a": "NO RULE HOLDS", "b": "NOTHING KNOWN"}
    assert list(counted(found))[:2] == ["All at or above self care are on it: 2.", "No rule holds: 1 of 1"]


@given(st.lists(st.sampled_from([None, "emergency", "urgent", "scheduled", "self_care"]), min_size=1, max_size=30))
@TRIES
def test_all_of_a_run_are_counted_once(levels):
    counted = equina.worklist.expected.Expected(
        patients=len(levels),
        nothing_known=levels.count(None),
        levels={level: levels.count(level) for level in DISPOSITIONS},
        least="urgent",
    )
    assert sum(counted.levels.values()) + counted.nothing_known == counted.patients
    assert counted.listed.hits == levels.count("emergency") + levels.count("urgent")
    for share in (*counted.rates.values(), counted.listed):
        assert share.interval[0] <= (share.value or 0) <= share.interval[1]


def test_a_list_that_is_too_short_says_whom_it_leaves_off(made):
    rows = [row(f"e{n}", *RETENTION) for n in range(4)] + [row(f"u{n}", *URGENCY) for n in range(3)]
    first_line = next(counted(made(*rows, size=2)))
    assert first_line == (
        "LEFT OFF: 5 at or above urgent do not fit on a list of 2. Emergencies among them: 2. Take a larger --size."
    )
    assert next(counted(made(*rows, size=7))) == "All at or above urgent are on it: 7."


def test_an_empty_list_reassures_nobody(made):
    found = made(row("a"), row("b", piece("back_pain", date=days(4))))
    assert found.entries == ()
    assert list(counted(found)) == ["No patient of this run is at or above urgent. That is no reassurance: read what it rests on."]


@pytest.mark.parametrize(("least", "expected"), [("emergency", 1), ("urgent", 2), ("scheduled", 3), ("self_care", 5)])
def test_the_level_of_the_list_is_a_setting(made, least, expected):
    rows = [
        row("e", *RETENTION),
        row("u", *URGENCY),
        row("s", piece("stress_leak", "long_standing", date=days(9))),
        row("n", piece("back_pain", date=days(1))),
        row("x"),
    ]
    found = made(*rows, least=least)
    assert len(found.entries) == expected
    assert all(rank(entry.level) >= rank(least) for entry in found.entries)
    assert [entry.place for entry in found.entries] == list(range(1, expected + 1))


def test_days_of_the_newest_sign_are_counted_by_level(made):
    found = made(row("a", *RETENTION), row("b", *RETENTION), row("c", *URGENCY), row("d", piece("saddle_anesthesia")))
    assert found.dates == {"emergency": {days(1): 2, "": 1}, "urgent": {days(2): 1}}


def test_set_aside_reasons_are_counted(made):
    aside = [{"reason": "not JSON"}, {"reason": "no id"}, {"reason": "not JSON"}]
    assert made(row("a"), aside=aside).aside == {"not JSON": 2, "no id": 1}


def test_rows_stream_and_no_more_than_the_list_is_held(tmp_path):
    folder = run(tmp_path / "run", [row(f"p{n}", *RETENTION) for n in range(5)])
    streamed = patients(PROTOCOL, read_manifest(PROTOCOL, folder), "urgent", Counts())
    assert next(streamed).id.startswith("p")


# --- one patient ---------------------------------------------------------------------------------------------------------------


@given(cases)
@TRIES
def test_the_case_of_a_row_gets_the_levels_that_the_row_has(case):
    """Whoever answered and however complete: the page to hand over says the level that the list says."""
    case = replace(case, onset={}, values={name: value for name, value in case.values.items() if name != "sex_at_birth"})
    assessment = assess(PROTOCOL, case)
    pieces = [piece(name, value) for name, value in case.values.items() if name != "age_years"]
    age = case.values.get("age_years")
    stored = {name: getattr(assessment, name) for name in ("low", "high", "disposition")}
    made = patient_of(row("p", *pieces, age=age, **stored))
    again, found = judged(PROTOCOL, made)
    assert again.values == {name: value for name, value in case.values.items() if (name, value) != ("age_years", None)}
    assert (found.low, found.high, found.disposition) == tuple(stored.values())


def test_evidence_stands_with_its_words_its_date_and_its_place(made):
    more = piece("fever", False, date=days(1)), piece("diabetes", date="2011-02-03"), piece("weak_stream", None, date=days(5))
    entry = made(row("a", *RETENTION, *more)).entries[0]
    assert [fact.finding for fact in entry.facts][:2] == ["urinary_retention", "back_pain"]
    assert list(fact_lines(entry.facts[0])) == [
        f"Urinary retention: recorded as unable to pass urine; {days(1)}; notes.jsonl, line 1",
    ]
    also, denied = beside(entry)
    assert also == f"Also on record: Back pain (any level) ({days(3)}); Diabetes (2011-02-03)"
    assert f"Fever (absent, {days(1)})" in denied
    assert f"(uncertain, {days(5)})" in denied
    assert any("[cannot_pass_urine; article" in line for line in reasons(entry))


def test_a_place_names_file_line_and_characters(made):
    said = piece("saddle_anesthesia", origin="text", quote="numb", start=10, end=14, line=7, file="a/notes.jsonl")
    unknown = piece("urinary_retention", file=None, line=None)
    inputs = [{"path": "a/notes.jsonl", "bytes": 1}, {"path": "b/notes.jsonl", "bytes": 1}]
    facts = {fact.finding: fact for fact in made(row("a", said, unknown), inputs=inputs).entries[0].facts}
    assert where(facts["saddle_anesthesia"].pieces[0]) == "a/notes.jsonl, line 7, characters 10–14"
    assert where(facts["urinary_retention"].pieces[0]) == "place not given"


def test_an_emergency_is_told_before_it_is_asked(made):
    (tell, none), (words, questions), (no, _) = asked(made(row("a", *RETENTION)).entries[0])
    assert (tell, none) == ("Tell the patient: Go to an emergency department now.", ())
    assert words.startswith("Nothing needs to be asked before acting")
    assert len(questions) == 1
    assert questions[0].startswith("Are you now unable to pee")
    assert "takes nobody off the list" in no


def test_who_must_not_travel_alone_is_told_to_call_an_ambulance(made):
    pieces = [piece(name, date=days(1)) for name in ("back_pain", "urinary_retention", "paralysis")]
    entry = made(row("a", *pieces)).entries[0]
    assert {PROTOCOL.rules[why.id].ambulance for why in entry.why} == {True, False}
    wanted = {PROTOCOL.rules[why.id].timing for why in entry.why if PROTOCOL.rules[why.id].ambulance}
    assert entry.tell in wanted


def test_the_nearest_rule_is_asked_first_and_nothing_twice(made):
    entry = made(row("a", *URGENCY, **NEAR)).entries[0]
    assert nearest(entry) == "1 more answer would make it emergency: Urinary retention [cannot_pass_urine]"
    (_, urgent), (then, interview), *_ = asked(entry)
    assert urgent[0].startswith("Are you now unable to pee")
    assert then.startswith("Then, as the interview would")
    assert interview
    assert set(interview).isdisjoint(urgent)
    assert all("?" in question for question in interview)


def test_what_a_record_leaves_uncertain_is_asked_again_and_what_it_states_is_not():
    made = patient_of(row("p", piece("back_pain"), piece("fever", None), piece("saddle_anesthesia", False)))
    called = call(case_of(PROTOCOL, made))
    assert called.values == {"back_pain": True, "saddle_anesthesia": False}
    assert called.answered_by == "self"


def test_a_level_that_the_row_no_longer_shows_is_not_lowered(made):
    """The results may rest on an onset, which they do not hold: the higher level stands, and the reader is told."""
    stored = row("a", piece("urgency", "long_standing"), low="emergency", high="emergency", disposition="emergency")
    entry = made(stored | {"reasons": ["cannot_pass_urine"]}).entries[0]
    assert entry.level == "emergency"
    assert entry.rechecked == "scheduled"
    assert any("The higher counts" in line for line in reasons(entry))


def test_a_conflict_is_told(made):
    entry = made(row("a", *RETENTION, conflicts=["urinary_retention"])).entries[0]
    assert "Urinary retention: denied in one place, present in another. What is present counts." in list(reasons(entry))


def test_the_handover_is_the_one_of_a_case(made):
    entry = made(row("a", *RETENTION, age=52.0, sex="F")).entries[0]
    assert entry.handover[0].lines[1].startswith("Age 52, sex at birth F. Answered by a record")
    assert any("PRESENT, new or worse: Urinary retention" in line for block in entry.handover for line in block.lines)
