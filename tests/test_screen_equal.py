"""`screen` says of a patient what `triage` says: of cases by the line, rows of tables and records, joined where there are many."""

import csv
import gzip
import json
import os
import random
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from equina.batch.alike import Alike
from equina.exchange import read_request
from equina.fhir.records import cases_of
from equina.notes.evidence import with_text
from equina.triage import assess
from screening import AS_OF, PROTOCOL, as_row, dev_cases, judged, screen, write_lines
from strategies_of_records import records_of

NOW = datetime.fromisoformat(AS_OF)
FULL = bool(os.environ.get("EQUINA_FULL"))


def triaged(line):
    """What `triage` answers to a line, as a row has it."""
    return as_row(assess(PROTOCOL, with_text(PROTOCOL, read_request(PROTOCOL, json.dumps(line).encode(), NOW).case)))


# --- cases by the line, and tables ------------------------------------------------------------------------------------------------


def test_every_development_case_by_the_line(tmp_path):
    lines = list(dev_cases())
    run = screen(tmp_path / "out", write_lines(tmp_path / "cases.jsonl", lines))
    assert {row["id"]: judged(row) for row in run.rows} == {line["id"]: triaged(line) for line in lines}
    emergencies = sum(row["low"] == "emergency" for row in run.rows)
    assert emergencies > len(lines) / 4, "the cases say something"


def table_lines(count):
    """Random cases as a table may hold them: most findings denied or not asked, some present, all ids different."""
    draws = random.Random(count)
    findings = [f for f in PROTOCOL.findings.values() if f.kind != "choice" and f.id != "age_years"]
    for number in range(count):
        values = {}
        for finding in draws.sample(findings, 25):
            if not finding.measured:
                values[finding.id] = draws.choices((False, True, "long_standing", None), (30, draws.choice((0, 0, 1, 5)), 0.3, 1))[
                    0
                ]
            elif draws.random() < 0.2:
                low, high = finding.low or 0.0, finding.high or 0.0
                values[finding.id] = round(low + (high - low) * draws.random() ** 3, 1)
        yield {"id": f"t{number}", "age": draws.randrange(100), "sex": draws.choice("FM"), "findings": values}


def write_table(path, lines):
    """The lines as a table, of the kind that the name of the file says."""
    names = sorted({name for line in lines for name in line["findings"]})
    words = {True: "true", False: "false", None: "unknown"}

    def cell(line, name):
        if name not in line["findings"]:
            return None
        value = line["findings"][name]
        return value if PROTOCOL.findings[name].measured else words.get(value, value)

    if path.suffix == ".parquet":
        columns = {"id": pa.array([line["id"] for line in lines]), "age": pa.array([line["age"] for line in lines])}
        columns |= {"sex": pa.array([line["sex"] for line in lines])}
        for name in names:
            kind = pa.float64() if PROTOCOL.findings[name].measured else pa.string()
            columns[name] = pa.array([cell(line, name) for line in lines], type=kind)
        pq.write_table(pa.table(columns), path, row_group_size=100)
        return path
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "age", "sex", *names])
        for line in lines:
            rows.writerow([line["id"], line["age"], line["sex"], *(cell(line, name) for name in names)])
    return path


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "rows.csv.gz"])
def test_random_rows_of_a_table(tmp_path, name):
    """Parquet alone goes through the columns, beside another input row by row; all say what `triage` says."""
    lines = list(table_lines(100_000 if FULL and name == "rows.parquet" else 250))
    run = screen(tmp_path / "out", write_table(tmp_path / name, lines))
    assert run.asides == []
    found = {row["id"]: row for row in run.rows}
    assert len(found) == len(run.rows) == len(lines)
    for line in lines:
        row = found[line["id"]]
        assert judged(row) == triaged(line), line
        assert (row["age_years"], row["sex"]) == (line["age"], line["sex"])


def test_a_row_is_the_same_whichever_way_it_goes(tmp_path):
    """A table alone goes through the columns; beside a file of lines every row is a case. All columns of the results agree."""
    lines = list(table_lines(300))
    table = write_table(tmp_path / "rows.parquet", lines)
    beside = write_lines(tmp_path / "other.jsonl", [{"id": "other", "findings": {"back_pain": True}}])
    fast, slow = screen(tmp_path / "fast", table), screen(tmp_path / "slow", table, beside)
    rows = {row["id"]: row for row in slow.rows}
    assert rows.pop("other")["present"] == ["back_pain"]
    assert {row["id"]: row for row in fast.rows} == rows
    assert sum(row["low"] == "self_care" and not row["present"] for row in fast.rows) > 50, "quiet rows are among them"
    assert sum(bool(row["present"]) for row in fast.rows) > 50


def test_two_rows_of_one_patient_are_joined_though_each_is_quiet(tmp_path):
    """Neither row says anything; what was denied in both is denied of the patient."""
    once, again = {"id": "a", "findings": {"fever": False}}, {"id": "a", "findings": {"chills": False, "fever": None}}
    lines = [dict(line, age=50, sex="F") for line in (once, again)]
    run = screen(tmp_path / "out", write_table(tmp_path / "rows.parquet", lines))
    [row] = run.rows
    both = {"id": "a", "age": 50, "sex": "F", "findings": {"fever": None, "chills": False}}
    assert judged(row) == triaged(both)


# --- records --------------------------------------------------------------------------------------------------------------------


def expected(records, days=30):
    """What `triage --fhir` says of the records, were the protocol's days those of the window: the case and its assessment."""
    protocol = replace(PROTOCOL, new_within_days=days)
    return {owner: (case, assess(protocol, case)) for owner, case in cases_of(protocol, records, NOW)}


@pytest.mark.parametrize("seed", range(25 if FULL else 3))
def test_random_records(tmp_path, seed):
    """Every kind of record, with odd shapes among them, mixed and by kind, in files of every sort: the same cases and evidence."""
    records = list(records_of(random.Random(seed), NOW, patients=25))
    halves = records[: len(records) // 2], sorted(records[len(records) // 2 :], key=lambda record: record["resourceType"])
    write_lines(tmp_path / "a.ndjson", halves[0])
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in halves[1]).encode()))
    days = (14, 30, 90)[seed % 3]
    run = screen(
        tmp_path / "out", tmp_path / "a.ndjson", tmp_path / "b.ndjson.gz", options=("--workers", "1", "--window-days", str(days))
    )
    rows = {row["id"]: row for row in run.rows}
    wanted = expected(records, days)
    assert set(rows) == set(wanted)
    for owner, (case, assessment) in wanted.items():
        assert judged(rows[owner]) == as_row(assessment), owner
        stated = {(e["finding"], e["assertion"], e["quote"], e["start"], e["end"]) for e in rows[owner]["evidence"]}
        assert stated == {
            (name, piece.assertion, piece.quote, piece.start, piece.end)
            for name in case.values
            if name not in ("age_years", "sex_at_birth")
            for piece in case.evidence[name]
        }
        assert rows[owner]["present"] == sorted(
            (name for name, value in case.values.items() if value in (True, "long_standing") and value is not False and not
             PROTOCOL.findings[name].measured), key=PROTOCOL.order.__getitem__)  # fmt: skip


def likenesses(draws, records, times):
    """The records, and each patient so many times more, under other ids and with dates moved by up to forty days."""
    yield from records
    for copy in range(times):
        for record in records:
            told = json.dumps(record).replace('"Patient/p', f'"Patient/{copy}-p').replace('"id": "', f'"id": "{copy}-')
            yield json.loads(re.sub(r'"(20\d\d-\d\d-\d\d)', lambda day: f'"{moved(draws, day[1])}', told))


def moved(draws, day):
    return (datetime.fromisoformat(day) + timedelta(days=draws.choice((0, 0, 0, -1, -40, 40)))).date().isoformat()


@pytest.mark.parametrize("options", [(), ("--pseudonymise",)])
def test_what_others_say_too_is_told_of_each_as_if_it_were_the_only_one(tmp_path, monkeypatch, options):
    """Patients who are alike are judged once: every column of every row, and what was set aside, is as without that."""
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", "k" * 32)
    draws = random.Random(8)
    given = [each for each in records_of(draws, NOW, patients=400) if draws.random() < 0.7]
    path = write_lines(tmp_path / "a.ndjson", likenesses(draws, given, 12 if FULL else 2))
    judged_for, of = Counter(), Alike.of
    monkeypatch.setattr(Alike, "of", lambda *given: (found := of(*given), judged_for.update([found]))[0])
    fast = screen(tmp_path / "fast", path, options=("--workers", "1", *options))
    assert sum(count > 1 for count in judged_for.values()) > 20 < sum(count == 1 for count in judged_for.values())
    monkeypatch.setattr(Alike, "records", lambda *_: None)
    slow = screen(tmp_path / "slow", path, options=("--workers", "1", *options))
    assert fast.rows == slow.rows
    assert fast.asides == slow.asides
    assert fast.manifest["not_counted"] == slow.manifest["not_counted"]


def test_evidence_says_where_it_stands(tmp_path):
    when = (NOW - timedelta(days=3)).isoformat()
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R33.9"}]},
        "recordedDate": when,
    }
    path = write_lines(tmp_path / "Condition.ndjson", [{"resourceType": "Patient", "id": "p", "birthDate": "1980"}, condition])
    row = screen(tmp_path / "out", path).of("p")
    assert (row["low"], row["present"], row["age_years"]) == ("emergency", ["urinary_retention"], 46.0)
    [piece] = row["evidence"]
    told = (piece["file"], piece["line"], piece["code"], piece["date"], piece["quote"], piece["value"])
    assert told == (str(path), 2, "icd10cm|R33.9", when, "R33.9 (Condition/c)", "true")
    assert row["latest"] == NOW - timedelta(days=3)
    assert (row["window_start"], row["window_end"]) == (NOW - timedelta(days=30), NOW)


def test_answers_records_and_a_text_make_one_case(tmp_path):
    """Back pain in an answer, frequency in a code, numbness in a note: together an emergency, as none of them is alone."""
    record = {"resourceType": "Condition", "subject": {"reference": "urn:uuid:p"}, "recordedDate": AS_OF[:10],
              "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R35.0"}]}}  # fmt: skip
    note = {"id": "p", "text": "Numb when wiping since yesterday."}
    answer = {"id": "p", "findings": {"back_pain": True, "fever": False}}
    a = write_lines(tmp_path / "a.jsonl", [answer])
    b = write_lines(tmp_path / "b.ndjson", [record])
    c = write_lines(tmp_path / "c.jsonl", [note])
    row = screen(tmp_path / "all", a, b, c).of("p")
    assert row["low"] == "emergency"
    assert {piece["origin"] for piece in row["evidence"]} == {"answer", "record", "text"}
    assert {piece["file"] for piece in row["evidence"]} == {str(a), str(b), str(c)}
    alone = screen(tmp_path / "some", a, b).of("p")
    assert (alone["low"], alone["nearest_known"] > 0, alone["questions_left"]) == ("scheduled", True, 1)
    assert alone["nearest_rule"] in PROTOCOL.rules
    assert set(alone["nearest_needs"]) <= set(PROTOCOL.findings)


def test_what_is_dated_before_the_window_is_old_and_what_was_denied_then_is_not_known(tmp_path):
    before = (NOW - timedelta(days=100)).isoformat()
    old = {
        "id": "p",
        "as_of": before,
        "findings": {"back_pain": True, "leg_weakness": True, "fever": False, "pvr_ml": 900},
        "text": "can't pee",
    }
    row = screen(tmp_path / "out", write_lines(tmp_path / "a.jsonl", [old])).of("p")
    assert row["low"] != "emergency"
    assert {piece["finding"]: piece["value"] for piece in row["evidence"]} == {"back_pain": "true", "leg_weakness": "long_standing"}
    now = {"id": "p", "findings": {"leg_weakness": True}}
    both = screen(tmp_path / "both", write_lines(tmp_path / "b.jsonl", [old, now])).of("p")
    assert "leg_weakness" in both["present"]
    assert both["reasons"] != row["reasons"]


def test_sources_that_disagree_are_told_and_what_is_present_counts(tmp_path):
    lines = [{"id": "p", "findings": {"urinary_retention": False}}, {"id": "p", "findings": {"urinary_retention": True}}]
    row = screen(tmp_path / "out", write_lines(tmp_path / "a.jsonl", lines)).of("p")
    assert (row["low"], row["conflicts"]) == ("emergency", ["urinary_retention"])
    assert sorted(piece["assertion"] for piece in row["evidence"]) == ["absent", "present"]


def test_a_patient_of_whom_nothing_is_known_has_a_row(tmp_path):
    records = [
        {"resourceType": "Patient", "id": "a", "birthDate": "1990-01-01", "gender": "female"},
        {"resourceType": "Condition", "subject": {"reference": "Patient/b"}, "code": {"text": "tennis elbow"}},
        {"resourceType": "Patient", "id": "dead", "deceasedBoolean": True},
    ]
    run = screen(tmp_path / "out", write_lines(tmp_path / "a.ndjson", records))
    assert [(run.of(id)["reasons"], run.of(id)["age_years"], run.of(id)["deceased"]) for id in ("a", "b", "dead")] == [
        (["nothing_given"], 36.0, False),
        (["nothing_given"], None, False),
        (["nothing_given"], None, True),
    ]


def test_a_medicine_is_known_by_the_medication_that_its_request_refers_to(tmp_path):
    request = {"resourceType": "MedicationRequest", "status": "active", "subject": {"reference": "Patient/p"}}
    named = {"resourceType": "Medication", "id": "m", "code": {"text": "Warfarin 5 mg"}}
    made_of = {"resourceType": "Medication", "id": "n", "ingredient": [{"itemCodeableConcept": {"text": "prednisone"}}]}
    asked = [{**request, "medicationReference": {"reference": f"Medication/{id}"}} for id in "mn"]
    write_lines(tmp_path / "1.ndjson", asked)
    write_lines(tmp_path / "2.ndjson", [named, made_of])
    row = screen(tmp_path / "out", tmp_path / "1.ndjson", tmp_path / "2.ndjson").of("p")
    [(case, _)] = expected([*asked, named, made_of]).values()
    assert (
        set(row["present"])
        == {name for name, value in case.values.items() if value is True}
        >= {"anticoagulant_use", "steroid_use"}
    )
