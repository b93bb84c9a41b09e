"""Sessions through the official SDK; the only module that imports it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar, cast

import anyio
import httpx2
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.types import CONNECTION_CLOSED, ToolListChangedNotification
from pydantic import BaseModel

from executus.tools.mcp.errors import McpError, McpUnavailable
from executus.tools.mcp.session import McpSession, OpenSession
from executus.tools.mcp.stderrlog import stderr_to_log
from executus.tools.mcp.targets import HttpTarget, InProcessTarget, StdioTarget, Target

__all__ = ["opener"]

T = TypeVar("T")

MAX_PAGES = 100
MAX_TOOLS = 2000
READ_TIMEOUT_S = 300.0
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, httpx2.HTTPError, OSError)


def opener(name: str, target: Target) -> OpenSession:
    """How to open sessions with a target."""

    def open_session(on_change: Callable[[], None]) -> AbstractAsyncContextManager[McpSession]:
        return _session(name, target, on_change)

    return open_session


@asynccontextmanager
async def _session(
    name: str, target: Target, on_change: Callable[[], None]
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
        group.start_soon(_listen, client, on_change)
        yield _SdkSession(client, transport)
        group.cancel_scope.cancel()


async def _listen(client: Client, on_change: Callable[[], None]) -> None:
    """Hear of changes where the protocol's newest revision asks for a subscription."""
    try:
        async with client.listen(tools_list_changed=True) as subscription:
            async for _ in subscription:
                on_change()
    except (ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
        return  # older revisions notify unasked; a lost connection shows at the next call


class _Transport:
    """A transport that knows whether its other side has hung up."""

    def __init__(self, name: str, target: Target) -> None:
        self._name = name
        self._target = target
        self._stack = AsyncExitStack()
        self._read: Any = None

    @property
    def alive(self) -> bool:
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
        if isinstance(self._target, StdioTarget):
            target = self._target
            parameters = StdioServerParameters(
                command=target.command,
                args=list(target.args),
                env=dict(target.env),
                cwd=target.cwd,
                encoding_error_handler="replace",
            )
            with stderr_to_log(self._name) as errors:
                return await stack.enter_async_context(stdio_client(parameters, errors))
        target = cast("HttpTarget", self._target)
        timeout = httpx2.Timeout(30.0, read=READ_TIMEOUT_S)
        # No proxies of the environment: the host's address is meant as it stands.
        client = await stack.enter_async_context(
            httpx2.AsyncClient(headers=dict(target.headers), timeout=timeout, trust_env=False)
        )
        return await stack.enter_async_context(
            streamable_http_client(target.url, http_client=client)
        )


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
            page = await _told(self._client.list_tools(cursor=cursor))
            tools.extend(map(_json, page.tools))
            cursor = page.next_cursor
            if cursor is None or len(tools) >= MAX_TOOLS:
                break
        return tools[:MAX_TOOLS]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return _json(await _told(self._client.call_tool(name, dict(arguments))))


def _json(model: BaseModel) -> Mapping[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def _told(request: Awaitable[T]) -> T:
    """Await a request; what the SDK raises becomes one of our two errors."""
    try:
        return await request
    except MCPError as error:
        if error.code == CONNECTION_CLOSED:
            raise McpUnavailable("the connection to the MCP server broke; call again") from error
        raise McpError(f"the MCP server refused: {error.message} (code {error.code})") from error
    except _GONE as error:
        raise McpUnavailable("the connection to the MCP server broke; call again") from error
    except (ValueError, RuntimeError) as error:
        raise McpError(f"the MCP server answered against the protocol: {error}") from error
