"""The same rules put to two other engines: to time Equina beside them, and to see that all of them agree.

Both are given what Equina's own rules are given: leaves already resolved, so time course, implications and umbrellas stay outside.
Of each engine's ways to hold the rules the faster is taken; beside it stands the way its users would write them.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from equina.leaves import Truth
from equina.logic import Condition, Connectives, Leaf, Present, fold, leaves, render
from equina.model import DISPOSITIONS, Disposition, Protocol, Rule

__all__ = ["Contender", "Interval", "PeerMissingError", "cql_contenders", "node_version", "timed", "zen_contenders"]

Interval = tuple[Disposition, Disposition]
Elm = dict[str, Any]

CQL = Path(__file__).parent / "cql"
PACKAGE = "cql-execution"


class PeerMissingError(Exception):
    """A peer that cannot run here; the message says what is missing."""


@dataclass(frozen=True)
class Contender:
    """One way to answer every case: `run` gives the seconds that it took, and (`low`, `high`) of each case."""

    name: str
    run: Callable[[], tuple[float, list[Interval]]]


def timed(name: str, answers: Callable[[], list[Interval]]) -> Contender:
    """A contender that runs in this process."""

    def run() -> tuple[float, list[Interval]]:
        start = time.perf_counter()
        given = answers()
        return time.perf_counter() - start, given

    return Contender(name, run)


def worst_first(protocol: Protocol) -> list[Rule]:
    """The rules as Equina tries them, so that every engine may stop at the first that holds."""
    return [protocol.rules[name] for name in protocol.rule_tests]


def leaf_name(leaf: Leaf) -> str:
    return leaf.name if isinstance(leaf, Present) else render(leaf)


def leaf_names(protocol: Protocol) -> list[str]:
    """Every leaf that a rule asks about, once, in the order of the rules."""
    return list(dict.fromkeys(leaf_name(leaf) for rule in worst_first(protocol) for leaf in leaves(rule.when)))


# --- zen-engine: two-valued, so each case is asked twice, of the leaves that must be true and of those that may be ----------------


@contextmanager
def zen_contenders(protocol: Protocol, truths: Sequence[Truth]) -> Iterator[tuple[str, list[Contender]]]:
    """The version of zen-engine, and its contenders, which run in this process.

    Its decision is loaded through a loader, which compiles it once; `create_decision` would compile it again for every case.
    """
    try:
        import zen
    except ModuleNotFoundError:
        raise PeerMissingError("the package zen-engine is not installed in this environment; make bench installs it") from None
    bits, names = protocol.table.bits, leaf_names(protocol)
    cases = [({"known": _set(truth.must, bits, names)}, {"known": _set(truth.may, bits, names)}) for truth in truths]
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"rules": _zen_table(protocol)}}})
    expression = zen.compile_expression(_zen_expression(protocol))

    def table() -> list[Interval]:
        ask = engine.evaluate
        return [(ask("rules", low)["result"]["level"], ask("rules", high)["result"]["level"]) for low, high in cases]

    def alone() -> list[Interval]:
        ask = expression.evaluate
        return [(ask(low), ask(high)) for low, high in cases]

    contenders = [timed("zen-engine, decision table", table), timed("zen-engine, one expression", alone)]
    yield importlib.metadata.version("zen-engine"), contenders


def _set(true: int, bits: Any, names: Sequence[str]) -> list[str]:
    return [name for name in names if true & bits[name]]


def _zen(condition: Condition) -> str:
    """The condition in ZEN's own language; asking for a name in a list is faster there than a field for each leaf."""

    def at_least(count: int, parts: Sequence[str]) -> str:
        return f"(({' + '.join(f'({part} ? 1 : 0)' for part in parts)}) >= {count})"

    return fold(
        condition,
        Connectives(
            leaf=lambda leaf: f"('{leaf_name(leaf)}' in known)",
            all_of=lambda parts: f"({' and '.join(parts)})",
            any_of=lambda parts: f"({' or '.join(parts)})",
            at_least=at_least,
        ),
    )


def _zen_expression(protocol: Protocol) -> str:
    text = "'self_care'"
    for level in DISPOSITIONS[1:]:
        if conditions := [_zen(rule.when) for rule in worst_first(protocol) if rule.disposition == level]:
            text = f"{' or '.join(conditions)} ? '{level}' : ({text})"
    return text


def _zen_table(protocol: Protocol) -> Elm:
    """A decision table of one row a rule, worst first; the first row that holds gives the level."""
    rows = [{"_id": rule.id, "when": _zen(rule.when), "level": f"'{rule.disposition}'"} for rule in worst_first(protocol)]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": "when", "name": "when"}],
        "outputs": [{"id": "level", "name": "level", "field": "level"}],
        "rules": [*rows, {"_id": "none", "when": "", "level": "'self_care'"}],
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "case", "name": "case", "type": "inputNode"},
            {"id": "rules", "name": "rules", "type": "decisionTableNode", "content": table},
            {"id": "answer", "name": "answer", "type": "outputNode"},
        ],
        "edges": [
            {"id": "in", "sourceId": "case", "targetId": "rules"},
            {"id": "out", "sourceId": "rules", "targetId": "answer"},
        ],
    }


# --- cql-execution: three-valued, so each case is asked once ----------------------------------------------------------------------


def node_version() -> str | None:
    """The version of Node here, or None."""
    node = shutil.which("node")
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip() if node else None


@contextmanager
def cql_contenders(protocol: Protocol, truths: Sequence[Truth]) -> Iterator[tuple[str, list[Contender]]]:
    """The version of cql-execution, and its contenders, which run in a Node process that ends with the context."""
    version = _installed()
    bits, names = protocol.table.bits, leaf_names(protocol)

    def values(truth: Truth) -> dict[str, bool | None]:
        return {name: True if truth.must & bits[name] else None if truth.may & bits[name] else False for name in names}

    given = {
        "libraries": {"rules": _library(protocol, levels=False), "levels": _library(protocol, levels=True)},
        "rules": {rule.id: rule.disposition for rule in protocol.rules.values()},
        "cases": [values(truth) for truth in truths],
    }
    with subprocess.Popen(
        ["node", "run.mjs"], cwd=CQL, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as node:

        def ask(message: object) -> Any:
            assert node.stdin
            assert node.stdout
            node.stdin.write(json.dumps(message) + "\n")
            node.stdin.flush()
            answer = node.stdout.readline()
            if not answer:
                raise RuntimeError("bench/cql/run.mjs ended early; its own message is above")
            return json.loads(answer)

        def contender(name: str, what: str) -> Contender:
            def run() -> tuple[float, list[Interval]]:
                answer = ask({"run": what})
                return answer["seconds"], [(low, high) for low, high in answer["intervals"]]

            return Contender(name, run)

        ask(given)
        yield version, [contender("cql-execution, every rule", "rules"), contender("cql-execution, level alone", "levels")]


def _installed() -> str:
    """The version of cql-execution in bench/cql/node_modules, put there from the lock when it is missing."""
    if node_version() is None or shutil.which("npm") is None:
        raise PeerMissingError("Node and npm are not on this machine (on Debian: apt-get install nodejs npm)")
    wanted = json.loads((CQL / "package.json").read_text("utf-8"))["dependencies"][PACKAGE]
    found = CQL / "node_modules" / PACKAGE / "package.json"
    if not found.exists() or json.loads(found.read_text("utf-8"))["version"] != wanted:
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(npm, cwd=CQL, stdout=subprocess.DEVNULL, check=False).returncode:
            raise PeerMissingError("npm ci in bench/cql failed; its own message is above")
    return str(wanted)


_BOOLEAN = {"type": "NamedTypeSpecifier", "name": "{urn:hl7-org:elm-types:r1}Boolean"}


def _library(protocol: Protocol, *, levels: bool) -> Elm:
    """The rules as a compiled CQL library: a Boolean parameter a leaf, a definition a rule, and one for each condition used twice.

    With `levels` two more definitions stop at the first rule that is true (`low`) or not false (`high`), as Equina does.
    """
    shared = _Shared(protocol)
    rules = [_definition(rule.id, shared.elm(rule.when)) for rule in worst_first(protocol)]
    top: list[Elm] = []
    if levels:
        low = _first(protocol, lambda rule: {"type": "IsTrue", "operand": rule})
        high = _first(protocol, lambda rule: {"type": "Not", "operand": {"type": "IsFalse", "operand": rule}})
        both = {"type": "Tuple", "element": [{"name": "low", "value": low}, {"name": "high", "value": high}]}
        top.append(_definition("levels", both))
    return {
        "library": {
            "identifier": {"id": "Rules", "version": protocol.version},
            "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
            "usings": {"def": [{"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}]},
            "parameters": {"def": [{"name": name, "parameterTypeSpecifier": _BOOLEAN} for name in leaf_names(protocol)]},
            "statements": {"def": [*shared.definitions, *rules, *top]},
        }
    }


def _definition(name: str, expression: Elm) -> Elm:
    return {"name": name, "context": "Patient", "expression": expression}


def _first(protocol: Protocol, test: Callable[[Elm], Elm]) -> Elm:
    def level(disposition: Disposition) -> Elm:
        return {"type": "Literal", "valueType": "{urn:hl7-org:elm-types:r1}String", "value": disposition}

    items = [
        {"when": test({"type": "ExpressionRef", "name": rule.id}), "then": level(rule.disposition)}
        for rule in worst_first(protocol)
    ]
    return {"type": "Case", "caseItem": items, "else": level("self_care")}


class _Shared:
    """Conditions as ELM, where one that occurs twice is a definition of its own: cql-execution works a definition out once a case.

    All operands go into one And or Or. The ELM schema allows two, cql-execution any number, and it is faster so.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.definitions: list[Elm] = []
        self._seen: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._repeated: set[str] = set()
        for rule in worst_first(protocol):
            self.elm(rule.when)
        self._repeated = {text for text, times in self._seen.items() if times > 1}

    def elm(self, condition: Condition) -> Elm:
        return fold(condition, Connectives(self._leaf, self._node("And"), self._node("Or"), self._at_least))[1]

    def _leaf(self, leaf: Leaf) -> tuple[str, Elm]:
        name = leaf_name(leaf)
        return name, {"type": "ParameterRef", "name": name}

    def _node(self, kind: str) -> Callable[[Sequence[tuple[str, Elm]]], tuple[str, Elm]]:
        def build(parts: Sequence[tuple[str, Elm]]) -> tuple[str, Elm]:
            text = f"{kind}({', '.join(text for text, _ in parts)})"
            self._seen[text] += 1
            elm = {"type": kind, "operand": [elm for _, elm in parts]}
            if text not in self._repeated:
                return text, elm
            if text not in self._names:
                self._names[text] = f"shared {len(self._names) + 1}"
                self.definitions.append(_definition(self._names[text], elm))
            return text, {"type": "ExpressionRef", "name": self._names[text]}

        return build

    def _at_least(self, count: int, parts: Sequence[tuple[str, Elm]]) -> tuple[str, Elm]:
        # Exact in three values: true when `count` parts are, false when fewer than `count` are not false.
        return self._node("Or")([self._node("And")(some) for some in combinations(parts, count)])
