"""`equina mcp` as a process: how it is registered, where it listens, how it ends; and docs/assistants.md, which says so."""

import argparse
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from assistants import in_session, said, texts
from command import COMMAND, ENVIRONMENT, PATIENCE, TINY, readable, run, start
from equina import assess
from equina.assistant.server import _called, serve
from equina.case import Case
from equina.exchange import answer, request_of
from equina.extras import lacking
from strategies import FEWER_TRIES, NOW, PROTOCOL, dated, findings

PAGE = (Path(__file__).parent.parent / "docs" / "assistants.md").read_text(encoding="utf-8")
PATH = f"{Path(COMMAND[0]).parent}:{ENVIRONMENT.get('PATH', '')}"


def snippets(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def listens(host, port):
    with socket.socket() as tried:
        return tried.connect_ex((host, port)) == 0


@pytest.fixture
def serving(request):
    host, port = getattr(request, "param", "127.0.0.1"), free_port()
    process = start("mcp", "--http", "--port", port, "--host", host)
    said_first = process.stdout.readline().decode()
    until = time.monotonic() + PATIENCE
    while not listens(host, port):
        assert time.monotonic() < until
        time.sleep(0.05)
    yield process, f"http://{host}:{port}/mcp", said_first
    process.kill()
    process.communicate(timeout=PATIENCE)


# --- the page ------------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(COMMAND[0] == sys.executable, reason="the command is not installed")
def test_the_entry_on_the_page_starts_it():
    entry = json.loads(snippets("json")[0])["mcpServers"]["equina"]
    environment = {**ENVIRONMENT, "PATH": PATH}
    where = StdioServerParameters(command=entry["command"], args=entry["args"], env=environment)
    names = in_session(lambda: Client(stdio_client(where)), lambda client: client.list_tools())
    assert [f"| `{tool.name}` |" for tool in names.tools] == re.findall(r"^\| `\w+` \|", PAGE, re.MULTILINE)


def test_the_address_on_the_page_is_the_one_it_has():
    entry = json.loads(snippets("json")[1])["mcpServers"]["equina"]
    assert entry["url"] == "http://127.0.0.1:8643/mcp"
    assert "8643" in snippets("sh")[1]
    _, output, _ = run("mcp", "--help")
    assert b"--http" in output


@pytest.mark.skipif(COMMAND[0] == sys.executable, reason="the command is not installed")
def test_the_program_on_the_page_prints_what_the_page_says(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(snippets("python")[0])
    environment = {**ENVIRONMENT, "PATH": PATH}
    done = subprocess.run([sys.executable, program], capture_output=True, env=environment, timeout=PATIENCE, check=True)
    assert done.stdout.decode() == snippets("text")[0]


def test_the_error_on_the_page_is_the_one_given():
    result = _called({"en": PROTOCOL}, "continue_interview", {"case": {}, "answers": {"fever": "maybe"}})
    assert texts(result) == [snippets("text")[1].strip()]


# --- the process ---------------------------------------------------------------------------------------------------------------


def test_over_http_it_answers_at_the_address_that_it_prints(serving):
    process, address, first = serving
    assert first == f"Equina's tools are at {address}  (Ctrl-C stops it)\n"
    found = in_session(lambda: Client(address), lambda client: said(client, "show_card", id="fever"))
    assert found.structured_content["id"] == "fever"
    refuses_other_names(address)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert readable(errors) in ("", "equina: stopped by you; what was printed so far is whole\n")


@pytest.mark.parametrize("serving", ["127.0.0.2"], indirect=True)
def test_a_page_that_reaches_it_by_a_name_of_its_own_is_refused(serving):
    _, address, _ = serving
    refuses_other_names(address)


def refuses_other_names(address):
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json, text/event-stream"}
    assert httpx2.post(address, json=call, headers=headers).status_code == 200
    for more, status in (({"Host": "evil.example"}, 421), ({"Origin": "http://evil.example"}, 403)):
        assert httpx2.post(address, json=call, headers=headers | more).status_code == status
    too_large = httpx2.post(address, content=b"x" * 2**21, headers=headers)
    assert (too_large.status_code, too_large.text) == (413, "too large; a case is a few kilobytes")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--host", "0.0.0.0"], "0.0.0.0 can be reached by others; name the clinical owner with --owner"),
        (["--host", "0.0.0.0", "--owner", "Dr. A"], "0.0.0.0 can be reached by others; say how TLS ends"),
        (["--port", "0"], "--port 0 is no port"),
    ],
)
def test_elsewhere_it_needs_someone_who_answers_for_it(options, why):
    code, output, errors = run("mcp", "--http", *options)
    assert (code, output) == (2, b"")
    assert errors.startswith(f"equina: {why}")


def test_a_port_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, errors = run("mcp", "--http", "--port", taken.getsockname()[1])
    assert code == 2
    assert "can't be opened; is another server there?" in errors


def test_it_ends_when_the_client_leaves():
    assert run("mcp") == (0, b"", "")


@pytest.mark.parametrize("error", [BrokenPipeError(), ExceptionGroup("tasks", [ExceptionGroup("inner", [BrokenPipeError()])])])
def test_that_the_client_left_is_told_as_itself_wherever_it_was_noticed(monkeypatch, error):
    async def noticed(_):
        raise error

    monkeypatch.setattr("equina.assistant.server._over_stdio", noticed)
    with pytest.raises(BrokenPipeError):
        serve({"en": PROTOCOL}, argparse.Namespace(http=False), lambda _: 2)


def test_a_client_that_leaves_in_the_middle_of_an_answer_leaves_no_error_of_ours():
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    running = start("mcp")
    running.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).encode() + b"\n")
    running.stdin.flush()
    running.stdout.readline()
    running.stdout.close()
    running.stdin.write(b'{"jsonrpc": "2.0", "id": 2, "method": "ping"}\n')
    running.stdin.close()
    ended, said_last = running.wait(PATIENCE), running.stderr.read().decode()
    running.stderr.close()
    # On a busy machine the end of what it is asked may be read before the answer is written: then it leaves as it should, too.
    assert (ended, said_last) in {(141, "equina: the output was closed before all was written\n"), (0, "")}


def test_what_is_no_message_ends_nothing_and_shows_no_error_of_ours():
    call = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
    code, output, _ = run("mcp", given=b"not a message\n" + json.dumps(call).encode() + b"\n")
    assert code == 0
    for line in output.splitlines():
        json.loads(line)


def test_without_the_extra_it_says_what_to_install(tmp_path):
    (tmp_path / "mcp.py").write_text("raise ModuleNotFoundError(\"No module named 'mcp'\", name='mcp')")
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{ENVIRONMENT['PYTHONPATH']}"}
    code, output, errors = run("mcp", env=environment)
    assert (code, output) == (2, b"")
    assert errors == f"equina: {lacking('the tools for assistants need', 'mcp', 'mcp')}\n"


def test_another_protocol_has_its_own_words_and_no_reader():
    program, *before = COMMAND
    where = StdioServerParameters(command=program, args=[*before, "mcp", "--protocol", str(TINY)], env=ENVIRONMENT)

    async def talk(client):
        listed = await client.list_tools()
        return listed, await said(client, "start_interview"), await client.call_tool("read_text", {"text": "my back hurts"})

    listed, first, read = in_session(lambda: Client(stdio_client(where)), talk)
    assert listed.tools[0].input_schema["properties"]["language"]["enum"] == ["en"]
    assert first.structured_content["step"]
    assert texts(read) == ["text: this protocol has no lexicon to read with; ask with start_interview"]


# --- every case ----------------------------------------------------------------------------------------------------------------


@given(findings.flatmap(dated))
@FEWER_TRIES
def test_every_case_is_assessed_as_triage_does(drawn):
    values, onset = drawn
    case = {
        "findings": values,
        "as_of": NOW.isoformat(),
        "onset": {name: moment.isoformat() for name, moment in onset.items()},
        "complete": len(values) % 2 == 0,
    }
    request = request_of(PROTOCOL, case, NOW)
    expected = json.loads(json.dumps(answer(PROTOCOL, request, assess(PROTOCOL, request.case))))
    found = _called({"en": PROTOCOL}, "assess_case", {"case": case})
    assert found.structured_content["result"] == expected
    advised = PROTOCOL.disposition_words[expected["disposition"] or "none"].upper()
    assert texts(found)[0].startswith(advised)
    assert found.structured_content["emergency"] == (expected["disposition"] == "emergency")


@given(findings)
@FEWER_TRIES
def test_a_case_given_back_is_the_same_case(values):
    turn = _called({"en": PROTOCOL}, "continue_interview", {"case": {"findings": values}}).structured_content
    again = _called({"en": PROTOCOL}, "continue_interview", {"case": turn["case"]}).structured_content
    assert again["case"] == turn["case"]
    assert again["step"] == turn["step"]
    assert turn["case"]["findings"] == {**Case(values=values).values}
