"""Long text in pieces of a bounded size, cut where a reader would cut it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from typing import Literal, TypeAlias

from executus.deliver.fences import Fence, find_fences, would_open
from executus.deliver.graphemes import is_boundary
from executus.errors import SetupError

__all__ = ["TextUnit", "split_text"]

TextUnit: TypeAlias = Literal["chars", "utf-16", "bytes"]

_WIDTHS: dict[TextUnit, Callable[[str], int]] = {
    "chars": lambda _: 1,
    "utf-16": lambda character: 2 if character > "\uffff" else 1,
    "bytes": lambda c: 1 + (c > "\x7f") + (c > "\u07ff") + (c > "\uffff"),
}
_SIZES: dict[TextUnit, Callable[[str], int]] = {
    "chars": len,
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
}
_LEAST: dict[TextUnit, int] = {"chars": 1, "utf-16": 2, "bytes": 4}

# Best first. A cut goes behind what is found, so that no white space is lost.
_BREAKS = (
    re.compile(r"\n(?:[ \t\r]*\n)+"),
    re.compile(r"\n"),
    re.compile(r"[.!?…][\"'\u201d\u2019)\]]*\s+|[。\uff01\uff1f]+"),
    re.compile(r"[^\S\u00a0\u202f]+"),  # but not where a space forbids a break
)
_PARAGRAPH = _BREAKS[0]


def split_text(text: str, limit: int, *, unit: TextUnit = "chars") -> list[str]:
    r"""Cut a text into pieces.

    A cut goes between paragraphs, or else lines, sentences, words: the first of these that fills
    half a piece, else the last one there is, and without any, between characters as people see
    them. Joined, the pieces are the text but for one thing: a block of code (fenced, as in
    Markdown) that is cut is closed at the end of its piece and opened again, with its language, at
    the start of the next. Blocks whose fences would take more than half a piece are cut as they
    are.

    Args:
        text: Any text.
        limit: Most of a piece, in `unit`: at least 1 of `chars`, 2 of `utf-16`, 4 of `bytes`.
        unit: Code points; code units of UTF-16, as JavaScript and some chat services count; or
            bytes of UTF-8.

    Returns:
        The pieces in order, none empty; none for an empty text.

    Raises:
        SetupError: The limit is smaller than one character may be.

    Example:
        >>> split_text("One two. Three four five.", 16)
        ['One two. ', 'Three four five.']
        >>> split_text("```py\na = 1\nb = 2\n```", 20)
        ['```py\na = 1\n```', '```py\nb = 2\n```']
    """
    if limit < _LEAST[unit]:
        raise SetupError(f"the limit of a piece must be at least {_LEAST[unit]} {unit}")
    return list(_Splitter(text, limit, unit))


class _Splitter:
    """One text being cut."""

    def __init__(self, text: str, limit: int, unit: TextUnit) -> None:
        self._text = text
        self._limit = limit
        self._width = _WIDTHS[unit]
        self._size = _SIZES[unit]
        self._fences = [fence for fence in find_fences(text) if self._can_carry(fence)]
        self._line = (0, 0)
        self._starts = [fence.start for fence in self._fences]

    def _can_carry(self, fence: Fence) -> bool:
        """Whether its lines leave half a piece for the code."""
        first = self._size(self._text[fence.start : fence.inner])
        last = self._size(self._text[fence.outer : fence.end])
        return 2 * (first + max(last, self._size(fence.closing)) + 1) <= self._limit

    def __iter__(self) -> Iterator[str]:
        at = 0
        while at < len(self._text):
            inside = self._inside(at)
            prefix = f"{inside.opening}\n" if inside else ""
            room = self._limit - self._size(prefix)
            last = self._reach(at, room)
            if last == len(self._text):
                yield prefix + self._text[at:]
                return
            cut = self._cut(at, last, room)
            yield prefix + self._text[at:cut] + self._suffix(at, cut)
            at = cut

    def _reach(self, at: int, room: int) -> int:
        """The furthest cut that leaves the piece within its room."""
        widths = accumulate(map(self._width, self._text[at : at + room]))
        return at + bisect_right(list(widths), room)

    def _near(self, at: int) -> Fence | None:
        """The last code block that begins before a position."""
        place = bisect_right(self._starts, at - 1)
        return self._fences[place - 1] if place else None

    def _inside(self, at: int) -> Fence | None:
        """The code block a cut would take apart."""
        fence = self._near(at)
        return fence if fence and fence.inner <= at <= fence.outer else None

    def _suffix(self, at: int, cut: int) -> str:
        """What closes the block that is cut."""
        inside = self._inside(cut)
        if inside is None:
            return ""
        return inside.closing if self._text.endswith("\n", at, cut) else f"\n{inside.closing}"

    def _cut(self, at: int, last: int, room: int) -> int:
        """The best place to cut in (at, last]."""
        half = at + (last - at) // 2
        found: list[int] = []
        for kind in _BREAKS:
            for place in self._places(kind, at, last, room):
                if place >= half:
                    return place
                found.append(place)
        return max(found) if found else self._anywhere(at, last, room)

    def _places(self, kind: re.Pattern[str], at: int, last: int, room: int) -> Iterator[int]:
        """Cuts of a kind that may be made, best first: outside blocks of code, and late."""
        # A piece may be full just before the white space: the next one then begins with it.
        end = last + self._text[last].isspace()
        ends = [min(match.end(), last) for match in kind.finditer(self._text, at, end)]
        outside = [end for end in ends if not self._inside(end)]
        inside = [end for end in ends if self._inside(end)] if kind is not _PARAGRAPH else []
        for end in (*reversed(outside), *reversed(inside)):
            if self._is_good(at, end) and self._fits(at, end, last, room):
                yield end

    def _anywhere(self, at: int, last: int, room: int) -> int:
        """The last cut between characters, or at least one that may be made."""
        tests = (partial(self._is_good, at), partial(is_boundary, self._text), bool)
        for test in tests:
            for cut in range(last, at, -1):
                if test(cut) and self._fits(at, cut, last, room):
                    return cut
        return last

    def _fits(self, at: int, cut: int, last: int, room: int) -> bool:
        """Whether the piece is small enough, and no line of a fence is taken apart."""
        fence = self._near(cut)
        if fence and (fence.start < cut < fence.inner or fence.outer < cut < fence.end):
            return False
        suffix = self._suffix(at, cut)
        if last - cut >= len(suffix):  # a mark of code takes one unit, other characters no less
            return True
        return self._size(self._text[at:cut] + suffix) <= room

    def _is_good(self, at: int, cut: int) -> bool:
        """Whether characters stay whole, no code block comes out empty, none comes into being."""
        if not is_boundary(self._text, cut):
            return False
        inside = self._inside(cut)
        if inside and cut in (inside.inner, inside.outer - 1, inside.outer):
            return False
        start = self._line_start(at, cut)
        return start == cut or not would_open(self._text, start, cut)

    def _line_start(self, at: int, cut: int) -> int:
        """Where the line before a cut begins in the piece; looked for once per line."""
        start, end = self._line
        if not at <= start < cut <= end:
            start = max(at, self._text.rfind("\n", at, cut) + 1)
            self._line = (start, cut)
        return start
