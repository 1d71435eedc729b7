"""A run that was stopped, at whatever moment, goes on to the same bytes as one that was not."""

import json
import os
import random
import signal
import subprocess
import time
from multiprocessing import Pipe
from pathlib import Path

import pytest

import equina.batch.finish
import equina.batch.inputs
import equina.batch.plan
import equina.batch.screen
import equina.batch.spill
from command import COMMAND, ENVIRONMENT, TINY, readable
from equina.batch.crew import _serve
from equina.cli import main
from screening import AS_OF, results_in, write_lines

FULL = bool(os.environ.get("EQUINA_FULL"))
CODES = ("M54.50", "R33.9", "R35.0", "I10")


def records(count):
    for number in range(count):
        code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": CODES[number % 4]}]}
        yield {"resourceType": "Condition", "subject": {"reference": f"Patient/p{number * 7 % 50}"}, "code": code, "recordedDate": "2026-11-20"}  # fmt: skip  # noqa: E501
        if number % 40 == 0:
            yield {"resourceType": "Patient", "id": f"p{number}", "birthDate": "1970-01-01"}
            yield {"id": f"p{number}", "findings": {"fever": number % 3 == 0, "no_such": True} if number % 80 else {"fever": True}}


def bytes_of(out):
    return [(out / name).read_bytes() for name in ("results.parquet", "set_aside.jsonl")]


@pytest.fixture
def small_steps(monkeypatch):
    """Tasks and partitions so small that a few records make many of them."""
    monkeypatch.setattr(equina.batch.inputs.tasks_of, "__defaults__", (10_000,))
    monkeypatch.setattr(equina.batch.plan, "_FEWEST", 3)


class Stopped(BaseException):
    """As sudden as a kill: nothing of the program handles it."""


def test_stopped_at_any_step(tmp_path, small_steps, monkeypatch):
    """After every file that a run writes in turn, and in the middle of writing it."""
    path = write_lines(tmp_path / "a.ndjson", records(120))
    arguments = ["screen", str(path), "--as-of", AS_OF, "--workers", "1", "--quiet", "--out"]
    assert main([*arguments, str(tmp_path / "whole")]) == 0
    wanted, manifest = bytes_of(tmp_path / "whole"), results_in(tmp_path / "whole").manifest
    real, writes = equina.batch.spill.written.__exit__, [0]

    def stops_at(step, early):
        writes[0] = 0

        def leave(self, kind, *rest):
            writes[0] += 1
            if writes[0] == step and early:
                self.file.close()
                raise Stopped
            real(self, kind, *rest)
            if writes[0] == step:
                raise Stopped

        monkeypatch.setattr(equina.batch.spill.written, "__exit__", leave)

    stops_at(0, early=False)
    assert main([*arguments, str(tmp_path / "counted")]) == 0
    steps = writes[0]
    assert steps > 10
    chosen = range(2, steps + 1) if FULL else [*random.Random(1).sample(range(2, steps), 3), steps]
    for step in chosen:
        for early in (True, False):
            out = tmp_path / f"{step}{early}"
            stops_at(step, early)
            with pytest.raises(Stopped):
                main([*arguments, str(out)])
            stops_at(0, early=False)
            assert (out / "manifest.json").exists() == (step == steps and not early)
            assert main([*arguments, str(out), "--resume"]) == 0
            assert bytes_of(out) == wanted, (step, early)
            found = results_in(out).manifest
            assert {**found["counts"], **found["records"]} == {**manifest["counts"], **manifest["records"]}
            assert [each["sha256"] for each in found["inputs"]] == [each["sha256"] for each in manifest["inputs"]]
            assert sorted(each.name for each in out.iterdir() if each.name != ".work") == [
                "manifest.json",
                "results.parquet",
                "set_aside.jsonl",
            ]


def start(*arguments):
    # The protocol is a tiny one, so that a run of a second has many moments to be killed at.
    command = [*COMMAND, "screen", "--protocol", str(TINY), *map(str, arguments), "--as-of", AS_OF, "--quiet"]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(*arguments):
    process = start(*arguments)
    output, said = process.communicate(timeout=120)
    return process.returncode, output, readable(said)


def test_killed_at_random_moments(tmp_path):
    """`kill -9` of the process that leads, again and again: workers end too, and the last run has the same bytes."""
    path = write_lines(tmp_path / "a.ndjson", records(120_000 if FULL else 15_000))
    began = time.monotonic()
    assert finish(path, "--out", tmp_path / "whole")[0] == 0
    spent, draws, out, kills = time.monotonic() - began, random.Random(3), tmp_path / "out", 0
    while kills < (10 if FULL else 2):
        resume = ["--resume"] if (out / ".work" / "plan.json").exists() else []
        process = start(path, "--out", out, *resume)
        time.sleep(draws.uniform(0.3, 0.9) * spent)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        kills += 1
        if (out / "manifest.json").exists():
            break
    if not (out / "manifest.json").exists():
        resume = ["--resume"] if (out / ".work" / "plan.json").exists() else []
        assert finish(path, "--out", out, *resume)[0] == 0
    assert bytes_of(out) == bytes_of(tmp_path / "whole")


def test_a_worker_whose_leader_is_gone_does_not_take_that_for_a_file_that_cannot_be_read():
    """It had: the rest of the file was set aside as "broken pipe", the task kept as done, and --resume lost it."""
    ours, theirs = Pipe()
    ours.send("a task")
    blamed = []

    def start(_settings, heed):
        def read(_task):
            ours.close()
            try:
                heed(1)
            except OSError as error:
                blamed.append(error)

        return read

    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):
            _serve(theirs, start, None)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not blamed


def children(process):
    return [int(each) for each in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_a_worker_that_is_killed_is_told_and_the_run_goes_on_with_resume(tmp_path):
    path = write_lines(tmp_path / "a.ndjson", records(15_000))
    out = tmp_path / "out"
    process = start(path, "--out", out)
    killed = False
    while process.poll() is None and not killed:
        for child in children(process):
            command = Path(f"/proc/{child}/cmdline").read_bytes() if Path(f"/proc/{child}/cmdline").exists() else b""
            if b"spawn_main" in command:
                os.kill(child, signal.SIGKILL)
                killed = True
                break
        time.sleep(0.02)
    said = readable(process.communicate(timeout=60)[1])
    assert killed
    assert process.returncode == 2
    assert "a worker process was killed" in said
    assert finish(path, "--out", out, "--resume")[0] == 0
    assert finish(path, "--out", tmp_path / "whole")[0] == 0
    assert bytes_of(out) == bytes_of(tmp_path / "whole")


def stopped(tmp_path, monkeypatch, *more):
    """A run that was stopped right after its plan was kept."""
    path = write_lines(tmp_path / "a.ndjson", records(20))

    def carry_out(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(equina.batch.screen, "carry_out", carry_out)
    arguments = ["screen", str(path), "--out", str(tmp_path / "out"), "--workers", "1", "--quiet"]
    assert main([*arguments, *more]) == 130
    monkeypatch.undo()
    return arguments


def test_an_unfinished_run_is_not_written_over(tmp_path, monkeypatch, capsys):
    arguments = stopped(tmp_path, monkeypatch)
    assert "--resume" in capsys.readouterr().err
    assert main(arguments) == 2
    assert "an unfinished run is there; --resume goes on with it" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0
    assert main([*arguments, "--resume"]) == 0
    assert "finished already" in capsys.readouterr().err
    assert main(arguments) == 2
    assert "none is written over" in capsys.readouterr().err


def test_a_run_goes_on_as_of_the_moment_at_which_it_was_begun(tmp_path, monkeypatch):
    arguments = stopped(tmp_path, monkeypatch, "--as-of", "2020-01-01T00:00+00:00", "--window-days", "7")
    assert main([*arguments, "--resume"]) == 0
    manifest = results_in(tmp_path / "out").manifest
    assert (manifest["as_of"], manifest["window_days"], manifest["resumed"]) == ("2020-01-01T00:00:00+00:00", 7, 1)


def test_a_run_does_not_go_on_with_other_inputs_or_another_protocol(tmp_path, monkeypatch, capsys):
    arguments = stopped(tmp_path, monkeypatch)
    assert main([*arguments, "--resume", "--protocol", str(TINY)]) == 2
    assert "another version of the protocol" in capsys.readouterr().err
    (tmp_path / "a.ndjson").write_text(json.dumps({"resourceType": "Patient", "id": "x"}) + "\n")
    assert main([*arguments, "--resume"]) == 2
    assert "it has changed since the run was begun" in capsys.readouterr().err


def test_two_runs_do_not_work_in_one_folder(tmp_path, monkeypatch, capsys):
    arguments = stopped(tmp_path, monkeypatch)
    with equina.batch.screen.held(tmp_path / "out"):
        assert main([*arguments, "--resume"]) == 2
    assert "another run is at work there" in capsys.readouterr().err
