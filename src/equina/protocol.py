"""Loading a protocol: a folder of TOML becomes one frozen Protocol, or a list of every fault with file, table, key and mend."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from equina import crosscheck, entries
from equina.agenda import Agenda
from equina.implicants import Needs
from equina.leaves import NEVER, LeafTable, Test, leaf_table
from equina.logic import Condition, findings_in
from equina.model import ORDERS, Finding, Protocol, Rule
from equina.tables import Fault, ProtocolError, Table, read_file
from equina.topics import plain_topics
from equina.translation import ORIGINAL, laid_over, unknown

__all__ = ["SHIPPED", "edited", "load"]

SHIPPED = Path(__file__).parent / "protocols" / "back_pain"

# Without these files the interview asks the core flags by name, then the rest section by section (equina.topics).
OPTIONAL = ("interview", "handover")
# Read when a text is read, not before (equina.notes.lexicon).
LEXICON = ("cues", "context", "points")  # and whatever begins so
# Its texts in other languages, a folder each (equina.translation). They are no part of what is decided, nor of the digest.
LOCALE = "locale"
CODE_SYSTEMS = ("icd10cm", "hpo", "loinc", "snomed", "rxnorm")
NEWER_SYSTEMS = ("rxnorm",)  # which protocols that are still compared may lack

T = TypeVar("T")
Groups = Mapping[str, Condition]


def load(folder: Path | str = SHIPPED, language: str = ORIGINAL) -> Protocol:
    """The protocol in `folder`, by default the one shipped, with its texts in that language as far as they are translated.

    Raises ProtocolError with every fault found: each names file, table, key and the mend.
    """
    folder = Path(folder)
    faults: list[Fault] = []
    if not folder.is_dir():
        raise ProtocolError([Fault(str(folder), "", "", "no such folder", "give the folder that holds protocol.toml")])
    files = _Files(folder, faults, language)
    top = files.top("protocol")
    groups = _named(files.top("rules"), "groups")
    lists = _named(files.top("promises"), "lists")  # its own, so that an edit of a group is no edit of a promise
    say = top.words("say")

    def each(file: str, key: str, build: Callable[[str, Table, Groups], T]) -> Mapping[str, T]:
        return entries.each(files.top(file), key, build, groups)

    protocol = Protocol(
        id=top.text("id"),
        version=top.text("version"),
        title=top.text("title"),
        reviewed=top.day("reviewed"),
        notice=top.text("notice"),
        digest="",
        language=language,
        new_within_days=int(top.number("new_within_days") or 0),
        core_flags=top.texts("core_flags", required=True),
        baseline_facts=top.texts("baseline_facts", required=True),
        chronic_covers=frozenset(top.texts("chronic_covers")),
        explained_by=_lists(top, "explained_by"),
        say=say,
        opening_when=(top.parsed("say.opening_when", say["opening_when"], groups) if "opening_when" in say else None)
        or entries.UNREAD,
        disposition_words=top.words("dispositions"),
        level_care=_lists(top, "level_care"),
        policies=each("protocol", "policies", entries.policy),
        watch_for=each("protocol", "watch_for", entries.watch_for),
        findings=each("findings", "findings", entries.finding),
        codes=MappingProxyType({system: files.codes(system) for system in CODE_SYSTEMS}),
        orders=MappingProxyType({system: files.orders(system) for system in CODE_SYSTEMS}),
        groups=groups,
        rules=each("rules", "rules", entries.rule),
        causes=each("causes", "causes", entries.cause),
        leak_types=each("continence", "continence", entries.leak_type),
        three_iq=files.top("continence").mapping("three_iq"),
        workup=each("workup", "workup", entries.workup),
        care=each("care", "care", entries.care),
        medicines=each("medicines", "medicines", entries.medicine),
        sources=each("sources", "sources", entries.source),
        accuracy=each("accuracy", "accuracy", entries.accuracy),
        promises=entries.each(files.top("promises"), "promises", entries.promise, lists),
        never_unasked=files.top("promises").texts("never_unasked"),
        never_old_alone=_lists(files.top("promises"), "never_old_alone"),
        unpromised=files.top("promises").words("unpromised"),
        means=_lists(files.top("promises"), "means"),
        measured_means=_named(files.top("promises"), "measured_means"),
        stories=each("stories", "stories", entries.story),
        questions=each("faq", "faq", entries.question),
        lines=each("article", "lines", entries.line),
        topics=each("interview", "topics", entries.topic),
        handover=files.top("handover").texts("lines"),
        handover_medicines=files.top("handover").texts("medicines"),
        handover_topics=each("handover", "topics", entries.topic),
        table=leaf_table({}, (), ()),
        order={},
        rule_findings={},
        kinds={},
        dated=(),
        rule_tests={},
        kind_tests={},
        leak_tests={},
        opening_test=NEVER,
        topic_tests={},
        needs=Needs({}, lambda _: 0),
        agenda=Agenda({}, {}, (), (), leaf_table({}, (), ()), ()),
    )
    files.finish()
    unreadable = [fault for fault in faults if not fault.table and not fault.key]
    if unreadable:  # what such a file should have held would be missed everywhere: say the cause alone
        raise ProtocolError(unreadable)
    faults.extend(crosscheck.faults(protocol))
    if faults:
        raise ProtocolError(faults)
    return _ready(protocol, _digest(folder), folder)


class _Files:
    """The files of a protocol folder, each opened once, its unread keys reported at the end."""

    def __init__(self, folder: Path, faults: list[Fault], language: str) -> None:
        self.folder, self.faults, self.language = folder, faults, language
        self._opened: dict[str, Table] = {}

    def top(self, name: str) -> Table:
        if name not in self._opened:
            file = f"{name}.toml"
            left_out = name in OPTIONAL and not (self.folder / file).exists()
            data = {} if left_out else read_file(self.folder, file, self.faults)
            self._opened[name] = Table(file, "", self._translated(file, data), self.faults)
        return self._opened[name]

    def _translated(self, file: str, data: dict[str, object]) -> dict[str, object]:
        """The tables of the file with their texts in the language, where it has them."""
        at = f"{LOCALE}/{self.language}/{file}"
        if self.language == ORIGINAL or not (self.folder / at).exists():
            return data
        other = read_file(self.folder, at, self.faults)
        faults = tuple(unknown(at, data, other))
        self.faults.extend(faults)
        return data if faults else laid_over(file, data, other)

    def codes(self, system: str) -> Mapping[str, tuple[str, ...]]:
        """Codes of each finding in one system. The file names the system and the terms of its licence."""
        if system in NEWER_SYSTEMS and not (self.folder / f"codes/{system}.toml").exists():
            return MappingProxyType({})
        table = self.top(f"codes/{system}")
        table.text("system")
        table.text("licence")
        return _lists(table, "codes")

    def orders(self, system: str) -> Mapping[str, tuple[str, ...]]:
        """Codes of each kind of order in one system, a part of the file of its codes. Each row says where its codes were seen."""
        if f"codes/{system}" not in self._opened:  # one that may be left out
            return MappingProxyType({})
        found: dict[str, str] = {}  # code: kind
        for row in self._opened[f"codes/{system}"].rows("orders"):
            kind, codes = row.choice("kind", ORDERS), row.texts("codes", required=True)
            row.text("seen")
            row.rest()
            for code in codes:
                if code in found:
                    row.fault("codes", f'"{code}" stands twice', "keep one")
                found[code] = kind
        return MappingProxyType({kind: tuple(code for code, its in found.items() if its == kind) for kind in ORDERS})

    def finish(self) -> None:
        opened = {self.folder / table.file for table in self._opened.values()}
        for path in _own_files(self.folder):
            if path not in opened and not path.name.startswith(LEXICON):
                name = path.relative_to(self.folder).as_posix()
                self.faults.append(Fault(name, "", "", "no file of a protocol", "put its tables into the file they belong to"))
        for table in self._opened.values():
            table.rest()


def _lists(top: Table, key: str) -> Mapping[str, tuple[str, ...]]:
    """A table of lists of texts."""
    data = top.mapping(key)
    below = Table(top.file, key, dict(data), top.faults)
    return MappingProxyType({name: below.texts(name) for name in data})


def _named(top: Table, key: str) -> Groups:
    """A table of named conditions; each may use the ones above it."""
    named: dict[str, Condition] = {}
    for name, line in top.words(key).items():
        named[name] = top.parsed(f"{key}.{name}", line, named) or entries.UNREAD
    return MappingProxyType(named)


def _own_files(folder: Path) -> Iterator[Path]:
    """The files of the protocol itself, in their order; not those of its translations."""
    return (path for path in sorted(folder.rglob("*.toml")) if path.is_file() and path.relative_to(folder).parts[0] != LOCALE)


def _digest(folder: Path) -> str:
    """One digest of everything the folder says, so that a result names the very protocol that gave it."""
    total = hashlib.sha256()
    for path in _own_files(folder):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return f"sha256:{total.hexdigest()}"


def conditions(protocol: Protocol) -> Iterator[Condition]:
    """Every condition of the protocol that is asked of a case."""
    yield protocol.opening_when
    yield from (rule.when for rule in protocol.rules.values())
    yield from (promise.when for promise in protocol.promises.values())
    yield from protocol.measured_means.values()
    yield from (leak.when for leak in protocol.leak_types.values())
    for cause in protocol.causes.values():
        yield from (condition for kind in cause.kinds for _, condition in kind.supports)
    yield from (condition for question in protocol.questions.values() for condition, _ in question.own)
    for topic in protocol.topics.values():
        yield from (condition for condition in (topic.only_when, topic.also_when) if condition is not None)


def _ready(protocol: Protocol, digest: str, folder: Path) -> Protocol:
    """The protocol with its leaves worked out and each condition made ready to be asked."""
    table = leaf_table(protocol.findings, conditions(protocol), protocol.core_flags)
    topics = protocol.topics or plain_topics(protocol.findings, protocol.core_flags, protocol.language)
    worst_first = sorted(protocol.rules.values(), key=lambda rule: -rule.rank)
    kinds = [kind for cause in protocol.causes.values() for kind in cause.kinds]
    told = dict.fromkeys((*protocol.core_flags, *protocol.findings))

    def asked(condition: Condition | None) -> Test | None:
        return None if condition is None else table.test(condition)

    rule_tests = {rule.id: table.test(rule.when) for rule in worst_first}
    ready = {
        "digest": digest,
        "folder": str(folder),
        "topics": topics,
        "table": table,
        "order": MappingProxyType({name: i for i, name in enumerate(told)}),
        "rule_findings": MappingProxyType({rule.id: _asked(protocol, table, rule) for rule in worst_first}),
        "dated": tuple(finding for finding in protocol.findings.values() if finding.onset_of),
        "kinds": MappingProxyType({kind.id: kind for kind in kinds}),
        "rule_tests": MappingProxyType(rule_tests),
        "kind_tests": MappingProxyType({k.id: tuple((fit, table.test(when)) for fit, when in k.supports) for k in kinds}),
        "opening_test": table.test(protocol.opening_when),
        "leak_tests": MappingProxyType({leak.id: table.test(leak.when) for leak in protocol.leak_types.values()}),
        "topic_tests": MappingProxyType({t.id: (asked(t.only_when), asked(t.also_when)) for t in topics.values()}),
        "needs": Needs(protocol.rules, table.bit),
        "agenda": Agenda(protocol.findings, topics, protocol.core_flags, protocol.explained_by, table, rule_tests.values()),
    }
    return Protocol(**{name: getattr(protocol, name) for name in protocol.__slots__} | ready)


def edited(protocol: Protocol, *, rules: Mapping[str, Rule], findings: Mapping[str, Finding]) -> Protocol:
    """The protocol with these rules and findings, ready to be used; for asking what an edit would do. It is not cross-checked."""
    kept = {name: getattr(protocol, name) for name in protocol.__slots__}
    return _ready(Protocol(**kept | {"rules": rules, "findings": findings}), protocol.digest, Path(protocol.folder or ""))


def _asked(protocol: Protocol, table: LeafTable, rule: Rule) -> tuple[tuple[str, int], ...]:
    asked = table.test(rule.when).leaves
    return tuple((name, table.about[name] & asked) for name in findings_in(rule.when, protocol.findings))
