"""A run as lines, for logs and pipes; the answer alone goes to standard output."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from executus import events
from executus.cli.display import reason_of
from executus.cli.output import is_terminal, one_line, say
from executus.cli.streamed import Streamed
from executus.printable import printable
from executus.run import RunResult, RunStatus
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["LineDisplay"]

SLOW_S = 0.5  # what a call took is said from here on
MOST_SHOWN = 400  # characters of a call, a tool's answer, a reason


class LineDisplay:
    """A line per thing that happens, for logs and pipes.

    Args:
        console: Where to; widths and colours are its business.
        names_run: Tell the run's id at its end: something keeps it.
        clock: Tells how long a tool took.
    """

    def __init__(
        self, console: Console, *, names_run: bool = False, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.console = console
        self._names_run = names_run
        self.clock = clock
        self.streamed = Streamed()
        self._called: dict[str, float] = {}
        self._step = ""
        self._model = ""

    def show(self, event: events.RunEvent) -> None:
        """Print an event as a line, if it is one to be told."""
        self.streamed.note(event)
        match event:
            case events.AnswerStarted():
                self._step, self._model = f"step {event.step + 1}", ""
            case events.ModelRouted():
                self._routed(event)
            case events.ToolCalled():
                self._called[event.call_id] = self.clock.monotonic()
                self.line(f"→ {event.tool} {event.arguments}", "cyan")
            case events.ToolAnswered():
                self._answered(event)
            case events.ToolDenied():
                self._called.pop(event.call_id, None)
                self.line(f"✗ {event.tool} denied ({event.stage}): {event.reason}", "red")
            case events.Compacted():
                self.line(f"… compacted: {event.before} messages sent as {event.after}", "dim")
            case events.Warned():
                self.line(f"warning: {event.text}", "yellow")
            case _:
                return

    def _answered(self, event: events.ToolAnswered) -> None:
        began = self._called.pop(event.call_id, None)
        took_s = 0.0 if began is None else self.clock.monotonic() - began
        took = f" {event.tool} took {took_s:.1f} s:" if took_s >= SLOW_S else ""
        self.line(f"←{took} {event.text}", "red" if event.is_error else "green")

    def _routed(self, event: events.ModelRouted) -> None:
        wait = "" if event.wait_s is None else f" for {event.wait_s:.1f} s"
        match event.action:
            case "attempt":
                self._asked(event.model)
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

    def _asked(self, model: str) -> None:
        """Name who is asked: of a chain, the last one named is who answers."""
        if model != self._model:
            self._model = model
            self.line(f"{self._step} · {model}", "dim")

    def line(self, text: str, style: str) -> None:
        """Print one line; it may wrap, but text that is long is cut."""
        shown = one_line(text)
        if len(shown) > MOST_SHOWN:
            shown = shown[: MOST_SHOWN - 1] + "…"
        self.print(shown, style)

    def print(self, text: str, style: str = "") -> None:
        """Print text as it is; only a terminal has a width to wrap it at."""
        self.console.print(Text(text, style=style), soft_wrap=not self.console.is_terminal)

    def held(self) -> AbstractContextManager[object]:
        """See `Display.held`."""
        return nullcontext()

    def finish(self, result: RunResult[Any], elapsed_s: float) -> None:
        """Print the answer, and how the run ended: status, steps, tokens and time.

        Raises:
            OutputLost: The answer cannot be written.
        """
        self.answer(result)
        if result.status is not RunStatus.REJECTED:
            self.line(_summary(result, elapsed_s), "dim")
            if self._names_run:
                self.line(f"run {result.run_id}", "dim")
        if not result.ok and result.error is not None:
            self.print(printable(f"executus: {reason_of(result)}"), "bold red")

    def answer(self, result: RunResult[Any]) -> None:
        """Print the answer; of a run that ended without one, the text that had come."""
        text = self.streamed.text if result.output is None else str(result.output)
        if text or result.output is not None:
            say(printable(text) if is_terminal(cast("TextIO | None", sys.stdout)) else text)


def _summary(result: RunResult[Any], elapsed_s: float) -> str:
    usage = result.usage
    tokens = f"{_known(usage.input)} tokens in, {_known(usage.output)} out"
    facts = f"{_many(len(result.steps), 'step')}, {_many(result.tool_calls, 'tool call')}"
    cost = "" if result.cost is None else f", {result.cost}"
    return f"{result.status} · {facts}, {tokens}{cost}, {elapsed_s:.1f} s"


def _known(count: int | None) -> str:
    return "?" if count is None else str(count)


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
