"""An evaluation as a whole: whether the bar was met, the JSON report, and the summary in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from equina import __version__
from equina.evaluation.attacks import AttackScore, Changed
from equina.evaluation.emergencies import Generated
from equina.evaluation.measures import MEASURES, Outcome
from equina.evaluation.published import Figure, published
from equina.evaluation.scoring import Scores, Slice
from equina.evaluation.vignettes import Vignette
from equina.model import Protocol
from equina.shares import Share
from equina.wording import wording

__all__ = ["WORDS", "Evaluation", "document", "measure_words", "percent", "summary"]

WORDS: Mapping[str, Any] = wording("evaluate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that was found out about one system. `bar` is the least share of true emergencies to be found in each mode."""

    system: str
    protocol: Protocol
    vignettes: tuple[Vignette, ...]
    scores: tuple[Scores, ...]
    attacks: tuple[AttackScore, ...]
    generated: Generated | None
    seed: int
    bar: float

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(vignette.file for vignette in self.vignettes))

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the bar was not met, if it was not."""
        return tuple(_failures(self))

    @property
    def verdict(self) -> str:
        """Whether the bar was met, and what it was."""
        return str(WORDS["missed_bar" if self.failures else "held"].format(bar=percent(self.bar)))


def _failures(evaluation: Evaluation) -> Iterator[str]:
    for scores in evaluation.scores:
        found = scores.shares["emergency"]
        if found.value is not None and found.value < evaluation.bar:
            words = {"hits": found.hits, "total": found.total, "bar": percent(evaluation.bar)}
            yield WORDS["bar_low"].format(mode=WORDS[f"mode_{scores.mode}"], **words)
    for row in evaluation.attacks:
        # A text told otherwise may be read otherwise, which is measured. Findings leave nothing to be read.
        if row.attack.harmless and row.mode == "findings" and row.lost:
            name = WORDS["attack_names"][row.attack.id]
            yield WORDS["bar_attacked"].format(mode=WORDS["mode_findings"], lost=len(row.lost), attack=name)
    if evaluation.generated is not None and evaluation.generated.missed:
        missed, total = len(evaluation.generated.missed), len(evaluation.generated.patients)
        yield WORDS["bar_generated"].format(missed=missed, total=total)


def percent(value: float | None) -> str:
    """The share as a person reads it.

    >>> percent(0.897)
    '89.7 %'
    """
    return "–" if value is None else f"{100 * value:.1f} %"


def measure_words(id: str) -> tuple[str, str]:
    """The label of a measure, and what it counts."""
    words = WORDS["measures"][id]
    return words["label"], words["meaning"]


# --- as JSON -------------------------------------------------------------------------------------------------------------------


def document(evaluation: Evaluation) -> dict[str, object]:
    """The whole evaluation as one JSON object."""
    protocol = evaluation.protocol
    return {
        "equina": __version__,
        "system": evaluation.system,
        "protocol": {"id": protocol.id, "version": protocol.version, "digest": protocol.digest},
        "seed": evaluation.seed,
        "bar": evaluation.bar,
        "held": not evaluation.failures,
        "failures": evaluation.failures,
        "files": evaluation.files,
        "vignettes": len(evaluation.vignettes),
        "measures": [
            {
                "id": m.id,
                "scoring": m.scoring,
                "wanted": m.wanted,
                **dict(zip(("label", "meaning"), measure_words(m.id), strict=True)),
            }
            for m in MEASURES
        ],
        "modes": {scores.mode: _scores(scores) for scores in evaluation.scores},
        "attacks": [_attack(row) for row in evaluation.attacks],
        "emergencies": None if evaluation.generated is None else _generated(evaluation.generated),
        "published": _published(),
        "notice": WORDS["notice"],
    }


def _share(share: Share) -> dict[str, object]:
    return {"share": share.value, "hits": share.hits, "total": share.total, "interval_95": share.interval}


def _scores(scores: Scores) -> dict[str, object]:
    return {
        "cases": len(scores.outcomes),
        "shares": {id: _share(share) for id, share in scores.shares.items()},
        "confusion": scores.confusion,
        "slices": [_slice(part) for part in scores.slices],
        "wrong": [_outcome(outcome) for outcome in scores.wrong],
    }


def _slice(part: Slice) -> dict[str, object]:
    return {"by": part.by, "part": part.name, "cases": part.cases, "shares": {id: _share(s) for id, s in part.shares.items()}}


def _outcome(outcome: Outcome) -> dict[str, object]:
    vignette = outcome.vignette
    return {
        "id": vignette.id,
        "file": vignette.file,
        "line": vignette.line,
        "expected": vignette.expected,
        "acceptable": vignette.acceptable,
        "given": outcome.answer.level,
        "error": outcome.answer.error,
        "missed": outcome.missed,
    }


def _attack(row: AttackScore) -> dict[str, object]:
    return {
        "attack": row.attack.id,
        "mode": row.mode,
        "harmless": row.attack.harmless,
        "cases": row.cases,
        "changed": len(row.changed),
        "lower": row.lower,
        "emergencies": row.emergencies,
        "lost": len(row.lost),
        "changes": [_changed(change) for change in row.changed],
    }


def _changed(change: Changed) -> dict[str, object]:
    told = {"id": change.vignette.id, "did": change.did, "before": change.before, "after": change.after}
    return {**told, "lost": change.lost, "request": change.request}


def _generated(generated: Generated) -> dict[str, object]:
    return {
        "generated": len(generated.patients),
        "missed": len(generated.missed),
        "share_missed": _share(Share(len(generated.missed), len(generated.patients))),
        "seed": generated.seed,
        "by_rule": {rule: {"made": made, "missed": missed} for rule, (made, missed) in generated.by_rule.items()},
        "misses": [
            {"rule": patient.tags[0], "given": answer.level, "request": patient.request("findings")}
            for patient, answer in generated.missed
        ],
    }


def _published() -> dict[str, object]:
    data = published()
    return {
        "caveat": data.caveat,
        "figures": [_figure(figure) for figure in data.figures],
        "sources": {name: {"citation": citation, "doi": doi} for name, (citation, doi) in data.sources.items()},
    }


def _figure(figure: Figure) -> dict[str, object]:
    return {key: getattr(figure, key) for key in ("source", "what", "measure", "share", "range", "interval", "of", "seen")}


# --- in words ------------------------------------------------------------------------------------------------------------------


def summary(evaluation: Evaluation) -> Iterator[str]:
    """What a terminal shows: the shares of each mode, what the attacks did, what was missed, and the verdict."""
    yield WORDS["judged"].format(system=evaluation.system)
    if evaluation.scores:
        yield WORDS["cases"].format(cases=len(evaluation.vignettes), files=", ".join(evaluation.files))
    for scores in evaluation.scores:
        yield ""
        yield f"{WORDS[f'mode_{scores.mode}']} ({scores.mode}, {len(scores.outcomes)})"
        yield from _share_lines(scores)
        for outcome in scores.wrong:
            yield "    " + _wrong_line(outcome)
    if evaluation.attacks:
        yield ""
        yield f"{WORDS['attacks']}"
    for row in evaluation.attacks:
        told = f"{len(row.changed)}/{row.cases} changed, {row.lower} lower, {len(row.lost)}/{row.emergencies} emergencies lost"
        yield f"  {row.mode:<9} {WORDS['attack_names'][row.attack.id]:<38} {told}"
    if evaluation.generated is not None:
        total, missed = len(evaluation.generated.patients), len(evaluation.generated.missed)
        yield ""
        yield f"{WORDS['emergencies']}: {WORDS['emergencies_told'].format(total=total, missed=missed)}"
        for patient, answer in evaluation.generated.missed[:10]:
            yield f"    {patient.id}: {answer.level or answer.error or WORDS['none']}"
    yield ""
    yield from evaluation.failures
    yield evaluation.verdict


def _share_lines(scores: Scores) -> Iterator[str]:
    scoring = ""
    for measure in MEASURES:
        share = scores.shares[measure.id]
        if not share.total:
            continue
        if measure.scoring != scoring:
            scoring = measure.scoring
            yield f"  {WORDS[scoring]}"
        low, high = share.interval
        label = measure_words(measure.id)[0]
        yield f"    {label:<26} {percent(share.value):>8}  ({share.hits}/{share.total}, {100 * low:.1f} to {100 * high:.1f})"


def _wrong_line(outcome: Outcome) -> str:
    vignette = outcome.vignette
    given = outcome.answer.level or outcome.answer.error or WORDS["none"]
    return f"{vignette.id} ({vignette.file}, line {vignette.line}): {' or '.join(vignette.acceptable)}, given {given}"
