"""How far a copy to or from a remote target has come. Nothing in this version copies anything."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from executus_gateway.schema.ids import WorkspaceId
from executus_gateway.schema.record import Record

__all__ = ["SyncState"]


class SyncState(Record):
    """The cursor of one workspace against one target.

    Attributes:
        workspace: Here.
        target: Address of the target.
        remote_workspace: There.
        sent: Last sequence of ours it has acknowledged.
        received: Last sequence of its that we have.
        ids: Our ids → its ids, where they differ.
        credentials: Whether secrets go along; never, unless somebody said so.
    """

    collection: Literal["sync"] = "sync"
    workspace: WorkspaceId
    target: str
    remote_workspace: WorkspaceId
    sent: int = 0
    received: int = 0
    ids: dict[str, str] = Field(default_factory=dict)
    credentials: Literal["never", "copy"] = "never"
