"""Server-sent events without I/O: bytes in, data payloads out.

Tolerates what servers really send (wire/README §5): LF, CRLF and CR; a byte-order mark; comments;
data over several lines; a last event without its blank line; raw JSON without `data:`. Splits on
line ends only, never on the Unicode ones `str.splitlines` knows.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = ["MAX_LINE_BYTES", "LineTooLong", "SSEReader"]

MAX_LINE_BYTES = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class LineTooLong(ValueError):
    """A line of a stream passed its cap."""


class SSEReader:
    """Feeds on chunks of any size; identical payloads for every way to cut the body.

    Args:
        max_line_bytes: Cap of one line and of one event's data.
    """

    media_type: ClassVar[str] = "text/event-stream"
    json_is_whole: ClassVar[bool] = True

    __slots__ = (
        "_buffer",
        "_data",
        "_data_bytes",
        "_fresh",
        "_max",
        "_skip_lf",
        "_stray",
        "_stray_bytes",
    )

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self._buffer = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._stray: list[bytes] = []
        self._stray_bytes = 0
        self._fresh = True
        self._skip_lf = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take more bytes; return the data payloads that are complete now.

        Raises:
            LineTooLong: A line or an event's data passed the cap.
        """
        buffer = self._buffer + chunk if self._buffer else chunk
        if self._fresh:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                self._buffer = buffer
                return []
            buffer = buffer.removeprefix(_BOM)
            self._fresh = False
        if b"\r" in buffer or self._skip_lf:
            buffer = self._normalize(buffer)
        lines = buffer.split(b"\n")
        self._buffer = lines.pop()
        if len(self._buffer) > self._max:
            raise LineTooLong(f"a line of the stream is over {self._max} bytes")
        return self._take(lines)

    def _normalize(self, buffer: bytes) -> bytes:
        """Turn CRLF and CR into LF, also when a CRLF is cut between two chunks."""
        if not buffer:
            return buffer
        if self._skip_lf:
            # The CR before this LF ended its line already, so the LF ends nothing.
            buffer = buffer.removeprefix(b"\n")
        self._skip_lf = buffer.endswith(b"\r")
        return buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take(self, lines: list[bytes]) -> list[bytes]:
        payloads: list[bytes] = []
        data = self._data
        for line in lines:
            if len(line) > self._max:
                raise LineTooLong(f"a line of the stream is over {self._max} bytes")
            if line.startswith(b"data:"):
                value = line[6:] if line[5:6] == b" " else line[5:]
                data.append(value)
                self._data_bytes += len(value) + 1  # its line end, so empty ones count too
                if self._data_bytes > self._max:
                    raise LineTooLong(f"an event of the stream is over {self._max} bytes")
            elif not line:
                if data:
                    payloads.append(data[0] if len(data) == 1 else b"\n".join(data))
                    data.clear()
                    self._data_bytes = 0
            elif (self._stray or line[:1] in b"{[") and self._stray_bytes < self._max:
                self._stray.append(line)
                self._stray_bytes += len(line)
        return payloads

    def flush(self) -> list[bytes]:
        """The body has ended: return the event that was still open, if any."""
        rest, self._buffer = self._buffer, b""
        return self._take([rest, b""])

    @property
    def stray(self) -> bytes:
        """Text outside of any field that looks like JSON: an error some server sent raw."""
        return b"\n".join(self._stray)
