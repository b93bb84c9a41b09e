"""A console on standard error, whose failures harm nobody."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import IO, TextIO, cast

from rich.console import Console

__all__ = ["aside"]


def aside() -> Console:
    """A console on standard error whose failures harm nobody."""
    stream = cast("TextIO | None", sys.stderr)
    file = None if stream is None else cast("IO[str]", _Forgiving(stream))
    return Console(file=file, stderr=True, highlight=False)


class _Forgiving:
    """A stream that drops what it cannot write."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()
