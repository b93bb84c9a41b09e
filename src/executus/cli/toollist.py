"""`executus tools`: what can be granted, what it does, and what it takes."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast

import click
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.cli.agents import agents_folder, find_agent
from executus.cli.equipment import open_registry
from executus.cli.inputs import as_text
from executus.cli.output import is_terminal, one_line, say, say_json
from executus.cli.process import DONE, run_async
from executus.cli.setting import agent_option, configured_mcp, mcp_option
from executus.errors import SetupError
from executus.printable import printable
from executus.registry import RegisteredTool, ToolRegistry

__all__ = ["tools_command"]


@click.command(
    "tools",
    epilog="""\b
Examples:
  executus tools 'web.*'
  executus tools show calc.calculate""",
)
@click.argument("patterns", nargs=-1)
@agent_option
@mcp_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def tools_command(
    patterns: tuple[str, ...],
    agent: str,
    mcp: Path | None,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> int:
    """Say which tools there are, what they do and what they take.

    PATTERNS are globs over names, as for --tools; "show NAME" prints one tool with its schema.
    Into a pipe, a line per tool: name, effect, whether it may be repeated, its time limit and its
    arguments, with tabs between them. With --agent, those its file grants. MCP servers are asked
    for theirs.
    """
    words = [as_text(one, "a tool's name") for one in patterns]
    return run_async(partial(_list, words, agent, mcp or configured_mcp(), as_json=as_json))


async def _list(words: Sequence[str], agent: str, mcp: Path | None, *, as_json: bool) -> int:
    async with open_registry(mcp) as registry:
        if words[:1] == ["show"]:
            return _show(registry, words[1:])
        names = set(registry.match(list(words) or ["*"]))
        if agent:
            names &= _granted(registry, agent)
        _print([_found(registry, name) for name in registry.names if name in names], as_json)
    return DONE


def _granted(registry: ToolRegistry, agent: str) -> set[str]:
    file = find_agent(agent, agents_folder())
    file.require_tools(registry)
    grants = [one for one in file.agent.tools if isinstance(one, str)]
    return set(registry.match(grants)) - set(registry.match(list(file.agent.deny)))


def _found(registry: ToolRegistry, name: str) -> RegisteredTool:
    entry = registry.find(name)
    if entry is None:
        registry.get(name)  # says what is close
        raise SetupError(f"no tool {name!r}")
    return entry


def _show(registry: ToolRegistry, names: Sequence[str]) -> int:
    if len(names) != 1:
        raise SetupError("name one tool, as in: executus tools show calc.calculate")
    entry = _found(registry, names[0])
    say(to_json(_as_json(entry), indent=2))
    return DONE


def _print(entries: Sequence[RegisteredTool], as_json: bool) -> None:  # noqa: FBT001 - a choice
    if as_json:
        for entry in entries:
            say_json(_as_json(entry))
    elif is_terminal(cast("TextIO | None", sys.stdout)):
        _print_table(entries)
    else:
        for entry in entries:
            say("\t".join(_row(entry)))


def _as_json(entry: RegisteredTool) -> dict[str, Any]:
    policy = entry.policy
    return {
        "name": entry.name,
        "description": entry.tool.description,
        "effect": policy.effect,
        "idempotent": policy.idempotent,
        "timeout_s": None if math.isinf(policy.timeout_s) else policy.timeout_s,
        "max_result_bytes": policy.max_result_bytes,
        "roles": sorted(policy.roles),
        "secrets": list(policy.secrets),
        "parameters": entry.tool.parameters,
    }


def _row(entry: RegisteredTool) -> tuple[str, ...]:
    policy = entry.policy
    limit = "no limit" if math.isinf(policy.timeout_s) else f"{policy.timeout_s:g} s"
    repeated = "idempotent" if policy.idempotent else "once"
    return entry.name, policy.effect, repeated, limit, one_line(_arguments(entry.tool.parameters))


def _arguments(schema: Mapping[str, Any]) -> str:
    """The names of the arguments; those that may be left out end in `?`."""
    needed = schema.get("required", ())
    names = schema.get("properties", {})
    return ", ".join(name if name in needed else f"{name}?" for name in names)


def _print_table(entries: Sequence[RegisteredTool]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for title in ("tool", "policy", "arguments"):
        table.add_column(title, overflow="fold")
    for entry in entries:
        name, *policy, arguments = map(printable, _row(entry))
        style = "" if entry.policy.effect == "read" else "yellow"
        cells = Text(name, style="bold"), Text(", ".join(policy), style=style), Text(arguments)
        table.add_row(*cells)
    with console.capture() as drawn:
        console.print(table)
    say(drawn.get().rstrip("\n"))
