"""The shelves of the reading pages: what stands on each card, taken from the protocol and said in readable words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from equina.case import Case
from equina.logic import Condition, Or
from equina.model import DISPOSITIONS, Accuracy, Care, Cause, Kind, LeakType, Policy, Question, Rule, Source, Story, WorkUp
from equina.triage import assess
from equina.web.card import Answer, Card, Clause, Figures, Link, Part, address_of
from equina.web.guide import Guide, clause_of, link_to, links_to, shelf_link, sources_part, tables_of, title_of, users_of

__all__ = ["SHELVES", "cards_of"]

FOLD_KINDS_ABOVE = 3  # a cause of more kinds shows each folded
FITS = ("strong", "possible", "weak")


# --- cards ---------------------------------------------------------------------------------------------------------------------


def cards_of(guide: Guide, shelf: str) -> Iterator[Card]:
    """The cards of a shelf, in the order of the protocol."""
    above = shelf_link(guide.words, shelf)
    for id, item in tables_of(guide.protocol)[shelf].items():
        lead, parts = SHELVES[shelf](guide, item)
        yield Card(
            address=address_of(shelf, id),
            title=title_of(guide, shelf, id),
            above=above,
            lead=tuple(filter(None, lead)),
            parts=tuple(part for part in parts if not part.empty),
            plain=shelf == "source",
        )


_Filled = tuple[tuple[str, ...], Iterable[Part]]


def _cause(guide: Guide, cause: Cause) -> _Filled:
    words = guide.words
    fast = [kind.cant_miss for kind in cause.kinds]
    warning = words["card_fast" if all(fast) else "card_fast_some"] if any(fast) else ""
    folded = len(cause.kinds) > FOLD_KINDS_ABOVE
    alone = len(cause.kinds) == 1 and cause.kinds[0].label in cause.label
    parts = [part for kind in cause.kinds for part in _kind(guide, kind, folded=folded)] if not alone else []
    return (cause.words, warning), _inside(guide, cause.kinds[0]) if alone else parts


def _kind(guide: Guide, kind: Kind, *, folded: bool) -> Iterator[Part]:
    fast = (guide.words["card_fast"],) if kind.cant_miss else ()
    yield Part(title=kind.label, text=fast, parts=tuple(part for part in _inside(guide, kind) if not part.empty), folded=folded)


def _inside(guide: Guide, kind: Kind) -> tuple[Part, ...]:
    words = guide.words
    points = tuple(
        Part(title=words[f"card_{fit}"], when=_any_of(guide, [when for name, when in kind.supports if name == fit]))
        for fit in FITS
        if any(name == fit for name, _ in kind.supports)
    )
    against = tuple(guide.protocol.findings[name].say or guide.protocol.findings[name].label for name in kind.against)
    tests = sorted(kind.workup.items(), key=lambda item: -DISPOSITIONS.index(item[1]))
    return (
        Part(title=words["card_points"], text=(words["when_note"],), parts=points, folded=True),
        Part(title=words["card_against"], items=against, folded=True),
        Part(
            title=words["card_tests_soon"],
            links=tuple(link_to(guide, "test", name, words[f"soon_{when}"]) for name, when in tests),
        ),
        Part(title=words["card_care"], links=links_to(guide, "care", kind.care)),
        sources_part(guide, kind.sources),
        _clinician(guide, card_name=kind.id, card_note=kind.note, card_icd=kind.icd10cm),
    )


def _any_of(guide: Guide, conditions: list[Condition]) -> Clause:
    """Several conditions of which one is enough, as one."""
    return clause_of(guide, conditions[0] if len(conditions) == 1 else Or(tuple(conditions)))


def _leak(guide: Guide, leak: LeakType) -> _Filled:
    words = guide.words
    return (leak.words,), (
        _when(guide, leak.when),
        Part(title=words["card_care"], text=(words["card_check_first"],), links=links_to(guide, "care", leak.care)),
        sources_part(guide, leak.sources),
        _clinician(guide, card_name=leak.id, card_note=leak.note),
    )


def _test(guide: Guide, test: WorkUp) -> _Filled:
    words = guide.words
    return (test.words,), (
        Part(title=words["card_for_causes"], links=users_of(guide, "test", test.id, "cause")),
        Part(title=words["card_asked_by"], links=users_of(guide, "test", test.id, "rule", "policy"), folded=True),
        sources_part(guide, test.sources),
        _clinician(guide, card_name=test.id, card_how=test.how),
    )


def _care(guide: Guide, care: Care) -> _Filled:
    words = guide.words
    first = words["card_check_first"] if users_of(guide, "care", care.id, "leak") else ""
    return (care.words, first), (
        Part(title=words["card_amount"], text=(care.amount,) if care.amount else ()),
        Part(title=words["card_duration"], text=(care.duration,) if care.duration else ()),
        Part(title=words["card_helps_with"], links=users_of(guide, "care", care.id, "cause", "leak")),
        Part(title=words["card_basis"], text=(words[f"card_{care.strength}"],)),
        sources_part(guide, care.sources),
        _clinician(guide, card_name=care.id),
    )


def _question(guide: Guide, question: Question) -> _Filled:
    answers = tuple(Answer(says=says, when=clause_of(guide, when)) for when, says in question.own)
    return (question.answer,), (
        Part(title=guide.words["card_own"], answers=answers),
        sources_part(guide, question.sources),
        _clinician(guide, card_name=question.id),
    )


def _story(guide: Guide, story: Story) -> _Filled:
    words, protocol = guide.words, guide.protocol
    assessment = assess(protocol, Case(values=story.findings, complete=True))
    level = assessment.disposition or "none"
    rules = (link_to(guide, "rule" if r.id in protocol.rules else "policy", r.id) for r in assessment.reasons)
    return (words["card_made_up"],), (
        Part(title=words["card_story"], quote=story.story),
        Part(title=words["card_do"], text=(protocol.disposition_words[level],), level=level),
        Part(title=words["card_story_rules"], links=tuple(rules)),
        Part(title=words["card_lesson"], text=(story.lesson,)),
        sources_part(guide, story.sources),
        _clinician(guide, card_name=story.id, card_note=story.note),
    )


def _rule(guide: Guide, rule: Rule) -> _Filled:
    words, protocol = guide.words, guide.protocol
    level = protocol.disposition_words[rule.disposition]
    lines = "; ".join(protocol.lines[line].says for line in rule.serves)
    return (_after_title(guide, "rule", rule.id, rule.because),), (
        Part(title=words["card_do"], text=tuple(dict.fromkeys((level, rule.timing))), level=rule.disposition),
        _when(guide, rule.when),
        Part(title=words["card_tests"], links=links_to(guide, "test", rule.workup)),
        Part(title=words["card_basis"], text=(words[f"card_{rule.strength}"],)),
        sources_part(guide, rule.sources),
        _clinician(
            guide,
            _figures(guide, [protocol.accuracy[name] for name in rule.accuracy]),
            card_name=rule.id,
            card_pathway=rule.pathway,
            card_decision=rule.decision,
            card_stricter=rule.stricter,
            card_serves=lines,
        ),
    )


def _policy(guide: Guide, policy: Policy) -> _Filled:
    words = guide.words
    return (_after_title(guide, "policy", policy.id, policy.because), words["card_policy"]), (
        Part(title=words["card_tests"], links=links_to(guide, "test", policy.workup)),
        sources_part(guide, policy.sources),
        _clinician(guide, card_name=policy.id),
    )


def _group(guide: Guide, name: str) -> _Filled:
    when = clause_of(guide, guide.protocol.groups[name], whole=True)
    return (), (
        Part(title=guide.words["card_counts"], text=(guide.words["when_note"],), when=when),
        Part(title=guide.words["card_used_by"], links=users_of(guide, "group", name, "rule")),
        _clinician(guide, card_name=name),
    )


def _source(guide: Guide, source: Source) -> _Filled:
    words = guide.words
    address = source.url if source.url and source.url.startswith(("https://", "http://")) else None
    away = (
        source.doi and Link(words=source.doi, address=f"https://doi.org/{source.doi}", beside=words["card_doi"]),
        source.pmid
        and Link(words=source.pmid, address=f"https://pubmed.ncbi.nlm.nih.gov/{source.pmid}/", beside=words["card_pmid"]),
        address and Link(words=address, address=address, beside=words["card_address"]),
    )
    links = tuple(link for link in away if isinstance(link, Link))
    return (words["card_read" if source.seen else "card_unread"],), (
        Part(title=words["card_address"], text=(words["card_leaves"],) if links else (), away=links),
        Part(title=words["card_rests"], parts=tuple(_resting(guide, source))),
        _clinician(guide, card_name=source.id, card_note=source.note),
    )


def _resting(guide: Guide, source: Source) -> Iterator[Part]:
    """What cites the source, shelf by shelf."""
    for shelves in (("rule", "policy"), *((shelf,) for shelf in SHELVES if shelf not in ("rule", "policy"))):
        if users := users_of(guide, "source", source.id, *shelves):
            yield Part(title=guide.words[f"read_{shelves[0]}"], links=users)


def _after_title(guide: Guide, shelf: str, id: str, because: str) -> str:
    """The reason without the first sentence, which is the title."""
    return because.removeprefix(title_of(guide, shelf, id)).strip()


# --- parts that cards share ----------------------------------------------------------------------------------------------------


def _when(guide: Guide, condition: Condition) -> Part:
    return Part(title=guide.words["card_when"], text=(guide.words["when_note"],), when=clause_of(guide, condition))


# Never translated: remarks for those who review the protocol itself.
PLAIN = ("card_note", "card_name", "card_icd")


def _clinician(guide: Guide, *more: Part, **said: str | None) -> Part:
    """What a clinician or a reviewer reads besides, folded away: each text under its title."""
    parts = [
        Part(title=guide.words[key], text=(" ".join(text.split()),), plain=key in PLAIN)
        for key, text in said.items()
        if text and key != "card_name"
    ]
    name = f"{guide.words['card_name']}: {said['card_name']}"
    return Part(title=guide.words["card_clinician"], text=(name,), parts=(*parts, *more), folded=True)


def _figures(guide: Guide, rows: list[Accuracy]) -> Part:
    words = guide.words
    keys = ("sign", "for", "figures", "people", "caution", "source")
    filled = tuple((_row(guide, row), _short_link(guide, row.source)) for row in rows)
    if not filled:
        return Part(title=words["card_accuracy"], text=(words["card_accuracy_none"],))
    figures = Figures(columns=tuple(words[f"figure_{key}"] for key in keys), rows=filled)
    return Part(title=words["card_accuracy"], text=(words["card_accuracy_note"],), figures=figures)


def _short_link(guide: Guide, id: str) -> Link:
    """The link to a source by who wrote it, and when."""
    source = guide.protocol.sources[id]
    who = source.citation.split(". ", 1)[0]
    return Link(words=f"{who} {source.year or ''}".strip(), address=address_of("source", id), plain=True)


def _row(guide: Guide, row: Accuracy) -> tuple[str, ...]:
    finding = guide.protocol.findings.get(row.finding)
    sign = finding.label if finding else row.finding.replace("_", " ")
    cautions = [*row.caution, *(["computed"] if row.figures.get("computed") else [])]
    return (
        f"{sign} {row.figures.get('threshold', '')}".strip(),
        row.condition.replace("_", " "),
        "; ".join((*_usual_figures(guide, row), *_other_figures(guide, row))) or row.note or "",
        row.population,
        ", ".join(guide.words[f"figure_{caution}"] for caution in cautions),
    )


def _usual_figures(guide: Guide, row: Accuracy) -> Iterator[str]:
    """Each figure, or its range, with its confidence interval where one is published."""
    for key in ("sensitivity", "specificity", "lr_pos", "lr_neg"):
        value, span, interval = (row.figures.get(name) for name in (key, f"{key}_range", f"{key}_ci"))
        if value is None and isinstance(span, list):
            value = " to ".join(map(str, span))
        if value is not None:
            yield f"{guide.words[f'figure_{key}']} {_with_interval(value, interval)}"


def _other_figures(guide: Guide, row: Accuracy) -> Iterator[str]:
    for key in ("odds_ratio", "overall_accuracy", "post_test_if_positive"):
        if (value := row.figures.get(key)) is not None:
            interval = row.figures.get("post_test_ci") if key.startswith("post") else None
            yield guide.words[f"figure_{key}"].format(value=_with_interval(value, interval))


def _with_interval(value: object, interval: object) -> str:
    return f"{value} ({interval})" if interval else str(value)


SHELVES: Mapping[str, Callable[[Guide, Any], _Filled]] = {  # each takes the items of its own shelf
    "cause": _cause,
    "leak": _leak,
    "test": _test,
    "care": _care,
    "question": _question,
    "story": _story,
    "rule": _rule,
    "policy": _policy,
    "group": _group,
    "source": _source,
}
