"""The endpoint of a daemon over standard streams: calls go there, its questions come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import anyio
from mcp import Client, MCPError, stdio_server
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.types import (
    INVALID_REQUEST,
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from executus.tools.mcp.httpwire import Answered, http_client
from executus_gateway.mcp.elicitation import can_elicit
from executus_gateway.mcp.protocol import INPUT_REQUIRED_SINCE, NAME
from executus_gateway.mcp.rendering import told_problem

__all__ = ["bridge_stdio"]

Context: TypeAlias = ServerRequestContext[Any]
Called: TypeAlias = CallToolResult | InputRequiredResult

GONE: Final = "the gateway's daemon is gone: reconnect this server, and a new one is started"


async def bridge_stdio(url: str, token: str) -> None:
    """Serve the protocol on standard input and output until the input ends.

    Args:
        url: Of the daemon's endpoint.
        token: Bearer token.
    """
    bridge = _Bridge(url, token)
    server = Server[Any](NAME, on_list_tools=bridge.list_tools, on_call_tool=bridge.call_tool)
    async with anyio.create_task_group() as group:
        group.start_soon(bridge.keep_connected)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
        group.cancel_scope.cancel()


class _Bridge:
    """Connects when the first request has come: only then is known whether the agent can be asked.

    Towards the daemon it speaks the revision in which results ask, whatever the agent speaks.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"}
        self._wanted = anyio.Event()
        self._settled = anyio.Event()
        self._asks = False
        self._client: Client | None = None

    async def keep_connected(self) -> None:
        """Hold the connection, once it is wanted, until cancelled."""
        await self._wanted.wait()
        try:
            async with http_client(self._headers, None, Answered()) as http:
                streams = streamable_http_client(self._url, http_client=http)
                callback = _never_asked if self._asks else None
                async with Client(streams, elicitation_callback=callback) as client:
                    self._client = client
                    self._settled.set()
                    await anyio.sleep_forever()
        except Exception:  # noqa: BLE001 - whoever calls is told; the agent stays alive
            self._client = None
        finally:
            self._settled.set()

    async def list_tools(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        del params
        client = await self._connected(context)
        return await client.list_tools()

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> Called:
        client = await self._connected(context)
        answers: Any = params.input_responses
        state = params.request_state
        while True:
            try:
                result = await client.session.call_tool(
                    params.name,
                    params.arguments,
                    input_responses=answers,
                    request_state=state,
                    allow_input_required=True,
                )
            except (MCPError, OSError) as error:
                return told_problem(f"{GONE} ({type(error).__name__})")
            if isinstance(result, CallToolResult) or _asks_in_results(context):
                return result
            answers = await _asked(context, result.input_requests or {})
            state = result.request_state

    async def _connected(self, context: Context) -> Client:
        if not self._wanted.is_set():
            self._asks = can_elicit(context.session.client_capabilities)
            self._wanted.set()
        await self._settled.wait()
        if self._client is None:
            raise MCPError(code=INVALID_REQUEST, message=GONE)
        return self._client


async def _asked(context: Context, requests: Mapping[str, Any]) -> dict[str, ElicitResult]:
    """Put what a result asks as requests of its own, for agents of the older revisions."""
    answers: dict[str, ElicitResult] = {}
    for key, request in requests.items():
        if isinstance(request, ElicitRequest) and isinstance(
            request.params, ElicitRequestFormParams
        ):
            answers[key] = await context.session.elicit_form(
                request.params.message, request.params.requested_schema, context.request_id
            )
    return answers


def _asks_in_results(context: Context) -> bool:
    return context.protocol_version >= INPUT_REQUIRED_SINCE


async def _never_asked(
    context: ClientRequestContext, params: ElicitRequestParams
) -> ElicitResult | ErrorData:
    """There to say that we can be asked; the daemon asks in its results."""
    del context, params
    return ErrorData(code=INVALID_REQUEST, message="ask in a result")
