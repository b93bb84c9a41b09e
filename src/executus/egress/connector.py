"""The connector seam: opens a socket to an address that was checked, and looks nothing up."""

from __future__ import annotations

from typing import Protocol, cast

import httpcore2

from executus.egress.addresses import Address

__all__ = ["TCP_CONNECTOR", "Connector", "TCPConnector"]


class Connector(Protocol):
    """Opens sockets. It is handed nothing but checked addresses."""

    async def connect(self, address: Address, port: int) -> httpcore2.AsyncNetworkStream:
        """Open a stream to exactly this address.

        Raises:
            OSError: It cannot be reached; so do httpcore2's `ConnectError` and `ConnectTimeout`.
        """
        ...


class TCPConnector:
    """A TCP socket of our own; nothing of the environment, so no proxy, is in the way."""

    __slots__ = ("_backend",)

    def __init__(self) -> None:
        # httpcore2 declares it twice, once for an absent anyio, which hides its base.
        self._backend = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect(self, address: Address, port: int) -> httpcore2.AsyncNetworkStream:
        """See `Connector.connect`."""
        return await self._backend.connect_tcp(str(address), port)


TCP_CONNECTOR: Connector = TCPConnector()
