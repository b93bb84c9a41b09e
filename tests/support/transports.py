"""The shipped transports, each with the event loops it runs on."""

import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from unittest.mock import patch

from majordomo.http import HttpxTransport, Transport, httpx_transport
from majordomo.http.aiohttp_transport import AiohttpTransport


@dataclass(frozen=True, slots=True)
class Way:
    """A transport on an event loop.

    Attributes:
        make: Its class.
        backend: The loop's library.
    """

    make: Callable[[], Transport]
    backend: str

    def __str__(self):
        return f"{self.make.__name__} on {self.backend}"

    async def trusting(self, context: ssl.SSLContext, stack: AsyncExitStack) -> Transport:
        """One that trusts what a TLS context trusts; the stack closes what it needs."""
        if self.make is AiohttpTransport:
            return AiohttpTransport(tls=context)
        stack.enter_context(patch.object(httpx_transport, "tls_context", lambda: context))
        transport = HttpxTransport()
        stack.push_async_callback(transport.aclose)
        return transport


FAST = Way(AiohttpTransport, "asyncio")
WAYS = (Way(HttpxTransport, "asyncio"), Way(HttpxTransport, "trio"), FAST)
