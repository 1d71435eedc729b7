"""Patients of whom a letter alone is kept: judged without a case, many together, and told as the case would tell them."""

import base64
import json
import os
import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, combinations

import numpy as np
import pytest

from equina.batch.heard import Heard
from equina.batch.judge import Patients
from equina.batch.letters import Letters
from equina.batch.nearest import NOTHING_NEAR, Nearest
from equina.batch.outcome import Outcome, Outcomes, is_present
from equina.batch.planes import ALL, NONE, Program
from equina.batch.rows import told
from equina.batch.together import Together
from equina.case import Case
from equina.fhir.records import cases_of
from equina.implicants import implicants
from equina.leaves import resolve
from equina.logic import stem
from equina.model import DISPOSITIONS, rank
from equina.notes.evidence import with_reading
from equina.notes.lexicon import lexicon
from equina.notes.reading import CueWords, Mention, Reading
from equina.triage import assess, level, reach, settle
from screening import AS_OF, DEV_CASES, PROTOCOL, as_row, judged, screen, write_lines

FULL = bool(os.environ.get("EQUINA_FULL"))
NOW = datetime.fromisoformat(AS_OF)

# --- what a letter says -------------------------------------------------------------------------------------------------------

SAID = """\
Back pain
No back pain
Back pain for many years
Back pain since yesterday
His father has back pain
History of prostate cancer
No history of cancer
Temp 39.1 C
Temp 36.4 C
Temp 380 C
BP 80/40
Weather fine
Possible urinary retention
If he cannot pass urine he will call
Age 41
A 67-year-old man
Leaks urine
Has leaked urine for years
Leaks urine when coughing
Post-void residual 450 mL
Residual 20 mL and later 600 mL
Same as always
Catheter for years
Dieser Text ist nicht auf Englisch geschrieben
Numb when wiping. Numb when wiping
Back pain, no fever. Fever and back pain. Cannot pass urine
Fever and back pain. Back pain, no fever. Passes urine normally
My dad is ill and he cannot pass urine, I only have my sore back
My legs went numb on the bike. All fine now
Past history: back pain for years\n\nNow he can't walk
Ça va. Rückenschmerz — back pain
""".splitlines()
NARRATIVES = [json.loads(line)["narrative_clinical"] for line in DEV_CASES.read_text(encoding="utf-8").splitlines()]
TOLD = [sentence for narrative in NARRATIVES for sentence in narrative.split(". ")]
_PAGE = {"coding": [{"system": "http://loinc.org", "code": "57133-1"}], "text": "Referral note"}


def a_text(draws):
    return ". ".join(draws.choice(draws.choice((SAID, TOLD))) for _ in range(draws.choice((1, 1, 2, 3, 6, 12)))) + "."


def a_date(draws):
    moment = NOW - timedelta(days=draws.choice((0, 0, 1, 5, 20, 29, 40, -3)), hours=draws.randrange(20))
    form = draws.choice(("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m", "last week", ""))
    return moment.strftime(form)


def a_letter(draws, number):
    """A document or message of the patient so numbered, mostly a plain one."""
    text, odd = a_text(draws), draws.random()
    record = {"id": f"r{number}", "subject": {"reference": f"Patient/l{number}"}, "context": {"period": {"start": f"{number}"}}}
    record |= {"status": draws.choice(("current", "completed", "superseded", "not-done", "entered-in-error"))} if odd < 0.2 else {}
    record |= {"modifierExtension": [{"url": "http://example.org/not"}]} if 0.2 < odd < 0.22 else {}
    record |= {"notDone": True} if 0.22 < odd < 0.24 else {}
    record |= {"docStatus": draws.choice(("final", "entered-in-error"))} if 0.24 < odd < 0.28 else {}
    record |= {"type": _PAGE} if 0.28 < odd < 0.3 else {}
    if 0.3 < odd < 0.32:
        del record["id"]
    if draws.random() < 0.3:
        payload = [{"contentString": text}] * (2 if 0.32 < odd < 0.34 else 1)
        return record | {"resourceType": "Communication", "sent": a_date(draws), "received": a_date(draws), "payload": payload}
    data = base64.b64encode(text.encode("utf-16" if 0.34 < odd < 0.36 else "utf-8")).decode()
    data = data[:20] + "\n" + data[20:] if 0.36 < odd < 0.38 else data
    attachment = {"contentType": draws.choice(("text/plain", "text/plain; charset=utf-8", "text/markdown")), "data": data}
    return record | {"resourceType": "DocumentReference", "date": a_date(draws), "content": [{"attachment": attachment}]}


def patients(draws, count):
    """The records of so many patients, each with one letter and perhaps as a Patient."""
    for number in range(count):
        yield a_letter(draws, number)
        if draws.random() < 0.5:
            born = draws.choice(("1950-02-03", "1999", "2024-05", "soon", "", "1700-01-01"))
            yield {
                "resourceType": "Patient",
                "id": f"l{number}",
                "birthDate": born,
                "gender": draws.choice(("female", "male", "other")),
            }


@pytest.mark.parametrize("options", [(), ("--pseudonymise",)])
def test_a_letter_is_told_as_the_case_of_it_would_be(tmp_path, monkeypatch, options):
    """Every column of every row, and what was set aside, are as where each letter is taken into a case."""
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", "k" * 32)
    path = write_lines(tmp_path / "a.ndjson", patients(random.Random(9), 20_000 if FULL else 500))
    monkeypatch.setattr("equina.batch.letters._BLOCK", 90)  # so that some are told before the others
    quick, take = [], Patients._letter
    monkeypatch.setattr(Patients, "_letter", lambda *given: (found := take(*given), quick.append(found))[0])
    fast = screen(tmp_path / "fast", path, options=("--workers", "1", *options))
    assert 0.4 < sum(quick) / len(quick) < 0.95, "many letters take either way"
    monkeypatch.setattr(Letters, "letter", lambda *_: None)
    slow = screen(tmp_path / "slow", path, options=("--workers", "1", *options))
    for one, other in zip(fast.rows, slow.rows, strict=True):
        assert one == other
    assert fast.asides == slow.asides
    assert {**fast.manifest, **dict.fromkeys(("started", "finished", "seconds"))} == {
        **slow.manifest,
        **dict.fromkeys(("started", "finished", "seconds")),
    }


def test_a_letter_is_judged_as_triage_judges_it(tmp_path):
    records = list(patients(random.Random(10), 3_000 if FULL else 150))
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.ndjson", records))
    protocol = replace(PROTOCOL, new_within_days=30)
    rows = {row["id"]: row for row in run.rows}
    wanted = dict(cases_of(protocol, records, NOW))
    assert rows.keys() == wanted.keys()
    for owner, case in wanted.items():
        assert judged(rows[owner]) == as_row(assess(protocol, case)), owner


def test_a_protocol_without_a_lexicon_sets_letters_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("equina.batch.judge.has_lexicon", lambda _: False)
    monkeypatch.setattr("equina.fhir.statements.has_lexicon", lambda _: False)
    payload = [{"contentString": "Back pain."}]
    letter = {"resourceType": "Communication", "subject": {"reference": "Patient/a"}, "sent": AS_OF, "payload": payload}
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.ndjson", [letter]))
    assert [each["reason"] for each in run.asides] == ["the text was not read: the protocol has no lexicon"]


# --- what many say ------------------------------------------------------------------------------------------------------------


TEXT = "no, not now. No more of it."


def a_mention(draws, names):
    """A mention of any of these findings, at one of a few places, as a reader might give it or not."""
    name, start, end = draws.choice(names), draws.randrange(4), draws.choice((9, 10))
    finding = PROTOCOL.findings[name]
    assertion = draws.choices(("present", "absent", "historical", "family", "hypothetical", "uncertain"), (5, 3, 1, 1, 1, 1))[0]
    value = draws.choice((35.0, 38.5, 41.2, 450.0, 1e6)) if finding.measured and draws.random() < 0.97 else None
    value = 7.0 if not finding.measured and draws.random() < 0.005 else value
    low, high = draws.choice(((0, 2), (4, 6), (4, 7)))  # two places of the same words, and other words
    cue = CueWords(low, high, TEXT[low:high]) if draws.random() < 0.3 else None
    onset = draws.choice(("new", "long_standing", "unknown"))
    return Mention(name, start, end, TEXT[start:end], assertion, onset, cue, None, value)


def in_a_case(words, mentions, age):
    """What a case makes of the mentions: as `Heard` tells it."""
    case = with_reading(PROTOCOL, Case(told="a text"), Reading(tuple(mentions)), words)
    values = {name: value for name, value in case.values.items() if not (name == "age_years" and age is not None)}
    pieces = [
        (name, told(value), piece.assertion, piece.start, piece.end, piece.quote)
        for name, value in values.items()
        if name != "age_years"
        for piece in dict.fromkeys(case.evidence[name])
    ]
    shown = tuple(sorted((name for name, value in values.items() if is_present(value)), key=PROTOCOL.order.__getitem__))
    since = any(is_present(values[name]) and assertion == "present" for name, _, assertion, *_ in pieces)
    conflicts = tuple(conflict.finding for conflict in case.conflicts)
    asides = [(aside.why, aside.quote) for aside in case.set_aside]
    return values, pieces, (shown, since, values.get("age_years", age), conflicts), asides


def test_what_many_letters_say_is_what_each_says_in_a_case(monkeypatch):
    """Mentions as no reader gives them: the same place twice, old and new, numbers that cannot be, and none where one must be."""
    monkeypatch.setattr("equina.batch.heard._REMEMBERED", 30)  # so that what is remembered is forgotten too
    draws, words = random.Random(14), lexicon(PROTOCOL)
    together = Together(PROTOCOL, Nearest(PROTOCOL))
    heard = Heard(PROTOCOL, words, together)
    becoming = [*words.becomes, *words.becomes.values(), *(name for each in words.unless.values() for name in each)]
    measured = [name for name, finding in PROTOCOL.findings.items() if finding.measured]
    asked = [name for name, finding in PROTOCOL.findings.items() if finding.lasting and finding.section == "context"]
    pool = list(dict.fromkeys((*becoming, *measured, "back_pain", "fever", "urinary_retention", *asked[:3])))
    taken, left = 0, 0
    for _ in range(60 if FULL else 12):
        wanted = []
        for _ in range(25):
            names = draws.sample(pool, 5) + (["sex_at_birth"] if draws.random() < 0.05 else [])
            mentions = [a_mention(draws, names) for _ in range(draws.randrange(1, 12))]
            age = draws.choice((None, 50.0))
            asides = heard.add(TEXT, mentions, age)
            if asides is None:
                left += 1
                continue
            wanted.append((*in_a_case(words, mentions, age), asides))
        assert len(heard) == len(wanted)
        taken += len(wanted)
        found = heard.told()
        assert len(heard) == 0
        rows = list(zip(*(found.evidence[name].to_pylist() for name in OWN_PARTS), strict=True))
        for at, (values, pieces, row, aside, asides) in enumerate(wanted):
            count = int(found.pieces[at])
            assert rows[:count] == pieces
            rows = rows[count:]
            assert (found.present[at], found.since[at], found.ages[at], found.conflicts[at]) == row
            assert asides == aside
            planes = {plane for name, value in values.items() for plane in together.planes(name, value)}
            assert set(found.stated[1][found.stated[0] == at].tolist()) == planes
        assert rows == []
    assert taken > 100
    assert left > 10


OWN_PARTS = ("finding", "value", "assertion", "start", "end", "quote")


# --- many together ------------------------------------------------------------------------------------------------------------


def a_value(draws, finding):
    if finding.measured:
        cuts = [measure.number for measure in PROTOCOL.table.measures[finding.id]] or [finding.low or 0.0]
        return min(max(draws.choice(cuts) + draws.choice((-1, -0.5, 0, 0.5, 1)), finding.low or 0.0), finding.high or 0.0)
    if finding.kind == "choice":
        return draws.choice(finding.options)
    return draws.choices((True, False, "long_standing", None), (4, 5, 2, 1))[0]


def a_case(draws, findings):
    chosen = draws.sample(findings, draws.choice((0, 1, 2, 5, 13, 13, 40)))
    return Case(values={finding.id: a_value(draws, finding) for finding in chosen}, answered_by="record")


def judged_together(cases):
    together = Together(PROTOCOL, Nearest(PROTOCOL))
    planes = [[plane for name, value in case.values.items() for plane in together.planes(name, value)] for case in cases]
    numbers = np.repeat(np.arange(len(cases)), [len(each) for each in planes])
    return together.outcomes(len(cases), numbers, np.array(list(chain.from_iterable(planes)), np.intp))


def test_many_together_are_judged_as_triage_judges_each():
    draws, findings = random.Random(11), list(PROTOCOL.findings.values())
    cases = [a_case(draws, findings) for _ in range(50_000 if FULL else 2_000)]
    found = judged_together(cases)
    assert {outcome.low for outcome in found} == set(DISPOSITIONS)
    for case, outcome in zip(cases, found, strict=True):
        assert outcome._asdict() | as_row(assess(PROTOCOL, case)) == outcome._asdict() | {"reasons": list(outcome.reasons)}, case


def test_many_together_have_the_outcomes_of_each_alone():
    """All of an outcome, of some thousands."""
    draws, findings, outcomes = random.Random(12), list(PROTOCOL.findings.values()), Outcomes(PROTOCOL)
    cases = [a_case(draws, findings) for _ in range(400)] * 12
    found = judged_together(cases)
    alone = [outcomes.of(case) for case in cases[:400]]
    assert found == alone * (len(cases) // 400)
    assert all(isinstance(outcome, Outcome) for outcome in found)


def test_nobody_together_is_nobody():
    assert judged_together([]) == []


def test_planes_as_integers_are_as_planes_of_words():
    program = Program()
    a, b = program.input("a"), program.input("b")
    wanted = [program.any_of((a, b)), program.all_of((a, b)), program.less(a, b), a, ALL, NONE]
    planes = program.in_integers(program.needed(wanted), [0b1100, 0b1010], 0b1111)
    assert [planes[plane] for plane in wanted] == [0b1110, 0b1000, 0b0100, 0b1100, 0b1111, 0]


# --- the nearest open rule ----------------------------------------------------------------------------------------------------


def the_ways():
    """(A smallest set of leaves of some rule, the rank of the rule), without those that a part of them makes needless."""
    reached = {}
    for rule in PROTOCOL.rules.values():
        for way in implicants(rule.when, PROTOCOL.table.bit):
            reached[way] = max(rule.rank, reached.get(way, 0))
    for way, high in reached.items():
        bits = [1 << i for i in range(way.bit_length()) if way >> i & 1]
        parts = [sum(some) for size in range(1, len(bits)) for some in combinations(bits, size)]
        if all(reached.get(part, -1) < high for part in parts):
            yield way, high


def by_hand(ways, must, could, low):
    """(How few findings some rule above `low` still needs, and at the most how many of its parts are then true)."""
    table, unstated = PROTOCOL.table, PROTOCOL.table.about["age_years"] | PROTOCOL.table.about.get("sex_at_birth", 0)
    found = []
    for way, high in ways:
        known = way & must & ~unstated
        if high > rank(low) and known and not way & ~could:
            left = {stem(name.split(" ")[0], PROTOCOL.findings) for i, name in enumerate(table.names) if way & ~must & 1 << i}
            found.append((len(left), -known.bit_count()))
    return min(found, default=None)


def test_the_nearest_rule_is_the_nearest():
    draws, findings, nearest, near = random.Random(13), list(PROTOCOL.findings.values()), Nearest(PROTOCOL), 0
    ways = list(the_ways())
    for _ in range(1_000 if FULL else 100):
        case = a_case(draws, findings)
        truth = resolve(PROTOCOL.table, settle(PROTOCOL, case)[0])
        low, could = level(PROTOCOL, truth.must), reach(PROTOCOL, case, truth)
        if low == "emergency":
            continue
        found, wanted = nearest.to(truth.must, could, low), by_hand(ways, truth.must, could, low)
        assert wanted == (None if found == NOTHING_NEAR else (found.questions_left, -found.known)), case
        if found.rule is not None:
            near += 1
            assert len(found.needs) == found.questions_left
            assert rank(PROTOCOL.rules[found.rule].disposition) > rank(low)
            told = {**case.values, **{name: a_certain(name) for name in found.needs}}
            assert rank(level(PROTOCOL, resolve(PROTOCOL.table, told).must)) >= rank(low)
    assert near > 10


def a_certain(name):
    finding = PROTOCOL.findings[name]
    return True if not finding.measured else finding.high
