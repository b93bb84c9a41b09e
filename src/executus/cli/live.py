"""A run in a terminal: lines that stay, and below them the end of the answer while it grows."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Self, TextIO, cast

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from executus import events
from executus.cli.aside import aside
from executus.cli.display import Display
from executus.cli.linedisplay import LineDisplay
from executus.cli.output import is_terminal
from executus.cli.streamed import Tail
from executus.printable import printable
from executus.run import RunResult
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["LiveDisplay", "open_console"]

PUSH_EVERY_S = 0.05


@contextmanager
def open_console(*, names_run: bool = False) -> Generator[Display]:
    """The display that suits standard error: live in a terminal, else lines.

    Args:
        names_run: Tell the run's id at its end.
    """
    console = aside()
    if is_terminal(cast("TextIO | None", sys.stderr)) and not console.is_dumb_terminal:
        with LiveDisplay(console, holds_answer=_is_one_screen(), names_run=names_run) as display:
            yield display
    else:
        yield LineDisplay(console, names_run=names_run)


def _is_one_screen() -> bool:
    """Whether standard output and standard error are the same terminal."""
    try:
        return os.ttyname(1) == os.ttyname(2)
    except OSError:
        return False


class LiveDisplay(LineDisplay):
    """Lines above, and below them the answer as it comes with a status line that moves.

    Only the end of the answer is redrawn: finished lines are printed above it once, so that
    showing a long answer costs its length.

    Args:
        console: A terminal.
        holds_answer: Standard output is this terminal: what has been shown of the answer is not
            written again.
        names_run: Tell the run's id at its end.
        clock: Tells the time that has passed.
    """

    def __init__(
        self,
        console: Console,
        *,
        holds_answer: bool = False,
        names_run: bool = False,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(console, names_run=names_run, clock=clock)
        self._holds_answer = holds_answer
        self._tail = Tail()
        self._doing = "starting"
        self._tokens = 0
        self._spinner = Spinner("dots" if console.encoding.startswith("utf") else "line")
        self._started = self._pushed = clock.monotonic()
        self._most = self._room()
        self._live = Live(self, console=console, refresh_per_second=10, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    @contextmanager
    def held(self) -> Generator[None]:
        """See `Display.held`."""
        self._settle()
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def _rows(self) -> int:
        return max(1, self.console.height - 3)

    def _room(self) -> int:
        """Characters of the answer that the moving part can show."""
        return self._rows() * max(1, self.console.width)

    def __rich__(self) -> Group:
        """The part that is redrawn: as many of the last lines as fit, and the status line."""
        console = self.console
        lines = _wrapped(self._tail.text, console)[-self._rows() :]
        elapsed_s = self.clock.monotonic() - self._started
        status = Text(f"{self._doing} · {self._tokens} tokens · {elapsed_s:.1f} s", style="dim")
        status.truncate(max(1, console.width - 3), overflow="ellipsis")
        self._spinner.update(text=status)
        return Group(*lines, self._spinner)

    def show(self, event: events.RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.TextDelta():
                self._grow(event.text)
            case events.AnswerStarted():
                self._settle()
                self._doing = f"step {event.step + 1}"
            case events.ModelRouted(action="attempt"):
                self._doing = f"asking {event.model}"
            case events.ToolCalled():
                self._settle()
                self._doing = f"running {event.tool}"
            case events.InputAsked():
                self._settle()
                self._doing = "asking you"
            case events.StepEnded():
                self._tokens += (event.input_tokens or 0) + (event.output_tokens or 0)
            case _:
                pass
        super().show(event)

    def _grow(self, text: str) -> None:
        self._tail.add(text)
        now = self.clock.monotonic()
        if len(self._tail.text) > self._most or now - self._pushed >= PUSH_EVERY_S:
            self._pushed, self._most = now, self._room()
            self._push()

    def _push(self) -> None:
        """Print what is finished above the moving part, and forget it."""
        if not self._holds_answer:
            self._tail.forget_all_but(self._most)
            return
        lines = self._tail.take_lines()
        if lines is not None:
            self._print_text(lines)
        if len(self._tail.text) > self._most:  # a line longer than the screen: by its rows
            *rows, last = _wrapped(self._tail.take_all(), self.console)
            self._tail.add(last.plain)
            self._print_text("\n".join(row.plain for row in rows))

    def _print_text(self, text: str) -> None:
        # Not wrapped here: what the terminal wraps itself is copied as the lines it was.
        self.console.print(Text(printable(text)), soft_wrap=True)

    def _settle(self) -> None:
        """What a step said before it called tools stands above from now on."""
        rest = self._tail.take_all()
        text = rest if self._holds_answer else self.streamed.text
        if rest and text.strip():
            self._print_text(text.rstrip("\n"))

    def finish(self, result: RunResult[Any], elapsed_s: float) -> None:
        """Wipe the moving part, and print the end."""
        if self._holds_answer:
            self._settle()
        self._live.stop()
        super().finish(result, elapsed_s)

    def answer(self, result: RunResult[Any]) -> None:
        """Print the answer, unless it stands on the screen already."""
        shown = self.streamed.text
        is_shown = result.output is None or (shown and shown.startswith(str(result.output)))
        if not (self._holds_answer and is_shown):
            super().answer(result)


def _wrapped(text: str, console: Console) -> list[Text]:
    return list(Text(printable(text)).wrap(console, max(1, console.width))) if text else []
