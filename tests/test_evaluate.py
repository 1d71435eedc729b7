"""The evaluation kit: vignettes as files, what each measure counts, and the parts that scores are told in."""

import doctest
import json
from dataclasses import replace

import pytest

import equina.evaluation.report
import equina.evaluation.rewording
import equina.shares
from equina.evaluation.measures import MEASURES, Outcome, share
from equina.evaluation.published import published
from equina.evaluation.scoring import score
from equina.evaluation.systems import Answer, BadSystem, Engine, read_answer
from equina.evaluation.vignettes import MODES, Vignette, read_vignettes, shipped
from equina.exchange import BadInput
from equina.shares import wilson
from strategies import PROTOCOL

RETENTION = {"id": "a", "findings_present": ["back_pain", "urinary_retention"], "expected_disposition": "emergency"}


@pytest.mark.parametrize("module", [equina.shares, equina.evaluation.report, equina.evaluation.rewording])
def test_the_examples_run(module):
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


# --- files of vignettes --------------------------------------------------------------------------------------------------------


def written(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_line_becomes_requests_in_each_mode_it_has(tmp_path):
    line = RETENTION | {
        "age": 38,
        "sex": "F",
        "findings_absent": ["fever"],
        "findings_long_standing": ["stress_leak"],
        "findings": {"pvr_ml": 450},
        "narrative_patient": "I can't pee",
        "answered_by": "clinician",
        "name": "A sentence.",
    }
    (vignette,) = read_vignettes([written(tmp_path, "one.jsonl", "\n" + json.dumps(line) + "\n\n")])
    assert vignette.line == 2
    assert [vignette.has(mode) for mode in MODES] == [True, True, False]
    assert vignette.acceptable == ("emergency",)
    assert vignette.request("findings", complete=True) == {
        "id": "a",
        "age": 38,
        "sex": "F",
        "answered_by": "clinician",
        "complete": True,
        "findings": {
            "pvr_ml": 450,
            "back_pain": True,
            "urinary_retention": True,
            "fever": False,
            "stress_leak": "long_standing",
        },
    }
    assert vignette.request("patient")["text"] == "I can't pee"


FAULTS = {
    "nothing": ("", "no vignette in it"),
    "no json": ("{", "line 1: not JSON"),
    "a list": ("[]", "line 1: a JSON object is expected"),
    "a key twice": ('{"id": "a", "id": "b"}', 'line 1: "id": the key is given twice; keep one'),
    "nan": ('{"id": "a", "age": NaN}', "line 1: NaN is no number"),
    "digits": ('{"id": "a", "age": ' + "9" * 5000 + "}", "line 1: a number has too many digits"),
    "deep": ("[" * 100_000, "line 1: nested too deeply"),
    "no id": ({"expected_disposition": "urgent"}, "line 1: id: the key is missing"),
    "no level": ({"id": "a"}, "line 1: expected_disposition: the key is missing"),
    "bad level": (RETENTION | {"expected_disposition": "emergancy"}, 'expected_disposition: "emergancy" is no level; write one of'),
    "other levels": (RETENTION | {"acceptable_dispositions": ["urgent"]}, "acceptable_dispositions: emergency, the expected level"),
    "a key unknown": (RETENTION | {"finding": {}}, '"finding": the key is not known; did you mean "findings"?'),
    "a text for a list": (RETENTION | {"tags": "denial"}, "tags: a list of texts is expected"),
    "a number for a text": (RETENTION | {"narrative_patient": 5}, "narrative_patient: a text is expected"),
    "a text for a number": (RETENTION | {"age": "38"}, "age: a number is expected"),
    "a list for an object": (RETENTION | {"findings": ["fever"]}, "findings: an object is expected"),
    "said twice": (RETENTION | {"findings_absent": ["back_pain"]}, 'findings_absent: "back_pain" is stated twice; keep one'),
    "nobody": (RETENTION | {"answered_by": "me"}, 'answered_by: "me" is not one of self, clinician, record'),
    "nothing said": ({"id": "a", "expected_disposition": "urgent"}, "line 1: nothing to judge"),
    "an id twice": (f"{json.dumps(RETENTION)}\n{json.dumps(RETENTION)}", 'line 2: id: "a" is the id of'),
    "not utf-8": (b"\xff\xfe", "not UTF-8 text"),
}


@pytest.mark.parametrize(("given", "told"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_names_the_file_the_line_the_key_and_the_mend(tmp_path, given, told):
    path = written(tmp_path, "bad.jsonl", json.dumps(given) if isinstance(given, dict) else given)
    with pytest.raises(BadInput) as caught:
        read_vignettes([path])
    assert str(caught.value).startswith(str(path))
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadInput, match="no such file or directory; give a file that can be read"):
        read_vignettes([tmp_path / "none.jsonl"])


def test_a_table_of_text_and_level_is_imported(tmp_path):
    table = (
        "Text;Level;Age;Sex;Tags;acceptable\n"
        '"I can\'t pee;\nreally";Emergent;38;Female;old|new;\n'
        "Back hurts;Non-emergency care;;;;self care\n"
    )
    first, second = read_vignettes([written(tmp_path, "others.csv", table)])
    assert (first.id, first.line, first.expected, first.age, first.sex, first.tags) == (
        "others 1",
        3,
        "emergency",
        38,
        "F",
        ("old", "new"),
    )
    assert first.texts == {"patient": "I can't pee;\nreally"}
    assert (second.expected, second.acceptable) == ("scheduled", ("self_care", "scheduled", "urgent"))
    tabbed = read_vignettes([written(tmp_path, "t.tsv", "id\ttext\tlevel\tmode\nx\tLBP, retention\turgent\tclinical\n")])
    assert tabbed[0].texts == {"clinical": "LBP, retention"}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("text,age\n", "line 1: level: the column is missing"),
        ("text,level,sexx\n", 'line 1: "sexx": the column is not known; did you mean "sex"?'),
        ("text,level,text\n", "line 1: text: the column stands twice"),
        ("text,level\na,b,c\n", "line 2: 3 cells where the header has 2"),
        ("text,level\na,later\n", 'line 2: level: "later" is no level that is known'),
        ("text,level\n,urgent\n", "line 2: text: the cell is empty"),
        ("text,level,age\na,urgent,old\n", 'line 2: age: "old" is no number'),
        ("text,level,mode\na,urgent,nurse\n", 'line 2: mode: "nurse" is not one of patient, clinical'),
        ('text,level\n"a"b,urgent\n', "line 2: not a table"),
        ("", "level: the column is missing"),
        ("text,level\n", "no vignette in it"),
    ],
)
def test_a_bad_table_is_told(tmp_path, table, told):
    with pytest.raises(BadInput) as caught:
        read_vignettes([written(tmp_path, "bad.csv", table)])
    assert told.replace("level: the", "the" if not table else "level: the") in str(caught.value)


def test_the_protocol_ships_vignettes_with_findings_and_stories_with_words():
    found = shipped(PROTOCOL)
    assert {vignette.file for vignette in found} == {"first.jsonl", "second.jsonl", "stories.toml"}
    assert all(vignette.has("findings") for vignette in found)
    assert sum(vignette.has("patient") for vignette in found) == len(PROTOCOL.stories)
    with pytest.raises(BadInput, match="ships no vignettes; name a file of them"):
        shipped(replace(PROTOCOL, folder=None, stories={}))


# --- measures ------------------------------------------------------------------------------------------------------------------


def outcome(expected, given, *, acceptable=None, advice="urgent", causes=(), wanted=(), leaks=None, named=()):
    vignette = Vignette(
        id="x", file="f", line=1, expected=expected, acceptable=acceptable or (expected,), causes=wanted, leaks=leaks, findings={}
    )
    answer = Answer(level=given, advice=advice, causes=causes, leaks=frozenset(named))
    return Outcome(vignette, answer, answer)


def counted(measure, *outcomes):
    found = share(next(m for m in MEASURES if m.id == measure), outcomes)
    return found.hits, found.total


def test_one_level_too_low_on_an_emergency_is_a_strict_miss_and_a_lenient_hit():
    low = outcome("emergency", "urgent")
    assert low.missed
    assert counted("emergency", low) == (0, 1)
    assert counted("under", low) == (1, 1)
    assert counted("safe", low) == (0, 1)
    assert counted("nearly_safe", low) == (1, 1)
    assert counted("emergency_or_not", low) == (0, 1)
    assert counted("today_or_later", low) == (1, 1)


def test_no_answer_is_never_a_hit():
    silent = outcome("self_care", None, advice=None)
    assert counted("answered", silent) == (0, 1)
    lowest = {m.id: share(m, [silent]).hits for m in MEASURES if m.wanted == "high"}
    assert not any(lowest.values()), lowest
    assert counted("under", silent) == (1, 1)
    assert counted("advice_under", silent) == (1, 1)


def test_too_high_counts_where_it_is_said_to():
    high = outcome("scheduled", "emergency", acceptable=("scheduled", "urgent"))
    assert counted("over", high) == (1, 1)
    assert counted("over", outcome("scheduled", "urgent", acceptable=("scheduled", "urgent"))) == (0, 1)
    assert counted("over", outcome("emergency", "emergency")) == (0, 0)
    assert counted("safe", high) == (1, 1)
    assert counted("too_high_of_wrong", high, outcome("urgent", "scheduled"), outcome("urgent", "urgent")) == (1, 2)
    assert counted("three_levels", outcome("scheduled", "urgent"), high) == (1, 2)
    assert counted("care_or_self_care", outcome("self_care", "scheduled"), high) == (1, 2)


def test_causes_and_kinds_of_leak():
    named = outcome("urgent", "urgent", wanted=("uti",), causes=("a", "b", "uti", "c"))
    assert counted("cause", named) == (1, 1)
    assert counted("cause_first", named) == (0, 1)
    assert counted("cause", outcome("urgent", "urgent", wanted=("other",))) == (0, 0)
    assert counted("leak", outcome("urgent", "urgent", leaks=frozenset({"stress", "urge"}), named=("mixed",))) == (1, 1)
    assert counted("leak", outcome("urgent", "urgent", leaks=frozenset({"unclassified"}), named=("urge",))) == (0, 0)
    assert counted("leak_made_up", outcome("urgent", "urgent", leaks=frozenset(), named=("urge",))) == (1, 1)
    assert counted("leak_made_up", outcome("urgent", "urgent")) == (0, 0)


def test_wilson_stays_within_0_and_1_and_holds_the_share():
    for total in (1, 7, 100):
        for hits in range(total + 1):
            low, high = wilson(hits, total)
            assert 0 <= low <= hits / total <= high <= 1
            assert low < high
    assert wilson(0, 0) == (0, 1)
    # The worked example of Newcombe 1998, Stat Med 17:857-872.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_scores_have_a_confusion_table_and_slices():
    vignettes = (
        Vignette(
            id="a",
            file="f",
            line=1,
            expected="emergency",
            acceptable=("emergency",),
            findings={"back_pain": True, "urinary_retention": True},
            age=17,
            sex="F",
            tags=("x", "y"),
            source="article, girft_ces_2023",
            provenance="made up",
        ),
        Vignette(id="b", file="f", line=2, expected="urgent", acceptable=("urgent",), findings={"urinary_retention": True}),
    )
    told = []
    scores = score(Engine(PROTOCOL), vignettes, "findings", told.append)
    assert told == [1, 2, 3, 4]
    assert scores.confusion["urgent"]["emergency"] == 1
    assert [outcome.vignette.id for outcome in scores.wrong] == ["b"]
    assert scores.missed == ()
    parts = {(part.by, part.name): part.cases for part in scores.slices}
    assert parts["tag", "x"] == parts["age", "under 18"] == parts["source", "article"] == parts["provenance", "made up"] == 1
    assert parts["file", "f"] == parts["answered by", "not said"] == 2


def test_a_vignette_that_cannot_be_judged_is_told_by_its_line():
    bad = Vignette(id="a", file="mine.jsonl", line=7, expected="urgent", acceptable=("urgent",), findings={"fevr": True})
    with pytest.raises(BadInput, match=r'^mine.jsonl, line 7: findings.fevr: not a known finding; did you mean "fever"\?$'):
        score(Engine(PROTOCOL), [bad], "findings", lambda _: None)


# --- answers of others, and figures --------------------------------------------------------------------------------------------


def test_an_answer_may_give_low_or_the_advice_alone_or_an_error():
    assert read_answer('{"id": "a", "low": "urgent", "disposition": null}', 1)[1] == Answer(level="urgent", advice=None)
    assert read_answer('{"id": "a", "disposition": "urgent"}', 1)[1] == Answer(level="urgent", advice="urgent")
    assert read_answer('{"id": "a", "disposition": null}', 1)[1] == Answer(level=None, advice=None)
    assert read_answer('{"id": "a", "error": "no"}', 1)[1] == Answer(level=None, advice=None, error="no")
    told = read_answer('{"id": "a", "low": "urgent", "causes": [{"id": "x"}, 5], "continence": "none"}', 1)[1]
    assert told == Answer(level="urgent", advice=None, causes=("x",))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("hello", "answer 3 is not JSON"),
        ("[" * 100_000, "answer 3 is not JSON"),
        ("[]", "answer 3 is not a JSON object"),
        ("{}", "answer 3 has no id"),
        ('{"id": "a"}', 'answer 3 (a) has no level; give "low" or "disposition"'),
        ('{"id": "a", "low": "high"}', 'answer 3 (a): low is "high"; give one of'),
    ],
)
def test_a_bad_answer_is_told(line, told):
    with pytest.raises(BadSystem) as caught:
        read_answer(line, 3)
    assert told in str(caught.value)


def test_every_published_figure_has_a_source_and_a_measure_of_ours():
    data = published()
    measures = {measure.id for measure in MEASURES}
    for figure in data.figures:
        assert figure.source in data.sources
        assert figure.measure in measures
        assert (figure.share is None) != (figure.range is None)
        for number in (figure.share, *(figure.range or ()), *(figure.interval or ())):
            assert number is None or 0 < number <= 1
    assert all(doi.startswith("10.") for _, doi in data.sources.values())
