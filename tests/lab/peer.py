"""A scripted peer on a raw socket: bytes in, bytes out, and every way an exchange can break.

A script is a sequence of actions, played once for each accepted connection, so that a second
attempt meets the same fault as the first.
"""

import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import anyio
import anyio.lowlevel

_READ_BYTES = 65536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class HungUp(Exception):
    """The client closed the connection, or it broke."""


async def settle(rounds=12):
    """Let everybody else go as far as the bytes that are on their way carry them."""
    for _ in range(rounds):
        await anyio.lowlevel.checkpoint()


class Line:
    """One accepted connection, in the clear or inside TLS."""

    def __init__(self, sock, tls):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls and tls.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._buffer = b""

    async def greet(self):
        """Shake hands, when there is TLS."""
        while self._tls is not None:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._write(self._outgoing.read())
                self._incoming.write(await self._read())
            except ssl.SSLError as error:
                raise HungUp from error
            else:
                await self._write(self._outgoing.read())
                return

    async def read_until(self, mark):
        while mark not in self._buffer:
            self._buffer += await self.receive()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    async def read_exactly(self, count):
        while len(self._buffer) < count:
            self._buffer += await self.receive()
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    async def receive(self):
        while self._tls is not None:
            try:
                if data := self._tls.read(_READ_BYTES):
                    return data
                raise HungUp
            except ssl.SSLWantReadError:
                self._incoming.write(await self._read())
            except ssl.SSLError as error:
                raise HungUp from error
        return await self._read()

    async def send(self, data):
        if self._tls is not None:
            self._tls.write(data)
            data = self._outgoing.read()
        await self._write(data)

    async def wait_hung_up(self):
        try:
            while True:
                await self.receive()
        except HungUp:
            return

    async def _read(self):
        while True:
            await anyio.wait_readable(self._sock)
            try:
                data = self._sock.recv(_READ_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                raise HungUp from error
            if not data:
                raise HungUp
            return data

    async def _write(self, data):
        view = memoryview(data)
        while view:
            try:
                view = view[self._sock.send(view) :]
            except BlockingIOError:
                await anyio.wait_writable(self._sock)
            except OSError as error:
                raise HungUp from error
        await anyio.lowlevel.checkpoint()

    def half_close(self):
        self._sock.shutdown(socket.SHUT_WR)

    def reset_on_close(self):
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def close(self):
        self._sock.close()


@dataclass(frozen=True, slots=True)
class Greet:
    """Shake hands; without TLS it does nothing."""

    async def play(self, line, peer):
        await line.greet()


@dataclass(frozen=True, slots=True)
class Read:
    """Read one request, head and body, and keep it."""

    async def play(self, line, peer):
        head = await line.read_until(b"\r\n\r\n")
        lengths = [
            int(value)
            for name, _, value in (row.partition(b":") for row in head.split(b"\r\n"))
            if name.lower() == b"content-length"
        ]
        body = await line.read_exactly(lengths[0] if lengths else 0)
        peer.requests.append(head + b"\r\n\r\n" + body)


@dataclass(frozen=True, slots=True)
class Send:
    """Send bytes, in pieces of `size` when that is given."""

    data: bytes
    size: int = 0

    async def play(self, line, peer):
        size = self.size or len(self.data) or 1
        for at in range(0, len(self.data), size):
            piece = self.data[at : at + size]
            await line.send(piece)
            peer.sent += len(piece)


@dataclass(frozen=True, slots=True)
class Flood:
    """Send the same bytes for ever: only the client can end it, or the peer's own patience.

    Attributes:
        times: How often before all time there is passes; 0 leaves the clock alone.
    """

    data: bytes
    times: int = 0

    async def play(self, line, peer):
        rounds = 0
        while peer.sent < peer.patience_bytes:
            await line.send(self.data)
            peer.sent += len(self.data)
            rounds += 1
            if rounds == self.times:
                await settle()
                peer.let_time_pass()
        raise AssertionError(f"the client took {peer.sent} bytes and did not stop the flood")


@dataclass(frozen=True, slots=True)
class Drip:
    """Send one byte after the other, a second apart, until all time has passed."""

    data: bytes

    async def play(self, line, peer):
        for at in range(len(self.data)):
            await line.send(self.data[at : at + 1])
            await settle(3)
            peer.let_time_pass(1.0)
        raise AssertionError("the client took the whole drip")


@dataclass(frozen=True, slots=True)
class Hang:
    """Do nothing while all the time there is passes; then wait until the client is gone."""

    async def play(self, line, peer):
        await settle()
        peer.stuck.set()
        peer.let_time_pass()
        await line.wait_hung_up()


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait until what was sent has been taken."""

    async def play(self, line, peer):
        await settle()


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Say that nothing more will come, but keep listening until the client is gone."""

    async def play(self, line, peer):
        line.half_close()
        await line.wait_hung_up()


@dataclass(frozen=True, slots=True)
class Reset:
    """End the connection with a reset (RST)."""

    async def play(self, line, peer):
        line.reset_on_close()
        raise HungUp


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection in good order (FIN); at a script's end that goes without saying."""

    async def play(self, line, peer):
        raise HungUp


class Peer:
    """Plays its script to every connection while its `async with` block is open.

    Args:
        script: The actions; an empty one closes what it accepts.
        tls: Speak TLS with this context.
        refuse: Hold a port nobody listens at.
        pass_time: Called with seconds, or None for all that is left, by actions that take time.
        patience_bytes: Bytes after which a flood is given up as not to be stopped.

    Attributes:
        requests: Raw requests, in order.
        connections: Connections accepted.
        sent: Bytes sent, to all connections together.
        stuck: Set when a connection hangs.
    """

    def __init__(
        self,
        script: Sequence[object] = (),
        *,
        tls: ssl.SSLContext | None = None,
        refuse: bool = False,
        pass_time: Callable[[float | None], object] = lambda seconds: None,
        patience_bytes: int = 1 << 30,
    ) -> None:
        self.script = tuple(script)
        self.patience_bytes = patience_bytes
        self.requests: list[bytes] = []
        self.connections = 0
        self.sent = 0
        self.stuck = anyio.Event()
        self._tls = tls
        self._refuse = refuse
        self._pass_time = pass_time
        self._lines: set[Line] = set()

    def let_time_pass(self, seconds=None):
        self._pass_time(seconds)

    @property
    def address(self):
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    async def idle(self):
        """Wait until every connection has ended."""
        while self._lines:
            await anyio.lowlevel.checkpoint()

    async def __aenter__(self):
        self._listener = socket.socket()
        self._listener.setblocking(False)
        self._listener.bind(("127.0.0.1", 0))
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        if not self._refuse:
            self._listener.listen()
            self._tasks.start_soon(self._accept)
        return self

    async def __aexit__(self, *error):
        try:
            self._tasks.cancel_scope.cancel()
            await self._tasks.__aexit__(*error)
        finally:
            self._listener.close()

    async def _accept(self):
        while True:
            await anyio.wait_readable(self._listener)
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                continue
            self.connections += 1
            line = Line(sock, self._tls)
            self._lines.add(line)
            self._tasks.start_soon(partial(self._serve, line))

    async def _serve(self, line):
        try:
            for action in self.script:
                await action.play(line, self)
        except HungUp:
            return
        finally:
            line.close()
            self._lines.discard(line)
