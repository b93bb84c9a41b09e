"""A question of the gateway, put to the person at the terminal."""

from __future__ import annotations

import termios
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import anyio
from pydantic import SecretStr
from pydantic_core import from_json

from executus.cli.output import one_line, prompt, tell
from executus.cli.reading import LineReader
from executus.errors import SetupError
from executus_gateway.schema import Answer, Interaction

__all__ = ["TerminalAnswers"]

CHANNEL = "terminal"
_YES = frozenset({"y", "yes"})
_NO = frozenset({"", "n", "no"})


class TerminalAnswers:
    """Asks one question at a time.

    Args:
        lines: Where answers are read.
        fd: Whose echo is turned off for a secret; what is no terminal has none.
    """

    def __init__(self, lines: LineReader, fd: int = 0) -> None:
        self._lines = lines
        self._fd = fd
        self._turn = anyio.Lock()

    async def answer(self, question: Interaction) -> Answer | None:
        """Ask it. None when nobody types any more: the question stays where it is."""
        async with self._turn:
            tell(f"\n? {question.title}")
            if question.detail:
                tell(question.detail)
            match question.kind:
                case "approval" | "confirm":
                    return await self._decision()
                case "secret":
                    return await self._secret()
                case "form":
                    return await self._form(question)

    async def _decision(self) -> Answer | None:
        prompt("[y/N, or why not] ")
        line = await self._line()
        if line is None:
            return None
        if line.lower() in _YES:
            return Answer(verdict="accept", channel=CHANNEL)
        note = "" if line.lower() in _NO else line
        return Answer(verdict="decline", note=note, channel=CHANNEL)

    async def _secret(self) -> Answer | None:
        prompt("(not shown; empty declines) ")
        with _hidden(self._fd):
            line = await self._line()
        prompt("\n")
        if line is None:
            return None
        if not line:
            return Answer(verdict="decline", channel=CHANNEL)
        return Answer(verdict="accept", secret=SecretStr(line), channel=CHANNEL)

    async def _form(self, question: Interaction) -> Answer | None:
        properties: dict[str, Any] = (question.fields or {}).get("properties") or {}
        required: list[str] = (question.fields or {}).get("required") or []
        values: dict[str, Any] = {}
        for name, schema in properties.items():
            told = schema.get("title") or schema.get("description") or name
            choices = schema.get("enum")
            hint = "/".join(map(str, choices)) if choices else schema.get("type", "")
            prompt(one_line(f"{told} ({hint}{'' if name in required else ', optional'})") + ": ")
            line = await self._line()
            if line is None:
                return None
            if line:
                values[name] = _typed(line, schema)
            elif name in required:
                return Answer(verdict="decline", channel=CHANNEL)
        return Answer(verdict="accept", values=values, channel=CHANNEL)

    async def _line(self) -> str | None:
        while True:
            try:
                line = await self._lines.line()
            except SetupError as error:  # no text, or cut by the terminal: it can be typed again
                prompt(f"{error}\n> ")
            else:
                return None if line is None else line.strip()


def _typed(line: str, schema: dict[str, Any]) -> Any:
    """As the schema wants it, where the text can be read so; the gateway checks it anyway."""
    if schema.get("type", "string") == "string":
        return line
    try:
        return from_json(line)
    except ValueError:
        return line


@contextmanager
def _hidden(fd: int) -> Generator[None]:
    """What is typed is not shown."""
    try:
        before = termios.tcgetattr(fd)
    except termios.error:  # no terminal: a pipe shows nothing
        yield
        return
    silent = [*before]
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(fd, termios.TCSAFLUSH, silent)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
