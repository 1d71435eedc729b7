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
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src/equina/notes/native")
LIBRARY = FOLDER / "reader.so"
FLAGS = ["-std=c11", "-O2", "-fPIC", "-shared"]


class CompiledReader(BuildHookInterface):
    """The build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files are gathered; a wheel with a library is for this kind of machine alone."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        if not compile_reader(root):
            return
        if version != "editable":
            build_data["force_include"][str(root / LIBRARY)] = str(LIBRARY.relative_to("src"))
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform_tag()}"


def platform_tag() -> str:
    """The platform as wheels name it."""
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def digest(folder: Path) -> str:
    """Of what sources a library is: it tells this itself, so that one that was left behind is known."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.[ch]")))).hexdigest()


def compile_reader(root: Path) -> bool:
    """Whether the library is there now. It is made beside the old one and put in its place whole; one that cannot be made anew is
    removed, since it would not be of these sources."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    made = root / FOLDER / f"reader-{os.getpid()}.so"
    sources = sorted(str(path) for path in (root / FOLDER).glob("*.c"))
    try:
        if not shutil.which(compiler[0]):
            raise OSError(f"no C compiler: {compiler[0]} is not here")
        command = [
            *compiler,
            *FLAGS,
            f'-DSOURCES="{digest(root / FOLDER)}"',
            *shlex.split(os.environ.get("CFLAGS", "")),
            *sources,
            "-o",
            str(made),
        ]
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        made.unlink(missing_ok=True)
        (root / LIBRARY).unlink(missing_ok=True)
        why = getattr(error, "stderr", None) or error
        print(f"equina: notes are read without the compiled reader, more slowly ({why})", file=sys.stderr)
        return False
    made.replace(root / LIBRARY)
    return True
