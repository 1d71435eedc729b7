"""Who writes for somebody else says "I" too, and what they tell is still the patient's: kin, complaints, flags, remarks crossed."""

from __future__ import annotations

from itertools import product

from equina.evaluation.systems import Engine
from equina.protocol import load
from strategies import FULL

KIN = {
    "he": ("My husband", "My dad", "My partner", "My son", "Dad", "My mate", "My neighbour", "Hubby", "My brother in law", "My ex"),
    "she": (
        "My wife",
        "My mum",
        "My daughter",
        "Mum",
        "My nan",
        "My friend",
        "The wife",
        "My mother in law",
        "Me mam",
        "My flatmate",
    ),
}
FORMS = {"he": ("he", "his", "him", "himself"), "she": ("she", "her", "her", "herself")}
BACK = (
    " has had a bad back since Tuesday",
    " has back pain",
    " got a sore back lifting a sofa",
    " hurt {his} back",
    "'s back is really bad",
    " has terrible back pain and {he} won't ring",
)
FLAGS = (
    "{he} can't pee",
    "{he} wet the bed last night",
    "{his} bum is numb",
    "{he} can't feel when {he} wipes",
    "both {his} legs are weak",
    "{he} pooed {himself} in bed",
    "{he} can't feel {himself} going",
)
REMARKS = (
    "",
    "I am writing for {him}. ",
    "I had to change the sheets. ",
    "I can't get {him} to ring you. ",
    "I have to help {him} up. ",
    "I am really worried. ",
    "I got home and found {him} on the floor. ",
    "I noticed it today. ",
    "I feel so bad for {him}. ",
    "I keep telling {him} to go. ",
    "I was at work. ",
    "I need advice please. ",
    "I've been helping {him}. ",
    "I had {him} in the car. ",
    "I woke at four to {him} shouting. ",
)
OPENINGS = (
    "",
    "Sorry to bother you on a Sunday evening, I don't know if this is the right place. ",
    "Good evening. I never do this sort of thing and I feel silly for asking at this hour. ",
    "Hi there, long time reader, first time writing in. The doctor's phone line is closed until Monday. ",
)


def texts() -> list[str]:
    """Each an emergency."""
    told = []
    for pronoun, kin in KIN.items():
        he, his, him, himself = FORMS[pronoun]
        for opening, who, back, remark, flag in product(OPENINGS, kin, BACK, REMARKS, FLAGS):
            what = flag.format(he=he, his=his, him=him, himself=himself)
            rest = f"{back}. {remark}".format(he=he, his=his, him=him)
            told.append(f"{opening}{who}{rest}{what[0].upper()}{what[1:]}.")
    return told


def test_a_carer_may_speak_of_themselves() -> None:
    every = texts()[:: 1 if FULL else 11]
    answers = Engine(load()).answers([{"id": text, "text": text} for text in every], lambda _: None)
    assert len(every) > 2_000
    assert [text for text, answer in answers.items() if answer.level != "emergency"] == []


def test_who_tells_of_an_ill_of_their_own_is_the_patient() -> None:
    told = [
        "My husband has cauda equina and can't pee, he is in hospital. My back is a bit stiff, I pee fine.",
        "Dad's legs went weak and he wet himself, it was a tumour on his spine. I have a sore back from the gym, none of that.",
        "My mum had back pain and couldn't hold her water, they operated. I've had lower back pain since the move.",
    ]
    answers = Engine(load()).answers([{"id": text, "text": text} for text in told], lambda _: None)
    assert [text for text, answer in answers.items() if answer.level == "emergency"] == []
