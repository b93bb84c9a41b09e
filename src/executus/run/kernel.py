"""Walks a run through its stages, and closes it whatever happens."""

from __future__ import annotations

from functools import partial
from typing import Any

from typing_extensions import TypeVar

from executus.errors import RunRejected
from executus.events import StageEntered
from executus.run.result import RunResult, RunStatus
from executus.run.stages import STAGES, announce_end, close
from executus.run.state import RunState
from majordomo.agent import MaxSteps
from majordomo.tasks import finish

__all__ = ["RunTimeout", "execute"]

Out = TypeVar("Out", default=str)


class RunTimeout(TimeoutError):
    """A run reached its `max_runtime_s`."""


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
        raise
    except BaseException as error:
        state.end(RunStatus.CANCELLED, error)
        await _close(state)
        raise
    await _close(state)
    return state.result()


async def _walk(state: RunState[Any]) -> None:
    limit_s = state.limits.max_runtime_s
    with state.clock.deadline(limit_s) as scope:
        for name, stage in STAGES:
            state.tell(StageEntered, stage=name)
            await stage(state)
    if scope.cancelled_caught:
        error = RunTimeout(f"the run was stopped after its {limit_s:g} s (max_runtime_s)")
        state.end(RunStatus.TIMED_OUT, error)


async def _close(state: RunState[Any]) -> None:
    state.tell(StageEntered, stage="close")
    state.ended = state.clock.wall()
    if state.ports.to_close or state.spool:
        try:
            await finish(partial(close, state))
        finally:
            announce_end(state)
    else:
        announce_end(state)
