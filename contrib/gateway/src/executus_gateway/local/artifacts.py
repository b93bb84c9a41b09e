"""Catalogs, pauses and kept files as files of one folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from executus_gateway.errors import Refused
from executus_gateway.local.durable import PRIVATE_DIR, write_durably
from executus_gateway.ports import ArtifactKind
from majordomo.threads import WorkerThreads

__all__ = ["FolderArtifacts"]

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")


class FolderArtifacts:
    """An `ArtifactStore`: a sub-folder per kind, a file per key.

    Args:
        folder: Its path; made when something is put there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = WorkerThreads(1)
        self._writes = WorkerThreads(1)  # two writers of one key would write into one another

    async def get(self, kind: ArtifactKind, key: str) -> bytes | None:
        """The file's bytes, or None."""
        return await self._threads.call(_read, self._path(kind, key))

    async def put(self, kind: ArtifactKind, key: str, data: bytes) -> None:
        """Write the file durably."""
        await self._writes.call(_write, self._path(kind, key), data)

    async def keys(self, kind: ArtifactKind) -> Sequence[str]:
        """The names of the files there are."""
        return await self._threads.call(_names, self._folder / kind)

    async def drop(self, kind: ArtifactKind, key: str) -> None:
        """Remove the file."""
        await self._writes.call(_remove, self._path(kind, key))

    def _path(self, kind: ArtifactKind, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise Refused(f"{key[:40]!r} is no key of an artifact: letters, digits, _, - and .")
        return self._folder / kind / key


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _names(folder: Path) -> Sequence[str]:
    if not folder.is_dir():
        return ()
    return [path.name for path in folder.iterdir() if _KEY.fullmatch(path.name)]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    write_durably(path, data)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
