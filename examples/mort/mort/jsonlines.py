"""A file of JSON lines that is only ever added to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["JsonLines"]


class JsonLines:
    """One JSON value to a line. A line that was added is on disk; half a line is none.

    Args:
        path: Made when missing, with its folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def read(self) -> list[Any]:
        """All lines, from the oldest; what a dying process left of a line is cut off."""
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self._path, len(whole))
        return [json.loads(line) for line in whole.splitlines()]

    def add(self, value: object) -> None:
        """Add a line; it survives the process, and the machine, once this returns."""
        with self._path.open("ab") as file:
            file.write(json.dumps(value).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
