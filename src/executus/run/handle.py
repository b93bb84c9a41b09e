"""A run beside its caller: watch it, steer it, cancel it, wait for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, Self

from typing_extensions import TypeVar

from executus.events import EVENT_KINDS, RunEvent
from executus.run.kernel import execute
from executus.run.result import RunResult
from executus.run.state import RunState
from executus.run.tally import RunTally
from majordomo.agent import EventQueue
from majordomo.llm import Message, user
from majordomo.tasks import OwnedTask, TaskCancelled, TaskHandle, TaskOwner

__all__ = ["QueueSink", "RunHandle", "RunStream"]

Out = TypeVar("Out", default=str)


class QueueSink:
    """An event sink that one reader iterates."""

    def __init__(self) -> None:
        self.wants = frozenset(EVENT_KINDS)
        self.queue: EventQueue[RunEvent] = EventQueue()

    def emit(self, event: RunEvent) -> None:
        """Keep the event for the reader."""
        self.queue.put(event)


class RunHandle(Generic[Out]):
    """A run in progress, from `Executor.start`."""

    def __init__(self, state: RunState[Out], sink: QueueSink) -> None:
        self._state = state
        self._sink = sink
        self._task: TaskHandle[RunResult[Out]] | None = None

    async def run(self) -> RunResult[Out]:
        """The run itself; called once, by whoever owns its task."""
        try:
            return await execute(self._state)
        finally:
            self._sink.queue.close()

    def begin(self, owner: TaskOwner) -> Self:
        """Start the run under an owner."""
        self._task = owner.start(self.run)
        return self

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        """Events as they happen, once; ends with the run."""
        if self._task is not None:
            self._task.require_started()
        return self._sink.queue

    async def wait(self) -> RunResult[Out]:
        """Wait for the end; a cancelled run has a result too."""
        assert self._task is not None  # noqa: S101 - handed out only once begun
        try:
            return await self._task.wait()
        except TaskCancelled:
            return self._state.result()

    @property
    def result(self) -> RunResult[Out]:
        """What it has come to so far; the same as `wait` gives once it has ended."""
        return self._state.result()

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._task is not None and self._task.done

    def cancel(self) -> None:
        """Stop the run; its close stage still runs, and `wait` gives what it had achieved."""
        assert self._task is not None  # noqa: S101 - handed out only once begun
        self._task.cancel()

    def steer(self, *messages: str | Message) -> None:
        """Add user messages before the next model call."""
        self._state.inbox.extend(user(m) if isinstance(m, str) else m for m in messages)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._state.info.run_id

    @property
    def tally(self) -> RunTally:
        """A live view of what it has done so far."""
        return RunTally(self._state)


class RunStream(RunHandle[Out]):
    """A run that lives as long as its `async with` block, from `Executor.stream`."""

    def __init__(self, state: RunState[Out], sink: QueueSink) -> None:
        super().__init__(state, sink)
        self._owned: OwnedTask[RunResult[Out]] = OwnedTask(self.run)
        self._task = self._owned

    async def __aenter__(self) -> Self:
        await self._owned.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._owned.__aexit__(exc_type, exc, traceback)
