"""A git diff read into files and numbered lines; the text of a change decides nothing here.

How many lines a hunk has is said by its header, so a line that looks like a header is a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from gadfly.errors import GadflyError

__all__ = ["ChangedFile", "DiffLine", "parse_diff"]

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}
_FILE = b"diff --git "


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a hunk.

    Attributes:
        mark: `+` added, `-` removed, a space for context, `@` for the start of a hunk.
        number: Its number in the new file; None for removed lines and starts of hunks.
        text: What stands there, undecodable bytes replaced.
    """

    mark: str
    number: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """What happened to one file.

    Attributes:
        path: Where it is now, or was if it is deleted.
        uri: The same as a URI reference, from the name's own bytes.
        old_path: Where it was, if elsewhere.
        change: `added`, `modified`, `deleted`, `renamed` or `copied`.
        is_binary: Whether git shows no lines of it.
        lines: Its hunks, one after another.
    """

    path: str
    uri: str
    old_path: str | None = None
    change: str = "modified"
    is_binary: bool = False
    lines: Sequence[DiffLine] = ()

    @property
    def numbers(self) -> frozenset[int]:
        """Line numbers of the new file that the diff shows."""
        return frozenset(line.number for line in self.lines if line.number is not None)


def parse_diff(data: bytes) -> list[ChangedFile]:
    """Read the output of `git diff`.

    Raises:
        GadflyError: It is something else, or breaks off.
    """
    lines = data.split(b"\n")
    files: list[ChangedFile] = []
    at = 0
    while at < len(lines):
        if lines[at].startswith(_FILE):
            at, file = _read_file(lines, at)
            files.append(file)
        else:
            at += 1
    if data.strip() and not files:
        raise GadflyError("that is no git diff: no line begins with 'diff --git'")
    return files


def _read_file(lines: list[bytes], at: int) -> tuple[int, ChangedFile]:
    start = at
    at += 1
    while at < len(lines) and not lines[at].startswith((b"@@ ", _FILE)):
        at += 1
    header = _Header(lines[start:at])
    body: list[DiffLine] = []
    while at < len(lines) and lines[at].startswith(b"@@ "):
        at = _read_hunk(lines, at, body)
    return at, header.file(body)


def _read_hunk(lines: list[bytes], at: int, body: list[DiffLine]) -> int:
    """Add a hunk's lines; the index after them."""
    found = _HUNK.match(lines[at])
    if found is None:
        raise GadflyError("the diff has a hunk whose header cannot be read; is it a combined diff?")
    old, number, new = int(found[1] or 1), int(found[2]), int(found[3] or 1)
    body.append(DiffLine("@", None, _text(lines[at])))
    at += 1
    while old > 0 or new > 0:
        if at == len(lines) or lines[at][:1] not in (b"+", b"-", b" ", b"\\"):
            raise GadflyError("the diff breaks off in the middle of a hunk")
        mark = lines[at][:1].decode()
        is_new = mark in "+ "
        if mark != "\\":
            body.append(DiffLine(mark, number if is_new else None, _text(lines[at][1:])))
        number += is_new
        new -= is_new
        old -= mark in "- "
        at += 1
    return at + (at < len(lines) and lines[at].startswith(b"\\"))


class _Header:
    """What stands before the hunks of a file."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._names: dict[bytes, bytes] = {}
        self._flags: set[bytes] = set()
        for line in lines:
            for prefix in (b"--- ", b"+++ ", b"rename from ", b"rename to ", b"copy from ",
                           b"copy to "):  # fmt: skip
                if line.startswith(prefix):
                    self._names[prefix] = _name(line.removeprefix(prefix))
            for flag in (b"new file", b"deleted file", b"Binary files ", b"GIT binary patch"):
                if line.startswith(flag):
                    self._flags.add(flag)
        self._first = lines[0].removeprefix(_FILE)

    def file(self, body: Sequence[DiffLine]) -> ChangedFile:
        """The file, with its lines."""
        old, new = self._paths()
        deleted = b"deleted file" in self._flags
        name = old if deleted else new
        return ChangedFile(
            path=_text(name),
            uri=quote_from_bytes(name),
            old_path=_text(old) if old != new else None,
            change=self._change(),
            is_binary=bool({b"Binary files ", b"GIT binary patch"} & self._flags),
            lines=tuple(body),
        )

    def _change(self) -> str:
        names = {b"new file": "added", b"deleted file": "deleted"}
        for flag, change in names.items():
            if flag in self._flags:
                return change
        moves = {b"rename to ": "renamed", b"copy to ": "copied"}
        return next((change for key, change in moves.items() if key in self._names), "modified")

    def _paths(self) -> tuple[bytes, bytes]:
        for kind in (b"rename", b"copy"):
            if kind + b" to " in self._names:
                return self._names[kind + b" from "], self._names[kind + b" to "]
        sides = {key: self._names.get(key, b"/dev/null") for key in (b"--- ", b"+++ ")}
        shown = [name[2:] for name in sides.values() if name != b"/dev/null"]
        if shown:
            return shown[0], shown[-1]
        # No hunk: a changed mode, an empty or a binary file. Both names are then the same.
        first = self._first
        half = _name(first[: (len(first) - 1) // 2])[2:]
        return half, half


def _name(raw: bytes) -> bytes:
    """A file name as git writes it: in quotes, when it has unusual characters."""
    raw = raw.removesuffix(b"\r").removesuffix(b"\t")
    if not (raw.startswith(b'"') and raw.endswith(b'"') and len(raw) > 1):
        return raw
    return _ESCAPE.sub(_unescaped, raw[1:-1])


def _unescaped(found: re.Match[bytes]) -> bytes:
    what = found[1]
    if len(what) == 3:
        return bytes([int(what, 8) & 0xFF])
    return bytes([_ESCAPED[what]]) if what in _ESCAPED else what


def _text(raw: bytes) -> str:
    return raw.removesuffix(b"\r").decode("utf-8", "replace")
