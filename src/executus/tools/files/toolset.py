"""The tools of `files`: `read`, `list`, `glob`, `grep`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from executus.registry import policy
from executus.tools.files.globs import Glob
from executus.tools.files.linesearch import LineSearch
from executus.tools.files.reading import listed, read_lines
from executus.tools.files.searching import Grep, glob_page, grep_page
from executus.tools.files.tree import HIDDEN, IGNORED, Tree
from executus.tools.files.walking import Stop
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import Tool, tool
from majordomo.threads import call_in_thread

__all__ = ["files_tools"]

SEARCH_TIMEOUT_S = 20.0
_reads = policy(effect="read", idempotent=True, timeout_s=SEARCH_TIMEOUT_S + 10)

StartAt = Annotated[int, Field(ge=1)]


def files_tools(
    root: str | Path,
    *,
    hidden: Sequence[str] = HIDDEN,
    ignored: Sequence[str] = IGNORED,
    search_timeout_s: float = SEARCH_TIMEOUT_S,
    clock: Clock = SYSTEM_CLOCK,
) -> tuple[Tool, ...]:
    """The toolset `files`: reads what lies below a folder, and nothing else.

    No path leaves the folder: components are opened one below the other, links are not followed,
    nor other file systems entered, and a file replaced in between is refused.

    Args:
        root: The folder.
        hidden: Globs over names that are not to be had at all.
        ignored: Globs over names that searches leave out.
        search_timeout_s: Seconds after which `glob` and `grep` answer with what they have.
        clock: Tells the time; asked from worker threads.

    Raises:
        SetupError: There is no such folder, or the system has no safe way to open below one.

    Example:
        >>> [tool.name for tool in files_tools(".")]
        ['read', 'list', 'glob', 'grep']
    """
    tree = Tree(root=Path(root), hidden=tuple(hidden), ignored=tuple(ignored))
    limit = _Limit(clock, search_timeout_s)
    return _read_tool(tree), _list_tool(tree), _glob_tool(tree, limit), _grep_tool(tree, limit)


class _Limit:
    """Runs searches in threads; each ends in time, and when nobody waits for it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    async def run(self, search: Callable[[Stop], str]) -> str:
        stop = Stop(self._clock, self._seconds)
        try:
            return await call_in_thread(search, stop)
        finally:
            stop.dropped = True


def _read_tool(tree: Tree) -> Tool:
    @_reads
    @tool
    def read(
        path: str, start: StartAt = 1, lines: Annotated[int, Field(ge=1, le=5000)] = 500
    ) -> str:
        """Read a text file. Each line comes with its number and a tab before it.

        Args:
            path: Path of the file, from the folder's root, such as src/main.py.
            start: First line to read, from 1.
            lines: Most lines to read.
        """
        return read_lines(tree, path, start, lines)

    return read


def _list_tool(tree: Tree) -> Tool:
    @_reads
    @tool(name="list")
    def list_folder(path: str = ".", start: StartAt = 1) -> str:
        """List a folder: folders end with a slash, files come with their size.

        Args:
            path: Path of the folder, from the root.
            start: First entry to show, from 1, of a long list.
        """
        return listed(tree, path, start)

    return list_folder


def _glob_tool(tree: Tree, limit: _Limit) -> Tool:
    @_reads
    @tool
    async def glob(pattern: str, path: str = ".", start: StartAt = 1) -> str:
        """Find files by name: ** any folders, * any characters, ?, [abc], {a,b}.

        Args:
            pattern: Such as src/**/*.py; one without a slash is looked for at any depth.
            path: Folder to look in.
            start: First match to show, from 1.
        """
        return await limit.run(lambda stop: glob_page(tree, pattern, path, start, stop))

    return glob


def _grep_tool(tree: Tree, limit: _Limit) -> Tool:
    @_reads
    @tool
    async def grep(
        pattern: str,
        path: str = ".",
        glob: str = "**",
        ignore_case: bool = False,
        literal: bool = False,
        context: Annotated[int, Field(ge=0, le=10)] = 0,
        start: StartAt = 1,
    ) -> str:
        """Search text files for lines that match a regular expression.

        Args:
            pattern: Regular expression, matched line by line; no looking ahead or behind.
            path: Folder or file to search.
            glob: Search only files that match, such as *.py or docs/**.
            ignore_case: Take upper and lower case for the same.
            literal: Take the pattern as plain text.
            context: Lines to show before and after each match.
            start: First match to show, from 1.
        """
        what = Grep(
            search=LineSearch(pattern, ignore_case=ignore_case, literal=literal),
            glob=Glob(glob),
            context=context,
            start=start,
        )
        return await limit.run(lambda stop: grep_page(tree, what, path, stop))

    return grep
