"""The readers of what comes from outside: each takes any bytes, and answers or refuses in the way that it says it does.

A target gets bytes and returns; whatever it raises is a fault. Its seeds are real input of its kind, from which the fuzzer goes on.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from equina import load
from equina.batch.command import run as screen
from equina.batch.options import add_arguments
from equina.exchange import BadInput, answer, read_object, read_request
from equina.fhir.operations import assessed
from equina.fhir.records import cases_of
from equina.fhir.refusals import Refused
from equina.fhir.responses import case_of_response
from equina.hooks.doors import answered
from equina.hooks.services import SERVICES
from equina.logic import ConditionError, parse, render
from equina.notes.evidence import with_text
from equina.notes.lexicon import lexicon
from equina.notes.patterns import BadPattern
from equina.notes.patterns import parse as pattern
from equina.notes.reading import read
from equina.tables import ProtocolError
from equina.triage import assess
from equina.web.forms import Unanswered
from equina.web.visit import STAGES, BadVisit, data_of, next_ask, visit_of

__all__ = ["TARGETS", "Target"]

HERE = Path(__file__).parent.parent
SEEDS = Path(__file__).parent / "seeds"
SMALL = HERE.parent / "examples" / "head_injury"
NOW = datetime(2026, 11, 25, 2, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Target:
    """A reader, and input of its kind to begin with. `structured`: the input is JSON, and is broken as JSON as well."""

    try_: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    structured: bool = False


@cache
def _protocol():
    return load()


def _seed(name: str) -> bytes:
    return (SEEDS / name).read_bytes()


def _lines(path: str) -> list[bytes]:
    return [line for line in (HERE / path).read_bytes().splitlines() if line.strip()]


# --- cases and texts -----------------------------------------------------------------------------------------------------------


def _case(data: bytes) -> None:
    """A line of `equina triage`: judged, or refused in words; the answer is JSON."""
    try:
        request = read_request(_protocol(), data, NOW)
    except BadInput:
        return
    json.dumps(answer(_protocol(), request, assess(_protocol(), with_text(_protocol(), request.case))), allow_nan=False)


def _cases() -> list[bytes]:
    made = [json.loads(line) for line in _lines("cases/dev_cases.jsonl")[:20]]
    kept = [{"id": case["id"], "age": case["age"], "findings": dict.fromkeys(case["findings_present"], True)} for case in made]
    return [json.dumps(case | {"text": told["narrative_patient"]}).encode() for case, told in zip(kept, made, strict=True)]


def _text(data: bytes) -> None:
    """A note or message: each mention stands where it says that it does."""
    try:
        text = data.decode("utf-8", errors="surrogatepass")  # lone surrogates are texts too
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
    found = read(lexicon(_protocol()), text)
    for mention in found.mentions:
        assert text[mention.start : mention.end] == mention.quote
        assert mention.cue is None or text[mention.cue.start : mention.cue.end] == mention.cue.quote


def _texts() -> list[bytes]:
    told = [json.loads(line) for line in _lines("cases/dev_cases.jsonl")[:15]]
    return [case[words].encode() for case in told for words in ("narrative_patient", "narrative_clinical")]


# --- the protocol --------------------------------------------------------------------------------------------------------------


def _condition(data: bytes) -> None:
    """A condition of rules.toml: what is read is written, and reads back the same."""
    try:
        found = parse(data.decode("utf-8", errors="replace"))
    except ConditionError:
        return
    assert parse(render(found)) == found


def _conditions() -> list[bytes]:
    return [render(rule.when).encode() for rule in _protocol().rules.values()]


def _pattern(data: bytes) -> None:
    """A line of the lexicon."""
    with suppress(BadPattern):
        pattern(data.decode("utf-8", errors="replace"), {})


def _patterns() -> list[bytes]:
    lines: list[str] = []
    for path in sorted(Path(str(_protocol().folder)).glob("cues*.toml")):
        for table in tomllib.loads(path.read_text(encoding="utf-8")).get("cues", {}).values():
            lines += table["says"] if isinstance(table["says"], list) else [table["says"]]
    return [line.encode() for line in lines[::40]]


def _files(data: bytes) -> None:
    """The rules of a protocol: the faults of a file are told all at once, each with where it is."""
    with tempfile.TemporaryDirectory(prefix="equina-fuzz-") as folder:
        shutil.copytree(SMALL, folder, dirs_exist_ok=True)
        (Path(folder) / "rules.toml").write_bytes(data)
        with suppress(ProtocolError):
            load(folder)


# --- FHIR and CDS Hooks --------------------------------------------------------------------------------------------------------


def _records(data: bytes) -> None:
    """Records of FHIR: each patient's case can be judged."""
    try:
        bundle = read_object(data)
    except BadInput:
        return
    for _, case in cases_of(_protocol(), bundle, NOW):
        assess(_protocol(), case)


def _response(data: bytes) -> None:
    with suppress(BadInput):
        assess(_protocol(), case_of_response(_protocol(), read_object(data), NOW))


def _operation(data: bytes) -> None:
    with suppress(BadInput, Refused):
        json.dumps(assessed(_protocol(), read_object(data), NOW), allow_nan=False)


def _call(data: bytes) -> None:
    """A call of CDS Hooks, to each service."""
    for service in SERVICES.values():
        with suppress(BadInput):
            json.dumps(answered(_protocol(), service, data, NOW, "https://here.example"), allow_nan=False)


def _calls() -> list[bytes]:
    body = json.loads(_seed("call.json"))
    return [json.dumps({"hook": service.hook, **body}).encode() for service in SERVICES.values()]


# --- the page, and populations -------------------------------------------------------------------------------------------------


def _visit(data: bytes) -> None:
    """What a page carries, once its seal is broken: a visit that can be carried on, or none."""
    try:
        carried = json.loads(data)
    except (ValueError, RecursionError):
        return
    with suppress(BadVisit, Unanswered):
        visit = visit_of(_protocol(), carried, NOW)
        again = visit_of(_protocol(), json.loads(json.dumps(data_of(_protocol(), visit))), NOW)
        assert again == visit
        next_ask(_protocol(), visit)


def _visits() -> list[bytes]:
    visit = json.loads(_seed("visit.json")) | {"protocol": _protocol().digest[-16:]}
    return [json.dumps(visit | {"stage": stage}).encode() for stage in STAGES]


def _screened(suffix: str) -> Callable[[bytes], None]:
    """A file of `equina screen`: what cannot be read of it is set aside, and the run ends."""

    screening = argparse.ArgumentParser()
    screening.set_defaults(protocol=None)
    add_arguments(screening)

    def try_(data: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="equina-fuzz-") as folder:
            file, out = Path(folder) / f"given{suffix}", Path(folder) / "out"
            file.write_bytes(data)
            given = [str(file), "--out", str(out), "--workers", "1", "--quiet", "--as-of", NOW.isoformat()]
            options = screening.parse_args(given)
            told: list[str] = []
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                code = screen(_protocol(), options, told.append)
            assert code == 0 or (code == 2 and told)
            assert (out / "manifest.json").exists() or told

    return try_


def _notes() -> list[bytes]:
    records = [json.dumps(entry["resource"]).encode() for entry in json.loads(_seed("bundle.json"))["entry"]]
    return [b"\n".join(records), b'{"id": "a", "patient": "p", "text": "cannot pee", "findings": {"fever": true}}\n']


TARGETS = {
    "case": Target(_case, _cases, structured=True),
    "text": Target(_text, _texts),
    "condition": Target(_condition, _conditions),
    "pattern": Target(_pattern, _patterns),
    "rules-file": Target(_files, lambda: [(SMALL / "rules.toml").read_bytes()]),
    "records": Target(_records, lambda: [_seed("bundle.json")], structured=True),
    "response": Target(_response, lambda: [_seed("response.json")], structured=True),
    "operation": Target(_operation, lambda: [_seed("bundle.json"), _seed("response.json")], structured=True),
    "hooks": Target(_call, _calls, structured=True),
    "visit": Target(_visit, _visits, structured=True),
    "screen-lines": Target(_screened(".ndjson"), _notes),
    "screen-table": Target(_screened(".csv"), lambda: [_seed("table.csv")]),
}
