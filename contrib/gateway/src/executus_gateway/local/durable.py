"""Files that are there whole or not at all, whenever the power goes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["PRIVATE_DIR", "PRIVATE_FILE", "sync_folder", "write_durably"]

PRIVATE_FILE = 0o600
PRIVATE_DIR = 0o700


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file: written beside it, synced, renamed, the folder synced.

    Raises:
        OSError: It cannot be written; the old file is as it was.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # Windows opens no folders, and needs no sync of them
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
