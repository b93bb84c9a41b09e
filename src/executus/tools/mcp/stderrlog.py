"""A server's standard error, to our log: at debug level, line by line, bounded."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["stderr_to_log"]

logger = logging.getLogger("executus.tools.mcp.stderr")

MAX_LOGGED_BYTES = 256 * 1024
MAX_LINE = 2000


@contextmanager
def stderr_to_log(name: str, scrub: Callable[[str], str] = str) -> Generator[TextIO]:
    """A file to start a child process with; give it up once the child has it.

    Of each process 256 KiB are logged. The rest is read and dropped: a full pipe would stop it.

    Args:
        name: The server's, before each line.
        scrub: Takes secrets out of a line.
    """
    read_end, write_end = os.pipe()
    # A daemon: a grandchild that keeps the pipe open must not keep our process from ending.
    thread = threading.Thread(
        target=_pump, args=(name, read_end, scrub), name="mcp-stderr", daemon=True
    )
    thread.start()
    with os.fdopen(write_end, "w") as file:
        yield file


def _pump(name: str, read_end: int, scrub: Callable[[str], str]) -> None:
    logged = 0
    with os.fdopen(read_end, "rb", buffering=8192) as lines:
        while line := lines.readline(MAX_LINE):
            if logged < MAX_LOGGED_BYTES:
                logged += len(line)
                logger.debug("%s: %s", name, scrub(line.decode("utf-8", "replace").rstrip()))
