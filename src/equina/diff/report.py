"""A difference put into words for the one who reviews it, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from equina.diff.counts import Count
from equina.diff.difference import Difference
from equina.diff.edits import PARTS, Edit
from equina.diff.patients import Said, slot_in_words, spans
from equina.diff.search import MovedSet
from equina.model import DISPOSITIONS, Protocol

__all__ = ["as_json", "in_words"]

MOST = 12  # entries of one kind that are printed; --json has them all
LONGEST = 160  # characters of a text


def in_words(difference: Difference) -> Iterator[str]:
    """The lines of the report."""
    old, new = difference.both.old, difference.both.new
    yield f"from  {_version(old)}"
    yield f"to    {_version(new)}"
    if old.id != new.id:
        yield "note: the two have different ids; versions of one protocol are meant to be compared"
    moves = [*difference.lowered.sets, *difference.raised.sets]
    if moves and old.version == new.version:
        yield "note: levels move but the version is the same: raise it before the release"
    yield ""
    yield from _moved(difference, lowered=True)
    yield from _moved(difference, lowered=False)
    yield from _tables(difference)
    for count in difference.counts:
        yield from _count(count)
    yield ""
    yield from _edits(difference.edits)
    yield from _verdict(difference)


def _version(protocol: Protocol) -> str:
    return f"{protocol.id} {protocol.version}, reviewed {protocol.reviewed}, {protocol.digest}"


def _moved(difference: Difference, *, lowered: bool) -> Iterator[str]:
    moves = difference.lowered if lowered else difference.raised
    word = "lowered" if lowered else "raised"
    if moves.not_settled is None:
        sure = f"proved: every case that is {word} has, or counts as having, the answers of one set" if moves.sets else "proved"
    else:
        sure = moves.not_settled
    yield f"{word.upper()}: {_many(len(moves.sets), 'set') if moves.sets else 'nobody'} ({sure})"
    for moved in moves.sets:
        yield f"  {_levels(moved)}, by {', '.join(moved.rules)}{_signature(difference, moved)}"
        for slot in moved.slots:
            yield from (f"    {line}" for line in slot_in_words(difference.both, slot))
    yield ""


def _levels(moved: MovedSet) -> str:
    old, new = (DISPOSITIONS[level] for level in moved.levels)
    others = sorted({DISPOSITIONS[after] for _, after in moved.others} - {new})
    return f"{old} → {new}" + (f" (or {' or '.join(others)})" if others else "")


def _signature(difference: Difference, moved: MovedSet) -> str:
    if not difference.signed or not moved.lowered or DISPOSITIONS[moved.levels[0]] != "emergency":
        return ""
    return ": NOT SIGNED FOR" if moved in difference.uncovered else ": signed for"


def _tables(difference: Difference) -> Iterator[str]:
    rules, findings = list(difference.by_rule()), list(difference.by_finding())
    if rules:
        yield "by rule (sets lowered, raised)"
        for name, edit, down, up in rules:
            none = "  moves nobody that no other rule moves" if edit and not (down or up) else ""
            yield f"  {down:3} {up:3}  {name}{f' [{edit}]' if edit else ''}{none}"
    if findings:
        yield "by finding (sets lowered, raised)"
        for name, down, up in findings[:MOST]:
            yield f"  {down:3} {up:3}  {difference.both.finding(name).label}"
        yield from _more(len(findings))


def _count(count: Count) -> Iterator[str]:
    changes = Counter(one.low for one in count.moved if one.low[0] != one.low[1])
    told = [f"{n} {old} → {new}" for (old, new), n in sorted(changes.items(), key=lambda item: -DISPOSITIONS.index(item[0][0]))]
    advice = Counter(one.advice for one in count.moved if one.low[0] == one.low[1])
    told += [f"{n} advice {old or 'not yet'} → {new or 'not yet'}" for (old, new), n in advice.items()]
    yield f"{count.name}: {_many(count.total, 'case')}, {count.same} the same{''.join(f', {one}' for one in told)}"
    for one in count.moved[:MOST]:
        yield f"  {one.id}: {one.low[0]} → {one.low[1]}"
    yield from _more(len(count.moved))
    for number, why in count.unread[:MOST]:
        yield f"  line {number} was not judged: {why}"
    yield from _more(len(count.unread))


def _edits(edits: Sequence[Edit]) -> Iterator[str]:
    if not edits:
        yield "nothing was edited"
    for part, about in PARTS.items():
        own = [edit for edit in edits if edit.part == part]
        if not own:
            continue
        yield f"{about}: {_many(len(own), 'edit')}"
        for edit in own[:MOST]:
            if edit.old is None or edit.new is None:
                change, entry = ("added", edit.new) if edit.old is None else ("removed", edit.old)
                yield f"  {edit.place} {change}: {_cut(entry or '')}"
            elif edit.old == edit.new:
                yield f"  {edit.place}, through a group that it names"
            else:
                yield f"  {edit.place}"
                before, after = _apart(edit.old, edit.new)
                yield f"    - {before}"
                yield f"    + {after}"
        yield from _more(len(own))


def _verdict(difference: Difference) -> Iterator[str]:
    yield ""
    for signed, why in difference.stale:
        yield f"STALE  the reason {signed.id}, signed by {signed.who} on {signed.date}: {why}"
    for one in difference.unexpected:
        yield f"LOWERED WITHOUT SIGNATURE  the given case {one.id}: {one.low[0]} → {one.low[1]}"
    for why in difference.not_settled:
        yield f"NOT SETTLED  {why}; more time: --seconds"
    if difference.uncovered:
        sets = _many(len(difference.uncovered), "set")
        yield f"NOT SIGNED FOR  {sets} of lowered emergencies. If that is meant, whoever answers for it signs in the file given by"
        yield "--accept: the tables below, with who, date and reason."
        for text in difference.drafts:
            yield ""
            yield from (f"  {line}" for line in text.splitlines())
        yield ""
    lowered = any(moved.lowered and DISPOSITIONS[moved.levels[0]] == "emergency" for moved in difference.lowered.sets)
    if difference.passes:
        verdict = "every lowered emergency is signed for" if lowered else "no emergency is lowered"
    else:
        verdict = "not to be released as it is"
    yield f"{verdict} ({difference.seconds:.1f} s)"


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _more(count: int) -> Iterator[str]:
    if count > MOST:
        yield f"  … and {count - MOST} more (--json has them all)"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _apart(old: str, new: str) -> tuple[str, str]:
    """Two texts cut to what tells them apart."""
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, same - LONGEST // 3) if max(len(old), len(new)) > LONGEST else 0
    before, after = (("…" if start else "") + _cut(text[start:]) for text in (old, new))
    return before, after


# --- JSON ----------------------------------------------------------------------------------------------------------------------


def as_json(difference: Difference) -> dict[str, object]:
    """The whole of it as one object."""
    return {
        **{
            side: {"id": protocol.id, "version": protocol.version, "reviewed": protocol.reviewed, "digest": protocol.digest}
            for side, protocol in (("old", difference.both.old), ("new", difference.both.new))
        },
        "passes": difference.passes,
        "lowered": [_set_as_json(moved) for moved in difference.lowered.sets],
        "raised": [_set_as_json(moved) for moved in difference.raised.sets],
        "not_settled": list(difference.not_settled),
        "not_signed_for": [_set_as_json(moved) for moved in difference.uncovered],
        "stale": [{"id": signed.id, "why": why} for signed, why in difference.stale],
        "rules": [{"rule": name, "edit": edit, "lowered": down, "raised": up} for name, edit, down, up in difference.by_rule()],
        "findings": [{"finding": name, "lowered": down, "raised": up} for name, down, up in difference.by_finding()],
        "cases": [
            {
                "name": count.name,
                "total": count.total,
                "same": count.same,
                "moved": [{"id": one.id, "low": one.low, "disposition": one.advice} for one in count.moved],
                "not_judged": [{"line": number, "error": why} for number, why in count.unread],
            }
            for count in difference.counts
        ],
        "edits": [
            {"part": e.part, "table": e.table, "id": e.id, "key": e.key, "old": e.old, "new": e.new} for e in difference.edits
        ],
    }


def _set_as_json(moved: MovedSet) -> dict[str, object]:
    old, new = (DISPOSITIONS[level] for level in moved.levels)
    return {"old": old, "new": new, "rules": moved.rules, "answers": [_slot_as_json(slot) for slot in moved.slots]}


def _slot_as_json(slot: Sequence[Said]) -> list[dict[str, object]]:
    """One statement of the list is enough; a quantity has its range, each end included or not."""
    found: list[dict[str, object]] = []
    cells: dict[str, list[Said]] = {}
    for said in slot:
        if isinstance(said.value, bool | str):
            days = {} if said.days is None else {"began_within_days": said.days}
            found.append({"finding": said.finding, "value": said.value, **days})
        else:
            cells.setdefault(said.finding, []).append(said)
    for name, own in cells.items():
        for span in spans(own):
            ends = {">=" if span.from_low else ">": span.low, "<=" if span.to_high else "<": span.high}
            found.append({"finding": name, **ends})
    return found
