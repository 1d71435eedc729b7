"""The measure behind every wording test: syllables against a table, and grades of texts that were counted by hand."""

import pytest

from readability import flesch_kincaid_grade, sentences, syllables, words

# Words of our own wording, a line or two for each number of syllables.
KNOWN = {
    1: """
        pee poop leak leaks leaked cough sneeze laugh legs weak numb burns hurts bruise thigh through weigh eyes shoes
        times hours clothes used moved peed stayed passed whole tongue can't don't you're they've nurse once ache aches
        """,
    2: """
        urine bladder bowel numbness tingle tingles tingly muscle muscles little dribble dribbled settled tested needed
        fever toilet sudden private changes nurses doctor being going trying fatigue spasm didn't doesn't people fluid
        backache headaches lately movement useful safely shower answer bottom cancer something tired quiet steroids
        """,
    3: """
        vagina ambulance hospital medicine clinician suddenly heavier Celsius period sexual usual aorta nausea idea
        everyone infection
        """,
    4: "diabetes diarrhea emergency radiation experience dialysis perineal continuous temperature operation",
    5: "university",
    6: "osteoporosis responsibility",
}
TABLE = [(word, count) for count, line in KNOWN.items() for word in line.split()]
SPELLED = [("MRI", 3), ("mL", 2), ("38.0", 1), ("200", 1), ("mid-back", 2), ("can’t", 1), ("Parkinson's", 3)]


def test_the_table_is_large_enough_to_mean_something():
    assert len(TABLE) >= 60


@pytest.mark.parametrize(("word", "count"), TABLE + SPELLED)
def test_syllables(word, count):
    assert syllables(word) == count


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Does it hurt? Say so. Now!", ["Does it hurt?", "Say so.", "Now!"]),
        ("A fever is 38.0 or more.", ["A fever is 38.0 or more."]),
        ("No end mark", ["No end mark"]),
        ("He said “go.” Then he\nwent.", ["He said “go.”", "Then he went."]),
        ("", []),
    ],
)
def test_sentences(text, parts):
    assert sentences(text) == parts


def test_words_keep_their_hyphens_and_numbers():
    assert words("A mid-back pain, 38.5 °C (don't wait).") == ["A", "mid-back", "pain", "38.5", "C", "don't", "wait"]


@pytest.mark.parametrize(
    ("text", "easy", "grade"),
    [
        # words, sentences and syllables in each were counted by hand; the grade is 0.39 w/s + 11.8 y/w - 15.59
        ("The cat sat on the mat.", set(), -1.45),  # 6, 1, 6
        ("You can't pee. Go to an emergency department now.", set(), 4.5206),  # 9, 2, 14
        ("You can't pee. Go to an emergency department now.", {"emergency"}, 0.5872),  # 9, 2, 11
        ("Urinary retention is an indication for immediate catheterization.", set(), 22.93),  # 8, 1, 24
    ],
)
def test_grade(text, easy, grade):
    assert flesch_kincaid_grade(text, frozenset(easy)) == pytest.approx(grade, abs=1e-3)


def test_a_text_without_words_has_no_grade():
    with pytest.raises(ValueError, match="without words"):
        flesch_kincaid_grade("...", frozenset())
