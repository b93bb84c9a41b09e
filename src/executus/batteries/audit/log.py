"""The one writer of an audit: redacts, queues, and writes until it is written."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import anyio
from pydantic_core import to_json

from executus.batteries.audit.memory import MemoryAuditStore, MemoryRunIndex
from executus.batteries.audit.recorder import RECORDED, Recorder
from executus.batteries.audit.records import AuditRecord, RunRecord
from executus.batteries.audit.redaction import (
    UNREDACTED,
    Redactor,
    SecretPatterns,
    redacted,
)
from executus.batteries.audit.store import AuditSink, AuditStore, RunIndex
from executus.errors import ExecutusError
from executus.events import RunEvent
from executus.run.info import RunInfo
from executus.run.result import RunResult
from majordomo.agent import as_message
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.tasks import TaskOwner, call_soon, current_loop, finish

__all__ = ["AuditLog"]

logger = logging.getLogger("executus.batteries.audit")

MOST_AT_ONCE = 500
_RETRY_S = 1.0
_KEPT_TIMES = 10
_DOWN_AFTER = 10
_SINK_S = 10.0
_LONGEST_SECRET = 16_384
"""Characters of a text that are looked at beyond those kept: one cut in two looks like none."""


def new_record_id() -> str:
    """A fresh record id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


class AuditLog:
    """The `Audit` port over a store, a run index and further sinks.

    A run's records are written when it ends, before its terminal record, so that whoever finds that
    finds all of them. Within `async with AuditLog(…)` they are also written while the run goes on,
    and leaving the block writes what is left. What could not be written stays queued and is tried
    again. When more than `max_waiting` are queued, a run waits for them to be written before it
    begins. While a store stays down, no more than ten times as many are kept: the oldest are given
    up, counted in `lost` and logged.

    Args:
        store: Keeps what happened in runs; this process's memory by default.
        runs: Keeps one record per run; this process's memory by default.
        sinks: Are given everything after the store has it, in that order. One that fails, or takes
            longer than 10 s, is logged and misses it.
        redactor: Takes secrets out of texts before anything is queued.
        max_text_chars: Longer texts are cut.
        max_waiting: Records queued before new runs have to wait.
        flush_timeout_s: Seconds that leaving the block may take to write what is left.
        clock: Dates the records.
        new_id: Makes record ids.

    Attributes:
        store, runs: Where to read.
        lost: How many records were given up.

    Example:
        >>> from executus import Executor, Ports, RunnableAgent
        >>> audit = AuditLog()
        >>> executor = Executor(ports=Ports(audit=audit))
        >>> result = executor.run_sync(RunnableAgent(name="helper", model="fake"), "hello")
        >>> import anyio
        >>> anyio.run(audit.runs.get, result.run_id).status
        'ok'
    """

    wants: Collection[str] = RECORDED

    def __init__(
        self,
        store: AuditStore | None = None,
        runs: RunIndex | None = None,
        *,
        sinks: Sequence[AuditSink] = (),
        redactor: Redactor | None = None,
        max_text_chars: int = 16_384,
        max_waiting: int = 10_000,
        flush_timeout_s: float = 10.0,
        clock: Clock = SYSTEM_CLOCK,
        new_id: Callable[[], str] = new_record_id,
    ) -> None:
        self.store: AuditStore = MemoryAuditStore() if store is None else store
        self.runs: RunIndex = MemoryRunIndex() if runs is None else runs
        self._sinks = sinks
        self._redactor = SecretPatterns() if redactor is None else redactor
        self._max_text_chars = max_text_chars
        self._max_waiting = max_waiting
        self._max_kept = _KEPT_TIMES * max(1, max_waiting)
        self._flush_timeout_s = flush_timeout_s
        self._clock = clock
        self._new_id = new_id
        self.lost = 0
        self._failures = 0  # of writes, in a row
        self._lock = threading.Lock()
        self._waiting: dict[str, AuditRecord] = {}
        self._open: dict[str, Recorder] = {}
        self._owner: TaskOwner | None = None
        self._wake: tuple[object, anyio.Event] | None = None
        self._outbox: deque[tuple[AuditSink, Sequence[AuditRecord]]] = deque()
        self._passing = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many records are not written yet."""
        return len(self._waiting)

    async def __aenter__(self) -> Self:
        self._owner = TaskOwner()
        await self._owner.__aenter__()
        self._wake = (current_loop(), anyio.Event())
        self._owner.start(self._write_on)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        owner, self._owner, self._wake = self._owner, None, None
        try:
            if owner is not None:
                await owner.__aexit__(exc_type, exc, traceback)
        finally:
            await finish(self._last_flush)

    async def start_run(self, info: RunInfo) -> None:
        """A run begins."""
        if self.waiting > self._max_waiting:
            await self.flush()
        started = self._cleaned(_run_record(info, self._clock.wall()))
        await self.runs.put(started)
        self._queue_for_sinks(started)
        await self._pass_on()

    def emit(self, event: RunEvent) -> None:
        """Queue what an event comes to."""
        with self._lock:
            run_id = event.run_id
            recorder = self._open.get(run_id)
            if recorder is None:
                recorder = self._open[run_id] = Recorder(run_id=run_id, new_id=self._new_id)
            for record in recorder.records(event, self._clock.wall()):
                self._waiting[record.id] = self._cleaned(record)
            self._give_up()
        wake = self._wake
        if wake is not None and self._waiting:
            loop, event_set = wake[0], wake[1].set
            event_set() if loop is current_loop() else call_soon(loop, event_set)

    def _give_up(self) -> None:
        while self._failures >= _DOWN_AFTER and len(self._waiting) > self._max_kept:
            self._waiting.pop(next(iter(self._waiting)))
            if not self.lost % self._max_kept:
                logger.error("audit records are lost: the store has taken none for long")
            self.lost += 1

    async def close_run(self, info: RunInfo, result: RunResult[Any]) -> None:
        """Write everything of the run, its terminal record last."""
        with self._lock:
            recorder = self._open.pop(info.run_id, None)
            for record in recorder.unfinished(self._clock.wall()) if recorder else ():
                self._waiting[record.id] = self._cleaned(record)
            mine = [each for each in self._waiting.values() if each.run_id == info.run_id]
        await self._write(mine)
        ended = self._cleaned(_ended_record(info, result, self._clock.wall()))
        await self.runs.put(ended)
        self._open.pop(info.run_id, None)
        self._queue_for_sinks(ended)
        await self._pass_on()

    async def flush(self) -> None:
        """Write everything that is queued.

        Raises:
            Exception: What the store raised; the rest stays queued.
        """
        while batch := self._batch():
            await self._write(batch)

    def _batch(self) -> Sequence[AuditRecord]:
        with self._lock:
            return [record for record, _ in zip(self._waiting.values(), range(MOST_AT_ONCE))]  # noqa: B905 - cut on purpose

    async def _write(self, records: Sequence[AuditRecord]) -> None:
        if not records:
            return
        try:
            await self.store.write(records)
        except BaseException:  # cut off for taking too long, too
            self._failures += 1
            raise
        self._failures = 0
        with self._lock:  # two may write the same at once: the store keeps one, sinks get one
            new = [record for record in records if self._waiting.pop(record.id, None)]
            if new:
                self._queue_for_sinks(*new)
        await self._pass_on()

    def _queue_for_sinks(self, *records: AuditRecord) -> None:
        self._outbox += [(sink, records) for sink in self._sinks]

    async def _pass_on(self) -> None:
        """Give sinks what the store has, in that order; one at a time does so for all."""
        while self._outbox and self._passing.acquire(blocking=False):
            try:
                await self._give(*self._outbox[0])
                self._outbox.popleft()  # only now: who is cancelled leaves it to the next
            except IndexError:  # another has just given the last
                return
            finally:
                self._passing.release()

    async def _give(self, sink: AuditSink, records: Sequence[AuditRecord]) -> None:
        try:
            with self._clock.deadline(_SINK_S) as scope:
                await sink.write(records)
        except Exception:
            logger.exception("an audit sink misses %d records", len(records))
        else:
            if scope.cancelled_caught:
                logger.error("an audit sink misses %d records: it hangs", len(records))

    async def _write_on(self) -> None:
        while self._wake is not None:
            loop, event = self._wake
            await event.wait()
            self._wake = (loop, anyio.Event())
            try:
                await self.flush()
            except Exception:
                logger.exception("%d audit records wait on", self.waiting)
                await self._clock.sleep(_RETRY_S)
                self._wake[1].set()

    async def _last_flush(self) -> None:
        error: Exception | None = None
        with self._clock.deadline(self._flush_timeout_s):
            try:
                await self.flush()
                await self._pass_on()
            except Exception as failure:  # noqa: BLE001 - told below, with what it means
                error = failure
        if self.waiting:
            raise ExecutusError(
                f"{self.waiting} audit records could not be written and are lost when the process "
                "ends: see to the store, then await flush()"
            ) from error

    def _cleaned(self, record: Any) -> Any:
        """The record without secrets, its texts no longer than is kept."""
        named = self._redactor is not UNREDACTED
        changes = {
            each.name: redacted(value, self._clean_text, named=named)
            for each in fields(record)
            if each.name not in _KEYS
            and isinstance(value := getattr(record, each.name), str | tuple | dict)
        }
        return replace(record, **changes)

    def _clean_text(self, text: str) -> str:
        """What is kept of a text; of a long one not all is looked at: that takes time."""
        kept = self._redactor.redact(text[: self._max_text_chars + _LONGEST_SECRET])
        left_out = len(text) - self._max_text_chars
        if left_out <= 0 and len(kept) <= self._max_text_chars:
            return kept
        left_out = max(left_out, len(kept) - self._max_text_chars)
        return f"{kept[: self._max_text_chars]} … ({left_out} more characters)"


_KEYS = frozenset({"id", "run_id", "parent", "root", "caller", "agent", "status", "extra"})


def _run_record(info: RunInfo, now: datetime) -> RunRecord:
    return RunRecord(
        id=info.run_id,
        run_id=info.run_id,
        at=now,
        parent=info.parent,
        root=info.root,
        agent=info.agent,
        caller=info.caller.id,
        status="running",
        started=info.started,
        input=as_message(info.invocation.input).text,
        metadata=dict(info.invocation.metadata),
    )


def _ended_record(info: RunInfo, result: RunResult[Any], now: datetime) -> RunRecord:
    output = result.output
    return replace(
        _run_record(info, now),
        status=str(result.status),
        ended=result.ended,
        output=_text(output),
        error=str(result.error or ""),
        steps=len(result.steps),
        tool_calls=result.tool_calls,
        input_tokens=result.usage.input,
        output_tokens=result.usage.output,
        cost=None if result.cost is None else str(result.cost),
        model=str(result.steps[-1].response.target) if result.steps else "",
        warnings=result.warnings,
    )


def _text(output: object) -> str:
    if output is None or isinstance(output, str):
        return output or ""
    return to_json(output, fallback=str).decode()
