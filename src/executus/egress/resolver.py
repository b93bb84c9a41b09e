"""The resolver seam: a name and what it stands for now."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Protocol

import anyio

from executus.egress.addresses import Address

__all__ = ["SYSTEM_RESOLVER", "Resolver", "SystemResolver"]


class Resolver(Protocol):
    """Looks a name up. Asked once per hop; what it answers is checked, then dialled."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of an ASCII name, best first; none when there are none.

        Raises:
            OSError: The lookup failed.
        """
        ...


class SystemResolver:
    """The system's own: hosts file, configured name servers, search domains."""

    __slots__ = ()

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """See `Resolver.resolve`."""
        # As bytes: text would be mapped a second time, and not as the host was read.
        found = await anyio.getaddrinfo(
            host.encode("ascii"), port, type=socket.SocketKind.SOCK_STREAM
        )
        return [ip_address(sockaddr[0]) for _, _, _, _, sockaddr in found]


SYSTEM_RESOLVER: Resolver = SystemResolver()
