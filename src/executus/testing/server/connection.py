"""One accepted socket, on any event loop.

A bare socket instead of anyio's stream: only then can an answer end in a real reset, since the
transports of asyncio say goodbye (FIN) first.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

import anyio
import anyio.lowlevel

from majordomo.tasks import TaskOwner

T = TypeVar("T")

__all__ = ["Connection", "HungUp"]

_READ_BYTES = 65536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class HungUp(Exception):
    """The client closed the connection, or it broke."""


class Connection:
    """Buffered reads and whole writes.

    Args:
        sock: Connected; the connection owns it.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._buffer = b""

    async def read_until(self, mark: bytes) -> bytes:
        """The bytes before the mark, which is taken too.

        Raises:
            HungUp: It never came.
        """
        while mark not in self._buffer:
            self._buffer += await self._receive()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    async def read_exactly(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            HungUp: There were fewer.
        """
        pieces, missing = [self._buffer], count - len(self._buffer)
        while missing > 0:
            pieces.append(await self._receive())
            missing -= len(pieces[-1])
        data = b"".join(pieces)
        self._buffer = data[count:]
        return data[:count]

    async def wait_hung_up(self) -> None:
        """Read and drop until the client is gone."""
        try:
            while True:
                await self._receive()
        except HungUp:
            return

    async def wait_for(self, work: Awaitable[T]) -> T:
        """Await something that may take long, but not longer than the client waits.

        Raises:
            HungUp: The client went first; `work` was cancelled.
        """
        with anyio.CancelScope() as scope:
            async with TaskOwner() as tasks:
                tasks.start(partial(self._cancel_when_hung_up, scope))
                return await work
        raise HungUp

    async def _cancel_when_hung_up(self, scope: anyio.CancelScope) -> None:
        await self.wait_hung_up()
        scope.cancel()

    async def _receive(self) -> bytes:
        while True:
            await anyio.wait_readable(self._sock)
            try:
                chunk = self._sock.recv(_READ_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                raise HungUp from error
            if not chunk:
                raise HungUp
            return chunk

    async def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            HungUp: The client is gone.
        """
        view = memoryview(data)
        while view:
            try:
                view = view[self._sock.send(view) :]
            except BlockingIOError:
                await anyio.wait_writable(self._sock)
            except OSError as error:
                raise HungUp from error
        await anyio.lowlevel.checkpoint()

    def reset(self) -> None:
        """Make `close` reset the connection instead of ending it in good order."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
