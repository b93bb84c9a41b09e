"""The shipped transport, on httpx2. The only module of majordomo that imports it (ADR 0101)."""

from __future__ import annotations

import errno
import os
import ssl
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Protocol, cast

import anyio
import httpx2

from majordomo.errors import ErrorKind
from majordomo.http.pools import Pools
from majordomo.http.transport import HTTPRequest, TransportError
from majordomo.tasks import close_with_loop, current_loop

__all__ = ["HttpxTransport"]

CONNECT_TIMEOUT_S = 10.0
KEEPALIVE_S = 60.0
MAX_CONNECTIONS = 1000
MAX_POOLS = 16
MAX_HEAD_BYTES = 64 * 1024

# Reading has no timeout of its own: the whole exchange has one deadline, kept by the caller.
_TIMEOUT = {"connect": CONNECT_TIMEOUT_S, "read": None, "write": None, "pool": None}
_EXTENSIONS: dict[str, object] = {"timeout": _TIMEOUT}
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

_LOCAL_ERRNO = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

# First match wins, so subclasses stand before their parents.
_TRANSLATION: tuple[tuple[type[Exception], str, ErrorKind, bool], ...] = (
    (httpx2.ConnectTimeout, "connect_timeout", ErrorKind.TRANSIENT, True),
    (httpx2.PoolTimeout, "pool_timeout", ErrorKind.LOCAL, True),
    (httpx2.TimeoutException, "timeout", ErrorKind.TRANSIENT, False),
    (httpx2.ConnectError, "connect_failed", ErrorKind.TRANSIENT, True),
    (httpx2.ProxyError, "proxy_failed", ErrorKind.TRANSIENT, True),
    (httpx2.UnsupportedProtocol, "bad_url", ErrorKind.PERMANENT, True),
    (httpx2.LocalProtocolError, "bad_request", ErrorKind.PERMANENT, True),
    (httpx2.TransportError, "connection_lost", ErrorKind.TRANSIENT, False),
    (httpx2.InvalidURL, "bad_url", ErrorKind.PERMANENT, True),
    (httpx2.StreamError, "connection_lost", ErrorKind.TRANSIENT, False),
)


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        raise _translate(error) from error


def _translate(error: Exception) -> TransportError:
    row = next(row for row in _TRANSLATION if isinstance(error, row[0]) or row is _TRANSLATION[-1])
    _, code, kind, safe = row
    if _errno(error) in _LOCAL_ERRNO:
        code, kind, safe = "out_of_resources", ErrorKind.LOCAL, True
    text = str(error) or type(error).__name__
    return TransportError(text, code=code, kind=kind, safe_to_replay=safe)


def _errno(error: BaseException | None) -> int | None:
    """The system's own error number; the libraries in between wrap it in errors without one."""
    for _ in range(12):
        if error is None:
            return None
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        if isinstance(error, BaseExceptionGroup):
            error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
        else:
            error = error.__cause__ or error.__context__
    return None


@cache
def _tls_context() -> ssl.SSLContext:
    """One context per process: building one costs tens of milliseconds."""
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


class _Connection:
    """One event loop's client: how to send on it and how to close it."""

    __slots__ = ("close", "send", "sentinel")

    def __init__(self, client: httpx2.AsyncClient | httpx2.AsyncBaseTransport) -> None:
        self.close = client.aclose
        self.send: _Sender = _sender(client)
        self.sentinel: AsyncGenerator[None, None] | None = None


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
    """

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._given = None if client is None else _Connection(client)
        self._connections: weakref.WeakKeyDictionary[object, _Connection] = (
            weakref.WeakKeyDictionary()
        )
        self._lock = threading.Lock()

    def _connection(self) -> _Connection:
        if self._given is not None:
            return self._given
        loop = current_loop()
        found = self._connections.get(loop)
        if found is None:
            with self._lock:
                found = self._connections.setdefault(loop, _Connection(_make_client()))
            # Not in the constructor: only the connection that was kept may be closed by the loop.
            found.sentinel = found.sentinel or close_with_loop(found.close)
        return found

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
            response = HttpxResponse(await self._connection().send(message))
        if response.head_bytes > MAX_HEAD_BYTES:
            await response.aclose()
            raise TransportError(
                f"the answer's headers are over {MAX_HEAD_BYTES} bytes",
                code="headers_too_large",
                kind=ErrorKind.PERMANENT,
            )
        return response

    async def aclose(self) -> None:
        """Close the running loop's connections; a later request opens new ones."""
        connection = self._connections.pop(current_loop(), None)
        if connection is not None:
            await connection.close()
            if connection.sentinel is not None:
                await connection.sentinel.aclose()


def _make_client() -> httpx2.AsyncClient | httpx2.AsyncBaseTransport:
    limits = _limits(MAX_CONNECTIONS)
    if any(os.environ.get(name) or os.environ.get(name.lower()) for name in _PROXY_VARIABLES):
        # Only the client reads NO_PROXY and picks a proxy per URL.
        return httpx2.AsyncClient(verify=_tls_context(), limits=limits)
    # Without proxies the client's layers (cookies, auth, redirects) are all unused: skip them.
    each = _limits(-(-MAX_CONNECTIONS // MAX_POOLS))
    return Pools(
        lambda: httpx2.AsyncHTTPTransport(verify=_tls_context(), limits=each), most=MAX_POOLS
    )


def _limits(connections: int) -> httpx2.Limits:
    return httpx2.Limits(
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=KEEPALIVE_S,
    )


class HttpxResponse:
    """An answer on an httpx2 connection; see `HTTPResponse`."""

    __slots__ = ("_chunks", "_ended", "_headers", "_response")

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._headers: Mapping[str, str] | None = None
        self._chunks: AsyncIterator[bytes] | None = None
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

    async def read_chunk(self) -> bytes:
        """The next raw bytes; see `HTTPResponse.read_chunk`."""
        if self._chunks is None:
            stream = self._response.stream
            assert isinstance(stream, httpx2.AsyncByteStream)  # noqa: S101 - it is never a sync one
            self._chunks = aiter(stream)
        with _translated():
            async for chunk in self._chunks:
                if chunk:
                    return chunk
        self._ended = True
        return b""

    async def aclose(self) -> None:
        """See `HTTPResponse.aclose`."""
        with _translated():
            await self._response.aclose()
        if self._chunks is not None and not self._ended:
            self._ended = True
            await _unwind(self._chunks)


async def _unwind(chunks: AsyncIterator[bytes]) -> None:
    """End the generators of a body that was left early; trio warns about those it must collect.

    Closing the outermost one would not reach those it iterates over. A read that cannot wait does.
    """
    with anyio.CancelScope() as scope, suppress(httpx2.HTTPError, httpx2.StreamError):
        scope.cancel()
        async for _ in chunks:
            pass
