"""MCP servers as sources: processes and endpoints, one session each, shared by all runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeAlias

from pydantic_core import to_json

from executus.egress import Egress, EgressError
from executus.tools.mcp import McpError, McpUnavailable, OpenSession
from executus.tools.mcp.sdk import opener
from executus.tools.mcp.targets import HttpTarget, StdioTarget
from executus_gateway.errors import SourceFailed
from executus_gateway.ports import Credential, Credentials, KeepFile, Loaded
from executus_gateway.schema import (
    AuthScheme,
    McpCommand,
    McpEndpoint,
    Source,
    SourceId,
    ToolDescriptor,
    ToolError,
    ToolFailed,
    ToolResult,
)
from executus_gateway.sources.challenges import Refusal, refusal, refusal_of
from executus_gateway.sources.headers import headers_of
from executus_gateway.sources.mcpsource.catalog import VERSION, McpCatalog, compiled
from executus_gateway.sources.mcpsource.results import told
from executus_gateway.sources.mcpsource.server import KeptServer, Listed
from executus_gateway.sources.protection import protected
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.tasks import TaskOwner

__all__ = ["McpConnector", "OpenPlace"]

ASK_TIMEOUT_S = 10.0
MAX_ASKED_BYTES = 64 * 1024
SECRET_MARK = "secret:"  # noqa: S105 - the mark of a reference, not a secret

_UNKNOWN = re.compile(r"\b(unknown|no such|not found)\b.*\btool\b|\btool\b.*\bnot found\b", re.I)

OpenPlace: TypeAlias = Callable[[Source, Credentials], OpenSession]
"""How to connect to a source; the default brings the protocol's SDK."""


class McpConnector:
    """A `Connector`. Use as a block; leaving it ends all sessions and their processes.

    Args:
        guard: Judges and pins every connection to an endpoint.
        on_change: Told the id of a source whose tools are not what they were.
        clock: Limits attempts.
        open_place: How to connect.
    """

    def __init__(
        self,
        *,
        guard: Egress,
        on_change: Callable[[SourceId], None],
        clock: Clock = SYSTEM_CLOCK,
        open_place: OpenPlace | None = None,
    ) -> None:
        self._guard = guard
        self._on_change = on_change
        self._clock = clock
        self._open_place = open_place or partial(session_opener, clock=clock, guard=guard)
        self._servers: dict[str, KeptServer] = {}
        self._given: dict[str, tuple[Credential, ...]] = {}
        self._owner: TaskOwner | None = None

    async def __aenter__(self) -> Self:
        self._owner = await TaskOwner().__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for server in self._servers.values():
            await server.end()
        self._servers.clear()
        owner, self._owner = self._owner, None
        if owner is not None:
            await owner.__aexit__(exc_type, exc, traceback)

    async def load(self, source: Source, credentials: Credentials) -> Loaded:
        """List the tools, in the session there is, or in a new one."""
        if self._given.get(source.id) != tuple(credentials):
            await self.release(source)
        try:
            listed = await self._server(source, credentials).list_tools()
        except SourceFailed:
            await self.release(source)
            await self._ask_why(source, credentials)
            listed = await self._server(source, credentials).list_tools()
        return Loaded(artifact=compiled(listed), version=VERSION)

    def open(self, source: Source, artifact: bytes) -> McpCatalog:
        """Open a catalog."""
        return McpCatalog(artifact, trust_hints=source.trust_hints, schemes=_schemes(source))

    async def call(
        self,
        source: Source,
        tool: ToolDescriptor,
        arguments: Mapping[str, Any],
        credentials: Credentials,
        keep: KeepFile,
    ) -> ToolResult:
        """Call the tool once, in the session there is."""
        try:
            server = self._server(source, credentials)
            result = await told(await server.call(tool.origin, arguments), keep)
        except (SourceFailed, McpError) as error:
            await self._judge(source, error, credentials)
            result = ToolFailed(error=ToolError(code="source_error", message=str(error)))
        if isinstance(result, ToolFailed) and _is_gone(tool.origin, result.error.message):
            self._on_change(SourceId(source.id))
            message = f"the source has no such tool any more: {result.error.message}"
            return ToolFailed(error=ToolError(code="unknown_tool", message=message))
        return result

    async def release(self, source: Source) -> None:
        """End the source's session."""
        self._given.pop(source.id, None)
        server = self._servers.pop(source.id, None)
        if server is not None:
            await server.end()

    def _server(self, source: Source, credentials: Credentials) -> KeptServer:
        server = self._servers.get(source.id)
        if server is None:
            if self._owner is None:
                raise SourceFailed("the gateway is closed: open it first")
            server = KeptServer(
                source.namespace,
                self._open_place(source, credentials),
                self._changed(source),
                clock=self._clock,
            )
            self._servers[source.id] = server
            self._given[source.id] = tuple(credentials)
            server.start(self._owner)
        return server

    def _changed(self, source: Source) -> Callable[[Listed], Any]:
        async def changed(listed: Listed) -> None:
            del listed
            self._on_change(SourceId(source.id))

        return changed

    async def _judge(
        self, source: Source, error: SourceFailed | McpError, credentials: Credentials
    ) -> None:
        """Find out whether a call failed for want of a credential.

        Raises:
            AuthRequired: It did.
        """
        if isinstance(error, McpUnavailable):
            await self._ask_why(source, credentials)
        elif isinstance(error, McpError):
            refused = refusal(error.status, error.challenge)
            await self._told_apart(source, refused, credentials)

    async def _ask_why(self, source: Source, credentials: Credentials) -> None:
        """Ask an endpoint that failed with one request of ours: the SDK does not tell of refusals.

        Raises:
            AuthRequired: It wants a credential, or another one.
        """
        if not isinstance(source.place, McpEndpoint):
            return
        headers = {"Accept": "application/json, text/event-stream", **headers_of(credentials)}
        try:
            answer = await self._guard.fetch(
                "POST",
                source.place.url,
                headers={"Content-Type": "application/json", **headers},
                content=to_json({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
                timeout_s=ASK_TIMEOUT_S,
                max_bytes=MAX_ASKED_BYTES,
                oversize="cut",
                redirects=False,
            )
        except EgressError:
            return  # what failed first is what is told
        await self._told_apart(source, refusal_of(answer), credentials)

    async def _told_apart(
        self, source: Source, refused: Refusal | None, credentials: Credentials
    ) -> None:
        if refused is not None and isinstance(source.place, McpEndpoint):
            await self.release(source)
            raise await protected(self._guard, source.place.url, refused, given=bool(credentials))


def session_opener(
    source: Source, credentials: Credentials, *, guard: Egress, clock: Clock = SYSTEM_CLOCK
) -> OpenSession:
    """How to connect to a source through the protocol's SDK, and to endpoints past the guard."""
    values = {credential.scheme.name: credential.value for credential in credentials}
    match source.place:
        case McpCommand() as place:
            env = {key: _filled(value, values) for key, value in place.env.items()}
            target = StdioTarget(command=place.command, args=place.args, env=env, cwd=place.cwd)
            return opener(source.namespace, target, clock)
        case McpEndpoint() as place:
            target = HttpTarget(url=place.url, headers=headers_of(credentials), guard=guard)
            return opener(source.namespace, target, clock)
        case _:
            raise SourceFailed("this source is not an MCP server")


def _is_gone(name: str, message: str) -> bool:
    """Whether a failure says that there is no such tool; the protocol has no code for it."""
    return name in message and _UNKNOWN.search(message) is not None


def _filled(value: str, values: Mapping[str, str]) -> str:
    if not value.startswith(SECRET_MARK):
        return value
    return values.get(value.removeprefix(SECRET_MARK), "")


def _schemes(source: Source) -> tuple[AuthScheme, ...]:
    if not isinstance(source.place, McpCommand):
        return ()
    return tuple(
        AuthScheme(name=value.removeprefix(SECRET_MARK), placement="env", key=key)
        for key, value in source.place.env.items()
        if value.startswith(SECRET_MARK)
    )
