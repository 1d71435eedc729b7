"""How long an interview is, and that it misses nothing that a simulated patient could tell: vignettes and drawn patients."""

import json
import statistics
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from equina import Case, assess
from equina.evaluation.interviews import Patient, drawn, interview, listed, sparse, whole
from equina.exchange import answer, read_request
from strategies import FULL, PROTOCOL
from test_vignettes import FILES

UMBRELLAS = [finding for finding in PROTOCOL.findings.values() if finding.denies]
DRAWN = 800 if FULL else 30


def patients(name):
    return list(listed(PROTOCOL, FILES[name].read_text("utf-8").splitlines()))


def told(patient):
    return Case(values=patient.told(PROTOCOL))


@pytest.fixture(scope="module", params=["dev_cases.jsonl", "first.jsonl", "second.jsonl", "drawn"])
def interviews(request):
    chosen = list(drawn(PROTOCOL, DRAWN, 7)) if request.param == "drawn" else patients(request.param)
    return request.param, [(patient, interview(PROTOCOL, patient)) for patient in chosen]


# More than six steps: what decides is asked late, since each of several findings is harmless alone. In our second file too.
LATE = {
    "dev_cases.jsonl": {
        "DEV-014": "a cold sweat is an emergency by age and back pain alone, and is asked after the signs of nerves",
        "DEV-028": "fever with back pain, an emergency by injected drugs, which are asked after the signs of nerves",
        "DEV-051": "kidney pain and fever, an emergency by the kidney stone of years ago",
    }
}


def test_how_long_it_takes(interviews):
    name, runs = interviews
    grave = [run for _, run in runs if run.emergency]
    calm = [run for _, run in runs if not run.emergency]
    assert statistics.median(run.steps for run in grave) <= 3
    assert statistics.median(run.steps for run in calm) <= 13
    assert statistics.median(run.answers for run in calm) <= 35
    if name in LATE:
        assert statistics.median(run.steps for run in calm) <= 12
        assert {patient.id for patient, run in runs if run.emergency and run.steps > 6} == set(LATE[name])


def test_each_is_settled_and_misses_nothing_that_the_patient_could_tell(interviews):
    for patient, run in interviews[1]:
        assessment = assess(PROTOCOL, run.case)
        assert assessment.settled, patient.id
        full = assess(PROTOCOL, told(patient)).low
        if not any(patient.truth.get(finding.id) is True for finding in UMBRELLAS):
            assert assessment.low == full, patient.id
        assert (full == "emergency") <= run.emergency, patient.id


def test_the_answers_as_json_give_the_same(interviews):
    for patient, run in interviews[1][:25]:
        line = json.dumps({"id": patient.id, "findings": dict(run.case.values)}).encode()
        request = read_request(PROTOCOL, line, datetime.now(UTC))
        result = answer(PROTOCOL, request, assess(PROTOCOL, request.case))
        own = assess(PROTOCOL, run.case)
        assert (result["low"], result["high"], result["disposition"]) == (own.low, own.high, own.disposition)
        assert result["next_questions"] is None


def test_sparse_patients_are_found_too():
    for patient in sparse(PROTOCOL, 300 if FULL else 20, 3):
        run = interview(PROTOCOL, patient)
        assert assess(PROTOCOL, run.case).settled, patient.id
        assert assess(PROTOCOL, run.case).low == assess(PROTOCOL, told(patient)).low, patient.id


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=lambda story: story.id)
def test_each_story_comes_out_as_it_says(story):
    run = interview(PROTOCOL, Patient(story.id, whole(PROTOCOL, story.findings)))
    assert assess(PROTOCOL, replace(run.case, complete=True)).disposition == story.expected
