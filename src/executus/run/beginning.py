"""How a run's state is made: for a new run, and for one that an earlier process left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import TypeVar

from executus.asking import Answered, InputAnswer, Said, as_answer
from executus.errors import RunRejected
from executus.events import EventSink
from executus.invocation import Invocation, Limits
from executus.pendingattach import PendingAttachments
from executus.registry import Overflow
from executus.run.agent import RunnableAgent
from executus.run.info import RunInfo
from executus.run.journal import RunJournal
from executus.run.kit import Kit
from executus.run.restore import RestoredRun
from executus.run.spending import Spending
from executus.run.state import RunState
from executus.run.treeaccount import ENDED
from majordomo.agent import Agent

__all__ = ["as_runnable", "new_run", "restored_info", "resumed_run"]

Out = TypeVar("Out", default=str)


def as_runnable(
    agent: Agent[Any, Out], deps: object
) -> tuple[RunnableAgent[Out], Exception | None]:
    """A majordomo agent as data, with its own bounds and hooks, and what went wrong with it.

    Its bounds are always its own: it has them, whether its maker gave them or not.
    """
    limits, system, fault = agent.limits, "", None
    try:
        system = agent.system(deps)
    except Exception as error:  # noqa: BLE001 - the host's function; the run is rejected for it
        fault = error
    runnable = RunnableAgent(
        name=agent.name,
        instructions=system,
        model=agent.model,
        tools=agent.tools,
        output=agent.output,
        settings=agent.settings,
        hooks=agent.hooks,
        tool_errors=limits.tool_errors,
        output_retries=limits.output_retries,
        limits=Limits(max_steps=limits.max_steps, max_parallel_tools=limits.max_parallel_tools),
    )
    return runnable, fault


def new_run(
    kit: Kit,
    agent: RunnableAgent[Out],
    invocation: Invocation,
    *,
    limits: Limits,
    sinks: Sequence[EventSink],
) -> RunState[Out]:
    """The state of a run from its beginning; what is not given of its limits is found later."""
    parent = kit.live.get(invocation.parent) if invocation.parent else None
    # Read once: on another thread's loop the parent may end meanwhile.
    above = parent.account if parent else None
    run_id = invocation.run_id or kit.new_id()
    info = RunInfo(
        run_id=run_id,
        parent=invocation.parent,
        root=parent.info.root if parent else run_id,
        agent=agent.name,
        caller=invocation.caller,
        limits=limits,
        invocation=invocation,
        started=kit.clock.wall(),
    )
    return RunState(
        agent=agent,
        invocation=invocation,
        info=info,
        kit=kit,
        sinks=sinks,
        outbox=parent.outbox if parent else PendingAttachments(),
        journal=_journal(kit, info, written=0),
        spending=Spending(kit.ports.prices),
        fragments=kit.histories.take(invocation.history),
        above=None if above is ENDED else above,
        new_from=len(invocation.history),
        started_monotonic=kit.clock.monotonic(),
    )


def _journal(kit: Kit, info: RunInfo, *, written: int) -> RunJournal:
    return RunJournal(
        kit.ports.checkpointer,
        info.run_id,
        clock=kit.clock,
        timeout_s=info.limits.port_timeout_s,
        written=written,
    )


def resumed_run(
    kit: Kit,
    agent: RunnableAgent[Out],
    restored: RestoredRun,
    *,
    answers: Mapping[str, Said],
    deps: object,
    sinks: Sequence[EventSink],
) -> RunState[Out]:
    """The state of a run that goes on.

    Raises:
        RunRejected: An answer is to nothing the run has asked.
    """
    said = _said(restored, answers)
    invocation = replace(_invocation(restored), deps=deps)
    state = new_run(kit, agent, invocation, limits=restored.limits, sinks=sinks)
    state.info = replace(state.info, started=restored.started, resumed=True)
    state.restored = restored
    state.journal = _journal(kit, state.info, written=restored.length)
    state.journal.resumed(kit.new_id(), said)
    state.asked = restored.asked
    state.answers = restored.answers | {
        key: Answered(request=restored.asked[key], answer=answer) for key, answer in said.items()
    }
    state.inbox.extend(restored.inbox)
    for attachment in restored.attachments:
        state.outbox.add(attachment)
    state.tool_calls = restored.tool_calls
    state.overflow = Overflow(start=restored.tool_calls)
    for usage, cost in restored.below:
        state.account.add_ended(usage, cost)
    steps = [step for phase in restored.phases for step in phase.steps]
    state.spending.restore(steps, restored.aside, restored.tools_cost)
    owed = restored.unsettled
    state.spending.owe(owed.steps, owed.aside, owed.tools)
    state.spending.skip(len(restored.phases) - 1, len(restored.phases[-1].steps))
    return state


def restored_info(restored: RestoredRun) -> RunInfo:
    """What a run that an earlier process left was begun with."""
    return RunInfo(
        run_id=restored.run_id,
        parent=restored.parent,
        root=restored.run_id,
        agent=restored.agent,
        caller=restored.caller,
        limits=restored.limits,
        invocation=_invocation(restored),
        started=restored.started,
        resumed=True,
    )


def _invocation(restored: RestoredRun) -> Invocation:
    first, new_from = restored.phases[0].messages, restored.new_from
    return Invocation(
        first[new_from].parts,
        caller=restored.caller,
        history=tuple(first[:new_from]),
        limits=restored.limits,
        parent=restored.parent,
        run_id=restored.run_id,
        metadata=restored.metadata,
    )


def _said(restored: RestoredRun, answers: Mapping[str, Said]) -> dict[str, InputAnswer]:
    unknown = [key for key in answers if key not in restored.asked]
    if unknown:
        waiting = ", ".join(restored.asked) or "no answer"
        raise RunRejected(
            f"run {restored.run_id!r} did not ask for {', '.join(unknown)}; it waits for {waiting}"
        )
    return {key: as_answer(restored.asked[key], said) for key, said in answers.items()}
