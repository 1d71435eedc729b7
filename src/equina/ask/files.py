"""A session in a file, when the person asks for one: one line as `equina triage` takes it, for its owner's eyes only."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from equina.case import Case
from equina.exchange import BadInput, Request, read_request
from equina.model import Protocol
from equina.translation import ORIGINAL
from equina.wording import wording

__all__ = ["Saved", "create", "line_of", "read_case", "read_saved", "write"]

OWNER_ONLY = 0o600
# A case is a few kilobytes. What is longer is no case, and must not fill the memory.
LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved session: its request, and whether the questions are still those that it was asked with."""

    request: Request
    same_questions: bool


def line_of(protocol: Protocol, case: Case, id: str | None = None) -> str:
    """The case as the one line that `equina triage` and `equina handover` take."""
    data: dict[str, object] = {} if id is None else {"id": id}
    data |= {"findings": dict(case.values), "answered_by": case.answered_by, "complete": case.complete, "carer": case.carer}
    if case.as_of:
        data["as_of"] = case.as_of.isoformat()
    if case.onset:
        data["onset"] = {name: moment.isoformat() for name, moment in case.onset.items()}
    if case.told:
        data["text"] = case.told
    data["protocol"] = {"id": protocol.id, "version": protocol.version, "digest": protocol.digest}
    return json.dumps(data) + "\n"


# --- in ------------------------------------------------------------------------------------------------------------------------


def read_case(protocol: Protocol, name: str, data: bytes, now: datetime) -> Request:
    """The one case that the bytes of a file state. Raises BadInput, naming the file, the key and the mend."""
    lines = [line for line in data.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    if not lines:
        raise BadInput(wording("ask", protocol.language)["file_empty"].format(file=name))
    if len(lines) > 1 and all(line.lstrip().startswith(b"{") and line.rstrip().endswith(b"}") for line in lines):
        raise BadInput(wording("ask", protocol.language)["file_of_many"].format(file=name, n=len(lines)))
    try:
        return read_request(protocol, b"\n".join(lines), now)
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None


def read_saved(protocol: Protocol, path: Path, now: datetime) -> Saved:
    """The session of the file, as of `now`. Raises BadInput."""
    data = read_bytes(path, protocol.language)
    request = read_case(protocol, str(path), data, now)
    if request.case.answered_by == "record":
        raise BadInput(wording("ask", protocol.language)["file_of_record"].format(file=path))
    digest = (json.loads(data.removeprefix(b"\xef\xbb\xbf")).get("protocol") or {}).get("digest", protocol.digest)
    return Saved(request, digest == protocol.digest)


def read_bytes(path: Path, language: str = ORIGINAL) -> bytes:
    """What the file holds. Raises BadInput."""
    words = wording("ask", language)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(words["file_unreadable"].format(file=path, why=why(error))) from None
    if len(data) > LARGEST:
        raise BadInput(words["file_too_large"].format(file=path))
    return data


# --- out -----------------------------------------------------------------------------------------------------------------------


def create(path: Path, content: str | bytes, language: str = ORIGINAL, *, there: str | None = None) -> None:
    """Make the file, its owner's alone from the first byte. Raises BadInput, with the words of `there` when the file is there."""
    words = wording("ask", language)
    try:
        _fill(path, content)
    except FileExistsError:
        raise BadInput((there or words["file_there"]).format(file=path)) from None
    except FileNotFoundError:
        raise BadInput(words["folder_missing"].format(file=path, folder=path.parent)) from None
    except OSError as error:
        raise BadInput(words["file_unwritable"].format(file=path, why=why(error))) from None


def write(path: Path, line: str) -> None:
    """Put the line in the place of what the file held, in one stroke: whoever is stopped in between keeps one of the two.

    Raises OSError.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        _fill(fresh, line)
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


def _fill(path: Path, content: str | bytes) -> None:
    """A new file, never one that is there or that a link leads to."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(content.encode("ascii") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


def why(error: OSError) -> str:
    """What the system says of the error."""
    return (error.strerror or str(error)).lower()


def resumed(saved: Saved, now: datetime) -> Case:
    """The saved case as of now; when the questions have changed, what is new among them is still to be asked."""
    case = saved.request.case
    latest = max((now, *case.onset.values()))  # a clock that was set back makes no sign begin in the future
    return replace(case, as_of=latest, complete=case.complete and saved.same_questions)
