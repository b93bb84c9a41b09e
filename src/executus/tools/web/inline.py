"""One paragraph as it is read: words, emphasis, links, with white space as browsers show it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Paragraph"]

_FIGURES = frozenset("0123456789+-\N{MINUS SIGN}")
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")


@dataclass(slots=True)
class _Mark:
    """An emphasis or a link that is open.

    Attributes:
        kind: The tag's name.
        start: What stands before it.
        end: What stands after it.
        shown: Whether the start has been written: not before there is something to mark.
    """

    kind: str
    start: str
    end: str
    shown: bool = False


@dataclass(slots=True)
class Paragraph:
    """Collects one paragraph; each kind of mark is open at most once."""

    _parts: list[str] = field(default_factory=list[str])
    _marks: list[_Mark] = field(default_factory=list[_Mark])
    _space: bool = False
    size: int = 0
    raised: bool = False
    """Whether what comes next is set higher: of figures this is told, 10^6 is not 106."""

    def text(self, text: str) -> None:
        """Add words; runs of white space become one space, and none begins a line."""
        words = _SPACE.sub(" ", text)
        if words.startswith(" "):
            self._space = True
            words = words[1:]
        if not words:
            return
        trailing = words.endswith(" ")
        self.ink(words[:-1] if trailing else words)
        self._space = trailing

    def ink(self, text: str) -> None:
        """Add something visible as it is."""
        if self._space and self._parts and self._parts[-1] != "\n":
            self._put(" ")
        self._space = False
        if self.raised and text[0] in _FIGURES:
            self._put("^")
        self.raised = False
        for mark in self._marks:
            if not mark.shown:
                self._put(mark.start)
                mark.shown = True
        self._put(text)

    def line_break(self) -> None:
        """Begin a new line, if there is one to end."""
        self._space = False
        if self._parts:
            self._put("\n")

    def open(self, kind: str, start: str, end: str) -> None:
        """Begin an emphasis or a link."""
        if all(mark.kind != kind for mark in self._marks):
            self._marks.append(_Mark(kind, start, end))

    def close(self, kind: str) -> None:
        """End it, and what was begun within it."""
        if all(mark.kind != kind for mark in self._marks):
            return
        while True:
            mark = self._marks.pop()
            if mark.shown:
                self._put(mark.end)
            if mark.kind == kind:
                return

    def take(self) -> str:
        """The paragraph; what is open goes on in the next one."""
        for mark in reversed(self._marks):
            if mark.shown:
                self._put(mark.end)
                mark.shown = False
        whole = "".join(self._parts).strip()
        self._parts.clear()
        self._space = False
        self.size = 0
        return whole

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self.size += len(text)
