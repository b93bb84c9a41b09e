"""What a client sent, parsed and kept for the test to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executus.testing.server.connection import Connection

__all__ = ["BadRequest", "RecordedRequest"]


class BadRequest(ValueError):
    """The bytes are no HTTP/1.1 request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request.

    Attributes:
        method: Such as "POST".
        path: With its query.
        headers: Names in lower case; of a repeated one, all values joined with ", ".
        body: Without transfer coding.
        json: The body parsed, or None when it is no JSON.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    json: Any


async def read_request(connection: Connection) -> RecordedRequest:
    """Read the next request of a connection.

    Raises:
        HungUp: The client is gone.
        BadRequest: It sent something else.
    """
    lines = (await connection.read_until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(f"not a request line: {lines[0]!r}")
    headers = _headers(lines[1:])
    body = await _body(connection, headers)
    return RecordedRequest(
        method=words[0], path=words[1], headers=headers, body=body, json=_parsed(body)
    )


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequest(f"not a header: {line!r}")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _body(connection: Connection, headers: Mapping[str, str]) -> bytes:
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await _chunked(connection)
        return await connection.read_exactly(int(headers.get("content-length", "0")))
    except ValueError as error:
        raise BadRequest(f"not a length: {error}") from error


async def _chunked(connection: Connection) -> bytes:
    pieces: list[bytes] = []
    while size := int((await connection.read_until(b"\r\n")).split(b";")[0], 16):
        pieces.append(await connection.read_exactly(size))
        await connection.read_until(b"\r\n")
    while await connection.read_until(b"\r\n"):
        pass  # trailers
    return b"".join(pieces)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
