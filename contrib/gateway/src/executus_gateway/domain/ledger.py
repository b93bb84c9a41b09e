"""All records of a workspace in memory, changed only by events that are stored first."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, TypeVar, cast

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from executus_gateway.errors import UnknownId
from executus_gateway.ports import StateStore
from executus_gateway.schema import (
    LOCAL_WORKSPACE,
    AnyRecord,
    Change,
    Drop,
    Event,
    IdFactory,
    Put,
    Record,
    Snapshot,
    WorkspaceId,
)
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.tasks import finish

__all__ = ["Ledger"]

logger = logging.getLogger("executus_gateway.domain")

R = TypeVar("R", bound=Record)

FOLD_AFTER_EVENTS = 5000
FOLD_AGAIN_EVENTS = 100
"""How many events a fold that failed waits for the next try."""
WATCH_BUFFER = 1000

_LISTED_BY = {
    "source": "`tools.executor.sources.list()`",
    "policy": "`tools.executor.policies.list()`",
    "interaction": "the inbox",
    "run": "the list of runs",
}


class Ledger:
    """The one way to read and change state.

    Args:
        store: Keeps the events.
        new_id: Makes ids.
        clock: Dates events.
        workspace: Whose events.
    """

    def __init__(
        self,
        store: StateStore,
        *,
        new_id: IdFactory,
        clock: Clock = SYSTEM_CLOCK,
        workspace: WorkspaceId = LOCAL_WORKSPACE,
    ) -> None:
        self.workspace = workspace
        self.new_id = new_id
        self.clock = clock
        self._store = store
        self._records: dict[str, dict[str, Record]] = {}
        self._sequence = 0
        self._folded = 0
        self._fold_not_before = 0
        self._turn = anyio.Lock()
        self._watchers: set[MemoryObjectSendStream[Event]] = set()

    async def open(self) -> int:
        """Read what is stored; called once.

        Returns:
            Bytes of a last event that was never acknowledged and is gone.
        """
        history = await self._store.load()
        for record in history.snapshot.records:
            self._of(record.collection)[record.id] = record
        self._sequence = self._folded = history.snapshot.sequence
        for event in history.events:
            self._apply(event)
        await self._fold_when_long(is_long=history.is_long)
        return history.torn_bytes

    async def aclose(self) -> None:
        """Fold the log and let the store go; watchers' streams end."""
        for watcher in self._watchers:
            watcher.close()
        self._watchers.clear()
        async with self._turn:
            try:
                await self._fold()
            finally:
                await self._store.aclose()

    @property
    def sequence(self) -> int:
        """Of the last event."""
        return self._sequence

    def now_ms(self) -> int:
        """The time of day as records have it."""
        return int(self.clock.wall().timestamp() * 1000)

    def get(self, kind: type[R], record_id: str) -> R | None:
        """A record, or None."""
        return cast("R | None", self._of(_collection(kind)).get(record_id))

    def require(self, kind: type[R], record_id: str) -> R:
        """A record.

        Raises:
            UnknownId: There is none; says where ids are listed.
        """
        found = self.get(kind, record_id)
        if found is None:
            name = _collection(kind)
            where = _LISTED_BY.get(name, "a backup")
            raise UnknownId(f"there is no {name} {record_id[:80]!r}: look into {where}")
        return found

    def all(self, kind: type[R]) -> list[R]:
        """All records of a kind, oldest first."""
        found = cast("list[R]", list(self._of(_collection(kind)).values()))
        return sorted(found, key=lambda record: record.created_ms)

    async def commit(
        self,
        kind: str,
        *changes: Record | Drop,
        actor: Literal["gateway", "model", "person"] = "gateway",
    ) -> Event:
        """Store changes that hold together, then make them visible.

        Args:
            kind: What happened, dotted.
            changes: Records as they are now, and drops.
            actor: Who did it.

        Returns:
            The event, durable.
        """

        async def commit() -> Event:
            async with self._turn:
                now = self.now_ms()
                event = Event(
                    sequence=self._sequence + 1,
                    at_ms=now,
                    workspace=self.workspace,
                    kind=kind,
                    actor=actor,
                    changes=tuple(self._change(change, now) for change in changes),
                )
                is_long = await self._store.append(event)
                self._apply(event)
                await self._fold_when_long(is_long=is_long)
                return event

        event = await finish(commit)
        self._tell(event)
        return event

    @asynccontextmanager
    async def watch(self) -> AsyncGenerator[AsyncIterator[Event]]:
        """Events from now on. One who does not keep up sees the stream end, and looks anew."""
        send, receive = anyio.create_memory_object_stream[Event](WATCH_BUFFER)
        self._watchers.add(send)
        try:
            yield receive
        finally:
            self._watchers.discard(send)
            send.close()
            receive.close()

    def snapshot(self) -> Snapshot:
        """All records, after the last event."""
        records = [record for group in self._records.values() for record in group.values()]
        return Snapshot(sequence=self._sequence, records=tuple(cast("list[AnyRecord]", records)))

    def _change(self, change: Record | Drop, now: int) -> Change:
        if isinstance(change, Drop):
            return change
        known = self._of(_collection(type(change))).get(change.id)
        created = known.created_ms if known is not None else change.created_ms or now
        dated = change.model_copy(update={"created_ms": created, "updated_ms": now})
        return Put(record=cast("AnyRecord", dated))

    def _apply(self, event: Event) -> None:
        for change in event.changes:
            match change:
                case Put(record=record):
                    self._of(record.collection)[record.id] = record
                case Drop(collection=collection, id=record_id):
                    self._of(collection).pop(record_id, None)
        self._sequence = event.sequence

    async def _fold_when_long(self, *, is_long: bool) -> None:
        due = is_long or self._sequence - self._folded >= FOLD_AFTER_EVENTS
        if due and self._sequence >= self._fold_not_before:
            await self._fold()

    async def _fold(self) -> None:
        """Fold what is not folded. What cannot be folded stays in the log: nothing is lost."""
        if self._sequence == self._folded:
            return
        try:
            await self._store.fold(self.snapshot())
        except OSError as error:
            self._fold_not_before = self._sequence + FOLD_AGAIN_EVENTS
            logger.warning("the log cannot be folded into the snapshot: %s", error.strerror)
            return
        self._folded = self._sequence

    def _tell(self, event: Event) -> None:
        for watcher in list(self._watchers):
            try:
                watcher.send_nowait(event)
            except (anyio.WouldBlock, anyio.BrokenResourceError, anyio.ClosedResourceError):
                self._watchers.discard(watcher)
                watcher.close()

    def _of(self, collection: str) -> dict[str, Record]:
        return self._records.setdefault(collection, {})


def _collection(kind: type[Record]) -> str:
    return str(kind.model_fields["collection"].default)
