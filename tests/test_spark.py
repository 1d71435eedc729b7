"""`equina screen --engine spark` on a real cluster: a standalone master and two workers on loopback, begun here."""

import gzip
import json
import random
import re
import subprocess
import sys
import threading
from base64 import b64encode
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from equina.lines import triage
from snippets import snippets
from spark_cluster import PATIENCE, Cluster, why_not
from strategies import DECISIVE, FULL, PROTOCOL, QUANTITIES, STATED

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from command import COMMAND, readable
from equina.batch.contract import MANIFEST, RESULTS, SET_ASIDE

DEV_CASES = Path(__file__).parent / "cases" / "dev_cases.jsonl"
AS_OF = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROWS = 100_000 if FULL else 1_200
SAME = ("contract", "protocol", "as_of", "window_days", "inputs", "records", "not_counted", "counts", "reasons")


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    """A folder with the development cases, random rows as a table, and records of some of the same patients, some not whole."""
    folder = tmp_path_factory.mktemp("population")
    dice = random.Random(8)
    cases = [*dev_cases(), *(random_case(dice, f"r{number}") for number in range(ROWS // 2))]
    lines = [json.dumps(case) for case in cases]
    lines[7:7] = ["{not JSON", '{"id": "odd", "findings": {"no_such_finding": true}}', '{"findings": {"fever": true}}']
    (folder / "cases.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    pq.write_table(table_of(random_case(dice, f"t{number}") for number in range(ROWS // 2)), folder / "rows.parquet")
    with gzip.open(folder / "Condition.ndjson.gz", "wt", encoding="utf-8") as file:
        for number in range(300):
            file.write(json.dumps(condition(dice, number)) + "\n")
    patients = ({"resourceType": "Patient", "id": f"p{n}", "birthDate": f"{1930 + n}", "gender": "female"} for n in range(80))
    (folder / "Patient.ndjson").write_text("".join(json.dumps(each) + "\n" for each in patients), "utf-8")
    (folder / "DocumentReference.ndjson").write_text("".join(json.dumps(note(n)) + "\n" for n in range(40)), "utf-8")
    return folder


def dev_cases():
    for line in DEV_CASES.read_text("utf-8").splitlines():
        told = json.loads(line)
        said = (("findings_present", True), ("findings_absent", False), ("findings_long_standing", "long_standing"))
        findings = {name: value for key, value in said for name in told[key]}
        who = {key: told[key] for key in ("age", "sex") if told.get(key) is not None}
        yield {"id": told["id"], **who, "as_of": AS_OF.isoformat(), "findings": findings}


def random_case(dice, id):
    names = [*dice.sample(DECISIVE, dice.randint(0, 8)), *dice.sample(STATED, dice.randint(0, 14))]
    findings = {name: dice.choice([True, True, False, False, "long_standing", None]) for name in names}
    for name in dice.sample(QUANTITIES, dice.randint(0, 3)):
        finding = PROTOCOL.findings[name]
        findings[name] = min(max(round(dice.uniform(finding.low, finding.high), 1), finding.low), finding.high)
    case = {"id": id, "as_of": AS_OF.isoformat(), "findings": findings}
    if dice.random() < 0.7 and "age_years" not in findings:
        case["age"] = dice.randint(1, 99)
    return case if dice.random() < 0.5 else {**case, "sex": dice.choice("FMX")}


def table_of(cases):
    words = {True: "true", False: "false", None: "unknown"}
    rows = [{**case, "findings": None, **case["findings"]} for case in cases]
    columns = {key: pa.array([row.get(key) for row in rows]) for key in ("id", "age", "sex", "as_of")}
    for name in STATED:
        columns[name] = pa.array([words.get(row[name], row[name]) if name in row else None for row in rows], pa.string())
    columns |= {name: pa.array([row.get(name) for row in rows], pa.float64()) for name in QUANTITIES}
    return pa.table(columns)


def condition(dice, number):
    """A Condition, some of a patient of whom there is a case as well."""
    code, words = dice.choice([("267064002", "Retention of urine"), ("279039007", "Low back pain"), ("386661006", "Fever")])
    owner = f"p{number % 80}" if number % 5 else f"r{number}"
    return {
        "resourceType": "Condition",
        "id": f"c{number}",
        "subject": {"reference": f"Patient/{owner}"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": words}]},
        "recordedDate": f"2026-{dice.randint(9, 11):02}-{dice.randint(1, 24):02}",
    }


def note(number):
    text = "Back pain for a week. Numb when wiping since Monday. No fever." if number % 2 else "Denies numbness. Can't pass urine."
    return {
        "resourceType": "DocumentReference",
        "id": f"d{number}",
        "status": "current",
        "subject": {"reference": f"Patient/p{number}"},
        "date": "2026-11-20T10:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": b64encode(text.encode()).decode()}}],
    }


@pytest.fixture(scope="module")
def local(population, tmp_path_factory):
    out = tmp_path_factory.mktemp("local") / "run"
    screen(population, out)
    return out


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def screen(population, out, *more, environment=None):
    command = [*COMMAND, "screen", population, "--out", out, "--as-of", AS_OF.isoformat(), "--quiet", *more]
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, timeout=PATIENCE * (20 if FULL else 1))
    assert done.returncode == 0, readable(done.stderr)
    return done


def rows_of(out):
    rows = ds.dataset(out / RESULTS, format="parquet").to_table().to_pylist()
    return sorted(rows, key=lambda row: json.dumps(row, default=str))


def asides_of(out):
    return sorted((out / SET_ASIDE).read_text("utf-8").splitlines())


def same_run(one, other):
    for row, again in zip(rows_of(one), rows_of(other), strict=True):
        assert row == again
    assert asides_of(one) == asides_of(other)
    told, again = (json.loads((out / MANIFEST).read_bytes()) for out in (one, other))
    assert {key: told[key] for key in SAME} == {key: again[key] for key in SAME}
    return again


def test_spark_gives_the_rows_of_the_local_engine(population, local, cluster, tmp_path):
    screen(population, tmp_path / "run", "--engine", "spark", "--master", cluster.address, environment=cluster.environment)
    manifest = same_run(local, tmp_path / "run")
    assert manifest["engine"] == "spark"
    assert manifest["workers"] == 2
    assert manifest["counts"]["patients"] > ROWS
    assert manifest["counts"]["set_aside"] == 2
    for path in (tmp_path / "run", *(tmp_path / "run").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    assert not (tmp_path / "run" / ".work").exists()


def test_the_rows_are_what_triage_says(population, local):
    """Of patients of whom there is a case and nothing else."""
    rows = {row["id"]: row for row in rows_of(local)}
    alone = [case for case in every_case() if all(piece["origin"] == "answer" for piece in rows[case["id"]]["evidence"])]
    assert len(alone) > ROWS * 0.9
    same_as_triage(alone, rows)


def every_case():
    dice = random.Random(8)
    cases = [*dev_cases(), *(random_case(dice, f"r{number}") for number in range(ROWS // 2))]
    return [*cases, *(random_case(dice, f"t{number}") for number in range(ROWS // 2))]


def same_as_triage(cases, rows):
    answers = StringIO()
    triage(PROTOCOL, BytesIO("".join(json.dumps(case) + "\n" for case in cases).encode()), answers, pytest.fail)
    for answer in map(json.loads, answers.getvalue().splitlines()):
        row = rows[answer["id"]]
        told = {key: row[key] for key in ("low", "high", "disposition", "settled", "reasons")}
        wanted = {key: answer[key] for key in ("low", "high", "disposition", "settled")}
        assert told == {**wanted, "reasons": [reason["rule"] for reason in answer["reasons"]]}, answer["id"]


# The findings of which the table of the next test has a column. Spark plans for a minute where all of them are.
COLUMNS = {*STATED, *QUANTITIES} if FULL else {*DECISIVE, *QUANTITIES[:6], *STATED[::5]}

AS_COLUMNS = """
import runpy, sys
from equina import load
from equina.batch.spark import session
from equina.batch.spark_rules import OUTCOME, with_levels
from equina.batch.spark_sql import all_of, any_of, at_least, certain, possible
rows, out, master = sys.argv[1:]
with session(master) as spark:
    table = spark.read.parquet(rows).withColumnRenamed("sex", "sex_at_birth")
    if "age_years" in table.columns:
        table = table.selectExpr("* EXCEPT (age, age_years)", "coalesce(age_years, age) AS age_years")
    else:
        table = table.withColumnRenamed("age", "age_years")
    with_levels(table, load()).select("id", *OUTCOME).write.parquet(out + "/levels.parquet")
    truths = "(VALUES (true), (false), (CAST(null AS BOOLEAN)))"
    abc = spark.sql(f"SELECT * FROM {truths} AS x(a), {truths} AS y(b), {truths} AS z(c)")
    parts = ("a", "b", "c")
    joined = {"every": all_of(parts), "some": any_of(parts), **{f"at_least_{n}": at_least(n, parts) for n in (1, 2, 3)}}
    surely = {"surely": certain("a"), "perhaps": possible("a")}
    columns = [f"{sql} AS {name}" for name, sql in (joined | surely).items()]
    abc.selectExpr("*", *columns).coalesce(1).write.parquet(out + "/logic.parquet")
    runpy.run_path("snippet.py")  # in the session that is there
"""


def test_the_rules_as_columns_of_spark_are_what_triage_says(cluster, tmp_path):
    """And the connectives of SQL are those of Kleene, a count of what is not known among them. The page's own snippet runs."""
    (snippet,) = (code for kind, code, _ in snippets("spark.md") if kind == "python")
    (tmp_path / "snippet.py").write_text(snippet, "utf-8")
    pq.write_table(pa.table({"id": ["a", "b"], "urinary_retention": [True, None]}), tmp_path / "rows.parquet")
    (tmp_path / "notes.jsonl").write_text('{"id": "n1", "text": "Numb when wiping."}\n{"id": "n2", "text": "No fever."}\n', "utf-8")
    dice = random.Random(9)
    cases = [random_case(dice, f"t{number}") for number in range(ROWS)]
    for case in cases:
        case["findings"] = {name: value for name, value in case["findings"].items() if name in COLUMNS}
    table = table_of(cases)
    wanted = [name for name in table.column_names if name in COLUMNS | {"id", "age", "sex"}]
    pq.write_table(table.select(wanted), tmp_path / "table.parquet")
    command = [sys.executable, "-c", AS_COLUMNS, tmp_path / "table.parquet", tmp_path, cluster.address]
    done = subprocess.run([*map(str, command)], cwd=tmp_path, env=cluster.environment, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    shown = re.findall(r"\|(n\d)\|(\w+)\|(\w+)\|", done.stdout.decode().replace(" ", ""))
    assert shown == [("n1", "saddle_anesthesia", "present"), ("n2", "fever", "absent")]
    rows = {row["id"]: row for row in ds.dataset(tmp_path / "levels.parquet").to_table().to_pylist()}
    assert len(rows) == len(cases)
    same_as_triage(cases, rows)
    logic = ds.dataset(tmp_path / "logic.parquet").to_table().to_pylist()
    assert len(logic) == 27
    for row in logic:
        sure, may = (sum(row[name] is True or (row[name] is None and unknown) for name in "abc") for unknown in (False, True))
        for name, count in (("some", 1), ("every", 3), ("at_least_1", 1), ("at_least_2", 2), ("at_least_3", 3)):
            assert row[name] is (True if sure >= count else False if may < count else None), (name, row)
        assert (row["surely"], row["perhaps"]) == (row["a"] is True, row["a"] is not False)


IN_SMALL_TASKS = """
import json, sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from equina import load
from equina.batch.inputs import discover, tasks_of
from equina.batch.plan import Plan
from equina.batch.screen import held
from equina.batch.spark import carry_out_on_spark
population, out, as_of, master = sys.argv[1:]
protocol, (inputs, asides) = load(), discover([population], out)
plan = Plan(inputs=tuple(inputs), asides=tuple(asides), tasks=tuple(tasks_of(inputs, 40_000)), partitions=16,
    as_of=datetime.fromisoformat(as_of), window_days=30, protocol=None, digest=protocol.digest, pseudonym=None, started=as_of)
with held(Path(out)):
    carry_out_on_spark(plan, protocol, Path(out), master)
"""


def test_a_worker_killed_in_mid_run_changes_no_row(population, local, cluster, tmp_path):
    """Last in this file, since the worker is gone afterwards."""
    out = tmp_path / "run"
    command = [sys.executable, "-c", IN_SMALL_TASKS, population, out, AS_OF.isoformat(), cluster.address]
    before = cluster.tasks_done(1)
    said = []
    with subprocess.Popen([*map(str, command)], env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        reader = threading.Thread(target=lambda: said.append(run.stdout.read()))
        reader.start()
        try:
            cluster.wait_for(lambda: cluster.tasks_done(1) - before >= 3 or run.poll() is not None)
            assert run.poll() is None, b"".join(said)
            cluster.kill("worker1")
            code = run.wait(timeout=PATIENCE * (20 if FULL else 1))
        finally:
            run.kill()
            reader.join()
    assert code == 0, b"".join(said)
    cluster.wait_for(lambda: "Removing worker" in cluster.log("master"))
    assert not (out / ".work").exists()
    same_run(local, out)
