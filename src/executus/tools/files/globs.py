"""Globs over paths: `**`, `*`, `?`, `[…]`, `{a,b}`, matched folder by folder as a walk descends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import TypeAlias

from majordomo.llm import BadArguments

__all__ = ["ALL_FILES", "Glob", "States"]

States: TypeAlias = frozenset[tuple[int, int]]
"""Where a path may stand in a glob: (alternative, segment)."""

MAX_ALTERNATIVES = 64
MAX_CHARS = 500
_BRACES = re.compile(r"\{([^{}]*)\}")


class Glob:
    """A glob, compiled. One without a slash matches names at any depth, as in `*.py`.

    Args:
        pattern: The glob.

    Raises:
        BadArguments: It leaves the folder, or is too large.

    Example:
        >>> glob = Glob("src/**/*.{py,toml}")
        >>> [glob.matches(path) for path in ("src/a.py", "src/b/c.toml", "a.py")]
        [True, True, False]
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_CHARS or not pattern.strip("/"):
            raise BadArguments(f"a glob has 1 to {MAX_CHARS} characters, such as src/**/*.py")
        self._alternatives = [_segments(one) for one in _expanded(pattern)]

    @property
    def start(self) -> States:
        """Before the first component."""
        return self._closed((number, 0) for number in range(len(self._alternatives)))

    def step(self, states: States, name: str) -> States:
        """After one more component; empty when nothing below it can match."""
        found: list[tuple[int, int]] = []
        for number, at in states:
            segments = self._alternatives[number]
            if at == len(segments):
                continue
            matches = segments[at]
            if matches is None:
                found.append((number, at))
            elif matches(name):
                found.append((number, at + 1))
        return self._closed(found)

    def _closed(self, states: Iterable[tuple[int, int]]) -> States:
        """With those reached by letting `**` stand for nothing."""
        closed = set(states)
        waiting = list(closed)
        while waiting:
            number, at = waiting.pop()
            segments = self._alternatives[number]
            if at < len(segments) and segments[at] is None and (number, at + 1) not in closed:
                closed.add((number, at + 1))
                waiting.append((number, at + 1))
        return frozenset(closed)

    def ends(self, states: States) -> bool:
        """Whether a path that stands there matches."""
        return any(at == len(self._alternatives[number]) for number, at in states)

    def matches(self, path: str) -> bool:
        """Whether a path matches."""
        states = self.start
        for name in path.split("/"):
            states = self.step(states, name)
        return self.ends(states)


def _segments(pattern: str) -> list[Callable[[str], object] | None]:
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadArguments("a glob must not contain '..'")
    if len(parts) == 1 and "/" not in pattern:
        parts.insert(0, "**")
    # translate() makes atomic groups: a name is matched without going back and forth.
    return [None if part == "**" else re.compile(translate(part)).match for part in parts]


def _expanded(pattern: str) -> list[str]:
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        one = waiting.pop()
        found = _BRACES.search(one)
        if found is None:
            done.append(one)
        else:
            waiting += (
                one[: found.start()] + alt + one[found.end() :] for alt in found[1].split(",")
            )
        if len(done) + len(waiting) > MAX_ALTERNATIVES:
            raise BadArguments(
                f"a glob may stand for at most {MAX_ALTERNATIVES} others; use fewer {{}}"
            )
    return done


ALL_FILES = Glob("**")
