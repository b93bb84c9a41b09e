"""The other side of a copy between targets. A seam: this version has no implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from executus_gateway.schema import Event, SyncState

__all__ = ["PushReport", "SyncPeer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """What a push did, or would do.

    Attributes:
        created: Ids of records that are new there.
        updated: Ids of records that changed there.
        conflicts: Ids that changed on both sides; nothing was done to them.
    """

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


class SyncPeer(Protocol):
    """A remote workspace. Both directions are idempotent."""

    async def pull(self, state: SyncState) -> Sequence[Event]:
        """Its events after `state.received`."""
        ...

    async def push(self, state: SyncState, events: Sequence[Event], *, dry_run: bool) -> PushReport:
        """Send ours after `state.sent`."""
        ...
