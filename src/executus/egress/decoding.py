"""Collects a body within bounds, undoing its content encodings piece by piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Literal

from executus.egress.errors import EgressFailed, EgressRefused

__all__ = ["ACCEPTED_ENCODINGS", "BodyReader", "Oversize"]

ACCEPTED_ENCODINGS = "gzip, deflate"
MAX_LAYERS = 2
MAX_MEMBERS = 4096
PIECE_BYTES = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"

Oversize = Literal["error", "cut"]


class BodyReader:
    """Takes the bytes of one body and keeps the decoded ones.

    Args:
        encodings: The `content-encoding` header.
        host: Whose body it is, for messages.
        max_bytes: Bound of the decoded body.
        max_encoded_bytes: Bound of the body as sent, and of each layer between.
        oversize: At a bound, refuse (`error`) or keep what fits (`cut`).

    Raises:
        EgressFailed: An encoding that was not asked for.
    """

    __slots__ = (
        "_encoded_left",
        "_host",
        "_layers",
        "_left",
        "_max_bytes",
        "_max_encoded_bytes",
        "_oversize",
        "_pieces",
        "_started",
        "truncated",
    )

    def __init__(
        self,
        encodings: str,
        *,
        host: str,
        max_bytes: int,
        max_encoded_bytes: int,
        oversize: Oversize,
    ) -> None:
        names = [name.strip().lower() for name in encodings.split(",")]
        names = [name for name in names if name not in ("", "identity")]
        if len(names) > MAX_LAYERS or any(name not in _WINDOWS for name in names):
            raise EgressFailed(
                f"{host} answered in the encoding {encodings[:60]!a}: only {ACCEPTED_ENCODINGS} "
                f"can be undone, at most {MAX_LAYERS} deep",
                reason="encoding",
                host=host,
            )
        # What was applied last is undone first.
        self._layers = [_Inflate(name, host) for name in reversed(names)]
        self._encoded_left = [max_encoded_bytes] * max(1, len(names))
        self._left = self._max_bytes = max_bytes
        self._max_encoded_bytes = max_encoded_bytes
        self._host = host
        self._oversize = oversize
        self._pieces: list[bytes] = []
        self._started = False
        self.truncated = False

    def feed(self, chunk: bytes) -> bool:
        """Take the next bytes as sent.

        Returns:
            Whether more are wanted.

        Raises:
            EgressRefused: A bound is passed.
            EgressFailed: The data is broken.
        """
        self._started = self._started or bool(chunk)
        for piece in self._through(chunk, 0):
            kept = piece[: self._left]
            self._pieces.append(kept)
            self._left -= len(kept)
            if len(kept) < len(piece):
                self._stop("max_bytes", self._max_bytes)
            if self.truncated:
                break
        return not self.truncated

    def finish(self) -> bytes:
        """The body.

        Raises:
            EgressFailed: The compressed data ends early.
        """
        if self._started and not self.truncated and not all(layer.ended for layer in self._layers):
            raise EgressFailed(
                f"the compressed body from {self._host} ends early",
                reason="encoding",
                host=self._host,
            )
        return b"".join(self._pieces)

    def _through(self, data: bytes, depth: int) -> Iterator[bytes]:
        """Undo layer after layer; every one is bounded, so that none can hide a bomb."""
        fits = self._within(data, depth)
        if depth == len(self._layers):
            yield fits
        else:
            for piece in self._layers[depth].decode(fits):
                yield from self._through(piece, depth + 1)
                if self.truncated:
                    return
        if len(fits) < len(data):
            self._stop("max_encoded_bytes", self._max_encoded_bytes)

    def _within(self, data: bytes, depth: int) -> bytes:
        if depth == len(self._encoded_left):
            return data
        fits = data[: self._encoded_left[depth]]
        self._encoded_left[depth] -= len(fits)
        return fits

    def _stop(self, name: str, bound: int) -> None:
        if self._oversize == "error":
            raise EgressRefused(
                f"the body from {self._host} is over {bound} bytes: raise {name}, or take the "
                "beginning with oversize='cut'",
                reason="size",
                host=self._host,
            )
        self.truncated = True


class _Inflate:
    """One layer, in pieces of a fixed size whatever the data claims."""

    __slots__ = ("_head", "_host", "_members", "_name", "_zlib", "ended")

    def __init__(self, name: str, host: str) -> None:
        self._name = name
        self._host = host
        self._zlib = zlib.decompressobj(_WINDOWS[name])
        # What may begin the format or the next member and is too short to tell; None within one.
        self._head: bytes | None = b"" if name == "deflate" else None
        self._members = 1
        self.ended = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        data = self._begin(data)
        piece = b""
        while (data or len(piece) == PIECE_BYTES) and not self.ended:
            try:
                piece = self._zlib.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise self._failed("is broken") from error
            data = self._zlib.unconsumed_tail
            if self._zlib.eof:
                self.ended = True
                self._head = b""
                data = self._begin(self._zlib.unused_data)
            if piece:
                yield piece

    def _begin(self, data: bytes) -> bytes:
        """What is to be decoded of it; nothing while two bytes are not there to tell."""
        if self._head is None:
            return data
        data = self._head + data
        self._head = data[:2]
        if len(data) < 2:
            return b""
        return self._next_member(data) if self.ended else self._first(data)

    def _first(self, data: bytes) -> bytes:
        """`deflate` means zlib's format, but some servers leave its header out."""
        self._head = None
        if data[0] & 0x0F != zlib.DEFLATED or int.from_bytes(data[:2]) % 31:
            self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
        return data

    def _next_member(self, rest: bytes) -> bytes:
        """A gzip body may be several members in a row; padding after the last is ignored."""
        if self._name == "deflate" or not rest.startswith(_GZIP_MAGIC):
            return b""
        self._members += 1
        if self._members > MAX_MEMBERS:  # each costs time, and may hold nothing
            raise self._failed(f"has over {MAX_MEMBERS} parts")
        self._zlib = zlib.decompressobj(_WINDOWS[self._name])
        self._head, self.ended = None, False
        return rest

    def _failed(self, what: str) -> EgressFailed:
        return EgressFailed(
            f"the compressed body from {self._host} {what}", reason="encoding", host=self._host
        )


_WINDOWS = {
    "gzip": 16 + zlib.MAX_WBITS,
    "x-gzip": 16 + zlib.MAX_WBITS,
    "deflate": zlib.MAX_WBITS,
}
