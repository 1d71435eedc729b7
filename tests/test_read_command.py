"""`equina read`, and free text in `equina triage`, from outside: what goes in, what comes out, what is said of the rest."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from command import run
from equina.notes import command as notes
from equina.notes.reading import Reading, read_note
from equina.protocol import load

MESSAGE = "No fever, but since yesterday I can\u2019t pass urine and my bum is numb \U0001f622. My mum had a numb bum."


def read(given: str | bytes, *options: str) -> tuple[int, list[dict], str]:
    code, out, said = run("read", *options, given=given if isinstance(given, bytes) else given.encode())
    return code, [json.loads(line) for line in out.splitlines()], said


def test_a_text_becomes_mentions_by_the_contract() -> None:
    code, [answer], said = read(MESSAGE)
    assert (code, said, answer["id"]) == (0, "", None)
    assert [(m["finding"], m["assertion"], m["onset"]) for m in answer["mentions"]] == [
        ("fever", "absent", "unknown"),
        ("urinary_retention", "present", "new"),
        ("saddle_anesthesia", "present", "new"),
        ("saddle_anesthesia", "family", "unknown"),
    ]
    for mention in answer["mentions"]:
        assert list(mention) == ["finding", "start", "end", "quote", "assertion", "onset", "cue", "section"]
        assert MESSAGE[mention["start"] : mention["end"]] == mention["quote"]
        if mention["cue"]:
            assert MESSAGE[mention["cue"]["start"] : mention["cue"]["end"]] == mention["cue"]["quote"]
    assert answer["mentions"][0]["cue"]["quote"] == "No"


def test_lines_become_lines_in_order_and_a_bad_one_stops_nothing() -> None:
    lines = [
        json.dumps({"id": "a", "text": "PMH: vertebral fracture."}),
        '{"id": "b", "text": 5}',
        "not json",
        "",
        json.dumps({"id": 7, "text": "No puedo orinar y tengo fiebre desde ayer"}),
        json.dumps({"id": "d", "text": "Please renew my parking permit."}),
    ]
    code, answers, said = read("\n".join(lines))
    assert code == 2
    assert [(a["id"], a.get("line")) for a in answers] == [("a", None), ("b", 2), (None, 3), ("7", 5), ("d", None)]
    assert answers[0]["mentions"][0]["section"] == "past"
    assert answers[1]["error"] == 'text: a text in quotes is expected; write "text": "…"'
    assert "not JSON" in answers[2]["error"]
    assert "English" in answers[3]["error"]
    assert "no reassurance" in answers[4]["nothing_read"]
    assert "3 of 5 texts could not be read" in said


@pytest.mark.parametrize(
    ("given", "told"),
    [(b"", "no text was given"), (b"\xff\xfe\x00n", "could not be read"), ("ありがとう 腰が痛い".encode(), "could not be read")],
)
def test_what_cannot_be_read_is_said_to_be_so(given: bytes, told: str) -> None:
    code, out, said = run("read", given=given)
    assert code == 2
    assert told in said
    assert b"mentions" not in out


def test_show_marks_the_text_in_the_form_of_the_tests() -> None:
    code, out, _ = run("read", "--show", "--plain", given=MESSAGE.encode())
    shown = out.decode()
    assert code == 0
    assert "No {fever|fever absent}, but since yesterday I {can\u2019t pass urine|urinary_retention present new} and" in shown
    assert "denied or normal" in shown


@pytest.mark.parametrize("show", ["--show", "--html"])
def test_half_a_character_stops_no_line(show: str) -> None:
    lines = [
        '{"id": "x", "text": "\\ud800 cannot pee"}',
        '{"id": "\\udc00", "text": "no fever"}',
        '{"id": "y", "text": "numb bum"}',
    ]
    code, out, said = run("read", show, given="\n".join(lines).encode())
    assert (code, said) == (0, "")
    assert [words in out.decode() for words in ("? ", "cannot pee", "fever", "numb bum")] == [True] * 4


def test_a_long_answer_is_told_a_mention_at_a_time() -> None:
    """As one object the answer to a text of 50 MB would take gigabytes."""
    reading = read_note(load(), MESSAGE)
    many = replace(reading, mentions=reading.mentions * 20_000)
    tracemalloc.start()
    length = sum(map(len, notes._line_of("a", many)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length > 10_000_000
    assert peak < 100_000
    for each in (reading, Reading((), None)):
        assert "".join(notes._line_of("a", each)) == json.dumps(notes.answer("a", each)) + "\n"


def test_an_id_is_shown_as_what_it_is() -> None:
    line = b'{"id": "<b>\\u001b[2J</b>", "text": "numb bum"}'
    assert "<h2>&lt;b&gt;" in run("read", "--html", given=line)[1].decode()
    out = StringIO()
    assert notes.run(load(), print, BytesIO(line), out=out, show="colour", cues=None) == 0
    assert "[2J" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_show_as_html_escapes_the_text() -> None:
    code, out, _ = run("read", "--html", given=b"<script>alert(1)</script> I can't pee & my bum is numb")
    page = out.decode()
    assert code == 0
    assert "<script>" not in page
    assert '<mark class="present"' in page


def test_a_lexicon_of_ones_own_adds_replaces_and_is_checked(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[cues.my_fever]\nfinding = "fever"\nsays = ["burning hot ~1 potato"]\n', encoding="utf-8")
    text = "I am a burning hot potato and I can't pass urine"
    assert [m["finding"] for m in read(text, "--cues", str(own))[1][0]["mentions"]] == ["fever", "urinary_retention"]
    own.write_text("replaces = true\n" + own.read_text(encoding="utf-8"), encoding="utf-8")
    assert [m["finding"] for m in read(text, "--cues", str(own))[1][0]["mentions"]] == ["fever"]
    own.write_text('[cues.fevre]\nsays = ["hot"]\n[cues.fever]\nsays = ["(hot"]\n', encoding="utf-8")
    code, out, said = run("read", "--cues", own, given=text.encode())
    assert (code, out) == (2, b"")
    assert 'own.toml: [cues.fevre]: finding: "fevre" is no finding of the protocol; did you mean "fever"?' in said
    assert 'own.toml: [cues.fever]: says: "(hot": a bracket is not closed' in said


def triage(**line: object) -> dict:
    code, out, _ = run("triage", given=json.dumps(line).encode())
    assert code == 0
    return json.loads(out)


def test_triage_takes_text() -> None:
    answer = triage(text=MESSAGE)
    assert answer["low"] == "emergency"
    retention = answer["findings"]["urinary_retention"]
    assert retention["value"] is True
    assert retention["evidence"] == [
        {"origin": "text", "start": 32, "end": 48, "quote": "can\u2019t pass urine", "assertion": "present", "cue": None}
    ]
    assert answer["findings"]["fever"]["value"] is False
    assert answer["set_aside"] == []


def test_what_is_said_of_others_or_of_later_leaves_a_finding_not_asked() -> None:
    answer = triage(text="My back hurts. Come back if you can't pass urine. Mother had a vertebral fracture.")
    assert "urinary_retention" not in answer["findings"]
    assert {name: pieces[0]["assertion"] for name, pieces in answer["also_said"].items()} == {
        "urinary_retention": "hypothetical",
        "vertebral_fracture": "family",
    }


def test_text_and_answers_that_disagree_what_is_present_counts() -> None:
    answer = triage(text="I can't pass urine", findings={"urinary_retention": False, "fever": True})
    assert answer["findings"]["urinary_retention"]["value"] is True
    assert answer["low"] == "emergency"
    assert [c["finding"] for c in answer["conflicts"]] == ["urinary_retention"]


def test_an_old_unchanged_symptom_is_read_as_long_standing_and_doubt_as_not_known() -> None:
    answer = triage(text="I have leaked when I cough for ten years, unchanged. Possible fever.")
    assert answer["findings"]["stress_leak"]["value"] == "long_standing"
    assert answer["findings"]["fever"]["value"] is None


def test_an_impossible_measure_in_a_text_is_set_aside_and_the_rest_is_judged() -> None:
    answer = triage(text="Unable to pass urine. Temp 380 C. PVR 650 ml.")
    assert answer["findings"]["pvr_ml"]["value"] == 650
    assert "temperature_c" not in answer["findings"]
    assert answer["low"] == "emergency"


@pytest.mark.parametrize("text", ["No puedo orinar y tengo fiebre desde ayer", "Please renew my parking permit."])
def test_a_text_that_says_nothing_gives_no_advice(text: str) -> None:
    answer = triage(text=text)
    assert answer["disposition"] is None
    assert answer["set_aside"][0]["origin"] == "text"
