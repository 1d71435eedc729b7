"""What every package of the locks is licensed under: docs/licences.md (make licences), of docs/licences.toml and the locks.

    licences.py                         write the page again
    licences.py --from .venv .venv-docs   read the licences of what is installed there into licences.toml first

A package that names no licence by its SPDX expression is told by its classifiers, and where these leave it open by the text of its
licence file. What neither tells stands in BY_HAND, and is marked on the page.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "docs" / "licences.toml"
PAGE = ROOT / "docs" / "licences.md"
NODE = ("bench/cql/package-lock.json", "tests/conformance/package-lock.json")
DISTRIBUTED = (
    "proofs",
    "service",
    "paper",
    "mcp",
    "batch",
    "spark",
)  # extras for those who use it; the others are for those who build it

# Parts of SPDX expressions that anyone may use, change and pass on with a notice.
ALLOWED = frozenset(
    (
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD, form not told", "BlueOak-1.0.0", "CC0-1.0", "ISC"),
        *("MIT", "MIT-0", "PSF-2.0", "Zlib"),
    )
)
# Weaker than those, and why each is fine here.
EXPLAINED = {
    "certifi": "MPL-2.0 binds changes of its own files: it is fetched by pip from its makers, unmodified, and only imported.",
    "hypothesis": "MPL-2.0 binds changes of its own files: used by the tests alone, unmodified.",
    "pathspec": "MPL-2.0 binds changes of its own files: used when the package is built and by mypy, unmodified.",
    "docutils": "Public domain but for a few files; its GPL file is an editor's mode that is not imported. Builds the site alone.",
    "@lhncbc/ucum-lhc": "Terms of the U.S. National Library of Medicine, in its LICENSE.md. Comes with a peer of the bench.",
}
# Where the metadata tells too much or too little: read in the licence file of the package.
BY_HAND = {"docutils": "CC0-1.0 AND BSD-2-Clause AND BSD-3-Clause AND GPL-3.0-or-later"}
BSD = "BSD, form not told"
ABOUT = """\
Generated from the locks and [licences.toml](licences.toml) (`make licences`); do not edit. Equina itself is under the Apache
License 2.0, its clinical codes under the notices beside them. **The core needs nothing but Python.** Every package below is
optional: it belongs to an extra, is fetched by pip from its own makers and is not part of the wheel. `make test` fails when a
locked package is missing here, or has a licence that nobody has explained.

The licence is what the package's own metadata says, or its licence file where the metadata leaves it open (with a star: read by a
person). A wheel with compiled parts may hold more notices in itself."""
NOT_LISTED = """\
The readers and scanners that the bench puts beside ours (`bench/reading/requirements-*.txt`) run as programs of their own, in
environments of their own; nothing of Equina imports them, and they are not listed."""
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
SPOKEN = {
    "Apache 2.0": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "PSF": "PSF-2.0",
}
TEXTS = (
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Apache License", "Apache-2.0"),
    ("Neither the name", "BSD-3-Clause"),
    ("used to endorse or promote products", "BSD-3-Clause"),
    ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
)


@dataclass(frozen=True)
class Package:
    """A package of the locks: its versions, the extras that need it, and the machines it is only for."""

    name: str
    versions: tuple[str, ...]
    extras: tuple[str, ...]
    only: tuple[str, ...]


# --- the locks -------------------------------------------------------------------------------------------------------------------


def packages() -> list[Package]:
    """Every package of every lock, by name."""
    versions: dict[str, set[str]] = {}
    only: dict[str, set[str]] = {}
    extras: dict[str, set[str]] = {}
    for lock in sorted(ROOT.glob("requirements*.lock")):
        parents: dict[str, set[str]] = {}
        for name, version, marker, asked_by in _entries(lock.read_text("utf-8")):
            versions.setdefault(name, set()).add(version)
            only.setdefault(name, set()).add(marker)
            parents.setdefault(name, set()).update(asked_by)
        for name in parents:
            extras.setdefault(name, set()).update(_extras(name, parents, lock.name))
    return [
        Package(
            name,
            tuple(sorted(versions[name])),
            tuple(sorted(extras[name])),
            tuple(sorted(only[name] - {""})) if "" not in only[name] else (),
        )
        for name in sorted(versions)
    ]


def _entries(text: str) -> Iterator[tuple[str, str, str, list[str]]]:
    """Of each package of a lock: its name, version, marker and who asked for it."""
    for block in re.split(r"\n(?=[a-z0-9])", text):
        head = re.match(r"([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\\n]+)(?: ; ([^\\\n]+?))?(?: \\)?\n", block + "\n")
        if head:
            comment = block.partition("# via")[2]
            yield head[1], head[2], head[3] or "", [word.strip() for word in comment.replace("#", "").split("\n") if word.strip()]


def _extras(name: str, parents: dict[str, set[str]], lock: str) -> set[str]:
    """The extras of pyproject.toml, or `build`, at the root of what asked for a package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    listed = {extra: {_plain(need) for need in needs} for extra, needs in project["project"]["optional-dependencies"].items()}
    listed["build"] = {_plain(need) for need in project["dependency-groups"]["build"]}
    found, seen, left = set(), set(), [name]
    while left:
        each = left.pop()
        seen.add(each)
        if any(parent.startswith("equina") for parent in parents.get(each, ())):
            found |= {extra for extra, needs in listed.items() if each in needs and _in_lock(extra, lock)}
        left += [
            _plain(parent) for parent in parents.get(each, ()) if not parent.startswith("equina") and _plain(parent) not in seen
        ]
    return found


def _in_lock(extra: str, lock: str) -> bool:
    """Whether a lock is made for that extra, as the target `lock` of the Makefile says."""
    special = {"requirements-bench.lock": {"bench", "batch"}, "requirements-docs.lock": {"docs"}, "requirements-fuzz.lock": None}
    return extra == "build" or (special.get(lock) is None and extra not in ("bench", "docs")) or extra in (special.get(lock) or ())


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=; ]", name.strip())[0]).lower()


# --- the licences ----------------------------------------------------------------------------------------------------------------


def licence_of(package: Distribution) -> str | None:
    """What an installed package tells of its licence; None if that is not clear."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    ends = (each.rsplit(" :: ", 1)[-1] for each in told.get_all("Classifier", []) if each.startswith("License ::"))
    classified = [CLASSIFIED[each] for each in ends if each in CLASSIFIED]
    spoken = (told.get("License") or "").strip().partition("\n")[0]
    if re.fullmatch(r"(Apache|BSD|MPL)-[\d.]+(-Clause)?|MIT|ISC", spoken) or spoken in SPOKEN:
        classified = classified or [SPOKEN.get(spoken, spoken)]
    if classified:
        return " OR ".join(sorted(set(classified)))
    return next(_by_text(package), BSD if any("BSD" in each for each in told.get_all("Classifier", [])) else None)


def _by_text(package: Distribution) -> Iterator[str]:
    for file in package.files or ():
        if re.match(r"(LICEN[CS]E|COPYING)", file.name, re.IGNORECASE) and file.locate().is_file():
            text = " ".join(Path(str(file.locate())).read_text("utf-8", "replace").split())
            found = [(text.index(words), licence) for words, licence in TEXTS if words in text]
            # Clauses of BSD come after its first words, so the longer form is looked for first.
            bsd = next((licence for _, licence in found if licence.startswith("BSD")), None)
            yield from (bsd or licence if licence.startswith("BSD") else licence for _, licence in sorted(found)[:1])


def allowed(name: str, expression: str) -> bool:
    """Whether a licence needs no explanation, or has one: of alternatives one that is allowed, of what all holds every one."""
    return name in EXPLAINED or any(
        all(part.strip("() ") in ALLOWED for part in choice.split(" AND ")) for choice in re.split(r" OR ", expression)
    )


def kept() -> dict[str, str]:
    """The licence of each package, as it was read from what is installed, or by hand."""
    return BY_HAND | (tomllib.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {})


def read_from(environments: Iterable[Path]) -> None:
    """Read licences of installed packages of the locks into licences.toml; what is no longer locked goes."""
    names, known = {package.name for package in packages()}, kept()
    for environment in environments:
        for found in distributions(path=[str(path) for path in environment.glob("lib/python3*/site-packages")]):
            name = _plain(found.metadata["Name"])
            if name in names and name not in BY_HAND and (licence := licence_of(found)):
                known[name] = licence
    lines = ["# Read from the packages' own metadata by tests/licences.py --from."]
    lines += [f'{name} = "{licence}"' for name, licence in sorted(known.items()) if name in names and name not in BY_HAND]
    KEPT.write_text("\n".join(lines) + "\n", "utf-8")


def node_packages() -> Iterator[tuple[str, str, str, str]]:
    """The lock, name, version and licence of what is taken from npm."""
    for lock in NODE:
        for path, told in json.loads((ROOT / lock).read_text("utf-8"))["packages"].items():
            if path:
                yield lock, path.rpartition("node_modules/")[2], told["version"], told.get("license", "not told")


# --- the page --------------------------------------------------------------------------------------------------------------------


def page() -> str:
    """docs/licences.md."""
    known, found = kept(), packages()
    of_users = [package for package in found if set(package.extras) & set(DISTRIBUTED)]
    others = [package for package in found if package not in of_users]
    lines = [
        "# Licences of what Equina uses",
        "",
        *ABOUT.splitlines(),
        "",
        "## With an extra that users install",
        "",
        *_table(of_users, known),
        "",
        "## For building, testing and measuring alone",
        "",
        *_table(others, known),
        "",
        "## From npm, for tests and benches alone",
        "",
        "| package | version | licence | lock |",
        "| --- | --- | --- | --- |",
        *(f"| {name} | {version} | {licence} | `{lock}` |" for lock, name, version, licence in sorted(set(node_packages()))),
        "",
        "## Explained",
        "",
        *(f"- **{name}**: {why}" for name, why in sorted(EXPLAINED.items()) if name in known or name.startswith("@")),
        "",
        *NOT_LISTED.splitlines(),
    ]
    return "\n".join(lines) + "\n"


def _table(some: Iterable[Package], known: dict[str, str]) -> Iterator[str]:
    yield "| package | version | licence | extra | only where |"
    yield "| --- | --- | --- | --- | --- |"
    for package in some:
        only = " or ".join(f"`{marker}`" for marker in package.only)
        licence = known.get(package.name, "not known") + ("*" if package.name in BY_HAND else "")
        yield f"| {package.name} | {', '.join(package.versions)} | {licence} | {', '.join(package.extras)} | {only} |"


def main() -> int:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--from", dest="environments", nargs="+", type=Path, default=[], metavar="FOLDER")
    read_from(options.parse_args().environments)
    PAGE.write_text(page(), "utf-8")
    left = [package.name for package in packages() if package.name not in kept()]
    if left:
        print(f"licences: not known: {', '.join(left)}; install them and use --from, or write them into BY_HAND", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
