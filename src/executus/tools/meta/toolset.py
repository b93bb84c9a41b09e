"""The tools of `meta`, put together."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import from_json, to_json

from executus.errors import SetupError
from executus.registry import policy
from executus.runservices import services
from executus.tools.meta.asking import ask_model_tool, dispatch_tool, summarise_tool
from executus.tools.meta.catalogue import described, found, named, overview
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import BadArguments, Tool, ToolContext, ToolResultPart, tool

__all__ = ["meta_tools"]

TIERS = ("fast", "workhorse", "thinking")
# The called tool's own cap has cut its result already; this must not cut it again.
PASSED_RESULT_BYTES = 1024 * 1024


@policy(effect="read", idempotent=True, keep_overflow=False)
@tool(inline=True)
def think(thought: str) -> str:
    """Write down a thought: a plan, what is known, what is open. It changes nothing.

    Args:
        thought: The thought.
    """
    del thought
    return "noted"


@policy(effect="read", idempotent=True, keep_overflow=False)
@tool(inline=True)
def find_tools(
    context: ToolContext,
    query: Annotated[str, Field(max_length=1000)],
    limit: Annotated[int, Field(ge=1, le=20)] = 5,
) -> str:
    """Search the tools you may call with call_tool; many are not listed for you.

    Args:
        query: What to do and with what, in words a tool would use, such as "send email"; empty for
            an overview.
        limit: Most tools to show.
    """
    run = services(context)
    return found(run, query, limit) if query.strip() else overview(run)


@policy(effect="read", idempotent=True)
@tool(inline=True)
def describe_tool(context: ToolContext, name: str) -> str:
    """Show all about one tool: what it does and the schema of its arguments.

    Args:
        name: Its name, as find_tools shows it.
    """
    return described(named(services(context), name))


def _unwrapped(value: Any) -> Any:
    """Arguments that a model wrote as JSON inside a text, as the object they are."""
    if not isinstance(value, str):
        return value
    try:
        return from_json(value or "{}")
    except ValueError:
        return value


@policy(effect="read", idempotent=True, timeout_s=math.inf, max_result_bytes=PASSED_RESULT_BYTES)
@tool
async def call_tool(
    context: ToolContext,
    name: str,
    arguments: Annotated[dict[str, Any], BeforeValidator(_unwrapped)] = {},  # noqa: B006 - read only
) -> ToolResultPart:
    """Call a tool that find_tools found; it answers as if you had called it yourself.

    Args:
        name: Its name, as find_tools shows it.
        arguments: Its arguments, as its schema says.
    """
    run = services(context)
    try:
        chosen = named(run, name)
    except BadArguments as error:
        raise BadArguments(f"name: {error}") from error
    return await run.call(chosen.name, to_json(arguments).decode())


def meta_tools(
    *,
    models: Collection[str] = TIERS,
    summary_model: str = "fast",
    agents: Mapping[str, str] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> tuple[Tool, ...]:
    """The toolset `meta`. A run with very many tools grants it, and the others `on_demand`.

    Args:
        models: Models and tiers that `ask_model` may ask; with none the tool is left out.
        summary_model: What `summarise` asks.
        agents: The agents that may be dispatched, and what each is for, to tell the model; None is
            all that the executor knows, each with what it was itself granted.
        clock: Limits a summary.

    Raises:
        SetupError: `models` is one text.

    Example:
        >>> [tool.name for tool in meta_tools(models=())]
        ['think', 'find_tools', 'describe_tool', 'call_tool', 'summarise', 'dispatch']
    """
    if isinstance(models, str):
        raise SetupError(f"models must be a collection such as [{models!r}], not one text")
    asking = (ask_model_tool(tuple(models)),) if models else ()
    return (
        think,
        find_tools,
        describe_tool,
        call_tool,
        summarise_tool(summary_model, clock),
        *asking,
        dispatch_tool(agents),
    )
