"""The interview as a blank form: every question in its order with boxes to tick, for where there is no screen.

Paper cannot add answers up, so the form says at which boxes to stop and get care at once (those that are an emergency by themselves
or with back pain, by the rules), and which questions must not stay open (the core flags). All else it leaves to whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from equina.case import Case
from equina.interview import option_of
from equina.logic import Condition, findings_in
from equina.model import LONG_STANDING, Finding, Protocol, Topic, Value
from equina.paper.sheet import Paper, Sheet, small_print
from equina.paper.signs import printed
from equina.triage import assess
from equina.wording import wording

__all__ = ["EMERGENCY", "KEY", "form_pdf"]

EMERGENCY, KEY = "▲", "●"
BESIDE = "back_pain"  # what whoever fills in the form has, most likely: a box that is an emergency beside it is marked
BLANKS = ("name", "date_of_birth", "phone", "date", "time")
COLUMNS = ("yes_new", "long_standing", "no", "not_sure")
VALUES: Mapping[str, Value] = {"yes_new": True, "long_standing": LONG_STANDING}


def form_pdf(protocol: Protocol, *, paper: Paper = "a4") -> bytes:
    """The form as a tagged PDF, on as many pages as it takes."""
    return Sheet("form", _words(protocol, paper)).pdf()


def _words(protocol: Protocol, paper: Paper) -> Mapping[str, Any]:
    words = {**wording("answers", protocol.language), **wording("paper", protocol.language)}
    levels = protocol.disposition_words
    number = protocol.care["emergency_number"].told if "emergency_number" in protocol.care else ""
    how = (
        words["form_one"],
        words["form_emergency"].format(mark=EMERGENCY, emergency=levels["emergency"], number=number),
        words["form_key"].format(mark=KEY, urgent=levels["urgent"]),
        words["form_only"],
    )
    return {
        "language": protocol.language,
        "paper": paper,
        "title": words["title_form"],
        "top": words["form_top"],
        "blanks": [words[name] for name in BLANKS],
        "filled_in": {"title": words["filled_in"], "boxes": [words["myself"], words["someone"]]},
        "how": {"title": words["form_how"], "lines": [printed(line) for line in how]},
        "fine": small_print(protocol),
        "columns": [words["question"], *(words[f"column_{code}"] for code in COLUMNS)],
        "written": [words["question"], words["answer"]],
        "none": words["none"],
        "topics": list(_topics(protocol, words)),
    }


def _topics(protocol: Protocol, words: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    number = 0
    for topic, findings in sorted(_asked(protocol), key=lambda asked: _for_staff(asked[1])):
        title = words["for_staff"].format(topic=topic.wording) if _for_staff(findings) else topic.wording
        yield {
            "title": printed(title),
            "hint": printed(topic.hint or ""),
            "only_if": _only_if(protocol, words, topic.only_when) if topic.only_when else "",
            "written": topic.kind == "number",
            "list": topic.kind == "list" and not _for_staff(findings),
            "rows": [_row(protocol, words, topic, finding, number + i) for i, finding in enumerate(findings, 1)],
        }
        number += len(findings)


def _asked(protocol: Protocol) -> Iterator[tuple[Topic, list[Finding]]]:
    """The topics of the interview, then of the handover, with what a person or an examination can answer: each question once."""
    seen: set[str] = set()
    for topic in (*protocol.topics.values(), *protocol.handover_topics.values()):
        findings = [protocol.findings[name] for name in topic.findings if name not in seen]
        findings = [finding for finding in findings if finding.answered_by != "record" and not finding.not_asked]
        seen.update(finding.id for finding in findings)
        if findings:
            yield topic, findings


def _for_staff(findings: Iterable[Finding]) -> bool:
    """Whether only an examination can answer them: they stand at the end."""
    return all(finding.answered_by == "examination" for finding in findings)


def _only_if(protocol: Protocol, words: Mapping[str, str], condition: Condition) -> str:
    findings = (protocol.findings[name] for name in findings_in(condition, protocol.findings))
    said = dict.fromkeys(words["said"].format(words=finding.say or finding.label) for finding in findings)
    return printed(words["only_if"].format(said=words["or"].join(said)))


def _row(protocol: Protocol, words: Mapping[str, str], topic: Topic, finding: Finding, number: int) -> Mapping[str, Any]:
    """A question with its boxes: a label for each that the heads of the columns do not name, and the mark of an emergency."""
    option = option_of(protocol, Case(), finding, topic.kind)
    row = {
        "number": words["number"].format(number=number),
        "question": printed(option.wording),
        "hint": printed(option.hint or ""),
        "key": KEY if finding.id in protocol.core_flags else "",
    }
    if finding.kind == "choice":
        return row | {"kind": "choice", "boxes": [words.get(name, name) for name in finding.options]}
    if finding.measured:
        return row | {"kind": "number", "unit": printed(option.unit or ""), "not_sure": words["not_sure"]}
    marks = [EMERGENCY if code in VALUES and _emergency(protocol, finding, VALUES[code]) else "" for code in COLUMNS]
    return row | {"kind": "boxes", "timed": "long_standing" in option.answers, "yes": words["yes"], "marks": marks}


def _emergency(protocol: Protocol, finding: Finding, value: Value) -> bool:
    """Whether the answer is an emergency by itself, or beside back pain."""
    beside: Mapping[str, Value] = {BESIDE: True} if BESIDE in protocol.findings else {}
    cases = (Case(values={finding.id: value}), Case(values={**beside, finding.id: value}))
    return any(assess(protocol, case).low == "emergency" for case in cases)
