"""`tools.executor.runs.read`: what an earlier run called and gave, in pieces where it is long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from executus_gateway.domain import Ledger
from executus_gateway.schema import CallRecord, TaskRun
from executus_gateway.service.controls import Control, object_schema

__all__ = ["run_controls"]

DEFAULT_CHARS = 20_000
MAX_CHARS = 200_000
MAX_CALLS = 100


class _RunControls:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def read(self, arguments: Mapping[str, Any]) -> Any:
        run = self._ledger.require(TaskRun, arguments["run"])
        outcome = run.outcome
        text = "" if outcome is None else to_json(outcome.value).decode()
        offset = arguments.get("offset", 0)
        piece = text[offset : offset + arguments.get("chars", DEFAULT_CHARS)]
        end = offset + len(piece)
        return {
            "state": run.state,
            "json": piece,
            "next_offset": end if end < len(text) else None,
            "problem": outcome.problem.message if outcome and outcome.problem else "",
            "calls": [{"path": call.path, "state": call.state} for call in self._calls(run.id)],
        }

    def _calls(self, run_id: str) -> Sequence[CallRecord]:
        """The last calls; `started` in a run that has ended is one whose end nobody saw."""
        return [call for call in self._ledger.all(CallRecord) if call.run == run_id][-MAX_CALLS:]


def run_controls(ledger: Ledger) -> tuple[Control, ...]:
    """The controls.

    Args:
        ledger: Has the runs.
    """
    number = {"type": "integer", "minimum": 0}
    return (
        Control(
            path="executor.runs.read",
            description="What an earlier run called, and returned: as JSON text from an offset on.",
            schema=object_schema(
                "run",
                run={"type": "string"},
                offset=number,
                chars={"type": "integer", "minimum": 1, "maximum": MAX_CHARS},
            ),
            run=_RunControls(ledger).read,
        ),
    )
