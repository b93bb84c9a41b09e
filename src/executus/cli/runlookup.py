"""Which run is meant: a whole id, the beginning of one, or `last`."""

from __future__ import annotations

from collections.abc import Sequence

from executus.batteries.audit import RunIndex, RunQuery, RunRecord
from executus.errors import SetupError

__all__ = ["LAST", "find_run"]

LAST = "last"
_NAMED = 3
_MOST_COMPARED = 64


async def find_run(runs: RunIndex, wanted: str) -> RunRecord:
    """The run that is meant; `last` is the latest that no other run dispatched.

    Raises:
        SetupError: None, or more than one; the sentence names some that may be meant.
    """
    if wanted == LAST:
        return await _last(runs)
    exact = await runs.get(wanted)
    if exact is not None:
        return exact
    found = await runs.list(RunQuery(id_prefix=wanted, limit=_NAMED + 1))
    if len(found) == 1:
        return found[0]
    if found:
        raise SetupError(f"{wanted!r} begins several ids: {_names(found)}; write more of one")
    near = await _nearest(runs, wanted[:_MOST_COMPARED])
    known = f"the nearest: {_names(near)}" if near else "the store has no runs yet"
    raise SetupError(f"no run's id begins with {wanted!r} ({known})")


async def _last(runs: RunIndex) -> RunRecord:
    latest = await runs.list(RunQuery(limit=1))
    if not latest:
        raise SetupError("the store has no runs yet: `executus run` writes them there")
    return await runs.get(latest[0].root) or latest[0]


async def _nearest(runs: RunIndex, wanted: str) -> Sequence[RunRecord]:
    """Those whose ids have the longest beginning in common with it."""
    for length in range(len(wanted) - 1, -1, -1):
        found = await runs.list(RunQuery(id_prefix=wanted[:length], limit=_NAMED + 1))
        if found:
            return found
    return ()


def _names(found: Sequence[RunRecord]) -> str:
    names = ", ".join(run.run_id for run in found[:_NAMED])
    return names + (", …" if len(found) > _NAMED else "")
