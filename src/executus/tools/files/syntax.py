"""Regular expressions as a tree: what of Python's syntax can be searched in linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from majordomo.llm import BadArguments

__all__ = ["Alt", "Assert", "Char", "Node", "Repeat", "Seq", "parse"]

MAX_PATTERN_CHARS = 1000
MAX_COUNT = 200
MAX_NESTING = 50
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_COUNT = re.compile(r"\{(\d{0,4})(,?)(\d{0,4})\}")
_HEX = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})")
_GROUP = re.compile(r"\((?:\?:|\?P<\w+>)?")


@dataclass(frozen=True, slots=True)
class Char:
    """One character: itself, or one of a class, as Python's `re` writes it."""

    source: str
    literal: str = ""


@dataclass(frozen=True, slots=True)
class Assert:
    """A place: the start or end of the line, a word's boundary or none."""

    kind: Literal["^", "$", "b", "B"]


@dataclass(frozen=True, slots=True)
class Seq:
    """One after another."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """One of several."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Several times; without an end when `most` is None."""

    node: Node
    least: int
    most: int | None


Node: TypeAlias = Char | Assert | Seq | Alt | Repeat


def parse(pattern: str) -> Node:
    """Read a pattern.

    Raises:
        BadArguments: It is wrong, too large, or needs what takes more than linear time: references
            back, looking ahead or behind.
    """
    if len(pattern) > MAX_PATTERN_CHARS:
        raise BadArguments(f"pattern: at most {MAX_PATTERN_CHARS} characters")
    return _Parser(pattern).whole()


def _has_width(node: Node) -> bool:
    match node:
        case Char():
            return True
        case Assert():
            return False
        case Seq(items=parts) | Alt(branches=parts):
            return any(map(_has_width, parts))
        case Repeat(node=inner, most=most):
            return most != 0 and _has_width(inner)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self._alternatives()
        if self.at < len(self.text):
            self._fail("an unmatched )")
        return node

    def _fail(self, what: str) -> NoReturn:
        raise BadArguments(
            f"pattern: {what} at character {self.at}; escape it with a backslash to search for "
            "the character itself, or set literal"
        )

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _alternatives(self) -> Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Alt(tuple(branches))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            items.append(self._quantified(self._atom()))
        return items[0] if len(items) == 1 else Seq(tuple(items))

    def _quantified(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        if isinstance(node, Assert):
            self._fail("nothing to repeat")
        if self._peek() == "?":  # lazy: the same lines match
            self.at += 1
        if self._peek() and (self._peek() in "*+?" or self._bounds() is not None):
            self._fail("a second repetition")
        if not _has_width(node):  # repeating nothing is no more than it; `re` would try each time
            return node if bounds[0] else Seq(())
        return Repeat(node, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(self._peek())
        if simple is not None:
            self.at += 1
            return simple
        found = _COUNT.match(self.text, self.at)
        if found is None or not (found[1] or found[3]):
            return None
        self.at = found.end()
        least = int(found[1] or 0)
        most = (int(found[3]) if found[3] else None) if found[2] else least
        if max(least, most or 0) > MAX_COUNT or (most is not None and most < least):
            self._fail(f"a repetition that is none, or of more than {MAX_COUNT},")
        return least, most

    def _atom(self) -> Node:
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "*+?":
            self._fail("nothing to repeat")
        self.at += 1
        if char in ("^", "$"):
            return Assert(char)
        return Char(".") if char == "." else Char(re.escape(char), char)

    def _group(self) -> Node:
        found = _GROUP.match(self.text, self.at)
        assert found is not None  # noqa: S101 - it begins with a parenthesis
        if self.text[found.end() : found.end() + 1] == "?":
            self._fail("a group that looks ahead or behind, or sets flags,")
        self.depth += 1
        if self.depth > MAX_NESTING:
            self._fail("nesting that is too deep")
        self.at = found.end()
        node = self._alternatives()
        if self._peek() != ")":
            self._fail("a missing )")
        self.at += 1
        self.depth -= 1
        return Seq((node,))

    def _class(self) -> Node:
        end = self.at + 1
        source = "["
        if self.text[end : end + 1] == "^":
            source, end = "[^", end + 1
        first = True
        while first or self.text[end : end + 1] != "]":
            char = self.text[end : end + 1]
            if not char:
                self._fail("a missing ]")
            if char == "\\":
                source += self.text[end : end + 2]
                end += 2
            else:
                # Escaped, lest a later Python takes two of them for an operation on sets.
                plain = char in "[]&|~" or (char == "-" and source[-1] == "-")
                source += f"\\{char}" if plain else char
                end += 1
            first = False
        return self._checked(source + "]", end + 1)

    def _checked(self, source: str, end: int) -> Node:
        try:
            re.compile(source)
        except re.error as error:
            self._fail(f"a wrong class ({error.msg})")
        self.at = end
        return Char(source)

    def _escape(self) -> Node:
        char = self.text[self.at + 1 : self.at + 2]
        coded = _HEX.match(self.text, self.at + 1)
        if coded:
            code = int(coded[1] or coded[2] or coded[3], 16)
            if code > 0x10FFFF:
                self._fail("no character")
            self.at = coded.end()
            return Char(re.escape(chr(code)), chr(code))
        if char in ("b", "B"):
            self.at += 2
            return Assert(char)
        if char and char in "dDwWsS":
            self.at += 2
            return Char(f"\\{char}")
        if char in ("A", "Z"):
            self.at += 2
            return Assert("^" if char == "A" else "$")
        if not char or (char.isalnum() and char not in _CONTROLS):
            self._fail(f"an escape \\{char} that is not supported (a reference back, perhaps),")
        self.at += 2
        literal = _CONTROLS.get(char, char)
        return Char(re.escape(literal), literal)
