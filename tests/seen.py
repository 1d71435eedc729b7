"""A page as it is seen: its title, headings, links, what it fetches, and its text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr"}
# Read by clinicians and reviewers, or the titles of other people's works.
NOT_PLAIN = {"details", "table", "a"}


class Seen(HTMLParser):
    """What a page holds: its title, headings, links, what it fetches, and the text that is not folded away or part of a link."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.title, self.headings, self.links, self.fetched, self.anchors, self.prose = "", [], [], [], [], []
        self.tables, self._open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "a":
            self.links.append(given)
        for name in ("src", "action", "data", "poster"):
            if name in given:
                self.fetched.append(given[name])
        if tag == "link":
            self.fetched.append(given["href"])
        if "id" in given:
            self.anchors.append(given["id"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        if tag == "table":
            self.tables.append({"captions": 0, "unscoped": 0})
        if tag == "caption":
            self.tables[-1]["captions"] += 1
        if tag == "th" and "scope" not in given:
            self.tables[-1]["unscoped"] += 1
        if tag not in VOID:
            self._open.append(tag)
        if tag in ("p", "li", "h1", "h2", "h3"):
            self.prose.append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if "title" in self._open:
            self.title += data
        if self._open and any(re.fullmatch("h[1-6]", tag) for tag in self._open):
            self.headings[-1][1] += data
        if "main" in self._open and self.prose and not NOT_PLAIN & set(self._open):
            self.prose[-1] += data


class Plain(str):
    """The text of a page in one line, without marks."""

    def __new__(cls, page):
        return super().__new__(cls, " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split()))
