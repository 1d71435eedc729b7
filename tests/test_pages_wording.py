"""What the pages say as a whole can be read by a child of twelve: every step of many interviews, each page graded by itself."""

from __future__ import annotations

import html
import random
import re

import pytest
from starlette.testclient import TestClient

from equina.web.app import create_app
from equina.web.guards import Limits
from equina.wording import wording
from readability import flesch_kincaid_grade, sentences, words
from strategies import PROTOCOL
from test_pages_agree import SECRET, filled
from test_wording_findings import EASY, HIGHEST_GRADE, MOST_WORDS

INTERVIEWS = 12


def told(page: str) -> list[str]:
    """The lines of the main part of a page, each closed by a full stop, without what is for clinicians and without citations."""
    main = page.split("<main")[1].split("</main>")[0]
    main = re.sub(r'<details class="sources">.*?</details>|<article class="page">.*?</article>', " ", main, flags=re.DOTALL)
    main = re.sub(r'<button|<span class="away">|<li|<ul', r"\n\g<0>", main)
    main = re.sub(r"</(?:p|li|h\d|label|legend|button|dt|dd|summary|blockquote|text|figcaption|option|title)>", "\n", main)
    lines = [" ".join(html.unescape(re.sub(r"<[^>]+>", "", line)).split()) for line in main.split("\n")]
    return [line if line[-1] in ".?!:" else f"{line}." for line in lines if re.search("[a-z]", line)]


@pytest.fixture(scope="module")
def pages():
    """Many pages as people meet them, by a name."""
    client = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0)))
    found = {"start": client.get("/").text}
    for seed in range(INTERVIEWS):
        chance = random.Random(seed)
        text = client.post("/interview", data={"go": "next"}).text
        for number in range(60):
            found[f"{seed}.{number}"] = text
            if 'class="headline"' in text:
                break
            go = "result" if 'value="result"' in text else "next"
            text = client.post("/interview", data={**filled(text, chance), "go": go}).text
    for seed in (1, 2):
        found[f"error {seed}"] = client.post("/interview", data={"visit": visit(found[f"{seed}.0"]), "go": "next"}).text
    for story in PROTOCOL.stories.values():
        found[f"words {story.id}"] = client.post("/interview", data={"go": "words", "told": story.story}).text
    found["fault"] = client.get("/nowhere").text
    return found


def visit(text: str) -> str:
    return text.split('name="visit" value="')[1].split('"')[0]


def test_every_page_reads_at_grade_six_or_below(pages):
    hard = {}
    for name, page in pages.items():
        lines = [re.sub(r"sha256:\w+|https?://\S+", "", line) for line in told(page)]
        if (grade := flesch_kincaid_grade(" ".join(lines), EASY)) > HIGHEST_GRADE:
            hard[name] = (round(grade, 1), lines[:3])
    assert not hard


def test_no_sentence_of_a_page_is_long(pages):
    notice = set(sentences(PROTOCOL.notice))
    long = {
        sentence
        for page in pages.values()
        for line in told(page)
        for sentence in sentences(line)
        if len(words(sentence)) > MOST_WORDS and sentence not in notice and not re.search(r"sha256|doi|\d{4}", sentence)
    }
    # What is said to a clinician repeats the person's own words, which may run on.
    assert not {sentence for sentence in long if not sentence.startswith(("You have this", "You do not have this"))}


def test_the_words_of_the_pages_are_short_and_plain():
    texts = [text for text in wording("web").values() if " " in text]
    assert [s for text in texts for s in sentences(text) if len(words(s)) > MOST_WORDS] == []
    whole = " ".join(text if text[-1] in ".?!" else f"{text}." for text in texts)
    assert flesch_kincaid_grade(whole, EASY) <= HIGHEST_GRADE
