"""What a model is told of tools it was not offered: lines to choose from, one tool in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic_core import to_json

from executus.registry import wire_name
from executus.runservices import RunServices, ToolListing
from executus.tools.meta.toolindex import index_of
from majordomo.errors import did_you_mean
from majordomo.llm import BadArguments

__all__ = ["described", "found", "named", "overview"]

MAX_DESCRIPTION_CHARS = 240
MAX_ARGUMENTS_SHOWN = 12
MAX_TOOLSETS = 100
# The search compares words: whoever thinks of the thing in others finds it at the second attempt.
OTHER_WORDS = "If none fits, search again in other words, or with an empty query for an overview."


def _known(run: RunServices) -> list[ToolListing]:
    """What may be called, each name once."""
    return list({tool.name: tool for tool in reversed(run.tools())}.values())[::-1]


def named(run: RunServices, name: str) -> ToolListing:
    """The tool of that name, as it is registered or as a model sees it.

    Raises:
        BadArguments: There is none; the message names those that come near.
    """
    tools, wanted = _known(run), wire_name(name.strip())
    for tool in tools:
        if wire_name(tool.name) == wanted:
            return tool
    near = [tools[place].name for place in index_of(tools).search(name, 3)]
    hint = did_you_mean(name, [tool.name for tool in tools]) or (
        f"; perhaps {', '.join(near)}" if near else ""
    )
    raise BadArguments(f"there is no tool named {name!r}{hint}; search with find_tools")


def found(run: RunServices, query: str, limit: int) -> str:
    """The tools that fit a query best, one line each."""
    tools = _known(run)
    places = index_of(tools).search(query, limit)
    if not places:
        return f"no tool of {len(tools)} has these words; try others.\n{overview(run)}"
    lines = [f"best of {len(tools)} tools, call one by its name with call_tool:"]
    return "\n".join([*lines, *(_line(tools[place]) for place in places), OTHER_WORDS])


def overview(run: RunServices) -> str:
    """The toolsets, and how many tools each has."""
    tools = _known(run)
    counts = Counter(tool.name.rpartition(".")[0] or "(no toolset)" for tool in tools)
    lines = [f"{toolset}: {count}" for toolset, count in counts.most_common(MAX_TOOLSETS)]
    return "\n".join([f"{len(tools)} tools; search by what you want to do. By toolset:", *lines])


def _line(tool: ToolListing) -> str:
    text = " ".join(tool.description.split())
    if len(text) > MAX_DESCRIPTION_CHARS:
        text = text[:MAX_DESCRIPTION_CHARS].rpartition(" ")[0] + " …"
    return f"{tool.name}({_signature(tool)}) — {text}"


def _signature(tool: ToolListing) -> str:
    properties = cast("Mapping[str, Any]", tool.parameters.get("properties", {}))
    required = cast("Sequence[str]", tool.parameters.get("required", ()))
    names = [
        f"{name}{'' if name in required else '?'}: {_type(schema)}"
        for name, schema in list(properties.items())[:MAX_ARGUMENTS_SHOWN]
    ]
    return ", ".join(names + ["…"] * (len(properties) > MAX_ARGUMENTS_SHOWN))


def _type(schema: object) -> str:
    match schema:
        case {"type": str(kind)}:
            return kind
        case _:
            return "any"


def described(tool: ToolListing) -> str:
    """One tool in full."""
    schema = to_json(tool.parameters, fallback=str).decode()
    return f"{tool.name}\n{tool.description}\narguments (JSON Schema): {schema}"
