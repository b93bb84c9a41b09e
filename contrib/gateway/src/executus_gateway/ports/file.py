"""A file on its way: from a source to where files are kept, or from there to another source."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["File", "KeepFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Bytes with what is known of them.

    Attributes:
        data: All that there is of it.
        content_type: Without parameters.
        name: Without folders; may be empty.
        complete: Whether that is all of it.
    """

    data: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    name: str = ""
    complete: bool = True


KeepFile: TypeAlias = Callable[[File], Awaitable[Mapping[str, Any]]]
"""Keeps a file that a call gave; returns what code is told in its place, its handle first."""
