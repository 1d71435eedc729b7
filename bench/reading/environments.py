"""A virtual environment of its own for each peer of the reading bench: their needs contradict one another (medspaCy: numpy 1).

    environments.py                    all of them, in .venv-reading of the repository
    environments.py --into FOLDER PEER...

What a peer needs is pinned, whole, in requirements-PEER.txt. An environment built from the same file is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

__all__ = ["HERE", "INTO", "PEERS", "python_of"]

HERE = Path(__file__).parent
INTO = HERE.parents[1] / ".venv-reading"
PEERS = tuple(sorted(path.stem.removeprefix("requirements-") for path in HERE.glob("requirements-*.txt")))


def main() -> int:
    """Build what is asked for; exit code 1 if one could not be built (the others are built all the same)."""
    options = argparse.ArgumentParser(description="Build the peers' virtual environments.")
    options.add_argument("peers", nargs="*", metavar="PEER", help=f"some of {', '.join(PEERS)}; none: all")
    options.add_argument("--into", type=Path, default=INTO, metavar="FOLDER", help="where the environments go")
    given = options.parse_args()
    if unknown := sorted(set(given.peers) - set(PEERS)):
        options.error(f"no such peer: {', '.join(unknown)}")
    failed = [peer for peer in given.peers or PEERS if not build(peer, given.into)]
    return 1 if failed else 0


def python_of(peer: str, into: Path) -> Path:
    """The Python that has this peer's packages."""
    return into / f"venv-{peer}" / "bin" / "python"


def build(peer: str, into: Path) -> bool:
    """Whether the environment is there, new or kept."""
    requirements = HERE / f"requirements-{peer}.txt"
    environment = into / f"venv-{peer}"
    stamp = environment / "built-from"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        print(f"{peer}: kept")
        return True
    print(f"{peer}: building", flush=True)
    python = str(python_of(peer, into))
    install = [python, "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        # No look for what the pins leave out: a missing pin must fail here and not be filled with the day's newest version.
        subprocess.run([*install, "--no-deps", "-r", str(requirements)], check=True)
        subprocess.run([python, "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"{peer}: not built: {error}", file=sys.stderr)
        return False
    stamp.write_text(wanted, "utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())
