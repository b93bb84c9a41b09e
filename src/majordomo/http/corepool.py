"""A pool of httpcore2 as a transport of httpx2, which lets its reads be limited (ADR 0152).

httpx2's own transport is the same pool, but takes no backend of ours.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import httpcore2
import httpx2

from majordomo.http.transport import Limit

__all__ = ["CorePool", "LimitedStream"]


class CorePool(httpx2.AsyncBaseTransport):
    """One pool of connections, whose bodies come as `LimitedStream` reads them.

    It raises httpcore2's errors, which the caller translates.

    Args:
        tls: Whom to trust.
        connections: Most connections, idle ones included.
        keepalive_s: Seconds an idle one is kept.
    """

    def __init__(self, tls: ssl.SSLContext, *, connections: int, keepalive_s: float) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=keepalive_s,
            network_backend=_Backend(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request.

        Raises:
            Exception: One of httpcore2's errors.
        """
        url = request.url
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=cast("Any", request.stream),
            extensions=request.extensions,
        )
        response: Any = await self._pool.handle_async_request(sent)
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    """httpcore2's body, under the name httpx2 asks for."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._inner)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Backend(httpcore2.AsyncNetworkBackend):
    """Opens sockets by anyio, on both event loops."""

    def __init__(self) -> None:
        # httpcore2 declares it twice, once for an absent anyio, which hides its base.
        self._inner = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return LimitedStream(
            await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        )


class LimitedStream(httpcore2.AsyncNetworkStream):
    """A connection whose reads end when their limit does.

    Attributes:
        limit: Entered around each read; None for no limit.
    """

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self.limit: Limit | None = None
        self._inner = inner

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
    ) -> bytes:
        """Wait for bytes.

        Raises:
            httpcore2.ReadTimeout: The limit has ended.
        """
        if self.limit is None:
            return await self._inner.read(max_bytes, timeout)
        with self.limit():
            return await self._inner.read(max_bytes, timeout)
        raise httpcore2.ReadTimeout("no more came in time")

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
    ) -> None:
        """See httpcore2."""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """See httpcore2."""
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
    ) -> httpcore2.AsyncNetworkStream:
        """Encrypt what follows."""
        inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return LimitedStream(inner)

    def get_extra_info(self, info: str) -> Any:
        """See httpcore2."""
        return self._inner.get_extra_info(info)
