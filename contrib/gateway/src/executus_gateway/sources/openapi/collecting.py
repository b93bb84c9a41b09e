"""The garbage collector held off while a large document is read."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Generator[None]:
    """A block in which no collection begins.

    Of a document a million objects are made at once, none of them in a cycle, and the collector
    would walk them again and again: it takes half the time of reading 13 MB.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
