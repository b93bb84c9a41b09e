"""A search in linear time: states are made as a text needs them, and remembered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from executus.tools.files.syntax import Alt, Assert, Char, Node, Repeat, Seq
from majordomo.llm import BadArguments

__all__ = ["Automaton"]

MAX_PROGRAM = 2000
MAX_REMEMBERED = 1_000_000
"""Places in the program that all states and moves together may hold: some tens of megabytes."""
_MOVE_COST = 10
_WORD = re.compile(r"\w").match


@dataclass(slots=True)
class _Step:
    """One step of the program: take a character, be at a place, go on at several, or accept."""

    takes: Callable[[str], object] | None = None
    place: str = ""
    then: tuple[int, ...] = ()
    accepts: bool = False


_Key: TypeAlias = tuple[frozenset[int], str]


class _State:
    __slots__ = ("key", "moves")

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.moves: dict[str, _State] = {}


class Automaton:
    """Tells whether a line has a match, in time that grows with the line's length and no faster.

    For one thread at a time.

    Args:
        node: The pattern.
        flags: Of `re`, for single characters.

    Raises:
        BadArguments: The pattern is too large once its repetitions are written out.

    Example:
        >>> from executus.tools.files.syntax import parse
        >>> Automaton(parse(r"(a+)+$")).search("a" * 5000 + "!")
        False
    """

    def __init__(self, node: Node, flags: int = 0) -> None:
        self._program: list[_Step] = [_Step(accepts=True)]
        self._flags = flags
        self._first = self._compile(node, 0)
        self._found = _State((frozenset(), "found"))
        self._forget()

    def _forget(self) -> None:
        self._states: dict[_Key, _State] = {}
        self._remembered = 0
        self._start = self._state((frozenset(), "start"))

    def _state(self, key: _Key) -> _State:
        return self._states.setdefault(key, _State(key))

    def search(self, line: str) -> bool:
        """Whether anything in the line, which has no line break, matches."""
        state, found = self._start, self._found
        for char in line:
            state = state.moves.get(char) or self._move(state, char)
            if state is found:
                return True
        return (state.moves.get("") or self._move(state, "")) is found

    def _move(self, state: _State, char: str) -> _State:
        """Where a state goes by a character; by the empty one at the line's end."""
        waiting, before = state.key
        here = self._closed((*waiting, self._first), before, char)
        if any(self._program[at].accepts for at in here):
            after = self._found
        else:
            taken = (self._program[at] for at in here if char)
            nexts = frozenset(s.then[0] for s in taken if s.takes is not None and s.takes(char))
            after = self._state((nexts, "word" if char and _WORD(char) else "other"))
        self._remembered += _MOVE_COST + len(after.key[0])
        if self._remembered > MAX_REMEMBERED:
            self._forget()
        state.moves[char] = after
        return after

    def _closed(self, places: Iterable[int], before: str, char: str) -> set[int]:
        """All steps that can be reached without taking a character."""
        seen: set[int] = set()
        waiting = list(places)
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            step = self._program[at]
            if step.takes is None and (not step.place or _is_at(step.place, before, char)):
                waiting += step.then
        return seen

    def _add(self, step: _Step) -> int:
        if len(self._program) >= MAX_PROGRAM:
            raise BadArguments("pattern: its repetitions make it too large; count less")
        self._program.append(step)
        return len(self._program) - 1

    def _compile(self, node: Node, then: int) -> int:
        """Add the steps of a node that goes on at `then`; returns where it begins."""
        match node:
            case Char(source=source):
                takes = re.compile(source, self._flags).fullmatch
                return self._add(_Step(takes=takes, then=(then,)))
            case Assert(kind=kind):
                return self._add(_Step(place=kind, then=(then,)))
            case Seq(items=items):
                for item in reversed(items):
                    then = self._compile(item, then)
                return then
            case Alt(branches=branches):
                return self._add(_Step(then=tuple(self._compile(one, then) for one in branches)))
            case Repeat():
                return self._repeat(node, then)

    def _repeat(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self._add(_Step())
            self._program[loop].then = (self._compile(node.node, loop), then)
            then = loop
        else:
            end = then
            for _ in range(node.most - node.least):
                then = self._add(_Step(then=(self._compile(node.node, then), end)))
        for _ in range(node.least):
            then = self._compile(node.node, then)
        return then


def _is_at(place: str, before: str, char: str) -> bool:
    match place:
        case "^":
            return before == "start"
        case "$":
            return not char
        case _:
            boundary = (before == "word") != bool(char and _WORD(char))
            return boundary == (place == "b")
