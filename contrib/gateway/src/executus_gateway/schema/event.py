"""What happened, in order: the log's lines and the snapshot they add up to."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from executus_gateway.schema.credential import CredentialRef, OAuthToken
from executus_gateway.schema.file import KeptFile
from executus_gateway.schema.ids import WorkspaceId
from executus_gateway.schema.interaction import Approval, Interaction
from executus_gateway.schema.policy import PolicyRule
from executus_gateway.schema.record import Millis, Value
from executus_gateway.schema.run import CallRecord, TaskRun
from executus_gateway.schema.source import Source
from executus_gateway.schema.sync import SyncState
from executus_gateway.schema.tool import ToolArtifact
from executus_gateway.schema.workspace import Profile, Workspace

__all__ = [
    "FORMAT_VERSION",
    "AnyRecord",
    "Change",
    "Collection",
    "Drop",
    "Event",
    "Put",
    "Snapshot",
]

FORMAT_VERSION: Final = 1
"""Of snapshot and log together; a newer one is refused."""

Collection: TypeAlias = Literal[
    "profile",
    "workspace",
    "source",
    "artifact",
    "credential",
    "token",
    "policy",
    "approval",
    "interaction",
    "run",
    "call",
    "file",
    "sync",
]

AnyRecord: TypeAlias = Annotated[
    Profile
    | Workspace
    | Source
    | ToolArtifact
    | CredentialRef
    | OAuthToken
    | PolicyRule
    | Approval
    | Interaction
    | TaskRun
    | CallRecord
    | KeptFile
    | SyncState,
    Field(discriminator="collection"),
]


class Put(Value):
    """A record is now this."""

    op: Literal["put"] = "put"
    record: AnyRecord


class Drop(Value):
    """A record is no more."""

    op: Literal["drop"] = "drop"
    collection: Collection
    id: str


Change: TypeAlias = Annotated[Put | Drop, Field(discriminator="op")]


class Event(Value):
    """Changes that hold together or not at all: one line of the log.

    Attributes:
        sequence: 1, 2, 3 …, without gaps.
        at_ms: When.
        workspace: Where.
        kind: What happened, dotted: `source.connected`, `run.paused`, `interaction.accepted`.
        actor: Who did it: `gateway`, `model` or `person`.
        changes: In order.
    """

    sequence: int = Field(ge=1)
    at_ms: Millis
    workspace: WorkspaceId
    kind: str
    actor: Literal["gateway", "model", "person"] = "gateway"
    changes: tuple[Change, ...]


class Snapshot(Value):
    """All records after an event.

    Attributes:
        version: Of the format.
        sequence: Of the last event in it; 0 for none.
        records: In no particular order.
    """

    version: int = FORMAT_VERSION
    sequence: int = 0
    records: tuple[AnyRecord, ...] = ()
