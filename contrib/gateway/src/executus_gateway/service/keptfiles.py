"""Files that calls gave: kept under a handle for a while, within bounds (ADR 0181)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import anyio

from executus_gateway.domain import Ledger, MisfitArguments
from executus_gateway.ports import ArtifactStore, File
from executus_gateway.schema import Drop, KeptFile, RunId, TaskRun
from executus_gateway.service.keeping import ENDED, Keep
from majordomo.tasks import finish

__all__ = ["KeptFiles"]

logger = logging.getLogger("executus_gateway.service")

DAY_MS: Final = 24 * 3600 * 1000
MAX_NAME = 200


class KeptFiles:
    """References in the ledger, bytes in the artifact store.

    Args:
        ledger: Keeps references.
        artifacts: Keeps bytes.
        keep: The bounds.
    """

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, keep: Keep) -> None:
        self._ledger = ledger
        self._artifacts = artifacts
        self._keep = keep
        self._turn = anyio.Lock()

    async def keep(self, run: RunId, file: File) -> dict[str, Any]:
        """Keep a file; where there is no room older ones of ended runs go first.

        Returns:
            What code is told of it: its handle, None with the reason where it could not be kept.
        """
        told = {
            "content_type": file.content_type,
            "bytes": len(file.data),
            **({"name": file.name[:MAX_NAME]} if file.name else {}),
            **({} if file.complete else {"complete": False}),
        }
        async with self._turn:
            if problem := await self._lacking_room(run, len(file.data)):
                return {"handle": None, **told, "problem": problem}
            kept = KeptFile(
                id=self._ledger.new_id("fil"),
                run=run,
                content_type=file.content_type,
                size_bytes=len(file.data),
                name=file.name[:MAX_NAME],
                complete=file.complete,
            )

            async def store() -> None:
                await self._artifacts.put("file", kept.id, file.data)
                await self._ledger.commit("file.kept", kept)

            try:
                await finish(store)
            except OSError as error:  # the call is good all the same
                logger.warning("a file of %s is not kept: %s", run, error.strerror)
                return {"handle": None, **told, "problem": "the gateway's disk takes no files"}
        return {"handle": kept.id, **told}

    def require(self, handle: str) -> KeptFile:
        """A file that is still kept.

        Raises:
            MisfitArguments: There is none; says how long files are kept.
        """
        kept = self._ledger.get(KeptFile, handle)
        if kept is None or self._is_old(kept):
            raise MisfitArguments(
                f"there is no file {handle[:80]!r}: files are kept for {self._keep.file_days:g} "
                "days and while there is room; make the call again that gave it"
            )
        return kept

    async def read(self, handle: str) -> File:
        """A file with its bytes.

        Raises:
            MisfitArguments: There is none.
        """
        kept = self.require(handle)
        data = await self._artifacts.get("file", kept.id)
        if data is None:
            raise MisfitArguments(f"the bytes of {handle} are gone: make the call again")
        return File(
            data=data, content_type=kept.content_type, name=kept.name, complete=kept.complete
        )

    def list(self) -> list[KeptFile]:
        """All that are kept, oldest first."""
        return [kept for kept in self._ledger.all(KeptFile) if not self._is_old(kept)]

    async def sweep(self) -> int:
        """Drop files that are too old or whose run is gone.

        Returns:
            How many went.
        """
        async with self._turn:
            gone = [kept for kept in self._ledger.all(KeptFile) if self._is_over(kept)]
            await self._drop(gone)
        return len(gone)

    async def _lacking_room(self, run: RunId, size: int) -> str:
        """Why there is no room for a file; empty when there is, or room could be made."""
        known = self._ledger.all(KeptFile)
        own = sum(kept.size_bytes for kept in known if kept.run == run)
        if own + size > self._keep.run_file_bytes:
            return f"a run keeps {self._keep.run_file_bytes} bytes of files: do less in one"
        over = sum(kept.size_bytes for kept in known) + size - self._keep.file_bytes
        gone: list[KeptFile] = []
        for kept in known:
            if over > 0 and self._has_ended(kept):
                gone.append(kept)
                over -= kept.size_bytes
        if over > 0:
            return f"the gateway keeps {self._keep.file_bytes} bytes of files: try again later"
        await self._drop(gone)
        return ""

    async def _drop(self, gone: Sequence[KeptFile]) -> None:
        if not gone:
            return
        drops = [Drop(collection="file", id=kept.id) for kept in gone]
        await self._ledger.commit("file.dropped", *drops)
        for kept in gone:
            await self._artifacts.drop("file", kept.id)

    def _is_over(self, kept: KeptFile) -> bool:
        return self._ledger.get(TaskRun, kept.run) is None or self._is_old(kept)

    def _is_old(self, kept: KeptFile) -> bool:
        """Whether it is over its time; what a run that has not ended was given is not."""
        age_ms = self._ledger.now_ms() - kept.created_ms
        return self._has_ended(kept) and age_ms > self._keep.file_days * DAY_MS

    def _has_ended(self, kept: KeptFile) -> bool:
        run = self._ledger.get(TaskRun, kept.run)
        return run is None or run.state in ENDED
