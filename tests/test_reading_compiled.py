"""The compiled reader says what the Python reader says, of any letters, with any lexicon; one that it cannot take it leaves alone.

The rows of letters are those of real sentences, and random ones cut from them. EQUINA_FULL=1 tries ten times as many.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from command import ENVIRONMENT, run
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.native.library import CHOICE, LIBRARY, _Handle, _library, sources, which
from equina.notes.native.program import UnfitError
from equina.notes.native.tables import Tables, tables
from equina.notes.native.words import page, words
from equina.notes.reading import read
from equina.notes.sentence import Told, told
from equina.notes.vocabulary import folded
from equina.protocol import load
from sentences import sentences
from test_reading_compiled_words import PIECES, odd_text, small

ROOT = Path(__file__).parents[1]
FULL = 10 if os.environ.get("EQUINA_FULL") == "1" else 1
PROTOCOL = load()
FILES = sorted((Path(__file__).parent / "reading").glob("*.txt"))
TEXTS = [sentence.text for file in FILES for sentence in sentences(file)]

pytestmark = pytest.mark.skipif(which() != "compiled", reason=which())


def letters(own: Lexicon, text: str) -> str:
    return "".join(map(own.vocabulary.__getitem__, folded(text).split(" ")))


def compiled(own: Lexicon, row: str, *, message: bool = True) -> list[Told]:
    """What the compiled reader says of letters, each that of a word of one character: its places are the places of words."""
    assert own.compiled is not None
    return own.compiled.told(spelled(row), message=message)


def spelled(row: str) -> str:
    """Letters as those of words of one character."""
    return "".join(f"{letter}\1\1" for letter in row)


def python(own: Lexicon, row: str, *, message: bool = True) -> list[Told]:
    """What the Python reader says. A cue that takes in the end of the text ends before it."""
    found = told(own, row + own.end, message=message)
    return [one._replace(end=min(one.end, len(row)), high=min(one.high, len(row))) for one in found]


def check(own: Lexicon, row: str) -> int:
    """Both readers say the same of these letters; how many mentions."""
    for message in (True, False):
        found = compiled(own, row, message=message)
        assert found == python(own, row, message=message), row
    return len(found)


def test_there_is_a_library_where_there_is_a_compiler() -> None:
    assert sources() == digest(LIBRARY.parent), "the library is of other sources: make setup"


def digest(folder: Path) -> str:
    sys.path.insert(0, str(ROOT))
    try:
        from hatch_build import digest
    except ImportError:
        pytest.skip("no build backend here")
    finally:
        sys.path.remove(str(ROOT))
    return digest(folder)


def test_it_says_the_same_of_every_sentence() -> None:
    own = lexicon(PROTOCOL)
    found = sum(check(own, letters(own, text)) for text in TEXTS[:: 1 if FULL > 1 else 100])
    assert found > 100


def test_the_python_reader_reads_every_sentence_as_the_compiled_one() -> None:
    """So that what test_reading_sentences.py asks of each sentence holds of either reader. Each in full, else one in fifteen."""
    own = lexicon(PROTOCOL)
    slower = replace(own, compiled=None)
    for text in TEXTS[:: 1 if FULL > 1 else 15]:
        assert read(own, text) == read(slower, text), text


ODD = [
    "tab\tnumb  bum",
    "a-b- c--",
    "x" * 40_000 + "- can't pee " + "-" * 70_000 + " numb bum",
    "no\n\nfever \n  ?discitis\nnumb?\nbum",
    "\n",
    "f\u00e9ver 39.9",
]


def test_a_text_is_read_the_same_with_its_places() -> None:
    """All in one process: each that reads by the Python reader compiles its patterns first, which takes longer than reading."""
    own = lexicon(PROTOCOL)
    slower = replace(own, compiled=None)
    for text in [*TEXTS[:: 160 // FULL], *ODD]:
        assert read(own, text) == read(slower, text), text
        whole = f"PMH: {text}\n\n{text}. It has always been the same.\nFH:  {text}"
        assert read(own, whole) == read(slower, whole), text


def rows(own: Lexicon, count: int, seed: int) -> list[str]:
    """Random rows: pieces of real sentences, their letters in any order, rare letters, repeats."""
    draw = random.Random(seed)
    real = [letters(own, text) for text in TEXTS[::5]]
    frequent, every = "".join(real), list(own.vocabulary.letters.values())

    def piece() -> str:
        kind, row = draw.random(), draw.choice(real)
        if kind < 0.6:
            start = draw.randrange(len(row))
            return row[start : start + draw.randint(1, 15)]
        if kind < 0.8:
            return "".join(draw.choices(frequent, k=draw.randint(1, 8)))
        if kind < 0.9:
            return "".join(draw.choices(every, k=draw.randint(1, 5)))
        return row[: draw.randint(1, 4)] * draw.randint(1, 12)

    return ["".join(piece() for _ in range(draw.randint(1, 6))) for _ in range(count)]


def test_it_says_the_same_of_any_letters() -> None:
    own = lexicon(PROTOCOL)
    assert sum(check(own, row) for row in rows(own, 1000 * FULL if FULL > 1 else 200, seed=FULL)) > 70


GOING_ON = (
    "numb and ",
    "can't can't i my ",
    "my bum and legs and ",
    "no fever , ",
    "pvr 600 ",
    "no ",
    "if you if you ",
    "bladder or bowel or , no ",
    "since yesterday numb worse , not ",
)


def test_it_says_the_same_of_words_that_go_on_and_on() -> None:
    own = lexicon(PROTOCOL)
    for some in GOING_ON:
        check(own, letters(own, some * (300 * FULL)))


# Two words and their kin, so that random patterns match often.
VOCABULARY = ["ant", "bee", "cat", "dog", "elk", "fox*", "foxglove", "<#few>", "#", '","', "<some>"]


def pattern(draw: random.Random, depth: int) -> str:
    """A random line of the language of patterns.py."""
    kind = draw.random() if depth else 0.0
    if kind < 0.35:
        return draw.choice(VOCABULARY)
    if kind < 0.6:
        return f"({'|'.join(pattern(draw, depth - 1) for _ in range(draw.randint(2, 6)))})"
    if kind < 0.75:
        least = draw.randint(0, 2)
        return f"({pattern(draw, depth - 1)}){draw.choice(['?', f'{{{least},{least + draw.randint(0, 2)}}}'])}"
    words = [pattern(draw, depth - 1) for _ in range(draw.randint(2, 4))]
    for i in range(1, len(words)):
        if draw.random() < 0.4:
            words[i] = f"{draw.choice(['~', '~~'])}{draw.randint(0, 4)} {words[i]}"
    return " ".join(words)


def file_of(folder: Path, draw: random.Random) -> Path:
    """A lexicon of random patterns: each stands beside a plain word, so that none matches nothing."""
    drawn = dict.fromkeys(f'"""{draw.choice(VOCABULARY[:6])} {pattern(draw, 4)}"""' for _ in range(100))
    line = [one for one in drawn if "?){" not in one and "?)?" not in one][:40]
    names = draw.sample(sorted(name for name, finding in PROTOCOL.findings.items() if finding.kind), 8)
    text = ["replaces = true", "[numbers.few]\nleast = 2\nmost = 5", '[terms]\nsome = ["ant bee", "cat", "dog ~2 (elk|ant)"]']
    for i, name in enumerate(names):
        text.append(f"[cues.{name}]\nsays = [{', '.join(line[3 * i : 3 * i + 3])}]\ninstead_of = ['{names[i - 1]}']")
    text += [f"[unrelated.other{i}]\nsays = [{line[24 + i]}]\nof = ['{names[i]}']" for i in range(3)]
    text += [f"[measures.much{i}]\nfinding = '{name}'\nsays = [{line[30 + i]}]" for i, name in enumerate(names)]
    text += [points(draw, f"points.{name}", f"unless = ['{draw.choice(names)}']", ["words"]) for name in names[::2]]
    for verdict in ("old", "past", "others", "warned"):
        text.append(points(draw, f"around.{verdict}", f"of = {draw.sample(names, 5)}", ["last", "before", "behind", "next"]))
    file = folder / f"own{draw.random()}.toml"
    file.write_text("\n".join(text), encoding="utf-8")
    return file


def points(draw: random.Random, table: str, more: str, lists: list[str]) -> str:
    """Random points of words and pairs for a finding, or around one."""
    words = ["ant", "bee", "cat", "dog", "elk", "fox*", ".", "?", ",", "no", "not", "and", "or", "#3", "#9"]
    text = [f"[{table}]\nbase = {-draw.randint(1, 30)}\n{more}"]
    for name in lists:
        given = {" ".join(draw.choices(words, k=draw.randint(1, 2))): draw.randint(-9, 15) for _ in range(20)}
        text.append(f"[{table}.{name}]")
        text += [f"{some} = {[word for word in given if given[word] == some]}" for some in dict.fromkeys(given.values()) if some]
    return "\n".join(text)


@pytest.mark.parametrize("seed", range(6 * FULL))
def test_it_says_the_same_with_any_patterns(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    own = lexicon(PROTOCOL, file_of(tmp_path, draw))
    assert own.compiled is not None or unfit(own)
    if own.compiled is None:
        return
    words = ["ant", "bee", "cat", "dog", "elk", "fox", "foxglove", "foxes", "1", "3", "5", "9", ",", "other"]
    found = likely = 0
    for _ in range(150):
        text = " ".join(
            draw.choices(words, k=draw.choice([draw.randint(1, 40), 39, 41, 59, 61, 100, 198, 202, 398, 402]))
        ) + draw.choice([".", "?", ""])
        row = letters(own, text + draw.choice(["", " no ant", " not bee, or cat"]))
        found += check(own, row)
        likely += sum(one.find.likely for one in compiled(own, row))
    assert found
    assert likely or seed != 1  # not of every file: a pattern beside them makes points void


def unfit(own: Lexicon) -> bool:
    """Whether it is the patterns that the compiled reader cannot take."""
    with pytest.raises(UnfitError):
        compiled_tables(own)
    return True


def compiled_tables(own: Lexicon) -> Tables:
    if own.compiled is not None:
        return own.compiled.rows.tables
    group = own.finds.groups[0]
    writer = group._writer
    return tables(own, writer.letters, own.vocabulary.last, writer.stops)


def test_a_pattern_of_many_ways_is_tried_to_its_end(tmp_path: Path) -> None:
    """So many that the matcher begins again and remembers what was in vain."""
    file = tmp_path / "many.toml"
    says = '["ant ~12 bee ~12 cat ~12 (ant|bee|cat){0,8} elk", "(ant|bee) ~12 (bee|cat|ant){0,8} ~12 dog"]'
    file.write_text(f"replaces = true\n[cues.fever]\nsays = {says}", encoding="utf-8")
    own = lexicon(PROTOCOL, file)
    assert check(own, letters(own, "ant bee cat " * 10 + "elk and " + "ant bee cat " * 12 + "dog")) > 0
    check(own, letters(own, "ant bee cat " * 14))


def test_a_pattern_that_it_cannot_take_is_read_by_the_other_reader(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('replaces = true\n[cues.fever]\nsays = ["hot (very?){0,3} ~2 today"]', encoding="utf-8")
    own = lexicon(PROTOCOL, file)
    assert own.compiled is None
    assert python(own, letters(own, "hot very very today"))


def test_the_choice_of_the_python_reader_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.toml"
    file.write_text('replaces = true\n[cues.fever]\nsays = ["hot today"]', encoding="utf-8")
    monkeypatch.setenv(CHOICE, "python")
    assert which().startswith("python")
    assert lexicon(PROTOCOL, file).compiled is None


def test_threads_read_side_by_side() -> None:
    own = lexicon(PROTOCOL)
    given = [letters(own, text) for text in TEXTS[:400]]
    alone = [compiled(own, row) for row in given]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(3):
            assert list(threads.map(lambda row: compiled(own, row), given)) == alone


def test_tables_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """One number changed: no tables, or others that hold no place outside themselves."""
    file = tmp_path / "own.toml"
    file.write_text('replaces = true\n[cues.fever]\nsays = ["hot ~2 (today|now|all day){1,3} #"]', encoding="utf-8")
    own, library, draw = lexicon(PROTOCOL, file), _library(), random.Random(FULL)
    assert library is not None
    right, refused = compiled_tables(own), 0
    assert _Handle(library, right).handle
    for _ in range(1000 * FULL):
        numbers = right.numbers[:]
        numbers[draw.randrange(len(numbers))] = draw.choice([-1, 0, 1, 7 << 24, 1 << 30, draw.randrange(1 << 27)])
        refused += not _Handle(library, Tables(numbers[: draw.choice([len(numbers)] * 9 + [100])], right.finds)).handle
    assert refused > 200


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
def test_no_letters_and_no_tables_lead_it_outside_its_memory(tmp_path: Path) -> None:
    """The same sources with the compiler's own guards, on the whole lexicon, random letters and spoilt tables."""
    own = lexicon(PROTOCOL)
    program, given, text = tmp_path / "sanitized", tmp_path / "tables", tmp_path / "rows"
    guards = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    files = [*sorted(LIBRARY.parent.glob("*.c")), Path(__file__).parent / "reading" / "sanitized.c"]
    built = subprocess.run(
        ["cc", "-std=c11", "-O1", "-g", *guards, f"-I{LIBRARY.parent}", *map(str, files), "-o", str(program)],
        capture_output=True,
        text=True,
    )
    if "libasan" in built.stderr:
        pytest.skip("this compiler has no guards")
    assert built.returncode == 0, built.stderr
    given.write_bytes(compiled_tables(own).numbers.tobytes())
    drawn = [*rows(own, 3000 if FULL > 1 else 150, seed=7), *(letters(own, text) for text in TEXTS[:: 50 // FULL])]
    given_rows = [spelled(row + own.end).encode("utf-16-le") for row in drawn]
    text.write_bytes(b"".join(struct.pack("i", len(row) // 2) + row for row in given_rows))
    files_of_words = text_files(own, tmp_path)
    done = subprocess.run([str(program), str(given), str(text), str(20 * FULL), *files_of_words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(int(numbers) > 1000 for numbers in done.stdout.split())  # told of mentions


def text_files(own: Lexicon, folder: Path) -> list[str]:
    """Files of words, of their numbers, of pages of characters and of texts, as sanitized.c takes them."""
    draw, known = random.Random(11), words(own)
    some = [word for word in " ".join(TEXTS[::40]).split() if word]
    texts = [*map(small, TEXTS[:: 50 // FULL]), *(small(odd_text(draw, some)) for _ in range(200 * FULL)), *PIECES]
    pages = {ord(letter) // 256 for text in texts for letter in text} - {0x22}  # one is missing
    written = b"".join(
        struct.pack("2i", len(text), 1 if text.isascii() else 4)
        + (text.encode() if text.isascii() else text.encode("utf-32-le", "surrogatepass"))
        for text in texts
    )
    content = {
        "words": known.numbers.tobytes(),
        "ends": known.ends.tobytes(),
        "pages": b"".join(struct.pack("i", number) + page(number) for number in sorted(pages)),
        "texts": written,
    }
    for name, what in content.items():
        (folder / name).write_bytes(what)
    return [str(folder / name) for name in content]


def test_the_command_tells_which_reader_is_in_use() -> None:
    assert b"compiled" in run("read", "--version")[1]
    assert b"python" in run("read", "--version", env=ENVIRONMENT | {CHOICE: "python"})[1]
