"""Bytes that a call gave and that are kept for a while: large answers, images, archives."""

from __future__ import annotations

from typing import Literal

from executus_gateway.schema.ids import RunId
from executus_gateway.schema.record import Record

__all__ = ["KeptFile"]


class KeptFile(Record):
    """A kept file. Its id is the handle that code has of it; its bytes are in the artifact store.

    Attributes:
        run: Whose call gave it; it goes with the run, or before.
        content_type: As its source said, without parameters.
        size_bytes: Of what is kept.
        name: What its source calls it; may be empty.
        complete: Whether that is all of it; an answer over the bound is cut.
    """

    collection: Literal["file"] = "file"
    run: RunId
    content_type: str
    size_bytes: int
    name: str = ""
    complete: bool = True
