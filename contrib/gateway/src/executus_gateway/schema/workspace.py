"""Who uses the gateway and in which room: local mode has one of each."""

from __future__ import annotations

from typing import Literal

from executus_gateway.schema.ids import ProfileId
from executus_gateway.schema.record import Record

__all__ = ["Profile", "Workspace"]


class Profile(Record):
    """A person.

    Attributes:
        name: For display.
    """

    collection: Literal["profile"] = "profile"
    name: str


class Workspace(Record):
    """What sources, policies and runs belong to.

    Attributes:
        name: For display.
        owner: Whose it is.
    """

    collection: Literal["workspace"] = "workspace"
    name: str
    owner: ProfileId
