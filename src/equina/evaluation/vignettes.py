"""Vignettes: short made-up or published cases, each with the answer that it should get. docs/evaluation.md has the format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from equina.case import ANSWERERS
from equina.evaluation.rows import Row, json_rows
from equina.evaluation.sheets import sheet_rows
from equina.exchange import BadInput
from equina.model import DISPOSITIONS, LONG_STANDING, Disposition, Protocol
from equina.tables import nearest

__all__ = ["MODES", "TEXT_MODES", "Request", "Vignette", "read_vignettes", "shipped"]

Request = Mapping[str, object]  # one line of the triage contract

TEXT_MODES = ("patient", "clinical")
MODES = ("findings", *TEXT_MODES)
FOLDER = "vignettes"  # of a protocol's own folder
SHEETS = (".csv", ".tsv")
# What a reader of the file wants and no score needs.
REMARKS = ("name", "rationale", "clinician_assessment", "deciding_facts", "clinical_note_only", "provenance", "source")
LISTS = (("findings_present", True), ("findings_absent", False), ("findings_long_standing", LONG_STANDING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vignette:
    """One case with its truth. `findings` is None when it lists none; `texts` has the same case in words, by mode."""

    id: str
    file: str
    line: int
    expected: Disposition
    acceptable: tuple[Disposition, ...]  # in their order: what a careful expert could also say
    findings: Mapping[str, object] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    age: float | None = None
    sex: str | None = None
    answered_by: str | None = None
    causes: tuple[str, ...] = ()  # groups of causes, the likeliest first; none: not judged
    leaks: frozenset[str] | None = None  # kinds of leak; None: not judged
    tags: tuple[str, ...] = ()
    source: str | None = None
    provenance: str | None = None

    @property
    def emergency(self) -> bool:
        return self.expected == "emergency"

    def has(self, mode: str) -> bool:
        """Whether it says anything in this mode."""
        return mode in self.texts or (mode == "findings" and self.findings is not None)

    def request(self, mode: str, *, complete: bool = False) -> Request:
        """The line of the triage contract that states it in this mode."""
        stated = {"id": self.id, "age": self.age, "sex": self.sex, "answered_by": self.answered_by, "complete": complete}
        line: dict[str, object] = {key: value for key, value in stated.items() if value is not None}
        if mode == "findings":
            line["findings"] = dict(self.findings or {})
        else:
            line["text"] = self.texts[mode]
        return line


def read_vignettes(paths: Iterable[Path]) -> tuple[Vignette, ...]:
    """The vignettes of the files, JSON Lines or (by the name's ending) a table in CSV or TSV. Raises BadInput."""
    found: dict[str, Vignette] = {}
    for path in paths:
        rows = sheet_rows(path) if path.suffix.lower() in SHEETS else json_rows(path)
        before = len(found)
        for row in rows:
            vignette = _vignette(row)
            if vignette.id in found:
                first = found[vignette.id]
                raise row.fault("id", f'"{vignette.id}" is the id of {first.file}, line {first.line} too; give each its own')
            found[vignette.id] = vignette
        if len(found) == before:
            raise BadInput(f"{path}: no vignette in it; each line is one, with an id and an expected_disposition")
    return tuple(found.values())


def shipped(protocol: Protocol) -> tuple[Vignette, ...]:
    """The protocol's own vignettes and its stories, which have words as well. Raises BadInput when it has neither."""
    folder = Path(protocol.folder or "") / FOLDER
    paths = sorted(folder.glob("*.jsonl")) if protocol.folder else []
    own = tuple(replace(vignette, file=Path(vignette.file).name) for vignette in read_vignettes(paths))
    found = (*own, *_stories(protocol))
    if not found:
        raise BadInput(f"the protocol {protocol.id} ships no vignettes; name a file of them")
    return found


def _stories(protocol: Protocol) -> Iterator[Vignette]:
    for line, story in enumerate(protocol.stories.values(), 1):
        said = {name: value for name, value in story.findings.items() if name not in ("age_years", "sex_at_birth")}
        age, sex = story.findings.get("age_years"), story.findings.get("sex_at_birth")
        yield Vignette(
            id=story.id,
            file="stories.toml",
            line=line,
            expected=story.expected,
            acceptable=(story.expected,),
            findings=said,
            texts={"patient": story.story},
            age=age if isinstance(age, int | float) else None,
            sex=sex if isinstance(sex, str) else None,
            source=", ".join(story.sources),
            tags=("story",),
        )


def _vignette(row: Row) -> Vignette:
    """The vignette of a row. Raises BadInput."""
    id = row.needed("id")
    expected = row.level("expected_disposition", row.needed("expected_disposition"))
    allowed = {row.level("acceptable_dispositions", level) for level in row.texts("acceptable_dispositions") or (expected,)}
    if expected not in allowed:
        raise row.fault("acceptable_dispositions", f"{expected}, the expected level, is not among them; add it")
    texts = {mode: text for mode in TEXT_MODES if (text := row.text(f"narrative_{mode}"))}
    answered_by = row.text("answered_by")
    if answered_by is not None and answered_by not in ANSWERERS:
        raise row.fault("answered_by", f'"{answered_by}" is not one of {", ".join(ANSWERERS)}; {nearest(answered_by, ANSWERERS)}')
    leaks = row.texts("incontinence_type")
    vignette = Vignette(
        id=id,
        file=row.file,
        line=row.line,
        expected=expected,
        acceptable=tuple(level for level in DISPOSITIONS if level in allowed),
        findings=_findings(row),
        texts=texts,
        age=row.number("age"),
        sex=row.text("sex"),
        answered_by=answered_by,
        causes=row.texts("expected_causes") or (),
        leaks=None if leaks is None else frozenset(leaks),
        tags=row.texts("tags") or (),
        source=row.text("source"),
        provenance=row.text("provenance"),
    )
    for remark in REMARKS:
        row.take(remark)
    row.rest()
    if not any(vignette.has(mode) for mode in MODES):
        raise row.fault("", 'nothing to judge; add "findings", "findings_present" or "narrative_patient"')
    return vignette


def _findings(row: Row) -> Mapping[str, object] | None:
    """What is known, from the three lists or from one object as `equina triage` takes it, or both."""
    lists = [(key, value, row.texts(key)) for key, value in LISTS]
    given = row.object("findings")
    if given is None and all(names is None for _, _, names in lists):
        return None
    found = dict(given or {})
    for key, value, names in lists:
        for name in names or ():
            if name in found:
                raise row.fault(key, f'"{name}" is stated twice; keep one')
            found[name] = value
    return found
