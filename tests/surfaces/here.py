"""The doors that need no server: the interpreters, the commands, the functions behind the services. Quick enough for very many."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pyarrow.parquet import read_table

from command import answers_in, run
from equina.assistant.server import _called
from equina.batch.contract import RESULTS
from equina.fhir.responses import case_of_response, response_of
from equina.fhir.results import results
from equina.locale import localized
from equina.triage import assess
from strategies import PROTOCOL
from surfaces.door import Ask, Door, Judged, guided, in_short, told_by, whole
from surfaces.interpreters import INTERPRETERS, expected
from surfaces.servers import Servers

__all__ = ["HERE"]


def _interpreter(name: str) -> Door:
    @contextmanager
    def opened(_: Servers) -> Iterator[Ask]:
        yield lambda people: [INTERPRETERS[name](one.case) for one in people]

    def shown(one: Judged) -> object:
        verdict = expected(one.answer)
        return (verdict, one.answer["disposition"]) if name == "terms" else verdict

    return Door(opened, shown)


@contextmanager
def _tools(_: Servers) -> Iterator[Ask]:
    """The assistant's tool, without a session."""
    protocols = {"en": PROTOCOL, "es": localized(PROTOCOL, "es")}

    def ask(people: Sequence[Judged]) -> list[object]:
        replies = [_called(protocols, "assess_case", {"case": one.person}) for one in people]
        return [told_by(reply) for reply in replies]

    yield ask


@contextmanager
def _responses(_: Servers) -> Iterator[Ask]:
    """A QuestionnaireResponse in, a Bundle with its GuidanceResponse out."""

    def ask(people: Sequence[Judged]) -> list[object]:
        now = datetime.now(UTC)
        given = [json.loads(json.dumps(response_of(PROTOCOL, one.case))) for one in people]
        cases = [case_of_response(PROTOCOL, response, now) for response in given]
        return [guided(results(PROTOCOL, case, assess(PROTOCOL, case), now)) for case in cases]

    yield ask


# --- as another process ----------------------------------------------------------------------------------------------------------

PATIENCE = 1_800  # seconds for a batch, on a machine that has other things to do


@contextmanager
def _command(_: Servers) -> Iterator[Ask]:
    """`equina triage`, a process for each batch."""

    def ask(people: Sequence[Judged]) -> list[object]:
        _, output, _ = run("triage", given="\n".join(json.dumps(one.person) for one in people).encode(), patience=PATIENCE)
        return list(answers_in(output))

    yield ask


ALL_OF_IT = 3_650  # days of an episode: what a case says is aged by its own moment alone


@contextmanager
def _screen(_: Servers) -> Iterator[Ask]:
    """`equina screen`, a run for each batch: the rows of its table, by the id of the person."""

    def ask(people: Sequence[Judged]) -> list[object]:
        with TemporaryDirectory() as folder:
            given, out = Path(folder, "people.jsonl"), Path(folder, "run")
            given.write_text("".join(json.dumps(one.person) + "\n" for one in people), encoding="utf-8")
            code, _, told = run("screen", given, "--out", out, "--window-days", ALL_OF_IT, "--quiet", patience=PATIENCE)
            assert code == 0, told
            columns = ("low", "high", "disposition", "settled", "reasons")
            rows = {row["id"]: row for row in read_table(out / RESULTS, columns=["id", *columns]).to_pylist()}
        return [{column: rows[one.person["id"]][column] for column in columns} for one in people]

    yield ask


HERE: Mapping[str, Door] = {
    "tree": _interpreter("tree"),
    "sets": _interpreter("sets"),
    "terms": _interpreter("terms"),
    "triage": Door(_command, whole),
    "tools": Door(_tools, whole),
    "responses": Door(_responses, in_short),
    "screen": Door(_screen, in_short),
}
