"""What a run gave, as text for a model: bounded, and where to read on."""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import to_json

from executus_gateway.schema import TaskRun

__all__ = ["MAX_TOLD_CHARS", "told_outcome"]

MAX_TOLD_CHARS: Final = 40_000
MAX_PRINTED_CHARS: Final = 8_000


def told_outcome(run: TaskRun) -> str:
    """The value, or why there is none, and what was printed; without an outcome, the run's state.

    Args:
        run: As it is now.
    """
    outcome = run.outcome
    if outcome is None:
        return f"the run is {run.state}"
    told = _value(run, outcome.value) if outcome.problem is None else outcome.problem.message
    return f"{told}\n\n[printed]\n{_printed(outcome.printed)}" if outcome.printed else told


def _value(run: TaskRun, value: Any) -> str:
    text = value if isinstance(value, str) else to_json(value).decode()
    if len(text) <= MAX_TOLD_CHARS:
        return text
    return (
        f"{text[:MAX_TOLD_CHARS]}\n[{len(text)} characters; read on in execute: "
        f"tools.executor.runs.read(run={run.id!r}, offset={MAX_TOLD_CHARS})]"
    )


def _printed(text: str) -> str:
    """Its end: what is printed last tells most."""
    if len(text) <= MAX_PRINTED_CHARS:
        return text
    return f"[the last {MAX_PRINTED_CHARS} of {len(text)} characters]\n{text[-MAX_PRINTED_CHARS:]}"
