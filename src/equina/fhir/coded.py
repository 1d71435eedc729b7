"""What the codes of a record state: findings by the protocol's code tables, medicines by name, and the codes that say yes or no."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import _lru_cache_wrapper, lru_cache

from equina.fhir.canonical import system as own_system
from equina.fhir.elements import codes_in, concept_words
from equina.model import Protocol
from equina.remembered import of_each

__all__ = ["SYSTEMS", "findings_of", "medicines_of", "orders_of", "yes_or_no"]

# The systems of the protocol's code tables, by the name of their file.
SYSTEMS: Mapping[str, str] = {
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "hpo": "http://human-phenotype-ontology.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
}
_OTHER_NAMES = {
    "http://hl7.org/fhir/sid/icd-10-cm/": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "http://purl.obolibrary.org/obo/hp.owl": "hpo",
}
_LONGEST = 500  # letters of what is remembered: whatever is sent, memory stays flat
_LETTERS = re.compile(r"[a-z]+")
_NAMES = {system: name for name, system in SYSTEMS.items()} | _OTHER_NAMES

# Codes of an answer or a result: LOINC answers, SNOMED CT numbers, HL7 interpretation and yes/no indicator.
_YES = frozenset(
    ("LA33-6", "LA6576-8", "LA9633-4", "LA11882-0", "10828004", "52101004", "260373001", "373066001", "POS", "DET", "Y", "yes_new")
)
_NO = frozenset(
    ("LA32-8", "LA6577-6", "LA9634-2", "LA11883-8", "260385009", "2667000", "260415000", "373067005", "NEG", "ND", "N", "no")
)
_YES_WORDS = frozenset(["yes", "present", "positive", "detected", "true", "pos"])
_NO_WORDS = frozenset(("no", "absent", "negative", "not detected", "false", "none", "neg", "not present"))


def findings_of(protocol: Protocol, concept: object) -> tuple[str, ...]:
    """The findings that the codes of a concept state. A longer ICD-10-CM code is narrower, and states what the shorter one does."""
    codes = codes_in(concept)
    if not codes:
        return ()
    told = _stated(protocol)
    long = len(codes[0][0]) + len(codes[0][1]) if len(codes) == 1 else sum(len(system) + len(code) for system, code in codes)
    return told(codes) if long <= _LONGEST else told.__wrapped__(codes)


@of_each
def _stated(protocol: Protocol) -> _lru_cache_wrapper[tuple[str, ...]]:
    """What tells the findings that codes state. All records share a few thousand concepts: what they state is remembered."""

    @lru_cache(maxsize=20_000)
    def told(codes: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        table, found, own = _table(protocol), dict[str, None](), own_system(protocol, "findings")
        for system, code in codes:
            if system == own and code in protocol.findings:
                found[code] = None
            name = _NAMES.get(system)
            if name is None:
                continue
            for key in _wider(code) if name == "icd10cm" else (code,):
                found.update(dict.fromkeys(table.get((name, key), ())))
        return tuple(found)

    return told


def _wider(code: str) -> Iterator[str]:
    code = code.strip().upper()
    code = code if "." in code or len(code) <= 3 else f"{code[:3]}.{code[3:]}"
    return (code[:length] for length in range(min(len(code), 8), 2, -1))  # the longest has seven characters and the dot


def _table(protocol: Protocol) -> Mapping[tuple[str, str], tuple[str, ...]]:
    for codes, causes, table in _TABLES:
        if codes is protocol.codes and causes is protocol.causes:
            return table
    key = tuple((system, tuple(codes.items())) for system, codes in protocol.codes.items())
    named = tuple(
        (cause.id, kind.icd10cm) for cause in protocol.causes.values() for kind in cause.kinds if cause.id in protocol.findings
    )
    made = _made(key, named)
    _TABLES.appendleft((protocol.codes, protocol.causes, made))
    return made


# The tables of the protocols used last, found again by the very objects: to compare all codes would take longer than to look up.
_TABLES: deque[tuple[object, object, Mapping[tuple[str, str], tuple[str, ...]]]] = deque(maxlen=8)


@lru_cache(maxsize=8)
def _made(
    systems: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...], named: tuple[tuple[str, str | None], ...]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Findings by code. A diagnosis that is a finding too is stated by the codes of the kinds of its cause."""
    rows = [(system, finding, code) for system, table in systems for finding, codes in table for code in codes]
    rows += [("icd10cm", finding, code) for finding, code in named if code]
    found: dict[tuple[str, str], dict[str, None]] = {}
    for system, finding, code in rows:
        found.setdefault((system, code), {})[finding] = None
    return {key: tuple(findings) for key, findings in found.items()}


def medicines_of(protocol: Protocol, concept: object) -> tuple[str, ...]:
    """The findings of the classes that name the medicine: by its code as an ingredient, and by its words."""
    coded = [name for name in findings_of(protocol, concept) if protocol.findings[name].kind == "medicine"]
    words, told = concept_words(concept), _medicines(protocol)
    named = told(words) if len(words) <= _LONGEST else told.__wrapped__(words)
    return tuple(dict.fromkeys((*coded, *named))) if coded else named


@of_each
def _medicines(protocol: Protocol) -> _lru_cache_wrapper[tuple[str, ...]]:
    """What tells the findings of the classes that the words for a medicine name. The same few medicines are in all records."""
    rows = [row for row in protocol.medicines.values() if protocol.findings[row.finding].kind == "medicine"]
    named = [(row.finding, frozenset(_LETTERS.findall(name.lower()))) for row in rows for name in row.examples]

    @lru_cache(maxsize=10_000)
    def told(words: str) -> tuple[str, ...]:
        letters = frozenset(_LETTERS.findall(words.lower()))
        return tuple(dict.fromkeys(finding for finding, name in named if name <= letters))

    return told


def orders_of(protocol: Protocol, concept: object) -> frozenset[str]:
    """What is ordered, of the kinds that a protocol tells apart (model.ORDERS), by the codes of a concept."""
    told = _orders(protocol)
    return frozenset(kind for system, code in codes_in(concept) if (kind := told.get((_NAMES.get(system), code))))


@of_each
def _orders(protocol: Protocol) -> Mapping[tuple[str | None, str], str]:
    rows = [(system, kind, codes) for system, kinds in protocol.orders.items() for kind, codes in kinds.items()]
    return {(system, code): kind for system, kind, codes in rows for code in codes}


def yes_or_no(concept: object) -> bool | None:
    """Whether a coded or worded result says yes or no; None when it says neither, or both."""
    codes = {code for _, code in codes_in(concept)}
    words = concept_words(concept).strip().lower()
    yes = bool(codes & _YES) or words in _YES_WORDS
    no = bool(codes & _NO) or words in _NO_WORDS
    return yes if yes != no else None
