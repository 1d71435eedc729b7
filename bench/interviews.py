"""How long an interview is: steps and answers on simulated patients, beside the same questions as a fixed form.

    interviews.py           the development cases, our own vignettes, 2,000 patients drawn from the causes, 2,000 sparse ones
    interviews.py --short   a few of each: that it runs

In simulation only, a finding that a case does not list is answered no. Age and sex are asked too, and counted. The fixed form
asks every topic whole, in the same order, and stops at an emergency. Exit code 1: an interview misses its limits (not looked at
with --short): emergencies in 3 steps and calm cases in 12 steps and 35 answers in the median, and every emergency reached that
a person can tell.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from equina import assess, load
from equina.case import Case
from equina.evaluation.interviews import Patient, Run, drawn, interview, listed, sparse
from equina.interview import BY_NAME, IN_LIST
from equina.model import Protocol
from equina.triage import interval
from figures import EQUINA, Figure, measured, write_rows

ROOT = Path(__file__).parents[1]
OWN = ROOT / "src" / "equina" / "protocols" / "back_pain" / "vignettes"
FILES = {
    "development": ROOT / "tests" / "cases" / "dev_cases.jsonl",
    "own vignettes": OWN / "first.jsonl",
    "own, second set": OWN / "second.jsonl",
}
QUICK, STEPS, ANSWERS, LATE = 3, 12, 35, 6


@dataclass(frozen=True)
class Told:
    """One patient's interview, and whether the patient is an emergency when everything is known that a person can tell."""

    patient: Patient
    run: Run
    grave: bool
    fixed: int


def main() -> int:
    options = argparse.ArgumentParser(description="How long an interview is.")
    options.add_argument("--short", action="store_true", help="a few patients of each kind")
    options.add_argument("--rows", type=Path, help="write the figures there, for report.py")
    given = options.parse_args()
    short = given.short
    protocol = load()
    count = 20 if short else 2000
    sets = {name: listed(protocol, file.read_text("utf-8").splitlines()) for name, file in FILES.items()}
    sets |= {"drawn from the causes": drawn(protocol, count, 1), "sparse: one way into one rule": sparse(protocol, count, 1)}
    told = {name: [tell(protocol, patient) for patient in patients] for name, patients in sets.items()}
    print("\n".join(report(protocol, told)))
    write_rows(given.rows, [figure for name, each in told.items() for figure in figures(name, each)])
    return 0 if short or all(within(each) for name, each in told.items() if name in ("development", "drawn from the causes")) else 1


def tell(protocol: Protocol, patient: Patient) -> Told:
    run = interview(protocol, patient)
    grave = interval(protocol, Case(values=patient.told(protocol)))[0] == "emergency"
    return Told(patient, run, grave, fixed_form(protocol, patient))


def fixed_form(protocol: Protocol, patient: Patient) -> int:
    """Steps of a form that asks everything in its order, to an emergency or to the end."""
    steps, values = 0, {}
    for topic in protocol.topics.values():
        told = [name for name in topic.findings if protocol.findings[name].answered_by == "self"]
        most = IN_LIST if topic.kind == "list" else BY_NAME
        for first in range(0, len(told), most):
            steps += 1
            values |= {name: patient.truth.get(name, False) for name in told[first : first + most] if name in patient.truth}
            if interval(protocol, Case(values=values))[0] == "emergency":
                return steps
    return steps


def report(protocol: Protocol, told: dict[str, list[Told]]) -> Iterator[str]:
    yield f"Interviews by protocol {protocol.id} {protocol.version} {protocol.digest[:19]}; medians, with the largest in brackets"
    grave, calm = ("emergency: steps", "answers", "form"), ("calm: steps", "answers", "form")
    yield f"{'patients':<30} {'n':>5} {grave[0]:>17} {grave[1]:>9} {grave[2]:>10} {'n':>5} {calm[0]:>12} {calm[1]:>9} {calm[2]:>9}"
    for name, each in told.items():
        grave, calm = [one for one in each if one.grave], [one for one in each if not one.grave]
        yield f"{name:<30} {row(grave, 17, 9, 10)} {row(calm, 12, 9, 9)}"
    yield f"limits {'':<23} {'':>5} {f'{QUICK}':>17} {'':>9} {'':>10} {'':>5} {STEPS:>12} {ANSWERS:>9}"
    for name, each in told.items():
        missed = [one.patient.id for one in each if one.grave and not one.run.emergency]
        unsettled = [one.patient.id for one in each if not assess(protocol, one.run.case).settled]
        if missed or unsettled:
            yield f"{name}: emergency not reached {missed}, not settled {unsettled}"
    yield f"emergencies after more than {LATE} steps, and the answer that decided:"
    for name in FILES:
        for one in told[name]:
            if one.run.emergency and one.run.steps > LATE:
                reason = assess(protocol, one.run.case).reasons[0]
                yield f"  {one.patient.id}: {one.run.steps} steps, {reason.id} wants {', '.join(reason.findings)}"


def figures(name: str, each: list[Told]) -> Iterator[Figure]:
    """The figures of a set of patients for report.py."""
    for kind, some in (
        ("to an emergency", [one for one in each if one.grave]),
        ("of a calm interview", [one for one in each if not one.grave]),
    ):
        for what, unit, numbers in (
            ("steps", "steps", [one.run.steps for one in some]),
            ("answers", "answers", [one.run.answers for one in some]),
        ):
            if numbers:
                yield measured("interviews", f"{what} {kind}: {name}", EQUINA, unit, numbers, more_is_better=False)
        if some:
            steps = [one.fixed for one in some]
            yield measured("interviews", f"steps {kind}: {name}", "the questions as a form", "steps", steps, more_is_better=False)
    missed = sum(one.grave and not one.run.emergency for one in each)
    yield measured("interviews", f"emergencies not reached: {name}", EQUINA, "patients", missed, more_is_better=False)


def row(each: list[Told], *widths: int) -> str:
    cells = ((one.run.steps for one in each), (one.run.answers for one in each), (one.fixed for one in each))
    return f"{len(each):>5} " + " ".join(
        f"{median_and_most(numbers):>{width}}" for numbers, width in zip(cells, widths, strict=True)
    )


def median_and_most(numbers: Iterable[int]) -> str:
    found = list(numbers)
    return f"{statistics.median(found):g} [{max(found)}]" if found else "-"


def within(each: list[Told]) -> bool:
    grave = [one.run for one in each if one.grave]
    calm = [one.run for one in each if not one.grave]
    return (
        all(run.emergency for run in grave)
        and statistics.median(run.steps for run in grave) <= QUICK
        and statistics.median(run.steps for run in calm) <= STEPS
        and statistics.median(run.answers for run in calm) <= ANSWERS
    )


if __name__ == "__main__":
    sys.exit(main())
