"""A run as a model is told of it: short, and with what to do next."""

from __future__ import annotations

from typing import Any

from mcp.types import Annotations, CallToolResult, TextContent
from pydantic_core import to_json

from executus_gateway.schema import Interaction, TaskRun

__all__ = ["told_problem", "told_run"]

MAX_CHARS = 40_000
MAX_PRINTED = 8_000


def told_run(run: TaskRun, questions: list[Interaction], *, can_resume: bool) -> CallToolResult:
    """The result of `execute` or `resume`.

    Args:
        run: As it is now.
        questions: What it waits for.
        can_resume: Whether the client has the tool `resume`.
    """
    if run.outcome is None:
        return _text(_paused(run, questions, can_resume=can_resume))
    outcome = run.outcome
    parts = [] if outcome.problem is None else [outcome.problem.message]
    if outcome.problem is None:
        parts.append(_value(run, outcome.value))
    if outcome.printed:
        cut = outcome.printed[-MAX_PRINTED:]
        parts.append(f"[printed]\n{cut}")
    result = _text("\n\n".join(parts), failed=outcome.problem is not None)
    for value in outcome.emitted:
        text = value if isinstance(value, str) else to_json(value, indent=2).decode()
        result.content.append(
            TextContent(type="text", text=text, annotations=Annotations(audience=["user"]))
        )
    return result


def told_problem(message: str) -> CallToolResult:
    """A call that could not be made."""
    return _text(message, failed=True)


def _value(run: TaskRun, value: Any) -> str:
    text = value if isinstance(value, str) else to_json(value).decode()
    if len(text) <= MAX_CHARS:
        return text
    return (
        f"{text[:MAX_CHARS]}\n[{len(text)} characters; read on in execute: "
        f"tools.executor.runs.read(run={run.id!r}, offset={MAX_CHARS})]"
    )


def _paused(run: TaskRun, questions: list[Interaction], *, can_resume: bool) -> str:
    asked = "\n".join(f"- {question.title}" for question in questions)
    then = (
        f"call resume with run_id {run.id!r}; it waits for the decision"
        if can_resume
        else f"look with execute: return tools.executor.runs.read(run={run.id!r})"
    )
    return (
        f"Paused: a person is asked, outside of this conversation:\n{asked}\n"
        f"Do not run the code again. Tell the user to answer in the gateway's inbox, then {then}."
    )


def _text(text: str, *, failed: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)
