"""The compiled reader: what vocabulary.py, sentence.py and context.py do, in C. It gives the same, quicker; else those are used."""

from equina.notes.native.library import UNPACK, VERDICTS, Compiled, Numbers, Rows, compiled, rows, which

__all__ = ["UNPACK", "VERDICTS", "Compiled", "Numbers", "Rows", "compiled", "rows", "which"]
