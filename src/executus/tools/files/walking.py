"""A walk over a tree's files, in order of their paths, never through a link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from executus.tools.files.globs import Glob, States
from executus.tools.files.tree import MAX_DEPTH, Tree
from majordomo.clock import Clock

__all__ = ["Found", "Stop", "walk"]

_FOLDER = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)


class Stop:
    """Tells work in a thread to end: its time is up, or nobody waits for it any more.

    Args:
        clock: Tells the time; may be asked from any thread.
        seconds: How long the work may take.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._ends = clock.monotonic() + seconds
        self.dropped = False

    def __bool__(self) -> bool:
        return self.dropped or self._clock.monotonic() >= self._ends


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or what else lies among files.

    Attributes:
        path: From the tree's root.
        name: Its last component.
        folder: Descriptor of the folder it lies in; valid until the walk goes on.
    """

    path: str
    name: str
    folder: int


def walk(tree: Tree, fd: int, prefix: str, glob: Glob, stop: Stop) -> Iterator[Found]:
    """The files below an open folder that match.

    Folders the glob cannot match in are not entered; nor are ignored ones, links and other file
    systems. What cannot be opened is left out.

    Args:
        tree: Says what is hidden and ignored.
        fd: The folder to begin at.
        prefix: Its path, with a slash at the end; empty for the root.
        glob: Matched from the folder to begin at.
        stop: Ends the walk.
    """
    device = os.fstat(fd).st_dev
    return _walk(_Walk(tree, glob, stop, device), fd, prefix, glob.start, 0)


@dataclass(frozen=True, slots=True)
class _Walk:
    tree: Tree
    glob: Glob
    stop: Stop
    device: int


def _walk(how: _Walk, fd: int, prefix: str, states: States, depth: int) -> Iterator[Found]:
    folders: list[tuple[str, States]] = []
    for name, is_folder in _entries(fd):
        if how.tree.skips(name):
            continue
        after = how.glob.step(states, name)
        if not after:
            continue
        if is_folder:
            folders.append((name, after))
        elif how.glob.ends(after):
            yield Found(prefix + name, name, fd)
    for name, after in folders:
        if how.stop or depth >= MAX_DEPTH:
            return
        inner = _enter(fd, name, how.device)
        if inner is None:
            continue
        try:
            yield from _walk(how, inner, f"{prefix}{name}/", after, depth + 1)
        finally:
            os.close(inner)


def _entries(fd: int) -> list[tuple[str, bool]]:
    """Files and folders by name; links and everything else left out."""
    try:
        with os.scandir(fd) as entries:
            found = [
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            ]
    except OSError:
        return []
    return sorted(found)


def _enter(fd: int, name: str, device: int) -> int | None:
    try:
        inner = os.open(name, _FOLDER, dir_fd=fd)
    except OSError:
        return None
    if os.fstat(inner).st_dev == device:
        return inner
    os.close(inner)
    return None
