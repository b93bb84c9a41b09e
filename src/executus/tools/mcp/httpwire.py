"""The HTTP client the SDK is given: bounded bodies, no proxies, and what a request was answered."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import httpx2

from executus.egress import Egress, EgressError
from executus.egress.kepttransport import GuardedTransport
from executus.tools.mcp.address import Address
from executus.tools.mcp.stdio import MAX_MESSAGE_BYTES

__all__ = ["ANSWERED", "Answered", "http_client"]

CONNECT_TIMEOUT_S = 30.0
MAX_CHALLENGE = 8192
_SESSION = "mcp-session-id"


@dataclass(slots=True)
class Answered:
    """What the requests of one call were refused with.

    Attributes:
        status: The last status of 400 or more; 0 when there was none.
        session_lost: The server knows our session no longer (404 on its id).
        session_doubted: It may be so: 400 on its id, which many servers answer instead.
        challenge: The last refusal's `WWW-Authenticate`.
        guarded: What the egress guard said of the last connection it did not give.
        sent: Something of the last request may have reached the server: there was a connection.
    """

    status: int = 0
    session_lost: bool = False
    session_doubted: bool = False
    challenge: str = ""
    guarded: str = ""
    sent: bool = False


ANSWERED: ContextVar[Answered | None] = ContextVar("mcp_answered", default=None)
"""Noted in the context of whoever calls: the SDK sends in the caller's context, and tells of a
refusal only that it was one."""


@asynccontextmanager
async def http_client(
    headers: Mapping[str, str],
    tls: ssl.SSLContext | None,
    lost: Answered,
    guard: Egress | None = None,
    address: Address | None = None,
) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client for one session.

    No limit on silence: a subscription may be silent for days, and calls have time limits of their
    own. Compressed answers are refused, as they would pass the bound on bodies.

    Args:
        headers: Sent with each request.
        tls: Whom to trust; the usual authorities by default.
        lost: Notes that the server forgot the session.
        guard: Judges each connection, where the address is not the host's own choice.
        address: Where it goes; only its `shown` is then to be asked for.
    """
    inner = httpx2.AsyncHTTPTransport(verify=tls or True, trust_env=False)
    async with httpx2.AsyncClient(
        headers={"accept-encoding": "identity", **headers},
        timeout=httpx2.Timeout(CONNECT_TIMEOUT_S, read=None),
        auth=address and address.auth,
        transport=_Noting(inner if guard is None else GuardedTransport(guard, tls), lost, address),
        trust_env=False,
    ) as client:
        yield client


class _Noting(httpx2.AsyncBaseTransport):
    def __init__(
        self, inner: httpx2.AsyncBaseTransport, lost: Answered, address: Address | None
    ) -> None:
        self._inner = inner
        self._lost = lost
        self._address = address

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        sent = request if self._address is None else self._address.whole(request)
        notes = [note for note in (self._lost, ANSWERED.get()) if note is not None]
        for note in notes:
            note.sent = True
        try:
            response = await self._inner.handle_async_request(sent)
        except httpx2.ConnectError as error:
            for note in notes:
                note.sent = False
                if isinstance(error.__cause__, EgressError):
                    note.guarded = str(error.__cause__)
            raise
        if self._address is not None:
            self._address.hide(response, sent)
        if response.status_code >= 400:
            known = _SESSION in request.headers
            for note in notes:
                note.status = response.status_code
                note.challenge = response.headers.get("www-authenticate", "")[:MAX_CHALLENGE]
                note.session_lost |= known and response.status_code == 404
                note.session_doubted |= known and response.status_code == 400
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise httpx2.DecodingError("the MCP server compressed its answer unasked")
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            return response  # the SDK bounds each event
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response.stream),
            extensions=response.extensions,
        )


class _TooLong(httpx2.StreamError):
    def __init__(self) -> None:
        super().__init__(f"an answer over {MAX_MESSAGE_BYTES} bytes")


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: object) -> None:
        assert isinstance(inner, httpx2.AsyncByteStream)  # noqa: S101 - an async client's
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > MAX_MESSAGE_BYTES:
                raise _TooLong
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
