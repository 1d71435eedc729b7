"""The result in words: what to do first and unhedged, then all that follows from the case, in words that anyone can read."""

from dataclasses import replace

import pytest
from hypothesis import given

from command import TINY
from equina import Case, assess, load
from equina.explain import for_a_person
from equina.prose import as_text
from equina.result import PLACED, result
from equina.wording import wording
from readability import flesch_kincaid_grade, sentences, words
from strategies import NOW, PROTOCOL, TRIES, cases
from test_wording import ASKED, HEDGE, REFUSED, found
from test_wording_findings import EASY, HIGHEST_GRADE, MOST_WORDS

WORDS = wording("result")
FLAGS = PROTOCOL.core_flags
NO_FLAGS = dict.fromkeys(FLAGS, False)
FIRST = ("action", "why_now", "now", "say", "page")  # of an emergency
# What could be taken for an all-clear.
REASSURING = {"leak", "leak_care", "causes", "stories", "examine", "asked", "faq_pinched_nerve", "faq_kegels"}
SAMPLES = {story.id: story.findings for story in PROTOCOL.stories.values()} | {
    "not sure of anything": {"back_pain": True} | dict.fromkeys(FLAGS),
    "no to everything": {"back_pain": True} | NO_FLAGS,
    "a carer's answers": {"back_pain": True, "urge_leak": True, "frequency": True} | NO_FLAGS | {"fever": None},
    "what does not fit": {"bladder_dysfunction": False, "stress_leak": True, "progressive_leg_weakness": "long_standing"},
    "many dangers": {"urinary_retention": True, "syncope": True, "spinal_cord_injury": True, "headache": True},
}


def told(values, **given):
    """The blocks of the result by id, of a case of which no more will be asked."""
    return blocks_of(Case(values=values, **({"complete": True} | given)))


def blocks_of(case):
    return {block.id: block for block in result(PROTOCOL, case, assess(PROTOCOL, case))}


def texts(blocks):
    return [text for block in blocks for text in (block.title, *block.lines) if text]


def level(case):
    return assess(PROTOCOL, case).disposition


emergencies = cases.map(lambda case: replace(case, values={**case.values, "saddle_anesthesia": True}))
unfinished = cases.map(lambda case: replace(case, complete=False))


# --- order ---------------------------------------------------------------------------------------------------------------------


def test_the_order_below_an_emergency():
    values = {"back_pain": True, "stress_leak": True, "dysuria": True, "frequency": True, "bladder_dysfunction": False}
    blocks = told(values | NO_FLAGS | {"fever": None}, carer=True)
    assert [name for name in blocks if not name.startswith(("workup", "faq"))] == [
        *("action", "carer", "why_now", "why", "not_known", "say", "watch_for", "number", "come_back", "not_seen", "bring"),
        *("examine", "conflicts", "leak", "leak_care", "asked", "causes", "care", "stories", "page", "notice"),
    ]
    names = list(blocks)
    assert names.index("asked") < names.index("workup_urgent") < names.index("workup_scheduled") < names.index("causes")
    assert names.index("care") < names.index("faq_pinched_nerve") < names.index("stories")
    assert not any(block.more for block in blocks.values())


@TRIES
@given(emergencies)
def test_an_emergency_shows_first_what_to_do_and_the_rest_on_request(case):
    assert level(case) == "emergency"
    blocks = blocks_of(case)
    assert tuple(name for name, block in blocks.items() if not block.more) == FIRST
    assert tuple(blocks)[: len(FIRST)] == FIRST
    first = [blocks[name] for name in FIRST if name != "say"]
    assert [text for text in texts(first) if found(HEDGE, text)] == []
    causes = [words for cause in PROTOCOL.causes.values() for words in (cause.label, cause.words)]
    assert not [words for words in causes if words in " ".join(texts(first))]


@TRIES
@given(emergencies)
def test_an_emergency_leaves_out_no_timing(case):
    assessment = assess(PROTOCOL, case)
    told = {*blocks_of(case)["action"].lines, "Get emergency care now."}
    plain = {"Go to an emergency department now.", "Call an ambulance now."}
    left_out = {reason.timing for reason in assessment.reasons} - told
    assert left_out <= plain
    fetched = [PROTOCOL.rules[reason.id].ambulance for reason in assessment.reasons if reason.id in PROTOCOL.rules]
    assert not left_out or any("ambulance" in line for line in told)
    assert any("ambulance" in line for line in told) or not any(fetched)


def test_who_is_to_call_an_ambulance_is_not_sent_there_alone():
    blocks = told({"paralysis": True, "saddle_anesthesia": True})
    assert blocks["action"].lines == ("Call an ambulance now.",)
    assert not found("drive", " ".join(blocks["now"].lines))
    assert PROTOCOL.care["until_the_ambulance"].told in blocks["now"].lines


def test_what_is_particular_comes_before_what_is_common():
    lines = told({"spinal_cord_injury": True, "headache": True, "saddle_anesthesia": True, "paralysis": True})["action"].lines
    assert lines == (PROTOCOL.rules["dysreflexia"].timing,)
    injured = told({"back_pain": True, "trauma": True, "saddle_anesthesia": True})["action"].lines
    assert injured == (PROTOCOL.rules["major_injury"].timing, "Go to an emergency department now.")


@pytest.mark.parametrize(
    "part", ["Do not drive yourself.", "Do not eat or drink", "medicines", "someone with you", "911", "999", "112"]
)
def test_an_emergency_says_how_to_go(part):
    assert part in " ".join(told({"saddle_anesthesia": True})["now"].lines)


# --- how soon ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [rule for rule in PROTOCOL.rules.values() if rule.rank in (1, 2)], ids=lambda rule: rule.id)
def test_a_timing_that_says_how_soon_says_it_as_a_number_too(rule):
    said = found("today|tomorrow|days?|weeks?", rule.timing.split(". ")[0])
    assert bool(said) == (rule.within_hours is not None)
    if rule.disposition == "urgent" and rule.within_hours:
        assert rule.within_hours <= 36


def test_of_several_timings_the_soonest_is_told():
    kidneys = told(PROTOCOL.stories["it_was_my_kidneys"].findings)
    assert (kidneys["action"].title, kidneys["action"].lines) == ("Be seen today.", ())
    both = told({"back_pain": True, "stress_leak": "long_standing", "hematuria": False, "leg_numbness": True} | NO_FLAGS)
    assert both["action"].lines == ("Book a visit within a week.",)


def test_what_makes_it_sooner_still_is_always_told():
    lines = told({"back_pain": True, "arm_weakness": True} | NO_FLAGS)["action"].lines
    assert "Call an ambulance if face, speech or balance changed too." in lines


# --- no advice -----------------------------------------------------------------------------------------------------------------


@TRIES
@given(unfinished)
def test_without_advice_nothing_reassures(case):
    blocks = blocks_of(case)
    if level(case) is not None:
        return
    assert not REASSURING & blocks.keys()
    assert not any(name.startswith(("workup", "faq")) for name in blocks)
    assert {"action", "not_known", "watch_for", "number", "notice"} <= blocks.keys()
    assert PROTOCOL.policies["nothing_worrying"].because not in " ".join(texts(blocks.values()))


def test_with_questions_open_it_says_what_to_do_meanwhile():
    blocks = told({"back_pain": True}, complete=False)
    assert blocks["action"].lines == (PROTOCOL.policies["core_flag_not_known"].because,)
    assert len(blocks["not_known"].lines) == 1 + len(FLAGS)


def test_with_nothing_given_it_says_so_and_has_nothing_to_say():
    blocks = told({})
    assert blocks["action"].lines == (PROTOCOL.policies["nothing_given"].because,)
    assert "say" not in blocks


# --- what is not known ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", FLAGS)
def test_a_key_flag_not_known_is_named_with_how_to_find_out(flag):
    finding = PROTOCOL.findings[flag]
    unsure = dict.fromkeys((flag, *finding.implies))  # denied with a parent it would be known
    lines = told({"back_pain": True} | NO_FLAGS | unsure)["not_known"].lines
    assert lines[0] == WORDS["not_known_note"]
    assert " ".join(part for part in (finding.ask, finding.check or finding.hint) if part) in lines


@TRIES
@given(cases)
def test_every_key_flag_not_known_is_named(case):
    wanted = assess(PROTOCOL, case).not_known
    block = blocks_of(case).get("not_known")
    assert len(wanted) == (len(block.lines) - 1 if block else 0)


def test_in_an_emergency_nobody_stays_at_home_to_check():
    assert told({"saddle_anesthesia": True})["not_known"].lines[0] == WORDS["not_known_later"]


def test_what_an_examination_settles_has_the_words_of_its_test():
    blocks = told({"back_pain": True, "stress_leak": True} | NO_FLAGS)
    assert any(line.endswith(PROTOCOL.workup["abdominal_exam"].words) for line in blocks["examine"].lines)
    calm = told({"back_pain": True} | NO_FLAGS)["examine"].lines
    assert len(calm) == 1
    assert calm[0].startswith(WORDS["examine_if_seen"])


def test_what_does_not_fit_is_said_without_blame():
    lines = told(SAMPLES["what does not fit"] | {"saddle_anesthesia": True})["conflicts"].lines
    assert any("You said no here" in line and "What is there counts." in line for line in lines)
    assert any("we count it as new" in line for line in lines)
    assert WORDS["conflict_general"] in lines


def test_a_measurement_that_does_not_fit_is_named():
    lines = told({"fever": False, "temperature_c": 39.0})["conflicts"].lines
    assert f'"{PROTOCOL.findings["temperature_c"].ask} 39 degrees Celsius."' in " ".join(lines)


# --- what to expect ------------------------------------------------------------------------------------------------------------


def test_the_seven_questions_have_the_persons_own_answers():
    values = {"back_pain": True, "saddle_anesthesia": False, "saddle_paresthesia": False, "weight_loss": None, "fever": False}
    values |= {"falls": "long_standing"}
    case = Case(values=values, complete=True, as_of=NOW, onset={"back_pain": NOW.replace(hour=0)})
    lines = blocks_of(case)["asked"].lines
    assert len(lines) == 7
    for line, answer in zip(
        lines,
        (
            'You said: "I have back pain." It began about 2 hours ago.',
            "You have not told us yet.",
            "You said no.",
            f'Old and not changed: "{PROTOCOL.findings["falls"].say}"',
            "You have not told us yet.",
            "You said no to some of this. The rest was not asked.",
            "You are not sure yet.",
        ),
        strict=True,
    ):
        assert line.endswith(f"? {answer}")


def test_each_reason_is_told_once():
    blocks = told(PROTOCOL.stories["leaks_after_a_baby"].findings)
    whole = " ".join(texts(blocks.values()))
    for reason in assess(PROTOCOL, Case(values=PROTOCOL.stories["leaks_after_a_baby"].findings, complete=True)).reasons:
        assert whole.count(reason.because) == 1


@TRIES
@given(cases)
def test_every_test_and_all_care_is_told(case):
    assessment = assess(PROTOCOL, case)
    whole = "\n".join(texts(blocks_of(case).values()))
    assert [name for name in assessment.care if PROTOCOL.care[name].told not in whole] == []
    if assessment.disposition is not None:
        assert [test.id for test in assessment.workup if PROTOCOL.workup[test.id].words not in whole] == []
        assert [leak.id for leak in assessment.continence if leak.because not in whole] == []


def test_a_kind_of_leak_comes_with_what_helps_it_and_what_comes_before():
    lines = told({"back_pain": True, "stress_leak": True} | NO_FLAGS)["leak_care"].lines
    assert lines[:2] == (PROTOCOL.care["check_first"].told, PROTOCOL.care["pelvic_floor_training"].told)


def test_the_fit_of_a_cause_is_never_shown():
    lines = told(PROTOCOL.stories["it_was_my_kidneys"].findings)["causes"].lines
    assert lines[0] == WORDS["causes_note"]
    assert not found("strong|possible|weak fit|fits", " ".join(lines))


# --- questions and stories -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "entry", "values"),
    [
        ("pinched_nerve", 0, {"back_pain": True, "urinary_retention": True}),
        ("pinched_nerve", 1, {"sciatica_bilateral": True}),
        ("pinched_nerve", 2, {"back_pain": True, "urge_leak": True}),
        ("pinched_nerve", 3, {"sciatica_unilateral": True}),
        ("pinched_nerve", 4, {"stress_leak": "long_standing"}),
        ("normal_with_bad_pain", 0, {"back_pain": True, "saddle_anesthesia": True}),
        ("normal_with_bad_pain", 1, {"back_pain": True, "progressive_leg_weakness": True}),
        ("normal_with_bad_pain", 2, {"back_pain": True, "functional_leak": True}),
        ("normal_with_bad_pain", 3, {"back_pain": True, "urgency": True}),
        ("normal_with_bad_pain", 4, {"functional_leak": "long_standing"}),
        ("kegels", 0, {"urinary_retention": True}),
        ("kegels", 1, {"incomplete_emptying": True}),
        ("kegels", 2, {"stress_leak": True}),
        ("kegels", 3, {"urge_leak": "long_standing"}),
        ("kegels", 4, {"functional_leak": True}),
        ("kegels", 5, {"pelvic_pain": True}),
    ],
)
def test_a_question_is_answered_against_the_persons_own_answers(question, entry, values):
    entries = PROTOCOL.questions[question]
    lines = told(dict(NO_FLAGS) | values)[f"faq_{question}"].lines
    assert lines[0] == entries.answer
    assert entries.own[entry][1] in lines[1:]


@TRIES
@given(cases)
def test_an_own_answer_never_asks_for_more_than_the_advice(case):
    if level(case) in (None, "emergency"):
        return
    answers = [line for name, block in blocks_of(case).items() if name.startswith("faq") for line in block.lines[1:]]
    assert [line for line in answers if "Get emergency care now" in line] == []


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=lambda story: story.id)
def test_a_story_comes_first_for_its_own_findings(story):
    first = told(story.findings)["stories"].lines[1]
    assert first == f'"{story.title}." {story.lesson}'


@TRIES
@given(cases)
def test_no_story_ends_calmer_than_the_advice(case):
    advice = level(case)
    block = blocks_of(case).get("stories")
    calmer = {"emergency": {"urgent", "scheduled"}, "urgent": {"scheduled"}}.get(advice, set())
    for line in block.lines[1:] if block else ():
        assert not any(story.title in line for story in PROTOCOL.stories.values() if story.expected in calmer)
    assert block is None or len(block.lines) <= 3


def test_no_story_is_of_another_sex():
    blocks = told({"back_pain": True, "pelvic_pain": True, "stress_leak": "long_standing", "sex_at_birth": "M"} | NO_FLAGS)
    assert "baby" not in " ".join(blocks["stories"].lines)


# --- words ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("complete", [True, False])
def test_the_result_is_easy_to_read(values, complete):
    for block in told(values, complete=complete, carer=True).values():
        if block.kind == "fine":
            continue
        lines = texts([block])
        whole = " ".join(text if text[-1] in '.?!"' else f"{text}." for text in lines)
        assert flesch_kincaid_grade(whole, EASY) <= HIGHEST_GRADE, block.id
        assert [s for text in lines for s in sentences(text) if len(words(s)) > MOST_WORDS] == []
        for refused in REFUSED:
            assert [text for text in lines if found(REFUSED[refused], text) - ASKED] == [], refused


@pytest.mark.parametrize("name", [name for name in wording("result") if name != "made_by"])
def test_the_words_of_the_surface_are_plain(name):
    text = wording("result")[name]
    assert [sentence for sentence in sentences(text) if len(words(sentence)) > MOST_WORDS] == []
    assert [refused for refused in REFUSED if found(REFUSED[refused], text)] == []
    assert "—" not in text


def test_each_question_of_the_article_has_patient_words():
    lines = [line.id for line in PROTOCOL.lines.values() if line.row == "A6"]
    assert len(lines) == 7
    assert set(lines) <= WORDS.keys()


def test_the_care_and_examinations_that_the_surface_names_are_the_protocols():
    assert {name for names in PLACED.values() for name in names} <= PROTOCOL.care.keys()
    settled = {name for test in PROTOCOL.workup.values() for name in test.settles}
    wanted = {name for pairs in PROTOCOL.rule_findings.values() for name, _ in pairs}
    examined = {name for name in wanted if PROTOCOL.findings[name].answered_by == "examination"}
    assert examined - settled == {"reduced_anal_tone", "reduced_anal_squeeze"}, "an optional test that no advice waits for"


def test_a_carer_is_told_who_is_meant():
    assert told({"back_pain": True}, carer=True)["carer"].lines == (WORDS["carer"],)
    assert told({"back_pain": True, "saddle_anesthesia": True}, carer=True)["say"].title == WORDS["say_carer"]


@pytest.mark.parametrize("values", SAMPLES.values(), ids=SAMPLES)
def test_the_notice_is_told_once_with_the_digest(values):
    whole = " ".join(as_text(result(PROTOCOL, case := Case(values=values), assess(PROTOCOL, case))).split())
    assert whole.count("General education and research") == 1
    assert PROTOCOL.digest[:19] in whole


def test_a_protocol_that_says_little_has_a_result_too():
    tiny = load(TINY)
    for values in ({}, {"back_pain": True}, {"back_pain": True, "urinary_retention": True}, {"urinary_retention": False}):
        case = Case(values=values, complete=True)
        blocks = result(tiny, case, assess(tiny, case))
        assert blocks[0].kind == "headline"
        assert blocks[-1].id == "notice"


def test_a_calm_level_is_no_advice_while_an_answer_could_still_raise_it():
    case = Case(values={"back_pain": True, **dict.fromkeys(PROTOCOL.core_flags, False)})
    assessment = assess(PROTOCOL, case)
    assert (assessment.disposition, assessment.settled) == ("self_care", False)
    told = for_a_person(PROTOCOL, case, assessment)
    assert (told.disposition, told.reasons[0].id, told.care) == (None, "questions_open", PROTOCOL.level_care["none"])
    complete = replace(case, complete=True)
    assert for_a_person(PROTOCOL, complete, assessment) is assessment
