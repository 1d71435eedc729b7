"""The worklist as a table (CSV), one line a patient, and as JSON, with all that a page would show."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from equina.prose import as_text
from equina.shares import Share
from equina.worklist.entry import Entry
from equina.worklist.expected import PER
from equina.worklist.listing import Worklist
from equina.worklist.telling import asked, counted, nearest, where

__all__ = ["COLUMNS", "as_csv", "as_json"]

COLUMNS = (
    "place",
    "id",
    "level",
    "low",
    "high",
    "age_years",
    "sex",
    "newest_sign",
    "days_before_run",
    "rules",
    "because",
    "found",
    "words",
    "where",
    "answers_to_next_level",
    "next_level_needs",
    "tell",
    "ask",
    "protocol_version",
    "protocol_digest",
)
FORMULA = "=+-@\t\r"  # a spreadsheet would run a cell that begins with one of these
BETWEEN = " | "
PIECE = ("value", "assertion", "origin", "quote", "code", "date", "file", "line", "start", "end", "before", "after")


def as_csv(made: Worklist) -> str:
    """The list as a table. The id is given as it is; other words that a spreadsheet would run as a formula get a ' before them."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for entry in made.entries:
        cells = dict(_cells(made, entry))
        table.writerow([cells[name] if name == "id" else _harmless(cells[name]) for name in COLUMNS])
    return out.getvalue()


def _cells(made: Worklist, entry: Entry) -> Iterator[tuple[str, str]]:
    patient, counting = entry.patient, [fact for fact in entry.facts if fact.counts]
    firsts = [fact.pieces[0] for fact in counting]
    yield "place", str(entry.place)
    yield "id", patient.id or ""
    yield "level", entry.level
    yield "low", patient.low
    yield "high", patient.high
    yield "age_years", "" if patient.age_years is None else f"{patient.age_years:g}"
    yield "sex", patient.sex or ""
    yield "newest_sign", entry.newest.date().isoformat() if entry.newest else ""
    yield "days_before_run", "" if entry.days is None else str(entry.days)
    yield "rules", BETWEEN.join(why.id for why in entry.why)
    yield "because", BETWEEN.join(why.because for why in entry.why)
    yield "found", BETWEEN.join(fact.finding for fact in counting)
    yield "words", BETWEEN.join(" ".join((piece.quote or "").split()) for piece in firsts)
    yield "where", BETWEEN.join(map(where, firsts))
    yield "answers_to_next_level", "" if patient.questions_left is None else str(patient.questions_left)
    yield "next_level_needs", BETWEEN.join(patient.nearest_needs)
    yield "tell", entry.tell
    yield "ask", BETWEEN.join(question for _, questions in asked(entry) for question in questions)
    yield "protocol_version", made.manifest.protocol_version
    yield "protocol_digest", made.manifest.protocol_digest


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(tuple(FORMULA)) else cell


# --- for machines --------------------------------------------------------------------------------------------------------------


def as_json(made: Worklist) -> str:
    """The list with what is said before it, as one JSON object."""
    return json.dumps(_document(made), ensure_ascii=True) + "\n"


def _document(made: Worklist) -> dict[str, object]:
    manifest, expected = made.manifest, made.expected
    shares: dict[str, Share] = {str(level): share for level, share in expected.rates.items()} | {"listed": expected.listed}
    return {
        "protocol": {"id": manifest.protocol_id, "version": manifest.protocol_version, "digest": manifest.protocol_digest},
        "as_of": manifest.as_of.isoformat(),
        "window_days": manifest.window_days,
        "pseudonymised": manifest.pseudonymised,
        "expected": {
            "patients": expected.patients,
            "nothing_known": expected.nothing_known,
            "deceased": expected.deceased,
            "per_10000": {
                level: {
                    "patients": share.hits,
                    "rate": PER * (share.value or 0.0),
                    "interval": [PER * end for end in share.interval],
                }
                for level, share in shares.items()
            },
            "rests_on": list(expected.rests_on(manifest)),
        },
        "level": made.least,
        "size": made.size,
        "total": made.total,
        "left_off": made.total - len(made.entries),
        "counted": list(counted(made)),
        "patients": [_entry(entry) for entry in made.entries],
        "notice": " ".join(made.protocol.notice.split()),
    }


def _entry(entry: Entry) -> dict[str, object]:
    patient = entry.patient
    return {
        "place": entry.place,
        "id": patient.id,
        "level": entry.level,
        "low": patient.low,
        "high": patient.high,
        "disposition": patient.disposition,
        "age_years": patient.age_years,
        "sex": patient.sex,
        "newest": entry.newest.isoformat() if entry.newest else None,
        "days": entry.days,
        "evidence": [
            {
                "finding": fact.finding,
                "label": fact.label,
                "counts": fact.counts,
                "present": fact.present,
                "pieces": [{name: getattr(piece, name) for name in PIECE} for piece in fact.pieces],
            }
            for fact in entry.facts
        ],
        "reasons": [{"rule": why.id, "because": why.because, "timing": why.timing, "sources": why.sources} for why in entry.why],
        "conflicts": entry.conflicts,
        "judged_again": entry.rechecked,
        "nearest": None if not nearest(entry) else {"rule": patient.nearest_rule, "needs": patient.nearest_needs},
        "tell": entry.tell,
        "ask": [{"words": words, "questions": questions} for words, questions in asked(entry)],
        "set_aside": patient.set_aside,
        "handover": as_text(entry.handover),
    }
