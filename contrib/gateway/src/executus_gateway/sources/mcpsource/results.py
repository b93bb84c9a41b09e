"""A server's result as a result of ours: structured content where there is any, else its text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from executus.tools.mcp.results import read_result
from executus_gateway.ports import File, KeepFile
from executus_gateway.schema import ToolError, ToolFailed, ToolOk, ToolResult
from executus_gateway.sources.jsonobjects import as_list, as_object

__all__ = ["told"]

MAX_ERROR_CHARS = 2000
MAX_FILES = 16
OCTETS = "application/octet-stream"

_KIND = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)


async def told(result: Mapping[str, Any], keep: KeepFile) -> ToolResult:
    """Map a `tools/call` result.

    Args:
        result: The protocol's JSON.
        keep: Takes its images, sounds and other files, at most 16; of more, what they are is told.
    """
    files: list[File] = []
    shown: list[Any] = []
    for block in as_list(result.get("content")):
        file = _file(block) if len(files) < MAX_FILES else None
        if file is None:
            shown.append(block)
        else:
            files.append(file)
    text = read_result({**result, "content": shown}).text if shown or not files else ""
    if result.get("isError"):
        message = text[:MAX_ERROR_CHARS] or "the tool failed without a word"
        return ToolFailed(error=ToolError(code="tool_error", message=message))
    structured: object = result.get("structuredContent")
    if not files:
        return ToolOk(data=text if structured is None else structured)
    handles = [await keep(file) for file in files]
    key, value = ("text", text) if structured is None else ("structured", structured)
    return ToolOk(data={key: value, "files": handles})


def _file(block: object) -> File | None:
    """The file that a block of content is; None for one that is text, or broken."""
    found = as_object(block)
    match found.get("type"):
        case "image" | "audio":
            return _decoded(found.get("data"), found, "")
        case "resource":
            resource = as_object(found.get("resource"))
            name = str(resource.get("uri", "")).partition("?")[0].rstrip("/").rpartition("/")[2]
            return _decoded(resource.get("blob"), resource, name[:200])
        case _:
            return None


def _decoded(encoded: object, found: Mapping[str, Any], name: str) -> File | None:
    if not isinstance(encoded, str):
        return None
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = str(found.get("mimeType")).partition(";")[0].strip()
    # It is sent on as a header where the file is.
    return File(data=data, content_type=kind if _KIND.fullmatch(kind) else OCTETS, name=name)
