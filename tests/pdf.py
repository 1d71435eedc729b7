"""What a PDF says and how it is built, read back from its bytes."""

import io
from functools import lru_cache

from pypdf import PdfReader
from pypdf.generic import ContentStream


def reader(pdf):
    return PdfReader(io.BytesIO(pdf))


@lru_cache(32)
def words(pdf):
    """All that the pages say, without white space: where lines break is left to the page."""
    return squeezed("".join(page.extract_text() for page in reader(pdf).pages))


def squeezed(text):
    return "".join(text.replace("\N{ZERO WIDTH SPACE}", "").split())


def pages(pdf):
    return len(reader(pdf).pages)


def tags(pdf):
    """The tags of the structure tree, in reading order."""
    return list(_tags(reader(pdf).trailer["/Root"]["/StructTreeRoot"]))


def _tags(node):
    if "/S" in node:
        yield node["/S"]
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object()
        if isinstance(child, dict):
            yield from _tags(child)


def smallest_type(pdf):
    """The size of the smallest letters, in points."""
    sizes = []

    def visit(text, matrix, text_matrix, font, size):
        if text.strip():
            sizes.append(abs(size * text_matrix[3] * matrix[3]))

    for page in reader(pdf).pages:
        page.extract_text(visitor_text=visit)
    return min(sizes)


def colours(pdf):
    """The values of every colour that the pages set."""
    found = set()
    for page in reader(pdf).pages:
        for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
            if operator in (b"rg", b"RG", b"g", b"G", b"k", b"K", b"sc", b"SC", b"scn", b"SCN"):
                found.add(tuple(map(float, operands)))
    return found
