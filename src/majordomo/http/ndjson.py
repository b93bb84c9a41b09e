"""Newline-delimited JSON without I/O: bytes in, one payload per line out."""

from __future__ import annotations

from typing import ClassVar

from majordomo.http.sse import LineTooLong

__all__ = ["MAX_LINE_BYTES", "NDJSONReader"]

MAX_LINE_BYTES = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class NDJSONReader:
    """Feeds on chunks of any size; identical lines for every way to cut the body.

    Args:
        max_line_bytes: Cap of one line.
    """

    media_type: ClassVar[str] = "application/x-ndjson"
    json_is_whole: ClassVar[bool] = False

    __slots__ = ("_max", "_size", "_tail")

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        # Kept as pieces: a 16 MiB line in small chunks must not be copied at each of them.
        self._tail: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take more bytes; return the lines that are complete now, blank ones left out.

        Raises:
            LineTooLong: A line passed the cap.
        """
        head, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._keep(chunk)
            return []
        lines = (b"".join(self._tail) + head).split(b"\n")
        if any(len(line) > self._max for line in lines):
            raise self._too_long()
        self._tail, self._size = [], 0
        self._keep(rest)
        return self._clean(lines)

    @property
    def stray(self) -> bytes:
        """Nothing: every line is a payload."""
        return b""

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max:
            raise self._too_long()
        if piece:
            self._tail.append(piece)

    def _too_long(self) -> LineTooLong:
        return LineTooLong(f"a line of the stream is over {self._max} bytes")

    def _clean(self, lines: list[bytes]) -> list[bytes]:
        # A mark can only start the body, but no JSON line starts with one: strip wherever it is.
        clean = (line.removeprefix(_BOM).strip() for line in lines)
        return [line for line in clean if line]

    def flush(self) -> list[bytes]:
        """The body has ended: return a last line without its newline, if any."""
        rest, self._tail, self._size = b"".join(self._tail), [], 0
        return self._clean([rest])
