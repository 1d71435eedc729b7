"""The hazard log: what could hurt someone, how, how badly and how often, what holds it, and what remains.

The log is docs/hazards.toml. It is no part of the protocol, whose digest must not change when an estimate does. `part` makes of it
the part of docs/safety.md that is generated; `faults` finds what it names and is not there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from equina.tables import Fault, ProtocolError, Table, nearest, read_file

__all__ = ["Control", "Estimate", "Hazard", "Log", "faults", "filled", "part", "properties", "read_log", "named_tests"]

FILE = "hazards.toml"
BEGIN = "<!-- hazards: made from hazards.toml by `make docs`; do not edit below -->"
END = "<!-- hazards: end -->"
# From here on a risk is not to be accepted unless the clinical owner says so by name and in writing.
OPEN = 3
RISKS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Estimate:
    """How badly and how often: two words of the scales, and the number of the risk table (1 to 5)."""

    severity: str
    likelihood: str
    risk: int


@dataclass(frozen=True, slots=True)
class Control:
    """What lowers a risk, and what shows that it does: proved properties, tests, or pages that people follow."""

    says: str
    properties: tuple[str, ...]
    tests: tuple[str, ...]
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """One thing that could hurt someone. `figures` are words that have to stand in a page as they stand here."""

    id: str
    group: str
    hazard: str
    how: tuple[str, ...]
    harm: str
    before: Estimate
    after: Estimate
    controls: tuple[Control, ...]
    remains: str
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The scales and the hazards, in the order of the file: the mildest severity first, the greatest likelihood first.
    `risk` holds a number for each likelihood and each severity."""

    severity: Mapping[str, str]
    likelihood: Mapping[str, str]
    risk: Mapping[str, tuple[int, ...]]
    meaning: Mapping[str, str]
    groups: Mapping[str, str]
    hazards: tuple[Hazard, ...]


# --- reading ---------------------------------------------------------------------------------------------------------------------


def read_log(folder: Path) -> Log:
    """The log in that folder. Raises ProtocolError with all that is wrong in it."""
    found: list[Fault] = []
    top = Table(FILE, "", read_file(folder, FILE, found), found)
    severity, likelihood = top.words("severity"), top.words("likelihood")
    risk = {row: _numbers(top, row, cells, len(severity)) for row, cells in top.words("risk").items()}
    if risk.keys() != likelihood.keys():
        top.fault("risk", "its rows are not those of [likelihood]", "write one row for each likelihood")
    meaning, groups = top.words("meaning"), top.words("groups")
    scales = (tuple(severity), tuple(likelihood), risk)
    hazards = tuple(_hazard(name, table, tuple(groups), scales) for name, table in top.tables("hazards"))
    top.rest()
    if found:
        raise ProtocolError(found)
    return Log(severity=severity, likelihood=likelihood, risk=risk, meaning=meaning, groups=groups, hazards=hazards)


def _numbers(table: Table, row: str, cells: str, count: int) -> tuple[int, ...]:
    """A row of the risk table: a number from 1 to 5 for each severity."""
    numbers = tuple(int(cell) for cell in cells.split() if cell in RISKS)
    if len(numbers) != count or len(cells.split()) != count:
        table.fault(f"risk.{row}", f'"{cells}" is no row of {count} numbers from 1 to 5', "write one for each severity")
        return (5,) * count
    return numbers


Scales = tuple[tuple[str, ...], tuple[str, ...], Mapping[str, tuple[int, ...]]]


def _hazard(name: str, table: Table, groups: tuple[str, ...], scales: Scales) -> Hazard:
    hazard = Hazard(
        id=name,
        group=table.choice("group", groups),
        hazard=table.text("hazard"),
        how=table.texts("how", required=True),
        harm=table.text("harm"),
        before=_estimate(table, "before", scales),
        after=_estimate(table, "after", scales),
        controls=tuple(_control(row) for row in table.rows("controls")),
        remains=table.text("remains"),
        figures=tuple(_figure(row) for row in table.rows("figures")),
    )
    table.rest()
    severities, likelihoods, _ = scales
    for scale, now, then in (
        (severities, hazard.after.severity, hazard.before.severity),
        (likelihoods[::-1], hazard.after.likelihood, hazard.before.likelihood),
    ):
        if now in scale and then in scale and scale.index(now) > scale.index(then):
            table.fault("after", f"{now} is more than {then}, as if the controls did harm", "estimate it anew")
    if not hazard.controls and hazard.before != hazard.after:
        table.fault("after", "it is less than before, and no control is named", "name what lowers it")
    return hazard


def _estimate(table: Table, key: str, scales: Scales) -> Estimate:
    """Two words, "severity, likelihood", with the risk that the table gives them."""
    severities, likelihoods, risk = scales
    severity, _, likelihood = table.text(key, default=", ").partition(", ")
    for word, scale in ((severity, severities), (likelihood, likelihoods)):
        if word not in scale:
            table.fault(key, f'"{word}" is not one of {", ".join(scale)}', f'write {key} = "severity, likelihood"')
            return Estimate(severity, likelihood, 5)
    return Estimate(severity, likelihood, risk[likelihood][severities.index(severity)] if likelihood in risk else 5)


def _control(row: Table) -> Control:
    control = Control(row.text("says"), row.texts("properties"), row.texts("tests"), row.texts("pages"))
    row.rest()
    if not (control.properties or control.tests or control.pages):
        row.fault("", "nothing holds it", "name properties, tests or pages; what nothing holds belongs in `remains`")
    return control


def _figure(row: Table) -> tuple[str, str]:
    figure = (row.text("page"), row.text("words"))
    row.rest()
    return figure


# --- what it names and is not there -----------------------------------------------------------------------------------------------


def properties(root: Path) -> frozenset[str]:
    """The ids of the properties that `equina prove` proves: the functions of equina.proof that yield their proofs.
    The source is read rather than imported, so that the pages can be made without the solver."""
    functions = (node for path in sorted((root / "src/equina/proof").glob("*.py")) for node in _functions(path))
    return frozenset(
        node.name
        for node in functions
        if not node.name.startswith("_") and node.returns is not None and ast.unparse(node.returns) == "Iterator[Proof]"
    )


def named_tests(root: Path) -> frozenset[str]:
    """Each file of tests, and each test in it as file::function."""
    names = set[str]()
    for path in (root / "tests").glob("test_*.py"):
        file = path.relative_to(root).as_posix()
        names |= {file, *(f"{file}::{node.name}" for node in _functions(path) if node.name.startswith("test_"))}
    return frozenset(names)


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def faults(log: Log, root: Path) -> tuple[str, ...]:
    """What the log names and the repository does not have, each with the nearest; and figures that no page has any more."""
    proved, tested = properties(root), named_tests(root)
    found = []
    for hazard in log.hazards:
        for control in hazard.controls:
            missing = [("property", name, nearest(name, proved)) for name in control.properties if name not in proved]
            missing += [("test", name, nearest(name, tested)) for name in control.tests if name not in tested]
            missing += [("page", name, "name a file") for name in control.pages if not (root / name).is_file()]
            found += [f'{FILE}: {hazard.id}: there is no {kind} "{name}"; {mend}' for kind, name, mend in missing]
        for page, words in hazard.figures:
            if not (root / page).is_file() or words not in (root / page).read_text(encoding="utf-8"):
                found.append(
                    f'{FILE}: {hazard.id}: "{words}" does not stand in {page}; estimate the hazard anew by its new figures'
                )
    return tuple(found)


# --- the page --------------------------------------------------------------------------------------------------------------------


def filled(page: str, log: Log) -> str:
    """The page with its generated part made anew; what is written by hand stays. Raises ValueError if it has no place for it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no place for the hazards; write the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{part(log)}\n{END}{after}"


def part(log: Log) -> str:
    """Scales, an overview, each hazard with its controls, and which hazards a property holds."""
    lines = [*_scales(log), *_overview(log)]
    for group, title in log.groups.items():
        lines += ["", f"## {title}"]
        for hazard in log.hazards:
            if hazard.group == group:
                lines += _in_full(hazard)
    return "\n".join((*lines, *_by_property(log))) + "\n"


def _scales(log: Log) -> Iterator[str]:
    yield from ("## Scales", "", "| severity | means |", "| --- | --- |")
    yield from (f"| {name} | {words} |" for name, words in log.severity.items())
    yield from ("", "| likelihood | means |", "| --- | --- |")
    yield from (f"| {name.replace('_', ' ')} | {words} |" for name, words in log.likelihood.items())
    yield from ("", f"| risk | {' | '.join(log.severity)} |", f"| --- |{' --- |' * len(log.severity)}")
    yield from (f"| **{name.replace('_', ' ')}** | {' | '.join(map(str, row))} |" for name, row in log.risk.items())
    yield from ("", "| risk | means |", "| --- | --- |")
    yield from (f"| {number} | {words} |" for number, words in log.meaning.items())


def _overview(log: Log) -> Iterator[str]:
    yield from ("", "## Overview", "", "| id | hazard | before | risk | after | risk |", "| --- | --- | --- | --- | --- | --- |")
    for one in log.hazards:
        risk = f"**{one.after.risk}**" if one.after.risk >= OPEN else str(one.after.risk)
        yield f"| {one.id} | {one.hazard} | {_words(one.before)} | {one.before.risk} | {_words(one.after)} | {risk} |"
    waiting = [one.id for one in log.hazards if one.after.risk >= OPEN]
    yield from ("", f"{len(log.hazards)} hazards. {len(waiting)} keep a risk of {OPEN} or more: {', '.join(waiting) or 'none'}.")


def _in_full(hazard: Hazard) -> Iterator[str]:
    yield from ("", f"### {hazard.id} {hazard.hazard}", "")
    yield f"- **How:** {' '.join(hazard.how)}"
    yield f"- **Harm:** {hazard.harm}"
    before, after = hazard.before, hazard.after
    yield f"- **Before controls:** {_words(before)}: {before.risk}. **After:** {_words(after)}: {after.risk}."
    yield f"- **Remains:** {hazard.remains}"
    yield from ("", "| control | held by |", "| --- | --- |") if hazard.controls else ()
    for control in hazard.controls:
        held = [
            *_named("proved", control.properties),
            *_named("tested", [name.removeprefix("tests/") for name in control.tests]),
            *_named("written", control.pages),
        ]
        yield f"| {control.says} | {'; '.join(held)} |"


def _named(how: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{how}: {', '.join(f'`{name}`' for name in names)}"


def _by_property(log: Log) -> Iterator[str]:
    held: dict[str, list[str]] = {}
    for hazard in log.hazards:
        for name in dict.fromkeys(name for control in hazard.controls for name in control.properties):
            held.setdefault(name, []).append(hazard.id)
    yield from ("", "## Proved properties, and the hazards that they hold", "", "| property | hazards |", "| --- | --- |")
    yield from (f"| `{name}` | {', '.join(ids)} |" for name, ids in sorted(held.items()))


def _words(estimate: Estimate) -> str:
    return f"{estimate.severity} × {estimate.likelihood.replace('_', ' ')}"
