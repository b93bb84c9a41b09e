"""The fast transport, on aiohttp (extra `fast`). The only module that imports it (ADR 0128)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import weakref
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

import anyio.lowlevel

from majordomo.errors import ErrorKind, MissingExtra
from majordomo.http.bounds import (
    CONNECT_TIMEOUT_S,
    KEEPALIVE_S,
    MAX_CONNECTIONS,
    MAX_HEAD_BYTES,
    head_too_large,
)
from majordomo.http.httpx_transport import tls_context
from majordomo.http.loops import PerLoop
from majordomo.http.proxies import Proxies
from majordomo.http.translation import Row, translate
from majordomo.http.transport import HTTPRequest, TransportError
from majordomo.tasks import current_loop, finish

try:
    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from multidict import CIMultiDict
    from yarl import URL
except ModuleNotFoundError as error:
    raise MissingExtra("AiohttpTransport", extra="fast") from error

__all__ = ["AiohttpTransport"]

# The parser's own bounds: of one header, and of their count. Ours is of all headers together.
_MAX_HEADER_BYTES = 2 * MAX_HEAD_BYTES
_MAX_HEADERS = 1000
_BYTES_AT_ONCE = 2**20  # aiohttp warns of more, and would write them without a pause
_SWITCHING = 101
_AUTO_HEADERS = ("accept", "accept-encoding", "content-type", "user-agent")
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S)

_TABLE = (
    Row(aiohttp.ConnectionTimeoutError, "connect_timeout", ErrorKind.TRANSIENT, True),
    Row(aiohttp.ClientHttpProxyError, "proxy_failed", ErrorKind.TRANSIENT, True),
    Row(aiohttp.ClientConnectorError, "connect_failed", ErrorKind.TRANSIENT, True),
    Row(aiohttp.InvalidURL, "bad_url", ErrorKind.PERMANENT, True),
    Row(ValueError, "bad_request", ErrorKind.PERMANENT, True),  # a header with a line end
    Row(aiohttp.ClientError, "connection_lost", ErrorKind.TRANSIENT, False),
)
_FOREIGN = (aiohttp.ClientError, OSError, ValueError)


def _failure(error: Exception) -> TransportError:
    """The error to raise, outside of the handler that caught this one.

    aiohttp's errors hold the request with its key, the proxy with its password, or bytes of the
    answer, which may repeat a key: they may be neither cause nor context of ours.
    """
    text, cause = "", None
    match error:
        case aiohttp.ClientConnectorError():
            cause = error.os_error
            text = f"cannot connect to {error.host}:{error.port}: {cause.strerror or cause}"
        case aiohttp.ServerDisconnectedError():
            text = "the server closed the connection"
        case aiohttp.ClientPayloadError():
            text = "the answer's body is broken or not complete"
        case aiohttp.ClientHttpProxyError():
            text = f"the proxy answered {error.status}"
        case aiohttp.ClientResponseError():
            text = f"the answer is no HTTP: {error.message.partition(':')[0][:200]}"
        case OSError() | ValueError():
            cause = error
        case _:
            text = f"the connection failed ({type(error).__name__})"
    failure = translate(error, _TABLE, text=text)
    failure.__cause__ = cause
    return failure


@lru_cache(maxsize=256)
def _url(text: str) -> URL:
    try:
        return _parse(text)
    except ValueError as error:
        raise TransportError(
            str(error), code="bad_url", kind=ErrorKind.PERMANENT, safe_to_replay=True
        ) from error


def _parse(text: str) -> URL:
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host or not url.port:
        raise ValueError("the URL must be http or https, with a host and a port that exists")
    return url.with_user(None)  # a key goes into a header, and aiohttp refuses both


class _Resolver(AbstractResolver):
    """Asks the system, as the default transport does, within the bound of connecting."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=0
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is open."""


class _Response(aiohttp.ClientResponse):
    """Drops the connection when no head comes.

    A close in good order would first send the rest of the request, to a server that may never
    read it.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        try:
            return await super().start(connection)
        except BaseException:
            _abort(connection)
            raise


def _abort(connection: Connection) -> None:
    if connection.transport is not None:
        connection.transport.abort()


def _retrieve(closed: asyncio.Future[None]) -> None:
    """Hear how a connection ended, or asyncio logs that nobody did."""
    if not closed.cancelled():
        closed.exception()


def _watch(content: aiohttp.StreamReader, protocol: ResponseHandler) -> None:
    """Tell a body's reader of the end of its connection.

    aiohttp itself does not when its parser has given up in the midst of the body.
    """
    closed = protocol.closed
    if closed is None or content.is_eof():
        return

    def tell(_: object) -> None:
        if content.exception() is None and not content.is_eof():
            content.set_exception(aiohttp.ClientPayloadError())

    def forget() -> None:
        closed.remove_done_callback(tell)

    closed.add_done_callback(tell)
    content.on_eof(forget)


class _Connector(aiohttp.TCPConnector):
    """Knows the connections in use, and hands out none on which the server spoke unasked."""

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - its socket_factory's is
            limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_S, resolver=_Resolver()
        )
        self._known: weakref.WeakSet[object] = weakref.WeakSet()
        self.used: set[Connection] = set()

    async def connect(self, *args: Any, **more: Any) -> Connection:
        while True:
            connection = await super().connect(*args, **more)
            protocol = connection.protocol
            assert protocol is not None  # noqa: S101 - it has just been connected
            if protocol not in self._known or not protocol.should_close:
                break
            connection.close()
        if protocol not in self._known:
            self._known.add(protocol)
            if protocol.closed is not None:
                protocol.closed.add_done_callback(_retrieve)
        self.used.add(connection)
        connection.add_callback(lambda: self.used.discard(connection))
        return connection


class _Client:
    """One event loop's session."""

    __slots__ = ("_connector", "proxies", "session")

    def __init__(self, proxies: Proxies) -> None:
        if not isinstance(current_loop(), asyncio.AbstractEventLoop):
            raise TransportError(
                "AiohttpTransport runs on asyncio alone; under trio use the default transport",
                code="wrong_event_loop",
                kind=ErrorKind.PERMANENT,
                safe_to_replay=True,
            )
        self._connector = _Connector()
        self.session = aiohttp.ClientSession(
            connector=self._connector,
            response_class=_Response,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_TIMEOUT,
            auto_decompress=False,
            skip_auto_headers=_AUTO_HEADERS,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
            max_headers=_MAX_HEADERS,
        )
        self.proxies = proxies

    async def aclose(self) -> None:
        # aiohttp closes by a task of its own, which a cancellation of ours would end half way.
        await finish(self._close)

    async def _close(self) -> None:
        for connection in tuple(self._connector.used):
            _abort(connection)
        # Whoever waits for bytes of one hears of its loss before aiohttp forgets whom to tell.
        await anyio.lowlevel.cancel_shielded_checkpoint()
        await self.session.close()


class AiohttpTransport:
    """Requests over aiohttp, on asyncio: the same contract as `HttpxTransport`, for less CPU.

    Each event loop gets its own connections; they close with the loop, or by `aclose`. Proxies come
    from the environment (`HTTPS_PROXY`, …, `NO_PROXY`), certificates from the system store
    (`SSL_CERT_FILE` and `SSL_CERT_DIR` replace it).

    Example:
        >>> from majordomo.builtin import default_registry
        >>> from majordomo.http.aiohttp_transport import AiohttpTransport
        >>> models = default_registry({}, transport=AiohttpTransport())

    Args:
        tls: Whom to trust, and a certificate of one's own, instead.
        proxy: URL of an HTTP proxy for all requests, instead; "" for none.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, proxy: str | None = None) -> None:
        self._tls = tls
        self._proxy = proxy
        self._clients = PerLoop(self._make_client)

    def _make_client(self) -> _Client:
        return _Client(Proxies(self._proxy))

    async def open(self, request: HTTPRequest) -> AiohttpResponse:
        """Send a request; see `Transport.open`.

        Raises:
            TransportError: No answer came; or the event loop is trio's (`wrong_event_loop`).
        """
        url, body = _url(request.url), request.body
        client = self._clients.get()
        try:
            response = await client.session.request(
                request.method,
                url,
                data=BytesIO(body) if len(body) > _BYTES_AT_ONCE else body or None,
                headers=request.headers,
                allow_redirects=False,
                proxy=client.proxies.find(url.scheme, url.host, url.port),
                ssl=(self._tls or tls_context()) if url.scheme == "https" else True,
            )
        except _FOREIGN as error:
            failure = _failure(error)
        else:
            return await _checked(AiohttpResponse(response))
        raise failure

    async def aclose(self) -> None:
        """Close the running loop's connections; a later request opens new ones."""
        await self._clients.aclose()


async def _checked(response: AiohttpResponse) -> AiohttpResponse:
    if response.head_bytes > MAX_HEAD_BYTES:
        await response.aclose()
        raise head_too_large()
    if response.status == _SWITCHING:
        await response.aclose()
        raise TransportError(
            "the server switched to another protocol unasked", code="connection_lost"
        )
    return response


class AiohttpResponse:
    """An answer on an aiohttp connection; see `HTTPResponse`."""

    __slots__ = ("_content", "_failure", "_headers", "_protocol", "_response")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._content = response.content
        self._failure: TransportError | None = None
        self._headers: Mapping[str, str] | None = None
        framed = any(name in response.headers for name in ("content-length", "transfer-encoding"))
        connection = response.connection
        protocol = None if connection is None else connection.protocol
        # Only the end of the connection ends a body without a frame; it knows how it ended.
        self._protocol = None if framed else protocol
        if protocol is not None:
            _watch(self._content, protocol)

    @property
    def status(self) -> int:
        """Status code."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers, case-insensitive."""
        if self._headers is None:
            self._headers = _joined(self._response.headers)
        return self._headers

    @property
    def head_bytes(self) -> int:
        """Bytes of all headers' names and values."""
        return sum(len(name) + len(value) for name, value in self._response.raw_headers)

    async def read_chunk(self) -> bytes:
        """The next raw bytes; see `HTTPResponse.read_chunk`."""
        if self._failure is not None:
            raise self._failure
        try:
            chunk = await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            self._failure = _failure(error)
        else:
            if chunk or self._protocol is None:
                return chunk
            self._failure = _broken_end(self._protocol)
            if self._failure is None:
                return b""
        if rest := _unread(self._content):
            return rest
        raise self._failure

    async def aclose(self) -> None:
        """See `HTTPResponse.aclose`."""
        connection = self._response.connection
        if connection is not None:  # aiohttp takes it back at the end of the body
            _abort(connection)
            self._response.close()
            await anyio.lowlevel.cancel_shielded_checkpoint()  # the socket closes in this round


def _joined(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Each header once; of aiohttp's own mapping, only the first of a repeated one is found."""
    joined = CIMultiDict[str]()
    for name, value in headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _broken_end(protocol: ResponseHandler) -> TransportError | None:
    """The failure of a body without a length whose connection broke: aiohttp calls it its end."""
    error = protocol.exception()
    return _failure(error) if isinstance(error, OSError) else None


def _unread(content: aiohttp.StreamReader) -> bytes:
    """What had arrived before the connection broke: the reader would only tell of the break."""
    content.set_exception(cast("Any", None))
    return content.read_nowait()
