"""Lines of standard input, awaited: what runs beside goes on, and a signal is heard at once."""

from __future__ import annotations

import os
import sys
from typing import TextIO, cast

import anyio

from executus.cli.inputs import MOST_BYTES
from executus.errors import SetupError

__all__ = ["LineReader", "is_typed"]

TERMINAL_LINE_BYTES = 4095
"""What the system keeps of a line that is typed; the rest it drops without a word."""
_PIECE_BYTES = 65536


def is_typed() -> bool:
    """Whether a person types what is read, and sees what is asked."""
    stdin, stderr = cast("TextIO | None", sys.stdin), cast("TextIO | None", sys.stderr)
    return all(stream is not None and stream.isatty() for stream in (stdin, stderr))


class LineReader:
    """Reads lines, one reader at a time.

    Args:
        fd: Where from.
        is_terminal: Lines are typed or pasted into a terminal, which has a longest line.
    """

    def __init__(self, fd: int = 0, *, is_terminal: bool = False) -> None:
        self._fd = fd
        self._is_terminal = is_terminal
        self._data = bytearray()
        self._ended = False
        self._waits = True

    async def line(self) -> str | None:
        """The next line without its end; None when there is none any more.

        Raises:
            SetupError: It is not UTF-8, or too long; the line after it can be read.
        """
        while (end := self._data.find(b"\n")) < 0 and not self._ended:
            await self._more()
        if end < 0 and not self._data:
            self._ended = False  # a terminal may go on after Ctrl-D
            return None
        raw = bytes(self._data if end < 0 else self._data[:end])
        del self._data[: len(raw) + 1]
        return self._text(raw)

    async def _more(self) -> None:
        if self._waits:
            try:
                await anyio.wait_readable(self._fd)
            except (OSError, NotImplementedError):  # a file, which never makes anybody wait
                self._waits = False
        try:
            piece = os.read(self._fd, _PIECE_BYTES)
        except OSError:  # a terminal that is gone
            piece = b""
        self._data += piece
        self._ended = not piece
        if len(self._data) > MOST_BYTES:
            self._data.clear()
            raise SetupError(f"a line of standard input is larger than {MOST_BYTES >> 20} MiB")

    def _text(self, raw: bytes) -> str:
        if self._is_terminal and len(raw) >= TERMINAL_LINE_BYTES:
            raise SetupError(
                f"a terminal takes lines of {TERMINAL_LINE_BYTES} bytes at most, and cut this "
                "one: give longer text in a file to a pipe"
            )
        try:
            return raw.decode("utf-8-sig").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise SetupError(
                f"a line of standard input is not UTF-8 text (byte {error.start + 1})"
            ) from None
