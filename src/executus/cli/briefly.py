"""The garbage collector of a command: what it loads stays until it ends, and then all goes."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["briefly"]

_OFTEN_ENOUGH = 50_000
"""New objects after which a collection begins, also in a conversation that lasts for hours."""


@contextmanager
def briefly() -> Generator[None]:
    """A block around all that a process does.

    Modules are a hundred thousand objects that stay. The collector would walk them again and again
    while they are loaded, and once more at the end: a quarter of what a short command costs.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_OFTEN_ENOUGH, *usual[1:])
    atexit.register(gc.freeze)  # not here: a program that called the command goes on
    try:
        yield
    finally:
        gc.set_threshold(*usual)
