"""Running the service: what the environment says, workers that share what must be shared, and ends that lose no answer."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from equina.protocol import load
from equina.web.environment import VARIABLES, BadEnvironment, environment
from equina.web.options import add_arguments, add_workers
from equina.web.serve import serve
from equina.web.shared import Table

ROOT = Path(__file__).parent.parent
SECRET = "0123456789abcdef0123456789abcdef"
KEYS = ROOT / "tests" / "hooks" / "keys.json"


def options_of(*arguments):
    made = argparse.ArgumentParser()
    add_arguments(made)
    add_workers(made)
    return made.parse_args(arguments)


# --- the environment -------------------------------------------------------------------------------------------------------------


def test_without_a_word_nothing_is_open_or_closed():
    found = environment({"HOME": "/root", "EQUINA_TOKEN": ""})
    assert (found.secret, found.token, found.base, found.clients, found.origins) == (None, None, None, {}, ())
    assert (found.largest_records, found.records_rate) == (4 * 1024 * 1024, 500.0)


def test_what_is_said_is_taken():
    found = environment(
        {
            "EQUINA_SECRET": SECRET,
            "EQUINA_TOKEN": SECRET,
            "EQUINA_BASE_URL": "https://cds.example/equina/",
            "EQUINA_CDS_CLIENTS": f"https://sandbox.cds-hooks.org={KEYS} https://ehr.example/=https://ehr.example/jwks.json",
            "EQUINA_CDS_ORIGINS": "https://ehr.example http://localhost:8080",
            "EQUINA_LARGEST_RECORDS": "1000000",
            "EQUINA_RECORDS_RATE": "0",
        }
    )
    assert found.base == "https://cds.example/equina"
    assert list(found.clients) == ["https://sandbox.cds-hooks.org", "https://ehr.example/"]
    assert found.origins == ("https://ehr.example", "http://localhost:8080")
    assert (found.largest_records, found.records_rate) == (1_000_000, 0.0)


HERE = {"EQUINA_BASE_URL": "https://cds.example"}
BAD = [
    ({"EQUINA_SECRET": "pa55word"}, "EQUINA_SECRET is too short"),
    ({"EQUINA_TOKEN": "pa55word"}, "EQUINA_TOKEN can't be used"),
    ({"EQUINA_TOKEN": "with a blank in it, long enough otherwise"}, "EQUINA_TOKEN can't be used"),
    ({"EQUINA_BASE_URL": "cds.example"}, "EQUINA_BASE_URL is no address"),
    ({"EQUINA_BASE_URL": "https://cds.example?a=b"}, "EQUINA_BASE_URL is no address"),
    ({"EQUINA_BASE_URL": "https://user:word@cds.example"}, "EQUINA_BASE_URL is no address"),
    ({"EQUINA_BASE_URL": "http://cds.example"}, "EQUINA_BASE_URL is not https"),
    ({"EQUINA_CDS_CLIENTS": f"https://ehr.example={KEYS}"}, "EQUINA_CDS_CLIENTS needs EQUINA_BASE_URL"),
    ({**HERE, "EQUINA_CDS_CLIENTS": "https://ehr.example"}, "EQUINA_CDS_CLIENTS: number 1 is no pair"),
    ({**HERE, "EQUINA_CDS_CLIENTS": "a=https://x.example b=http://x.example"}, "number 2 are neither"),
    ({**HERE, "EQUINA_CDS_CLIENTS": "a=keys.json"}, "number 1 are neither an absolute path"),
    ({**HERE, "EQUINA_CDS_CLIENTS": "a=/no/such/file"}, "number 1 can't be read: No such file"),
    ({**HERE, "EQUINA_CDS_CLIENTS": f"a={ROOT / 'LICENSE'}"}, "number 1: it is no JWK Set"),
    ({**HERE, "EQUINA_CDS_CLIENTS": f"a={KEYS} a={KEYS}"}, "number 2 is named twice"),
    ({"EQUINA_CDS_ORIGINS": "*"}, "EQUINA_CDS_ORIGINS: number 1 is no origin"),
    ({"EQUINA_CDS_ORIGINS": "https://a.example https://b.example/path"}, "number 2 is no origin"),
    ({"EQUINA_LARGEST_RECORDS": "many"}, "EQUINA_LARGEST_RECORDS is out of range"),
    ({"EQUINA_LARGEST_RECORDS": "10"}, "EQUINA_LARGEST_RECORDS is out of range"),
    ({"EQUINA_RECORDS_RATE": "nan"}, "EQUINA_RECORDS_RATE is out of range"),
    ({"EQUINA_RECORDS_RATE": "-1"}, "EQUINA_RECORDS_RATE is out of range"),
    ({"EQUINA_TOKENS": SECRET}, "did you mean EQUINA_TOKEN?"),
    ({"EQUINA_CDS_CLIENT": "a=/b"}, "did you mean EQUINA_CDS_CLIENTS?"),
]


@pytest.mark.parametrize(("given", "told"), BAD, ids=[told for _, told in BAD])
def test_a_value_that_can_not_be_used_is_told_by_its_name_alone(given, told):
    with pytest.raises(BadEnvironment) as error:
        environment(given)
    assert told in str(error.value)
    *_, value = given.values()
    assert len(value) < 6 or value not in str(error.value), "a value may be a secret"
    assert any(known in str(error.value) for known in VARIABLES)


def test_the_page_has_the_table_of_the_variables():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = [f"| `{v.name}` | {v.does} | {v.without} | `{v.example}` |" for v in VARIABLES.values()]
    assert [row for row in rows if row not in page] == []


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (["--workers", "0"], {}, "--workers 0 is no number"),
        (["--workers", "1000"], {}, "--workers 1000 is no number"),
        (["--workers", "2"], {}, "--workers needs EQUINA_SECRET"),
        ([], {"EQUINA_SECRET": "short"}, "EQUINA_SECRET is too short"),
        (["--port", "1"], {}, "port 1 of 192.0.2.1"),
    ],
)
def test_what_can_not_be_served_is_refused(arguments, given, told, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    said = []
    options = options_of(*arguments)
    if "--port" in arguments:  # an address that is of no machine here
        options.host, options.owner, options.tls = "192.0.2.1", "Dr A. Example", "proxy"
    assert serve({"en": load()}, options, lambda fault: said.append(fault) or 2) == 2
    assert told in said[0]


# --- what workers share ----------------------------------------------------------------------------------------------------------


def in_another_process(work):
    pid = os.fork()
    if not pid:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_processes_share_one_table():
    table = Table()
    assert [table.take("a", 1.0, 3.0, 100.0) for _ in range(2)] == [True, True]
    assert in_another_process(lambda: [table.take("a", 1.0, 3.0, 100.0) for _ in range(3)].count(True)) == 1
    assert table.take("b", 1.0, 3.0, 100.0)
    assert not table.take("a", 1.0, 3.0, 100.5)
    assert table.take("a", 1.0, 3.0, 101.6)
    assert table.once("t", 200.0, 100.0)
    assert in_another_process(lambda: int(table.once("t", 200.0, 150.0))) == 0
    assert table.once("t", 300.0, 200.5), "it is forgotten when it has ended"


def test_a_process_that_is_killed_holds_nothing_up():
    table = Table(buckets=1)

    def killed():
        with table._row("a"):
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_another_process(killed) == -signal.SIGKILL
    assert table.take("a", 1.0, 3.0, 100.0)


def test_a_full_table_forgets_the_oldest():
    table = Table(buckets=1)
    assert all(table.once(str(number), 100.0 + number, 1.0) for number in range(9))
    assert table.once("0", 500.0, 1.0), "the one that ends first made room"
    assert [table.once(str(number), 500.0, 1.0) for number in range(3, 9)] == [False] * 6


# --- how it is deployed ----------------------------------------------------------------------------------------------------------


def test_the_unit_is_sound_and_exposes_little(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    text = (ROOT / "deploy" / "equina.service").read_text(encoding="utf-8")
    unit = tmp_path / "equina.service"
    unit.write_text(text.replace("/opt/equina/bin/equina", "/bin/true"), encoding="utf-8")
    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    weighed = subprocess.run(["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True).stdout
    assert float(re.findall(r"exposure level for equina.service: ([\d.]+)", weighed)[0]) <= 1.5


def test_the_commands_of_the_unit_and_the_container_are_ours():
    unit = (ROOT / "deploy" / "equina.service").read_text(encoding="utf-8")
    (started,) = re.findall(r"^ExecStart=/opt/equina/bin/equina (.+)$", unit, re.MULTILINE)
    assert options_of(*started.split()[1:]).workers == 2
    container = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    (entry,) = re.findall(r"^ENTRYPOINT (\[.+\])$", container, re.MULTILINE)
    options = options_of(*json.loads(entry)[2:])
    assert (options.host, options.tls, options.owner) == ("0.0.0.0", "proxy", None), "the owner is named by who runs it"
    assert re.search(r"^USER \d+:\d+$", container, re.MULTILINE)
    assert "--require-hashes" in container
    names = re.findall(r"^(?:# )?(EQUINA_\w+)=", (ROOT / "deploy" / "env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(names) <= set(VARIABLES)


@pytest.mark.parametrize("file", ["Makefile", "deploy/Containerfile", "docs/operations.md"])
def test_a_lock_is_installed_as_it_stands(file):
    installs = [line for line in (ROOT / file).read_text("utf-8").splitlines() if "--require-hashes" in line]
    assert installs
    # Else older pips look for `coverage[toml]` themselves and take the newest, of which the lock has no hash.
    assert [line for line in installs if "--no-deps" not in line] == []
