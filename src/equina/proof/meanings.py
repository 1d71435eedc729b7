"""What one statement means for others: what a finding implies, what a denial denies, what "the same as always" says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import z3

from equina.case import Case
from equina.leaves import RELATIONS, resolve
from equina.logic import Compare, compares
from equina.model import LONG_STANDING, Finding, Protocol, Value
from equina.proof.patients import Proof, patient, solver_of
from equina.proof.terms import Cases, Term
from equina.triage import settle

__all__ = ["denials", "implications", "long_standing", "measurements", "what_findings_mean", "what_it_means", "wider"]


def wider(protocol: Protocol, name: str) -> tuple[str, ...]:
    """What the finding implies, in one step or several, nearest first."""
    found = dict.fromkeys(protocol.findings[name].implies)
    for parent in tuple(found):
        found |= dict.fromkeys(wider(protocol, parent))
    return tuple(found)


def implications(every: Cases) -> Iterator[Proof]:
    """Whoever has a finding has what it implies, in every case; whoever has it anew has that anew; the old is old or there."""
    solver = solver_of(every)
    for child, parent in ((name, above) for name in every.statements for above in wider(every.protocol, name)):
        broken = z3.And(every.leaves[child].must, z3.Not(every.leaves[parent].must))
        yield Proof(f"{child} {parent}", "whoever has the one has the other", patient(every, solver, broken))
        old = every.leaves[f"{child}_long_standing"].must
        kept = z3.Or(every.leaves[f"{parent}_long_standing"].must, every.leaves[parent].must)
        yield Proof(f"old {child} {parent}", "the old one is an old other", patient(every, solver, z3.And(old, z3.Not(kept))))


def what_findings_mean(protocol: Protocol) -> Iterator[Proof]:
    """Each finding, stated alone, new or old: it makes present what `means` of promises.toml lists for it, and nothing else."""
    for name, value in (
        (name, value) for name in protocol.findings if name in protocol.table.bits for value in (True, LONG_STANDING)
    ):
        sentence = "it means what promises.toml says, and nothing else"
        id = name if value is True else f"old {name}"
        yield what_it_means(protocol, Case(values={name: value})) or Proof(id, sentence, None)


def what_it_means(protocol: Protocol, alone: Case) -> Proof | None:
    """What the one statement of the case means beyond what is written down, or short of it; None when it means that."""
    ((name, value),) = alone.values.items()
    if protocol.findings[name].measured:
        return _number_means(protocol, alone)
    meant = {name, *protocol.means.get(name, ())}
    missing, more = _differs(protocol, alone, meant)
    said = [f"{protocol.findings[n].label} is not counted as present with it" for n in missing]
    said += [f"{protocol.findings[n].label} is counted as present with it" for n in more]
    id = name if value is True else f"old {name}"
    return Proof(id, "it means what promises.toml says, and nothing else", alone, why="; ".join(said)) if said else None


def _number_means(protocol: Protocol, alone: Case) -> Proof | None:
    """The same of a number."""
    must = resolve(protocol.table, alone.values).must
    for name, by in protocol.measured_means.items():
        present = bool(must & protocol.table.bits[name])
        if present != any(_fulfils(one, alone) for one in compares(by)):
            said = f"{protocol.findings[name].label} is {'counted' if present else 'not counted'} as present with it"
            return Proof(name, "a number makes present what promises.toml says", alone, why=said)
    return None


def _fulfils(one: Compare, alone: Case) -> bool:
    number = alone.values.get(one.quantity)
    return isinstance(number, int | float) and RELATIONS[one.relation](number, one.number)


def _differs(protocol: Protocol, case: Case, meant: set[str]) -> tuple[list[str], list[str]]:
    """What the case does not count as present, new or old, though it is meant; and what it does though it is not."""
    table = protocol.table
    must = resolve(table, settle(protocol, case)[0]).must
    present = {name for name, about in table.about.items() if must & about}
    return sorted(meant - present), sorted(present - meant)


def measurements(every: Cases) -> Iterator[Proof]:
    """Each number that promises.toml gives a meaning: from there on the finding is present, and short of it not."""
    solver, protocol = solver_of(every), every.protocol
    for name, by in protocol.measured_means.items():
        holds = every.pair(by).must
        silent = z3.Not(
            z3.Or([z3.Or(every.statements[n].yes, every.statements[n].old) for n in (name, *_narrower(protocol, name))])
        )
        present = every.leaves[name].must
        yield Proof(
            f"{name} from there", "the number makes it present", patient(every, solver, z3.And(silent, holds, z3.Not(present)))
        )
        before = z3.And(silent, z3.Not(holds), present)
        yield Proof(f"{name} not before", "short of the number it is not present by it", patient(every, solver, before))
    for finding in (f for f in protocol.findings.values() if f.true_when is not None and f.id not in protocol.measured_means):
        why = "but promises.toml does not say from which number on"
        yield Proof(finding.id, "a number that means something is written down twice", Case.of(**{finding.id: True}), why=why)


def denials(every: Cases) -> Iterator[Proof]:
    """A "no" excludes what it speaks of, and a general "no" never excludes a core flag; nothing excludes what is there."""
    solver, protocol = solver_of(every), every.protocol
    for child, parent in ((name, above) for name, finding in protocol.findings.items() for above in finding.implies):
        if _covers(protocol, parent, child):
            open_still = z3.And(every.statements[parent].no, _silent(every, child), every.leaves[child].may)
            yield Proof(f"{parent} {child}", "denied, the wider denies the narrower", patient(every, solver, open_still))
    for umbrella in (f for f in protocol.findings.values() if f.denies):
        for member in umbrella.denies:
            flags = [every.statements[f].no for f in _narrower(protocol, member) if f in protocol.core_flags]
            silent = z3.And(every.statements[umbrella.id].no, _silent(every, member, but=protocol.core_flags), *flags)
            if member not in protocol.core_flags:
                broken, sentence = (
                    z3.And(silent, every.leaves[member].may),
                    "a general denial denies its members, but for core flags",
                )
                yield Proof(f"{umbrella.id} {member}", sentence, patient(every, solver, broken))
        for flag in protocol.core_flags:
            alone: dict[str, Value] = {umbrella.id: False}
            kept = resolve(protocol.table, settle(protocol, Case(values=alone))[0]).may & protocol.table.bits[flag]
            said = "and that is taken as an answer about it"
            sentence = "a general denial leaves a core flag open"
            yield Proof(f"{umbrella.id} {flag}", sentence, None if kept else Case(values=alone), why="" if kept else said)


def long_standing(every: Cases) -> Iterator[Proof]:
    """What is said counts as new or as old, never as nothing; and old and unchanged, with nothing else said, never as new."""
    solver, protocol = solver_of(every), every.protocol
    for name, said in every.statements.items():
        new, old = every.leaves[name].must, every.leaves[f"{name}_long_standing"].must
        lost = z3.And(z3.Or(said.yes, said.old), z3.Not(z3.Or(new, old)))
        yield Proof(f"counts {name}", "said to be there, it counts as new or as old", patient(every, solver, lost))
        if not protocol.findings[name].lasting:
            narrower = z3.And([_said_nothing(every, other) for other in _narrower(protocol, name)])
            by_number = z3.Not(z3.Or([every.pair(by).must for by in _numbers(protocol, name)]))
            is_old = z3.Or(every.settled[name, LONG_STANDING], every.settled[name, "long_standing_explained"])
            both = z3.And(is_old, narrower, by_number, new)
            yield Proof(f"old {name}", "what counts as old does not count as new too", patient(every, solver, both))
        if (unexplained := every.leaves.get(f"{name}_unexplained")) is not None:
            without = z3.And(unexplained.must, z3.Not(old))
            yield Proof(f"unexplained {name}", "what is old and unexplained is old", patient(every, solver, without))


def _numbers(protocol: Protocol, name: str) -> Iterable[Term]:
    return (by for n in (name, *_narrower(protocol, name)) if (by := protocol.findings[n].true_when) is not None)


def _narrower(protocol: Protocol, name: str) -> list[str]:
    """What implies the finding."""
    return [other for other in protocol.findings if name in wider(protocol, other)]


def _covers(protocol: Protocol, parent: str, child: str) -> bool:
    """Whether who denies the wider one was asked for the narrower one too, and could tell."""
    above, below = protocol.findings[parent], protocol.findings[child]
    return parent not in below.not_covered_by and _told_by(above) == _told_by(below)


def _told_by(finding: Finding) -> bool:
    return finding.answered_by == "self"


def _silent(every: Cases, name: str, but: Collection[str] = ()) -> Term:
    """Nothing is said of the finding or of what implies it, and no number shows it."""
    said = [_said_nothing(every, other) for other in (name, *_narrower(every.protocol, name)) if other not in but]
    return z3.And(*said, *(z3.Not(every.pair(by).may) for by in _numbers(every.protocol, name)))


def _said_nothing(every: Cases, name: str) -> Term:
    one = every.statements[name]
    return z3.Not(z3.Or(one.yes, one.no, one.old))
