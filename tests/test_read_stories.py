"""The shipped stories, as free text alone: each gets its level and its cause."""

from __future__ import annotations

import pytest

from equina.case import Case
from equina.notes.evidence import with_text
from equina.protocol import load
from equina.triage import assess

PROTOCOL = load()
CAUSES = {
    "cannot_pee_after_lifting": "cauda_equina_syndrome",
    "leaks_after_a_baby": "pelvic_floor_dysfunction",
    "it_was_my_kidneys": "uti_or_pyelonephritis",
    "heavy_legs_and_new_leaks": "severe_stenosis_or_disc",
    "i_waited_to_say_it": "mechanical_back_pain",
}


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=PROTOCOL.stories)
def test_a_story_read_as_text_gets_its_level_and_its_cause(story) -> None:
    assessment = assess(PROTOCOL, with_text(PROTOCOL, Case(told=story.story, answered_by="record")))
    assert assessment.low == story.expected
    assert CAUSES[story.id] in [fit.id for fit in assessment.causes][:3]
