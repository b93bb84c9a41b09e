"""The connection to a daemon's endpoint, made anew whenever the daemon is another one."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias, cast

import anyio
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    INVALID_REQUEST,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    Implementation,
)

from executus.tools.mcp.httpwire import Answered, http_client
from executus_gateway.errors import DaemonFailed
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.tasks import TaskOwner

__all__ = ["Agent", "DaemonLink", "Endpoint", "FindEndpoint"]

CONNECT_S: Final = 30.0
"""How long a daemon that is there may take no connections, or not answer on one: it is ending, or
it is stuck."""
PAUSE_S: Final = 0.05
MAX_EVENT_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a daemon's endpoint is, and what opens it.

    Attributes:
        url: Its address.
        token: Bearer token; in no log.
        pid: Its process: another one at the same address is another endpoint.
    """

    url: str
    token: str = field(repr=False)
    pid: int


FindEndpoint: TypeAlias = Callable[[], Awaitable[Endpoint]]
"""The endpoint of the daemon there is now; starts one when there is none, or raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Whom the connection is for: what it said of itself is said to each daemon anew.

    Attributes:
        info: Its name and version, where it gave them.
        asks: Whether it can be asked.
    """

    info: Implementation | None
    asks: bool


class DaemonLink:
    """Gives a client of the daemon there is now.

    Towards daemons it speaks the revision in which results ask, whatever the agent speaks. There,
    each request stands for itself: nothing is lost with a daemon but what was under way.

    Args:
        find: Finds the daemon.
        owner: Its tasks hold the connections.
        clock: Bounds how long a daemon may take none.
    """

    def __init__(
        self, find: FindEndpoint, owner: TaskOwner, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._find = find
        self._owner = owner
        self._clock = clock
        self._turn = anyio.Lock()
        self._held: _Held | None = None

    async def warm(self) -> None:
        """Have a daemon, before anything is asked of it."""
        async with self._turn:
            await self._find()

    async def client(self, agent: Agent) -> Client:
        """A client, the same one for as long as its daemon and its connection live.

        Raises:
            DaemonFailed: No daemon comes up, or it takes no connections.
        """
        async with self._turn:
            until = self._clock.monotonic() + CONNECT_S
            while True:
                held = self._fitting(await self._find(), agent)
                await held.settled.wait()
                if held.client is not None:
                    return held.client
                if self._clock.monotonic() >= until:
                    raise DaemonFailed(
                        f"the gateway's daemon at {held.endpoint.url} takes no connections "
                        f"({held.failed}): look at it with `executus-gateway daemon status`"
                    )
                await self._clock.sleep(PAUSE_S)

    def drop(self, client: Client) -> None:
        """Use a client no longer: its daemon ended, or failed."""
        if self._held is not None and self._held.client is client:
            self._held.left.set()
            self._held = None

    def _fitting(self, endpoint: Endpoint, agent: Agent) -> _Held:
        held = self._held
        if held is not None and held.endpoint == endpoint and not held.has_ended:
            return held
        if held is not None:
            held.left.set()
        held = self._held = _Held(endpoint)
        self._owner.start(partial(held.live, agent, self._clock))
        return held


class _Held:
    """One connection, lived by a task of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.client: Client | None = None
        self.failed = ""
        self.has_ended = False
        self.settled = anyio.Event()
        self.left = anyio.Event()

    async def live(self, agent: Agent, clock: Clock) -> None:
        """Until it is left, or breaks; calls that are under way then are told so by the SDK."""
        try:
            with clock.deadline(CONNECT_S) as connecting:
                await self._live(agent, connecting)
            if connecting.cancelled_caught:
                self.failed = "TimeoutError"
        finally:
            self.settled.set()

    async def _live(self, agent: Agent, connecting: anyio.CancelScope) -> None:
        try:
            headers = {"authorization": f"Bearer {self.endpoint.token}"}
            async with http_client(headers, None, Answered()) as http:
                streams = streamable_http_client(
                    self.endpoint.url, http_client=http, max_sse_event_size=MAX_EVENT_BYTES
                )
                asked = _never_asked if agent.asks else None
                async with Client(
                    streams, client_info=agent.info, elicitation_callback=asked
                ) as client:
                    await client.list_tools()  # else the first call's result would ask for them
                    self.client = client
                    connecting.deadline = math.inf
                    self.settled.set()
                    await self.left.wait()
        except Exception as error:  # noqa: BLE001 - whoever calls is told; the agent stays alive
            self.failed = _named(error)
        finally:
            self.client = None
            self.has_ended = True


def _named(error: BaseException) -> str:
    """The kind of the error at the bottom of groups; its text could be anybody's."""
    if isinstance(error, BaseExceptionGroup):
        return _named(cast("BaseExceptionGroup[BaseException]", error).exceptions[0])
    return type(error).__name__


async def _never_asked(
    context: ClientRequestContext, params: ElicitRequestParams
) -> ElicitResult | ErrorData:
    """There to say that we can be asked; the daemon asks in its results."""
    del context, params
    return ErrorData(code=INVALID_REQUEST, message="ask in a result")
