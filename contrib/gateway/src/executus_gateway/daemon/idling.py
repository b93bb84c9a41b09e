"""Whether anybody still wants a server: counts requests that are open, and dates the last one."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from majordomo.clock import Clock

__all__ = ["Idling"]


class Idling:
    """An ASGI application around another.

    Args:
        app: What is wanted or not.
        clock: Dates requests.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._open = 0
        self._last = clock.monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since the last request ended; 0 while one is open."""
        return 0.0 if self._open else self._clock.monotonic() - self._last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open -= 1
            self._last = self._clock.monotonic()
