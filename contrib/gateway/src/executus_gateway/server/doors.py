"""Which paths there are, by which methods, and what whoever comes must show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CONSOLE", "DOORS", "Door", "door_of"]

CONSOLE: Final = "/console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One path.

    Attributes:
        path: Its beginning.
        methods: Allowed.
        deep: Whether paths below it are meant as well.
        browser: Whether a browser's session opens it; a write then must come from a page of ours.
        agent: Whether the agents' token opens it, which cannot answer questions.
        open: Whether no token is needed.
    """

    path: str
    methods: frozenset[str]
    deep: bool = False
    browser: bool = False
    agent: bool = False
    open: bool = False


DOORS: Final = (
    Door(path="/mcp", methods=frozenset({"GET", "POST", "DELETE"}), agent=True),
    Door(path="/rpc", methods=frozenset({"POST"})),
    Door(path="/events", methods=frozenset({"GET"})),
    Door(path="/health", methods=frozenset({"GET"})),
    Door(path="/login", methods=frozenset({"GET"}), open=True),
    Door(
        path=CONSOLE,
        methods=frozenset({"GET", "HEAD", "POST"}),
        deep=True,
        browser=True,
    ),
)


def door_of(path: str) -> Door | None:
    """The door of a path, or None.

    Example:
        >>> door_of("/console/runs").path
        '/console'
        >>> door_of("/rpc/more") is None
        True
    """
    for door in DOORS:
        if path == door.path or (door.deep and path.startswith(f"{door.path}/")):
            return door
    return None
