"""A protocol with a fault does not load, and the error names file, table, key and the mend.

Each folder of `bad_protocols` holds what differs from `bad_protocols/valid`: files that replace its own, and in `removed.txt` the
names of files that are taken away. `expected.txt` holds one block a fault, in any order; all its lines stand in that one fault.
A block of `...` allows faults that follow from the first, as when a whole file is missing.

`bad_protocol_errors.txt` has every word of every error, so that none changes unseen: EQUINA_WRITE=1 writes it again, to be read.
"""

import os
import re
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from equina.protocol import load
from equina.tables import ProtocolError

HERE = Path(__file__).parent / "bad_protocols"
VALID = HERE / "valid"
FAULTS = sorted(folder.name for folder in HERE.iterdir() if folder.name != "valid")
MORE = ["..."]


@cache
def loaded(name):
    """The faults of the valid protocol once it is broken as the folder of that name says."""
    with TemporaryDirectory() as parent:
        folder = Path(parent, "protocol")
        shutil.copytree(VALID, folder)
        shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
        removed = folder / "removed.txt"
        for file in removed.read_text(encoding="utf-8").split() if removed.exists() else ():
            (folder / file).unlink()
        with pytest.raises(ProtocolError) as error:
            load(folder)
    return error.value


def expected(name):
    blocks = (HERE / name / "expected.txt").read_text(encoding="utf-8").split("\n\n")
    return [block.split("\n") for block in (block.strip() for block in blocks) if block]


def test_the_valid_protocol_loads():
    protocol = load(VALID)
    assert protocol.id == "tiny"
    assert protocol.codes["icd10cm"] == {"urinary_retention": ("R33.9",)}


@pytest.mark.parametrize("name", FAULTS)
def test_the_error_says_what_is_wrong_and_how_to_mend_it(name):
    error = loaded(name)
    for block in expected(name):
        if block != MORE:
            assert any(all(words in str(fault) for words in block) for fault in error.faults), (
                f"{block} not in one fault of:\n{error}"
            )
    for fault in error.faults:
        assert fault.file
        assert fault.problem
        assert fault.mend
        assert isinstance(fault.table, str)
        assert isinstance(fault.key, str)
    assert str(error) == "\n".join(map(str, error.faults))


@pytest.mark.parametrize("name", [name for name in FAULTS if MORE not in expected(name)])
def test_one_fault_is_told_once(name):
    """Nobody is sent to look for a second fault that is none."""
    error = loaded(name)
    assert len(error.faults) == len(expected(name)), f"told:\n{error}"


def test_every_word_of_every_error_is_as_it_was_read():
    blocks = []
    for name in FAULTS:
        # What Python itself says of a file differs from version to version.
        told = re.sub(r"(not TOML|cannot be read): [^;]*;", r"\1: ...;", str(loaded(name)))
        blocks.append(f"{name}\n{told}\n")
    kept = HERE.parent / "bad_protocol_errors.txt"
    if os.environ.get("EQUINA_WRITE"):
        kept.write_text("\n".join(blocks), encoding="utf-8")
    assert "\n".join(blocks) == kept.read_text(encoding="utf-8")
