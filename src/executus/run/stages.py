"""The path of a run, stage by stage; `execute` in `kernel` walks it.

identify → admit → resolve → open → loop → deliver → close
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from pydantic_core import to_json

from executus.config import BadSetting
from executus.deliver import DISCARD, Parcel
from executus.errors import ExecutusError, RunRejected
from executus.events import BudgetTold, RunStarted
from executus.lane import Lane
from executus.run.journal import JournalConflict
from executus.run.looping import run_legs
from executus.run.ports import NO_AUDIT, UNLIMITED
from executus.run.resolving import limits_in_force, resolve_legs
from executus.run.result import RunStatus
from executus.run.slots import held_lanes
from executus.run.state import RunState, told
from majordomo.agent import as_message
from majordomo.errors import ConfigError

__all__ = ["ADMISSION", "WORK", "Stage"]

T = TypeVar("T")

Stage: TypeAlias = Callable[[RunState[Any]], Awaitable[None]]


async def identify(state: RunState[Any]) -> None:
    """Say who asks for what, and find its place in the tree of runs."""
    kit = state.kit
    info = state.info = replace(state.info, limits=await limits_in_force(state, ask_gate))
    state.tell(
        RunStarted,
        agent=info.agent,
        caller=info.caller.id,
        parent=info.parent,
        resumed=info.resumed,
    )
    if info.run_id in kit.live:
        state.foreign = True
        raise RunRejected(f"a run of the id {info.run_id!r} goes on already; ids must be unique")
    parent = kit.live.get(info.parent) if info.parent else None
    if parent is None or parent.lineage is None:
        state.lineage = kit.guard.begin(info.run_id, info.agent)
    else:
        state.lineage = kit.guard.admit(parent.lineage, info.run_id, info.agent)
    kit.live[info.run_id] = state


async def admit(state: RunState[Any]) -> None:
    """Ask the budget, before anything is spent, and wait for a slot."""
    budget, lane = state.kit.ports.budget, state.kit.lane
    if budget is not UNLIMITED:
        try:
            await ask_gate(state, "budget", lambda: budget.reserve(state.info))
        except RunRejected as error:
            state.tell(BudgetTold, action="refused", reason=str(error))
            raise
        state.reserved = True
        state.tell(BudgetTold, action="reserved")
    if lane is not None and not _is_waited_for(state, lane):
        state.held = AsyncExitStack()
        try:
            await state.held.enter_async_context(lane.slot(state.info.caller.id))
        except ExecutusError as error:
            raise RunRejected(str(error)) from error


def _is_waited_for(state: RunState[Any], lane: Lane) -> bool:
    """Whether a run that holds a slot waits for this one: for another it might wait for ever."""
    if state.lineage is not None and state.lineage.depth:
        return True
    return lane in held_lanes() and not state.in_background


async def ask_gate(
    state: RunState[Any], name: str, ask: Callable[[], Awaitable[T]], *, waits: bool = True
) -> T:
    """Ask a gate within a port's time. One that fails or hangs is closed.

    Args:
        state: The run.
        name: What to call the gate in the refusal.
        ask: Asks it.
        waits: False when it answers at once, and needs no time limit.
    """
    timeout_s = state.info.limits.port_timeout_s
    try:
        with state.kit.clock.deadline(timeout_s) if waits else nullcontext():
            return await ask()
    except RunRejected:
        raise
    except BadSetting as error:
        raise RunRejected(str(error)) from error
    except Exception as error:
        raise RunRejected(
            f"the {name} gate failed, so the run was not begun: {told(error)}"
        ) from error
    raise RunRejected(
        f"the {name} gate did not answer within {timeout_s:g} s, so the run was not begun"
    )


async def resolve(state: RunState[Any]) -> None:
    """Find the models, the tools and the instructions."""
    if state.fault is not None:
        what = f"{type(state.fault).__name__}: {state.fault}"
        raise RunRejected(f"the agent's instructions failed: {what}") from state.fault
    try:
        state.legs = await resolve_legs(state, ask_gate)
    except (ConfigError, ExecutusError) as error:
        if isinstance(error, RunRejected):
            raise
        raise RunRejected(str(error)) from error


async def open_run(state: RunState[Any]) -> None:
    """Begin the journal, or take it over, and the record."""
    if state.journal.on:
        await _open_journal(state)
    ports = state.kit.ports
    if ports.audit is not NO_AUDIT:
        await state.attempt("audit.start_run", lambda: ports.audit.start_run(state.info))
    if state.restored is not None:
        for leg in state.legs:
            await leg.tools.learn_secrets()
            if leg.on_demand is not None:
                await leg.on_demand.learn_secrets()


async def _open_journal(state: RunState[Any]) -> None:
    if state.restored is None:
        invocation = state.invocation
        messages = [*invocation.history, as_message(invocation.input)]
        state.journal.begin(state.info, messages, len(invocation.history))
    try:
        await state.journal.flush()
    except JournalConflict as error:
        state.foreign = True
        if state.restored is not None:
            raise RunRejected(str(error)) from error
        raise RunRejected(
            f"the run {state.info.run_id!r} has a journal already; resume it, or take another id"
        ) from error
    except Exception as error:
        if state.restored is not None:
            raise RunRejected(
                f"the run could not be taken over: its journal cannot be written ({told(error)})"
            ) from error
        state.warn(f"checkpointer.append failed: {told(error)}")


async def loop(state: RunState[Any]) -> None:
    """Run the agent loop, or one loop per phase, to the answer."""
    await run_legs(state)
    state.output = _bounded_output(state, state.output)


def _bounded_output(state: RunState[Any], output: Any) -> Any:
    limit = state.info.limits.max_output_bytes
    if not isinstance(output, str) or len(output) * 4 <= limit:
        return output
    encoded = output.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return output
    state.warn(f"the answer was cut from {len(encoded)} to {limit} bytes")
    return encoded[:limit].decode("utf-8", "ignore")


async def deliver(state: RunState[Any]) -> None:
    """Take the answer, and what was attached to it, where it belongs.

    A dispatched run answers the run that waits for it, and nobody else.
    """
    dispatched = state.lineage is None or state.lineage.depth or _was_dispatched(state)
    if not dispatched:
        state.attachments = state.outbox.take()
        if state.kit.ports.delivery is not DISCARD:
            await _deliver(state)
    state.end(RunStatus.OK)


def _was_dispatched(state: RunState[Any]) -> bool:
    """Whether an earlier process began it for a run that waited; resumed, nobody waits."""
    return state.restored is not None and state.info.parent is not None


async def _deliver(state: RunState[Any]) -> None:
    info, output = state.info, state.output
    text = output if isinstance(output, str) else to_json(output, fallback=str).decode()
    parcel = Parcel(
        key=info.run_id,
        run_id=info.run_id,
        agent=info.agent,
        caller=info.caller,
        text=text,
        attachments=state.attachments,
        output=output,
        metadata=info.invocation.metadata,
    )
    await state.attempt(
        "delivery",
        lambda: state.kit.ports.delivery.deliver(parcel),
        within_s=info.limits.delivery_timeout_s,
    )


ADMISSION: tuple[tuple[str, Stage], ...] = (("identify", identify), ("admit", admit))
"""Each bounds its own waiting; the time of the run begins after them."""

WORK: tuple[tuple[str, Stage], ...] = (
    ("resolve", resolve),
    ("open", open_run),
    ("loop", loop),
    ("deliver", deliver),
)
"""Bounded together by `max_runtime_s`."""
