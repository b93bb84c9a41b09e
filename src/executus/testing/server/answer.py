"""What a loopback server can answer: whole bodies, streams, and the ways an exchange breaks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import responses
from typing import Any, TypeAlias

__all__ = ["Answer", "Close", "Hang", "JSONAnswer", "RawAnswer", "Reset", "SSEAnswer"]


def _no_headers() -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class JSONAnswer:
    """A whole JSON body with its length.

    Attributes:
        status: Status code.
        body: Anything `json` can write.
        headers: Sent besides `content-type` and `content-length`.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=_no_headers)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Bytes sent as they are, head included; the connection is closed after them."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SSEAnswer:
    """An event stream with chunked transfer: one HTTP chunk per element.

    Attributes:
        chunks: Pieces of the body, cut wherever the test wants.
        before: Awaited with the index of each chunk before it is sent, and with the number of
            chunks before the stream is ended. Pacing waits for events here, never for time.
        headers: Sent besides `content-type` and `transfer-encoding`.
    """

    chunks: Sequence[bytes]
    before: Callable[[int], Awaitable[object]] | None = None
    headers: Mapping[str, str] = field(default_factory=_no_headers)


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer: the connection stays open until either side closes it."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """An answer that breaks off.

    Attributes:
        after_bytes: Bytes of the body that are sent, after the head. 0 without an answer: not even
            the head.
        answer: What is broken off; a filler longer than `after_bytes` by default.
    """

    after_bytes: int = 0
    answer: JSONAnswer | SSEAnswer | None = None


class Reset(_Cut):
    """The connection is reset (RST) mid-answer."""

    __slots__ = ()


class Close(_Cut):
    """The connection is closed (FIN) mid-answer."""

    __slots__ = ()


Answer: TypeAlias = JSONAnswer | RawAnswer | SSEAnswer | Hang | Reset | Close


def head(answer: JSONAnswer | SSEAnswer, length: int) -> bytes:
    """The status line and headers; `length` is that of a whole body, unused for a stream."""
    if isinstance(answer, SSEAnswer):
        status, own = 200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
    else:
        status = answer.status
        own = {"content-type": "application/json", "content-length": str(length)}
    fields = {**own, **answer.headers}
    lines = [
        f"HTTP/1.1 {status} {responses.get(status, 'Unknown')}",
        *(f"{name}: {value}" for name, value in fields.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def encode_body(answer: JSONAnswer) -> bytes:
    """The JSON text, non-ASCII characters as UTF-8, as the vendors send it."""
    return json.dumps(answer.body, ensure_ascii=False).encode()


def frame(chunk: bytes) -> bytes:
    """One HTTP chunk; an empty one ends the body, so it stands for the end."""
    return b"%x\r\n%s\r\n" % (len(chunk), chunk)


def cut_pieces(cut: Reset | Close) -> Iterator[bytes]:
    """The bytes a broken answer still sends, piece by piece."""
    if cut.answer is None and not cut.after_bytes:
        return
    answer = cut.answer or JSONAnswer(body="x" * cut.after_bytes)
    if isinstance(answer, JSONAnswer):
        body = encode_body(answer)
        yield head(answer, len(body)) + body[: cut.after_bytes]
        return
    yield head(answer, 0)
    left = cut.after_bytes
    for chunk in answer.chunks:
        if left > 0:
            yield frame(chunk[:left])
        left -= len(chunk)
