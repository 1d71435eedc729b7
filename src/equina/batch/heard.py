"""What many letters say: their mentions as columns, and what each finding counts as by those that bear on it.

What `notes.evidence` makes of the mentions of one text is worked out here for thousands of texts in a few operations: which of them
bear on one finding of one letter, what they say together, and by that its value.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from equina.batch.mentions import BYTES, FIND, KINDS, SIZE, Bools, Mentions, Numbers, Sheaf, Sorter, where_any
from equina.batch.outcome import is_present
from equina.batch.rows import told
from equina.batch.together import Together
from equina.crosscheck import misfit
from equina.model import Protocol
from equina.notes.evidence import VALUED, Silent, affirmed, denied, not_read, says, value_heard
from equina.notes.lexicon import Lexicon
from equina.notes.native import VERDICTS
from equina.notes.reading import Found, Mention, Reading, find, number_in, read
from equina.triage import NOT_STATED

__all__ = ["Heard", "Told"]

_REMEMBERED = 20_000
_FLAGS = ("present", "since", "conflict", "evident")
_SAYS = np.array([says(*kind, None) for kind in KINDS], np.intp)
_UNPACK = struct.Struct(f"{SIZE}i").unpack_from
_ASSERTED = pa.array([assertion for assertion, _ in KINDS])


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


# A number that a text gives: the place of its mention among those of the letter, of what it is, whether it is said to be so, the
# number and the words.
_Given = tuple[int, str, bool, float, str]


class Heard:
    """Takes in the mentions of letters, and tells of many together what they say."""

    def __init__(self, protocol: Protocol, words: Lexicon, together: Together) -> None:
        self._protocol, self._words, self._together = protocol, words, together
        self._findings = tuple(protocol.findings)
        self._number = {name: number for number, name in enumerate(self._findings)}
        self._names = pa.array(self._findings)
        self._order = np.array([protocol.order[name] for name in self._findings])
        self._worse = np.where([name in words.lowest for name in self._findings], -1.0, 1.0)  # the side of danger of each quantity
        self._sorter = Sorter(protocol, words)
        findings = protocol.findings.values()
        # What is taken in without a number, and with one; of anything else a case must be built.
        bare = {each.id for each in findings if not each.measured and each.kind != "choice"}
        self._bare = {name for name in bare if words.becomes.get(name, name) in bare}
        self._valued = {each.id for each in findings if each.measured and each.id not in words.becomes}
        self._finds = words.compiled.finds if words.compiled else ()
        self._closer = {at for at, each in enumerate(self._finds) if each.measure is not None or each.finding not in self._bare}
        self._misfits: dict[tuple[str, float], str | None] = {}
        self._widest = max(2, *(1 + len(rows) for rows in protocol.table.measures.values()))  # planes that a statement sets
        self._forget()
        self._sheaf = Sheaf()

    def _forget(self) -> None:
        """Begin anew with the statements."""
        self._statements = [Statement("", (), evident=False)]  # the first: nothing is stated
        self._quantities: dict[tuple[int, float], int] = {}
        self._by_heard = np.full((len(self._findings), VALUED), -1, np.intp)
        self._flags = np.zeros((0, len(_FLAGS)), np.bool_)
        self._planes = np.zeros((0, self._widest), np.intp)

    def __len__(self) -> int:
        """How many letters are taken in and not told yet."""
        return len(self._sheaf.texts)

    # --- taking in ----------------------------------------------------------------------------------------------------------------

    def find(self, text: str) -> Found | Reading:
        """What is read in the text of a letter."""
        return read(self._words, text) if self._words.compiled is None else find(self._words, text)

    def take(self, text: str, found: Found | Reading, age: float | None) -> tuple[str | None, list[tuple[str, str]]] | None:
        """Take in a letter in which this was found, of one of this age by the record; (why nothing was read, where nothing was; why
        and quote of each mention that cannot be).

        None, and nothing is taken in, where a case must tell.
        """
        if isinstance(found, Reading):
            asides = self.add(text, found.mentions, age)
            return None if asides is None else (not_read(found), asides)
        decided = self._sorter.decided(text, found) if found.begun else {}
        given = self._given(text, found.numbers, decided)
        if given is None:
            return None
        if decided:
            self._sheaf.decided.extend((self._sheaf.mentions + at, kind) for at, kind in decided.items())
        asides = self._take(found.numbers, text, age, given)
        return None if found.numbers else not_read(Reading((), found.refused)), asides

    def add(self, text: str, mentions: Sequence[Mention], age: float | None) -> list[tuple[str, str]] | None:
        """Take in the mentions of a letter of one of this age by the record; (why, quote) of those that cannot be.

        None, and nothing is taken in, where a case must tell.
        """
        if any(each.finding not in (self._bare if each.value is None else self._valued) for each in mentions):
            return None
        valued = ((at, each, each.value) for at, each in enumerate(mentions) if each.value is not None)
        given = [(at, each.finding, each.assertion == "present", value, each.quote) for at, each, value in valued]
        return self._take(self._sorter.numbers(mentions), text, age, given)

    def _given(self, text: str, numbers: bytes, decided: Mapping[int, int]) -> list[_Given] | None:
        """The numbers that were found in a text; None where a case must tell."""
        closer, given = self._closer, list[_Given]()
        for at, which in enumerate(memoryview(numbers).cast("i")[FIND::SIZE].tolist()):
            if which in closer:
                start, end, _, verdict, _, _, low, high = _UNPACK(numbers, at * BYTES)
                find = self._finds[which]
                if low < 0 or find.finding not in self._valued:
                    return None
                assertion = KINDS[decided[at]][0] if at in decided else VERDICTS[verdict][0]
                number = number_in(text[low:high], find.measure or "")
                given.append((at, find.finding, assertion == "present", number, text[start:end]))
        return given

    def _take(self, found: bytes, text: str, age: float | None, given: Sequence[_Given]) -> list[tuple[str, str]]:
        """Take in a letter; (why, quote) of those of its numbers that cannot be, finding by finding."""
        sheaf, asides = self._sheaf, list[tuple[str, str, str]]()
        for at, finding, is_so, number, quote in given:
            if is_so:
                why = self._misfit(finding, number)
                if why is None:
                    sheaf.values.append((sheaf.mentions + at, number))
                else:
                    asides.append((finding, why, quote))
        sheaf.found.append(found)
        sheaf.texts.append(text)
        sheaf.ages.append(age)
        sheaf.mentions += len(found) // BYTES
        if len(asides) > 1:
            order = [finding for _, finding, _, _, _ in given]
            asides.sort(key=lambda aside: order.index(aside[0]))
        return [(why, quote) for _, why, quote in asides] if asides else []

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
        sheaf, self._sheaf = self._sheaf, Sheaf()
        if len(self._statements) > _REMEMBERED:
            self._forget()
        letters, found = len(sheaf.texts), self._sorter.mentions(sheaf)
        # The groups: the mentions that bear on one finding of one letter, in the order in which the letter comes to the findings.
        group, first = _grouped(found.letter * len(self._findings) + found.finding, letters * len(self._findings))
        finding, of = found.finding[first], found.letter[first]
        heard = np.zeros(len(first), np.intp)
        np.bitwise_or.at(heard, group, _SAYS[found.kind] | found.valued * VALUED)
        statement = self._stated(finding, heard, self._measured(sheaf, found, group, finding, of))
        self._look_up()
        present, since, conflict, evident = self._flags[statement].T
        pieces = self._pieces(sheaf, found, group, evident)
        shown = np.flatnonzero(present)
        shown = shown[np.lexsort((self._order[finding[shown]], of[shown]))]
        return Told(
            self._set(statement, of),
            self._lists(finding[shown], of[shown], letters),
            where_any(of[since], letters).tolist(),
            self._ages(sheaf.ages, finding, statement, of),
            self._lists(finding[conflict], of[conflict], letters),
            np.bincount(found.letter[pieces], minlength=letters),
            self._evidence(sheaf, found.of(pieces), statement[group[pieces]]),
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

    def _measured(self, sheaf: Sheaf, found: Mentions, group: Numbers, finding: Numbers, of: Numbers) -> Numbers:
        """The statement of each group that has a number: of several the one furthest on the side of danger."""
        told = np.zeros(len(finding), np.intp)
        if not sheaf.values:
            return told
        places, numbers = (np.array(column) for column in zip(*sheaf.values, strict=True))
        of_number, worse = group[np.searchsorted(found.place, places)], self._worse[finding]
        worst = np.full(len(finding), -np.inf)
        np.maximum.at(worst, of_number, numbers * worse[of_number])
        known = np.array([age is not None for age in sheaf.ages])[of]
        # A text may tell the age of a relative, or that at another time.
        at = np.flatnonzero((worst > -np.inf) & ~((finding == self._number["age_years"]) & known))
        keys = zip(finding[at].tolist(), (worst * worse)[at].tolist(), strict=True)
        told[at] = [self._quantities.get(key) or self._quantity(key) for key in keys]
        return told

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

    def _lists(self, finding: Numbers, of: Numbers, letters: int) -> list[tuple[str, ...]]:
        """The names of the findings of each letter, to which they belong in turn."""
        names, found, start = [self._findings[at] for at in finding.tolist()], [], 0
        for end in np.cumsum(np.bincount(of, minlength=letters)).tolist():
            found.append(tuple(names[start:end]))
            start = end
        return found

    def _evidence(self, sheaf: Sheaf, pieces: Mentions, statement: Numbers) -> dict[str, pa.Array]:
        """What is a piece's own, of each."""
        places = zip(pieces.letter.tolist(), pieces.start.tolist(), pieces.end.tolist(), strict=True)
        texts = sheaf.texts
        return {
            "finding": self._names.take(pa.array(pieces.finding)),
            "value": pa.array([each.told for each in self._statements]).take(pa.array(statement)),
            "assertion": _ASSERTED.take(pa.array(pieces.kind)),
            "start": pa.array(pieces.start, pa.int32()),
            "end": pa.array(pieces.end, pa.int32()),
            "quote": pa.array([texts[of][start:end] for of, start, end in places], pa.string()),
        }

    def _pieces(self, sheaf: Sheaf, found: Mentions, group: Numbers, evident: Bools) -> Numbers:
        """The places of the mentions that are evidence, group by group, without those that say again what one has said."""
        order = np.argsort(group, kind="stable")
        order = order[evident[group[order]]]
        where = (group[order] << 32) + found.start[order]
        in_order = np.sort(where)
        again, seen = [], set[object]()
        for at in np.flatnonzero(np.isin(where, in_order[1:][in_order[1:] == in_order[:-1]])).tolist():
            place = order[at]
            low, cue = found.low[place], sheaf.texts[found.letter[place]][found.low[place] : found.high[place]]
            one = (where[at], found.end[place], KINDS[found.kind[place]][0], cue if low >= 0 else None)
            if one in seen:
                again.append(at)
            seen.add(one)
        return np.delete(order, again)


def _grouped(key: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """(Of each key, which is below this size, the number of its group; the first place of each group), the groups numbered as they
    come."""
    places, first = np.arange(len(key)), np.empty(size, np.intp)
    first[key[::-1]] = places[::-1]  # the last that is put there stays: the first of the keys
    begins = first[key]
    is_first = begins == places
    return (np.cumsum(is_first) - 1)[begins], np.flatnonzero(is_first)
