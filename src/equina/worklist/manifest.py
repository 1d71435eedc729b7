"""What a screening run says of itself: its manifest, and how often what was set aside. Checked before anything is listed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePath

from equina.batch.contract import CONTRACT, MANIFEST, MANIFEST_KEYS, RESULTS, SET_ASIDE, WORK
from equina.exchange import BadInput
from equina.model import Protocol

__all__ = ["Manifest", "read_manifest", "set_aside_reasons"]

AGAIN = "screen again, or take --resume"
CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The run as its manifest tells it."""

    folder: Path
    equina: str
    engine: str
    protocol_id: str
    protocol_version: str
    protocol_digest: str
    as_of: datetime
    window_days: int
    pseudonymised: bool
    started: str
    finished: str
    inputs: tuple[str, ...]
    bytes: int
    patients: int
    set_aside: int
    refused: int  # of these, lines, columns or files that were not read at all
    records: Mapping[str, tuple[int, int]]  # kind: read, and kept since they state something of the protocol
    not_counted: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The inputs by a short name: the file's own, where no other input has the same."""
        last = Counter(PurePath(path).name for path in self.inputs)
        return {path: PurePath(path).name if last[PurePath(path).name] == 1 else path for path in self.inputs}

    @property
    def read(self) -> int:
        return sum(read for read, _ in self.records.values())

    @property
    def kept(self) -> int:
        return sum(kept for _, kept in self.records.values())


def read_manifest(protocol: Protocol, folder: Path) -> Manifest:
    """The manifest of a finished run whose files are as they were written. Raises BadInput, naming the file and the mend."""
    told = _object(folder)
    name = folder / MANIFEST
    if told.get("contract") != CONTRACT:
        raise BadInput(
            f"{name}: contract: {CONTRACT} is expected, not {json.dumps(told.get('contract'))}; screen again with this program"
        )
    if missing := [key for key in MANIFEST_KEYS if key not in told]:
        raise BadInput(f"{name}: {missing[0]}: the key is missing; {AGAIN}")
    try:
        manifest = _manifest(folder, told)
        outputs = [(str(each["path"]), _count(each["bytes"]), str(each["sha256"])) for each in _items(told["outputs"])]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{name}: not as a run writes it ({type(error).__name__}: {error}); {AGAIN}") from None
    _same_protocol(protocol, manifest, name)
    for path, size, digest in outputs:
        _same_file(folder, path, size, digest)
    return manifest


def set_aside_reasons(folder: Path) -> Mapping[str, int]:
    """How often each reason in set_aside.jsonl, most often first. Raises BadInput."""
    path, counts = folder / SET_ASIDE, Counter[str]()
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                counts[_reason(path, number, line)] += 1
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or str(error)).lower()}; {AGAIN}") from None
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _reason(path: Path, number: int, line: bytes) -> str:
    try:
        return str(json.loads(line)["reason"])
    except (ValueError, KeyError, TypeError):
        raise BadInput(f"{path}, line {number}: not a JSON object with a reason; {AGAIN}") from None


def _object(folder: Path) -> dict[str, object]:
    """What manifest.json holds."""
    path = folder / MANIFEST
    if not folder.exists():
        raise BadInput(f"{folder}: no such folder; give the one that `equina screen --out` wrote")
    if not folder.is_dir():
        raise BadInput(f"{folder}: not a folder; give the one that `equina screen --out` wrote")
    if not path.exists():
        begun = (folder / WORK).exists() or (folder / RESULTS).exists()
        why = (
            "the run is not finished: `equina screen` with --resume goes on with it"
            if begun
            else "no run of `equina screen` is in it"
        )
        raise BadInput(f"{folder}: it has no {MANIFEST}; {why}")
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or str(error)).lower()}; {AGAIN}") from None
    except ValueError:
        raise BadInput(f"{path}: not JSON; {AGAIN}") from None
    if not isinstance(told, dict):
        raise BadInput(f"{path}: an object is expected; {AGAIN}")
    return told


def _manifest(folder: Path, told: dict[str, object]) -> Manifest:
    protocol, counts, records, inputs = (told[key] for key in ("protocol", "counts", "records", "inputs"))
    assert isinstance(protocol, dict)
    as_of = datetime.fromisoformat(str(told["as_of"]))
    if as_of.tzinfo is None:
        raise ValueError("as_of has no offset from UTC")
    return Manifest(
        folder=folder,
        equina=str(told["equina"]),
        engine=str(told["engine"]),
        protocol_id=protocol["id"],
        protocol_version=protocol["version"],
        protocol_digest=protocol["digest"],
        as_of=as_of,
        window_days=_count(told["window_days"]),
        pseudonymised=told["pseudonymised"] is True,
        started=str(told["started"]),
        finished=str(told["finished"]),
        inputs=tuple(str(each["path"]) for each in _items(inputs)),
        bytes=sum(_count(each["bytes"]) for each in _items(inputs)),
        patients=_count(_table(counts)["patients"]),
        set_aside=_count(_table(counts)["set_aside"]),
        refused=_count(_table(counts)["refused"]),
        records={str(kind): (_count(_table(n)["read"]), _count(_table(n)["kept"])) for kind, n in _table(records).items()},
        not_counted={str(why): _count(n) for why, n in _table(told["not_counted"]).items()},
    )


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an object is expected")
    return value


def _items(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return [_table(each) for each in value]


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a count is expected")
    return value


def _same_protocol(protocol: Protocol, manifest: Manifest, name: Path) -> None:
    """Reasons are told in the words of the protocol that gave them, or not at all."""
    if manifest.protocol_digest != protocol.digest:
        raise BadInput(
            f"{name}: screened by protocol {manifest.protocol_id} {manifest.protocol_version} ({manifest.protocol_digest[:19]}), "
            f"not by {protocol.id} {protocol.version} ({protocol.digest[:19]}); give that one with --protocol, or screen again"
        )


def _same_file(folder: Path, path: str, size: int, digest: str) -> None:
    """Whether the file, or the folder of part files, is what the run wrote, byte for byte: a shortened list misses people."""
    whole = folder / path
    if not whole.exists():
        raise BadInput(f"{whole}: the file is missing, though {MANIFEST} names it; {AGAIN}")
    files = sorted(each for each in whole.iterdir() if each.name[0] not in "._") if whole.is_dir() else [whole]
    found = sum(each.stat().st_size for each in files)
    if found != size:
        raise BadInput(f"{whole}: {found} bytes, where {MANIFEST} says {size}; it was changed or cut off: {AGAIN}")
    digests = [_digest(each) for each in files]
    together = "".join(f"{one}  {each.name}\n" for one, each in zip(digests, files, strict=True))
    if (hashlib.sha256(together.encode()).hexdigest() if whole.is_dir() else digests[0]) != digest:
        raise BadInput(f"{whole}: its content is not what {MANIFEST} says; it was changed: {AGAIN}")


def _digest(file: Path) -> str:
    made = hashlib.sha256()
    with file.open("rb") as stream:
        while part := stream.read(CHUNK):
            made.update(part)
    return made.hexdigest()
