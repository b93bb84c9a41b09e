"""Requests to an ASGI application without a socket: every header is exactly what a test says."""

import json
from dataclasses import dataclass

import anyio


@dataclass
class Answered:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["error"]["code"]


async def ask(app, method, path, headers=(), body=b"", *, query=b"", stay=None):
    """Send one request; `stay` is an event until which the client stays connected."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    pieces = [body[start : start + 65536] for start in range(0, len(body), 65536)] or [b""]
    answer = Answered(0, {}, b"")

    async def receive():
        if pieces:
            return {
                "type": "http.request",
                "body": pieces.pop(0),
                "more_body": bool(pieces),
            }
        if stay is None:
            await anyio.sleep_forever()
        await stay.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {
                name.decode().lower(): value.decode() for name, value in message["headers"]
            }
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
