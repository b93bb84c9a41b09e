"""The transport seam: bytes out, bytes in, one typed error (ADR 0101).

Wires never see an HTTP library. Two methods are all an implementation needs; `HttpxTransport` is
the shipped one, tests and hosts bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import anyio

from majordomo.errors import ErrorKind, MajordomoError

__all__ = [
    "HTTPRequest",
    "HTTPResponse",
    "Limit",
    "LimitsReads",
    "Transport",
    "TransportError",
]

Limit: TypeAlias = Callable[[], AbstractContextManager[anyio.CancelScope, bool]]
"""Makes a scope that ends when the time is up; see `Clock.deadline`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPRequest:
    """One request, ready to send.

    Attributes:
        url: Absolute, http or https.
        headers: Names in lower case; may hold credentials, so it has no place in a log.
        body: Sent as it is, with its length.
    """

    method: str = "POST"
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __repr__(self) -> str:
        return f"HTTPRequest({self.method} {self.url}, {len(self.body)} bytes)"


class HTTPResponse(Protocol):
    """An answer whose head has arrived and whose body is still to be read."""

    @property
    def status(self) -> int:
        """Status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers with names in lower case; repeated ones joined with ", "."""
        ...

    async def read_chunk(self) -> bytes:
        """The next bytes of the body as received; b"" at its end.

        Raises:
            TransportError: The connection failed.
        """
        ...

    async def aclose(self) -> None:
        """Give the connection back when the body was read to its end, else close it."""
        ...


@runtime_checkable
class LimitsReads(Protocol):
    """An answer that may limit its reads itself, where they wait (ADR 0152).

    Optional: the reads of an `HTTPResponse` without this method are limited one by one, also those
    of bytes that have come already.
    """

    def limit_reads(self, limit: Limit) -> bool:
        """Enter a scope of `limit` around every wait for bytes from now on.

        When it ends one, `read_chunk` raises a `TransportError` of the code `timeout`.

        Returns:
            Whether it does. Otherwise the reader has to limit each read.
        """
        ...


class Transport(Protocol):
    """Sends requests; shared by all models of a process, usable from any event loop."""

    async def open(self, request: HTTPRequest) -> HTTPResponse:
        """Send a request and wait for the answer's head. Redirects are not followed.

        Raises:
            TransportError: No answer came.
        """
        ...

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        ...


class TransportError(MajordomoError):
    """The exchange failed below HTTP.

    Args:
        message: What happened, without a URL's credentials.
        code: `connect_failed`, `connect_timeout`, `connection_lost`, `pool_timeout`, …
        kind: `TRANSIENT`, or `LOCAL` when the fault is on this side.
        safe_to_replay: True when the request cannot have reached the server.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        kind: ErrorKind = ErrorKind.TRANSIENT,
        safe_to_replay: bool = False,
    ) -> None:
        self.code = code
        self.kind = kind
        self.safe_to_replay = safe_to_replay
        super().__init__(message)
