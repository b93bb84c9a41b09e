"""A small HTTP/1.1 server on loopback that answers from a script."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from inspect import isawaitable
from types import TracebackType
from typing import Self, TypeAlias

import anyio

from executus.testing.server.answer import (
    Answer,
    Close,
    Hang,
    JSONAnswer,
    RawAnswer,
    Reset,
    SSEAnswer,
    cut_pieces,
    encode_body,
    frame,
    head,
)
from executus.testing.server.connection import Connection, HungUp
from executus.testing.server.request import BadRequest, RecordedRequest, read_request
from majordomo.tasks import TaskOwner

__all__ = ["LoopbackServer", "Respond"]

Reply: TypeAlias = Answer | Sequence[bytes]
Respond: TypeAlias = Callable[[RecordedRequest], Reply | Awaitable[Reply]]
"""Answers a request; a sequence of bytes is short for an `SSEAnswer`."""


class LoopbackServer:
    """Serves while its `async with` block is open, on asyncio and trio, on a free port.

    Queued answers go first, one per request, then `respond`; with neither, the answer is a 500 that
    says so.

    Leaving the block raises what went wrong in the server itself (a `before`, say).

    Args:
        respond: Answers what the queue does not. What it raises is told to the client as a 500.

    Attributes:
        requests: All requests received, in order.
        connections: How many connections were ever accepted.
        open_connections: How many are open now.
    """

    def __init__(self, respond: Respond | None = None) -> None:
        self.requests: list[RecordedRequest] = []
        self.connections = 0
        self.open_connections = 0
        self._respond = respond
        self._queue: deque[Answer] = deque()
        self._changed = anyio.Event()
        self._tasks = TaskOwner()
        self._listener: socket.socket | None = None
        self._errors: list[Exception] = []

    @property
    def url(self) -> str:
        """Such as `http://127.0.0.1:40123`, without a trailing slash.

        Raises:
            RuntimeError: The server's block is not open.
        """
        if self._listener is None:
            raise RuntimeError("the server runs only inside its `async with` block")
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def enqueue(self, *answers: Answer) -> None:
        """Answer the next requests with these, in order."""
        self._queue.extend(answers)

    async def received(self, count: int = 1) -> RecordedRequest:
        """Wait until `count` requests have come; return the last of them."""
        await self._until(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    async def idle(self) -> None:
        """Wait until no connection is open."""
        await self._until(lambda: not self.open_connections)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def __aenter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        await self._tasks.__aenter__()
        self._tasks.start(partial(self._accept, self._listener))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._tasks.__aexit__(exc_type, exc, traceback)
        finally:
            if self._listener is not None:
                self._listener.close()
                self._listener = None
        if exc is None and self._errors:
            raise self._errors[0]

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            await anyio.wait_readable(listener)
            try:
                sock, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                continue
            self.connections += 1
            self.open_connections += 1
            self._tasks.start(partial(self._serve, Connection(sock)))

    async def _serve(self, connection: Connection) -> None:
        try:
            while await self._exchange(connection):
                pass
        except HungUp:
            return
        except Exception as error:  # noqa: BLE001 - raised when the block is left
            self._errors.append(error)
        finally:
            connection.close()
            self.open_connections -= 1
            self._notify()

    async def _exchange(self, connection: Connection) -> bool:
        """Answer one request; whether the connection can take another."""
        try:
            request = await read_request(connection)
        except BadRequest as error:
            await _send(connection, _problem(400, str(error)))
            return False
        self.requests.append(request)
        self._notify()
        keep = await _send(connection, await self._answer(connection, request))
        return keep and request.headers.get("connection", "").lower() != "close"

    async def _answer(self, connection: Connection, request: RecordedRequest) -> Answer:
        if self._queue:
            return self._queue.popleft()
        try:
            reply = self.respond(request)
            reply = await connection.wait_for(reply) if isawaitable(reply) else reply
        except HungUp:
            raise
        except Exception as error:  # noqa: BLE001 - told to the client, as any server does
            return _problem(500, f"respond() raised {type(error).__name__}: {error}")
        return SSEAnswer(reply) if isinstance(reply, Sequence) else reply

    def respond(self, request: RecordedRequest) -> Reply | Awaitable[Reply]:
        """Answer a request the queue has nothing for."""
        if self._respond is None:
            count = len(self.requests)
            return _problem(500, f"the loopback server's script has no answer for request {count}")
        return self._respond(request)


def _problem(status: int, message: str) -> JSONAnswer:
    return JSONAnswer(status, {"error": {"message": message, "type": "loopback_server_error"}})


async def _send(connection: Connection, answer: Answer) -> bool:
    """Send an answer; whether the connection can take another request."""
    match answer:
        case JSONAnswer():
            body = encode_body(answer)
            await connection.write(head(answer, len(body)) + body)
            return True
        case SSEAnswer():
            await _send_stream(connection, answer)
            return True
        case RawAnswer():
            await connection.write(answer.data)
        case Hang():
            await connection.wait_hung_up()
        case Reset() | Close():
            for piece in cut_pieces(answer):
                await connection.write(piece)
            if isinstance(answer, Reset):
                connection.reset()
    return False


async def _send_stream(connection: Connection, answer: SSEAnswer) -> None:
    await connection.write(head(answer, 0))
    for index, chunk in enumerate([*answer.chunks, b""]):
        if answer.before is not None:
            await connection.wait_for(answer.before(index))
        if chunk or index == len(answer.chunks):  # an empty chunk ends the body
            await connection.write(frame(chunk))
