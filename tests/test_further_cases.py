"""Further whole cases as free text, held by counts alone: 80 that were read when the reader had been mended, 38 that nobody reads.

`held_cases.jsonl` is for measuring: whoever mends the reader looks at what it scores, never into it. Once something is mended by a
case, it measures nothing more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from equina.evaluation.scoring import asked
from equina.evaluation.systems import Engine
from equina.evaluation.vignettes import read_vignettes
from equina.model import DISPOSITIONS
from equina.protocol import load

CASES = Path(__file__).parent / "cases"
# Of each file, by how it is told: the least emergencies found, the most cases told too low, the most told too high.
BOUNDS = {
    ("seen_cases.jsonl", "patient"): (34, 5, 15),
    ("seen_cases.jsonl", "clinical"): (37, 2, 11),
    ("held_cases.jsonl", "patient"): (17, 1, 7),
    ("held_cases.jsonl", "clinical"): (17, 2, 5),
}


@pytest.mark.parametrize(("file", "mode"), BOUNDS)
def test_further_cases_are_judged_no_worse_than_they_were(file: str, mode: str) -> None:
    cases = read_vignettes([CASES / file])
    answers = asked(Engine(load()), cases, [case.request(mode) for case in cases], lambda _: None)
    found = under = over = 0
    for case in cases:
        level = DISPOSITIONS.index(answers[case.id].level)
        accepted = [DISPOSITIONS.index(each) for each in case.acceptable]
        found += case.emergency and level == len(DISPOSITIONS) - 1
        under += level < min(accepted)
        over += level > max(accepted)
    emergencies, too_low, too_high = BOUNDS[file, mode]
    assert (found >= emergencies, under <= too_low, over <= too_high) == (True, True, True), (found, under, over)
