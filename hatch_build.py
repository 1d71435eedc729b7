"""Builds the compiled reader of notes when Equina is installed, if there is a C compiler; without one, reading is slower, no other.

The library stands beside its sources and is found there, in a wheel and in an editable install alike. `CC` and `CFLAGS` are heeded.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src/equina/notes/native")
LIBRARY = FOLDER / "reader.so"
FLAGS = ["-std=c11", "-O3", "-fPIC", "-shared"]


class CompiledReader(BuildHookInterface):
    """The build hook. An editable install keeps the library beside its sources, where git ignores it; a wheel takes it in, and
    nothing is written into the source tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files are gathered; a wheel with a library is for this kind of machine alone."""
        root = Path(self.root)
        if version == "editable":
            (root / LIBRARY).unlink(missing_ok=True)  # it would not be of these sources
            compile_reader(root, root / LIBRARY)
            return
        self._folder = Path(tempfile.mkdtemp(prefix="equina-"))
        if compile_reader(root, self._folder / LIBRARY.name):
            build_data["force_include"][str(self._folder / LIBRARY.name)] = str(LIBRARY.relative_to("src"))
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002  (given by the backend)
        """Leave nothing behind."""
        if version != "editable":
            shutil.rmtree(self._folder, ignore_errors=True)


def platform_tag() -> str:
    """The platform as wheels name it."""
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def digest(folder: Path) -> str:
    """Of what sources a library is: it tells this itself, so that one that was left behind is known."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.[ch]")))).hexdigest()


def compile_reader(root: Path, library: Path) -> bool:
    """Whether the library was made. It is put in its place whole, so that no other process meets half of it."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    made = library.with_name(f"{library.stem}-{os.getpid()}.so")
    sources = sorted(str(path) for path in (root / FOLDER).glob("*.c"))
    try:
        if not shutil.which(compiler[0]):
            raise OSError(f"no C compiler: {compiler[0]} is not here")
        flags = [*FLAGS, f'-DSOURCES="{digest(root / FOLDER)}"', *shlex.split(os.environ.get("CFLAGS", ""))]
        subprocess.run([*compiler, *flags, *sources, "-o", str(made)], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        made.unlink(missing_ok=True)
        why = getattr(error, "stderr", None) or error
        print(f"equina: notes are read without the compiled reader, more slowly ({why})", file=sys.stderr)
        return False
    made.replace(library)
    return True
