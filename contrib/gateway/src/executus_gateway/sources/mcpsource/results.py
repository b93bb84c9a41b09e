"""A server's result as a result of ours: structured content where there is any, else its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executus.tools.mcp.results import read_result
from executus_gateway.schema import ToolError, ToolFailed, ToolOk, ToolResult

__all__ = ["told"]

MAX_ERROR_CHARS = 2000


def told(result: Mapping[str, Any]) -> ToolResult:
    """Map a `tools/call` result. Of images, what they are is told, not their bytes."""
    read = read_result(result)
    if read.is_error:
        message = read.text[:MAX_ERROR_CHARS] or "the tool failed without a word"
        return ToolFailed(error=ToolError(code="tool_error", message=message))
    structured: object = result.get("structuredContent")
    if structured is not None:
        return ToolOk(data=structured)
    if not read.images:
        return ToolOk(data=read.text)
    images = [{"mime": image.mime, "bytes": len(image.data or b"")} for image in read.images]
    return ToolOk(data={"text": read.text, "images": images})
