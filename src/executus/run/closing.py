"""The close stage: settle the budget, write the terminal record, let go of the journal."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from executus.events import RunEnded
from executus.run.ports import NO_AUDIT, UNLIMITED
from executus.run.result import RunStatus
from executus.run.state import RunState

__all__ = ["announce_end", "close", "flush"]

logger = logging.getLogger("executus.run")

MOST_SPOOLED = 1000


async def close(state: RunState[Any]) -> None:
    """Settle, record and let go, each within its own time.

    Runs in its own task (ADR 0112): no cancellation of the caller reaches it. A record that could
    not be written waits in the executor's spool for the next close stage.
    """
    limit_s, recorded = state.info.limits.close_timeout_s, False
    with state.kit.clock.deadline(limit_s) as scope:
        await _settle(state)
        await _end_journal(state)
        recorded = await state.attempt("audit.close_run", partial(_write_record, state))
        if recorded:
            await flush(state.kit.spool)
    if scope.cancelled_caught:
        state.warn(f"the close stage was stopped after its {limit_s:g} s")
    if not recorded:
        _spool(state)


def _spool(state: RunState[Any]) -> None:
    spool = state.kit.spool
    spool.append(state)
    if len(spool) > MOST_SPOOLED:
        lost = spool.pop(0)
        logger.error("the terminal record of run %s is lost", lost.info.run_id)


async def _settle(state: RunState[Any]) -> None:
    budget, run_id, spent = state.kit.ports.budget, state.info.run_id, state.spent
    if budget is UNLIMITED:
        return
    if spent.requests:
        cost = state.spending.cost_here
        await state.attempt("budget.commit", lambda: budget.commit(run_id, spent, cost))
    else:
        await state.attempt("budget.release", lambda: budget.release(run_id))


async def _end_journal(state: RunState[Any]) -> None:
    """Forget the journal of a run that has ended; that of a paused one is needed."""
    if state.journal.mine and state.status not in (RunStatus.PAUSED, RunStatus.REJECTED):
        await state.attempt("checkpointer.end", state.journal.end)


async def _write_record(state: RunState[Any]) -> None:
    if state.kit.ports.audit is not NO_AUDIT:
        await state.kit.ports.audit.close_run(state.info, state.result())


async def flush(spool: list[RunState[Any]]) -> None:
    """Write the terminal records that earlier runs could not, until one fails again."""
    while spool:
        earlier, written = spool.pop(0), False
        try:
            with earlier.kit.clock.deadline(earlier.info.limits.port_timeout_s):
                await _write_record(earlier)
                written = True
        except Exception:
            logger.exception("the terminal record of run %s waits on", earlier.info.run_id)
        finally:
            if not written:
                spool.insert(0, earlier)
        if not written:
            return


def announce_end(state: RunState[Any]) -> None:
    """Date the end and emit the last event."""
    state.ended = state.kit.clock.wall()
    if RunEnded.kind in state.wanted:
        result = state.result()
        state.tell(
            RunEnded,
            status=result.status,
            error=str(result.error or ""),
            steps=len(result.steps),
            tool_calls=result.tool_calls,
            input_tokens=result.usage.input,
            output_tokens=result.usage.output,
            elapsed_s=state.kit.clock.monotonic() - state.started_monotonic,
        )
