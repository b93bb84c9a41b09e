"""A scripted MCP server over HTTP on loopback: it speaks the handshake, a test says the rest."""

import json
from contextlib import asynccontextmanager

import anyio
from anyio.streams.tls import TLSListener

TOOL = {"name": "ping", "inputSchema": {"type": "object"}}


class Wire:
    """Answers by method; `on[method]` is a function of the message to (status, headers, body)."""

    def __init__(self):
        self.on = {}
        self.seen = []
        self.heads = []
        self.tools = [TOOL]
        self.sessions = 0
        self.hanging = 0

    def methods(self):
        return [message.get("method") for message in self.seen]

    def answer(self, head, message):
        method = message.get("method", "")
        if method in self.on:
            return self.on[method](message)
        if head.startswith(b"GET"):
            return 405, {}, b""
        if method == "initialize":
            self.sessions += 1
            body = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "wire", "version": "1"},
            }
            return result(message, body, {"mcp-session-id": f"s{self.sessions}"})
        if method == "tools/list":
            return result(message, {"tools": self.tools})
        if method == "tools/call":
            return result(message, {"content": [{"type": "text", "text": "pong"}]})
        if "id" in message:
            return 404, {}, b""  # server/discover: a server of an older revision
        return 202, {}, b""


def result(message, body, headers=None):
    answer = {"jsonrpc": "2.0", "id": message.get("id"), "result": body}
    return 200, headers or {}, json.dumps(answer).encode()


def hang(message):
    return None


@asynccontextmanager
async def mcp_wire(*, port=0, tls=None):
    wire = Wire()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    wire.port = listener.extra(anyio.abc.SocketAttribute.local_port)
    if tls is not None:
        listener = TLSListener(listener, tls, standard_compatible=False)

    async def handle(stream):
        try:
            async with stream:
                await _serve(wire, stream)
        except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError, OSError):
            pass

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield wire
        group.cancel_scope.cancel()


async def _serve(wire, stream):
    data = b""
    while b"\r\n\r\n" not in data:
        data += await stream.receive()
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0].split(b":")[1]):
        body += await stream.receive()
    message = json.loads(body) if body else {}
    wire.heads.append(head)
    wire.seen.append(message)
    answer = wire.answer(head, message)
    if answer is None:
        wire.hanging += 1
        try:
            while True:
                await stream.receive()
        finally:
            wire.hanging -= 1
    status, headers, payload = answer
    headers = {"content-type": "application/json", "connection": "close", **headers}
    lines = [f"HTTP/1.1 {status} X", *(f"{k}: {v}" for k, v in headers.items())]
    if "transfer-encoding" not in headers:
        lines.append(f"content-length: {len(payload)}")
    await stream.send("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
