"""The daemon's log: a file that begins anew past a size, and shows no token."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from majordomo.llm import Scrubber

__all__ = ["log_to_file"]

KEPT = 2
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_QUIET = ("mcp", "httpx2", "httpcore2", "uvicorn", "asyncio")


@contextmanager
def log_to_file(path: Path, *, max_bytes: int, secrets: Sequence[str]) -> Generator[None]:
    """Within the block all logging goes to the file.

    Args:
        path: Of the log; made mode 0600.
        max_bytes: After which it is renamed to `.1`, and that to `.2`.
        secrets: Taken out of whatever is logged, tracebacks included.
    """
    handler = _PrivateHandler(path, maxBytes=max_bytes, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(_Scrubbing(secrets))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _QUIET:  # they tell of each request, session ids included
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


class _PrivateHandler(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")


class _Scrubbing(logging.Formatter):
    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__(_FORMAT)
        self._scrubber = Scrubber()
        for secret in secrets:
            self._scrubber.add("token", secret)

    def format(self, record: logging.LogRecord) -> str:
        return self._scrubber.scrub(super().format(record))
