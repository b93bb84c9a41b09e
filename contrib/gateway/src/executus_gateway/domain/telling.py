"""What a run gave, cut to what a model reads; what is cut says so, and where to read on."""

from __future__ import annotations

from typing import Final

from pydantic_core import to_json

from executus_gateway.schema import TaskRun

__all__ = ["MAX_TOLD_CHARS", "cut_printed", "cut_value"]

MAX_TOLD_CHARS: Final = 40_000
MAX_PRINTED_CHARS: Final = 8_000


def cut_value(run: TaskRun, text: str) -> str:
    """What a run returned.

    Args:
        run: The run.
        text: Its value as JSON, or as it is where it is a text.
    """
    if len(text) <= MAX_TOLD_CHARS:
        return text
    shown = text[:MAX_TOLD_CHARS]
    # What is read on is JSON, in which a text is longer.
    plain = run.outcome is not None and run.outcome.value is text
    offset = len(to_json(shown).decode()) - 1 if plain else MAX_TOLD_CHARS
    return (
        f"{shown}\n[{len(text)} characters; read on in execute: "
        f"tools.executor.runs.read(run={run.id!r}, offset={offset})]"
    )


def cut_printed(text: str) -> str:
    """What a run printed: its end, as what is printed last tells most."""
    if len(text) <= MAX_PRINTED_CHARS:
        return text
    return f"[the last {MAX_PRINTED_CHARS} of {len(text)} characters]\n{text[-MAX_PRINTED_CHARS:]}"
