"""A request's body, read whole and within a bound before anybody looks at it."""

from __future__ import annotations

from starlette.types import Message, Receive

__all__ = ["read_capped", "replayed"]


async def read_capped(receive: Receive, max_bytes: int) -> bytes | None:
    """The body; None when it is longer, or when the client went away in the middle of it."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > max_bytes:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, then goes on."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
