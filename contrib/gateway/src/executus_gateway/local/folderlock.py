"""One process owns a folder: an advisory lock that the system lets go when the process dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from executus_gateway.errors import StateLocked
from executus_gateway.local.durable import PRIVATE_FILE

__all__ = ["FolderLock"]


class FolderLock:
    """Held from its making until `release`. The file then has its process' number.

    Args:
        path: Of the lock's file; it stays.

    Raises:
        StateLocked: Another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StateLocked(
                f"{path.parent} is in use by another process: end it, or give another folder"
            ) from error
        try:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, str(os.getpid()).encode())
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Let it go; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
