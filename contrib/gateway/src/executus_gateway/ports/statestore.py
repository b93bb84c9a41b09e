"""Where the log is kept: what was acknowledged is there after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from executus_gateway.schema import Event, Snapshot

__all__ = ["History", "StateStore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a store has.

    Attributes:
        snapshot: The folded part.
        events: All later ones, in order.
        torn_bytes: Bytes of a last, never acknowledged event that were dropped.
        is_long: Whether it is time to `fold`.
    """

    snapshot: Snapshot
    events: Sequence[Event] = ()
    torn_bytes: int = 0
    is_long: bool = False


class StateStore(Protocol):
    """An append-only log with a snapshot before it. One owner at a time."""

    async def load(self) -> History:
        """All there is. Called once, before everything else.

        Raises:
            StateDamaged: It was changed by something else than a crash.
            StateLocked: Somebody else has it open.
        """
        ...

    async def append(self, event: Event) -> bool:
        """Add an event; returns when it would survive a loss of power.

        Returns:
            Whether the log is long by now, so that it is time to `fold`.
        """
        ...

    async def fold(self, snapshot: Snapshot) -> None:
        """Replace the log up to `snapshot.sequence` by the snapshot, all or nothing.

        Raises:
            OSError: It could not be done; what was stored is as it was, and can be added to.
        """
        ...

    async def aclose(self) -> None:
        """Let go of it."""
        ...
