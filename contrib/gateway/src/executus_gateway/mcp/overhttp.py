"""The MCP server at an address: streamable HTTP, for the revisions with a handshake and without."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from executus_gateway.mcp.endpoint import make_server
from executus_gateway.service import Gateway

__all__ = ["HttpEndpoint"]

Running: TypeAlias = AbstractAsyncContextManager[None]


class HttpEndpoint:
    """An ASGI application for one path. Whoever mounts it keeps strangers out: it asks nobody.

    Args:
        gateway: An open one.
        max_body_bytes: Of one request; a longer one is answered 413.
    """

    def __init__(self, gateway: Gateway, *, max_body_bytes: int) -> None:
        self._sessions = StreamableHTTPSessionManager(
            make_server(gateway), max_request_body_size=max_body_bytes
        )

    def running(self) -> Running:
        """The block in which it answers; entered once. Leaving it ends all sessions."""
        return self._sessions.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._sessions.handle_request(scope, receive, send)
