"""What a run looks like: live in a terminal, as lines in a log, as JSON for programs.

The answer alone goes to standard output; everything else to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol, Self

import click
from pydantic_core import to_json
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from executus import events
from executus.run import RunResult, RunStatus

__all__ = ["Display", "JSONDisplay", "LineDisplay", "LiveDisplay", "open_display", "printable"]

MOST_SHOWN = 400  # characters of a call, a tool's answer, a reason
_REASONS = {RunStatus.CANCELLED: "interrupted"}
_UNPRINTABLE = {c: "�" for c in (*range(32), 127, *range(128, 160)) if chr(c) not in "\n\t"}


def printable(text: str) -> str:
    """Text that cannot steer a terminal: what models and tools say is not trusted."""
    return text.translate(_UNPRINTABLE)


class Display(Protocol):
    """Shows one run."""

    def show(self, event: events.RunEvent) -> None:
        """An event has happened."""
        ...

    def finish(self, result: RunResult[Any]) -> None:
        """The run has ended, however it did."""
        ...


@contextmanager
def open_display(*, as_json: bool) -> Generator[Display]:
    """The display that suits standard error: live in a terminal, else lines."""
    console = Console(stderr=True, highlight=False)
    if as_json:
        yield JSONDisplay()
    elif console.is_terminal:
        with LiveDisplay(console) as display:
            yield display
    else:
        yield LineDisplay(console)


class LineDisplay:
    """A line per thing that happens, for logs and pipes.

    Args:
        console: Where to; widths and colours are its business.
    """

    def __init__(self, console: Console) -> None:
        self.console = console

    def show(self, event: events.RunEvent) -> None:
        """Print an event as a line, if it is one to be told."""
        match event:
            case events.AnswerStarted():
                self.line(f"step {event.step + 1} · {event.model}", "dim")
            case events.ModelRouted():
                self._routed(event)
            case events.ToolCalled():
                self.line(f"→ {event.tool} {event.arguments}", "cyan")
            case events.ToolAnswered():
                self.line(f"← {event.text}", "red" if event.is_error else "green")
            case events.Warned():
                self.line(f"warning: {event.text}", "yellow")
            case _:
                return

    def _routed(self, event: events.ModelRouted) -> None:
        wait = "" if event.wait_s is None else f" for {event.wait_s:.1f} s"
        match event.action:
            case "retry":
                self.line(f"↻ {event.model} again after{wait[4:]}: {event.reason}", "yellow")
            case "bench":
                self.line(f"⏸ {event.model} benched{wait}", "yellow")
            case "skip":
                self.line(f"↷ {event.model} {event.reason}", "yellow")
            case "advance" if event.to:
                self.line(f"⇒ {event.to} instead of {event.model}: {event.reason}", "yellow")
            case _:
                return

    def line(self, text: str, style: str) -> None:
        """Print one line; it may wrap, but text that is long is cut."""
        shown = printable(" ".join(text.split()))
        if len(shown) > MOST_SHOWN:
            shown = shown[: MOST_SHOWN - 1] + "…"
        self.print(shown, style)

    def print(self, text: str, style: str = "") -> None:
        """Print text as it is; only a terminal has a width to wrap it at."""
        self.console.print(Text(text, style=style), soft_wrap=not self.console.is_terminal)

    def finish(self, result: RunResult[Any]) -> None:
        """Print the answer, and how the run ended: status, steps, tokens and time."""
        if result.output is not None:
            text = str(result.output)
            click.echo(printable(text) if sys.stdout.isatty() else text)
        if result.status is not RunStatus.REJECTED:
            self.line(_summary(result), "dim")
        if not result.ok and result.error is not None:
            what = _REASONS.get(result.status) or str(result.error) or type(result.error).__name__
            self.print(printable(f"executus: {what}"), "bold red")


class LiveDisplay(LineDisplay):
    """Lines above, and below them the answer as it comes with a status line that moves."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._text = ""
        self._doing = "starting"
        self._tokens = 0
        self._spinner = Spinner("dots")
        self._started = console.get_time()
        self._live = Live(self, console=console, refresh_per_second=10, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def __rich__(self) -> Group:
        """The part that is redrawn: as many of the last lines as fit, and the status line."""
        console = self.console
        room = max(1, console.height - 3)
        text = Text(printable(self._text))
        lines = text.wrap(console, console.width) if self._text else ()
        elapsed_s = console.get_time() - self._started
        status = Text(f"{self._doing} · {self._tokens} tokens · {elapsed_s:.1f} s", style="dim")
        status.truncate(max(1, console.width - 3), overflow="ellipsis")
        self._spinner.update(text=status)
        return Group(*lines[-room:], self._spinner)

    def show(self, event: events.RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.TextDelta():
                self._text += event.text
            case events.AnswerStarted():
                self._settle()
                self._doing = f"step {event.step + 1} · {event.model}"
            case events.ModelRouted(action="attempt"):
                self._doing = f"asking {event.model}"
            case events.ToolCalled():
                self._settle()
                self._doing = f"running {event.tool}"
            case events.StepEnded():
                self._tokens += (event.input_tokens or 0) + (event.output_tokens or 0)
            case _:
                pass
        super().show(event)

    def _settle(self) -> None:
        """What a step said before it called tools stands above from now on."""
        if self._text.strip():
            self.print(printable(self._text.strip()))
        self._text = ""

    def finish(self, result: RunResult[Any]) -> None:
        """Wipe the moving part, and print the end."""
        if result.output is None:
            self._settle()
        self._live.stop()
        super().finish(result)


class JSONDisplay:
    """One JSON object per line on standard output, the result last."""

    def show(self, event: events.RunEvent) -> None:
        """Print an event."""
        click.echo(to_json(event.as_json(), inf_nan_mode="strings"))

    def finish(self, result: RunResult[Any]) -> None:
        """Print the result."""
        usage = result.usage
        body = {
            "kind": "result",
            "run_id": result.run_id,
            "status": result.status,
            "output": result.output,
            "error": None if result.error is None else str(result.error),
            "steps": len(result.steps),
            "tool_calls": result.tool_calls,
            "usage": {
                "input": usage.input,
                "output": usage.output,
                "cache_read": usage.cache_read,
                "cache_write": usage.cache_write,
                "reasoning": usage.reasoning,
                "requests": usage.requests,
            },
            "warnings": result.warnings,
            "elapsed_s": result.elapsed_s,
        }
        click.echo(to_json(body, inf_nan_mode="strings"))


def _summary(result: RunResult[Any]) -> str:
    usage = result.usage
    tokens = f"{_known(usage.input)} tokens in, {_known(usage.output)} out"
    facts = f"{_many(len(result.steps), 'step')}, {_many(result.tool_calls, 'tool call')}"
    return f"{result.status} · {facts}, {tokens}, {result.elapsed_s:.1f} s"


def _known(count: int | None) -> str:
    return "?" if count is None else str(count)


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
