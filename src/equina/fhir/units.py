"""Numbers of a record in the unit of a finding, by UCUM code. A unit that is not known here is not guessed.

http://unitsofmeasure.org
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["converted"]

# Of a finding's unit: the units that can be told in it, as (factor, offset) of value * factor + offset.
_SAME = (1.0, 0.0)
_UNITS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "a": {"a": _SAME, "mo": (1 / 12, 0.0), "wk": (7 / 365.25, 0.0), "d": (1 / 365.25, 0.0)},
    "Cel": {"Cel": _SAME, "[degF]": (5 / 9, -160 / 9), "K": (1.0, -273.15)},
    "mm[Hg]": {"mm[Hg]": _SAME, "kPa": (7.50062, 0.0)},
    "/min": {"/min": _SAME, "/s": (60.0, 0.0), "Hz": (60.0, 0.0)},
    "%": {"%": _SAME},
    "mL": {"mL": _SAME, "L": (1000.0, 0.0), "dL": (100.0, 0.0), "cL": (10.0, 0.0), "cm3": _SAME},
    "kg": {"kg": _SAME, "g": (0.001, 0.0), "[lb_av]": (0.45359237, 0.0)},
    "mmol/L": {"mmol/L": _SAME, "mg/dL": (1 / 9.008, 0.0)},  # lactate, 90.08 g/mol
    "mg/L": {"mg/L": _SAME, "mg/dL": (10.0, 0.0), "ug/mL": _SAME},
    "mm/h": {"mm/h": _SAME},
    "10*9/L": {"10*9/L": _SAME, "10*3/uL": _SAME, "/uL": (0.001, 0.0), "10*6/L": (0.001, 0.0)},
    "mg/dL": {"mg/dL": _SAME, "umol/L": (1 / 88.42, 0.0), "mg/L": (0.1, 0.0)},  # creatinine, 113.12 g/mol
    "/{night}": {"/{night}": _SAME},
    "/d": {"/d": _SAME},
    "{grade}": {"{grade}": _SAME, "1": _SAME},
}
# What is written where a UCUM code should be, and means one thing.
_WRITTEN = {
    "°C": "Cel", "C": "Cel", "degC": "Cel", "°F": "[degF]", "F": "[degF]", "degF": "[degF]", "mmHg": "mm[Hg]", "bpm": "/min",
    "beats/min": "/min", "breaths/min": "/min", "per minute": "/min", "ml": "mL", "cc": "mL", "l": "L", "lb": "[lb_av]",
    "lbs": "[lb_av]", "mm/hr": "mm/h", "10^9/L": "10*9/L", "10^3/uL": "10*3/uL", "K/uL": "10*3/uL", "µmol/L": "umol/L",
    "years": "a", "year": "a", "yr": "a",
}  # fmt: skip


def converted(number: float, unit: str, wanted: str) -> float | None:
    """The number in the wanted unit, or None when the one cannot be told in the other.

    >>> converted(102.2, "[degF]", "Cel")
    39.0
    >>> converted(7, "mg/dL", "Cel") is None
    True
    """
    code = _WRITTEN.get(unit, unit)
    known = _UNITS.get(wanted, {wanted: _SAME})
    found = known.get(code) or known.get(re.sub(r"\{[^}]*\}", "", code))  # an annotation, as in {beats}/min, has no meaning in UCUM
    return None if found is None else round(number * found[0] + found[1], 4)
