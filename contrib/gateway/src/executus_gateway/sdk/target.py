"""What a client talks to: this process, a daemon, a remote gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from executus_gateway.schema import Event

__all__ = ["Target"]


class Target(Protocol):
    """Carries the methods of `api` and the events of the ledger."""

    async def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Call a method; JSON in, JSON out.

        Raises:
            GatewayError: As in the gateway's own process.
        """
        ...

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Events from now on; the stream ends when its reader does not keep up."""
        ...

    async def aclose(self) -> None:
        """Let go of it."""
        ...
