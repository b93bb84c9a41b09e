"""Why a lane gave no slot."""

from __future__ import annotations

from executus.errors import RunRejected

__all__ = ["LaneError", "LaneFull", "LaneTimeout"]


class LaneError(RunRejected):
    """A lane gave no slot; nothing has been begun.

    Args:
        lane: Its name.
        key: Who asked.
    """

    def __init__(self, lane: str, key: str, sentence: str) -> None:
        self.lane = lane
        self.key = key
        super().__init__(f"lane {lane!r} gave {key or 'this caller'!r} no slot: {sentence}")


class LaneFull(LaneError):
    """As many wait already as may."""


class LaneTimeout(LaneError):
    """None came free within the time to wait."""
