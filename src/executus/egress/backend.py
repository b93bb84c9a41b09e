"""The network below one hop: dials only the addresses it was made with, counts what comes in."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import anyio
import httpcore2

from executus.egress.addresses import Address
from executus.egress.connector import Connector
from executus.egress.errors import EgressFailed, EgressRefused
from majordomo.clock import Clock

__all__ = ["CheckedBackend", "dial"]

# One address that swallows packets must not use up the time for the others.
ATTEMPT_S = 4.0


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Opens the one connection of one hop.

    Args:
        host: The name the addresses were checked for.
        port: The port they were checked for.
        addresses: What may be dialled, in order; at least one.
        connector: Opens the sockets.
        clock: Limits each attempt.
        max_wire_bytes: Bound of all that is read, head and framing included.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        addresses: Sequence[Address],
        connector: Connector,
        clock: Clock,
        max_wire_bytes: int,
    ) -> None:
        self._where = (host, port)
        self._addresses = addresses
        self._connector = connector
        self._clock = clock
        self._max_wire_bytes = max_wire_bytes
        self._stream: httpcore2.AsyncNetworkStream | None = None
        self.address: Address | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature; the hop has a deadline
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Dial the checked addresses one after the other; the host given only has to agree.

        Raises:
            EgressFailed: None could be reached.
        """
        if (host, port) != self._where or self._stream is not None:
            raise EgressFailed(
                f"a connection to {host}:{port} was asked for that nobody checked",
                reason="protocol",
                host=host,
            )
        self.address, self._stream = await dial(
            host, port, self._addresses, connector=self._connector, clock=self._clock
        )
        return _Metered(self._stream, self._max_wire_bytes, host)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Never: a socket file has no address to check."""
        raise EgressFailed("a socket file was asked for", reason="protocol")

    async def aclose(self) -> None:
        """Close what was opened, whatever became of the layers above it."""
        if self._stream is not None:
            await self._stream.aclose()


async def dial(
    host: str, port: int, addresses: Sequence[Address], *, connector: Connector, clock: Clock
) -> tuple[Address, httpcore2.AsyncNetworkStream]:
    """Open a stream to the first of the checked addresses that can be reached.

    Raises:
        EgressFailed: None could be.
    """
    last: Exception | None = None
    for number, address in enumerate(addresses, start=1):
        limit = None if number == len(addresses) else ATTEMPT_S
        try:
            with clock.deadline(limit):
                return address, await connector.connect(address, port)
        except (OSError, httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            last = error
    raise EgressFailed(
        f"{host} cannot be reached at {', '.join(map(str, addresses))}, port {port}",
        reason="connect",
        host=host,
        address=str(addresses[-1]),
    ) from last


class _Metered(httpcore2.AsyncNetworkStream):
    """A stream that ends in an error at a bound: no framing trick gets more bytes in."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream, left: int, host: str) -> None:
        self._inner = inner
        self._left = left
        self._host = host

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        data = await self._inner.read(max_bytes, timeout)
        self._left -= len(data)
        if self._left < 0:
            raise EgressRefused(
                f"{self._host} sent more bytes than max_encoded_bytes allows",
                reason="size",
                host=self._host,
            )
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        # What breaks on closing is closed; an error would take the place of a cancellation.
        with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
    ) -> httpcore2.AsyncNetworkStream:
        inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _Metered(inner, self._left, self._host)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
