"""Attacks: the same case told otherwise, to see whether the level holds. The seed draws every change, so a run can be repeated."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random

from equina.evaluation import rewording
from equina.evaluation.scoring import asked
from equina.evaluation.systems import Answer, Progress, System
from equina.evaluation.vignettes import Request, Vignette
from equina.model import LONG_STANDING, Disposition, Protocol, rank
from equina.shares import Share

__all__ = ["ATTACKS", "Attack", "AttackScore", "Changed", "attack", "attacked"]

ADDED_FACTS, ADDED_DENIALS = 3, 5
Findings = Mapping[str, object]
# What an attack makes of the findings or of the text, with what it did in words; None where there is nothing to change.
OnFindings = Callable[[Protocol, Findings, Random], tuple[Findings, str] | None]
OnText = Callable[["Words", Vignette, str, Random], tuple[str, str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One way of telling a case otherwise. It is `harmless` when no fact is taken away: then no emergency may be lost."""

    id: str
    harmless: bool
    on_findings: OnFindings | None = None
    on_text: OnText | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A case whose level an attack changed."""

    vignette: Vignette
    did: str
    before: Disposition | None
    after: Disposition | None
    request: Request

    @property
    def lost(self) -> bool:
        """A true emergency that was found before, and is not any more."""
        return self.vignette.emergency and self.before == "emergency"

    @property
    def lower(self) -> bool:
        return _rank(self.after) < _rank(self.before)


@dataclass(frozen=True, slots=True)
class AttackScore:
    """What came of one attack in one mode."""

    attack: Attack
    mode: str
    cases: int
    emergencies: int  # true emergencies that were found before
    changed: tuple[Changed, ...]

    @property
    def lost(self) -> tuple[Changed, ...]:
        return tuple(change for change in self.changed if change.lost)

    @property
    def lower(self) -> int:
        return sum(change.lower for change in self.changed)

    @property
    def share_lost(self) -> Share:
        return Share(len(self.lost), self.emergencies)


@dataclass(frozen=True, slots=True)
class Words:
    """The lists of attacks.toml."""

    idle_findings: tuple[str, ...]
    same: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]
    denials: tuple[tuple[str, frozenset[str]], ...]


@cache
def _words() -> Words:
    data = tomllib.loads((Path(__file__).parent / "attacks.toml").read_text(encoding="utf-8"))
    return Words(
        idle_findings=tuple(data["idle_findings"]),
        same=tuple(map(tuple, data["same"])),
        remarks=tuple(data["remarks"]),
        denials=tuple((row["says"], frozenset(row["denies"])) for row in data["denials"]),
    )


def attack(
    system: System,
    protocol: Protocol,
    before: Mapping[str, Answer],
    vignettes: Sequence[Vignette],
    mode: str,
    rounds: int,
    seed: int,
    told: Progress,
) -> Iterator[AttackScore]:
    """Each attack on each vignette, `rounds` times over. `before` are the answers to the vignettes as they are."""
    done = 0
    for one in ATTACKS:
        rows = list(attacked(one, protocol, vignettes, mode, rounds, seed))
        if not rows:
            continue
        answers = asked(system, [row[0] for row in rows], [row[1] for row in rows], partial(_further, told, done))
        done += len(rows)
        changed, emergencies = [], 0
        for vignette, request, did in rows:
            was, now = before[vignette.id].level, answers[str(request["id"])].level
            emergencies += vignette.emergency and was == "emergency"
            if was != now:
                changed.append(Changed(vignette, did, was, now, request))
        yield AttackScore(one, mode, len(rows), emergencies, tuple(changed))


def attacked(
    one: Attack, protocol: Protocol, vignettes: Iterable[Vignette], mode: str, rounds: int, seed: int
) -> Iterator[tuple[Vignette, Request, str]]:
    """The vignettes as the attack tells them, each with what was done; those that it cannot change are left out."""
    for turn in range(1, rounds + 1):
        for vignette in vignettes:
            request = dict(vignette.request(mode))
            chance = Random(f"{seed} {one.id} {mode} {turn} {vignette.id}")
            found: tuple[object, str] | None = None
            if mode == "findings" and one.on_findings is not None:
                found = one.on_findings(protocol, vignette.findings or {}, chance)
            elif mode != "findings" and one.on_text is not None:
                found = one.on_text(_words(), vignette, vignette.texts[mode], chance)
            if found is not None:
                told = {"findings" if mode == "findings" else "text": found[0]}
                yield vignette, {**request, **told, "id": f"{vignette.id} {one.id} {turn}"}, found[1]


def _further(told: Progress, done: int, count: int) -> None:
    told(done + count)


def _rank(level: Disposition | None) -> int:
    return -1 if level is None else rank(level)


# --- on findings ---------------------------------------------------------------------------------------------------------------


def _shuffled(_: Protocol, findings: Findings, chance: Random) -> tuple[Findings, str] | None:
    names = list(findings)
    chance.shuffle(names)
    return ({name: findings[name] for name in names}, "shuffled") if len(names) > 1 else None


def _dropped(_: Protocol, findings: Findings, chance: Random) -> tuple[Findings, str] | None:
    present = [name for name, value in findings.items() if value in (True, LONG_STANDING)]
    if not present:
        return None
    dropped = chance.choice(present)
    return {name: value for name, value in findings.items() if name != dropped}, f"left out {dropped}"


def _idle(protocol: Protocol, findings: Findings, chance: Random) -> tuple[Findings, str] | None:
    free = [name for name in _words().idle_findings if name in protocol.findings and name not in findings]
    added = chance.sample(free, min(ADDED_FACTS, len(free)))
    return ({**dict.fromkeys(added, True), **findings}, f"added {', '.join(added)}") if added else None


def _denied(protocol: Protocol, findings: Findings, chance: Random) -> tuple[Findings, str] | None:
    """Denials of whatever was not stated. What was there before an episode decides what counts as new, so it is left as it is."""
    free = [
        finding.id
        for finding in protocol.findings.values()
        if not finding.measured
        and finding.kind != "choice"
        and finding.id not in findings
        and finding.id not in protocol.baseline_facts
    ]
    added = chance.sample(free, min(ADDED_DENIALS, len(free)))
    return ({**findings, **dict.fromkeys(added, False)}, f"denied {', '.join(added)}") if added else None


def _unsure(_: Protocol, findings: Findings, __: Random) -> tuple[Findings, str] | None:
    denied = [name for name, value in findings.items() if value is False]
    unsure = {name: None if value is False else value for name, value in findings.items()}
    return (unsure, "each denial made not known") if denied else None


# --- on text -------------------------------------------------------------------------------------------------------------------


def _paraphrased(words: Words, _: Vignette, text: str, chance: Random) -> tuple[str, str] | None:
    return _told(text, rewording.paraphrased(text, words.same, chance), "exchanged words")


def _mistyped(_: Words, __: Vignette, text: str, chance: Random) -> tuple[str, str] | None:
    return _told(text, rewording.mistyped(text, chance), "mistyped words")


def _unmarked(_: Words, __: Vignette, text: str, ___: Random) -> tuple[str, str] | None:
    return _told(text, rewording.unmarked(text), "small letters, no punctuation")


def _reordered(_: Words, __: Vignette, text: str, chance: Random) -> tuple[str, str] | None:
    return _told(text, rewording.reordered(text, chance), "sentences in another order")


def _shortened(_: Words, __: Vignette, text: str, chance: Random) -> tuple[str, str] | None:
    parts = rewording.sentences(text)
    if len(parts) < 2:
        return None
    gone = chance.randrange(len(parts))
    return " ".join(parts[:gone] + parts[gone + 1 :]), f'left out "{parts[gone]}"'


def _rambling(words: Words, _: Vignette, text: str, chance: Random) -> tuple[str, str] | None:
    added = chance.sample(words.remarks, ADDED_FACTS)
    return rewording.with_sentences(text, added, chance), f'added "{" ".join(added)}"'


def _denying(words: Words, vignette: Vignette, text: str, chance: Random) -> tuple[str, str] | None:
    present = {name for name, value in (vignette.findings or {}).items() if value is not False}
    told = vignette.findings is not None
    free = [says for says, denies in words.denials if not denies & present and (told or not denies)]
    added = chance.sample(free, min(ADDED_FACTS, len(free)))
    return (rewording.with_sentences(text, added, chance), f'added "{" ".join(added)}"') if added else None


def _told(before: str, after: str, did: str) -> tuple[str, str] | None:
    return None if after == before else (after, did)


ATTACKS: tuple[Attack, ...] = (
    Attack(id="shuffled", harmless=True, on_findings=_shuffled, on_text=_reordered),
    Attack(id="irrelevant", harmless=True, on_findings=_idle, on_text=_rambling),
    Attack(id="denials", harmless=True, on_findings=_denied, on_text=_denying),
    Attack(id="unsure", harmless=True, on_findings=_unsure),
    Attack(id="paraphrase", harmless=True, on_text=_paraphrased),
    Attack(id="typos", harmless=True, on_text=_mistyped),
    Attack(id="unmarked", harmless=True, on_text=_unmarked),
    Attack(id="dropped", harmless=False, on_findings=_dropped, on_text=_shortened),
)
