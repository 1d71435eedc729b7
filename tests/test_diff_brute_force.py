"""The sets that `equina diff` finds against every case there is, on a small protocol with every kind of finding that decides.

1. What is found is so: any choice of one answer from each slot of a set moves as told, and no answer of its patient is needless.
2. Nothing is missed: every case that moves has, or counts as having, the answers of a set of its direction and level.
"""

from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from equina import load
from equina.model import LONG_STANDING
from strategies import FULL
from versions import edited

pytest.importorskip("z3", reason="the extra `proofs` is not installed")
from equina.diff.patients import Both, Said
from equina.diff.search import Search

LEAVES = (
    *("back_pain", "back_pain_long_standing", "back_pain_new", "urinary_retention", "urinary_retention_unexplained"),
    *("urinary_retention_long_standing", "leg_weakness", "leg_weakness_unexplained", "neuro_deficit", "elevated_pvr"),
    *("elevated_pvr_long_standing", "pvr_ml >= 100", "pvr_ml > 350", "pvr_ml < 50", "spinal_cord_injury"),
)
DROPPED = ("foot_drop", "foot_drop_long_standing")  # of a finding that one version may not have

conditions = st.recursive(
    st.sampled_from([*LEAVES, *DROPPED]),
    lambda inner: st.builds(
        lambda kind, parts: f"at_least(2, {', '.join(parts)})" if kind == "some" else f"({f' {kind} '.join(parts)})",
        st.sampled_from(["and", "or", "some"]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=6,
)
rules = st.lists(st.tuples(st.sampled_from(["scheduled", "urgent", "emergency"]), conditions), min_size=1, max_size=4)
GROUPS = """
[groups]
retention = "urinary_retention or elevated_pvr"
weakness = "leg_weakness or neuro_deficit"
"""
RULE = """
[rules.{name}]
disposition = "{level}"
when = "{when}"
because = "Made up."
timing = "Now."
pathway = "None."
sources = ["one"]
strength = "consensus"
"""


def written(folder, stated, *, with_foot_drop, days):
    """The tiny protocol with these rules alone."""
    edited(folder, ("protocol.toml", "new_within_days = 14", f"new_within_days = {days}"))
    if not with_foot_drop:
        findings = (folder / "findings.toml").read_text(encoding="utf-8")
        table = next(part for part in findings.split("\n\n") if part.startswith("[findings.foot_drop]"))
        (folder / "findings.toml").write_text(findings.replace(table, ""), encoding="utf-8")
        top = (folder / "protocol.toml").read_text(encoding="utf-8")
        (folder / "protocol.toml").write_text(top.replace('chronic_covers = ["foot_drop"]', ""), encoding="utf-8")
        stated = [(level, when.replace("foot_drop", "leg_weakness")) for level, when in stated]
    # One rule has the name that other files of the protocol know.
    names = ["cannot_pass_urine", *(f"rule_{i}" for i in range(1, len(stated)))]
    texts = [RULE.format(name=name, level=level, when=when) for name, (level, when) in zip(names, stated, strict=True)]
    (folder / "rules.toml").write_text(GROUPS + "".join(texts), encoding="utf-8")
    return load(folder)


def every_case(both):
    """Every case: each finding new, old or not said, two of them old since ten days, and the residual in each of its cells."""
    choices = []
    for name in (
        "back_pain",
        "urinary_retention",
        "leg_weakness",
        "foot_drop",
        "neuro_deficit",
        "elevated_pvr",
        "spinal_cord_injury",
    ):
        said = [(), (Said(name, True),), (Said(name, LONG_STANDING),)]
        if name in ("urinary_retention", "leg_weakness"):
            said.append((Said(name, LONG_STANDING, 10),))
        choices.append(said)
    choices.append([(), *((cell,) for cell in both.cells("pvr_ml"))])
    for parts in product(*choices):
        yield tuple(said for part in parts for said in part)


def counts_as(both, above, case, said):
    """Whether a case that has it, or something narrower, or something old that changed, has the answer."""
    windows = sorted({both.old.new_within_days, both.new.new_within_days})

    def begun(other):  # the shortest of the two times within which it began
        return other.days and next((days for days in windows if other.days <= days), None)

    if any(said in (replace(other, days=begun(other)), replace(other, days=None)) for other in case):
        return True
    if said.finding in above.baseline_facts or not isinstance(said.value, bool | str) or said.finding not in above.findings:
        return False
    new = said.value is True or (said.days is not None and said.days <= above.new_within_days)
    ending = "" if new else "_long_standing"
    as_a_whole, each_alone = [case], [(other,) for other in case if isinstance(other.value, bool | str)]
    return any(
        both.truth(above, some).must & above.table.bits.get(said.finding + e, 0)
        for some in as_a_whole + each_alone
        for e in (ending, "")
    )


# No shrinking: a small protocol is readable as it is, and every try judges tens of thousands of cases.
@settings(max_examples=60 if FULL else 3, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(rules, rules, st.booleans(), st.booleans(), st.sampled_from([7, 14]), st.sampled_from([7, 14]), st.booleans())
def test_every_case_that_moves_and_no_other(old, new, drop_old, drop_new, days_old, days_new, related):
    with TemporaryDirectory() as folder:
        both = Both(
            written(Path(folder) / "old", old, with_foot_drop=not drop_old, days=days_old),
            written(Path(folder) / "new", old[1:] + new[:1] if related else new, with_foot_drop=not drop_new, days=days_new),
        )
    search = Search(both, seconds=600)
    found = {lowered: search.moves(lowered=lowered) for lowered in (True, False)}
    for lowered, by_level in found.items():
        for level, moves in by_level.items():
            assert moves.not_settled is None
            for moved in moves.sets:
                assert both.levels(moved.patient) == moved.levels
                for patient in product(*moved.slots):
                    assert search.moved(level, lowered, patient)
                for i in range(len(moved.slots)):
                    assert not search.moved(level, lowered, moved.patient[:i] + moved.patient[i + 1 :]), "a needless answer"
    for case in every_case(both):
        before, after = both.levels(case)
        if before == after:
            continue
        lowered, above = after < before, both.old if after < before else both.new
        sets = found[lowered][max(before, after)].sets
        assert any(all(any(counts_as(both, above, case, said) for said in slot) for slot in moved.slots) for moved in sets), (
            f"missed: {case}"
        )
