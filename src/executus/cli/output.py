"""What the command writes: answers to standard output, everything else to standard error.

An answer that cannot be written ends the command. What is told aside never does: a log that is
full must not cost the answer.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

import click
from pydantic_core import to_json

from executus.errors import ExecutusError
from executus.printable import printable

__all__ = [
    "OutputLost",
    "is_terminal",
    "one_line",
    "prepare_streams",
    "prompt",
    "say",
    "say_json",
    "settle_streams",
    "tell",
]


class OutputLost(ExecutusError):
    """Standard output cannot be written to.

    Args:
        code: The system's error number.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"cannot write to standard output: {os.strerror(code)}")

    @property
    def unread(self) -> bool:
        """Its reader went away, as `head` does once it has enough."""
        return self.code == errno.EPIPE


def one_line(text: str) -> str:
    """Printable text without line breaks and tabs."""
    return printable(" ".join(text.split()))


def say(text: str | bytes) -> None:
    """Write a line to standard output.

    Raises:
        OutputLost: It is closed, full, or its reader is gone.
    """
    if cast("TextIO | None", sys.stdout) is None:
        raise OutputLost(errno.EBADF)
    try:
        click.echo(text)
    except OSError as error:
        raise OutputLost(error.errno or errno.EIO) from error


def say_json(body: dict[str, Any]) -> None:
    """Write a JSON object as a line; characters that are no text are replaced.

    Raises:
        OutputLost: See `say`.
    """
    try:
        line = to_json(body, inf_nan_mode="strings")
    except ValueError:  # half a surrogate pair, which JSON text from a model may hold
        line = to_json(_as_text(body), inf_nan_mode="strings")
    say(line)


def _as_text(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            known = cast("dict[str, Any]", value)
            return {_as_text(key): _as_text(one) for key, one in known.items()}
        case list() | tuple():
            return [_as_text(one) for one in cast("list[Any]", value)]
        case _:
            return value


def tell(text: str) -> None:
    """Write a line to standard error, if that can be written to."""
    with suppress(OSError):
        click.echo(printable(text), err=True)


def prompt(text: str) -> None:
    """Write to standard error without ending the line: somebody is to type behind it."""
    with suppress(OSError):
        click.echo(printable(text), err=True, nl=False)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at a stream; a colour setting does not make it so."""
    return stream is not None and stream.isatty()


def prepare_streams() -> None:
    """Let both streams take any text: what their encoding lacks is written as an escape.

    ASCII is what a container without a locale claims; its terminal takes UTF-8 all the same.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(
                encoding="utf-8" if is_ascii else stream.encoding, errors="backslashreplace"
            )


def settle_streams() -> None:
    """Write what is still buffered, or give it up, so that the interpreter's end is silent."""
    for stream in (sys.stdout, sys.stderr):
        if cast("TextIO | None", stream) is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
