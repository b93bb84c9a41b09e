"""The endpoint of a daemon over standard streams, for as long as the agent lives (ADR 0183).

Daemons may end and be started anew meanwhile. What can be asked twice without harm is asked again;
code that may have run is not: its agent is told which run it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from mcp import Client, MCPError, stdio_server
from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
)
from pydantic import ValidationError

from executus.tools.mcp.httpwire import ANSWERED, Answered
from executus_gateway.errors import GatewayError
from executus_gateway.mcp.daemonlink import Agent, DaemonLink, FindEndpoint
from executus_gateway.mcp.elicitation import can_elicit
from executus_gateway.mcp.protocol import INPUT_REQUIRED_SINCE, NAME, RUN_KEY
from executus_gateway.mcp.rendering import look_again, told_paused
from majordomo.tasks import TaskOwner

__all__ = ["bridge_stdio"]

T = TypeVar("T")
Context: TypeAlias = ServerRequestContext[Any]
Called: TypeAlias = CallToolResult | InputRequiredResult

MOST_LOST: Final = 5
"""Daemons that may end under one request that is asked again; then it is what ends them."""


def random_run() -> str:
    """The id of a run that is to be."""
    return f"run_{secrets.token_hex(10)}"


async def bridge_stdio(find: FindEndpoint, *, new_run: Callable[[], str] = random_run) -> None:
    """Serve the protocol on standard input and output until the input ends.

    The agent is answered at once; a daemon is found, or started, meanwhile.

    Args:
        find: Finds the daemon, again and again.
        new_run: Makes ids of runs, so that a run is known even if its daemon does not live to tell.
    """
    async with TaskOwner() as owner:
        link = DaemonLink(find, owner)
        owner.start(link.warm)
        bridge = _Bridge(link, new_run)
        server = Server[Any](NAME, on_list_tools=bridge.list_tools, on_call_tool=bridge.call_tool)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())


class _Bridge:
    def __init__(self, link: DaemonLink, new_run: Callable[[], str]) -> None:
        self._link = link
        self._new_run = new_run

    async def list_tools(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        del params
        return await self._asked_daemon(context, lambda client: client.list_tools())

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> Called:
        answers: Any = params.input_responses
        state = params.request_state
        run = self._new_run() if params.name == "execute" and not state else ""
        while True:
            result = await self._call(context, params, answers, state, run)
            if isinstance(result, CallToolResult) or _asks_in_results(context):
                return result
            answers = await _asked_agent(context, result.input_requests or {})
            state = result.request_state
            if not answers:
                return told_paused(run, [], can_resume=False)

    async def _call(
        self,
        context: Context,
        params: CallToolRequestParams,
        answers: Any,
        state: str | None,
        run: str,
    ) -> Called:
        """One round: what begins a run names it, so that it can be looked for."""
        begins = bool(run) and not state

        async def call(client: Client) -> Called:
            return await client.session.call_tool(
                params.name,
                params.arguments,
                input_responses=answers,
                request_state=state,
                meta={RUN_KEY: run} if begins else None,
                allow_input_required=True,
            )

        return await self._asked_daemon(context, call, run if begins else "")

    async def _asked_daemon(
        self, context: Context, ask: Callable[[Client], Awaitable[T]], run: str = ""
    ) -> T:
        """What a daemon answers.

        Args:
            context: Of the agent's request.
            ask: Asks it; again and again, if daemons end meanwhile.
            run: Begun by asking; then it is asked once, but for what was never sent.

        Raises:
            MCPError: What the daemon says; or that none can be had, or that it ended.
        """
        agent = _agent(context)
        for _ in range(MOST_LOST):
            try:
                client = await self._link.client(agent)
            except (GatewayError, OSError) as error:
                raise MCPError(code=INTERNAL_ERROR, message=str(error)) from error
            try:
                return await _noting(partial(ask, client))
            except _Lost as lost:
                if lost.error.code == CONNECTION_CLOSED:  # else others still wait on it
                    self._link.drop(client)
                if run and lost.sent:
                    raise _in_doubt(run, asks=agent.asks) from lost.error
        told = f"the gateway's daemon ended {MOST_LOST} times while it was asked this: not again"
        raise MCPError(code=INTERNAL_ERROR, message=told)


class _Lost(Exception):
    """The daemon ended, or failed, under a request.

    Args:
        error: What the SDK made of it.
        sent: The request may have reached it.
    """

    def __init__(self, error: MCPError, *, sent: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.sent = sent


async def _noting(ask: Callable[[], Awaitable[T]]) -> T:
    """Tell the loss of a daemon from what it says.

    Raises:
        _Lost: See there.
        MCPError: The daemon's own answer.
    """
    note = Answered()
    token = ANSWERED.set(note)
    try:
        return await ask()
    except MCPError as error:
        if error.code == CONNECTION_CLOSED or note.status >= 500:
            raise _Lost(error, sent=note.sent) from error
        raise
    finally:
        ANSWERED.reset(token)


def _in_doubt(run: str, *, asks: bool) -> MCPError:
    return MCPError(
        code=INTERNAL_ERROR,
        message=(
            "the gateway's daemon ended while this ran: the code may have run, in part or whole. "
            f"It was not run again. Before you run it again, {look_again(run, can_resume=not asks)}"
            "; that there is no such run means that nothing was done"
        ),
        data={"run_id": run, "may_have_run": True},
    )


async def _asked_agent(context: Context, requests: Mapping[str, Any]) -> dict[str, ElicitResult]:
    """Put what a result asks as requests of its own, for agents of the older revisions.

    One that cannot be put stays in the inbox, with those behind it.
    """
    answers: dict[str, ElicitResult] = {}
    for key, request in requests.items():
        if isinstance(request, ElicitRequest) and isinstance(
            request.params, ElicitRequestFormParams
        ):
            try:
                answers[key] = await context.session.elicit_form(
                    request.params.message, request.params.requested_schema, context.request_id
                )
            except (MCPError, ValidationError):
                return answers
    return answers


def _agent(context: Context) -> Agent:
    params = context.session.client_params
    return Agent(
        info=None if params is None else params.client_info,
        asks=can_elicit(context.session.client_capabilities),
    )


def _asks_in_results(context: Context) -> bool:
    return context.protocol_version >= INPUT_REQUIRED_SINCE
