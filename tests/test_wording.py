"""The wording that patients read, beside the questions: plain, short, sure about what to do, without blame, drugs or jargon."""

import re

import pytest

from equina import load
from readability import flesch_kincaid_grade, sentences, words
from test_wording_findings import EASY, HIGHEST_GRADE, MOST_WORDS

PROTOCOL = load()
EMERGENCIES = [rule for rule in PROTOCOL.rules.values() if rule.disposition == "emergency"]
DRINKS = {"alcohol", "caffeine"}  # among the examples of medicines, and for patients to drink less of
DRUGS = sorted({name for medicine in PROTOCOL.medicines.values() for name in medicine.examples} - DRINKS)


def texts(table, *keys):
    """The wording of a table of the protocol, one text for each entry and key that it has."""
    return [text for entry in table.values() for key in keys if (text := getattr(entry, key))]


# Read as a whole: the grade of one short sentence says little.
PROSE = {
    "why": texts(PROTOCOL.rules, "because"),
    "how soon": texts(PROTOCOL.rules, "timing"),
    "causes": texts(PROTOCOL.causes, "words"),
    "care": texts(PROTOCOL.care, "words", "amount", "duration"),
    "work-up": texts(PROTOCOL.workup, "words"),
    "leaks": texts(PROTOCOL.leak_types, "words", "because"),
    "watch for": texts(PROTOCOL.watch_for, "words"),
    "policies": texts(PROTOCOL.policies, "because"),
    "questions": texts(PROTOCOL.questions, "question", "answer"),
    "own answers": [answer for question in PROTOCOL.questions.values() for _, answer in question.own],
    "stories": texts(PROTOCOL.stories, "story"),
    "lessons": texts(PROTOCOL.stories, "title", "lesson"),
    "say": [text.rstrip(": ") for text in PROTOCOL.say.values()],
    "dispositions": list(PROTOCOL.disposition_words.values()),
    "three questions": [text for item in PROTOCOL.three_iq["items"] for text in (item["ask"], *item.get("options", {}).values())],
}
# Read too, but too short for a grade, or graded in test_wording_findings.
SHORT = {
    "labels": [
        text for table in ("causes", "care", "leak_types", "workup") for text in texts(getattr(PROTOCOL, table), "label")
    ],
    "findings": texts(PROTOCOL.findings, "ask", "hint", "say"),
}
GROUPS = PROSE | SHORT

# About what to do an emergency has no hedge. What causes it may well be uncertain, and `because` says so.
HEDGES = (
    r"maybe|perhaps|possibly|probably|ideally|consider|might|try to|think about|worth|should|wish|if you (?:can|want|like)|"
    r"if (?:possible|convenient)|when you can|as soon as|you (?:may|could)|soon|later|today|tomorrow|days?\b(?! or night)|week|book|visit"
)
HEDGES_OF_BECAUSE = r"maybe|perhaps|probably|consider|might|try to|if you (?:can|want|like)|you (?:may|could) (?:want|wish|go|wait)|should|no rush"
AT_ONCE = r"now|at once|within the hour"

REFUSED = {
    "blame": r"you (?:should|could) have|(?<!nobody's )fault|fail(?:ed|s|ing)? to|too late|blame you|careless|neglect|refus\w+|compl(?:y|ian\w+)",
    "a dose": r"\d[\d.,]*\s*-?(?:mg|mcg|µg|μg|m?l|g|iu|units?|milli\w+|micro\w+|puffs?|drops?|pills?|capsules?)|tablets?",
    "a drug": "|".join(map(re.escape, DRUGS)),
    "jargon": r"(?<!cauda equina )syndrome|incontinen\w+|void\w*|mictur\w+|retention|residual|catheteri[sz]\w+|enuresis|nocturia|dysuria|"
    r"h(?:a)?ematuria|urgency|radicul\w+|myelo\w+|neuro\w+|lumbar|sacral|thoracic|vertebra\w*|perine\w+|par(?:a)?esthesia\w*|"
    r"an(?:a)?esthesia|bilateral\w*|unilateral\w*|defecat\w+|f(?:a)?eces|f(?:a)?ecal|stools|sphincter|claudication|stenosis|hernia\w*|"
    r"sciatica|sepsis|septic|metasta\w+|lesion|deficit|idiopathic|acute|chronic|onset|symptomatic|etiology|prognosis|"
    r"saddle (?:numbness|signs?|feeling)",
    "British spelling": r"\w*(?:aem|oed|oestr|paed|gynae|aesth|rrhoe)\w*|\w+(?:isation|ising|ised?)(?<!exercised)(?<!raised)|"
    r"tumou?rs?(?<!tumor)(?<!tumors)|colour\w*|labour|behaviour\w*|fibre|litres?|metres?|centre\w*|programme|grey|whilst|wee|poo|mum",
}


def found(pattern, text):
    """What of a pattern stands in a text as whole words."""
    return re.findall(rf"\b(?:{pattern})\b", text, re.IGNORECASE)


@pytest.mark.parametrize("group", PROSE)
def test_reading_grade(group):
    whole = " ".join(text if text[-1] in ".?!" else f"{text}." for text in PROSE[group])
    assert flesch_kincaid_grade(whole, EASY) <= HIGHEST_GRADE


@pytest.mark.parametrize("group", GROUPS)
def test_sentences_are_short(group):
    assert [sentence for text in GROUPS[group] for sentence in sentences(text) if len(words(sentence)) > MOST_WORDS] == []


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("refused", REFUSED)
def test_no(refused, group):
    assert [(hits, text) for text in GROUPS[group] if (hits := found(REFUSED[refused], text))] == []


def test_an_emergency_is_never_hedged():
    assert [rule.timing for rule in EMERGENCIES if found(HEDGES, rule.timing) or not found(AT_ONCE, rule.timing)] == []
    assert [rule.because for rule in EMERGENCIES if found(HEDGES_OF_BECAUSE, rule.because)] == []


@pytest.mark.parametrize("table", ["rules", "leak_types", "policies"])
def test_every_because_is_a_whole_sentence(table):
    assert [text for text in texts(getattr(PROTOCOL, table), "because") if not text.endswith(".")] == []
