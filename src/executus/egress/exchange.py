"""One hop over one fresh connection: send, read, close."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache

import anyio
import httpcore2

from executus.egress.addresses import Address
from executus.egress.backend import CheckedBackend
from executus.egress.connector import Connector
from executus.egress.decoding import BodyReader
from executus.egress.errors import EgressFailed, EgressRefused
from executus.egress.request import Headers, OutboundRequest
from executus.egress.urls import Target
from majordomo.clock import Clock

__all__ = ["Answer", "Wiring", "exchange"]

MAX_HEAD_BYTES = 64 * 1024
# One read beyond a bound is how it is found to be passed.
_ONE_READ = 64 * 1024
CLOSE_S = 1.0
# The deadline of the whole request is the only one: time comes from the caller's clock.
_NO_TIMEOUT = {"timeout": {"connect": None, "read": None, "write": None, "pool": None}}
_BROKEN = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What every hop of one client shares."""

    connector: Connector
    clock: Clock
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One hop's answer; the body is empty when it was not wanted."""

    status: int
    headers: Headers
    address: str
    body: bytes = b""
    truncated: bool = False


async def exchange(
    request: OutboundRequest,
    addresses: Sequence[Address],
    wiring: Wiring,
    *,
    max_wire_bytes: int,
    reader_for: Callable[[int, Headers], BodyReader | None],
) -> Answer:
    """Send one request to one of the addresses and read what comes back.

    Nothing is pooled: a connection checked for one name is never there for another to find.

    Raises:
        EgressFailed: No connection, no TLS, or no HTTP; h11 takes a 101 nobody asked for as that.
        EgressRefused: The answer is too large.
    """
    target = request.target
    backend = CheckedBackend(
        host=target.host.text,
        port=target.port,
        addresses=addresses,
        connector=wiring.connector,
        clock=wiring.clock,
        max_wire_bytes=max_wire_bytes + MAX_HEAD_BYTES + _ONE_READ,
    )
    connection = httpcore2.AsyncHTTPConnection(
        _origin(target), ssl_context=_tls_for(target, wiring), network_backend=backend
    )
    try:
        with _translated(target.host.text):
            response = await connection.handle_async_request(_message(request))
            headers = _headers(response, target.host.text)
            reader = reader_for(response.status, headers)
            if reader is not None:
                await _read(response, reader)
            return Answer(
                status=response.status,
                headers=headers,
                address=str(backend.address),
                body=b"" if reader is None else reader.finish(),
                truncated=reader is not None and reader.truncated,
            )
    finally:
        with wiring.clock.deadline(CLOSE_S) as scope, suppress(*_BROKEN):
            scope.shield = True
            await connection.aclose()
            await backend.aclose()


async def _read(response: httpcore2.Response, reader: BodyReader) -> None:
    async with aclosing(response.aiter_stream()) as chunks:
        async for chunk in chunks:
            if not reader.feed(chunk):
                return


def _origin(target: Target) -> httpcore2.Origin:
    return httpcore2.Origin(target.scheme.encode(), target.host.text.encode(), target.port)


def _message(request: OutboundRequest) -> httpcore2.Request:
    target = request.target
    headers = [("host", target.authority), *request.headers, ("connection", "close")]
    if request.content is not None or request.method in ("POST", "PUT", "PATCH"):
        headers.append(("content-length", str(len(request.content or b""))))
    return httpcore2.Request(
        request.method,
        httpcore2.URL(
            scheme=target.scheme.encode(),
            host=target.host.text.encode(),
            port=target.port,
            target=target.path.encode("ascii"),
        ),
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
        content=request.content or b"",
        extensions=_NO_TIMEOUT,
    )


def _headers(response: httpcore2.Response, host: str) -> Headers:
    if sum(len(name) + len(value) + 4 for name, value in response.headers) > MAX_HEAD_BYTES:
        raise EgressRefused(
            f"the headers from {host} are over {MAX_HEAD_BYTES} bytes", reason="size", host=host
        )
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in response.headers
    )


def _tls_for(target: Target, wiring: Wiring) -> ssl.SSLContext | None:
    if target.scheme == "http":
        return None
    return _system_tls() if wiring.tls is None else wiring.tls


@cache
def _system_tls() -> ssl.SSLContext:
    """One context per process: building one costs tens of milliseconds."""
    return httpcore2.default_ssl_context()


@contextmanager
def _translated(host: str) -> Generator[None]:
    """Foreign errors, once. A server's own words stay out: they may be an internal service's."""
    try:
        yield
    except httpcore2.ConnectError as error:
        why = str(error) or "the server broke off"
        raise EgressFailed(f"no TLS with {host}: {why}", reason="tls", host=host) from error
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
        raise EgressFailed(
            f"{host} did not answer in HTTP", reason="protocol", host=host
        ) from error
    except (httpcore2.NetworkError, httpcore2.TimeoutException, *_BROKEN) as error:
        raise EgressFailed(
            f"the connection to {host} was lost", reason="connect", host=host
        ) from error
