"""The guard as a transport of httpx2: every connection that is kept was judged and pinned."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Generator
from contextlib import contextmanager
from typing import Any, cast

import httpcore2
import httpx2

from executus.egress.client import Egress
from executus.egress.errors import EgressError

__all__ = ["GuardedTransport"]

# The narrow ones first: the first that fits is what is raised.
_MEANT: tuple[tuple[type[Exception], type[httpx2.HTTPError]], ...] = (
    (httpcore2.ConnectTimeout, httpx2.ConnectTimeout),
    (httpcore2.ReadTimeout, httpx2.ReadTimeout),
    (httpcore2.WriteTimeout, httpx2.WriteTimeout),
    (httpcore2.PoolTimeout, httpx2.PoolTimeout),
    (httpcore2.ConnectError, httpx2.ConnectError),
    (httpcore2.WriteError, httpx2.WriteError),
    (httpcore2.NetworkError, httpx2.ReadError),
    (httpcore2.LocalProtocolError, httpx2.LocalProtocolError),
    (httpcore2.ProtocolError, httpx2.RemoteProtocolError),
    (EgressError, httpx2.ConnectError),
)
_FOREIGN: tuple[type[Exception], ...] = tuple(foreign for foreign, _ in _MEANT)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """A pool of connections that `Egress` opened.

    Args:
        guard: Judges each connection.
        tls: Whom to trust; the usual authorities by default.
    """

    def __init__(self, guard: Egress, tls: ssl.SSLContext | None) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls or httpcore2.default_ssl_context(),
            network_backend=guard.kept_backend(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request.

        Raises:
            httpx2.HTTPError: It was not answered; a `ConnectError` caused by an `EgressError` is
                the guard's word.
        """
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=cast("Any", request.stream),
            extensions=request.extensions,
        )
        with _translated():
            response: Any = await self._pool.handle_async_request(sent)
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Stream(response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        with _translated():
            await self._pool.aclose()


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, inner: AsyncIterable[bytes]) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for chunk in self._inner:
                yield chunk

    async def aclose(self) -> None:
        inner: Any = self._inner
        with _translated():
            await inner.aclose()


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except _FOREIGN as error:
        meant = next(ours for foreign, ours in _MEANT if isinstance(error, foreign))
        raise meant(str(error)) from error
