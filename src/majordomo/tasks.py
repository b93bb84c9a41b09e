"""Task ownership: the one module that names an event loop (ADR 0112).

Three needs meet here. A close stage must finish although its caller is being cancelled. A run that
outlives one call (`start`, `stream`) needs a task with an owner. Synchronous callers need a loop.
Everything else in the library is written against anyio's scopes and knows neither backend.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar, TypeVarTuple, Unpack, cast

import anyio
import anyio.from_thread
import anyio.lowlevel

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

__all__ = [
    "OwnedTask",
    "TaskCancelled",
    "TaskHandle",
    "TaskOwner",
    "call_soon",
    "checkpoint",
    "close_with_loop",
    "current_loop",
    "finish",
    "run_sync",
]


def current_loop() -> object:
    """The running event loop, as a hashable and weakly referable key.

    Raises:
        RuntimeError: No event loop is running in this thread.
    """
    if _in_trio():
        return sys.modules["trio"].lowlevel.current_trio_token()
    return asyncio.get_running_loop()


def _in_trio() -> bool:
    trio = sys.modules.get("trio")
    return trio is not None and trio.lowlevel.in_trio_run()


class _TrioToken(Protocol):
    def run_sync_soon(self, sync_fn: Callable[[], object]) -> None: ...


def call_soon(loop: object, callback: Callable[[], object]) -> None:
    """Run a callback on a loop got from `current_loop`, from any thread.

    A loop that has ended meanwhile drops the callback: nobody is left to hear it.
    """
    try:
        if isinstance(loop, asyncio.AbstractEventLoop):
            loop.call_soon_threadsafe(callback)
        else:
            cast("_TrioToken", loop).run_sync_soon(callback)
    except RuntimeError:
        return  # asyncio: "Event loop is closed"; trio.RunFinishedError derives from it


def checkpoint() -> Awaitable[None]:
    """Await it to let others run, and to be cancelled if that was asked for."""
    # What anyio awaits under asyncio; looking for the backend first would cost as much again.
    return anyio.lowlevel.checkpoint() if _in_trio() else asyncio.sleep(0)


async def finish(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `work` to its end even while the caller is being cancelled, then let that go on.

    `work` bounds its own time; nothing else does. Under asyncio it runs in its own task, because a
    shield does not stop a native `Task.cancel()`; trio has no such thing, so a shield is enough.

    Args:
        work: Called without arguments in a scope no cancellation of the caller reaches.

    Returns:
        What `work` returned.

    Raises:
        BaseException: The caller's cancellation when there was one, else what `work` raised.
    """
    if _in_trio():
        with anyio.CancelScope(shield=True):
            return await work()
    task = asyncio.get_running_loop().create_task(work())
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # marks it as retrieved: the cancellation wins
        raise cancelled
    return task.result()


class TaskHandle(Generic[T]):
    """A coroutine that runs beside its owner, and what became of it.

    What the coroutine returns or raises is told by `wait`; it never breaks the owner's block.
    """

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._work: Callable[[], Coroutine[Any, Any, T]] | None = work
        self._scope = anyio.CancelScope()
        self.started = False
        self._done = anyio.Event()
        self._result: T | None = None
        self._error: BaseException | None = None

    async def _run(self) -> None:
        work, self._work = self._work, None  # it may hold this handle; a cycle waits for collection
        assert work is not None  # noqa: S101 - run once, by its owner
        try:
            with self._scope:
                self._result = await work()
            if self._scope.cancelled_caught:
                self._error = TaskCancelled()
        except Exception as error:  # noqa: BLE001 - kept for wait(), raised there
            self._error = error
        except BaseException:
            self._error = TaskCancelled()
            raise
        finally:
            self._done.set()

    @property
    def done(self) -> bool:
        """Whether the coroutine has ended."""
        return self._done.is_set()

    def cancel(self) -> None:
        """Ask the coroutine to stop; `wait` then raises `TaskCancelled` unless it had ended."""
        self._scope.cancel()

    def require_started(self) -> None:
        """Refuse to wait for something that will never happen.

        Raises:
            RuntimeError: It was never started.
        """
        if not self.started:
            raise RuntimeError(
                "the run has not begun: enter its block first, `async with … as run`"
            )

    async def wait(self) -> T:
        """Wait for the end.

        Raises:
            TaskCancelled: `cancel`, or the end of the owner's block, ended it.
            RuntimeError: It was never started, so there is no end to wait for.
            Exception: What the coroutine raised.
        """
        self.require_started()
        await self._done.wait()
        if self._error is not None:
            raise self._error
        return cast("T", self._result)


class TaskOwner:
    """A block that owns tasks: leaving it cancels what still runs and waits for it."""

    def __init__(self) -> None:
        self._group = anyio.create_task_group()
        self._tasks: set[TaskHandle[Any]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> TaskHandle[T]:
        """Start a coroutine function beside the block."""
        return self.adopt(TaskHandle(work))

    def adopt(self, task: TaskHandle[T]) -> TaskHandle[T]:
        """Start a task that was made but not started."""
        task.started = True
        self._tasks.add(task)
        self._group.start_soon(self._run, task)
        return task

    async def _run(self, task: TaskHandle[Any]) -> None:
        try:
            await task._run()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its owner
        finally:
            self._tasks.discard(task)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        try:
            await self._group.__aexit__(exc_type, exc, traceback)
        except BaseExceptionGroup:
            # The group only wraps what the block itself raised: the tasks keep their own errors.
            if exc is None:
                raise


class OwnedTask(TaskHandle[T]):
    """One coroutine that never outlives its owner's `async with` block."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        super().__init__(work)
        self._owner = TaskOwner()

    async def __aenter__(self) -> Self:
        await self._owner.__aenter__()
        self._owner.adopt(self)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._owner.__aexit__(exc_type, exc, traceback)


class TaskCancelled(Exception):
    """`OwnedTask.cancel` ended the task."""


_SENTINELS: set[AsyncGenerator[None, None]] = set()


def close_with_loop(close: Callable[[], Awaitable[object]]) -> AsyncGenerator[None, None]:
    """Have `close` awaited when the running loop ends, or when the returned generator is closed.

    Both backends finalise async generators that were started under them, and that hook is the only
    one they share: a client nobody closed goes with its loop, without a warning. The generator is
    kept here until then: were it collected when the last coroutine returns, asyncio would end the
    loop in the middle of the close, and trio would warn.
    """

    async def sentinel() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            _SENTINELS.discard(generator)
            with anyio.CancelScope(shield=True):
                await close()

    generator = sentinel()
    _SENTINELS.add(generator)
    start = generator.__anext__()
    with suppress(StopIteration):
        start.send(None)  # runs to the yield: nothing before it suspends
    return generator


class _Portal:
    """One long-lived thread with an event loop, for the `*_sync` twins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._portal: anyio.from_thread.BlockingPortal | None = None
        # A child process has the object but not the thread.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._thread = self._portal = None

    def get(self) -> anyio.from_thread.BlockingPortal:
        with self._lock:
            if self._portal is None or self._thread is None or not self._thread.is_alive():
                self._thread, self._portal = self._start()
            return self._portal

    def _start(self) -> tuple[threading.Thread, anyio.from_thread.BlockingPortal]:
        ready: Future[tuple[anyio.from_thread.BlockingPortal, Callable[[], None]]] = Future()

        async def main() -> None:
            async with anyio.from_thread.BlockingPortal() as portal:
                end = anyio.Event()
                ready.set_result((portal, partial(call_soon, current_loop(), end.set)))
                await end.wait()
                await portal.stop(cancel_remaining=True)

        def work() -> None:
            try:
                anyio.run(main)
            except BaseException as error:
                if ready.done():
                    raise
                ready.set_exception(error)  # no loop could be started: say so to who asked

        # A daemon thread: a forgotten run must not keep the process from ending.
        thread = threading.Thread(target=work, name="majordomo-portal", daemon=True)
        thread.start()
        portal, end = ready.result()

        def stop() -> None:
            end()  # not the portal's `call`: a coroutine that blocks it must not hold up the exit
            thread.join(timeout=2.0)

        atexit.register(stop)
        return thread, portal


_PORTAL = _Portal()


def run_sync(fn: Callable[[Unpack[Ts]], Coroutine[Any, Any, T]], *args: *Ts) -> T:
    """Run a coroutine function on the library's own thread and wait for its result.

    Works with no loop running and inside one (a notebook cell); it then blocks that loop, as any
    synchronous call does. `KeyboardInterrupt` cancels the coroutine and waits for its close stage.

    Raises:
        RuntimeError: Called from the portal's own thread, where waiting would never end.
        BaseException: What the coroutine raised.
    """
    if threading.current_thread().name == "majordomo-portal":
        raise RuntimeError(
            "a *_sync function was called from async code it would block; await the async one"
        )
    context = copy_context()
    ended = threading.Event()

    async def call() -> T:
        try:
            return await fn(*args)
        finally:
            ended.set()

    future = context.run(_PORTAL.get().start_task_soon, call)
    try:
        return future.result()
    except KeyboardInterrupt:
        if future.cancel():
            ended.wait()
        raise
