"""Files that a command writes for its user: the owner's alone, whole or not at all, and never in the place of another unasked."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from equina.exchange import BadInput

__all__ = ["check_new", "write_new"]

OWNER_ONLY = 0o600


def check_new(paths: Iterable[Path], *, force: bool) -> None:
    """Refuse files that could not be written, before the work and not after it. Raises BadInput."""
    seen: set[Path] = set()
    for path in paths:
        if path.absolute() in seen:
            raise BadInput(f"{path}: named twice; give each output a file of its own")
        seen.add(path.absolute())
        if path.is_dir():
            raise BadInput(f"{path}: is a directory; give a file")
        if not path.parent.is_dir():
            raise BadInput(f"{path}: there is no folder {path.parent}; make it first, or give another name")
        if not force and (path.exists() or path.is_symlink()):
            raise BadInput(_there(path))


def write_new(path: Path, content: str, *, force: bool) -> None:
    """Write the file under another name first, then give it its own in one stroke. Raises BadInput."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
            file.write(content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if force:
            fresh.replace(path)
        else:
            _put(fresh, path)
    except FileExistsError:
        raise BadInput(_there(path)) from None
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or str(error)).lower()}; give a file that can be written") from None
    finally:
        with suppress(OSError):
            fresh.unlink()


def _put(fresh: Path, path: Path) -> None:
    """Give the file its name, where none has it. Raises FileExistsError, OSError."""
    try:
        path.hardlink_to(fresh)  # unlike a rename, it fails where there is a file by now
    except FileExistsError:
        raise
    except OSError:  # some file systems have no links
        if path.exists() or path.is_symlink():
            raise FileExistsError from None
        fresh.replace(path)


def _there(path: Path) -> str:
    return f"{path}: the file is there; give a new name, or --force to write over it"
