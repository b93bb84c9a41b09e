"""The loop stage: each phase by one agent loop, inside the run's bounds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
from pydantic_core import to_json

from executus.asking import is_of
from executus.compact import NO_COMPACTION, CompactionScope, RunCompactor
from executus.errors import ExecutusError, RunRejected, RunStopped
from executus.events import BudgetTold, ModelRouted, PhaseStarted
from executus.run.calls import CallPath, save
from executus.run.leg import Leg, LegRecord
from executus.run.ports import NO_CRITIC, UNLIMITED
from executus.run.restore import RestoredPhase
from executus.run.result import RunStatus
from executus.run.state import RunState, told
from executus.run.tally import RunTally
from executus.run.translate import FROM_LOOP, route_observer, translator
from executus.run.watch import RunWatch
from majordomo.agent import Loop, LoopLimits, MaxSteps, ModelFailed, as_message, drive
from majordomo.chain import observing
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import FinishReason, Message, Usage, user
from majordomo.tasks import OwnedTask
from majordomo.threads import watching_abandoned

__all__ = ["run_legs"]

_CUT = frozenset({FinishReason.LENGTH, FinishReason.REFUSAL, FinishReason.CONTENT_FILTER})


async def run_legs(state: RunState[Any]) -> None:
    """Run all phases to the last one's answer.

    Raises:
        RunStopped: A bound or the critic said so, or the budget did not answer.
        RunRejected: The budget said so.
        AgentError: A phase ended without an answer.
    """
    with watching_abandoned(partial(_abandoned, state)):
        if state.kit.ports.critic is NO_CRITIC:
            await _run_legs(state)
        else:
            await _run_watched(state)


def _abandoned(state: RunState[Any], name: str) -> None:
    state.warn(f"{name} cannot be interrupted: it goes on in its thread, and nobody waits for it")


async def _run_watched(state: RunState[Any]) -> None:
    scope, stopped = anyio.CancelScope(), list[RunStopped]()

    def stop(reason: str) -> None:
        stopped.append(RunStopped(f"the critic stopped the run: {reason}"))
        scope.cancel()

    watch = RunWatch(
        info=state.info,
        tally=RunTally(state),
        clock=state.kit.clock,
        transcript=lambda: state.loop.messages if state.loop else (),
        inbox=state.inbox,
        extend=partial(_extend_steps, state),
        stop=stop,
    )
    with scope:
        async with OwnedTask(partial(_watch, state, watch)):
            await _run_legs(state)
    if stopped and scope.cancelled_caught:
        raise stopped[0]


def _extend_steps(state: RunState[Any], steps: int) -> None:
    state.extra_steps += steps
    loop = state.going
    if loop is not None:
        loop.limits = replace(loop.limits, max_steps=loop.limits.max_steps + steps)


async def _watch(state: RunState[Any], watch: RunWatch) -> None:
    try:
        await state.kit.ports.critic.watch(watch)
    except Exception as error:  # noqa: BLE001 - an optional port never ends a run
        state.warn(f"the critic failed: {told(error)}")


async def _run_legs(state: RunState[Any]) -> None:
    routes = observing(route_observer(state)) if ModelRouted.kind in state.wanted else nullcontext()
    _take_over(state)
    with routes:
        while len(state.done) < len(state.legs):
            await _run_leg(state, state.legs[len(state.done)])
    state.output = state.done[-1].output


def _take_over(state: RunState[Any]) -> None:
    """Count the phases that an earlier process ended as done."""
    if state.restored is None:
        return
    ended = state.restored.phases[:-1]
    if len(ended) >= len(state.legs):
        raise RunRejected(f"agent {state.agent.name!r} has fewer phases than when the run began")
    for leg, phase in zip(state.legs, ended, strict=False):
        state.done.append(
            LegRecord(
                new_messages=phase.messages[state.new_from :],
                steps=phase.steps,
                output=leg.output.parse(phase.steps[-1].response.text),
            )
        )


async def _run_leg(state: RunState[Any], leg: Leg) -> None:
    index = len(state.done)
    if leg.name:
        state.tell(PhaseStarted, index=index, name=leg.name)
    restored = _restored(state, index)
    if index and not _noted(state, index):
        state.journal.phase(index)
    loop = state.loop = _new_loop(state, leg, restored)
    compactor = _compactor(state, leg, loop)
    result = await _finish(state, loop, compactor)
    state.count()
    state.done.append(LegRecord.of(loop))
    loop.part()
    if result.finish_reason in _CUT:
        state.warn(f"the answer is not whole: the model stopped by {result.finish_reason}")
    if state.journal.on:
        state.journal.follow(loop)
        await save(state)


def _noted(state: RunState[Any], index: int) -> bool:
    """Whether an earlier process has noted that this phase begins, perhaps nothing more."""
    return state.restored is not None and index < len(state.restored.phases)


async def _finish(state: RunState[Any], loop: Loop[Any], compactor: RunCompactor | None) -> Any:
    try:
        return await _drive(loop, compactor)
    except MaxSteps as error:
        if not state.done and not state.extra_steps:
            raise
        taken = state.steps_taken  # the loop knows its own phase only
        raise MaxSteps(
            f"no answer after {taken} steps; raise max_steps or narrow the task",
            partial=error.partial,
        ) from None


def _restored(state: RunState[Any], index: int) -> RestoredPhase | None:
    """What an earlier process did of this phase."""
    if state.restored is None or index != len(state.restored.phases) - 1:
        return None
    phase = state.restored.phases[-1]
    return phase if phase.messages else None


def _new_loop(state: RunState[Any], leg: Leg, restored: RestoredPhase | None) -> Loop[Any]:
    agent, limits = state.agent, state.info.limits
    history = list(state.invocation.history)
    loop: Loop[Any] = Loop(
        model=leg.model,
        messages=restored.messages if restored else [*history, _task(state)],
        new_from=state.new_from,
        output=leg.output,
        execute=CallPath(state, leg).answer,
        system=leg.system,
        tools=leg.tools.tools,
        settings=leg.settings,
        limits=LoopLimits(
            max_steps=limits.max_steps + state.extra_steps - state.steps_taken,
            max_parallel_tools=limits.max_parallel_tools,
            tool_errors=agent.tool_errors,
            output_retries=agent.output_retries,
        ),
        hooks=agent.hooks,
        emit=translator(state, leg) if FROM_LOOP & state.wanted or agent.hooks.observers else None,
        streaming=bool({"text", "thinking"} & state.wanted),
        fragments=state.fragments,
        inbox=state.inbox,
        gate=partial(_may_go_on, state),
    )
    if restored is not None:
        loop.steps = restored.steps
        _take_up_calls(state, loop, restored)
        state.journal.go_on(len(loop.messages), len(loop.steps), set(restored.answered))
    return loop


def _take_up_calls(state: RunState[Any], loop: Loop[Any], restored: RestoredPhase) -> None:
    """What is known of the calls that wait for their results, and of those their tools made."""
    waiting = restored.open_calls
    loop.answered = {
        call.id: restored.answered[call.id]
        for call in loop.messages[-1].tool_calls
        if call.id in restored.answered
    }
    for call_id, result in restored.answered.items():
        if call_id not in loop.answered and any(is_of(call_id, one) for one in waiting):
            state.inner[call_id] = (restored.digests[call_id], result)
    state.in_doubt = {
        call_id for call_id in restored.in_doubt if any(is_of(call_id, one) for one in waiting)
    }


def _task(state: RunState[Any]) -> Message:
    """What was asked, with the answers of the phases before."""
    asked = as_message(state.invocation.input)
    if not state.done:
        return asked
    answers = [
        f'<answer phase="{leg.name}">\n{_as_text(record.output)}\n</answer>'
        for leg, record in zip(state.legs, state.done, strict=False)
    ]
    return user(*asked.parts, *answers)


def _as_text(output: object) -> str:
    return output if isinstance(output, str) else to_json(output, fallback=str).decode()


async def _may_go_on(state: RunState[Any]) -> None:
    """The gate before each model call: what is done is written down, what is left allows it."""
    loop = state.loop
    assert loop is not None  # noqa: S101 - this is its gate
    if state.journal.on:
        state.journal.follow(loop)
        await save(state)
    state.account.check()
    begun = loop.asked or state.spending.owed.requests or any(one.asked for one in state.done)
    if begun and state.kit.ports.budget is not UNLIMITED:
        await _extend(state)


async def _extend(state: RunState[Any]) -> None:
    """Ask the budget for another call; what it refuses with ends the run, as it would before it."""
    budget, timeout_s = state.kit.ports.budget, state.info.limits.port_timeout_s
    stopped: ExecutusError = RunStopped(
        f"the budget did not answer within {timeout_s:g} s, so the run was stopped"
    )
    try:
        with state.kit.clock.deadline(timeout_s):
            await budget.extend(state.info.run_id, state.spent, state.spending.cost_here)
            return
    except RunRejected as error:
        stopped = error
    except Exception as error:  # noqa: BLE001 - a gate that fails is closed
        stopped = RunStopped(f"the budget failed, so the run was stopped: {told(error)}")
    state.tell(BudgetTold, action="stopped", reason=str(stopped))
    state.end(RunStatus.FAILED, stopped)  # not rejected: it has begun
    raise stopped


def _compactor(state: RunState[Any], leg: Leg, loop: Loop[Any]) -> RunCompactor | None:
    """Have the loop send a fitted transcript, unless the host's hook does so already."""
    if loop.hooks.compactor is not None or state.kit.compactor is NO_COMPACTION:
        return None
    scope = CompactionScope(
        model=leg.model,
        system=leg.system,
        tools=loop.tools,
        keep=loop.new_from,
        fragments=state.fragments,
    )
    compactor = state.kit.compactor.begin(scope)
    state.compactors.append(compactor)

    async def compact(messages: Sequence[Message]) -> Sequence[Message]:
        reported = loop.steps[-1].response.usage if loop.steps else None
        before = compactor.usage
        try:
            return await compactor.compact(messages, reported=reported)
        finally:
            _count_summaries(state, leg, before, compactor.usage)

    loop.hooks = replace(loop.hooks, compactor=compact)
    return compactor


def _count_summaries(state: RunState[Any], leg: Leg, before: Usage, after: Usage) -> None:
    """Summaries that the run's own model wrote are part of what the run took."""
    if after is before or after == before:
        return
    spent = Usage(
        input=_less(after.input, before.input),
        output=_less(after.output, before.output),
        requests=after.requests - before.requests,
    )
    state.spending.aside_asked += spent.requests
    state.add_aside(leg.model.target, spent)


def _less(after: int | None, before: int | None) -> int | None:
    return None if after is None else after - (before or 0)


async def _drive(loop: Loop[Any], compactor: RunCompactor | None) -> Any:
    """Drive the loop; a request that was too long is sent once more, compacted harder."""
    retried = -1
    while True:
        try:
            return await drive(loop)
        except ModelFailed as error:
            if compactor is None or not _too_long(error) or retried == len(loop.steps):
                raise
            retried = len(loop.steps)
            loop.asked -= 1  # refused before it was read: it took nothing
            compactor.overflowed()


def _too_long(error: ModelFailed) -> bool:
    cause = error.__cause__
    return isinstance(cause, APIError) and cause.kind is ErrorKind.CONTEXT_OVERFLOW
