"""The first lines of the command: signals end the process quietly before anything is imported.

A package of its own because importing `executus` takes long enough to be interrupted, and an
interrupted import would print a traceback. It leads to `executus.cli`, and nothing leads back.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

__all__ = ["ENDING", "main"]

ENDING = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that ask a process to end, as far as this system has them."""

_GENERAL = (["--help"], ["-h"], ["--version"])


def _leave_at_signals() -> None:
    """Let the signals of `ENDING` end the process at once, with 128 plus their number.

    For the time in which nothing has been begun. One that is ignored stays so (`nohup`, `cmd &`).
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)


def _hold_standard_streams() -> None:
    """Put the null device where a standard stream is closed: a socket must not take its place."""
    for stream in (0, 1, 2):
        with suppress(OSError):
            try:
                os.fstat(stream)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def main() -> None:
    """Entry point of the `executus` command."""
    _leave_at_signals()
    _hold_standard_streams()
    if sys.argv[1:] in _GENERAL:  # answered without loading the library
        with suppress(ModuleNotFoundError):  # without its extra, the command itself says so
            importlib.import_module("executus_command.front").answer(sys.argv[1])
    importlib.import_module("executus.cli").main()
