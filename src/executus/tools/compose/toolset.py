"""The tools of `compose`: `pipeline`, `render`, `join`."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field

from executus.registry import policy
from executus.runservices import services
from executus.tools.compose.pipeline import Pipeline, Step
from executus.tools.compose.template import MAX_CHARS, fill
from majordomo.llm import BadArguments, Tool, ToolContext, ToolResultPart, tool

__all__ = ["compose_tools"]

# What a pipeline calls is guarded, recorded and limited in time call by call.
LONG_RESULT_BYTES = 256 * 1024


@policy(effect="read", idempotent=True, timeout_s=math.inf, max_result_bytes=LONG_RESULT_BYTES)
@tool
async def pipeline(
    context: ToolContext, steps: Annotated[list[Step], Field(min_length=1)]
) -> str | ToolResultPart:
    """Run several tool calls as one pipeline and get only the last step's result.

    Steps run in order. A step may use earlier results ($1, $1.field, $1.0.field), and may run once
    for each item of a list (for_each), after a filter. At most 16 steps and 64 calls. Example:
    [{"tool": "web.search", "arguments": {"query": "..."}},
    {"tool": "web.fetch", "for_each": "$1.results", "first": 3, "arguments": {"url": "$item.url"}}]

    Args:
        steps: What to do, in order.
    """
    return await Pipeline(services(context), context.call.name, steps).result()


@policy(effect="read", idempotent=True)
@tool(inline=True)
def render(template: str, values: dict[str, Any]) -> str:
    """Fill a template in: {name} and {a.b} are replaced by values; {{ and }} are braces.

    Args:
        template: The text with names in braces.
        values: What the names stand for.
    """
    return fill(template, values)


@policy(effect="read", idempotent=True)
@tool(inline=True)
def join(texts: list[str], separator: str = "\n") -> str:
    """Join texts into one.

    Args:
        texts: In order.
        separator: What stands between them.
    """
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_CHARS:
        raise BadArguments(f"the text would have over {MAX_CHARS} characters; use less")
    return separator.join(texts)


def compose_tools() -> tuple[Tool, ...]:
    """The toolset `compose`; what it calls passes the permissions of the run.

    Example:
        >>> [tool.name for tool in compose_tools()]
        ['pipeline', 'render', 'join']
    """
    return pipeline, render, join
