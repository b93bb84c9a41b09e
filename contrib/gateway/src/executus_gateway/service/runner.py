"""A run from its code to its outcome, over pauses and restarts."""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace

import anyio

from executus_gateway.broker import InputBroker
from executus_gateway.domain import Ledger
from executus_gateway.engine import recovered
from executus_gateway.errors import EngineFailed, Refused
from executus_gateway.ports import (
    NO_PROMPTER,
    ArtifactStore,
    Engine,
    Execution,
    Finished,
    Program,
    Prompter,
    RunLimits,
)
from executus_gateway.schema import (
    Interaction,
    Outcome,
    Record,
    RunId,
    RunProblem,
    RunState,
    TaskRun,
    is_id,
)
from executus_gateway.service.answers import kept_value
from executus_gateway.service.callhandler import CallHandler
from executus_gateway.service.desk import Desk
from executus_gateway.service.invoker import Invoker
from executus_gateway.service.keeping import ENDED
from executus_gateway.service.keptfiles import KeptFiles
from executus_gateway.sources import SourceManager
from majordomo.tasks import TaskCancelled, TaskHandle, TaskOwner

__all__ = ["Runner"]

logger = logging.getLogger("executus_gateway.service")

MAX_VALUE_BYTES = 512 * 1024
MAX_ID_CHARS = 40
RESTARTED = RunProblem(
    kind="restart",
    message=(
        "the gateway ended while this ran, and did not run it again: look which calls it had made, "
        "with tools.executor.runs.read(run=…), before you do"
    ),
)


class Runner:
    """Starts runs, pauses them, takes them up again. Runs outlive the client that asked.

    Args:
        ledger: Keeps runs and calls.
        engine: Runs code.
        invoker: Makes calls.
        broker: Asks people.
        sources: Know credentials.
        artifacts: Keeps pauses.
        files: Keep what is returned and too long for the log.
        limits: Of each run.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        engine: Engine,
        invoker: Invoker,
        broker: InputBroker,
        sources: SourceManager,
        artifacts: ArtifactStore,
        files: KeptFiles,
        limits: RunLimits,
    ) -> None:
        self._ledger = ledger
        self._engine = engine
        self._invoker = invoker
        self._broker = broker
        self._sources = sources
        self._artifacts = artifacts
        self._files = files
        self._limits = limits
        self._tasks: dict[str, TaskHandle[None]] = {}
        self._starting: set[str] = set()
        self._changed: defaultdict[str, anyio.Event] = defaultdict(anyio.Event)

    async def recover(self, owner: TaskOwner) -> None:
        """After a restart: end what ran, go on with what was paused, withdraw lost questions."""
        for run in self._ledger.all(TaskRun):
            if run.state == "running":
                await self._end(run, Outcome(problem=RESTARTED), "interrupted")
            elif run.state == "paused":
                await self._recover(run, owner)
        for question in self._broker.pending():
            run = self._ledger.get(TaskRun, question.run or "")
            if question.run is not None and (run is None or run.state != "paused"):
                withdrawn = question.model_copy(update={"state": "cancelled"})
                await self._ledger.commit("interaction.cancelled", withdrawn)

    async def start(
        self,
        owner: TaskOwner,
        code: str,
        *,
        client: str = "",
        compute_s: float | None = None,
        prompter: Prompter = NO_PROMPTER,
        run_id: str = "",
    ) -> TaskRun:
        """Store a run and begin it in the owner's block; arguments as for `Gateway.start`."""
        budget_s = min(compute_s or self._limits.compute_s, self._limits.compute_s)
        run = TaskRun(
            id=self._unused(run_id) if run_id else self._ledger.new_id("run"),
            workspace=self._ledger.workspace,
            code=recovered(code),
            client=client,
            budget_s=budget_s,
        )
        self._starting.add(run.id)
        try:
            await self._ledger.commit("run.started", run, actor="model")
        finally:
            self._starting.discard(run.id)
        self._begin(run, owner, prompter, None)
        return run

    def _unused(self, run_id: str) -> str:
        """An id that somebody chose for a run: it is begun once."""
        if not is_id(run_id, "run") or len(run_id) > MAX_ID_CHARS:
            raise Refused("this is no id of a run: run_ and a-z and 0-9, 40 at most")
        if run_id in self._starting or self._ledger.get(TaskRun, run_id) is not None:
            raise Refused(f"there is a run {run_id} already: wait for it, or give another id")
        return run_id

    async def wait(
        self, run_id: str, *, through_pauses: bool = True, prompter: Prompter = NO_PROMPTER
    ) -> TaskRun:
        """Wait until a run has ended, or waits for a person.

        Args:
            run_id: The run.
            through_pauses: Wait on while a person is asked.
            prompter: Else, wait on while all that is asked is put by this one.

        Raises:
            UnknownId: There is no such run.
        """
        while True:
            run = self._ledger.require(TaskRun, run_id)
            changed = self._changed[run_id]
            if run.state in ENDED:
                self._changed.pop(run_id, None)
                return run
            if not through_pauses and self._waits_for_others(run, prompter):
                return run
            await changed.wait()

    def _waits_for_others(self, run: TaskRun, prompter: Prompter) -> bool:
        asked = [self._ledger.get(Interaction, question) for question in run.waiting_for]
        open_ones = [question for question in asked if question and question.state == "pending"]
        return any(not prompter.reaches(question) for question in open_ones)

    async def cancel(self, run_id: str) -> TaskRun:
        """End a run where it stands.

        Raises:
            UnknownId: There is no such run.
        """
        run = self._ledger.require(TaskRun, run_id)
        if run.state not in ENDED and (task := self._tasks.get(run_id)) is not None:
            task.cancel()
            with suppress(TaskCancelled):  # it may be storing its own end, which then counts
                await task.wait()
            problem = RunProblem(kind="cancelled", message="a person ended this run")
            await self._end(self._ledger.require(TaskRun, run_id), Outcome(problem=problem))
        return self._ledger.require(TaskRun, run_id)

    async def _recover(self, run: TaskRun, owner: TaskOwner) -> None:
        dump = await self._artifacts.get("pause", run.id)
        if dump is None:
            await self._end(run, Outcome(problem=RESTARTED), "interrupted")
            return
        try:
            self._engine.restore(self._program(run), dump)
        except EngineFailed as error:
            problem = RunProblem(kind="restart", message=str(error))
            await self._end(run, Outcome(problem=problem), "interrupted")
            return
        self._begin(run, owner, NO_PROMPTER, dump)

    def _begin(
        self, run: TaskRun, owner: TaskOwner, prompter: Prompter, dump: bytes | None
    ) -> None:
        self._tasks[run.id] = owner.start(lambda: self._live(run, prompter, dump))

    async def _live(self, run: TaskRun, prompter: Prompter, dump: bytes | None) -> None:
        handler = CallHandler(
            RunId(run.id),
            ledger=self._ledger,
            invoker=self._invoker,
            broker=self._broker,
            sources=self._sources,
            max_calls=self._limits.max_calls,
        )

        async def wait(interaction_id: str) -> Interaction:
            answered = await self._broker.wait(interaction_id, prompter)
            await self._resume(run.id, interaction_id)
            return answered

        try:
            async with TaskOwner() as owner:
                outcome = await self._drive(run, Desk(owner, handler.handle, wait), dump)
        except EngineFailed as error:
            outcome = Outcome(problem=RunProblem(kind="internal", message=str(error)))
        except Exception:
            logger.exception("run %s", run.id)
            outcome = Outcome(
                problem=RunProblem(kind="internal", message=f"the gateway's log has run {run.id}")
            )
        await self._end(self._ledger.require(TaskRun, run.id), outcome)

    async def _drive(self, run: TaskRun, desk: Desk, dump: bytes | None) -> Outcome:
        """Compute; while there are only people to wait for, hold no process."""
        program = self._program(run)
        opening: AbstractAsyncContextManager[Execution]
        opening = (
            self._engine.start(program) if dump is None else self._engine.restore(program, dump)
        )
        while True:
            async with opening as execution:
                found = await self._compute(run, execution, desk)
            if isinstance(found, Outcome):
                return found
            await self._until_answer(run, desk)
            opening = self._engine.restore(program, found)

    async def _compute(self, run: TaskRun, execution: Execution, desk: Desk) -> Outcome | bytes:
        while True:
            step = await execution.step(desk.collect())
            if isinstance(step, Finished):
                return step.outcome
            desk.take(step.calls)
            await desk.settle()
            if desk.questions or desk.asked:
                dump = await execution.dump()
                await self._artifacts.put("pause", run.id, dump)
                await self._pause(run, desk)
                if desk.only_people:
                    return dump

    async def _until_answer(self, run: TaskRun, desk: Desk) -> None:
        """Wait for people; what one answer leads them to be asked next is stored with the pause."""
        while not await desk.until_answer():
            await self._pause(run, desk)

    async def _pause(self, run: TaskRun, desk: Desk) -> None:
        """Store new questions with the pause that they can be answered in."""
        asked = [*desk.asked, *(question.id for question, _ in desk.questions)]
        paused = self._ledger.require(TaskRun, run.id).model_copy(
            update={"state": "paused", "waiting_for": tuple(asked)}
        )
        changes: list[Record] = [paused]
        for question, record in desk.questions:
            known = self._ledger.get(Interaction, question.id)
            changes.extend([record] if known is not None else [question, record])
        if desk.questions:
            await self._ledger.commit("run.paused", *changes)
            desk.stored()
            self._tell(run.id)

    async def _resume(self, run_id: str, answered: str) -> None:
        """Note that a question is answered; after the last one the run runs again."""
        run = self._ledger.require(TaskRun, run_id)
        left = tuple(question for question in run.waiting_for if question != answered)
        state: RunState = "paused" if left else "running"
        resumed = run.model_copy(update={"state": state, "waiting_for": left})
        await self._ledger.commit("run.resumed", resumed)

    async def _end(self, run: TaskRun, outcome: Outcome, state: RunState | None = None) -> None:
        if run.state in ENDED:
            return
        value = await kept_value(outcome.value, RunId(run.id), self._files, MAX_VALUE_BYTES)
        outcome = outcome.model_copy(update={"value": value})
        settled = state or ("completed" if outcome.problem is None else "failed")
        ended = run.model_copy(
            update={
                "state": settled,
                "outcome": outcome,
                "waiting_for": (),
                "ended_ms": self._ledger.now_ms(),
            }
        )
        withdrawn = [
            question.model_copy(update={"state": "cancelled"})
            for question in self._broker.pending()
            if question.run == run.id
        ]
        await self._ledger.commit(f"run.{settled}", ended, *withdrawn)
        try:
            await self._artifacts.drop("pause", run.id)
        finally:  # it has ended, whatever becomes of the pause
            self._tasks.pop(run.id, None)
            self._tell(run.id)

    def _program(self, run: TaskRun) -> Program:
        limits = replace(self._limits, compute_s=run.budget_s)
        return Program(run=RunId(run.id), code=run.code, limits=limits)

    def _tell(self, run_id: str) -> None:
        self._changed.pop(run_id, anyio.Event()).set()
