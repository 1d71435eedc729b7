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
    "self-checks": texts(PROTOCOL.findings, "check"),
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
    "labels": [text for table in ("causes", "care", "leak_types", "workup") for text in texts(getattr(PROTOCOL, table), "label")],
    "findings": texts(PROTOCOL.findings, "ask", "hint", "say", "marked"),
    "reworded": [words for finding in PROTOCOL.findings.values() for words in finding.reword.values()],
    "topics": texts(PROTOCOL.topics, "wording", "hint") + texts(PROTOCOL.handover_topics, "wording", "hint"),
}
GROUPS = PROSE | SHORT
# What a question may name all the same, so that people know what they were told, measured or given.
ASKED = {"stenosis", "200 ml", "codeine", "morphine"}

# About what to do an emergency has no hedge. What causes it may well be uncertain, and `because` says so.
AT_ONCE = r"now|at once|within the hour"
LATER = r"today|tomorrow|soon|sooner|later|days?(?! or night)|weeks?|book|visit"
HEDGE = (
    r"maybe|perhaps|possibly|probably|ideally|consider|might|try to|think about|should|worth|if possible|no rush|when you can|"
    r"if you (?:can(?!')|want|like|wish)|you (?:may|could) (?:want|wish|like|go|wait)"
)
REFUSED = {
    "blame": r"you (?:should|could) have|(?<!nobody's )faults?|fail(?:ed|s|ing)? to|too late|(?<!nobody will )blame you|"
    r"careless\w*|neglect\w*|refuse[ds]?|non-?complian\w+",
    "a dose": r"\d[\d.,]*[ -]?(?:mg|mcg|[µμ]g|m?l|g|iu|units?|milli\w+|micro\w+|puffs?|drops?|pills?|capsules?)|tablets?",
    "a drug": "|".join(map(re.escape, DRUGS)),
    "jargon": r"(?<!cauda equina )syndromes?|incontinen\w+|void\w*|mictur\w+|retention|residual|urgency|enuresis|nocturia|dysuria|"
    r"hematuria|radicul\w+|myelo\w+|neuro\w+|lumbar|sacral|thoracic|cervical|vertebra\w*|perine\w+|paresthesia|anesthesia|"
    r"bilateral\w*|unilateral\w*|defecat\w+|feces|fecal|stools|sphincter|claudication|stenosis|hernia\w*|sciatica|sep(?:sis|tic)|"
    r"metasta\w+|lesions?|deficits?|idiopathic|acute\w*|chronic\w*|onset|symptomatic|etiology|saddle (?:numbness|signs?|feeling)",
    "British spelling": r"\w*(?:aem|oedem|oestr|paed|gynae|aesth|rrhoea|faec)\w*|(?:tum|col|behavi|lab|neighb)our\w*|"
    r"(?:organ|recogn|real|minim|special|hospital|catheter|immobil|priorit)is(?:e[ds]?|ing|ation)|(?:milli)?litres?|metres?|"
    r"centres?|fibres?|grey|whilst|programmes?|ageing|physiotherap\w+|wee|poo|mum",
}


def found(pattern, text):
    """What of a pattern stands in a text as whole words, in lower case."""
    return {hit.lower() for hit in re.findall(rf"\b(?:{pattern})\b", text, re.IGNORECASE)}


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
    known = ASKED if group == "findings" else set()
    assert [(hits, text) for text in GROUPS[group] if (hits := found(REFUSED[refused], text) - known)] == []


def test_an_emergency_is_never_hedged():
    told = [PROTOCOL.disposition_words["emergency"], *(rule.timing for rule in EMERGENCIES)]
    assert [text for text in told if found(rf"{HEDGE}|{LATER}", text) or not found(AT_ONCE, text)] == []
    beside = [*(rule.because for rule in EMERGENCIES), *(PROTOCOL.care[name].words for name in PROTOCOL.level_care["emergency"])]
    assert [text for text in beside if found(HEDGE, text)] == []


@pytest.mark.parametrize("table", ["rules", "leak_types", "policies"])
def test_every_because_is_a_whole_sentence(table):
    assert [text for text in texts(getattr(PROTOCOL, table), "because") if not text.endswith(".")] == []


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        ("blame", "You should have come sooner."),
        ("a dose", "Take 400 mg."),
        ("a dose", "Take two tablets."),
        ("a drug", "Take ibuprofen."),
        ("jargon", "It is a radicular syndrome."),
        ("British spelling", "A tumour in the centre."),
    ],
)
def test_what_is_refused_would_be_found(refused, text):
    assert found(REFUSED[refused], text)


@pytest.mark.parametrize("text", ["Go now if you can.", "You might want to go now.", "Consider going now.", "Try to go now."])
def test_a_hedge_would_be_found(text):
    assert found(HEDGE, text)
