"""The compiled reader: what sentence.py and context.py do, in C. It gives the same, quicker; without it, those are used."""

from equina.notes.native.library import Compiled, compiled, which

__all__ = ["Compiled", "compiled", "which"]
