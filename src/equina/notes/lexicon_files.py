"""The files of a lexicon: read, checked with every fault named, and compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from equina.notes.cues import ASSERTIONS, DEFAULT_STOPS, KINDS, STOPPED_AHEAD, STOPPED_BY, UNITS, Cue, Find, Section
from equina.notes.index import Group, Index, any_of
from equina.notes.lexicon import Indexes, Lexicon
from equina.notes.native import compiled, rows
from equina.notes.patterns import Alternatives, BadPattern, Letter, Needs, Pattern, Placed, Sets, Writer, lines, parse, words_in
from equina.notes.points_file import Given, GivenAround, around_given, around_in_letters, in_letters, points_given
from equina.notes.scan import NEEDED
from equina.notes.vocabulary import NumberClass, Vocabulary
from equina.tables import Fault, ProtocolError, Table, nearest, read_file

__all__ = ["Source", "read_lexicon", "read_source"]

DIRECTIONS = ("forward", "backward", "both")
ENDERS = (".", "?", "!", "\n", "...", ";")
BREAKS = (",", ":", "(", ")", "[", "]", "-", "|", "•")
WORD_LISTS = (
    "others",
    "shortened",
    "frequent",
    "absences",
    "light",
    "joining",
    "english",
    "foreign",
    "own",
    "theirs",
    "at_hand",
    "of_late",
    "of_the_present",
    "of_the_past",
)
PERSONS = ("carer", "self")
OF_THE_ONE_BEFORE = ("same", "still", "all_still", "differs", "asks", "denies_it", "denies_all", "affirms_it", "affirms_all")
OF_A_STORY = ("then", "over", "ended", "lasts", "doubted", "back", "others", "for_them", "unlike", "nothing")
_CLASS = re.compile(r"<#([a-z0-9_]+)>")
_FREQUENT = 100  # how many times likelier a common word is than another, roughly: patterns are sought by their rarest word
_FAR, _NEAR = 250, 6  # how many words a cue reaches, forward and otherwise, when its table does not say


def read_lexicon(folder: Path, kinds: Mapping[str, str], extra: Path | None = None) -> Lexicon:
    """The lexicon of the files in `folder`, and of the file `extra`; `kinds` are the findings of the protocol with their kinds.

    Raises ProtocolError with every fault found.
    """
    return _Compiler(read_source(folder, kinds, extra)).lexicon()


def read_source(folder: Path, kinds: Mapping[str, str], extra: Path | None = None) -> Source:
    """What the files say, before it is compiled. Raises ProtocolError with every fault found."""
    faults: list[Fault] = []
    own: dict[str, object] = {}
    if extra is not None:
        own |= read_file(extra.parent, extra.name, faults)
    files: dict[str, dict[str, object]] = {}
    if own.pop("replaces", False) is not True:
        for name in (*_names(folder, "cues"), *_points(folder)):
            files[name] = read_file(folder, name, faults)
    for name in _names(folder, "context"):
        files[name] = read_file(folder, name, faults)
    if extra is not None:
        files[extra.name] = own
    source = Source(kinds, faults)
    tables = [Table(name, "", data, faults) for name, data in files.items()]
    for table in tables:  # a class of numbers may stand in a later file than its use
        source.classes(table)
    for table in tables:
        source.file(table)
    if extra is not None:
        source.prefer(extra.name)
    if faults:
        raise ProtocolError(faults)
    return source


def _names(folder: Path, kind: str) -> list[str]:
    """The names of the files of a kind; its first one when there is none, which is then told to be missing."""
    return [path.name for path in sorted(folder.glob(f"{kind}*.toml"))] or [f"{kind}.toml"]


def _points(folder: Path) -> list[str]:
    """The name of the file of points, if there is one: without it the patterns read alone."""
    return ["points.toml"] if (folder / "points.toml").exists() else []


class Source:
    """What the files say, while they are read."""

    def __init__(self, kinds: Mapping[str, str], faults: list[Fault]) -> None:
        self.kinds = kinds
        self.faults = faults
        self.terms: dict[str, Pattern] = {}
        self.numbers: dict[str, NumberClass] = {}
        self.patterns: dict[tuple[str, str, str], tuple[Pattern, Find | Cue]] = {}
        self.sections: dict[str, Section] = {}
        self.words: dict[str, list[str]] = {name: [] for name in WORD_LISTS}
        self.spellings: dict[str, str] = {}
        self.becomes: dict[str, str] = {}
        self.unless: dict[str, frozenset[str]] = {}
        self.lowest: set[str] = set()
        self.weighed: dict[str, Given] = {}
        self.around: dict[str, GivenAround] = {}

    def classes(self, top: Table) -> None:
        """Take in the classes of numbers of a file."""
        for name, row in top.mapping("numbers").items():
            self.numbers[name] = self._number(Table(top.file, f"numbers.{name}", row, self.faults))

    def file(self, top: Table) -> None:
        """Take in one file, but for its numbers."""
        for name, given in top.mapping("terms").items():
            parts = tuple(self._parsed(top.file, "terms", name, line, whole=False) for line in _texts(given))
            self.terms[name] = parts[0] if len(parts) == 1 else Alternatives(parts)
        for key, take in (
            ("cues", self._cue),
            ("unrelated", self._unrelated),
            ("measures", self._measure),
            ("context", self._context),
            ("sections", self._section),
            ("becomes", self._becomes),
            ("points", self._points),
            ("around", self._around),
        ):
            for id, table in top.tables(key):
                take(id, table)
                table.optional("note")
                table.rest()
        for word, others in top.words("spellings").items():
            self.spellings |= dict.fromkeys(others.split(), word)
        for name, into in self.words.items():
            for line in top.texts(name):
                into.extend(line.split())
        top.rest()

    def prefer(self, file: str) -> None:
        """Leave out the tables of other files that this file has too."""
        own = {path for name, path, _ in self.patterns if name == file}
        self.patterns = {key: value for key, value in self.patterns.items() if key[0] == file or key[1] not in own}

    def _number(self, table: Table) -> NumberClass:
        least, most = table.number("least"), table.number("most")
        over = table.number("over") if "over" in table else None
        most_over = table.number("over_most") if "over_most" in table else over
        table.rest()
        if least is None or most is None or least > most:
            table.fault("least", "a class of numbers runs from least to most", "give both, the smaller as least")
        return NumberClass(least or 0.0, most or 0.0, None if over is None or most_over is None else (int(over), int(most_over)))

    def _finding(self, table: Table, key: str, name: str) -> str:
        if name not in self.kinds:
            table.fault(key, f'"{name}" is no finding of the protocol', nearest(name, self.kinds))
        return name

    def _cue(self, id: str, table: Table) -> None:
        finding = self._finding(table, "finding", table.text("finding", default=id))
        instead_of = frozenset(self._finding(table, "instead_of", name) for name in table.texts("instead_of"))
        for key, normal in (("says", False), ("normal", True)):
            if key == "says" or key in table:
                find = Find(id=id, finding=finding, kind=self.kinds.get(finding, ""), normal=normal, instead_of=instead_of)
                self._add(table, key, find)

    def _unrelated(self, id: str, table: Table) -> None:
        of = frozenset(self._finding(table, "of", name) for name in table.texts("of"))
        self._add(table, "says", Find(id=id, finding=None, of=of))

    def _measure(self, id: str, table: Table) -> None:
        finding = self._finding(table, "finding", table.text("finding"))
        unit = table.choice("unit", UNITS) if "unit" in table else UNITS[0]
        self._add(table, "says", Find(id=id, finding=finding, kind=self.kinds.get(finding, ""), measure=unit))
        if table.flag("lowest", default=False):
            self.lowest.add(finding)

    def _context(self, id: str, table: Table) -> None:
        direction = table.choice("direction", DIRECTIONS) if "direction" in table else "forward"
        reach = table.number("reach") if "reach" in table else None
        kind = table.choice("kind", KINDS)
        stops = tuple(self._kind(table, name) for name in table.texts("stopped_by")) if "stopped_by" in table else None
        cue = Cue(
            id=id,
            kind=kind,
            forward=direction != "backward",
            backward=direction != "forward",
            reach=int(reach) if reach is not None else _FAR if direction == "forward" else _NEAR,
            over_commas=table.flag("over_commas", default=direction == "forward"),
            box=table.flag("box", default=False),
            at_head=table.flag("at_head", default=False),
            since_then=table.flag("since_then", default=False),
            noun=table.flag("noun", default=False),
            of=frozenset(table.texts("of")),
            stopped_by=frozenset(STOPPED_BY.get(kind, DEFAULT_STOPS) if stops is None else stops),
            stopped_ahead=frozenset(STOPPED_AHEAD.get(kind, ()) if stops is None else ()),
        )
        self._add(table, "says", cue)

    def _kind(self, table: Table, name: str) -> str:
        if name not in KINDS:
            table.fault("stopped_by", f'"{name}" is no kind of cue', nearest(name, KINDS))
        return name

    def _section(self, id: str, table: Table) -> None:
        but_not = frozenset(self._finding(table, "but_not", name) for name in table.texts("but_not"))
        assertion = table.choice("assertion", ASSERTIONS) if "assertion" in table else None
        section = Section(id=id, assertion=assertion, but_not=but_not)
        for heading in (*table.texts("headings", required=True), *(f" {end}" for end in table.texts("ending"))):
            self.sections[heading.lower()] = section

    def _becomes(self, name: str, table: Table) -> None:
        self.becomes[self._finding(table, "", name)] = self._finding(table, "finding", table.text("finding"))
        self.unless[name] = frozenset(self._finding(table, "unless", other) for other in table.texts("unless"))

    def _points(self, name: str, table: Table) -> None:
        self.weighed[name] = points_given(name, table, self.kinds, self._finding)

    def _around(self, name: str, table: Table) -> None:
        self.around[name] = around_given(name, table, self._finding)

    def _add(self, table: Table, key: str, what: Find | Cue) -> None:
        parts = tuple(self._parsed(table.file, table.path, key, line) for line in table.texts(key, required=key == "says"))
        if parts:
            self.patterns[table.file, table.path, key] = (parts[0] if len(parts) == 1 else Alternatives(parts), what)

    def _parsed(self, file: str, table: str, key: str, line: str, *, whole: bool = True) -> Pattern:
        try:
            pattern = parse(line, self.terms, whole=whole)
        except BadPattern as error:
            self.faults.append(Fault(file, table, key, f'"{line}": {error}', "the signs of a pattern are told in docs/reading.md"))
            return Letter("?")
        for name in _CLASS.findall(line):
            if name not in self.numbers:
                self.faults.append(Fault(file, table, key, f'"<#{name}>" is no class of [numbers]', nearest(name, self.numbers)))
                return Letter("?")
        return pattern


class _Compiler:
    """From what the files say to letters, expressions and indexes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        stops = [source.terms["stops"]] if "stops" in source.terms else []
        every = words_in([*(pattern for pattern, _ in source.patterns.values()), *stops])
        words = {source.spellings.get(word, word) for word in every if word[0] not in "#$"}
        numbers = source.numbers | {
            word[1:]: NumberClass(float(word[2:]), float(word[2:])) for word in every if word.startswith("#=")
        }
        lists = source.words
        self.vocabulary = Vocabulary({*words, *ENDERS, *BREAKS}, numbers, lists["others"], lists["shortened"], source.spellings)
        self._letters: dict[str, str] = {}
        wide = "".join(map(self.letters, [*ENDERS, *sorted(words_in(stops))]))
        stop = (wide + "".join(map(self.letters, BREAKS)), wide)
        self.writer, self.catcher = Writer(self.letters, stop, {}), Writer(self.letters, stop, {}, catch=True)
        self.weights = dict.fromkeys((*self.vocabulary.any_number, *map(self.letters, (*ENDERS, *BREAKS))), _FREQUENT)
        self.weights |= dict.fromkeys(self.spelt(lists["frequent"]), _FREQUENT // 4) | dict.fromkeys(
            self.spelt(lists["english"]), _FREQUENT
        )
        self.needs = Needs(self.letters, self.weights, NEEDED, {}, {})

    def letters(self, word: str) -> str:
        """The letters of a word, stem, sign or class of numbers of a pattern."""
        word = self.source.spellings.get(word, word)
        if word not in self._letters:
            if word == "#":
                self._letters[word] = self.vocabulary.any_number
            elif word == "$":
                self._letters[word] = "".join(map(self.letters, ENDERS))
            elif word.startswith("#"):
                self._letters[word] = self.vocabulary.number_letters(word[1:])
            else:
                self._letters[word] = self.vocabulary.word_letters(word)
        return self._letters[word]

    def spelt(self, words: Iterable[str]) -> frozenset[str]:
        """The letters of those words that the lexicon has as they are."""
        return frozenset(self.vocabulary.letters[word] for word in words if word in self.vocabulary.letters)

    def index(self, wanted: Callable[[Find | Cue], bool]) -> Index:
        """The index of the patterns that are wanted."""
        gathered: dict[tuple[int, Sets], tuple[Find | Cue, list[Pattern], list[tuple[Placed, ...]]]] = {}
        single: dict[str, list[Find | Cue]] = {}
        for number, (pattern, what) in enumerate(self.source.patterns.values()):
            for line in lines(pattern) if wanted(what) else ():
                if isinstance(line, Letter):
                    for letter in self.letters(line.word):
                        single.setdefault(letter, []).append(what)
                    continue
                rarest = self.needs.placed(line)
                key = number, tuple(one for one, _, _ in rarest[:2])
                _, same, needs = gathered.setdefault(key, (what, [], []))
                same.append(line)
                needs.append(rarest)
        groups = [self._group(what, same) for what, same, _ in gathered.values()]
        return Index(single, groups, [needs for _, _, needs in gathered.values()])

    def _group(self, what: Find | Cue, same: Sequence[Pattern]) -> Group:
        whole = same[0] if len(same) == 1 else Alternatives(tuple(same))
        measured = isinstance(what, Find) and what.measure is not None
        return Group(what, whole, self.catcher if measured else self.writer)

    def lexicon(self) -> Lexicon:
        """Everything compiled."""
        source = self.source
        relatives = words_in(
            pattern for pattern, what in source.patterns.values() if isinstance(what, Cue) and what.kind == "family"
        )
        indexes = Indexes(
            finds=self.index(lambda what: isinstance(what, Find)),
            cues=self.index(lambda what: isinstance(what, Cue) and what.kind not in PERSONS + OF_THE_ONE_BEFORE + OF_A_STORY),
            persons=self.index(lambda what: isinstance(what, Cue) and what.kind in PERSONS),
            before=self.index(lambda what: isinstance(what, Cue) and what.kind in OF_THE_ONE_BEFORE),
            stories=self.index(lambda what: isinstance(what, Cue) and what.kind in OF_A_STORY),
        )
        points = in_letters(source.weighed.values(), self.vocabulary)
        made = Lexicon(
            vocabulary=self.vocabulary,
            points=points,
            around=around_in_letters(source.around, self.vocabulary),
            indexes=lambda: indexes,
            ends=re.compile(any_of(self.letters("$"))),
            comma=self.letters(","),
            colon=self.letters(":"),
            question=self.letters("?"),
            ors=self.spelt(["or", "nor"]),
            parting=frozenset(self.letters(",") + self.letters("-")) | self.spelt(["and", "plus", "also", "but"]),
            end=self.letters("\n"),
            absences=self.spelt(source.words["absences"]),
            light=self.spelt(source.words["light"]),
            joining=self.spelt(source.words["joining"]),
            own=self.spelt(source.words["own"]),
            theirs=self.spelt(source.words["theirs"]),
            at_hand=self.spelt(source.words["at_hand"]),
            of_late=self.spelt(source.words["of_late"]),
            of_the_present=self.spelt(source.words["of_the_present"]),
            of_the_past=self.spelt(source.words["of_the_past"]),
            carers=self.spelt(
                form for word in relatives if word.replace("'", "").isalpha() for form in (word, f"{word}'s")
            ).difference(self.weights),
            sections=source.sections,
            openings=tuple(heading for heading in source.sections if heading.startswith(" ")),
            becomes=source.becomes,
            unless=source.unless,
            lowest=frozenset(source.lowest),
            english=frozenset(source.words["english"]),
            foreign=frozenset(source.words["foreign"]),
        )
        return replace(made, compiled=compiled(rows(made, self.letters, self.writer.stops), self.vocabulary))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (str(item) for item in value)
    else:
        yield str(value)
