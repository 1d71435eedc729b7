"""Reading: red flags out of notes and messages. `read_note(protocol, text)` is the way in; docs/reading.md tells how it works."""

from equina.notes.reading import CueWords, Mention, Reading, read_note

__all__ = ["CueWords", "Mention", "Reading", "read_note"]
