"""Which lines match a pattern: by the fastest way that cannot hang.

A pattern that `re` could go back and forth in is searched by an automaton instead: `re` cannot be
interrupted, and holds up every thread of the process while it searches.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from executus.tools.files.automaton import Automaton
from executus.tools.files.syntax import Alt, Assert, Char, Node, Repeat, Seq, parse
from majordomo.llm import BadArguments

__all__ = ["MAX_LINE_CHARS", "LineSearch"]

MAX_LINE_CHARS = 2000
"""Of a longer line only the beginning is searched: `re`'s worst case grows with its square."""
MAX_WORK = 16
"""Characters tried again at each place that one endless repetition may end at."""
MAX_WORK_BOUNDED = 2048
"""Characters tried at each place of a line, where no repetition is endless."""
MAX_OPTIONAL = 8


class LineSearch:
    r"""Searches lines. For one thread at a time.

    Args:
        pattern: A regular expression; a text when `literal`.
        ignore_case: Whether case counts.
        literal: Take the pattern as it is.

    Attributes:
        linear: Whether the automaton searches.

    Raises:
        BadArguments: The pattern is wrong, or needs what takes more than linear time.

    Example:
        >>> search = LineSearch(r"def \w+\(")
        >>> bool(search.matches("    def run(self):")), search.linear
        (True, False)
    """

    def __init__(self, pattern: str, *, ignore_case: bool = False, literal: bool = False) -> None:
        if not pattern:
            raise BadArguments("pattern: give what to search for")
        if pattern.startswith("(?i)") and not literal:
            pattern, ignore_case = pattern[4:], True
        flags = re.IGNORECASE if ignore_case else 0
        node = _of_text(pattern) if literal else parse(pattern)
        needed = _needed(node)
        self._needed = (needed.lower() if ignore_case else needed).encode("utf-8", "replace")
        self._ignore_case = ignore_case
        self.linear = not _cheap(node, flags)
        self.matches: Callable[[str], object]
        if self.linear:
            self.matches = Automaton(node, flags).search
        else:
            self.matches = re.compile(
                re.escape(pattern) if literal else _source(node), flags
            ).search

    def may_match(self, data: bytes) -> bool:
        """Whether a file of UTF-8 can have a match: a quick look for what every match contains."""
        if not self._needed:
            return True
        if not self._ignore_case:
            return self._needed in data
        # Beyond ASCII a letter may have another length or several forms: look at each line.
        return not data.isascii() or self._needed in data.lower()


def _of_text(text: str) -> Node:
    return Seq(tuple(Char(re.escape(char), char) for char in text))


def _source(node: Node) -> str:
    """The pattern as `re` reads it, so that both ways search for the same."""
    match node:
        case Char(source=source):
            return source
        case Assert(kind=kind):
            return kind if kind in "^" else r"\Z" if kind == "$" else f"\\{kind}"
        case Seq(items=items):
            return "".join(map(_source, items))
        case Alt(branches=branches):
            return f"(?:{'|'.join(map(_source, branches))})"
        case Repeat(node=inner, least=least, most=most):
            return f"(?:{_source(inner)}){{{least},{'' if most is None else most}}}"


def _needed(node: Node) -> str:
    """The longest text that every match contains."""
    best = run = ""
    for one in _flat(node):
        if isinstance(one, Char) and one.literal:
            run += one.literal
        else:
            run = _needed(one.node) if isinstance(one, Repeat) and one.least else ""
            best, run = max(best, run, key=len), ""
        best = max(best, run, key=len)
    return best


def _flat(node: Node) -> list[Node]:
    if isinstance(node, Seq):
        return [one for item in node.items for one in _flat(item)]
    return [node]


def _cheap(node: Node, flags: int) -> bool:
    """Whether `re` is sure to be quick: at most one repetition without end, and little to retry."""
    endless, factor = _choices(node)
    if endless:
        return endless == 1 and factor * max(1, _retried(node, flags)) <= MAX_WORK
    return factor * _size(node) <= MAX_WORK_BOUNDED


def _retried(node: Node, flags: int) -> int:
    """How many characters follow the endless repetition: each of its ends may try them all."""
    items = _flat(node)
    at = next(index for index, one in enumerate(items) if _choices(one)[0])
    match items[at : at + 2]:
        case [Repeat(node=Char(source=source)), Char(literal=after)] if after and not re.match(
            source, after, flags
        ):
            return 1  # it can end at one place only
        case [Repeat(), *_]:
            return sum(map(_size, items[at + 1 :]))
        case _:
            return sum(map(_size, items[at:]))


def _size(node: Node) -> int:
    """How many characters a pattern takes when all of it is written out once."""
    match node:
        case Char():
            return 1
        case Assert():
            return 0
        case Seq(items=parts) | Alt(branches=parts):
            return sum(map(_size, parts))
        case Repeat(node=inner, least=least, most=most):
            return _size(inner) * max(1, least if most is None else most)


def _choices(node: Node) -> tuple[int, int]:
    """How many repetitions without end a pattern has, and how many ways there are otherwise.

    More than it can be sure of counts as two without end.
    """
    match node:
        case Char() | Assert():
            return 0, 1
        case Seq(items=items):
            endless, factor = 0, 1
            for one in items:
                more, times = _choices(one)
                endless, factor = endless + more, factor * times
            return endless, factor
        case Alt(branches=branches):
            found = [_choices(one) for one in branches]
            return sum(e for e, _ in found), sum(f for _, f in found)
        case Repeat(node=inner, least=least, most=most):
            if _choices(inner) != (0, 1):
                return 2, 1
            if most is None or most - least > MAX_OPTIONAL:
                return 1, 1
            return 0, most - least + 1
