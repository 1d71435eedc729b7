"""Scanners alone: where each phrase of the lexicon stands, names and cues alike, with no thought of what it means there.

All do one job: every whole-word occurrence, whatever its case, the longest of those that begin at a place, none overlapping
another. Letters and words are those of ASCII. A cue found is dropped, a finding's name is given with the assertion left empty. Only
`re2-set` does less: it says which names a note holds, and not where.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from lexicon import Lexicon
from peer import Found, Loader, Reader, serve

Span = tuple[int, int, int]  # start, end, number of the phrase
Scan = Callable[[str], Iterable[tuple[int, int, tuple[str, ...]]]]

WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def phrases_of(lexicon: Lexicon) -> tuple[list[str], list[tuple[str, ...]]]:
    """Every phrase once, names and cues, and the findings of each: of a cue, none."""
    findings = lexicon.findings()
    phrases = list(dict.fromkeys([*findings, *(cue.phrase for cue in lexicon.cues)]))
    return phrases, [findings.get(phrase, ()) for phrase in phrases]


def reader(scan: Callable[[str], list[Span]], findings: list[tuple[str, ...]]) -> Reader:
    """Reads each note with this scan."""

    def read(texts: list[str]) -> list[list[Found]]:
        return [[(name, start, end, "") for start, end, number in scan(text) for name in findings[number]] for text in texts]

    return read


def longest(spans: list[Span]) -> list[Span]:
    """Of spans that overlap, the first and then the longest."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[Span] = []
    free = 0
    for span in spans:
        if span[0] >= free:
            kept.append(span)
            free = span[1]
    return kept


def in_characters(text: str, data: bytes, spans: list[Span]) -> list[Span]:
    """Spans in bytes, in order and apart, as spans in characters. Each stretch is decoded once, so that long notes stay quick."""
    if len(text) == len(data):
        return spans
    counted: list[Span] = []
    byte, character = 0, 0
    for start, end, number in spans:
        first = character + len(data[byte:start].decode())
        character = first + len(data[start:end].decode())
        byte = end
        counted.append((first, character, number))
    return counted


def whole_words(data: bytes, spans: Iterable[Span], edges: list[tuple[bool, bool]]) -> list[Span]:
    """The spans that do not begin or end within a word."""
    last = len(data)
    kept: list[Span] = []
    for span in spans:
        start, end, number = span
        begins, ends = edges[number]
        if not (begins and start and data[start - 1] in WORD) and not (ends and end < last and data[end] in WORD):
            kept.append(span)
    return kept


def edges_of(phrases: list[str]) -> list[tuple[bool, bool]]:
    """Whether each phrase begins, and ends, with a letter or digit, so that a neighboring one would make it part of a word."""
    return [(ord(phrase[0]) in WORD, ord(phrase[-1]) in WORD) for phrase in phrases]


def bounded(phrase: str) -> str:
    """The phrase as a pattern of whole words."""
    begins, ends = edges_of([phrase])[0]
    return (r"\b" if begins else "") + re.escape(phrase) + (r"\b" if ends else "")


def lowered(text: str) -> str:
    """The text in lower case, each character in its place."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c if len(c.lower()) > 1 else c.lower() for c in text)


# --- hyperscan: a callback for each match, in bytes ---


def hyperscan_literals(lexicon: Lexicon) -> Reader:
    """Literals; a match tells its end, whence its start, and the whole words are sorted out here."""
    import hyperscan

    phrases, findings = phrases_of(lexicon)
    encoded = [phrase.encode() for phrase in phrases]
    lengths, edges = [len(phrase) for phrase in encoded], edges_of(phrases)
    base = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    base.compile(
        expressions=encoded,
        ids=list(range(len(encoded))),
        elements=len(encoded),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(encoded),
        literal=True,
    )
    scratch = hyperscan.Scratch(base)

    def scan(text: str) -> list[Span]:
        data = text.encode()
        ends: list[tuple[int, int]] = []
        base.scan(data, lambda number, _from, end, _flags, _context: ends.append((end, number)), scratch=scratch)
        hits = ((end - lengths[number], end, number) for end, number in ends)
        return in_characters(text, data, longest(whole_words(data, hits, edges)))

    return reader(scan, findings)


def hyperscan_regex(lexicon: Lexicon) -> Reader:
    r"""Patterns with \b at both ends, for which hyperscan tells where a match starts."""
    import hyperscan

    phrases, findings = phrases_of(lexicon)
    base = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    base.compile(
        expressions=[bounded(phrase).encode() for phrase in phrases],
        ids=list(range(len(phrases))),
        elements=len(phrases),
        flags=[hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SOM_LEFTMOST] * len(phrases),
    )
    scratch = hyperscan.Scratch(base)

    def scan(text: str) -> list[Span]:
        data = text.encode()
        hits: list[Span] = []
        base.scan(data, lambda number, start, end, _flags, _context: hits.append((start, end, number)), scratch=scratch)
        return in_characters(text, data, longest(hits))

    return reader(scan, findings)


# --- Aho and Corasick's automaton ---


def ahocorasick_rs_dfa(lexicon: Lexicon) -> Reader:
    """In Rust, over bytes, compiled to a deterministic automaton; all overlapping matches, so that none hides a whole word."""
    import ahocorasick_rs

    phrases, findings = phrases_of(lexicon)
    edges = edges_of(phrases)
    automaton = ahocorasick_rs.BytesAhoCorasick(
        [phrase.encode() for phrase in phrases], implementation=ahocorasick_rs.Implementation.DFA
    )
    find = automaton.find_matches_as_indexes

    def scan(text: str) -> list[Span]:
        data = text.encode().lower()
        hits = ((start, end, number) for number, start, end in find(data, overlapping=True))
        return in_characters(text, data, longest(whole_words(data, hits, edges)))

    return reader(scan, findings)


def pyahocorasick(lexicon: Lexicon) -> Reader:
    """In C, over characters."""
    import ahocorasick

    phrases, findings = phrases_of(lexicon)
    automaton = ahocorasick.Automaton()
    for number, phrase in enumerate(phrases):
        begins, ends = edges_of([phrase])[0]
        automaton.add_word(phrase, (number, len(phrase), begins, ends))
    automaton.make_automaton()
    letters = frozenset(map(chr, WORD))

    def scan(text: str) -> list[Span]:
        low = lowered(text)
        last = len(low)
        hits: list[Span] = []
        for final, (number, length, begins, ends) in automaton.iter(low):
            end = final + 1
            start = end - length
            if not (begins and start and low[start - 1] in letters) and not (ends and end < last and low[end] in letters):
                hits.append((start, end, number))
        return longest(hits)

    return reader(scan, findings)


# --- RE2 ---

# With the default of 8 MB it gives up its automaton at some thousand phrases, and is a hundred times slower.
RE2_MEMORY = 256 << 20


def re2_alternation(lexicon: Lexicon) -> Reader:
    """One pattern of all phrases, the longest first."""
    import re2

    phrases, findings = phrases_of(lexicon)
    options = re2.Options()
    options.max_mem = RE2_MEMORY
    pattern = re2.compile("(?i)" + alternation(phrases), options)
    return reader(finditer(pattern, phrases, str.lower), findings)


def re2_set(lexicon: Lexicon) -> Reader:
    """A set of patterns: which of the names match, not where."""
    import re2

    findings = lexicon.findings()
    of_number = list(findings.values())
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = RE2_MEMORY
    names = re2.Set.SearchSet(options)
    for phrase in findings:
        names.Add(bounded(phrase))
    names.Compile()
    return lambda texts: [[(name, 0, 0, "") for number in names.Match(text) for name in of_number[number]] for text in texts]


# --- Python's own re ---


def re_alternation(lexicon: Lexicon) -> Reader:
    """One pattern of all phrases, the longest first, over text in lower case (`re.I` would be much slower)."""
    phrases, findings = phrases_of(lexicon)
    ways = {phrase: bounded(phrase).removeprefix(r"\b") for phrase in sorted(phrases, key=len, reverse=True)}
    pattern = re.compile(from_words(ways), re.ASCII)
    return reader(lowering(finditer(pattern, phrases, str)), findings)


def re_trie(lexicon: Lexicon) -> Reader:
    """One pattern in which phrases share their beginnings, so that a letter is looked at once."""
    phrases, findings = phrases_of(lexicon)
    trie: dict[str, Any] = {}
    for phrase in phrases:
        node = trie
        for letter in phrase:
            node = node.setdefault(letter, {})
        node[""] = {}
    ways = {letter: re.escape(letter) + branch(after, letter) for letter, after in sorted(trie.items())}
    pattern = re.compile(from_words(ways), re.ASCII)
    return reader(lowering(finditer(pattern, phrases, str)), findings)


def branch(node: dict[str, Any], before: str) -> str:
    """The pattern of what may follow this letter, the longer first."""
    ways = [re.escape(letter) + branch(after, letter) for letter, after in sorted(node.items()) if letter]
    if "" in node:
        ways.append(r"\b" if ord(before) in WORD else "")
    return ways[0] if len(ways) == 1 else "(?:" + "|".join(ways) + ")"


def from_words(ways: dict[str, str]) -> str:
    r"""One of these ways, where a word begins. That is looked at once, before them: \b within each costs seven times as much."""
    within = "|".join(way for first, way in ways.items() if ord(first[0]) in WORD)
    others = [way for first, way in ways.items() if ord(first[0]) not in WORD]
    return "|".join([rf"\b(?:{within})", *others])


def alternation(phrases: list[str]) -> str:
    """All phrases as one pattern."""
    return "(?:" + "|".join(map(bounded, sorted(phrases, key=len, reverse=True))) + ")"


def finditer(pattern: Any, phrases: list[str], key: Callable[[str], str]) -> Callable[[str], list[Span]]:
    """Scans with a pattern; `key` gives the phrase from what matched."""
    number_of = {phrase: number for number, phrase in enumerate(phrases)}
    return lambda text: [(*match.span(), number_of[key(match.group())]) for match in pattern.finditer(text)]


def lowering(scan: Callable[[str], list[Span]]) -> Callable[[str], list[Span]]:
    """The scan over the text in lower case."""
    return lambda text: scan(lowered(text))


if __name__ == "__main__":
    scanners: dict[str, Loader] = {
        "hyperscan-literals": hyperscan_literals,
        "hyperscan-regex": hyperscan_regex,
        "ahocorasick-rs": ahocorasick_rs_dfa,
        "pyahocorasick": pyahocorasick,
        "re2-alternation": re2_alternation,
        "re2-set": re2_set,
        "re-alternation": re_alternation,
        "re-trie": re_trie,
    }
    sys.exit(serve(scanners, ("hyperscan", "ahocorasick-rs", "pyahocorasick", "google-re2")))
