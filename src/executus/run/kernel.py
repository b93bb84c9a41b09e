"""Walks a run through its stages, and closes it whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

from anyio import get_cancelled_exc_class
from typing_extensions import TypeVar

from executus.errors import RunRejected, RunStopped
from executus.events import StageEntered
from executus.model import tagging
from executus.run.calls import save
from executus.run.closing import announce_end, close
from executus.run.result import RunResult, RunStatus
from executus.run.slots import holding
from executus.run.stages import ADMISSION, WORK, Stage
from executus.run.state import RunState
from majordomo.agent import LoopSuspended, MaxSteps
from majordomo.tasks import finish

__all__ = ["RunCancelled", "RunTimeout", "execute"]

Out = TypeVar("Out", default=str)


class RunTimeout(RunStopped, TimeoutError):
    """A run reached its `max_runtime_s`."""


class RunCancelled(RunStopped):
    """A run was cancelled before it had its answer; what ended it is the cause."""


async def execute(state: RunState[Out]) -> RunResult[Out]:
    """Run all stages; the close stage follows on every path.

    Returns:
        How it ended. A failure of the run is a result too.

    Raises:
        BaseException: The caller's cancellation (or an interrupt), after the close stage.
    """
    try:
        await _walk(state)
    except RunRejected as error:
        state.end(RunStatus.REJECTED, error)
    except MaxSteps as error:
        state.end(RunStatus.MAX_STEPS, error)
    except Exception as error:  # noqa: BLE001 - a run's failure is its result
        state.end(RunStatus.FAILED, error)
    except GeneratorExit:
        # The coroutine was thrown away, not cancelled: nothing may be awaited any more.
        _let_go(state)
        _drop(state)
        raise
    except BaseException as error:
        state.end(RunStatus.CANCELLED, _cancelled(error))
        await _close(state)
        raise
    await _close(state)
    if state.status is RunStatus.OK and state.loop is not None:
        # Lent to a run that goes on from this one's answer.
        messages = state.loop.messages
        state.kit.histories.put_back(state.fragments, messages, history=state.new_from)
    return state.result()


def _cancelled(error: BaseException) -> RunCancelled:
    by = "" if isinstance(error, get_cancelled_exc_class()) else f" by {type(error).__name__}"
    cancelled = RunCancelled(f"the run was cancelled{by} before it had its answer")
    cancelled.__cause__ = error
    return cancelled


async def _walk(state: RunState[Any]) -> None:
    await _enter(state, ADMISSION)
    limit_s = state.info.limits.max_runtime_s
    info = state.info
    tags = tagging(run=info.run_id, agent=info.agent, caller=info.caller.id)
    slot = nullcontext() if state.kit.lane is None else holding(state.kit.lane)
    with tags, slot, state.kit.clock.deadline(limit_s) as scope:
        try:
            await _enter(state, WORK)
        except LoopSuspended as error:
            await _pause(state, error)
    if scope.cancelled_caught:
        error = RunTimeout(f"the run was stopped after its {limit_s:g} s (max_runtime_s)")
        state.end(RunStatus.TIMED_OUT, error)


async def _enter(state: RunState[Any], stages: Sequence[tuple[str, Stage]]) -> None:
    for name, stage in stages:
        state.tell(StageEntered, stage=name)
        await stage(state)


async def _pause(state: RunState[Any], error: LoopSuspended) -> None:
    """Save what is needed to go on; a run that cannot be saved has failed."""
    if state.loop is not None:
        state.journal.follow(state.loop)
    state.journal.inbox(state.inbox)
    state.journal.asked(tuple(state.asked.values()))
    if not await save(state):
        raise RunStopped("the run was to pause, and its journal could not be written") from error
    state.end(RunStatus.PAUSED, error)


async def _close(state: RunState[Any]) -> None:
    state.tell(StageEntered, stage="close")
    state.ended = state.kit.clock.wall()
    try:
        if state.kit.ports.to_close or state.kit.spool:
            await finish(partial(close, state))
    finally:
        _let_go(state)
        if state.held is not None:
            await state.held.aclose()
        announce_end(state)


def _drop(state: RunState[Any]) -> None:
    """Give the lane's slot back without waiting: leaving it never does."""
    if state.held is None:
        return
    with suppress(StopIteration):
        state.held.aclose().send(None)


def _let_go(state: RunState[Any]) -> None:
    kit = state.kit
    spent, above = state.account.close(), kit.live.get(state.info.parent or "")
    if spent is not None and above is not None:
        above.journal.below(*spent)
    if kit.live.get(state.info.run_id) is state:
        del kit.live[state.info.run_id]
    if state.lineage is not None:
        kit.guard.end(state.lineage)
    state.part()
