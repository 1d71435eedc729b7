"""The page for the desk as FHIR R4: a Composition, a section for each block; and a DocumentReference that has it as plain text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from html import escape

from equina import __version__
from equina.case import Assessment, Case
from equina.fhir.canonical import Json, coding
from equina.fhir.elements import codes_in
from equina.handover import handover
from equina.model import Protocol
from equina.prose import Block, as_text

__all__ = ["desk_page", "is_desk_page"]

_PAGE, _KIND = "desk_page", "documents"
_LOINC = {"system": "http://loinc.org", "code": "57133-1", "display": "Referral note"}


def desk_page(protocol: Protocol, case: Case, assessment: Assessment, now: datetime, patient: Json) -> tuple[Json, Json]:
    """(Composition, DocumentReference) of the page. Preliminary: no clinician has attested it."""
    blocks = handover(protocol, case, assessment)
    title = blocks[0].title
    kind = {"coding": [_LOINC, coding(protocol, _KIND, _PAGE)], "text": title}
    author = [{"type": "Device", "display": f"Equina {__version__}"}]
    composition: Json = {
        "resourceType": "Composition",
        "language": protocol.language,
        "status": "preliminary",
        "type": kind,
        "subject": patient,
        "date": now.isoformat(),
        "author": author,
        "title": title,
        "section": [_section(block) for block in blocks],
    }
    page = as_text(blocks).encode()
    attachment = {
        "contentType": "text/plain;charset=utf-8",
        "language": protocol.language,
        "data": base64.b64encode(page).decode("ascii"),
        "size": len(page),
        "hash": base64.b64encode(hashlib.sha1(page, usedforsecurity=False).digest()).decode("ascii"),  # as R4 wants it
        "title": title,
        "creation": now.isoformat(),
    }
    document: Json = {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "preliminary",
        "type": kind,
        "subject": patient,
        "date": now.isoformat(),
        "author": author,
        "description": title,
        "content": [{"attachment": attachment}],
    }
    return composition, document


def _section(block: Block) -> Json:
    title = {"title": block.title} if block.title else {}
    return {**title, "text": {"status": "generated", "div": _div(block.title, block.lines, listed=block.kind == "list")}}


def _div(title: str, lines: Sequence[str], *, listed: bool) -> str:
    """The block as XHTML; words of a person are escaped, and what no XML may hold is left out."""
    heading = f"<p><b>{_plain(title)}</b></p>" if title else ""
    told = "".join(f"<li>{_plain(line)}</li>" if listed else f"<p>{_plain(line)}</p>" for line in lines)
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{heading}{f"<ul>{told}</ul>" if listed else told}</div>'


def _plain(text: str) -> str:
    return escape("".join(mark for mark in " ".join(text.split()) if mark.isprintable()), quote=False)


def is_desk_page(protocol: Protocol, type: object) -> bool:
    """Whether a document is such a page: what it rests on is read, never its words, which name all that nobody asked."""
    known = coding(protocol, _KIND, _PAGE)
    return (known["system"], known["code"]) in codes_in(type)
