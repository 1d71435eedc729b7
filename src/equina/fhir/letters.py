"""The texts of a record, documents and messages: those of this episode are read."""

from __future__ import annotations

import base64
import binascii

from equina.fhir.elements import Resource, Span, name_of, part, parts, span, text_of
from equina.fhir.pages import is_desk_page
from equina.fhir.statements import Gathered

__all__ = ["communication", "document"]

_CHARSETS = ("utf-8", "us-ascii", "iso-8859-1", "windows-1252", "utf-16")
# The largest text that is read: a long letter has some ten thousand characters.
_LONGEST = 400_000


def document(gathered: Gathered, resource: Resource) -> None:
    """Read a DocumentReference that no later one replaces."""
    contents = [part(content, "attachment") for content in parts(resource, "content")]
    if text_of(resource, "status") == "superseded":
        gathered.skip("a document that a later one replaces")
        return
    if is_desk_page(gathered.protocol, resource.get("type")):
        gathered.skip("a page of this program: what it rests on is read, not its words")
        return
    _texts(gathered, resource, span(resource.get("date")), [(attachment, None) for attachment in contents])


def communication(gathered: Gathered, resource: Resource) -> None:
    """Read a Communication that was sent."""
    if text_of(resource, "status") == "not-done":
        gathered.skip("a message that was not sent")
        return
    when = span(resource.get("sent")) or span(resource.get("received"))
    payloads = parts(resource, "payload")
    _texts(gathered, resource, when, [(part(p, "contentAttachment"), text_of(p, "contentString") or None) for p in payloads])


def _texts(gathered: Gathered, resource: Resource, when: Span | None, texts: list[tuple[Resource, str | None]]) -> None:
    """Read the texts of this episode. One without a date is read as one of now: to miss what it says would be worse."""
    quote = name_of(resource)
    if gathered.ahead(when):
        gathered.aside(quote, "it is dated after the moment of the case")
        return
    if when is not None and not gathered.recent(None, when):
        gathered.skip("a text from before this episode: not read")
        return
    for attachment, plain in texts:
        text = plain if plain is not None else _decoded(gathered, attachment, quote)
        if text is not None and len(text) > _LONGEST:
            gathered.aside(quote, f"the text is longer than {_LONGEST} characters and was not read")
        elif text is not None and text.strip():
            gathered.read(text, quote)


def _decoded(gathered: Gathered, attachment: Resource, quote: str) -> str | None:
    kind, _, rest = text_of(attachment, "contentType").partition(";")
    if not text_of(attachment, "data"):
        gathered.aside(quote, "the text is not in the record, and nothing is fetched")
        return None
    if kind.strip() not in ("", "text/plain", "text/markdown"):
        gathered.aside(quote, f"a document of the kind {kind[:30]} is not read; give its text as text/plain")
        return None
    charset = rest.partition("charset=")[2].strip(' "').lower() or "utf-8"
    try:
        if charset not in _CHARSETS:
            raise LookupError(charset)
        return base64.b64decode(text_of(attachment, "data"), validate=False).decode(charset)
    except (binascii.Error, ValueError, LookupError):
        gathered.aside(quote, "the text could not be decoded")
        return None
