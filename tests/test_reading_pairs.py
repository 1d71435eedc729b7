"""Two findings in one plain sentence: neither may swallow the other, above all no emergency flag.

Every two of these names, joined in every plain way: a pattern that reaches over the join ("back pain with urinary ...") shows here.
"""

from itertools import permutations

import pytest

from equina.notes.lexicon import lexicon
from equina.notes.reading import read
from strategies import PROTOCOL

LEXICON = lexicon(PROTOCOL)
# The flags of which none may be lost, then what stands beside them.
FLAGS = {
    "urinary_retention": [
        "urinary retention",
        "retention of urine",
        "unable to pass urine",
        "can't pee",
        "inability to void",
        "cannot wee",
    ],
    "urinary_incontinence": [
        "urinary incontinence",
        "incontinence of urine",
        "wetting myself",
        "leaking urine",
        "loss of bladder control",
    ],
    "bowel_incontinence": [
        "bowel incontinence",
        "faecal incontinence",
        "loss of bowel control",
        "soiling himself",
        "incontinent of stool",
    ],
    "saddle_anesthesia": [
        "saddle anaesthesia",
        "saddle numbness",
        "perineal numbness",
        "numbness between the legs",
        "numb genitals",
    ],
    "leg_weakness": ["leg weakness", "weakness in both legs", "weak legs", "bilateral leg weakness", "left leg weakness"],
    "foot_drop": ["foot drop"],
    "fever": ["fever", "pyrexia", "a temperature of 39"],
    "sciatica_bilateral": ["bilateral sciatica", "pain down both legs"],
    "reduced_anal_tone": ["reduced anal tone", "lax anal sphincter"],
}
OTHERS = {
    "back_pain": ["low back pain", "back pain", "lumbar pain"],
    "dysuria": ["dysuria", "burning urination"],
    "frequency": ["urinary frequency"],
    "urgency": ["urgency"],
    "constipation": ["constipation"],
    "leg_numbness": ["leg numbness", "numb feet", "numbness in the left leg"],
    "gait_disturbance": ["unsteady gait", "difficulty walking"],
    "weight_loss": ["weight loss"],
    "hematuria": ["haematuria"],
    "nausea_vomiting": ["vomiting"],
    "flank_pain": ["flank pain"],
    "sexual_dysfunction": ["erectile dysfunction"],
    "night_pain": ["night pain"],
}
JOINS = [
    *("{} with {}", "{} and {}", "{}, {}", "{} plus {}", "{}/{}", "{} but {}", "{} & {}", "{} + {}"),
    *("{} associated with {}", "{} followed by {}", "{} for two days, {} since this morning", "No chest pain. {}. {}."),
    *("Patient reports {} with new {}.", "Presents with {}, {}, and cough", "{} since {} started", "{}; also {}"),
]
# What says as much or more.
AS_GOOD = {
    "urinary_incontinence": {"new_urinary_incontinence", "insensible_incontinence", "overflow_incontinence"},
    "leg_weakness": {"bilateral_leg_weakness", "foot_drop"},
    "foot_drop": {"leg_weakness"},
}
KNOWN = {
    "Leaking urine with vomiting": "taken for a leak on straining",
    "Incontinence of urine with vomiting": "taken for a leak on straining",
    "Leaking urine since back pain started": "taken for a leak because of pain",
    "Wetting myself since back pain started": "taken for a leak because of pain",
}


@pytest.mark.parametrize("join", JOINS)
def test_no_flag_is_lost_beside_another_finding(join):
    every = {**FLAGS, **OTHERS}
    lost = []
    for first, second in permutations(every, 2):
        wanted = [flag for flag in (first, second) if flag in FLAGS]
        for one in every[first] if wanted else ():
            for other in every[second]:
                text = join.format(one, other)
                text = text[0].upper() + text[1:]
                present = {mention.finding for mention in read(LEXICON, text).mentions if mention.assertion == "present"}
                if {first, second} == {"urgency", "urinary_incontinence"} and "urge_leak" in present:
                    continue  # that is the name of the two together
                gone = [flag for flag in wanted if present.isdisjoint({flag} | AS_GOOD.get(flag, set()))]
                if bool(gone) != (text in KNOWN):
                    lost.append((text, gone or "read now: take it out of KNOWN"))
    assert lost == []


# What is denied and what is normal, said in one breath: "no trouble peeing, bowels fine".
DENIED = [
    *("no trouble weeing", "no problems peeing", "no numbness", "no numb bits", "no weakness", "no leaks", "no pain in the legs"),
    *("no pins and needles", "no fever", "no issues with my bladder", "no accidents", "no burning", "no tingling down there"),
    *("never wet myself", "not numb anywhere", "no change in my toilet habits", "doesn't hurt to pee", "denies incontinence"),
    *("no difficulty passing urine", "no saddle numbness", "no blood in urine", "haven't leaked", "no trouble walking", "no falls"),
]
NORMAL = [
    *(
        "bowels good",
        "legs fine",
        "walking fine",
        "peeing fine",
        "wee and poo normal",
        "can feel when I wipe",
        "can feel everything",
    ),
    *("waterworks ok", "bladder fine", "strength's fine", "can walk fine", "bowels regular", "sensation normal", "gait normal"),
    *("toilet fine", "stream good", "weight steady"),
]


@pytest.mark.parametrize("join", ["{}, {}.", "{}. {}.", "{} and {}.", "{}; {}.", "{} - {}."])
def test_nothing_is_raised_by_what_is_denied_beside_what_is_normal(join):
    raised = []
    for denied in DENIED:
        for normal in NORMAL:
            for text in (join.format(denied, normal), join.format(normal, denied)):
                text = text[0].upper() + text[1:]
                raised += [
                    (mention.likely, text, mention.finding, mention.quote)
                    for mention in read(LEXICON, text).mentions
                    if mention.assertion != "absent"
                ]
    assert [one for one in raised if not one[0]] == []
    assert len(raised) <= 3, raised  # by points: of some nine hundred
