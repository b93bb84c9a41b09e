"""One run in progress: what the stages read and write."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic

from typing_extensions import TypeVar

from executus.events import EventSink, RunEvent, Warned
from executus.invocation import Invocation, Limits
from executus.registry import ToolRegistry
from executus.run.agent import RunnableAgent
from executus.run.ports import Ports, RunInfo
from executus.run.result import RunResult, RunStatus
from majordomo.agent import Loop
from majordomo.clock import Clock
from majordomo.llm import Message, Model, Toolbox, Usage

__all__ = ["RunState", "RunTally"]

logger = logging.getLogger("executus.run")

Out = TypeVar("Out", default=str)
Event = TypeVar("Event", bound=RunEvent)


@dataclass(slots=True, kw_only=True)
class RunState(Generic[Out]):
    """One run in progress.

    Attributes:
        agent, invocation, info: What was asked; `info` is what ports are told.
        limits: Bounds in force.
        ports, sinks: Who takes part, and who listens.
        wanted: Event kinds anyone listens to.
        inbox: Messages to steer with, from outside.
        model, toolbox, system: Set by the resolve stage.
        loop: The agent loop's state, from the loop stage on.
        status, error, output: How it ended.
    """

    agent: RunnableAgent[Out]
    invocation: Invocation
    info: RunInfo
    limits: Limits
    ports: Ports
    clock: Clock
    registry: ToolRegistry
    resolve_model: Callable[[Model | str | None], Model]
    system_header: str
    sinks: Sequence[EventSink]
    started_monotonic: float
    spool: list[RunState[Any]]
    wanted: frozenset[str] = frozenset()
    inbox: list[Message] = field(default_factory=list[Message])
    model: Model | None = None
    toolbox: Toolbox = field(default_factory=Toolbox)
    system: str = ""
    loop: Loop[Out] | None = None
    tool_calls: int = 0
    warnings: list[str] = field(default_factory=list[str])
    status: RunStatus | None = None
    error: BaseException | None = None
    output: Out | None = None
    ended: datetime | None = None
    _seq: int = 0

    def __post_init__(self) -> None:
        self.wanted = frozenset(kind for sink in self.sinks for kind in sink.wants)

    def tell(self, kind: type[Event], **fields: object) -> None:
        """Emit an event, if anyone wants its kind."""
        self._seq += 1
        if kind.kind not in self.wanted:
            return
        event = kind(run_id=self.info.run_id, seq=self._seq - 1, **fields)
        for sink in self.sinks:
            if event.kind in sink.wants:
                self._tell_one(sink, event)

    def _tell_one(self, sink: EventSink, event: RunEvent) -> None:
        try:
            sink.emit(event)
        except Exception:
            logger.exception("an event sink failed and was ignored")

    def warn(self, text: str) -> None:
        """Note something that went wrong without ending the run."""
        logger.warning("run %s: %s", self.info.run_id, text)
        self.warnings.append(text)
        self.tell(Warned, text=text)

    async def attempt(self, what: str, call: Callable[[], Awaitable[object]]) -> bool:
        """Call an optional port within its time; a failure becomes a warning.

        Returns:
            Whether the call succeeded.
        """
        try:
            with self.clock.deadline(self.limits.port_timeout_s) as scope:
                await call()
        except Exception as error:  # noqa: BLE001 - an optional port never ends a run
            self.warn(f"{what} failed: {type(error).__name__}: {error}")
            return False
        if scope.cancelled_caught:
            self.warn(f"{what} did not answer within {self.limits.port_timeout_s:g} s")
            return False
        return True

    def end(self, status: RunStatus, error: BaseException | None = None) -> None:
        """Note how the run ended; the first word stands."""
        if self.status is None:
            self.status = status
            self.error = error

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self.loop.usage if self.loop else Usage()

    def result(self) -> RunResult[Out]:
        """What the run comes to, as it stands."""
        partial = self.loop.partial() if self.loop else None
        history = tuple(self.invocation.history)
        return RunResult(
            run_id=self.info.run_id,
            status=self.status or RunStatus.CANCELLED,
            output=self.output,
            error=self.error,
            messages=partial.messages if partial else history,
            steps=partial.steps if partial else (),
            usage=self.usage,
            tool_calls=self.tool_calls,
            warnings=tuple(self.warnings),
            started=self.info.started,
            ended=self.ended or self.clock.wall(),
        )


class RunTally:
    """A live, read-only view of a run: what tools (`ToolContext.run`) and handles see of it."""

    __slots__ = ("_state",)

    def __init__(self, state: RunState[Any]) -> None:
        self._state = state

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._state.info.run_id

    @property
    def steps(self) -> int:
        """Model calls finished."""
        return len(self._state.loop.steps) if self._state.loop else 0

    @property
    def tool_calls(self) -> int:
        """Tool calls begun."""
        return self._state.tool_calls

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self._state.usage

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return self._state.clock.monotonic() - self._state.started_monotonic
