"""What `glob` and `grep` answer: a page of matches, and whether the search came to its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from executus.tools.files.content import decoded, is_binary, read_bytes
from executus.tools.files.globs import Glob
from executus.tools.files.linesearch import MAX_LINE_CHARS, LineSearch
from executus.tools.files.reading import MAX_SHOWN_CHARS, cut_line
from executus.tools.files.shownnames import shown_name
from executus.tools.files.tree import Tree, open_below, opened
from executus.tools.files.walking import Found, Stop, walk
from majordomo.llm import BadArguments

__all__ = ["Grep", "glob_page", "grep_page"]

MAX_PATHS = 500
MAX_MATCHES = 100
MAX_SEARCHED_BYTES = 4 * 1024 * 1024
MAX_SHOWN_LINE = 300
CHARS_PER_LOOK = 4096
_UTF16_32 = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")


@dataclass(slots=True, kw_only=True)
class _Page:
    """The answer as it grows: what is before `start` is skipped, and so much is shown."""

    start: int
    most: int
    seen: int = 0
    shown: int = 0
    chars: int = 0
    full: bool = False
    lines: list[str] = field(default_factory=list[str])

    def take(self, text: str) -> bool:
        """Count a match; False when the page is full."""
        self.seen += 1
        if self.seen < self.start:
            return True
        if self.shown >= self.most or self.chars + len(text) > MAX_SHOWN_CHARS:
            self.full = True
            return False
        self.lines.append(text)
        self.shown += 1
        self.chars += len(text) + 1
        return True


def glob_page(tree: Tree, pattern: str, path: str, start: int, stop: Stop) -> str:
    """Paths of the files that match, in order.

    Raises:
        BadArguments: The glob or the folder is none.
    """
    page = _Page(start=start, most=MAX_PATHS)
    with tree.folder(path) as fd:
        for found in walk(tree, fd, _prefix(tree, path), Glob(pattern), stop):
            if stop or not page.take(shown_name(found.path)):
                break
    return _answer(page, stop, f"no file matches {pattern!r}", skipped=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grep:
    """What is searched for.

    Attributes:
        search: Which lines match.
        glob: Which files are searched.
        context: Lines to show before and after each match.
        start: Number of the first match to show, from 1.
    """

    search: LineSearch
    glob: Glob
    context: int = 0
    start: int = 1


def grep_page(tree: Tree, what: Grep, path: str, stop: Stop) -> str:
    """Lines that match, as `path:line: text`, in order.

    Raises:
        BadArguments: The path is none.
    """
    grepping = _Grepping(what, stop)
    if _is_file(tree, path):
        with tree.file(path) as (fd, facts):
            grepping.search("/".join(tree.parts(path)), fd, facts.st_size)
    else:
        with tree.folder(path) as fd:
            for found in walk(tree, fd, _prefix(tree, path), what.glob, stop):
                if stop or not grepping.open(found):
                    break
    return _answer(grepping.page, stop, "no line matches", skipped=grepping.skipped)


def _is_file(tree: Tree, path: str) -> bool:
    try:
        with tree.folder(path):
            return False
    except BadArguments:
        with tree.file(path):
            return True


class _Grepping:
    """One search in progress."""

    def __init__(self, what: Grep, stop: Stop) -> None:
        self.page = _Page(start=what.start, most=MAX_MATCHES)
        self.skipped = 0
        self._what = what
        self._stop = stop

    def open(self, found: Found) -> bool:
        """Search a file of a walk; False when the page is full."""
        try:
            fd = open_below(found.folder, found.name, found.path)
        except (OSError, BadArguments):  # gone, not ours to read, or replaced by something else
            self.skipped += 1
            return True
        with opened(fd):
            return self.search(found.path, fd, os.fstat(fd).st_size)

    def search(self, path: str, fd: int, size: int) -> bool:
        """Search an open file; False when the page is full."""
        if size > MAX_SEARCHED_BYTES:
            self.skipped += 1
            return True
        lines = self._lines(read_bytes(fd, size, size))
        shown = shown_name(path)
        return all(
            self.page.take(_excerpt(shown, lines, index, self._what.context))
            for index in self._matching(lines)
        )

    def _lines(self, data: bytes) -> list[str]:
        """A file's lines; none when it is no text, or cannot have a match."""
        if is_binary(data):
            return []
        if not data.startswith(_UTF16_32) and not self._what.search.may_match(data):
            return []
        return decoded(data)[0].split("\n")

    def _matching(self, lines: list[str]) -> Iterator[int]:
        matches = self._what.search.matches
        unlooked = 0
        for index, line in enumerate(lines):
            unlooked += 1 + min(len(line), MAX_LINE_CHARS)
            if unlooked > CHARS_PER_LOOK:
                unlooked = 0
                if self._stop:
                    return
            if matches(line if len(line) <= MAX_LINE_CHARS else line[:MAX_LINE_CHARS]):
                yield index


def _excerpt(path: str, lines: list[str], index: int, context: int) -> str:
    if not context:
        return f"{path}:{index + 1}: {_shown(lines[index])}"
    first, end = max(0, index - context), min(len(lines), index + context + 1)
    excerpt = [
        f"{path}:{at + 1}{':' if at == index else '-'} {_shown(lines[at])}"
        for at in range(first, end)
    ]
    return "\n".join([*excerpt, "--"])


def _shown(line: str) -> str:
    return cut_line(line.strip("\r"), MAX_SHOWN_LINE)


def _prefix(tree: Tree, path: str) -> str:
    return "".join(f"{part}/" for part in tree.parts(path))


def _answer(page: _Page, stop: Stop, nothing: str, *, skipped: int) -> str:
    lines = page.lines
    if not lines:
        only = f"; only {page.seen} do" if page.seen else ""
        lines = [f"[{nothing}{only if page.seen < page.start else ''}]"]
    if page.full:
        lines.append(f"[more match; go on with start={page.start + page.shown}]")
    elif stop:
        lines.append("[the time was up before all was searched; name a narrower path or glob]")
    if skipped:
        lines.append(f"[{skipped} files were too large, or could not be read, and left out]")
    return "\n".join(lines)
