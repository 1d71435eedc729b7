"""Rows, lists and tables of texts: how a translation is laid over the original, and what does not fit is named."""

import tomllib

import pytest

from equina.translation import OF, digest, gaps, laid_over, stamped, unknown

FAQ = {"faq": {"one": {"question": "Q", "answer": "A", "if": [{"when": "x", "answer": "A1"}, {"when": "y", "answer": "A2"}]}}}
HERBS = {"medicines": {"one": {"label": "L", "examples": ["a", "b"], "effects": ["c"], "mechanism": "M", "finding": "f"}}}
WORDED = {"findings": {"one": {"label": "L", "reword": {"x": "X", "y": "Y"}}}}


def stamped_data(name, english, text):
    return tomllib.loads(stamped(name, english, text))


@pytest.mark.parametrize(
    ("name", "english", "text", "where", "made"),
    [
        ("faq", FAQ, '[[faq.one.if]]\nanswer = "Una"\n[[faq.one.if]]\nanswer = "Dos"\n', ("faq", "one", "if", 1, "answer"), "Dos"),
        ("faq", FAQ, '[[faq.one.if]]\nanswer = "Una"\n[[faq.one.if]]\nanswer = "Dos"\n', ("faq", "one", "question"), "Q"),
        ("medicines", HERBS, '[medicines.one]\nexamples = ["x", "y"]\n', ("medicines", "one", "examples"), ["x", "y"]),
        ("medicines", HERBS, '[medicines.one]\nexamples = ["x", "y"]\n', ("medicines", "one", "finding"), "f"),
        ("findings", WORDED, '[findings.one]\nreword = {x = "Equis"}\n', ("findings", "one", "reword"), {"x": "Equis", "y": "Y"}),
    ],
)
def test_rows_lists_and_tables_of_texts_are_laid_over(name, english, text, where, made):
    data = laid_over(name, english, stamped_data(name, english, text))
    for part in where:
        data = data[part]
    assert data == made


@pytest.mark.parametrize(
    ("name", "english", "text", "told"),
    [
        (
            "faq",
            FAQ,
            '[[faq.one.if]]\nanswer = "1"\n[[faq.one.if]]\nanswer = "2"\n[[faq.one.if]]\nanswer = "3"\n',
            "[faq.one.if]: 3:",
        ),
        ("faq", FAQ, '[[faq.one.if]]\nwhen = "1"\n', "[faq.one.if.1]: when: it is no text to translate"),
        ("medicines", HERBS, '[medicines.one]\nexamples = ["x"]\n', "1 texts are here, and 2 in the original"),
        ("medicines", HERBS, "[medicines.one]\nexamples = [1, 2]\n", "its form is another"),
        ("medicines", HERBS, '[medicines.one]\nexamples = "x"\n', "its form is another"),
        ("findings", WORDED, "[findings.one]\nreword = {x = 3}\n", "its form is another"),
        ("findings", WORDED, '[findings.one]\nreword = {z = "Z"}\n', "reword.z: the original has no such key"),
    ],
)
def test_rows_lists_and_tables_that_do_not_fit_are_named(name, english, text, told):
    assert any(told in str(fault) for fault in unknown(name, english, tomllib.loads(text)))


@pytest.mark.parametrize(
    ("name", "english", "text", "missing"),
    [
        ("faq", FAQ, '[faq.one]\nquestion = "P"\n', ["faq.one answer", "faq.one.if.1 answer", "faq.one.if.2 answer"]),
        ("findings", WORDED, '[findings.one]\nlabel = "E"\nreword = {x = "Equis"}\n', ["findings.one reword.y"]),
        ("findings", WORDED, '[findings.one]\nlabel = "E"\n', ["findings.one reword"]),
    ],
)
def test_what_is_missing_is_listed(name, english, text, missing):
    left = [fault for fault in gaps(name, english, stamped_data(name, english, text)) if fault.key != OF]
    assert [f"{fault.table} {fault.key}" for fault in left] == missing


def test_a_stamp_that_is_there_stays_and_so_does_the_rest():
    text = '# A comment.\n\ntitle = "T"\n\n[say]  # the sentence\nopening = "O"\n\n[policies.one]\nof = "00000000"\nbecause = "B"\n'
    english = {"title": "t", "say": {"opening": "o"}, "policies": {"one": {"because": "b"}}}
    once = stamped("protocol", english, text)
    assert once == stamped("protocol", english, once)
    assert once.startswith('# A comment.\n\nof = "')
    assert "[say]  # the sentence\nof = " in once
    assert '[policies.one]\nof = "00000000"\nbecause' in once, "nobody has checked it"


def test_a_digest_does_not_count_line_ends():
    assert digest({"a": ["One  two."]}) == digest({"a": ["One\ntwo."]})
    assert digest({"a": ["One two."]}) != digest({"a": ["One, two."]})
