"""The network below clients that keep connections: each connection is judged as it is opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

import httpcore2

from executus.egress.addresses import Address
from executus.egress.backend import dial
from executus.egress.connector import Connector
from executus.egress.errors import EgressFailed
from executus.egress.hosts import parse_host
from executus.egress.urls import Target
from majordomo.clock import Clock

__all__ = ["Judge", "KeptBackend"]

Judge: TypeAlias = Callable[[Target], Awaitable[Sequence[Address]]]
"""The addresses of a target that may be dialled; raises what it refuses."""

TLS_PORT = 443


class KeptBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections for a pool: looked up, judged, then dialled at the judged address.

    A connection that is kept stays at that address whatever the name stands for later; the next
    one is judged anew. Bytes are not counted: what reads them bounds them.

    Args:
        judge: Looks up and judges.
        connector: Opens the sockets.
        clock: Limits each attempt.
    """

    def __init__(self, judge: Judge, *, connector: Connector, clock: Clock) -> None:
        self._judge = judge
        self._connector = connector
        self._clock = clock

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Dial an address of the host that may be dialled.

        Raises:
            EgressRefused: It may not be reached.
            EgressFailed: It cannot be, or not within the time given.
        """
        parsed = parse_host(f"[{host}]" if ":" in host and not host.startswith("[") else host)
        # What is spoken on the port is not told here; it matters to the wording of refusals alone.
        scheme = "https" if port == TLS_PORT else "http"
        target = Target(scheme=scheme, host=parsed, port=port, path="/")
        with self._clock.deadline(timeout):
            _, stream = await dial(
                parsed.text,
                port,
                await self._judge(target),
                connector=self._connector,
                clock=self._clock,
            )
            return stream
        raise EgressFailed(
            f"connecting to {parsed.text} took over {timeout:g} s", reason="time", host=parsed.text
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Never: a socket file has no address to check."""
        raise EgressFailed("a socket file was asked for", reason="protocol")
