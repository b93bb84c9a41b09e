"""The log and the snapshot as two files of one folder (ADR 0171)."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Final, TypeVar

import anyio

from executus_gateway.errors import StateDamaged
from executus_gateway.local.durable import PRIVATE_DIR, PRIVATE_FILE, sync_folder, write_durably
from executus_gateway.local.folderlock import FolderLock
from executus_gateway.local.loglines import (
    decode_log,
    decode_snapshot,
    encode_event,
    encode_snapshot,
)
from executus_gateway.ports import History
from executus_gateway.schema import Event, Snapshot
from majordomo.tasks import finish
from majordomo.threads import WorkerThreads

__all__ = ["LOG_BYTES", "FileStore"]

T = TypeVar("T")

LOG_BYTES: Final = 4 * 1024 * 1024


class FileStore:
    """A `StateStore` in a folder, which is made when missing.

    Args:
        folder: Its path.
        log_bytes: Size past which the log is long. It is the snapshot's own size where that is
            more: else a long history would be written again and again for a little news.
    """

    def __init__(self, folder: Path, *, log_bytes: int = LOG_BYTES) -> None:
        self._folder = folder
        self._snapshot = folder / "snapshot.json"
        self._log = folder / "events.jsonl"
        self._threads = WorkerThreads(1)
        self._turn = anyio.Lock()
        self._lock: FolderLock | None = None
        self._file: FileIO | None = None
        self._log_bytes = log_bytes
        self._snapshot_bytes = 0
        self._good = 0

    async def load(self) -> History:
        """Lock the folder and read it.

        Raises:
            StateDamaged: A file was changed by something else than a crash.
            StateLocked: Another process has it.
        """
        return await self._alone(self._load)

    async def append(self, event: Event) -> bool:
        """Write one line and sync it; says whether the log is long by now."""
        line = encode_event(event)
        return await self._alone(lambda: self._append(line))

    async def fold(self, snapshot: Snapshot) -> None:
        """Write the snapshot, then begin the log anew."""
        data = encode_snapshot(snapshot)
        await self._alone(lambda: self._fold(data))

    async def aclose(self) -> None:
        """Close the log and let the folder go."""
        await self._alone(self._close)

    async def _alone(self, work: Callable[[], T]) -> T:
        async def turn() -> T:
            async with self._turn:
                return await self._threads.call(work)

        return await finish(turn)

    def _load(self) -> History:
        self._folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        self._lock = FolderLock(self._folder / "lock")
        try:
            return self._read()
        except BaseException:
            self._close()
            raise

    def _read(self) -> History:
        snapshot = Snapshot()
        if self._snapshot.exists():
            stored = self._snapshot.read_bytes()
            self._snapshot_bytes = len(stored)
            snapshot = decode_snapshot(stored, self._snapshot.name)
        data = self._log.read_bytes() if self._log.exists() else b""
        log = decode_log(data, self._log.name, snapshot.sequence)
        self._open_log()
        self._good = log.good_bytes
        if log.torn_bytes:
            self._cut()
        return History(
            snapshot=snapshot,
            events=log.events,
            torn_bytes=log.torn_bytes,
            is_long=self._is_long(),
        )

    def _open_log(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        self._file = FileIO(os.open(self._log, flags, PRIVATE_FILE), "r+")
        sync_folder(self._folder)

    def _is_long(self) -> bool:
        return self._good > max(self._log_bytes, self._snapshot_bytes)

    def _append(self, line: bytes) -> bool:
        file = self._opened()
        try:
            written = 0
            while written < len(line):
                written += file.write(line[written:])
            os.fsync(file.fileno())
        except OSError:
            self._cut()  # a half line between two whole ones would be damage
            raise
        self._good += len(line)
        return self._is_long()

    def _cut(self) -> None:
        file = self._opened()
        try:
            os.ftruncate(file.fileno(), self._good)
            os.fsync(file.fileno())
        except OSError:
            file.close()
            self._file = None
            raise

    def _fold(self, data: bytes) -> None:
        file = self._opened()
        write_durably(self._snapshot, data)
        self._snapshot_bytes = len(data)
        # Cut in place: whoever crashes before it finds events that the snapshot has, and skips
        # them. There is no moment without a log that can be added to.
        os.ftruncate(file.fileno(), 0)
        self._good = 0
        os.fsync(file.fileno())

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _opened(self) -> FileIO:
        if self._file is None:
            raise StateDamaged(f"the log in {self._folder} is closed: open the gateway anew")
        return self._file
