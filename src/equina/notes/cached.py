"""A compiled lexicon, kept where Python keeps its own compiled code: to read the files takes seconds, to take it up again a moment.

It is kept for the compiled reader alone, which needs none of the patterns, and only beside the code that made it: whoever can
write there can write code. PYTHONDONTWRITEBYTECODE and PYTHONPYCACHEPREFIX are heeded. Where nothing can be written, the files are
read each time.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import fields
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

import equina.tables
from equina.notes.lexicon import Indexes, Lexicon
from equina.notes.native import compiled, which

__all__ = ["keep", "place", "taken"]

_MADE_AGAIN = ("indexes", "compiled", "headings", "dashed", "lines", "sentences")
_MOST = 4  # lexicons kept; of more the oldest go


def place(folder: Path, kinds: Iterable[tuple[str, str]]) -> Path | None:
    """Where the lexicon of these files is kept: by what they say, what they are read for and the code that reads. None: nowhere."""
    code = [*Path(__file__).parent.rglob("*.py"), Path(equina.tables.__file__)]
    if Path(__file__) not in code or not which().startswith("compiled"):
        return None
    total = hashlib.sha256(f"{sys.version}{sorted(kinds)}".encode())
    for path in (
        *sorted(code),
        *sorted(folder.glob("cues*.toml")),
        *sorted(folder.glob("context*.toml")),
        *folder.glob("points.toml"),
    ):
        total.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return Path(cache_from_source(__file__)).with_name(f"lexicon.{total.hexdigest()[:32]}.kept")


def taken(where: Path, indexes: Callable[[], Indexes]) -> Lexicon | None:
    """The lexicon that is kept there, if there is a whole one. `indexes` makes its patterns, should they be asked for."""
    try:
        said, rows = pickle.loads(where.read_bytes())  # as trusted as the code beside it
    except (OSError, ValueError, EOFError, pickle.UnpicklingError):
        return None
    reader = compiled(rows, said["vocabulary"])
    return Lexicon(**said, indexes=cache(indexes), compiled=reader) if reader else None


def keep(where: Path, lexicon: Lexicon) -> None:
    """Keep a lexicon there, whole or not at all."""
    if lexicon.compiled is None or sys.dont_write_bytecode:
        return
    said = {one.name: getattr(lexicon, one.name) for one in fields(lexicon) if one.name not in _MADE_AGAIN}
    with suppress(OSError):
        where.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=where.parent, prefix=where.name)
        try:
            with os.fdopen(number, "wb") as file:
                pickle.dump((said, lexicon.compiled.rows), file, protocol=5)
            Path(name).chmod(Path(__file__).stat().st_mode & 0o666)  # else the one who made it alone could read it
            Path(name).replace(where)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for old in sorted(where.parent.glob("lexicon.*.kept"), key=lambda path: path.stat().st_mtime)[:-_MOST]:
            old.unlink(missing_ok=True)
