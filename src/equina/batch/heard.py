"""What many letters say: their mentions as columns, and what each finding counts as by those that bear on it.

What `notes.evidence` makes of the mentions of one text is worked out here for thousands of texts in a few operations: which of them
bear on one finding of one letter, what they say together, and by that its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from equina.batch.outcome import is_present
from equina.batch.rows import told
from equina.batch.together import Together
from equina.crosscheck import misfit
from equina.model import Protocol
from equina.notes.cues import Find, Section
from equina.notes.evidence import VALUED, Claim, Silent, affirmed, becoming, denied, not_read, says, value_heard
from equina.notes.lexicon import Lexicon
from equina.notes.native import VERDICTS, Compiled
from equina.notes.reading import Found, Mention, Parts, Reading, Verdict, find, number_in, read, since
from equina.triage import NOT_STATED

__all__ = ["Heard", "Told"]

_REMEMBERED = 20_000
_FLAGS = ("present", "since", "conflict", "evident")
_ODD = -1  # a mention of which a case must be built
Numbers = np.ndarray[Any, np.dtype[np.intp]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Told(NamedTuple):
    """What some letters say: of each letter a value in each list, of each piece of evidence one in each array."""

    stated: tuple[Numbers, Numbers]  # (letter, plane) of all that they state, for `Together`
    present: list[tuple[str, ...]]
    since: list[bool]  # whether the date of the letter is one of something present
    ages: list[float | None]
    conflicts: list[tuple[str, ...]]
    pieces: Numbers  # how many each letter has
    evidence: dict[str, pa.Array]


class Statement(NamedTuple):
    """What a finding counts as, and what that adds to a row."""

    told: str
    planes: tuple[int, ...]
    present: bool = False
    since: bool = False  # whether what says so is of the date of the letter
    conflict: bool = False
    evident: bool = True  # whether the mentions are evidence of the row: not of an age
    number: float | None = None  # of a quantity


@dataclass
class _Block:
    """The mentions of the letters taken in, one after the other, part by part."""

    codes: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)
    cues: list[str | None] = field(default_factory=list)  # their words
    counts: list[int] = field(default_factory=list)  # of each letter
    ages: list[float | None] = field(default_factory=list)  # of each letter, by the record
    numbers: list[tuple[int, float]] = field(default_factory=list)  # (place of a mention, its number) where that can be


class Heard:
    """Takes in the mentions of letters, and tells of many together what they say."""

    def __init__(self, protocol: Protocol, words: Lexicon, together: Together) -> None:
        self._protocol, self._words, self._together = protocol, words, together
        self._findings = tuple(protocol.findings)
        self._number = {name: number for number, name in enumerate(self._findings)}
        self._order = np.array([protocol.order[name] for name in self._findings])
        # What a mention is: by finding, assertion, onset and whether it has a number, a code; of each code what is to be known.
        self._codes: dict[tuple[str, str, str, bool], int] = {}
        self._found: dict[tuple[int, int, bool], int] = {}  # the same codes, by what the compiled reader says of a mention
        self._said: list[Claim] = []
        self._code_of: list[tuple[int, int]] = []  # finding, what it says
        self._becoming: set[int] = set()  # codes of what may become another finding
        self._misfits: dict[tuple[str, float], str | None] = {}
        self._widest = max(2, *(1 + len(rows) for rows in protocol.table.measures.values()))  # planes that a statement sets
        self._forget()
        self._block = _Block()

    def _forget(self) -> None:
        """Begin anew with the statements."""
        self._statements = [Statement("", (), evident=False)]  # the first: nothing is stated
        self._quantities: dict[tuple[int, float], int] = {}
        self._by_heard = np.full((len(self._findings), VALUED), -1, np.intp)
        self._flags = np.zeros((0, len(_FLAGS)), np.bool_)
        self._planes = np.zeros((0, self._widest), np.intp)

    def __len__(self) -> int:
        """How many letters are taken in and not told yet."""
        return len(self._block.counts)

    # --- taking in ----------------------------------------------------------------------------------------------------------------

    def read(self, text: str, age: float | None) -> tuple[str | None, list[tuple[str, str]]] | None:
        """Read a letter of one of this age by the record, and take it in; (why nothing was read, where nothing was; why and quote
        of each mention that cannot be).

        None, and nothing is taken in, where a case must tell.
        """
        words = self._words
        if words.compiled is None:
            reading = read(words, text)
            asides, why = self.add(reading.mentions, age), not_read(reading)
        else:
            found = find(words, text)
            asides = self._add_found(words.compiled, text, found, age)
            why = None if found.numbers else not_read(Reading((), found.refused))
        return None if asides is None else (why, asides)

    def _add_found(self, compiled: Compiled, text: str, found: Found, age: float | None) -> list[tuple[str, str]] | None:
        """As `add`, of what was found in a text, of which no mentions are made: that would take as long as all else here."""
        numbers = memoryview(found.numbers).cast("i")
        starts, ends, which, bits, low, high, from_, to = (numbers[part::8].tolist() for part in range(8))
        bare = [place < 0 for place in from_]
        keys = list(zip(which, bits, bare, strict=True))
        codes = list(map(self._found.get, keys))
        if None in codes:
            codes = [self._code_found(compiled, *key) for key in keys]
        cues = [text[start:end] if start >= 0 else None for start, end in zip(low, high, strict=True)]
        if any(section and section.assertion for _, section in found.begun):
            parts = Parts(self._words, text, found.begun)
            for at, start in enumerate(starts):
                section = parts.at(start)
                if section and parts.decides(section, start, compiled.finds[which[at]], VERDICTS[bits[at]]):
                    codes[at], cues[at] = self._code_within(section, compiled.finds[which[at]], VERDICTS[bits[at]], bare[at]), None
        quotes = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        finds, values = compiled.finds, list[tuple[int, float]]()
        if False in bare:
            measured = [at for at, start in enumerate(from_) if start >= 0]
            values = [(at, number_in(text[from_[at] : to[at]], finds[which[at]].measure or "")) for at in measured]
        return self._take(codes, (starts, ends, quotes, cues), values, age)  # type: ignore[arg-type]  # none of the codes is None

    def add(self, mentions: Sequence[Mention], age: float | None) -> list[tuple[str, str]] | None:
        """Take in the mentions of a letter of one of this age by the record; (why, quote) of those that cannot be.

        None, and nothing is taken in, where a case must tell.
        """
        codes = [self._code((each.finding, each.assertion, each.onset, each.value is None)) for each in mentions]
        columns = [list(column) for column in zip(*((*each[1:4], each.cue and each.cue.quote) for each in mentions), strict=True)]
        values = [(at, each.value) for at, each in enumerate(mentions) if each.value is not None]
        return self._take(codes, columns or ([],) * 4, values, age)

    def _take(
        self, codes: list[int], columns: Sequence[list[Any]], values: list[tuple[int, float]], age: float | None
    ) -> list[tuple[str, str]] | None:
        """Take in mentions: their codes; start, end, quote and words of the cue of each; the numbers, each with its place."""
        if _ODD in codes:
            return None
        if not self._becoming.isdisjoint(codes):
            places, codes = self._with_what_they_become(codes)
            columns = [[column[place] for place in places] for column in columns]
            values = [(places.index(place), value) for place, value in values]
            if _ODD in codes:
                return None
        block, asides = self._block, list[tuple[str, str]]()
        if values:
            asides = self._take_numbers(codes, values, columns[2])
        block.codes += codes
        starts, ends, quotes, cues = columns
        block.starts += starts
        block.ends += ends
        block.quotes += quotes
        block.cues += cues
        block.counts.append(len(codes))
        block.ages.append(age)
        return asides

    def _with_what_they_become(self, codes: Sequence[int]) -> tuple[list[int], list[int]]:
        """(The place of each mention, its code) with what it bears on besides its own finding behind it."""
        besides = becoming(self._words, [self._said[code] for code in codes])
        places, found = [], []
        for place, code in enumerate(codes):
            places.append(place)
            found.append(code)
            if place in besides:
                said = self._said[code]
                places.append(place)
                found.append(self._code((besides[place], said.assertion, said.onset, said.bare)))
        return places, found

    def _take_numbers(self, codes: Sequence[int], values: list[tuple[int, float]], quotes: Sequence[str]) -> list[tuple[str, str]]:
        """Take in the numbers of what is said to be present; (why, quote) of those that cannot be, finding by finding."""
        numbers, asides = self._block.numbers, list[tuple[str, str, str]]()
        start = len(self._block.codes)
        for at, value in values:
            said = self._said[codes[at]]
            if said.assertion == "present":
                why = self._misfit(said.finding, value)
                if why is None:
                    numbers.append((start + at, value))
                else:
                    asides.append((said.finding, why, quotes[at]))
        if len(asides) > 1:
            order = [self._said[code].finding for code in codes]
            asides.sort(key=lambda aside: order.index(aside[0]))
        return [(why, quote) for _, why, quote in asides]

    def _code(self, key: tuple[str, str, str, bool]) -> int:
        """The code of a mention by its finding, assertion, onset and whether it has no number."""
        code = self._codes.get(key)
        if code is None:
            said = Claim(*key)
            finding = self._protocol.findings[said.finding]
            if finding.kind == "choice" or said.bare == finding.measured:
                code = _ODD
            else:
                code = len(self._said)
                self._said.append(said)
                self._code_of.append((self._number[said.finding], says(said.assertion, said.onset, None if said.bare else 0.0)))
                if said.finding in self._words.becomes:
                    self._becoming.add(code)
            self._codes[key] = code  # as many as there are findings, by the few things that are said of one
        return code

    def _code_found(self, compiled: Compiled, which: int, bits: int, bare: bool) -> int:
        """The same of what the compiled reader found."""
        key = (which, bits, bare)
        code = self._found.get(key)
        if code is None:
            assertion, onset, _, _, as_before = VERDICTS[bits]
            finding = compiled.finds[which].finding
            assert finding is not None
            code = self._found[key] = self._code((finding, assertion, since(assertion, onset, as_before), bare))
        return code

    def _code_within(self, section: Section, find: Find, verdict: Verdict, bare: bool) -> int:
        """The same of what a section decides."""
        assert find.finding is not None
        assert section.assertion is not None
        return self._code((find.finding, section.assertion, since(section.assertion, "unknown", verdict[4]), bare))

    def _misfit(self, name: str, number: float) -> str | None:
        key = (name, number)
        if key not in self._misfits:
            if len(self._misfits) >= _REMEMBERED:
                self._misfits.clear()
            self._misfits[key] = misfit(self._protocol.findings[name], number)
        return self._misfits[key]

    # --- telling ------------------------------------------------------------------------------------------------------------------

    def told(self) -> Told:
        """What the letters say that were taken in since this was asked for the last time."""
        block, self._block = self._block, _Block()
        if len(self._statements) > _REMEMBERED:
            self._forget()
        letters, code = len(block.counts), np.array(block.codes, np.intp)
        finding_of, says_of = np.array(self._code_of, np.intp).reshape(-1, 2).T
        letter = np.repeat(np.arange(letters), block.counts)
        # The groups: the mentions that bear on one finding of one letter, in the order in which the letter comes to the findings.
        group, first = _grouped(letter * len(self._findings) + finding_of[code])
        finding, of = finding_of[code[first]], letter[first]
        heard = np.zeros(len(first), np.intp)
        np.bitwise_or.at(heard, group, says_of[code])
        statement = self._stated(finding, heard, self._measured(block, group, finding, of))
        self._look_up()
        present, since, conflict, evident = self._flags[statement].T
        pieces = self._pieces(block, code, group, evident)
        names, order = self._findings, np.lexsort((self._order[finding], of))
        order = order[present[order]]
        return Told(
            self._set(statement, of),
            _lists([names[at] for at in finding[order].tolist()], of[order], letters),
            np.isin(np.arange(letters), of[since]).tolist(),
            self._ages(block.ages, finding, statement, of),
            _lists([names[at] for at in finding[conflict].tolist()], of[conflict], letters),
            np.bincount(letter[pieces], minlength=letters),
            self._evidence(block, pieces, code, finding[group], statement[group]),
        )

    def _stated(self, finding: Numbers, heard: Numbers, measured: Numbers) -> Numbers:
        """The statement of each group, by what is heard of its finding or, of a quantity, by its number."""
        valued, said = heard >= VALUED, heard % VALUED
        found: Numbers = self._by_heard[finding, said]
        new = np.flatnonzero((found < 0) & ~valued)
        for which, heard_of in set(zip(finding[new].tolist(), said[new].tolist(), strict=True)):
            self._by_heard[which, heard_of] = self._statement(self._findings[which], heard_of)
        return np.where(valued, measured, self._by_heard[finding, said])

    def _statement(self, finding: str, heard: int) -> int:
        value = value_heard(self._protocol, finding, heard)
        if isinstance(value, Silent):
            return 0
        present = is_present(value)
        planes = self._together.planes(finding, value)
        return self._new(Statement(told(value), planes, present, present and affirmed(heard), present and denied(heard)))

    def _new(self, statement: Statement) -> int:
        self._statements.append(statement)
        return len(self._statements) - 1

    def _measured(self, block: _Block, group: Numbers, finding: Numbers, of: Numbers) -> Numbers:
        """The statement of each group that has a number: of several the one furthest on the side of danger."""
        worst: dict[int, float] = {}
        findings, letters, own_age = finding.tolist(), of.tolist(), self._number["age_years"]
        places = group[[place for place, _ in block.numbers]].tolist() if block.numbers else []
        for at, (_, number) in zip(places, block.numbers, strict=True):
            known = worst.setdefault(at, number)
            if number != known:
                worst[at] = self._worse(self._findings[findings[at]], known, number)
        found = np.zeros(len(finding), np.intp)
        quantities = self._quantities
        for at, number in worst.items():
            which = findings[at]
            if which != own_age or block.ages[letters[at]] is None:  # a text may tell a relative's, or that of another time
                key = (which, number)
                found[at] = quantities.get(key) or self._quantity(key)
        return found

    def _worse(self, name: str, one: float, other: float) -> float:
        return min(one, other) if name in self._words.lowest else max(one, other)

    def _quantity(self, key: tuple[int, float]) -> int:
        name, number = self._findings[key[0]], key[1]
        planes = self._together.planes(name, number)
        found = self._quantities[key] = self._new(Statement(told(number), planes, evident=name not in NOT_STATED, number=number))
        return found

    def _look_up(self) -> None:
        """Put what there is to know of new statements into the tables."""
        new = self._statements[len(self._flags) :]
        flags = [[getattr(each, flag) for flag in _FLAGS] for each in new]
        planes = [[*each.planes, *[-1] * (self._widest - len(each.planes))] for each in new]
        self._flags = np.concatenate((self._flags, np.array(flags, np.bool_).reshape(-1, len(_FLAGS))))
        self._planes = np.concatenate((self._planes, np.array(planes, np.intp).reshape(-1, self._widest)))

    def _set(self, statement: Numbers, of: Numbers) -> tuple[Numbers, Numbers]:
        """(Letter, plane) of all that is stated."""
        planes = self._planes[statement]
        given = planes >= 0
        return np.broadcast_to(of[:, None], planes.shape)[given], planes[given]

    def _ages(self, ages: list[float | None], finding: Numbers, statement: Numbers, of: Numbers) -> list[float | None]:
        for at in np.flatnonzero((finding == self._number["age_years"]) & (statement > 0)).tolist():
            ages[of[at]] = self._statements[statement[at]].number
        return ages

    def _evidence(self, block: _Block, pieces: Numbers, code: Numbers, finding: Numbers, statement: Numbers) -> dict[str, pa.Array]:
        """What is a piece's own, of each."""
        at = pa.array(pieces)
        return {
            "finding": pa.array(self._findings).take(pa.array(finding[pieces])),
            "value": pa.array([each.told for each in self._statements]).take(pa.array(statement[pieces])),
            "assertion": pa.array([said.assertion for said in self._said], pa.string()).take(pa.array(code[pieces])),
            "start": pa.array(block.starts, pa.int32()).take(at),
            "end": pa.array(block.ends, pa.int32()).take(at),
            "quote": pa.array(block.quotes, pa.string()).take(at),
        }

    def _pieces(self, block: _Block, code: Numbers, group: Numbers, evident: Bools) -> Numbers:
        """The places of the mentions that are evidence, group by group, without those that say again what one has said."""
        order = np.argsort(group, kind="stable")
        order = order[evident[group[order]]]
        where = (group[order] << 32) + np.array(block.starts, np.intp)[order]
        _, which, times = np.unique(where, return_inverse=True, return_counts=True)
        again, seen = [], set[object]()
        for at in np.flatnonzero(times[which] > 1).tolist():
            place = order[at]
            one = (where[at], block.ends[place], self._said[code[place]].assertion, block.cues[place])
            if one in seen:
                again.append(at)
            seen.add(one)
        return np.delete(order, again)


def _grouped(key: Numbers) -> tuple[Numbers, Numbers]:
    """(Of each key the number of its group, the first place of each group), the groups numbered as they come."""
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    number = np.empty(len(first), np.intp)
    number[np.argsort(first)] = np.arange(len(first))
    return number[group], np.sort(first)


def _lists(names: Sequence[str], of: Numbers, letters: int) -> list[tuple[str, ...]]:
    """The names of each letter."""
    found, start = [], 0
    for end in np.cumsum(np.bincount(of, minlength=letters)).tolist():
        found.append(tuple(names[start:end]))
        start = end
    return found
