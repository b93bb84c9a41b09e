"""Lanes whose slots are held around the code that runs now.

A run that a tool begins and waits for must not wait for a slot: its turn might come only when the
run around it, which holds one and waits for its tool, has ended.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType

from executus.lane import Lane

__all__ = ["held_lanes", "holding"]

_HELD: ContextVar[frozenset[Lane]] = ContextVar("executus_held_lanes", default=frozenset())


class holding:  # noqa: N801 - reads like a function where it is used
    """Note that a slot of a lane is held for as long as the block lasts.

    Holds for this task, those it starts, and the threads it calls.
    """

    __slots__ = ("_lane", "_token")

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._token: Token[frozenset[Lane]] | None = None

    def __enter__(self) -> None:
        self._token = _HELD.set(_HELD.get() | {self._lane})

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._token is not None  # noqa: S101 - set by __enter__
        _HELD.reset(self._token)


def held_lanes() -> frozenset[Lane]:
    """The lanes of which a run around this code holds a slot."""
    return _HELD.get()
