"""The words of the worklist that terminal, table and page share: a patient, a place in a record, a date, a figure."""

from __future__ import annotations

from collections.abc import Iterator

from equina.case import Option
from equina.model import DISPOSITIONS, rank
from equina.wording import wording
from equina.worklist.entry import Entry, Fact
from equina.worklist.expected import per_10000
from equina.worklist.listing import Worklist
from equina.worklist.patient import Piece
from equina.worklist.ranking import BANDS

__all__ = [
    "WORDS",
    "about",
    "asked",
    "beside",
    "counted",
    "fact_lines",
    "level",
    "made_from",
    "nearest",
    "newest",
    "rates",
    "reasons",
    "where",
    "who",
]

WORDS = wording("worklist")
MOST_PIECES = 2  # of a sign; of a history or a risk, one; the rest is counted
MOST_IN_FULL = 6  # of one finding, where all of them are told: a prescription renewed for decades fills pages
LONGEST_QUOTE = 240


def made_from(made: Worklist) -> Iterator[str]:
    """What the list was made from."""
    manifest = made.manifest
    yield WORDS["made_from"].format(
        as_of=manifest.as_of.isoformat(" ", "minutes"),
        window=manifest.window_days,
        equina=manifest.equina,
        id=manifest.protocol_id,
        version=manifest.protocol_version,
        digest=manifest.protocol_digest[:19],
    )
    if manifest.pseudonymised:
        yield WORDS["pseudonymised"]


def rates(made: Worklist) -> Iterator[str]:
    """What is to be expected, per 10,000 patients."""
    for name, share in made.expected.rates.items():
        rate, low, high = per_10000(share)
        told = {"rate": rate, "low": low, "high": high, "hits": f"{share.hits:,}", "total": f"{share.total:,}"}
        yield WORDS["rate"].format(level=WORDS[f"rate_level_{name}"], **told)
    alerts, low, high = per_10000(made.expected.listed)
    yield WORDS["listed"].format(alerts=alerts, low=low, high=high, level=made.least.replace("_", " "))


def counted(made: Worklist) -> Iterator[str]:
    """How many are on the list and, loudly, how many are not."""
    least = made.least.replace("_", " ")
    left = made.total - len(made.entries)
    if not made.total:
        yield WORDS["nobody"].format(level=least)
        return
    if left:
        emergencies = made.expected.levels.get("emergency", 0) - made.shown("emergency")
        yield WORDS["left_off"].format(n=f"{left:,}", level=least, size=made.size, emergencies=f"{emergencies:,}")
    else:
        yield WORDS["all_shown"].format(n=f"{made.total:,}", level=least)
    for each in reversed(DISPOSITIONS):
        if rank(each) >= rank(made.least) and (total := made.expected.levels.get(each, 0)):
            told = WORDS[f"level_{each}"].capitalize()
            yield WORDS["of_level"].format(level=told, shown=f"{made.shown(each):,}", total=f"{total:,}")
    bands = ", ".join(WORDS[f"band_{band}"] for band in range(BANDS))
    yield WORDS["order"].format(bands=bands)


def level(entry: Entry) -> str:
    """The level in capitals, or that nothing is known."""
    return WORDS["level_none" if entry.patient.nothing_known else f"level_{entry.level}"]


# --- of one patient ------------------------------------------------------------------------------------------------------------


def who(entry: Entry) -> str:
    """The id, or where the line without one stands."""
    if entry.patient.id is not None:
        return entry.patient.id
    first = entry.patient.evidence[0] if entry.patient.evidence else None
    return WORDS["no_id"] + (f" ({where(first)})" if first and first.file else "")


def about(entry: Entry) -> str:
    """Age and sex, as far as they are known."""
    age = entry.patient.age_years
    told = [f"{age:g}" if age is not None else WORDS["about_unknown"], entry.patient.sex or ""]
    return ", ".join(part for part in told if part)


def newest(entry: Entry) -> str:
    """When the newest sign was recorded."""
    if entry.newest is None or entry.days is None:
        return WORDS["newest_none"]
    days = {0: WORDS["today"], 1: WORDS["yesterday"]}.get(entry.days) or WORDS["days_before"].format(n=entry.days)
    return WORDS["newest"].format(date=entry.newest.date().isoformat(), days=days)


def where(piece: Piece) -> str:
    """Where the piece stands: file, line and, of a text, the characters."""
    if piece.file is None:
        return WORDS["where_none"]
    if piece.line is None:
        return piece.name or piece.file
    words = "where" if piece.start is None or piece.end is None else "where_span"
    return WORDS[words].format(file=piece.name or piece.file, line=piece.line, start=piece.start, end=piece.end)


def fact_lines(fact: Fact, *, whole: bool = False) -> Iterator[str]:
    """A finding with what says that it is there, when that was recorded and where it stands: the newest of it, or nearly all."""
    speaking = [piece for piece in fact.pieces if piece.speaks] or list(fact.pieces)
    shown = fact.pieces[:MOST_IN_FULL] if whole else speaking[: MOST_PIECES if fact.sign else 1]
    lines = [WORDS["fact"].format(finding=_short(fact.label), quote=_said(p), date=_date(p), where=where(p)) for p in shown]
    if more := len(fact.pieces) - len(shown):
        lines[-1] += WORDS["more_pieces"].format(n=more)
    yield from lines


def beside(entry: Entry) -> Iterator[str]:
    """What is on record beside what the level rests on, a finding with its newest date; then what is denied, uncertain or past."""
    there = [fact for fact in entry.facts if not fact.counts and fact.present]
    if there:
        yield WORDS["beside"].format(findings="; ".join(map(_dated, there)))
    if denied := [fact for fact in entry.facts if not fact.present]:
        yield WORDS["denied"].format(findings="; ".join(map(_dated, denied)))


def _said(piece: Piece) -> str:
    """The words, or the code and the resource, with what they say of the finding."""
    quote = " ".join((piece.quote or "").split())
    cut = quote if len(quote) <= LONGEST_QUOTE else quote[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " [...]"
    if not cut:
        told = WORDS["said_plain"]
    elif piece.origin == "text":
        around = bool(piece.before or piece.after)
        told = " ".join(f"{piece.before}»{cut}«{piece.after}".split()) if around else f'"{cut}"'
    else:
        told = WORDS["said_record"].format(quote=cut)
    return f"{told} ({marks})" if (marks := _marks(piece)) else told


def _marks(piece: Piece) -> str:
    if piece.value == "long_standing" and piece.speaks:
        return WORDS["long_standing"]
    return "" if piece.assertion in (None, "present") else str(piece.assertion)


def _date(piece: Piece) -> str:
    return (piece.date or WORDS["no_date"])[:16].replace("T", " ")


def _dated(fact: Fact) -> str:
    piece = fact.pieces[0]
    about = [part for part in (_marks(piece), (piece.date or "")[:10]) if part]
    return _short(fact.label) + (f" ({', '.join(about)})" if about else "")


def reasons(entry: Entry) -> Iterator[str]:
    """Why the patient is on the list: the sentence of each rule, with what it asks a clinician to do."""
    for why in entry.why:
        words = WORDS["reason" if why.sources else "reason_alone"]
        yield words.format(because=why.because, timing=why.pathway or why.timing, rule=why.id, sources=", ".join(why.sources))
    if entry.rechecked is not None:
        stored, again = (level.replace("_", " ") for level in (entry.level, entry.rechecked))
        yield WORDS["recheck"].format(stored=stored, again=again)
    for label in entry.conflicts:
        yield WORDS["conflict"].format(finding=_short(label))
    if line := nearest(entry):
        yield line


def nearest(entry: Entry) -> str:
    """The nearest open rule, and what it still wants."""
    rule, left = entry.nearest, entry.patient.questions_left
    if rule is None or not left:
        return ""
    answers = WORDS["nearest_one" if left == 1 else "nearest_many"]
    findings = "; ".join(map(_short, entry.needs))
    return WORDS["nearest"].format(
        n=left, answers=answers, level=rule.disposition.replace("_", " "), findings=findings, rule=rule.id
    )


def asked(entry: Entry) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What to ask on the call, as a few words and the questions below them."""
    if entry.level == "emergency":
        yield WORDS["tell"].format(timing=entry.tell), ()
        yield WORDS["ask_emergency"], tuple(map(_question, entry.ask))
        yield WORDS["ask_no"], ()
        return
    if entry.ask:
        yield WORDS["ask_urgent"], tuple(map(_question, entry.ask))
    if entry.then is not None:
        yield WORDS["ask_more"].format(wording=entry.then.wording), tuple(map(_question, entry.then.options))
    if not entry.ask and entry.then is None:
        yield WORDS["ask_nothing"], ()
    if entry.examine:
        yield WORDS["examine"].format(findings="; ".join(map(_short, entry.examine))), ()
    if entry.tell:
        yield WORDS["tell_else"].format(timing=entry.tell), ()


def _question(option: Option) -> str:
    return WORDS["question_hint" if option.hint else "question"].format(wording=option.wording, hint=option.hint)


def _short(label: str) -> str:
    return label.split(":")[0]
