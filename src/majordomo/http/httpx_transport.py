"""The shipped transport, on httpx2, which only it and its pools import (ADR 0101)."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Protocol, cast

import anyio
import httpcore2
import httpx2

from majordomo.errors import ErrorKind
from majordomo.http.bounds import (
    CONNECT_TIMEOUT_S,
    KEEPALIVE_S,
    MAX_CONNECTIONS,
    MAX_HEAD_BYTES,
    head_too_large,
)
from majordomo.http.corepool import CorePool, LimitedStream
from majordomo.http.loops import PerLoop
from majordomo.http.pools import Pools
from majordomo.http.translation import Row, translate
from majordomo.http.transport import HTTPRequest, Limit, TransportError

__all__ = ["HttpxTransport", "tls_context"]

MAX_POOLS = 16

# Reading has no timeout of its own: the whole exchange has one deadline, kept by the caller.
_TIMEOUT = {"connect": CONNECT_TIMEOUT_S, "read": None, "write": None, "pool": None}
_EXTENSIONS: dict[str, object] = {"timeout": _TIMEOUT}
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

# Ours raise httpcore2's own errors, a client of the host httpx2's.
_TRANSLATION = (
    Row(httpcore2.ConnectTimeout, "connect_timeout", ErrorKind.TRANSIENT, True),
    Row(httpcore2.PoolTimeout, "pool_timeout", ErrorKind.LOCAL, True),
    Row(httpcore2.TimeoutException, "timeout", ErrorKind.TRANSIENT, False),
    Row(httpcore2.ConnectError, "connect_failed", ErrorKind.TRANSIENT, True),
    Row(httpcore2.UnsupportedProtocol, "bad_url", ErrorKind.PERMANENT, True),
    Row(httpcore2.LocalProtocolError, "bad_request", ErrorKind.PERMANENT, True),
    Row(httpcore2.ProtocolError, "connection_lost", ErrorKind.TRANSIENT, False),
    Row(httpcore2.NetworkError, "connection_lost", ErrorKind.TRANSIENT, False),
    Row(httpx2.ConnectTimeout, "connect_timeout", ErrorKind.TRANSIENT, True),
    Row(httpx2.PoolTimeout, "pool_timeout", ErrorKind.LOCAL, True),
    Row(httpx2.TimeoutException, "timeout", ErrorKind.TRANSIENT, False),
    Row(httpx2.ConnectError, "connect_failed", ErrorKind.TRANSIENT, True),
    Row(httpx2.ProxyError, "proxy_failed", ErrorKind.TRANSIENT, True),
    Row(httpx2.UnsupportedProtocol, "bad_url", ErrorKind.PERMANENT, True),
    Row(httpx2.LocalProtocolError, "bad_request", ErrorKind.PERMANENT, True),
    Row(httpx2.TransportError, "connection_lost", ErrorKind.TRANSIENT, False),
    Row(httpx2.InvalidURL, "bad_url", ErrorKind.PERMANENT, True),
    Row(httpx2.StreamError, "connection_lost", ErrorKind.TRANSIENT, False),
)


_FOREIGN = (
    *(httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError),
    *(httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError),
    httpcore2.UnsupportedProtocol,
)


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except _FOREIGN as error:
        raise translate(error, _TRANSLATION) from error


@cache
def tls_context() -> ssl.SSLContext:
    """Trusts the system's certificates; one per process, as making it takes tens of ms."""
    return httpx2.create_ssl_context()


@lru_cache(maxsize=256)
def _url(url: str) -> httpx2.URL:
    parsed = httpx2.URL(url)
    # httpx2 lets both through; the socket module then fails in ways that look like an outage.
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise httpx2.InvalidURL(f"the URL's port {parsed.port} is out of range")
    if not parsed.host:
        raise httpx2.InvalidURL("the URL has no host")
    return parsed


class _Closable(Protocol):
    async def aclose(self) -> None: ...


def _tls_extensions() -> dict[str, object]:
    """Closes the socket of a handshake that is cancelled, which httpcore2 forgets."""
    opened: list[_Closable] = []

    async def trace(name: str, info: dict[str, object]) -> None:
        if name == "connection.connect_tcp.complete":
            opened.append(cast("_Closable", info["return_value"]))
        elif name == "connection.start_tls.failed":
            with anyio.CancelScope(shield=True):
                await opened.pop().aclose()

    return {**_EXTENSIONS, "trace": trace}


class _Sender(Protocol):
    async def __call__(self, request: httpx2.Request) -> httpx2.Response: ...


class _Connections:
    """One event loop's client: how to send on it and how to close it."""

    __slots__ = ("aclose", "send")

    def __init__(self, client: httpx2.AsyncClient | httpx2.AsyncBaseTransport) -> None:
        self.aclose = client.aclose
        self.send: _Sender = _sender(client)


def _sender(client: httpx2.AsyncClient | httpx2.AsyncBaseTransport) -> _Sender:
    if isinstance(client, httpx2.AsyncClient):

        async def send(request: httpx2.Request) -> httpx2.Response:
            return await client.send(request, stream=True, follow_redirects=False)

        return send
    return client.handle_async_request


class HttpxTransport:
    """Requests over httpx2, on asyncio and trio.

    Each event loop gets its own connections, because a socket belongs to the loop that opened it;
    they close with the loop, or by `aclose`. Proxies come from the environment (`HTTPS_PROXY`, …,
    `NO_PROXY`), certificates from the system store (`SSL_CERT_FILE` and `SSL_CERT_DIR` replace it).

    Args:
        client: An httpx2 client to send on instead, for own proxies, certificates or hooks. It
            stays the caller's to close, and is bound to the loop it is used on.
        direct: Use no proxy whatever the environment says: for servers of this machine, whose
            tokens are nobody else's business.
    """

    def __init__(self, client: httpx2.AsyncClient | None = None, *, direct: bool = False) -> None:
        self._given = None if client is None else _Connections(client)
        self._own = PerLoop(lambda: _Connections(_make_client(direct=direct)))

    async def open(self, request: HTTPRequest) -> HttpxResponse:
        """Send a request; see `Transport.open`."""
        with _translated():
            url = _url(request.url)
            message = httpx2.Request(
                request.method,
                url,
                headers=list(request.headers),
                content=request.body,
                extensions=_EXTENSIONS if url.scheme == "http" else _tls_extensions(),
            )
            connections = self._given or self._own.get()
            response = HttpxResponse(await connections.send(message))
        if response.head_bytes > MAX_HEAD_BYTES:
            await response.aclose()
            raise head_too_large()
        return response

    async def aclose(self) -> None:
        """Close the running loop's connections; a later request opens new ones."""
        await self._own.aclose()


def _make_client(*, direct: bool) -> httpx2.AsyncClient | httpx2.AsyncBaseTransport:
    names = () if direct else _PROXY_VARIABLES
    if any(os.environ.get(name) or os.environ.get(name.lower()) for name in names):
        # Only the client reads NO_PROXY and picks a proxy per URL.
        limits = httpx2.Limits(
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_S,
        )
        return httpx2.AsyncClient(verify=tls_context(), limits=limits)
    # Without proxies the client's layers (cookies, auth, redirects) are all unused: skip them.
    each = -(-MAX_CONNECTIONS // MAX_POOLS)
    return Pools(
        lambda: CorePool(tls_context(), connections=each, keepalive_s=KEEPALIVE_S), most=MAX_POOLS
    )


class HttpxResponse:
    """An answer on an httpx2 connection; see `HTTPResponse`."""

    __slots__ = ("_chunks", "_connection", "_ended", "_failure", "_headers", "_response")

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._headers: Mapping[str, str] | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._connection: LimitedStream | None = None
        self._failure: TransportError | None = None
        self._ended = False

    @property
    def status(self) -> int:
        """Status code."""
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers, case-insensitive."""
        if self._headers is None:
            self._headers = self._response.headers
        return self._headers

    @property
    def head_bytes(self) -> int:
        """Bytes of all headers' names and values."""
        return sum(len(name) + len(value) for name, value in self._response.headers.raw)

    def limit_reads(self, limit: Limit) -> bool:
        """See `LimitsReads`; not on a client of the host's, or of a proxy."""
        connection = self._response.extensions.get("network_stream")
        if not isinstance(connection, LimitedStream):
            return False
        connection.limit, self._connection = limit, connection
        return True

    async def read_chunk(self) -> bytes:
        """The next raw bytes; see `HTTPResponse.read_chunk`."""
        if self._chunks is None:
            stream = self._response.stream
            assert isinstance(stream, httpx2.AsyncByteStream)  # noqa: S101 - it is never a sync one
            self._chunks = aiter(stream)
        try:  # not the context manager: this is done for every chunk
            async for chunk in self._chunks:
                if chunk:
                    return chunk
        except _FOREIGN as error:
            self._failure = translate(error, _TRANSLATION)
            raise self._failure from error
        if self._failure is not None:  # a generator that has failed calls it its end
            raise self._failure
        self._ended = True
        return b""

    async def aclose(self) -> None:
        """See `HTTPResponse.aclose`."""
        if self._connection is not None:
            # Whoever gets it next has a limit of its own, which a second call must leave alone.
            self._connection.limit, self._connection = None, None
        with _translated():
            await self._response.aclose()
        if self._chunks is not None and not self._ended:
            self._ended = True
            await _unwind(self._chunks)


async def _unwind(chunks: AsyncIterator[bytes]) -> None:
    """End the generators of a body that was left early; trio warns about those it must collect.

    Closing the outermost one would not reach those it iterates over. A read that cannot wait does.
    """
    with anyio.CancelScope() as scope, suppress(*_FOREIGN):
        scope.cancel()
        async for _ in chunks:
            pass
