"""What all stored records have in common: frozen, no unknown fields, times in milliseconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Millis", "Record", "Value"]

Millis = Annotated[int, Field(ge=0)]
"""A time of day: milliseconds since 1970 in UTC."""


class Value(BaseModel):
    """A part of a record, without an id of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Value):
    """A stored thing. Every one has an `id` and a `collection`, the name of its kind."""

    id: str
    created_ms: Millis = 0
    updated_ms: Millis = 0
