"""The tools as an assistant meets them: the SDK's own client, over standard input and output or HTTP, and a person who answers."""

import socket
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import anyio
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from command import COMMAND, ENVIRONMENT
from equina.assistant.server import application
from terminal import code_for

STEPS = 60  # more than any interview has


@asynccontextmanager
async def over_stdio(*arguments):
    """A session with the real command."""
    program, *before = COMMAND
    parameters = StdioServerParameters(command=program, args=[*before, "mcp", *map(str, arguments)], env=ENVIRONMENT)
    async with Client(stdio_client(parameters)) as client:
        yield client


@contextmanager
def served(protocols):
    """The address of the tools, served from a thread."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(application(protocols, rate=0), port=port, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + timedelta(seconds=30).total_seconds()
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/mcp"
    server.should_exit = True
    thread.join(10)


def in_session(connect, talk):
    """What `talk` returns, once it has spoken with the client that `connect` opens."""

    async def whole():
        async with connect() as client:
            return await talk(client)

    return anyio.run(whole)


async def said(client, tool, **arguments):
    """What a tool answers; the client has checked it against the tool's schema."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, texts(answer)
    return answer


def texts(answer):
    return [part.text for part in answer.content]


async def refused(client, tool, **arguments):
    """Why a tool refuses."""
    answer = await client.call_tool(tool, arguments)
    assert answer.is_error
    [why] = texts(answer)
    assert "Traceback" not in why
    assert "\n" not in why
    return why


async def interviewed(client, protocol, truth, language="en", **whom):
    """The turns of an interview with someone of whom `truth` is so and nothing else."""
    turns = [(await said(client, "start_interview", language=language, **whom))]
    for _ in range(STEPS):
        turn = turns[-1].structured_content
        if turn["step"] is None:
            return turns
        answers = {option["finding"]: code_for(protocol, _Offered(option), truth) for option in turn["step"]["options"]}
        turns.append(await said(client, "continue_interview", case=turn["case"], answers=answers, language=language))
    raise AssertionError("the interview does not end")


class _Offered:
    """An option of a step, as the tests of the terminal have it."""

    def __init__(self, option):
        self.finding, self.answers = option["finding"], option["answers"]
