"""Sessions through the official SDK; with its two transports, the only modules that know it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.server import MCPServer, Server
from mcp.types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    METHOD_NOT_FOUND,
    ToolListChangedNotification,
)
from pydantic import BaseModel

from executus.errors import SetupError
from executus.tools.mcp.address import Address
from executus.tools.mcp.errors import McpError, McpUnavailable
from executus.tools.mcp.httpwire import ANSWERED, Answered, http_client
from executus.tools.mcp.secrets import scrubber_of, secrets_of
from executus.tools.mcp.session import McpSession, OpenSession
from executus.tools.mcp.stdio import MAX_MESSAGE_BYTES, stdio_streams
from executus.tools.mcp.targets import HttpTarget, InProcessTarget, StdioTarget, Target
from majordomo.clock import Clock

__all__ = ["opener"]

T = TypeVar("T")

MAX_PAGES = 100
MAX_TOOLS = 2000
LONGEST_PAUSE_S = 60.0
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, httpx2.HTTPError, OSError)
_BROKE = (
    "the connection to the MCP server broke before it answered; "
    "whether the call took effect is unknown"
)


def opener(name: str, target: Target, clock: Clock) -> OpenSession:
    """How to open sessions with a target.

    Raises:
        SetupError: A server in this process is no server object of the SDK.
    """
    if isinstance(target, InProcessTarget) and not isinstance(target.server, (MCPServer, Server)):
        raise SetupError(
            f"the MCP server {name!r} in this process is a {type(target.server).__name__}; "
            "give an mcp.server.MCPServer or Server"
        )

    def open_session(on_change: Callable[[], None]) -> AbstractAsyncContextManager[McpSession]:
        return _session(name, target, on_change, clock)

    return open_session


@asynccontextmanager
async def _session(
    name: str, target: Target, on_change: Callable[[], None], clock: Clock
) -> AsyncGenerator[McpSession]:
    async def handle(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            on_change()

    transport = _Transport(name, target)
    server: Any = target.server if isinstance(target, InProcessTarget) else transport
    async with (
        Client(server, message_handler=handle, cache=None) as client,
        anyio.create_task_group() as group,
    ):
        # A schema of the server may hold a pattern that takes for ever to match: results are the
        # model's to judge.
        client.session.validate_tool_result = _not_validated
        group.start_soon(_listen, client, on_change, clock)
        try:
            yield _SdkSession(client, transport)
        finally:
            transport.left = True
            group.cancel_scope.cancel()


async def _not_validated(name: str, result: object) -> None:
    del name, result


async def _listen(client: Client, on_change: Callable[[], None], clock: Clock) -> None:
    """Hear of changes where the protocol's newest revision asks for a subscription."""
    pause_s = 1.0
    while True:
        try:
            async with client.listen(tools_list_changed=True) as subscription:
                if pause_s > 1.0:
                    on_change()  # there may have been some meanwhile
                pause_s = 1.0
                async for _ in subscription:
                    on_change()
        except ListenNotSupportedError:
            return  # older revisions notify unasked
        except MCPError as error:
            if error.code == METHOD_NOT_FOUND:
                return
        except (SubscriptionLost, TimeoutError):
            pass
        await clock.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


class _Transport:
    """A transport that knows whether its other side has hung up."""

    def __init__(self, name: str, target: Target) -> None:
        self._name = name
        self._target = target
        self._stack = AsyncExitStack()
        self._read: Any = None
        self._http = Answered()
        self.left = False

    @property
    def alive(self) -> bool:
        if self.left or self._http.session_lost:
            return False
        statistics = getattr(self._read, "statistics", None)
        return statistics is None or statistics().open_send_streams > 0

    async def __aenter__(self) -> Any:
        async with AsyncExitStack() as stack:
            streams = await self._enter(stack)
            self._stack = stack.pop_all()
        self._read = streams[0]
        return streams

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(exc_type, exc, traceback)

    async def _enter(self, stack: AsyncExitStack) -> Any:
        match self._target:
            case HttpTarget() as target:
                address = Address(target.url)
                client = http_client(target.headers, target.tls, self._http, target.guard, address)
                streams = streamable_http_client(
                    str(address.shown),
                    http_client=await stack.enter_async_context(client),
                    max_sse_event_size=MAX_MESSAGE_BYTES,
                )
            case StdioTarget() as target:
                scrub = scrubber_of(secrets_of(target)).scrub
                streams = stdio_streams(target, self._name, scrub)
            case InProcessTarget():
                raise AssertionError("a server in this process has no transport")
        return await stack.enter_async_context(streams)


class _SdkSession:
    def __init__(self, client: Client, transport: _Transport) -> None:
        self._client = client
        self._transport = transport

    @property
    def alive(self) -> bool:
        return self._transport.alive

    async def list_tools(self) -> Sequence[Mapping[str, Any]]:
        tools: list[Mapping[str, Any]] = []
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await self._told(self._client.list_tools(cursor=cursor))
            tools.extend(map(_json, page.tools[: MAX_TOOLS - len(tools)]))
            cursor = page.next_cursor
            if cursor is None or len(tools) >= MAX_TOOLS:
                break
        return tools

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return _json(await self._told(self._client.call_tool(name, dict(arguments))))

    async def _told(self, request: Awaitable[T]) -> T:
        """Await a request; what the SDK raises becomes one of our two errors, without its cause.

        A cause of the HTTP client holds the request with its headers.
        """
        answered = Answered()
        token = ANSWERED.set(answered)
        try:
            return await request
        except (MCPError, *_GONE, ValueError, RuntimeError) as error:
            told = self._meant(error, answered)
        finally:
            ANSWERED.reset(token)
        raise told

    def _meant(self, error: Exception, answered: Answered) -> McpError:
        # The SDK's own words where the answer held no error of the protocol.
        unexplained = isinstance(error, MCPError) and error.code == INTERNAL_ERROR
        if answered.guarded:
            return McpUnavailable(answered.guarded)
        if answered.session_lost or (answered.session_doubted and unexplained):
            return McpUnavailable("the MCP server has ended our session; call again")
        if not self.alive or isinstance(error, _GONE):
            return McpUnavailable(_BROKE)
        if not isinstance(error, MCPError):
            return McpError(f"the MCP server answered against the protocol: {error}")
        if error.code == CONNECTION_CLOSED:
            return McpUnavailable(f"{_BROKE} ({error.message})")
        status = f"HTTP {answered.status}, " if answered.status else ""
        sentence = f"the MCP server refused: {error.message} ({status}code {error.code})"
        return McpError(sentence, status=answered.status, challenge=answered.challenge)


def _json(model: BaseModel) -> Mapping[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
