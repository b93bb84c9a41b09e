"""Worker threads for synchronous tools: bounded, daemon, and safe to abandon (ADR 0114).

A synchronous function cannot be cancelled. When its caller is, the thread is abandoned: it keeps
its slot until it returns, it is counted, and it cannot delay the exit of the process.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, Token, copy_context
from functools import partial
from types import TracebackType
from typing import Any, Generic, TypeVar, TypeVarTuple, Unpack

import anyio

from majordomo.tasks import call_soon, current_loop

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

__all__ = ["WORKERS", "WorkerThreads", "call_in_thread", "watching_abandoned"]

MAX_THREADS = 64
IDLE_S = 10.0

_told: ContextVar[Callable[[str], object] | None] = ContextVar("abandoned", default=None)


class watching_abandoned:  # noqa: N801 - reads like a function where it is used
    """Be told the name of each function that is abandoned while it runs, by callers in the block.

    Entered and left in one task.
    """

    __slots__ = ("_tell", "_token")

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._token: Token[Callable[[str], object] | None] | None = None

    def __enter__(self) -> None:
        self._token = _told.set(self._tell)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._token is not None  # noqa: S101 - set by __enter__
        _told.reset(self._token)


class _Job(Generic[T]):
    """One call: who waits for it, and what came of it."""

    __slots__ = ("abandoned", "context", "done", "error", "fn", "loop", "result", "running")

    def __init__(self, fn: Callable[[], T], loop: object) -> None:
        self.fn = fn
        self.loop = loop
        self.context: Context = copy_context()
        self.done = anyio.Event()
        self.result: T | None = None
        self.error: BaseException | None = None
        self.running = False
        self.abandoned = False

    def run(self) -> None:
        try:
            self.result = self.context.run(self.fn)
        except Exception as error:  # noqa: BLE001 - handed to the waiter, raised there
            self.error = error
        except BaseException as error:  # noqa: BLE001 - sys.exit() in a tool must not end a loop
            self.error = RuntimeError(f"the function left its thread by {error!r}")
            self.error.__cause__ = error


class WorkerThreads:
    """A pool of daemon threads shared by all event loops of the process.

    Args:
        max_threads: How many calls run at once, abandoned ones included; more wait in order.
    """

    def __init__(self, max_threads: int = MAX_THREADS) -> None:
        self.max_threads = max_threads
        self._reset()
        # A child process has the counters but not the threads.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._wake = threading.Condition()
        self._queue: deque[_Job[Any]] = deque()
        self._threads = 0
        self._idle = 0
        self._abandoned = 0

    @property
    def abandoned(self) -> int:
        """How many threads still run a call that nobody waits for."""
        return self._abandoned

    async def call(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Call a synchronous function in a worker thread.

        The caller's context variables are visible to it. Cancelling the caller abandons a running
        call and drops a waiting one.

        Raises:
            BaseException: What the function raised.
        """
        job: _Job[T] = _Job(lambda: fn(*args), current_loop())
        self._submit(job)
        try:
            await job.done.wait()
        except BaseException:
            tell = _told.get()
            if self._abandon(job) and tell is not None:
                tell(_name(fn))
            raise
        if job.error is not None:
            raise job.error
        return job.result  # pyright: ignore[reportReturnType] - set unless error is

    def _submit(self, job: _Job[Any]) -> None:
        with self._wake:
            self._queue.append(job)
            if self._idle >= len(self._queue):
                self._wake.notify()
                return
            if self._threads >= self.max_threads:
                return
            self._threads += 1
        try:
            threading.Thread(target=self._work, name="majordomo-worker", daemon=True).start()
        except RuntimeError:
            with self._wake:
                self._threads -= 1
            # Left in the queue it would still run later, behind its caller's back.
            self._abandon(job)
            raise

    def _abandon(self, job: _Job[Any]) -> bool:
        """Give a job up; tells whether it runs on."""
        with self._wake:
            job.abandoned = True
            if job.running:
                self._abandoned += 1
            elif job in self._queue:
                self._queue.remove(job)
            return job.running

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job.run()
            with self._wake:
                job.running = False
                if job.abandoned:
                    self._abandoned -= 1
            call_soon(job.loop, job.done.set)

    def _next(self) -> _Job[Any] | None:
        with self._wake:
            while not self._queue:
                self._idle += 1
                woken = self._wake.wait(IDLE_S)
                self._idle -= 1
                if not woken and not self._queue:
                    self._threads -= 1
                    return None
            job = self._queue.popleft()
            job.running = True
            return job


def _name(fn: Callable[..., object]) -> str:
    inner = fn.func if isinstance(fn, partial) else fn
    return getattr(inner, "__name__", type(inner).__name__)


WORKERS = WorkerThreads()


async def call_in_thread(fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
    """Call a synchronous function in the process's shared worker threads (`WORKERS`)."""
    return await WORKERS.call(fn, *args)
