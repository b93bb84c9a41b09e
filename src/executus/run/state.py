"""One run in progress: what the stages read and write."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic

from typing_extensions import TypeVar

from executus.asking import Answered, InputRequest
from executus.compact import RunCompactor
from executus.dispatchguard import Lineage
from executus.events import EventSink, RunEvent, Warned
from executus.invocation import Invocation
from executus.money import Money
from executus.pendingattach import Attachment, Outbox
from executus.registry import Overflow
from executus.run.agent import RunnableAgent
from executus.run.info import RunInfo
from executus.run.journal import RunJournal
from executus.run.kit import Kit
from executus.run.leg import Leg, LegRecord
from executus.run.restore import RestoredRun
from executus.run.result import RunResult, RunStatus
from executus.run.spending import Spending
from executus.run.treeaccount import ENDED, TreeAccount
from majordomo.agent import Loop, Step
from majordomo.llm import Fragments, Message, Scrubber, Target, ToolResultPart, Usage

__all__ = ["RunState", "told"]

logger = logging.getLogger("executus.run")

Out = TypeVar("Out", default=str)
Event = TypeVar("Event", bound=RunEvent)


_CREDENTIALS = re.compile(r"//[^/@\s]*@")


def told(error: BaseException) -> str:
    """An error of the host's parts in words, without the credentials of a URL in it."""
    return f"{type(error).__name__}: {_CREDENTIALS.sub('//…@', str(error))}"


def _wants(sink: EventSink) -> frozenset[str]:
    try:
        return frozenset(sink.wants)
    except Exception:
        logger.exception("an event sink did not say what it wants, and is told nothing")
        return frozenset()


@dataclass(slots=True, kw_only=True)
class RunState(Generic[Out]):
    """One run in progress.

    Attributes:
        agent, invocation, info: What was asked; `info` is what ports are told.
        kit: What the executor gives its runs.
        sinks, wanted: Who listens, and the event kinds anyone listens to.
        lineage: Its place in the tree of runs; set by the identify stage.
        reserved: The budget has set something aside for it.
        above: The account of the run that dispatched it; None for a root.
        account: What it and the runs it dispatches spend.
        outbox: Attachments of the whole tree.
        journal: What is written down for a resumption.
        fragments: Memory of encoded messages, of an earlier run perhaps.
        fault: Why the agent could not be made into data; the resolve stage rejects the run for it.
        restored: What an earlier process had done; None for a run from its beginning.
        scrubber, overflow: Shared by the tools of all phases.
        answers, asked: What people said, and were asked, by request id.
        inner: Results of calls that tools made before a resumption, by call id: what was called,
            and what came of it.
        compactors: Compactors of all phases.
        folds_told: Folds that events have told of.
        foreign: Its id is that of another run, whose record and journal are left alone.
        extra_steps: What a critic allowed beyond the limits.
        in_doubt: Calls that an earlier process began and did not finish.
        in_background: It belongs to the executor: a tool that began it need not wait for it.
        held: Held until the run has been closed: the lane's slot, where there is a lane.
        inbox: Messages to steer with, from outside.
        legs: The phases, resolved; one for an agent without.
        done: Those that have ended.
        loop: The agent loop of the one that goes on, or went on last.
        new_from: How many messages of the transcript are history.
        status, error, output: How it ended.
        attachments: What is delivered with the answer.
    """

    agent: RunnableAgent[Out]
    invocation: Invocation
    info: RunInfo
    kit: Kit
    sinks: Sequence[EventSink]
    outbox: Outbox
    journal: RunJournal
    spending: Spending
    fragments: Fragments
    scrubber: Scrubber = field(default_factory=Scrubber)
    overflow: Overflow = field(default_factory=Overflow)
    started_monotonic: float
    above: TreeAccount | None = None
    account: TreeAccount = field(init=False)
    fault: Exception | None = None
    restored: RestoredRun | None = None
    lineage: Lineage | None = None
    wanted: frozenset[str] = frozenset()
    answers: dict[str, Answered] = field(default_factory=dict[str, Answered])
    asked: dict[str, InputRequest] = field(default_factory=dict[str, InputRequest])
    in_doubt: set[str] = field(default_factory=set[str])
    inner: dict[str, tuple[str, ToolResultPart]] = field(
        default_factory=dict[str, tuple[str, ToolResultPart]]
    )
    foreign: bool = False
    in_background: bool = False
    reserved: bool = False
    extra_steps: int = 0
    folds_told: int = 0
    compactors: list[RunCompactor] = field(default_factory=list[RunCompactor])
    held: AsyncExitStack | None = None
    inbox: list[Message] = field(default_factory=list[Message])
    legs: Sequence[Leg] = ()
    done: list[LegRecord] = field(default_factory=list[LegRecord])
    loop: Loop[Any] | None = None
    new_from: int = 0
    tool_calls: int = 0
    warnings: list[str] = field(default_factory=list[str])
    status: RunStatus | None = None
    error: BaseException | None = None
    output: Out | None = None
    attachments: tuple[Attachment, ...] = ()
    ended: datetime | None = None
    _seq: int = 0
    _listening: Sequence[tuple[EventSink, frozenset[str]]] = ()

    def __post_init__(self) -> None:
        self.account = TreeAccount(self, self.above)
        self._listening = [(sink, _wants(sink)) for sink in self.sinks]
        self.wanted = frozenset(kind for _, wants in self._listening for kind in wants)

    def tell(self, kind: type[Event], **fields: object) -> None:
        """Emit an event, if anyone wants its kind."""
        self._seq += 1
        if kind.kind not in self.wanted:
            return
        event = kind(run_id=self.info.run_id, seq=self._seq - 1, **fields)
        for sink, wants in self._listening:
            if event.kind in wants:
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

    async def attempt(
        self, what: str, call: Callable[[], Awaitable[object]], *, within_s: float | None = None
    ) -> bool:
        """Call an optional port within its time; a failure becomes a warning.

        Returns:
            Whether the call succeeded.
        """
        timeout_s = self.info.limits.port_timeout_s if within_s is None else within_s
        try:
            with self.kit.clock.deadline(timeout_s) as scope:
                await call()
        except Exception as error:  # noqa: BLE001 - an optional port never ends a run
            self.warn(f"{what} failed: {told(error)}")
            return False
        if scope.cancelled_caught:
            self.warn(f"{what} did not answer within {timeout_s:g} s")
            return False
        return True

    def end(self, status: RunStatus, error: BaseException | None = None) -> None:
        """Note how the run ended; the first word stands."""
        if self.status is None:
            self.status = status
            self.error = error

    @property
    def going(self) -> Loop[Any] | None:
        """The loop of the phase that goes on, or broke off; None when all have ended."""
        return None if self.done and self.done[-1].loop is self.loop else self.loop

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began, or was resumed."""
        return self.kit.clock.monotonic() - self.started_monotonic

    @property
    def steps_taken(self) -> int:
        """Model calls finished, those before a resumption included."""
        loop = self.going
        taken = len(loop.steps) if loop else 0
        return taken + sum(len(record.steps) for record in self.done) if self.done else taken

    @property
    def spent(self) -> Usage:
        """Tokens to tell the budget of: this process', and those an earlier one did not tell.

        Calls that failed count as requests of unknown size.
        """
        asked = self.spending.aside_asked + sum(record.asked for record in self.done)
        asked += self.going.asked if self.going else 0
        usage = self._used(Usage())
        unknown = asked - usage.requests
        usage += self.spending.owed
        return usage + Usage(requests=unknown) if unknown > 0 else usage

    @property
    def usage(self) -> Usage:
        """Tokens so far, those before a resumption included."""
        return self._used(self.spending.earlier)

    def _used(self, usage: Usage) -> Usage:
        usage += self.spending.aside
        for record in self.done:
            usage += record.usage
        loop = self.going
        return usage + loop.usage if loop else usage

    @property
    def cost(self) -> Money | None:
        """What all of it cost, those before a resumption included; None when unknown."""
        self.count()
        return self.spending.cost

    def count(self) -> None:
        """Add the steps that have not been counted to what was spent."""
        loop = self.going
        if loop is not None:
            self.spending.count(len(self.done), loop.steps)

    def add_aside(self, target: Target, usage: Usage) -> None:
        """Add model calls beside the loop, and note them."""
        cost = self.spending.count_aside(target, usage)
        self.journal.aside(usage, cost)

    def records(self) -> Sequence[LegRecord]:
        """What each phase came to, the one that goes on last."""
        loop = self.going
        return (*self.done, LegRecord.of(loop)) if loop else self.done

    def part(self) -> None:
        """Let go of what drove the run, and refers to it: one that ended well leaves no cycle.

        Its memory is free once nobody holds it, and not at a later collection. Another one has an
        error, whose traceback holds it.
        """
        self.legs, self.account, self.above = (), ENDED, None
        if self.loop is not None:
            self.loop.part()

    def result(self) -> RunResult[Out]:
        """What the run comes to, as it stands."""
        records = self.records()
        messages: list[Message] = list(self.invocation.history)
        steps: list[Step] = []
        for record in records:
            messages += record.new_messages
            steps += record.steps
        if len(records) > 1:
            steps = [replace(step, index=index) for index, step in enumerate(steps)]
        return RunResult(
            run_id=self.info.run_id,
            status=self.status or RunStatus.RUNNING,
            output=self.output if self.status is RunStatus.OK else None,
            error=self.error,
            messages=tuple(messages),
            steps=tuple(steps),
            usage=self.usage,
            cost=self.cost,
            tool_calls=self.tool_calls,
            attachments=self.attachments,
            pending=tuple(self.asked.values()) if self.status is RunStatus.PAUSED else (),
            warnings=tuple(self.warnings),
            started=self.info.started,
            ended=self.ended or self.kit.clock.wall(),
        )
