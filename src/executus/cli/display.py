"""What a run looks like: JSON for programs; `linedisplay` and `live` show it to people.

The answer alone goes to standard output; everything else to standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import Any, Protocol

from executus import events
from executus.cli.output import OutputLost, say_json
from executus.cli.streamed import Streamed
from executus.run import RunResult, RunStatus
from majordomo.errors import MajordomoError
from majordomo.llm import Usage

__all__ = ["Display", "JSONDisplay", "open_display", "reason_of", "refusing", "usage_json"]

_REASONS = {RunStatus.CANCELLED: "interrupted"}


class Display(Protocol):
    """Shows one run."""

    def show(self, event: events.RunEvent) -> None:
        """An event has happened."""
        ...

    def finish(self, result: RunResult[Any], elapsed_s: float) -> None:
        """The run has ended, however it did, after `elapsed_s` seconds of a monotonic clock."""
        ...

    def held(self) -> AbstractContextManager[object]:
        """A block in which nothing moves: somebody is asked, and types."""
        ...


@contextmanager
def open_display(*, as_json: bool, names_run: bool = False) -> Generator[Display]:
    """The display that suits: JSON on standard output, else what standard error can show.

    Args:
        as_json: For a program.
        names_run: Tell the run's id at its end; JSON always does.
    """
    if as_json:
        yield JSONDisplay()
        return
    # Loaded here: a program that reads JSON does not pay for what draws.
    live = import_module("executus.cli.live")
    open_console: Callable[..., AbstractContextManager[Display]] = live.open_console
    with open_console(names_run=names_run) as display:
        yield display


class JSONDisplay:
    """One JSON object per line on standard output, the result last."""

    def __init__(self) -> None:
        self._streamed = Streamed()

    def show(self, event: events.RunEvent) -> None:
        """Print an event.

        Raises:
            OutputLost: It cannot be written.
        """
        self._streamed.note(event)
        say_json(event.as_json())

    def held(self) -> AbstractContextManager[object]:
        """See `Display.held`."""
        return nullcontext()

    def finish(self, result: RunResult[Any], elapsed_s: float) -> None:
        """Print the result.

        Raises:
            OutputLost: It cannot be written.
        """
        body = {
            "kind": "result",
            "run_id": result.run_id,
            "status": result.status,
            "output": result.output,
            "partial_text": "" if result.output is not None else self._streamed.text,
            "error": None if result.error is None else reason_of(result),
            "steps": len(result.steps),
            "tool_calls": result.tool_calls,
            "usage": usage_json(result.usage),
            "cost": result.cost and result.cost.as_json(),
            "warnings": list(result.warnings),
            "elapsed_s": elapsed_s,
        }
        say_json(body)


def usage_json(usage: Usage) -> Mapping[str, int | None]:
    """Tokens as plain JSON values; None for what is unknown."""
    return {
        "input": usage.input,
        "output": usage.output,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "reasoning": usage.reasoning,
        "requests": usage.requests,
    }


@contextmanager
def refusing(*, as_json: bool) -> Generator[None]:
    """A block whose error is the last line of `--json`, too: no run has a result."""
    try:
        yield
    except OutputLost:
        raise
    except MajordomoError as error:
        if as_json:
            say_json(_refusal(error))
        raise


def _refusal(error: Exception) -> dict[str, Any]:
    return {
        "kind": "result",
        "run_id": None,
        "status": RunStatus.REJECTED,
        "output": None,
        "partial_text": "",
        "error": str(error),
    }


def reason_of(result: RunResult[Any]) -> str:
    """Why a run has no answer, in words."""
    return _REASONS.get(result.status) or str(result.error) or type(result.error).__name__
