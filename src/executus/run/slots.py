"""Lanes whose slots are held around the code that runs now.

A run that a tool begins and waits for must not wait for a slot: its turn might come only when the
run around it, which holds one and waits for its tool, has ended.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType

from executus.lane import Lane

__all__ = ["held_lanes", "holding"]

_AROUND: ContextVar[tuple[holding, ...]] = ContextVar("executus_held_lanes", default=())


class holding:  # noqa: N801 - reads like a function where it is used
    """Note that a slot of a lane is held for as long as the block lasts.

    Holds for this task, those it starts, and the threads it calls; for those that outlive the
    block until it ends.
    """

    __slots__ = ("_token", "lane")

    def __init__(self, lane: Lane) -> None:
        self.lane: Lane | None = lane
        self._token: Token[tuple[holding, ...]] | None = None

    def __enter__(self) -> None:
        self._token = _AROUND.set((*_AROUND.get(), self))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._token is not None  # noqa: S101 - set by __enter__
        self.lane = None  # tasks that were left behind still know of the block
        _AROUND.reset(self._token)


def held_lanes() -> frozenset[Lane]:
    """The lanes of which a run around this code holds a slot."""
    return frozenset(block.lane for block in _AROUND.get() if block.lane is not None)
