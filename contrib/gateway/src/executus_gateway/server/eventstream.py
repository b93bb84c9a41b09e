"""`GET /events`: what happens in the gateway from now on, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from executus_gateway.service import Gateway
from majordomo.clock import Clock

__all__ = ["EventStream"]

BEAT_S: Final = 15.0
_BEGUN = b": watching\n\n"
_BEAT = b": still here\n\n"


class EventStream:
    """The route's endpoint.

    Its first bytes are sent when watching has begun: what happens after them is told. The stream
    ends when its reader does not keep up.

    Args:
        gateway: An open one.
        clock: Times the signs of life.
    """

    def __init__(self, gateway: Gateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        del request
        return StreamingResponse(self._lines(), media_type="text/event-stream")

    async def _lines(self) -> AsyncGenerator[bytes]:
        async with self._gateway.watch() as events:
            yield _BEGUN
            while True:
                line = _BEAT
                with self._clock.deadline(BEAT_S):
                    try:
                        event = await anext(events)
                    except StopAsyncIteration:
                        return
                    line = b"data: " + event.model_dump_json().encode() + b"\n\n"
                yield line
