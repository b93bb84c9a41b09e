"""A run beside its caller: watch it, steer it, cancel it, wait for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Generic, Self

from typing_extensions import TypeVar

from majordomo.agent.eventqueue import EventQueue
from majordomo.agent.events import AgentEvent
from majordomo.agent.loop import Loop, drive
from majordomo.agent.result import AgentResult
from majordomo.agent.toolcalls import Emit
from majordomo.llm import Message, TextDelta, user
from majordomo.tasks import OwnedTask

__all__ = ["AgentRun"]

Out = TypeVar("Out", default=str)


def tee(first: Emit | None, second: Emit) -> Emit:
    """One emitter that tells both."""
    if first is None:
        return second

    def emit(event: AgentEvent) -> None:
        first(event)
        second(event)

    return emit


class AgentRun(Generic[Out]):
    """A run in progress, from `Agent.stream` or `Agent.start`.

    An async context manager: leaving the block cancels a run that still goes on. Iterate it for
    events (once), or wait for the result.
    """

    def __init__(self, loop: Loop[Out], *, streaming: bool) -> None:
        self._loop = loop
        self._events: EventQueue[AgentEvent] = EventQueue()
        self._on_begin: Callable[[], None] | None = None
        self._on_end: Callable[[AgentResult[None]], None] | None = None
        self._steering: list[Message] = []
        self._task: OwnedTask[AgentResult[Out]] = OwnedTask(self._drive)
        loop.streaming = streaming
        loop.inbox = self._steering
        if streaming:
            loop.emit = tee(loop.emit, self._events.put)

    async def _drive(self) -> AgentResult[Out]:
        try:
            return await drive(self._loop)
        finally:
            self._events.close()

    async def __aenter__(self) -> Self:
        if self._on_begin is not None:
            self._on_begin()
        await self._task.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._task.__aexit__(exc_type, exc, traceback)
        finally:
            if self._on_end is not None:
                self._on_end(self.partial)

    def on_begin(self, admit: Callable[[], None]) -> Self:
        """Have `admit` called when the run's block is entered; what it raises keeps it out."""
        self._on_begin = admit
        return self

    def on_end(self, keep: Callable[[AgentResult[None]], None]) -> Self:
        """Have `keep` called with what the run achieved, however its block is left."""
        self._on_end = keep
        return self

    def __aiter__(self) -> AsyncIterator[AgentEvent]:
        """Events as they happen; ends with the run, whether it succeeded or not."""
        self._task.require_started()
        return self._events

    async def text(self) -> AsyncIterator[str]:
        """Only the text of the answers, as it comes. Raises what `result` raises at the end."""
        async for event in self._events:
            if isinstance(event, TextDelta):
                yield event.text
        await self._task.wait()

    async def result(self) -> AgentResult[Out]:
        """Wait for the end.

        Raises:
            AgentError: The run ended without an answer.
            TaskCancelled: `cancel` ended it.
        """
        return await self._task.wait()

    def steer(self, *messages: str | Message) -> None:
        """Add user messages before the next model call; one in flight is followed by another."""
        self._steering.extend(user(m) if isinstance(m, str) else m for m in messages)

    def cancel(self) -> None:
        """Stop the run; `partial` keeps what it had achieved."""
        self._task.cancel()

    @property
    def done(self) -> bool:
        """Whether the run has ended."""
        return self._task.done

    @property
    def partial(self) -> AgentResult[None]:
        """Transcript, steps and usage so far, also after a cancellation."""
        return self._loop.partial()
