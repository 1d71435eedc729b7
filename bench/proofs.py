"""How long the proofs of all properties take: `equina prove`, from start to end.

proofs.py            three times
proofs.py --short    one property, once
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from figures import EQUINA, measured, write_rows


def main() -> int:
    """Run, print, and return the exit code: 1 when a proof fails."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--short", action="store_true", help="one property, once")
    options.add_argument("--rows", type=Path, help="write the figures there, for report.py")
    given = options.parse_args()
    seconds, failed = [], 0
    what, some = ("one property proved", ["only_promised_emergencies"]) if given.short else ("all properties proved", [])
    for _ in range(1 if given.short else 3):
        began = time.monotonic()
        failed |= subprocess.run(
            [sys.executable, "-m", "equina", "prove", *some], stdout=subprocess.DEVNULL, check=False
        ).returncode
        seconds.append(time.monotonic() - began)
        print(f"equina prove: {seconds[-1]:.1f} s")
    write_rows(given.rows, [measured("proofs", what, EQUINA, "s", seconds, more_is_better=False)])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
