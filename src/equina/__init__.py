"""Red-flag triage for back pain together with bladder or bowel symptoms.

>>> from equina import Case, assess, load
>>> protocol = load()
>>> assess(protocol, Case.of(back_pain=True, urinary_retention=True)).low
'emergency'

General education and research. Not a medical device; no clinician has reviewed the protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Case", "__version__", "assess", "load", "next_questions"]
__version__ = "0.1.0"

if TYPE_CHECKING:
    from equina.case import Case
    from equina.interview import next_questions
    from equina.protocol import load
    from equina.triage import assess

_HOME = {
    "Case": "equina.case",
    "assess": "equina.triage",
    "load": "equina.protocol",
    "next_questions": "equina.interview",
}


def __getattr__(name: str) -> object:
    # The names are fetched when first used, so that `equina --help` loads neither the protocol nor the engine.
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'equina' has no attribute {name!r}")
