"""What need not be looked for in a text, told by one look: most notes have no form, no table, no history told in a sentence.

The compiled reader looks (`native/looks.c`); without it everything is looked for. Bits, so that asking costs nothing.
"""

from __future__ import annotations

__all__ = ["ALL", "ALONE", "BLANKS", "CAPITALS", "DOTS", "HISTORY", "SIGNS", "TABS", "YES"]

TABS = 1
DOTS = 2  # four in a row, or two low lines
SIGNS = 4  # a plus before a blank
CAPITALS = 8  # N or Y by itself, or behind "="
YES = 16
BLANKS = 32  # an answer before two blanks
ALONE = 64  # a line that is an answer
HISTORY = 128  # "history", "PMH"
ALL = 255
