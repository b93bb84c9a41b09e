"""`tools.executor.files.*`: what calls gave and is kept, read piece by piece."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Mapping
from typing import Any

from executus_gateway.domain import MisfitArguments
from executus_gateway.ports import File
from executus_gateway.service.controls import Control, object_schema
from executus_gateway.service.keptfiles import KeptFiles
from majordomo.threads import call_in_thread

__all__ = ["file_controls"]

DEFAULT_LENGTH = 100_000
MAX_LENGTH = 1_000_000
MAX_LISTED = 100


class _FileControls:
    def __init__(self, files: KeptFiles) -> None:
        self._files = files

    async def read(self, arguments: Mapping[str, Any]) -> Any:
        file = await self._files.read(arguments["handle"])
        text = None if arguments.get("base64") else await call_in_thread(_text, file)
        whole: str | bytes = file.data if text is None else text
        offset = arguments.get("offset", 0)
        if offset > len(whole):
            raise MisfitArguments(f"offset: it has {len(whole)} of them")
        piece = whole[offset : offset + arguments.get("length", DEFAULT_LENGTH)]
        end = offset + len(piece)
        told = {"text": piece} if isinstance(piece, str) else {"base64": _encoded(piece)}
        return {
            **told,
            "length": len(whole),
            "next_offset": end if end < len(whole) else None,
            "content_type": file.content_type,
        }

    async def list(self, arguments: Mapping[str, Any]) -> Any:
        del arguments
        return [
            {
                "handle": kept.id,
                "content_type": kept.content_type,
                "bytes": kept.size_bytes,
                "name": kept.name,
                "run": kept.run,
                "complete": kept.complete,
            }
            for kept in reversed(self._files.list()[-MAX_LISTED:])
        ]


def _text(file: File) -> str | None:
    """Of a file that was cut, what is left of its last character is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(file.data, final=file.complete)
    except UnicodeDecodeError:
        return None


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def file_controls(files: KeptFiles) -> tuple[Control, ...]:
    """The controls.

    Args:
        files: Are read.
    """
    return (
        Control(
            path="executor.files.read",
            description=(
                "A piece of a file that a call gave, by its handle: {text, length, next_offset}; "
                "offset and length are characters. Of what is not text, or with base64=True, "
                "{base64, …} and bytes."
            ),
            schema=object_schema(
                "handle",
                handle={"type": "string"},
                offset={"type": "integer", "minimum": 0},
                length={"type": "integer", "minimum": 1, "maximum": MAX_LENGTH},
                base64={"type": "boolean"},
            ),
            run=_FileControls(files).read,
        ),
        Control(
            path="executor.files.list",
            description="The files that calls gave and that are kept, newest first.",
            schema=object_schema(),
            run=_FileControls(files).list,
        ),
    )
