"""A protocol in another language: what is laid over, what is stale, what no file may hold, and that Spanish is whole."""

import re
import shutil
import tomllib
from dataclasses import replace

import pytest

from command import TINY, run
from equina import Case, assess, load, locale
from equina import wording as words_module
from equina.handover import handover
from equina.interview import next_questions, with_answers
from equina.locale import ENGLISH_ALONE, languages, localized, main, stamp, unfinished
from equina.prose import as_text
from equina.protocol import SHIPPED
from equina.result import result
from equina.tables import ProtocolError
from equina.translation import OF, ORIGINAL, TEXTS, digest, gaps
from equina.wording import FOLDER, wording

PROTOCOL = load()
OTHERS = [language for language in languages(PROTOCOL) if language != ORIGINAL]
MOST_WORDS = 20
SURFACES = sorted({path.stem for path in (FOLDER / ORIGINAL).glob("*.toml")} - {*ENGLISH_ALONE})
CASES = {
    "nothing": Case(),
    "open": Case(values={"back_pain": True}),
    **{story.id: Case(values=story.findings, complete=True) for story in PROTOCOL.stories.values()},
    "not sure": Case(values={"back_pain": True, **dict.fromkeys(PROTOCOL.core_flags)}, complete=True),
    "contradiction": Case(values={"urinary_incontinence": False, "stress_leak": True, "blocked_catheter": "long_standing"}),
    "carer": Case(values={"back_pain": True, "fever": True, "temperature_c": 38.6, "age_years": 70.0}, carer=True, complete=True),
}


@pytest.fixture(scope="module", params=OTHERS)
def other(request):
    return localized(PROTOCOL, request.param)


def english_texts():
    """Every text of the protocol that is translated, long enough to be known by."""
    for name in TEXTS:
        data = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))
        yield from ((fault.table, fault.key, text) for fault in gaps(name, data, {}) for text in _texts(at(data, fault)))


def at(data, fault):
    for part in (*fault.table.split("."), *fault.key.split(".")):
        data = data[int(part) - 1] if isinstance(data, list) else data[part] if part else data
    return data


def _texts(item):
    if isinstance(item, str):
        return [item]
    return [text for each in (item.values() if isinstance(item, dict) else item) for text in _texts(each)]


# --- the languages that are shipped --------------------------------------------------------------------------------------------


def test_spanish_is_there():
    assert languages(PROTOCOL) == ("en", "es")


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_untranslated_or_stale(language):
    assert [str(fault) for fault in unfinished(SHIPPED, language)] == []


def test_another_language_is_the_same_protocol(other):
    assert (other.id, other.version, other.digest, other.reviewed) == (
        PROTOCOL.id,
        PROTOCOL.version,
        PROTOCOL.digest,
        PROTOCOL.reviewed,
    )
    for name in ("findings", "rules", "causes", "care", "workup", "topics", "watch_for", "questions"):
        assert list(getattr(other, name)) == list(getattr(PROTOCOL, name))
    assert [rule.when for rule in other.rules.values()] == [rule.when for rule in PROTOCOL.rules.values()]
    assert [rule.disposition for rule in other.rules.values()] == [rule.disposition for rule in PROTOCOL.rules.values()]
    assert other.sources == PROTOCOL.sources


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_another_language_decides_the_same(other, case):
    one, two = assess(PROTOCOL, case), assess(other, case)
    for key in ("low", "high", "disposition", "settled", "care", "watch_for", "not_known", "examine", "open"):
        assert getattr(one, key) == getattr(two, key)
    assert [reason.id for reason in one.reasons] == [reason.id for reason in two.reasons]
    assert [(test.id, test.when) for test in one.workup] == [(test.id, test.when) for test in two.workup]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_english_is_left_in_what_is_told(other, case):
    assessment = assess(other, case)
    blocks = [*result(other, case, assessment), *handover(other, case, assessment)]
    told = "\n".join(" ".join(part.split()) for block in blocks for part in (block.title, *block.lines))
    surfaces = [text for surface in ("result", "handover", "assessment") for text in wording(surface).values()]
    pieces = [piece for text in surfaces for piece in re.split(r"{\w*}", text)]
    for text in {text for *_, text in english_texts()} | set(pieces):
        if len(text.split()) > 2:
            assert " ".join(text.split()) not in told


def test_the_interview_asks_in_the_language(other):
    case = Case()
    for _ in range(30):
        mine, theirs = next_questions(PROTOCOL, case), next_questions(other, case)
        assert (mine is None) == (theirs is None)
        if mine is None:
            break
        assert [option.finding for option in mine.options] == [option.finding for option in theirs.options]
        assert mine.wording != theirs.wording
        assert all(one.wording != two.wording for one, two in zip(mine.options, theirs.options, strict=True))
        case = with_answers(PROTOCOL, case, {o.finding: "no" if "no" in o.answers else "not_sure" for o in mine.options})


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_the_same_in_english_is_the_same_in_another_language(language):
    """The result joins equal timings and leaves out reasons that it has told."""
    for name in ("because", "timing", "pathway"):
        met = {}
        for rule, translated in zip(PROTOCOL.rules.values(), localized(PROTOCOL, language).rules.values(), strict=True):
            met.setdefault(getattr(rule, name), set()).add(getattr(translated, name))
        assert all(len(texts) == 1 for texts in met.values())
        assert len({text for texts in met.values() for text in texts}) == len(met), f"two {name} have become one"


@pytest.mark.parametrize("rule", PROTOCOL.rules)
def test_a_timing_says_in_its_first_sentence_when(other, rule):
    """Below an emergency the first sentence is told apart from what would make it sooner."""
    english, told = PROTOCOL.rules[rule].timing, other.rules[rule].timing
    assert (". " in english) == (". " in told)


def test_a_level_is_said_as_its_timings_say_it(other):
    for level, words in PROTOCOL.disposition_words.items():
        for rule in PROTOCOL.rules.values():
            if rule.timing == words:
                assert other.rules[rule.id].timing == other.disposition_words[level]


@pytest.mark.parametrize("finding", PROTOCOL.findings)
def test_a_label_keeps_its_short_form(other, finding):
    assert (":" in PROTOCOL.findings[finding].label) <= (":" in other.findings[finding].label)


def test_a_translation_is_marked_once(other):
    case = CASES["open"]
    mark = wording("result", other.language)["translation"]
    lines = [line for block in result(other, case, assess(other, case)) for line in block.lines]
    assert lines.count(mark) == 1
    assert wording("handover", other.language)["translation"] in as_text(handover(other, case, assess(other, case)), 4000)
    assert wording("result")["translation"] not in as_text(result(PROTOCOL, case, assess(PROTOCOL, case)), 4000)


def patient_texts(protocol):
    for finding in protocol.findings.values():
        yield from filter(None, (finding.ask, finding.hint, finding.check, finding.say, finding.marked, *finding.reword.values()))
    yield from (text for topic in protocol.topics.values() for text in (topic.wording, topic.hint) if text)
    yield from protocol.disposition_words.values()
    yield from (item.because for item in (*protocol.rules.values(), *protocol.policies.values(), *protocol.leak_types.values()))
    yield from (rule.timing for rule in protocol.rules.values())
    yield from (item.words for table in (protocol.watch_for, protocol.care, protocol.workup) for item in table.values())


def test_sentences_are_short(other):
    long = [s for text in patient_texts(other) for s in re.split(r"(?<=[.?!])\s+", text) if len(s.split()) > MOST_WORDS]
    assert long == []


# --- the words of the surfaces -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("surface", SURFACES)
def test_the_words_of_a_surface_have_the_same_keys_and_places(surface, language):
    english = tomllib.loads((FOLDER / ORIGINAL / f"{surface}.toml").read_text(encoding="utf-8"))
    words = tomllib.loads((FOLDER / language / f"{surface}.toml").read_text(encoding="utf-8"))
    words.pop(OF, None)
    if english:
        assert words.keys() == english.keys()
    for key, text in english.items():
        assert type(words[key]) is type(text)
        assert sorted(re.findall(r"{(\w*)}", str(words[key]))) == sorted(re.findall(r"{(\w*)}", str(text))), key


def test_words_that_are_stale_or_missing_are_english(tmp_path, monkeypatch):
    english = 'a = "One."\nb = "Two."\nc = "Three."\n'
    french = f'a = "Un."\nb = "Deux."\n\n[of]\na = "{digest("One.")}"\nb = "0"\n'
    for language, text in (("en", english), ("xx", french)):
        (tmp_path / language).mkdir()
        (tmp_path / language / "tiny.toml").write_text(text)
    for module in (words_module, locale):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    read = wording.__wrapped__
    assert read("tiny", "xx") == {"a": "Un.", "b": "Two.", "c": "Three."}
    assert read("tiny", "yy") == {"a": "One.", "b": "Two.", "c": "Three."}
    left = [str(fault) for fault in locale._of_the_words("xx")]
    assert left == [
        f'words/xx/tiny.toml: b: the original has changed since; check it, then write b = "{digest("Two.")}" under [of]',
        "words/xx/tiny.toml: c: it is not translated; translate it",
    ]
    path = tmp_path / "xx" / "tiny.toml"
    path.with_name("stray.toml").write_text('a = "Un."')
    assert "words/xx/stray.toml: the original has no such file; take it away" in [
        str(fault) for fault in locale._of_the_words("xx")
    ]
    stamp(tmp_path, "xx")
    assert read("tiny", "xx") == {"a": "Un.", "b": "Two.", "c": "Three."}, "what is stale is not passed over"
    path.write_text(path.read_text().replace('b = "0"\n', ""))
    stamp(tmp_path, "xx")
    assert read("tiny", "xx") == {"a": "Un.", "b": "Deux.", "c": "Three."}
    assert path.read_text().count("[of]") == 1


@pytest.mark.parametrize(
    ("english", "other", "told"),
    [
        ('a = "{n} hours"', 'a = "horas"', "its {places} are not those of the original; use each of n"),
        ('a = "One."', 'a = "Un."', "no translator has said that it fits the original"),
        ('answer = "One."', 'anser = "Un."', 'the original has no such key; did you mean "answer"?'),
        ('a = "One."', 'a = "Un."\nof = 3', "no translator has said"),
    ],
)
def test_what_is_wrong_with_words_is_said(english, other, told, tmp_path, monkeypatch):
    for language, text in (("en", english), ("xx", other)):
        (tmp_path / language).mkdir()
        (tmp_path / language / "tiny.toml").write_text(text)
    monkeypatch.setattr(locale, "FOLDER", tmp_path)
    assert any(told in str(fault) for fault in locale._of_the_words("xx"))


# --- a small protocol, translated ----------------------------------------------------------------------------------------------

SPANISH = """\
# Translated.

[findings.urinary_retention]
label = "Retención urinaria"
ask = "¿No puede orinar?"
"""


@pytest.fixture
def tiny(tmp_path):
    """A copy of the small protocol with a language of its own, of which one finding is translated."""
    folder = tmp_path / "tiny"
    shutil.copytree(TINY, folder)
    (folder / "locale" / "xx").mkdir(parents=True)
    put(folder, "findings", SPANISH)
    return folder


def put(folder, name, text):
    (folder / "locale" / "xx" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_what_was_stamped_is_shown_and_the_rest_is_english(tiny):
    english = load(tiny)
    assert languages(english) == ("en", "xx")
    assert localized(english, "en") is english
    assert localized(english, "xx").findings == english.findings, "not stamped yet"
    stamp(tiny, "xx")
    translated = localized(english, "xx")
    assert translated.language == "xx"
    assert translated.digest == english.digest, "a translation is no part of what is decided"
    assert translated.findings["urinary_retention"].ask == "¿No puede orinar?"
    assert translated.findings["back_pain"] == english.findings["back_pain"]
    assert localized(translated, "en").findings == english.findings


def test_when_the_english_changes_the_translation_is_stale(tiny):
    stamp(tiny, "xx")
    path = tiny / "findings.toml"
    ask = load(tiny).findings["urinary_retention"].ask
    path.write_text(path.read_text(encoding="utf-8").replace(ask, "Is no pee coming?"), encoding="utf-8")
    assert load(tiny, "xx").findings["urinary_retention"].ask == "Is no pee coming?"
    stale = [fault for fault in unfinished(tiny, "xx") if fault.table == "findings.urinary_retention" and fault.key == OF]
    assert [fault.problem for fault in stale] == ["the original has changed since"]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("findings", "[findings.urinary_retentio]\n", "[findings]: urinary_retentio: the original has no such key; did you mean"),
        (
            "findings",
            '[findings.back_pain]\nlabl = "x"\n',
            "[findings.back_pain]: labl: the original has no such key; did you mean",
        ),
        ("findings", '[findings.back_pain]\nsection = "x"\n', "section: it is no text to translate; leave it out"),
        ("findings", '[findings.back_pain]\nsources = ["x"]\n', "sources: it is no text to translate; leave it out"),
        ("findings", "[findings.back_pain]\nlabel = 3\n", "label: its form is another than in the original"),
        ("findings", '[findings.back_pain]\nlabel = ["x"]\n', "label: its form is another than in the original"),
        ("findings", '[findings.back_pain]\nlabel = " "\n', "label: its form is another than in the original"),
        ("findings", '[findings]\nback_pain = "x"\n', "back_pain: it is no text to translate"),
        ("findings", "findings = 3\n", "findings: it is no text to translate"),
        ("protocol", '[dispositions]\nurgnt = "x"\n', 'dispositions.urgnt: the original has no such key; did you mean "urgent"?'),
        ("protocol", 'dispositions = "x"\n', "dispositions: its form is another than in the original"),
        ("findings", "a = \n", "not TOML"),
    ],
)
def test_what_a_translation_may_not_hold_is_named(tiny, file, text, told):
    put(tiny, file, text)
    with pytest.raises(ProtocolError) as error:
        load(tiny, "xx")
    assert len(error.value.faults) == 1
    assert str(error.value).startswith(f"locale/xx/{file}.toml")
    assert told in str(error.value)
    assert any(told in str(fault) for fault in unfinished(tiny, "xx"))


def test_a_protocol_without_a_file_is_faulted_for_it(tiny):
    (tiny / "care.toml").unlink()
    assert any(fault.file == "care.toml" and fault.problem == "the file is missing" for fault in unfinished(tiny, "xx"))


# --- commands ------------------------------------------------------------------------------------------------------------------


def test_the_command_lists_what_is_left_and_stamps(tiny, capsys):
    assert main(["xx", "--protocol", str(tiny)]) == 1
    out = capsys.readouterr().out
    assert "[findings.urinary_retention]: of: no translator has said that it fits the original" in out
    assert "[findings.back_pain]: label: it is not translated; translate it" in out
    main(["xx", "--protocol", str(tiny), "--stamp"])
    assert "no translator has said" not in capsys.readouterr().out


@pytest.mark.parametrize("language", OTHERS)
def test_the_command_says_when_all_is_done(language, capsys):
    assert main([language]) == 0
    assert capsys.readouterr().err == "complete\n"


def test_a_language_that_is_not_there_is_refused():
    code, output, said = run("handover", "--language", "qq", given=b"{}")
    assert (code, output) == (2, b"")
    assert "locale/qq: the protocol has no such language; give one of en, es" in said
    with pytest.raises(ProtocolError):
        localized(replace(PROTOCOL, folder=None), "es")


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (("handover", "--language", "es"), b'{"findings": {"saddle_anesthesia": true}}', "EMERGENCIA"),
        (("ask", "--language", "es", "--answers", "-"), b'{"findings": {"saddle_anesthesia": true}}', "Vaya a urgencias ahora."),
        (("triage", "--language", "es"), b'{"findings": {"saddle_anesthesia": true}}', "Vaya a urgencias ahora."),
        (("show", "--language", "es", "back_pain"), b"", "Dolor de espalda"),
        (("stories", "--language", "es"), b"", "emergency"),
    ],
)
def test_the_commands_answer_in_the_language(arguments, given, told):
    code, output, _ = run(*arguments, given=given)
    assert code == 0
    assert told in " ".join(output.decode().split())
