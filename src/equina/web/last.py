"""The last page: for when no other can be made. It is ready before the first request, and needs no template."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from equina.wording import wording

__all__ = ["last_page"]

PAGE = """<!doctype html>
<html lang="{first}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{site}</title>
<link rel="stylesheet" href="/static/equina.css">
</head>
<body>
<main>
{parts}
</main>
</body>
</html>
"""
PART = """<section lang="{language}" dir="{direction}">
<h1>{title}</h1>
<p class="lead">{says}</p>
<p class="call"><strong>{care}</strong> {numbers}</p>
<p><a class="go" href="/?lang={language}">{start}</a></p>
</section>"""


def last_page(languages: Sequence[str]) -> bytes:
    """The page, in each of the languages, since nobody can be asked which one they read: what to do, and where to call."""
    parts = []
    for language in languages:
        words = {key: escape(text) for key, text in wording("web", language).items()}
        told = {"title": words["wrong_title"], "says": words["wrong_fault"], "care": words["wrong_care"]}
        way = {"numbers": words["number_all"], "start": words["wrong_start"], "direction": words["direction"]}
        parts.append(PART.format(language=language, **told, **way))
    site = escape(wording("web", languages[0])["site"])
    return PAGE.format(first=languages[0], site=site, parts="\n".join(parts)).encode()
