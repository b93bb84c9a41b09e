"""Takes secrets out of text, also where they were encoded or wrapped on the way.

Covered, alone and over at most two of them on top of each other: as they are; with JSON or Python
escapes; percent-encoded (`+` for a space too); with HTML entities. On top of any of these: broken
over lines or otherwise spread by white space; Base64 (both alphabets, with anything before and
behind, such as `user:` in a header); hexadecimal. Not covered: a part of a secret, a transformation
of it (reversed, hashed, compressed, encrypted), pixels of an image.
"""

from __future__ import annotations

import base64
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Never, TypeAlias
from urllib.parse import unquote

__all__ = ["MIN_SECRET_CHARS", "Scrubber"]

MIN_SECRET_CHARS = 4
"""Shorter values are left alone: taking them out would take half of a text with them."""

MAX_DEPTH = 2
_MIN_LINE_CHARS = 16
_SPACE = re.compile(r"\s+")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@lru_cache(maxsize=1024)
def _unescape(escape: str) -> str:
    if escape[1] == "u":
        units = bytes.fromhex(escape.replace("\\u", ""))
        return units.decode("utf-16-be", "replace")
    if escape[1] == "x" and len(escape) == 4:
        return chr(int(escape[2:], 16))
    return _CONTROL.get(escape[1], escape[1])


_Decoder: TypeAlias = tuple[re.Pattern[str], Callable[[str], str]]

_DECODERS: tuple[_Decoder, ...] = (
    (re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\x[0-9a-fA-F]{2}|\\[^u]", re.DOTALL), _unescape),
    (re.compile(r"(?:%[0-9a-fA-F]{2})+"), lru_cache(maxsize=1024)(unquote)),
    (re.compile(r"&(?:#\w{1,7}|\w{2,8});"), lru_cache(maxsize=1024)(html.unescape)),
)
_SQUEEZE: _Decoder = (_SPACE, lambda _: "")


def _readings(text: str) -> Iterator[tuple[str, tuple[_Decoder, ...]]]:
    """The text, then what it says to one who decodes it; with the decoders that were applied."""
    seen = {text}
    level: list[tuple[str, tuple[_Decoder, ...]]] = [(text, ())]
    for depth in range(MAX_DEPTH + 1):
        yield from level
        if depth == MAX_DEPTH:
            return
        deeper: list[tuple[str, tuple[_Decoder, ...]]] = []
        for reading, path in level:
            for decoder in _DECODERS:
                decoded = _applied(decoder, reading)
                if decoded not in seen:  # most decoders have nothing to do, or may be swapped
                    seen.add(decoded)
                    deeper.append((decoded, (*path, decoder)))
        level = deeper


def _applied(decoder: _Decoder, text: str) -> str:
    pattern, decode = decoder
    return pattern.sub(lambda match: decode(match[0]), text)


@dataclass(slots=True, kw_only=True)
class _View:
    """A text read in another way, and where each piece of it came from.

    Attributes:
        text: The text as read.
        parent: What it was read from; None for the text itself.
        at: Where in `text` each piece begins.
        pieces: Of each piece: where it began and ended in the parent, and whether it is the same.
    """

    text: str
    parent: _View | None = None
    at: list[int] = field(default_factory=list[int])
    pieces: list[tuple[int, int, bool]] = field(default_factory=list[tuple[int, int, bool]])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original text that a range of this one stands for."""
        if self.parent is None:
            return start, end
        first = bisect_right(self.at, start) - 1
        last = bisect_right(self.at, end - 1) - 1
        begin, _, same = self.pieces[first]
        start = begin + start - self.at[first] if same else begin
        begin, stop, same = self.pieces[last]
        end = begin + end - self.at[last] if same else stop
        return self.parent.span(start, end)


def _mapped(text: str, path: Iterable[_Decoder]) -> _View:
    """A reading of the text, with the way back."""
    view = _View(text=text)
    for decoder in path:
        view = _decoded(view, decoder)
    return view


def _decoded(parent: _View, decoder: _Decoder) -> _View:
    pattern, decode = decoder
    view = _View(text="", parent=parent)
    texts: list[str] = []
    length = done = 0

    def add(text: str, start: int, end: int, *, same: bool) -> None:
        nonlocal length
        if text:
            view.at.append(length)
            view.pieces.append((start, end, same))
            texts.append(text)
            length += len(text)

    for match in pattern.finditer(parent.text):
        add(parent.text[done : match.start()], done, match.start(), same=True)
        add(decode(match[0]), match.start(), match.end(), same=False)
        done = match.end()
    add(parent.text[done:], done, len(parent.text), same=True)
    view.text = "".join(texts)
    return view


def _base64_cores(value: bytes) -> Iterator[str]:
    """What every Base64 text that holds the value holds, for its three positions in a group."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + value).decode()
        known = encoded[(0, 2, 3)[before] : (before + len(value)) * 8 // 6]
        yield known
        yield known.replace("+", "-").replace("/", "_")


def _needles(value: str) -> Iterator[str]:
    """Everything to look for in a text without white space."""
    encoded = value.encode("utf-8", "replace")
    yield from (value, value.replace(" ", "+"), encoded.hex(), encoded.hex().upper())
    yield from _base64_cores(encoded)
    lines = value.splitlines()
    if len(lines) > 1:  # a key in several lines is often shown by one of them
        yield from (
            line
            for line in lines
            if len(line.strip()) >= _MIN_LINE_CHARS and not line.startswith("-----")
        )


class Scrubber:
    """Knows secrets by name and replaces each in a text by `[secret NAME]`.

    Example:
        >>> scrubber = Scrubber()
        >>> scrubber.add("github", "ghp_c4n4ry")
        >>> scrubber.scrub('{"authorization": "token ghp_c4n4ry"}')
        '{"authorization": "token [secret github]"}'
    """

    __slots__ = ("_needles",)

    def __init__(self) -> None:
        self._needles: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._needles)

    def __reduce__(self) -> Never:
        raise TypeError("a scrubber holds secrets and is not pickled")

    def add(self, name: str, value: str) -> None:
        """Know a secret from now on; one under `MIN_SECRET_CHARS` is not looked for."""
        if len(_SPACE.sub("", value)) < MIN_SECRET_CHARS or value in self._needles:
            return
        squeezed = (_SPACE.sub("", needle) for needle in _needles(value))
        new = {needle: name for needle in squeezed if len(needle) >= MIN_SECRET_CHARS}
        self._needles = {**new, **self._needles}  # replaced, not changed: a thread may be reading

    def scrub(self, text: str) -> str:
        """The text without the secrets; the same object when there are none in it."""
        needles = self._needles
        if not needles:
            return text
        found: set[tuple[int, int, str]] = set()
        for reading, path in _readings(text):
            squeezed = "".join(reading.split())
            if any(needle in squeezed for needle in needles):
                found.update(self._found(_mapped(text, (*path, _SQUEEZE))))
        if not found:
            return text
        clean: list[str] = []
        done = 0
        for start, end, name in sorted(found):
            if start >= done:  # else it overlaps the one before: no second mark
                clean.append(f"{text[done:start]}[secret {name}]")
            done = max(done, end)
        return "".join((*clean, text[done:]))

    def _found(self, view: _View) -> Iterator[tuple[int, int, str]]:
        for needle, name in self._needles.items():
            start = view.text.find(needle)
            while start >= 0:
                end = start + len(needle)
                yield (*view.span(start, end), name)
                start = view.text.find(needle, start + 1)
