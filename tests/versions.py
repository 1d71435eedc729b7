"""Two versions of a protocol for the tests of `equina diff`: a folder copied and edited."""

import shutil

from command import TINY
from equina.protocol import SHIPPED

LEXICON = shutil.ignore_patterns("cues*.toml", "context*.toml", "points.toml", "locale")

# A made-up change that lowers an emergency of the tiny protocol, and the reason that would cover it.
RETENTION = ("rules.toml", 'when = "retention"', 'when = "urinary_retention or pvr_ml >= 300"')
REASON = """\
[lowered.residual]
since = "1"
rules = ["cannot_pass_urine"]
answers = "(pvr_ml >= 200 and pvr_ml < 300) or elevated_pvr"
to = "self_care"
who = "Dr A. Example, clinical safety officer"
date = 2026-12-01
reason = "Made up for the tests."
"""


def edited(folder, *edits, source=TINY):
    """The protocol with one passage of a file changed by each edit (file, old, new); in the folder given."""
    shutil.copytree(source, folder, ignore=LEXICON)
    for file, old, new in edits:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{old!r} is not in {file}"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def shipped(folder, *edits):
    return edited(folder, *edits, source=SHIPPED)
