"""A protocol in another language, and what its translation lacks: `python -m equina.locale LANGUAGE [--stamp]`.

docs/languages.md says how a language is added: by files alone.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from equina.model import Protocol
from equina.protocol import SHIPPED, load
from equina.tables import Fault, ProtocolError, nearest, read_file
from equina.translation import OF, ORIGINAL, TEXTS, digest, gaps, stamped, unknown
from equina.wording import FOLDER

__all__ = ["ENGLISH_ALONE", "languages", "localized", "main", "stamp", "unfinished"]

# Surfaces for those who test and review the protocol, or run a service with it.
ENGLISH_ALONE = ("evaluate", "worklist")


def languages(protocol: Protocol) -> tuple[str, ...]:
    """The languages in which the protocol can be had: its own, then those that have a folder in its `locale`, by their code."""
    folder = Path(protocol.folder or "") / "locale"
    others = sorted(path.name for path in folder.glob("*") if path.is_dir()) if protocol.folder else []
    return (ORIGINAL, *others)


def localized(protocol: Protocol, language: str) -> Protocol:
    """The same protocol, with every text that a patient or clinician meets in that language. What is stale is in English.

    Raises ProtocolError when it has no such language, or when a file of the language holds what is no text of the protocol.
    """
    if language not in (known := languages(protocol)):
        mend = f"give one of {', '.join(known)}"
        raise ProtocolError([Fault(f"locale/{language}", "", "", "the protocol has no such language", mend)])
    return protocol if language == protocol.language else load(protocol.folder or SHIPPED, language)


# --- what a translator has to do -----------------------------------------------------------------------------------------------


def unfinished(folder: Path, language: str) -> tuple[Fault, ...]:
    """All that is missing, stale or no text of the original: in the protocol's folder, then in the words of the surfaces."""
    return (*_of_the_protocol(folder, language), *_of_the_words(language))


def _of_the_protocol(folder: Path, language: str) -> Iterator[Fault]:
    for name in TEXTS:
        file, faults = f"{name}.toml", list[Fault]()
        english = read_file(folder, file, faults)
        at = f"locale/{language}/{file}"
        translated = read_file(folder, at, faults) if (folder / at).exists() else {}
        yield from faults
        yield from unknown(at, english, translated)
        yield from gaps(at, english, translated)


def _of_the_words(language: str) -> Iterator[Fault]:
    names = {path.name for folder in (ORIGINAL, language) for path in (FOLDER / folder).glob("*.toml")}
    for name in sorted(names - {f"{surface}.toml" for surface in ENGLISH_ALONE}):
        at, faults = f"words/{language}/{name}", list[Fault]()
        if not (FOLDER / ORIGINAL / name).exists():
            yield Fault(at, "", "", "the original has no such file", "take it away")
            continue
        english = read_file(FOLDER / ORIGINAL, name, faults)
        other = read_file(FOLDER / language, name, faults) if (FOLDER / language / name).exists() else {}
        yield from faults
        yield from _words(at, english, other)


def _words(at: str, english: dict[str, object], other: dict[str, object]) -> Iterator[Fault]:
    of = other.pop(OF, {})
    stamps = of if isinstance(of, dict) else {}
    for key, text in english.items():
        if key not in other:
            yield Fault(at, "", key, "it is not translated", "translate it")
        elif _blanks(other[key]) != _blanks(text):
            yield Fault(
                at, "", key, "its {places} are not those of the original", f"use each of {', '.join(sorted(_blanks(text)))}"
            )
        elif stamps.get(key) != digest(text):
            problem = "the original has changed since" if key in stamps else "no translator has said that it fits the original"
            yield Fault(at, "", key, problem, f'check it, then write {key} = "{digest(text)}" under [{OF}]')
    for key in [key for key in other if english and key not in english]:  # what English leaves empty is each language's own
        yield Fault(at, "", key, "the original has no such key", nearest(key, english))


def _blanks(text: object) -> set[str]:
    """The places of a text that are filled in, such as {n}."""
    return set(re.findall(r"{(\w*)}", str(text)))


def stamp(folder: Path, language: str) -> None:
    """Write into each file of the language that what has no stamp yet fits the English of today."""
    for name in TEXTS:
        path = folder / "locale" / language / f"{name}.toml"
        if path.exists():
            english = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
            path.write_text(stamped(name, english, path.read_text(encoding="utf-8")), encoding="utf-8")
    for path in sorted(path for path in (FOLDER / language).glob("*.toml") if (FOLDER / ORIGINAL / path.name).exists()):
        english = tomllib.loads((FOLDER / ORIGINAL / path.name).read_text(encoding="utf-8"))
        text = path.read_text(encoding="utf-8")
        words = tomllib.loads(text)
        before = words.pop(OF, {})
        stamps = [f'{key} = "{before.get(key) or digest(english[key])}"' for key in words if key in english]
        above = text.split(f"\n[{OF}]\n")[0].rstrip("\n")
        path.write_text("\n".join([above, *(["", f"[{OF}]"] if stamps else []), *stamps]) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """List what is missing or stale; with --stamp, first say that what has no stamp has been checked. 1 if something is left."""
    parser = argparse.ArgumentParser(prog="python -m equina.locale", description=main.__doc__)
    parser.add_argument("language", help="its code, which is the name of its folders")
    parser.add_argument("--protocol", metavar="DIR", default=SHIPPED, type=Path, help="another protocol (default: the one shipped)")
    parser.add_argument("--stamp", action="store_true", help="write that what has no stamp fits the English of today")
    options = parser.parse_args(arguments)
    if options.stamp:
        stamp(options.protocol, options.language)
    left = unfinished(options.protocol, options.language)
    for fault in left:
        print(fault)
    print(f"{len(left)} left to do" if left else "complete", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
