"""The fenced code blocks of a Markdown text, as CommonMark finds them outside lists and quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Fence", "find_fences", "would_open"]

# A fence of backticks has none in its info string, or it is a span of code in a line.
_OPENING = re.compile(r"(?P<indent> {0,3})(?P<run>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>[^\n]*)$", re.M)
_CLOSING = re.compile(r"^ {0,3}(?P<run>`{3,}|~{3,})[ \t\r]*$", re.M)
_MARK = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One code block, by positions in the text.

    Attributes:
        start: Where its opening line begins.
        inner: Where its code begins: after that line.
        outer: Where its closing line begins; the end of the text when it has none.
        end: Where the marks of the closing line end.
        opening: A line that opens such a block again, with its language.
        closing: A line that closes it.
    """

    start: int
    inner: int
    outer: int
    end: int
    opening: str
    closing: str


def find_fences(text: str) -> Iterator[Fence]:
    """The code blocks of a text in order, in time that grows with its length alone."""
    at = 0
    while (found := _next_opening(text, at)) is not None:
        run = found["run"]
        inner = min(found.end() + 1, len(text))
        closing = _next_closing(text, inner, run)
        outer, end = (closing.start(), closing.end("run")) if closing else (len(text), len(text))
        language = found["info"].split()
        yield Fence(
            start=found.start(),
            inner=inner,
            outer=outer,
            end=end,
            opening=found["indent"] + run + (language[0] if language else ""),
            closing=found["indent"] + run,
        )
        at = text.find("\n", end) + 1
        if not closing or not at:
            return


def _next_opening(text: str, at: int) -> re.Match[str] | None:
    while at < len(text):
        if found := _OPENING.match(text, at):
            return found
        at = text.find("\n", at) + 1
        if not at:
            return None
    return None


def _next_closing(text: str, at: int, run: str) -> re.Match[str] | None:
    for found in _CLOSING.finditer(text, at):
        if found["run"].startswith(run):
            return found
    return None


def would_open(text: str, start: int, cut: int) -> bool:
    """Whether a cut in the middle of a line makes marks of code out of what was none.

    Args:
        text: The text.
        start: Where the line, or the piece of it, begins.
        cut: Where it is to be cut.
    """
    if _MARK.match(text, cut, cut + 6):
        return True
    head = _MARK.match(text, start, cut)
    return bool(head) and text.find("`", head.end(), cut) < 0
