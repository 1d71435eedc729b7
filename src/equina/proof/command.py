"""The command `equina prove`: what is proved, the proofs, or how sharp they are."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from equina.model import Protocol

__all__ = ["add_arguments", "command"]

OK, NO = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("properties", nargs="*", metavar="ID", help="a property to prove (default: all)")
    parser.add_argument("--list", action="store_true", help="list the properties and prove nothing")
    parser.add_argument("--json", action="store_true", help="what came of it, with each patient, as one line of JSON")
    parser.add_argument("--lowered", action="store_true", help="show, for each emergency rule lowered in turn, who would be missed")
    parser.add_argument("--mutants", action="store_true", help="make the rules worse, one edit at a time, and show who refutes it")
    parser.add_argument(
        "--patients", action="store_true", help="with --mutants: the patient of every edit, not of one of each kind"
    )


def command(protocol: Protocol, options: argparse.Namespace, out: TextIO, refuse: Callable[[str], int]) -> int:
    """Run the command and return its exit code: 1 when a property is refuted, or the proofs are not as sharp as they must be.

    Raises ModuleNotFoundError when the solver is not installed.
    """
    from equina.proof.mutants import mutants
    from equina.proof.properties import PROPERTIES
    from equina.proof.run import listed, prove
    from equina.tables import nearest

    ids = [one.id for one in PROPERTIES]
    unknown = next((id for id in options.properties if id not in ids), None)
    if unknown is not None:
        return refuse(f'"{unknown}" is no property; {nearest(unknown, ids)} --list names them')
    if options.list:
        print("\n".join(listed()), file=out)
        return OK
    if options.mutants:
        return OK if mutants(protocol, out, every_patient=options.patients) else NO
    holds = prove(protocol, out, only=options.properties, as_json=options.json, show_lowered=options.lowered)
    return OK if holds else NO
