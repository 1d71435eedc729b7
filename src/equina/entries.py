"""One table of a protocol file becomes one frozen value: a function for each kind of table. What does not fit is a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar, cast

from equina.logic import Condition, Present
from equina.model import (
    DISPOSITIONS,
    Accuracy,
    Care,
    Cause,
    Disposition,
    Finding,
    Kind,
    LeakType,
    Line,
    Medicine,
    Policy,
    Promise,
    Question,
    Rule,
    Source,
    Story,
    Topic,
    Value,
    WatchFor,
    WorkUp,
)
from equina.tables import Table
from equina.topics import STEP_KINDS

T = TypeVar("T")
Groups = Mapping[str, Condition]

SECTIONS = (
    *("urinary", "bowel", "neuro", "pain", "systemic", "context"),
    *("medicine", "lifestyle", "measurement", "test", "diagnosis"),
)
KINDS = (
    *("symptom", "sign", "history", "medicine", "lifestyle", "test", "diagnosis"),
    *("umbrella", "baseline", "quantity", "choice", "distractor"),
)
FITS = ("strong", "possible", "weak")
STRENGTHS = ("guideline", "consensus")
CAUTIONS = ("contested", "uncertain", "poor_sensitivity", "composite")
# What a line of the article may name.
LINE_KEYS = ("findings", "causes", "workup", "care", "continence", "faq", "stories", "rules")

# Stands in where a condition could not be read. It is never asked: the fault that put it there stops the load.
UNREAD: Condition = Present("")


def each(top: Table, key: str, build: Callable[[str, Table, Groups], T], groups: Groups) -> Mapping[str, T]:
    """Every table below `key`, built, by id. Keys that the builder did not read are faults."""
    built: dict[str, T] = {}
    for name, table in top.tables(key):
        built[name] = build(name, table, groups)
        table.rest()
    return MappingProxyType(built)


def _condition(table: Table, key: str, groups: Groups) -> Condition:
    return table.condition(key, groups) or UNREAD


def _level(table: Table, key: str) -> Disposition:
    return cast(Disposition, table.choice(key, DISPOSITIONS) or "emergency")


def finding(name: str, table: Table, groups: Groups) -> Finding:
    return Finding(
        id=name,
        label=table.text("label"),
        section=table.choice("section", SECTIONS),
        kind=table.choice("kind", KINDS),
        answered_by=table.choice("answered_by", ("self", "examination", "record")),
        course=table.choice("course", ("episode", "lasting")),
        ask=table.optional("ask"),
        hint=table.optional("hint"),
        say=table.optional("say"),
        marked=table.optional("marked"),
        examine=table.optional("examine"),
        implies=table.texts("implies"),
        true_when=table.condition("true_when", groups) if "true_when" in table else None,
        denies=table.texts("denies"),
        old_only_with=table.texts("old_only_with"),
        old_measure_stands=table.flag("old_measure_stands", default=False),
        never_old=table.flag("never_old", default=False),
        onset_of=table.optional("onset_of"),
        onset_within_days=int(table.number("onset_within_days") or 0),
        not_covered_by=table.texts("not_covered_by"),
        now_only=table.flag("now_only", default=False),
        not_asked=table.optional("not_asked"),
        presumes=table.texts("presumes"),
        not_of_sex=table.optional("not_of_sex"),
        not_of_age=table.condition("not_of_age", groups) if "not_of_age" in table else None,
        check=table.optional("check"),
        reword=table.words("reword"),
        unit=table.optional("unit"),
        unit_words=table.optional("unit_words"),
        low=table.number("low"),
        high=table.number("high"),
        options=table.texts("options"),
        note=table.optional("note"),
        unused=table.optional("unused"),
        sources=table.texts("sources", required=True),
    )


def rule(name: str, table: Table, groups: Groups) -> Rule:
    return Rule(
        id=name,
        disposition=_level(table, "disposition"),
        when=_condition(table, "when", groups),
        because=table.text("because"),
        timing=table.text("timing"),
        ambulance=table.flag("ambulance", default=False),
        within_hours=table.number("within_hours"),
        pathway=table.text("pathway"),
        serves=table.texts("serves"),
        sources=table.texts("sources", required=True),
        strength=table.choice("strength", STRENGTHS),
        accuracy=table.texts("accuracy"),
        workup=table.texts("workup"),
        stricter=table.optional("stricter"),
        decision=table.optional("decision"),
    )


def cause(name: str, table: Table, groups: Groups) -> Cause:
    return Cause(
        id=name,
        label=table.text("label"),
        words=table.text("words"),
        article_group=int(table.number("article_group") or 0),
        kinds=tuple(each(table, "kinds", kind, groups).values()),
    )


def kind(name: str, table: Table, groups: Groups) -> Kind:
    supports = [
        (fit, table.parsed(fit, line, groups) or UNREAD)
        for fit in FITS
        for line in table.texts(fit)
    ]  # fmt: skip
    workup = table.mapping("workup")
    for test, when in workup.items():
        if when not in DISPOSITIONS:
            table.fault(f"workup.{test}", f"{when!r} is not a disposition", f"write one of {', '.join(DISPOSITIONS)}")
    return Kind(
        id=name,
        label=table.text("label"),
        cant_miss=table.flag("cant_miss"),
        supports=tuple(supports),
        against=table.texts("against"),
        workup=cast("Mapping[str, Disposition]", workup),
        care=table.texts("care"),
        sources=table.texts("sources", required=True),
        note=table.optional("note"),
        icd10cm=table.optional("icd10cm"),
    )


def leak_type(name: str, table: Table, groups: Groups) -> LeakType:
    return LeakType(
        id=name,
        label=table.text("label"),
        words=table.text("words"),
        when=_condition(table, "when", groups),
        because=table.text("because"),
        care=table.texts("care"),
        sources=table.texts("sources", required=True),
        note=table.optional("note"),
    )


def workup(name: str, table: Table, _: Groups) -> WorkUp:
    sources = table.texts("sources", required=True)
    words = {key: table.text(key) for key in ("label", "words", "how")}
    return WorkUp(id=name, sources=sources, settles=table.texts("settles"), **words)


def care(name: str, table: Table, _: Groups) -> Care:
    return Care(
        id=name,
        label=table.text("label"),
        words=table.text("words"),
        amount=table.optional("amount"),
        duration=table.optional("duration"),
        sources=table.texts("sources", required=True),
        strength=table.choice("strength", STRENGTHS),
    )


def medicine(name: str, table: Table, _: Groups) -> Medicine:
    return Medicine(
        id=name,
        label=table.text("label"),
        examples=table.texts("examples", required=True),
        effects=table.texts("effects", required=True),
        mechanism=table.text("mechanism"),
        finding=table.text("finding"),
        sources=table.texts("sources", required=True),
        note=table.optional("note"),
    )


def source(name: str, table: Table, _: Groups) -> Source:
    year = table.number("year")
    return Source(
        id=name,
        citation=table.text("citation"),
        kind=table.text("kind"),
        year=None if year is None else int(year),
        doi=table.optional("doi"),
        pmid=table.optional("pmid"),
        url=table.optional("url"),
        seen=table.flag("seen"),
        note=table.optional("note"),
    )


def accuracy(name: str, table: Table, _: Groups) -> Accuracy:
    words = {key: table.text(key) for key in ("finding", "condition", "population", "source")}
    caution = tuple(key for key in CAUTIONS if table.flag(key, default=False))
    seen, note = table.flag("seen"), table.optional("note")
    return Accuracy(id=name, seen=seen, note=note, caution=caution, figures=MappingProxyType(table.take_rest()), **words)


def watch_for(name: str, table: Table, _: Groups) -> WatchFor:
    findings = table.texts("findings", required=True)
    return WatchFor(id=name, words=table.text("words"), findings=findings, sources=table.texts("sources", required=True))


def policy(name: str, table: Table, _: Groups) -> Policy:
    because, sources = table.text("because"), table.texts("sources", required=True)
    return Policy(id=name, because=because, sources=sources, workup=table.texts("workup"))


def topic(name: str, table: Table, groups: Groups) -> Topic:
    return Topic(
        id=name,
        kind=table.choice("kind", STEP_KINDS),
        wording=table.text("wording"),
        hint=table.optional("hint"),
        findings=table.texts("findings", required=True),
        opening=table.flag("opening", default=False),
        joins=table.optional("joins"),
        gathers=table.flag("gathers", default=False),
        only_when=table.condition("only_when", groups) if "only_when" in table else None,
        also_when=table.condition("also_when", groups) if "also_when" in table else None,
        because=table.optional("because"),
    )


def promise(name: str, table: Table, groups: Groups) -> Promise:
    return Promise(
        id=name,
        sentence=table.text("sentence"),
        level=_level(table, "level"),
        when=_condition(table, "when", groups),
        sources=table.texts("sources", required=True),
    )


def story(name: str, table: Table, _: Groups) -> Story:
    age = table.number("age")
    stated: dict[str, Value] = {} if age is None else {"age_years": age}
    if sex := table.optional("sex"):
        stated["sex_at_birth"] = sex
    return Story(
        id=name,
        title=table.text("title"),
        story=table.text("story"),
        findings=MappingProxyType(stated | cast("dict[str, Value]", dict(table.mapping("findings")))),
        expected=_level(table, "expected"),
        lesson=table.text("lesson"),
        note=table.optional("note"),
        sources=table.texts("sources", required=True),
    )


def question(name: str, table: Table, groups: Groups) -> Question:
    own = []
    for row in table.rows("if"):
        own.append((_condition(row, "when", groups), row.text("answer")))
        row.rest()
    return Question(
        id=name,
        question=table.text("question"),
        answer=table.text("answer"),
        own=tuple(own),
        sources=table.texts("sources", required=True),
    )


def line(name: str, table: Table, _: Groups) -> Line:
    part, row, says = table.text("part"), table.text("row"), table.text("says")
    serves = {key: table.texts(key) for key in LINE_KEYS if key in table}
    return Line(id=name, part=part, row=row, says=says, serves=MappingProxyType(serves))
