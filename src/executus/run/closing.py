"""The close stage: settle the budget, write the terminal record, let go of the journal."""

from __future__ import annotations

import logging
from typing import Any

from executus.events import RunEnded
from executus.run.ports import UNLIMITED
from executus.run.result import RunStatus
from executus.run.state import RunState
from executus.run.unwritten import Unwritten

__all__ = ["announce_end", "close", "flush"]

logger = logging.getLogger("executus.run")

MOST_SPOOLED = 1000
_FINAL = frozenset({RunStatus.OK, RunStatus.MAX_STEPS})


async def close(state: RunState[Any]) -> None:
    """Settle, record and let go, each within its own time.

    Runs in its own task (ADR 0112): no cancellation of the caller reaches it. A record that could
    not be written waits in the executor's spool for the next close stage. Of a run whose id is
    another's, nothing is recorded: it would replace that one's record.
    """
    if state.foreign and state.lineage is None:  # it has not even reserved anything
        return
    limit_s = state.info.limits.close_timeout_s
    owes_record = not state.foreign
    try:
        with state.kit.clock.deadline(limit_s) as scope:
            if await _settle(state):
                await _note_settled(state)
            if owes_record:
                owes_record = not await state.attempt(
                    "audit.close_run", lambda: _unwritten(state).write()
                )
            if not owes_record:
                await _end_journal(state)
                await flush(state.kit.spool)
        if scope.cancelled_caught:
            state.warn(f"the close stage was stopped after its {limit_s:g} s")
    finally:
        if owes_record:
            _spool(state)


def _unwritten(state: RunState[Any]) -> Unwritten:
    ports, clock = state.kit.ports, state.kit.clock
    return Unwritten(state.info, state.result(), ports.audit, clock)


def _spool(state: RunState[Any]) -> None:
    spool = state.kit.spool
    spool.append(_unwritten(state))
    if len(spool) > MOST_SPOOLED:
        lost = spool.pop(0)
        logger.error("the terminal record of run %s is lost", lost.info.run_id)


async def _settle(state: RunState[Any]) -> bool:
    """Tell the budget what was spent; whether it has been told."""
    state.count()
    budget, run_id, spent = state.kit.ports.budget, state.info.run_id, state.spent
    if budget is UNLIMITED:
        return False
    if not spent.requests or not state.reserved:
        await state.attempt("budget.release", lambda: budget.release(run_id))
        return False
    cost = state.spending.cost_here
    return await state.attempt("budget.commit", lambda: budget.commit(run_id, spent, cost))


async def _note_settled(state: RunState[Any]) -> None:
    """Let who resumes the run know: what is not noted is counted once more, never not at all."""
    if state.journal.mine and state.status not in _FINAL:
        state.journal.settled()
        await state.attempt("checkpointer.append", state.journal.flush)


async def _end_journal(state: RunState[Any]) -> None:
    """Forget the journal of a run that has answered, or cannot go further; keep the others'."""
    if state.journal.mine and state.status in _FINAL:
        await state.attempt("checkpointer.end", state.journal.end)


async def flush(spool: list[Unwritten]) -> None:
    """Write the terminal records that earlier runs could not, until one fails again."""
    while spool:
        earlier, written = spool.pop(0), False
        try:
            with earlier.clock.deadline(earlier.info.limits.port_timeout_s):
                await earlier.write()
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
