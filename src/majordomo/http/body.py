"""Reads a whole body within bounds: bytes on the wire, and bytes after decompression."""

from __future__ import annotations

import zlib

from majordomo.errors import ErrorKind
from majordomo.http.transport import HTTPResponse, TransportError

__all__ = ["MAX_BODY_BYTES", "Inflater", "read_body"]

MAX_BODY_BYTES = 32 * 1024 * 1024
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Inflater:
    """Undoes a content encoding, chunk by chunk, never past a bound.

    We ask for `identity`; some gateways compress all the same.

    Args:
        encoding: The `content-encoding` header.
        max_bytes: Bound of the decoded bytes.

    Raises:
        TransportError: An encoding we did not ask for and cannot undo.
    """

    __slots__ = ("_left", "_max", "_zlib")

    def __init__(self, encoding: str, max_bytes: int) -> None:
        name = encoding.strip().lower()
        self._left = self._max = max_bytes
        if name in ("", "identity"):
            self._zlib = None
        elif name in _WINDOW:
            self._zlib = zlib.decompressobj(_WINDOW[name])
        else:
            raise TransportError(
                f"the server sent content-encoding {name!r}, which was not asked for",
                code="bad_encoding",
                kind=ErrorKind.PERMANENT,
            )

    def feed(self, chunk: bytes) -> bytes:
        """Decode the next chunk.

        Raises:
            TransportError: The bound is passed, or the data is broken.
        """
        if self._zlib is not None:
            try:
                chunk = self._zlib.decompress(chunk, self._left + 1)
            except zlib.error as error:
                raise TransportError(
                    f"the compressed body is broken: {error}", code="bad_encoding"
                ) from error
        self._left -= len(chunk)
        if self._left < 0:
            raise TransportError(
                f"the body is over {self._max} bytes",
                code="body_too_large",
                kind=ErrorKind.PERMANENT,
            )
        return chunk


async def read_body(response: HTTPResponse, *, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Read the rest of a body.

    Raises:
        TransportError: The connection failed, or the body is over `max_bytes`.
    """
    inflater = Inflater(response.headers.get("content-encoding", ""), max_bytes)
    chunks: list[bytes] = []
    while chunk := await response.read_chunk():
        chunks.append(inflater.feed(chunk))
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
