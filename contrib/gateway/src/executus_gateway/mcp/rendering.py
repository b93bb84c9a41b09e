"""A run as a model is told of it: short, and with what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from mcp.types import Annotations, CallToolResult, TextContent
from pydantic_core import to_json

from executus_gateway.domain import MAX_TOLD_CHARS, cut_printed, cut_value
from executus_gateway.schema import Interaction, TaskRun

__all__ = ["look_again", "told_paused", "told_problem", "told_run"]


def told_run(run: TaskRun, questions: list[Interaction], *, can_resume: bool) -> CallToolResult:
    """The result of `execute` or `resume`.

    Args:
        run: As it is now.
        questions: What it waits for.
        can_resume: Whether the client has the tool `resume`.
    """
    if run.outcome is None:
        titles = [question.title for question in questions]
        return told_paused(run.id, titles, can_resume=can_resume)
    outcome = run.outcome
    if outcome.problem is None:
        text = outcome.value if isinstance(outcome.value, str) else to_json(outcome.value).decode()
        parts = [cut_value(run, text)]
    else:
        parts = [outcome.problem.message]
    if outcome.printed:
        parts.append(f"[printed]\n{cut_printed(outcome.printed)}")
    result = _text("\n\n".join(parts), failed=outcome.problem is not None)
    for value in outcome.emitted:
        text = value if isinstance(value, str) else to_json(value, indent=2).decode()
        cut = text if len(text) <= MAX_TOLD_CHARS else f"{text[:MAX_TOLD_CHARS]}…"
        result.content.append(
            TextContent(type="text", text=cut, annotations=Annotations(audience=["user"]))
        )
    return result


def told_paused(run_id: str, titles: Sequence[str], *, can_resume: bool) -> CallToolResult:
    """A run that waits for a person who is asked elsewhere.

    Args:
        run_id: The run.
        titles: Of what is asked.
        can_resume: Whether the client has the tool `resume`.
    """
    asked = "\n".join(f"- {title}" for title in titles)
    return _text(
        f"Paused: a person is asked, outside of this conversation:\n{asked}\n"
        "Do not run the code again. Tell the user to answer in the gateway's inbox, then "
        f"{look_again(run_id, can_resume=can_resume)}."
    )


def look_again(run_id: str, *, can_resume: bool) -> str:
    """How a model finds out what became of a run; arguments as for `told_paused`."""
    if can_resume:
        return f"call resume with run_id {run_id!r}; it waits for the run's end"
    return f"look with execute: return tools.executor.runs.read(run={run_id!r})"


def told_problem(message: str) -> CallToolResult:
    """A call that could not be made."""
    return _text(message, failed=True)


def _text(text: str, *, failed: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)
