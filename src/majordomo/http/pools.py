"""Several connection pools as one: a pool looks at all its connections for every request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2

__all__ = ["ROOM", "Pools"]

ROOM = 16
"""Requests in flight in one pool before the next one is used."""

_TOUCH = 32


class Pools(httpx2.AsyncBaseTransport):
    """Spreads requests over pools, as many as it takes.

    httpcore2 goes through all connections of a pool, and asks the sockets of the idle ones,
    whenever a request begins or ends: with 200 requests at once, three quarters of all CPU. As long
    as there are few they share one pool, and so its connections.

    Args:
        make: Makes a pool.
        most: Most pools; beyond that, the one with the fewest requests is used.
    """

    def __init__(self, make: Callable[[], httpx2.AsyncBaseTransport], *, most: int) -> None:
        self._make = make
        self._most = most
        self._pools = [_Pool(make())]
        self._requests = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send on one of the pools."""
        pool = self._choose()
        pool.in_flight += 1
        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException:
            pool.in_flight -= 1
            raise
        assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - never a sync one
        response.stream = _Body(response.stream, pool)
        return response

    def _choose(self) -> _Pool:
        self._requests += 1
        turn, rest = divmod(self._requests, _TOUCH)
        if not rest and len(self._pools) > 1:
            # A pool closes stale connections only when it is used: after a burst, use each in turn.
            touched = self._pools[turn % len(self._pools)]
            if touched.in_flight < ROOM:
                return touched
        for pool in self._pools:
            if pool.in_flight < ROOM:
                return pool
        if len(self._pools) < self._most:
            self._pools.append(_Pool(self._make()))
            return self._pools[-1]
        return min(self._pools, key=lambda pool: pool.in_flight)

    async def aclose(self) -> None:
        """Close all pools."""
        for pool in self._pools:
            await pool.transport.aclose()


class _Pool:
    """A pool, and how many requests it has."""

    __slots__ = ("in_flight", "transport")

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self.transport = transport
        self.in_flight = 0


class _Body(httpx2.AsyncByteStream):
    """A body that tells its pool when it is closed."""

    def __init__(self, stream: httpx2.AsyncByteStream, pool: _Pool) -> None:
        self._stream = stream
        self._pool: _Pool | None = pool

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.in_flight -= 1
        await self._stream.aclose()
