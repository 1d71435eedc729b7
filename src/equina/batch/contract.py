"""What a screening run leaves behind: the columns of its results, the keys of what it set aside, the keys of its manifest.

Names and kinds alone, so that every engine and every reader of a run can hold it to the same words. docs/screening.md tells them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "ASIDE_KEYS",
    "CONTRACT",
    "EVIDENCE",
    "KEY_VARIABLE",
    "MANIFEST",
    "MANIFEST_KEYS",
    "RESULTS",
    "RESULT_COLUMNS",
    "SET_ASIDE",
    "SHORTEST_KEY",
    "WINDOW_DAYS",
    "WORK",
    "Column",
]

# The number of this contract: it goes up when a column changes its meaning or goes away, not when one is added at the end.
CONTRACT = 1

# The files of a run, in the folder that --out names. A run is finished when its manifest is there; it is written last.
RESULTS = "results.parquet"  # a file; of Spark a folder of part files. `pyarrow.dataset.dataset` opens both
SET_ASIDE = "set_aside.jsonl"
MANIFEST = "manifest.json"
WORK = ".work"  # while a run is not finished

# How many days before its moment a patient's episode begins, unless --window-days says otherwise.
WINDOW_DAYS = 30
# Where the key of the pseudonyms is read from, and how many characters it has at the least.
KEY_VARIABLE = "EQUINA_PSEUDONYM_KEY"
SHORTEST_KEY = 32


class Column(NamedTuple):
    """A column: `kind` is string, bool, int32, int64, float64, timestamp (microseconds, UTC), list<string> or list<evidence>."""

    name: str
    kind: str
    nullable: bool
    about: str


# One item of the column `evidence`: words, a record or an answer that a finding rests on. Every part but `finding` may be null.
EVIDENCE = (
    Column("finding", "string", False, "id of the finding"),
    Column(
        "value",
        "string",
        True,
        'what the finding counts as: "true", "false", "null" (asked, not known), "long_standing", a number, an option',
    ),
    Column(
        "assertion",
        "string",
        True,
        "what this piece says: present, absent, historical, family, hypothetical, uncertain; null for an answer",
    ),
    Column("origin", "string", False, "answer, text or record"),
    Column("file", "string", True, "of which input, as the manifest names it"),
    Column("line", "int64", True, "on which line or row of it, from 1"),
    Column("start", "int32", True, "of a text: where the quote begins, in Unicode code points of the text"),
    Column("end", "int32", True, "of a text: where the quote ends"),
    Column("quote", "string", True, "the words of a text; of a record, the code and the resource that state it"),
    Column("code", "string", True, "of a record: the first code of its concept, as system|code"),
    Column("date", "string", True, "when it was recorded, written or measured, as the input has it; null when it does not say"),
)

# One row a patient, in no promised order. Input without an id cannot be joined: each such line is a row of its own, with a null id.
RESULT_COLUMNS = (
    Column("id", "string", True, "the patient's id, or its pseudonym"),
    Column("low", "string", False, "the level that is certain: self_care, scheduled, urgent or emergency"),
    Column("high", "string", False, "the highest level not excluded"),
    Column("disposition", "string", True, "the advice; null while it cannot be given"),
    Column("settled", "bool", False, "whether nothing that could still be asked would change low"),
    Column(
        "reasons",
        "list<string>",
        False,
        "ids of the determining rules, or of the policy that speaks, as `equina triage` gives them",
    ),
    Column(
        "questions_left",
        "int32",
        True,
        "how many findings not yet asked the nearest open rule above low still needs; null when no open rule is near",
    ),
    Column(
        "nearest_rule",
        "string",
        True,
        "that rule: open, above low, and some part of it is already true of the patient (age and sex count for nothing)",
    ),
    Column("nearest_needs", "list<string>", False, "the findings it still needs: what to ask on the call"),
    Column(
        "nearest_known",
        "int32",
        False,
        "how many of its parts are already true; of rules that need as many answers the one with more is nearer",
    ),
    Column("present", "list<string>", False, "ids of the findings stated as true or long-standing, in the order of a handover"),
    Column("latest", "timestamp", True, "the latest dated moment at which one of them was recorded, within the window"),
    Column("age_years", "float64", True, "age, where it is known"),
    Column("sex", "string", True, "F, M or X, where it is known"),
    Column("window_start", "timestamp", False, "when the episode window begins"),
    Column("window_end", "timestamp", False, "when it ends: the moment as of which the patient was judged"),
    Column(
        "evidence",
        "list<evidence>",
        False,
        "what the findings rest on: all that records and texts say, of plain answers what is present or meets a comparison; "
        "age and sex left out",
    ),
    Column("conflicts", "list<string>", False, "ids of findings on which the sources disagree; what is present has counted"),
    Column("set_aside", "int32", False, "how many things of this patient were not judged; set_aside.jsonl has them"),
    Column(
        "deceased", "bool", False, "whether a record says that the patient has died: the row stands, and nobody is to be called"
    ),
    Column("protocol_version", "string", False, "version of the protocol"),
    Column("protocol_digest", "string", False, "digest of its content, sha256:…"),
)

# One line of set_aside.jsonl: something that was given and not judged. Nothing is dropped in silence.
ASIDE_KEYS = (
    "file",  # of which input
    "line",  # on which line or row; null when it is about the whole file
    "what",  # "input": it could not be read or is no record; "value": it was read, and something it states could not be judged
    "reason",  # why, and the mend where there is one
    "id",  # the patient, where known (or the pseudonym); else null
    "quote",  # of a value: the words or the record; never of an input that could not be read
)

# The keys of manifest.json.
MANIFEST_KEYS = (
    "contract",  # the number above
    "engine",  # local or spark
    "equina",  # version of this program
    "protocol",  # {"id", "version", "digest"}
    "packages",  # {name: version} of what the numbers may rest on
    "as_of",  # the moment of every case that states none
    "window_days",
    "window_start",
    "pseudonymised",  # whether ids are keyed hashes
    "workers",
    "started",
    "finished",
    "seconds",
    "resumed",  # how often the run was taken up again
    "inputs",  # [{"path", "bytes", "sha256", "kind", "records", "set_aside"}], in the order in which they were read
    "records",  # {kind of record: {"read": n, "kept": n}}; kept: those that state something of the protocol
    "not_counted",  # {why: n}: records that say nothing of the patient now, such as a note from before the window
    # {"patients", "low": {level: n}, "high": {level: n}, "disposition": {level or "none": n}, "set_aside": n, "refused": n};
    # refused: of what was set aside, how many lines, columns and files were not read at all
    "counts",
    "reasons",  # {rule or policy: patients}
    "outputs",  # [{"path", "rows", "bytes", "sha256"}]
)
