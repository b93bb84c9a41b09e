"""A run's questions, put to the person at the terminal; or answered by what the options say."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import anyio

from executus import events
from executus.asking import InputAnswer, InputRequest, as_answer
from executus.cli.output import one_line, prompt
from executus.cli.reading import LineReader
from executus.errors import SetupError

__all__ = ["Holding", "TerminalAsker"]

_YES = frozenset({"y", "yes"})
_NO = frozenset({"", "n", "no"})


class Holding(Protocol):
    """What shares the terminal with a question."""

    def held(self) -> AbstractContextManager[object]:
        """A block in which nothing else is drawn."""
        ...


class TerminalAsker:
    """Asks at the terminal, one question at a time, after what led to it has been shown.

    Args:
        lines: Where answers are read; None where nobody types.
        agrees: Approve every call without asking (`--yes`).
        why_nobody: What is told when there is nobody to ask.
    """

    def __init__(self, lines: LineReader | None, *, agrees: bool, why_nobody: str) -> None:
        self._lines = lines
        self._agrees = agrees
        self._why_nobody = why_nobody
        self._display: Holding | None = None
        self._shown: dict[str, anyio.Event] = {}
        self._turn = anyio.Lock()

    def begin(self, display: Holding) -> None:
        """A run begins, shown on this display."""
        self._display = display
        self._shown.clear()

    def note(self, event: events.RunEvent) -> None:
        """An event has been shown: a question waits for its own."""
        if isinstance(event, events.InputAsked):
            self._event(event.request_id).set()

    def _event(self, request_id: str) -> anyio.Event:
        return self._shown.setdefault(request_id, anyio.Event())

    async def ask(self, request: InputRequest) -> InputAnswer:
        """See `Asker.ask`."""
        if self._agrees and request.kind == "approval":
            return InputAnswer()
        if self._lines is None or self._display is None:
            return InputAnswer(approved=False, text=self._why_nobody)
        await self._event(request.id).wait()
        async with self._turn:
            with self._display.held():
                return await self._answer(self._lines, request)

    async def _answer(self, lines: LineReader, request: InputRequest) -> InputAnswer:
        way = " [y/N, or why not] " if request.kind == "approval" else "\n> "
        prompt(f"? {one_line(request.question)}{way}")
        try:
            line = await lines.line()
        except SetupError as error:
            return InputAnswer(approved=False, text=str(error))
        if line is None:
            prompt("\n")
            return InputAnswer(approved=False, text="nobody answered")
        said = line.strip()
        if request.kind == "approval":
            if said.lower() in _YES:
                return InputAnswer()
            return InputAnswer(approved=False, text="" if said.lower() in _NO else said)
        return as_answer(request, said)
