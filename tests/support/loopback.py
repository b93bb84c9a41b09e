"""Real HTTP servers on loopback, each one function from a request's head to a response's bytes."""

from contextlib import asynccontextmanager

import anyio
from anyio.streams.tls import TLSListener


class LoopbackServer:
    """What a server saw and where it is."""

    def __init__(self, port):
        self.port = port
        self.connections = 0
        self.heads = []


async def _head(stream):
    data = b""
    # A TLS handshake (0x16) sent to a plain server has no such end.
    while b"\r\n\r\n" not in data and not data.startswith(b"\x16"):
        data += await stream.receive()
    return data


@asynccontextmanager
async def serve(respond, *, host="127.0.0.1", port=0, tls=None):
    """Serve until left; `respond(server, head)` gives the bytes, `host` must be loopback."""
    listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
    server = LoopbackServer(listener.extra(anyio.abc.SocketAttribute.local_port))

    async def handle(stream):
        server.connections += 1
        try:
            async with stream:
                head = await _head(stream)
                server.heads.append(head)
                await stream.send(respond(server, head))
        except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError, OSError):
            pass

    if tls is not None:
        listener = _Tls(listener, tls, standard_compatible=False)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield server
        group.cancel_scope.cancel()


class _Tls(TLSListener):
    """A client that breaks the handshake off is part of the tests, not an error to log."""

    @staticmethod
    async def handle_handshake_error(exc, stream):
        await stream.aclose()
