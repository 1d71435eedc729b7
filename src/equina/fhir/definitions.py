"""All that defines the protocol for other systems, as FHIR R4: the questionnaire, the code systems and the protocol itself; and as
one package, the same bytes from the same protocol.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from errno import EEXIST
from pathlib import Path

from equina.fhir.canonical import BASE, Json, canonical, coding, kebab, metadata
from equina.fhir.questionnaire import adaptive, questionnaire
from equina.fhir.service import assess_operation, onset_extension
from equina.logic import render
from equina.model import DISPOSITIONS, Protocol, Rule
from equina.translation import ORIGINAL
from equina.wording import wording

__all__ = ["definitions", "override_reasons", "package", "write"]

_FHIR_VERSION = "4.0.1"
_TYPES = "http://terminology.hl7.org/CodeSystem"
# The licence of the protocol's data is that of the program.
_LICENCE = "Apache-2.0"
_PACKED = 315532800  # 1980-01-01, the first moment that every archive can hold


def definitions(protocol: Protocol, others: Iterable[Protocol] = ()) -> tuple[Json, ...]:
    """Every definitional resource of the protocol; `others` is the same protocol in other languages."""
    return (
        questionnaire(protocol, others),
        adaptive(protocol),
        *_code_systems(protocol),
        _answer_values(protocol),
        _library(protocol),
        _plan(protocol),
        assess_operation(protocol),
        onset_extension(protocol),
    )


# --- codes ---------------------------------------------------------------------------------------------------------------------


def _code_systems(protocol: Protocol) -> Iterator[Json]:
    words = wording("answers", protocol.language)
    codes = ("yes_new", "long_standing", "no", "not_sure")
    options = dict.fromkeys(option for finding in protocol.findings.values() for option in finding.options)
    yield _code_system(protocol, "findings", "findings", {f.id: f.label for f in protocol.findings.values()})
    yield _code_system(protocol, "answers", "answers", {code: words.get(code, code) for code in (*codes, *options)})
    yield _code_system(protocol, "dispositions", "how soon to be seen", {d: protocol.disposition_words[d] for d in DISPOSITIONS})
    reasons = {rule.id: rule.because for rule in protocol.rules.values()}
    reasons |= {policy.id: policy.because for policy in protocol.policies.values() if policy.id not in reasons}
    yield _code_system(protocol, "rules", "rules", reasons)
    yield _code_system(protocol, "causes", "causes", {cause.id: cause.label for cause in protocol.causes.values()})
    yield _code_system(protocol, "fits", "fits of a cause", {fit: fit for fit in ("strong", "possible", "weak")})
    yield _code_system(protocol, "workup", "examinations and tests", {test.id: test.label for test in protocol.workup.values()})
    yield _code_system(protocol, "documents", "documents", {"desk_page": "The page for the desk"})
    yield _code_system(protocol, "override-reasons", "reasons to set a card aside", override_reasons(protocol.language))


def override_reasons(language: str = ORIGINAL) -> Mapping[str, str]:
    """Why a card of CDS Hooks may be set aside: code and words."""
    words = wording("hooks", language)
    return {key.removeprefix("override_").replace("_", "-"): told for key, told in words.items() if key.startswith("override_")}


def _code_system(protocol: Protocol, what: str, title: str, words: Mapping[str, str]) -> Json:
    concepts = [{"code": code, "display": " ".join(text.split())} for code, text in words.items()]
    made = metadata(protocol, "CodeSystem", what, title)
    return made | {"caseSensitive": True, "content": "complete", "count": len(concepts), "concept": concepts}


def _answer_values(protocol: Protocol) -> Json:
    """The answers to a question, of which each item names those that it takes."""
    made = metadata(protocol, "ValueSet", "answers", "answers to a question")
    return made | {"compose": {"include": [{"system": canonical("CodeSystem", made["id"])}]}}


# --- the protocol --------------------------------------------------------------------------------------------------------------


def _library(protocol: Protocol) -> Json:
    """The protocol as it is: its files, and the digest that every answer carries."""
    made = metadata(protocol, "Library", "protocol", "protocol")
    identifier = [{"system": f"{BASE}/protocol-digest", "value": protocol.digest}]
    content = [_file(path) for path in sorted(Path(protocol.folder).glob("*.toml"))] if protocol.folder else []
    made |= {"identifier": identifier, "type": {"coding": [{"system": f"{_TYPES}/library-type", "code": "asset-collection"}]}}
    cited = [{"type": "citation", "citation": source.citation, **_link(source.url)} for source in protocol.sources.values()]
    return made | {"relatedArtifact": cited} | ({"content": content} if content else {})


def _link(url: str | None) -> Json:
    return {"url": url} if url else {}


def _file(path: Path) -> Json:
    return {"contentType": "application/toml", "title": path.name, "data": base64.b64encode(path.read_bytes()).decode("ascii")}


def _plan(protocol: Protocol) -> Json:
    """The rules, worst level first, each with its condition in the protocol's own language. They describe; Equina decides."""
    made = metadata(protocol, "PlanDefinition", "rules", "rules")
    kind = {"coding": [{"system": f"{_TYPES}/plan-definition-type", "code": "eca-rule"}]}
    rules = sorted(protocol.rules.values(), key=lambda rule: -rule.rank)
    library = f"{canonical('Library', f'{kebab(protocol.id)}-protocol')}|{protocol.version}"
    return made | {"type": kind, "library": [library], "action": [_action(protocol, rule) for rule in rules]}


def _action(protocol: Protocol, rule: Rule) -> Json:
    condition = {"language": "text/x-equina", "expression": render(rule.when)}
    cited = [protocol.sources[source] for source in rule.sources if source in protocol.sources]
    return {
        "id": kebab(rule.id),
        "title": rule.id,
        "description": " ".join(rule.because.split()),
        "textEquivalent": rule.timing,
        "code": [
            {"coding": [coding(protocol, "dispositions", rule.disposition)]},
            {"coding": [coding(protocol, "rules", rule.id)]},
        ],
        "documentation": [{"type": "citation", "citation": source.citation} for source in cited],
        "condition": [{"kind": "applicability", "expression": condition}],
    }


# --- files ---------------------------------------------------------------------------------------------------------------------


def package(protocol: Protocol, resources: Iterable[Json]) -> Mapping[str, bytes]:
    """The files of a FHIR package by their names: package.json, an index, and each resource."""
    named = {f"{resource['resourceType']}-{resource['id']}.json": resource for resource in resources}
    manifest = {
        "name": f"equina.{kebab(protocol.id)}",
        "version": protocol.version,
        "description": " ".join(protocol.notice.split()),
        "author": "The Equina authors",
        "license": _LICENCE,
        "canonical": BASE,
        "fhirVersions": [_FHIR_VERSION],
        "dependencies": {"hl7.fhir.r4.core": _FHIR_VERSION},
    }
    keys = ("resourceType", "id", "url", "version")
    files = [{"filename": name, **{key: resource[key] for key in keys}} for name, resource in named.items()]
    index = {"index-version": 1, "files": files}
    return {name: _json(content) for name, content in {"package.json": manifest, ".index.json": index, **named}.items()}


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def write(files: Mapping[str, bytes], out: Path) -> None:
    """Write the files as a package (a name that ends in .tgz), or into a folder. Raises OSError; what exists is not overwritten."""
    if out.suffix == ".tgz":
        packed = _tgz(files)
        with out.open("xb") as stream:
            stream.write(packed)
        return
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(EEXIST, "the folder is not empty")
    for name, content in files.items():
        (out / name).write_bytes(content)


def _tgz(files: Mapping[str, bytes]) -> bytes:
    """The files under package/, with no times, names or numbers of those who pack them."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mtime = len(content), _PACKED
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
