"""What `read` and `list` answer."""

from __future__ import annotations

import os
import stat

from executus.tools.files.content import Binary, decoded, read_bytes
from executus.tools.files.shownnames import shown_name
from executus.tools.files.tree import Tree
from majordomo.llm import BadArguments

__all__ = ["listed", "read_lines"]

MAX_READ_BYTES = 16 * 1024 * 1024
MAX_LINE_SHOWN = 2000
MAX_SHOWN_CHARS = 48_000
MAX_ENTRIES = 500
MAX_SCANNED = 100_000


def read_lines(tree: Tree, path: str, start: int, count: int) -> str:
    """Lines of a file with their numbers, and a note when there is more.

    Raises:
        BadArguments: It cannot be had, or has no such line.
    """
    with tree.file(path) as (fd, facts):
        size = facts.st_size
        data = read_bytes(fd, size, MAX_READ_BYTES)
    try:
        text, note = decoded(data, cut=size > len(data))
    except Binary as kind:
        return f"[{path} is a binary file: {kind}, {size:,} bytes; it is not shown]"
    if not text:
        return f"[{path} is empty]"
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    if start > len(lines):
        raise BadArguments(f"start: {path!r} has {len(lines)} lines")
    shown = _numbered(lines, start, count)
    notes = [note] if note else []
    if start - 1 + len(shown) < len(lines):
        notes.append(f"{len(lines)} lines; go on with start={start + len(shown)}")
    if size > len(data):
        notes.append(f"only the first {len(data):,} of {size:,} bytes can be read")
    return "\n".join([*shown, *(f"[{one}]" for one in notes)])


def _numbered(lines: list[str], start: int, count: int) -> list[str]:
    shown: list[str] = []
    chars = 0
    for number, line in enumerate(lines[start - 1 : start - 1 + count], start=start):
        text = f"{number}\t{cut_line(line.rstrip(chr(13)), MAX_LINE_SHOWN)}"
        chars += len(text) + 1
        if shown and chars > MAX_SHOWN_CHARS:
            break
        shown.append(text)
    return shown


def cut_line(line: str, most: int) -> str:
    """A line of at most so many characters, and how many more it has."""
    return line if len(line) <= most else f"{line[:most]}… [{len(line) - most} more characters]"


def listed(tree: Tree, path: str, start: int) -> str:
    """Folders, then files with their sizes, by name.

    Raises:
        BadArguments: It cannot be had.
    """
    with tree.folder(path) as fd, os.scandir(fd) as entries:
        names: list[str] = []
        for entry in entries:
            if not tree.hides(entry.name):
                names.append(entry.name)
            if len(names) >= MAX_SCANNED:
                break
        found = sorted(filter(None, (_entry(fd, name) for name in names)))
    if not found:
        return f"[{path} is empty]"
    if start > len(found):
        raise BadArguments(f"start: {path!r} has {len(found)} entries")
    shown = [line for _, _, line in found[start - 1 : start - 1 + MAX_ENTRIES]]
    if start - 1 + len(shown) < len(found):
        shown.append(f"[{len(found)} entries; go on with start={start + len(shown)}]")
    return "\n".join(shown)


def _entry(fd: int, name: str) -> tuple[int, str, str] | None:
    """Its order, and its line; None when it has gone meanwhile."""
    try:
        facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except OSError:
        return None
    shown = shown_name(name)
    if stat.S_ISDIR(facts.st_mode):
        return 0, name, f"{shown}/"
    if stat.S_ISREG(facts.st_mode):
        return 1, name, f"{shown}  {facts.st_size:,} bytes"
    kind = "link, not followed" if stat.S_ISLNK(facts.st_mode) else "no regular file"
    return 1, name, f"{shown}  ({kind})"
