"""`equina mcp`: the tools over the Model Context Protocol, on standard input and output or as streamable HTTP.

Nothing is stored or logged of what is asked: the state of an interview travels in the arguments. The SDK's lower layer is used, so
that a fault of the arguments is told in our words, by key and mend. docs/assistants.md.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import TypeAdapter, ValidationError
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from equina import __version__
from equina.assistant.tools import TOOLS, Reply
from equina.exchange import BadInput
from equina.model import Protocol
from equina.notes.lexicon import has_lexicon, lexicon
from equina.tables import nearest
from equina.web.guards import Guard, Limits
from equina.web.serve import binding_fault

__all__ = ["application", "serve", "server"]

INSTRUCTIONS = (Path(__file__).parent / "instructions.txt").read_text(encoding="utf-8")
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
LONGEST = 1024 * 1024  # bytes of one request over HTTP
AT_ONCE = 500
TOO_MUCH = {408: "too slow; send it again", 413: "too large; a case is a few kilobytes", 429: "too many requests; wait a little"}
LOG = logging.getLogger("equina.assistant")
UNFORESEEN = "something went wrong here and nothing was judged; call again. If the person may be in danger, get care now."


def server(protocols: Mapping[str, Protocol]) -> Server[dict[str, Any]]:
    """The server of a protocol, given in each of its languages."""
    tools = [_listed(name, protocols) for name in TOOLS]

    async def list_tools(_: ServerRequestContext[dict[str, Any]], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(_: ServerRequestContext[dict[str, Any]], params: CallToolRequestParams) -> CallToolResult:
        return await anyio.to_thread.run_sync(partial(_called, protocols, params.name, params.arguments or {}))

    return Server(
        "equina",
        title="Equina",
        description="Red-flag triage for back pain with bladder or bowel symptoms.",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _listed(name: str, protocols: Mapping[str, Protocol]) -> Tool:
    tool = TOOLS[name]
    takes = tool.takes.model_json_schema()
    takes["properties"]["language"]["enum"] = list(protocols)
    return Tool(
        name=name,
        title=tool.title,
        description=tool.about,
        input_schema=takes,
        output_schema=TypeAdapter(tool.gives).json_schema(),
        annotations=READ_ONLY,
    )


def _called(protocols: Mapping[str, Protocol], name: str, arguments: Mapping[str, object]) -> CallToolResult:
    """The reply, or an error that names what to mend. Of what is unforeseen only the kind and the tool are logged."""
    try:
        return _shown(_reply(protocols, name, arguments))
    except BadInput as error:
        return _refused(str(error))
    except Exception as error:
        LOG.error("unforeseen %s in %s", type(error).__name__, name if name in TOOLS else "?")  # noqa: TRY400
        return _refused(UNFORESEEN)


def _reply(protocols: Mapping[str, Protocol], name: str, arguments: Mapping[str, object]) -> Reply:
    tool = TOOLS.get(name)
    if tool is None:
        raise BadInput(f'"{name[:60]}" is no tool; {nearest(name[:60], TOOLS)}')
    try:
        given = tool.takes.model_validate(dict(arguments))
    except ValidationError as error:
        raise BadInput("; and ".join(_fault(fault, tuple(tool.takes.model_fields)) for fault in error.errors()[:3])) from None
    protocol = protocols.get(given.language)
    if protocol is None:
        raise BadInput(f"language: {json.dumps(given.language)[:60]} is not known; give one of {', '.join(protocols)}")
    return tool.run(protocol, given)


def _fault(fault: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """An argument that does not fit, by its key, and what to do."""
    key = ".".join(str(part) for part in fault["loc"])[:60]
    if fault["type"] == "missing":
        return f"{key}: it is missing; give it"
    if fault["type"] == "extra_forbidden":
        return f"{key}: not an argument of this tool; {nearest(key, names)}"
    if fault["type"] == "dict_type":
        return f"{key}: an object is expected; write {{...}}"
    return f"{key}: {fault['msg'][:1].lower()}{fault['msg'][1:]}; see the schema of the tool"


def _shown(reply: Reply) -> CallToolResult:
    """In an emergency what to do comes first, alone; then the words; then the whole as JSON, for clients that read only texts."""
    texts = [*([reply.first] if reply.first else []), reply.say, json.dumps(reply.data, ensure_ascii=False)]
    content = [TextContent(type="text", text=text) for text in texts]
    return CallToolResult(content=list(content), structured_content=dict(reply.data))


def _refused(why: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=why)], is_error=True)


# --- served --------------------------------------------------------------------------------------------------------------------


def serve(protocols: Mapping[str, Protocol], options: argparse.Namespace, refuse: Callable[[str], int]) -> int:
    """Serve until the client leaves, or with --http until stopped; the exit code."""
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.ERROR)  # on standard error, without answers
    first = next(iter(protocols.values()))
    if has_lexicon(first):
        lexicon(first)  # its faults are told before anyone calls
    if not options.http:
        left = False
        try:
            anyio.run(_over_stdio, server(protocols))
        except* BrokenPipeError:  # the client left in the middle of an answer
            left = True
        if left:
            raise BrokenPipeError  # out here, since what is raised in there comes as a group
        return 0
    if fault := binding_fault(options):
        return refuse(fault)
    return _over_http(protocols, options, refuse)


async def _over_stdio(serving: Server[dict[str, Any]]) -> None:
    async with stdio_server() as (incoming, outgoing):
        await serving.run(incoming, outgoing, serving.create_initialization_options())


def application(protocols: Mapping[str, Protocol], host: str = "127.0.0.1", rate: float = 50.0) -> ASGIApp:
    """The HTTP app: `/mcp`, without sessions. On this machine it answers only to this machine's own names."""
    app = server(protocols).streamable_http_app(
        host=host,
        stateless_http=True,
        json_response=True,
        max_request_body_size=LONGEST,
        transport_security=_own_names(host),
    )
    return Guard(app, Limits(body=LONGEST, rate=rate), lambda status: PlainTextResponse(TOO_MUCH.get(status, "refused"), status))


def _own_names(host: str) -> TransportSecuritySettings | None:
    """On this machine: its own names alone, so that no web page reaches the tools by a name that leads here."""
    if host != "localhost" and not ip_address(host).is_loopback:
        return None
    names = {f"{name}:*" for name in ("127.0.0.1", "localhost", "[::1]", _in_an_address(host))}
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=sorted(names),
        allowed_origins=sorted(f"{scheme}://{name}" for scheme in ("http", "https") for name in names),
    )


def _in_an_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _over_http(protocols: Mapping[str, Protocol], options: argparse.Namespace, refuse: Callable[[str], int]) -> int:
    import uvicorn

    certificate, _, key = (options.tls or "").partition(",")
    scheme, shown = "https" if key else "http", _in_an_address(options.host)
    print(f"Equina's tools are at {scheme}://{shown}:{options.port}/mcp  (Ctrl-C stops it)", flush=True)
    try:
        uvicorn.run(
            application(protocols, options.host, options.rate),
            host=options.host,
            port=options.port,
            log_level="error",
            access_log=False,  # a log of requests would tell who asked, when
            server_header=False,
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=10,
            ssl_certfile=certificate if key else None,
            ssl_keyfile=key or None,
        )
    except SystemExit:
        return refuse(f"port {options.port} of {options.host} can't be opened; is another server there? Choose one with --port")
    return 0
