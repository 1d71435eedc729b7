"""A lexicon that was kept reads as the one that was read from its files; and it is kept only where it stays true."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from equina.notes.cached import keep, place, taken
from equina.notes.lexicon import Indexes, Lexicon
from equina.notes.lexicon_files import read_lexicon
from equina.notes.native import which
from equina.notes.reading import read
from equina.protocol import load
from sentences import sentences

PROTOCOL = load()
FOLDER = Path(PROTOCOL.folder or "")
KINDS = {name: finding.kind for name, finding in PROTOCOL.findings.items()}
TEXTS = [sentence.text for file in sorted((Path(__file__).parent / "reading").glob("*.txt")) for sentence in sentences(file)]

pytestmark = pytest.mark.skipif(not which().startswith("compiled"), reason="a lexicon is kept for the compiled reader alone")


@pytest.fixture(scope="module")
def own() -> Lexicon:
    """Read from its files: `lexicon` may give one that was kept, and what was lost then would be lost in both."""
    return read_lexicon(FOLDER, KINDS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    """One of a few words, where it does not matter which."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "cues.toml").write_text('[cues.fever]\nsays = ["fever", "febrile"]\n', encoding="utf-8")
    (folder / "context.toml").write_text('[context.no]\nkind = "negated"\nsays = ["no"]\n', encoding="utf-8")
    return read_lexicon(folder, KINDS)


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def where(folder: Path = FOLDER, kinds: Mapping[str, str] = KINDS) -> Path:
    found = place(folder, kinds.items())
    assert found is not None
    return found


def not_needed() -> Indexes:
    raise AssertionError("the compiled reader needs no patterns")


def test_one_that_was_kept_is_the_same(own: Lexicon) -> None:
    keep(where(), own)
    again = taken(where(), not_needed)
    assert again is not None
    for one in fields(Lexicon):
        if one.name not in ("vocabulary", "indexes", "compiled", "headings", "dashed", "lines", "sentences"):
            assert getattr(again, one.name) == getattr(own, one.name), one.name
    assert again.vocabulary.kept() == own.vocabulary.kept()
    for text in TEXTS[::7]:
        assert read(again, text) == read(own, text), text


def test_its_patterns_are_made_when_they_are_asked_for(own: Lexicon) -> None:
    keep(where(), own)
    asked: list[int] = []

    def indexes() -> Indexes:
        asked.append(1)
        return own.indexes()

    again = taken(where(), indexes)
    assert again is not None
    assert not asked
    slower = replace(again, compiled=None)
    for text in TEXTS[::400]:
        assert read(slower, text) == read(own, text), text
    assert asked == [1]


def test_another_place_for_other_words_other_findings(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "own")
    assert where(folder) == where()
    with (folder / "cues.toml").open("a", encoding="utf-8") as file:
        file.write("# a word more\n")
    assert where(folder) != where()
    assert where(kinds={**KINDS, "another": "symptom"}) != where()


@pytest.mark.parametrize("harm", [b"", b"no lexicon", "half"])
def test_what_is_not_whole_is_read_anew(small: Lexicon, harm: bytes | str) -> None:
    keep(where(), small)
    whole = where().read_bytes()
    where().write_bytes(harm if isinstance(harm, bytes) else whole[: len(whole) // 2])
    assert taken(where(), not_needed) is None
    keep(where(), small)
    assert where().read_bytes() == whole


def test_where_nothing_can_be_written_nothing_is(small: Lexicon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept").write_text("no folder")
    keep(where(), small)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "other"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keep(where(), small)
    assert not where().exists()
    assert taken(where(), not_needed) is None


def test_few_are_kept_and_nothing_is_left_lying_about(small: Lexicon) -> None:
    for number in range(6):
        keep(where(kinds={**KINDS, f"another_{number}": "symptom"}), small)
    left = sorted(path.name for path in where().parent.iterdir())
    assert len(left) == 4
    assert all(name.startswith("lexicon.") and name.endswith(".kept") for name in left)


def test_two_processes_that_begin_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-X", f"pycache_prefix={tmp_path / 'both'}", "-m", "equina", "read", "-"]
    environment = {"PATH": "/usr/bin:/bin"}
    for _ in range(2):  # once to keep it, once to take it
        both = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)
        ]
        said = [one.communicate("back pain, cannot pass urine")[0] for one in both]
        assert said[0] == said[1]
        assert "urinary_retention" in said[0]
    assert len(list((tmp_path / "both").rglob("lexicon.*.kept"))) == 1
