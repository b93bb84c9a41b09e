"""What an agent of the command line has: its file, its servers, and who answers for its calls."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from executus.errors import SetupError

__all__ = [
    "AGENTS_VARIABLE",
    "MCP_VARIABLE",
    "Setting",
    "agent_option",
    "configured_mcp",
    "mcp_option",
    "with_setting",
]

AGENTS_VARIABLE = "EXECUTUS_AGENTS"
MCP_VARIABLE = "EXECUTUS_MCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the options say that `run` and `chat` share.

    Attributes:
        agent: An agent's file, or its name in the folder of `EXECUTUS_AGENTS`; empty for none.
        mcp: The file that names MCP servers; None for none.
        ask: Effects, and globs over names, of the tools whose calls are asked about.
        yes: Approve every call.
        no_input: Ask nobody.
    """

    agent: str = ""
    mcp: Path | None = None
    ask: tuple[str, ...] = ("external",)
    yes: bool = False
    no_input: bool = False

    def __post_init__(self) -> None:
        if self.yes and self.no_input:
            raise SetupError("--yes approves calls and --no-input refuses them: give one")


agent_option = click.option(
    "-a", "--agent", default="", help="An agent's file, or its name in $EXECUTUS_AGENTS."
)
mcp_option = click.option(
    "--mcp",
    type=click.Path(path_type=Path),
    help="A JSON file of MCP servers; else $EXECUTUS_MCP.",
)
_OPTIONS = (
    agent_option,
    mcp_option,
    click.option(
        "--ask",
        multiple=True,
        default=("external",),
        show_default=True,
        help="Ask before calls: an effect (write, external) or a glob over tools.",
    ),
    click.option("-y", "--yes", is_flag=True, help="Approve what would be asked."),
    click.option("--no-input", is_flag=True, help="Ask nobody: what needs a yes is refused."),
)


def with_setting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the shared options; it gets them as the argument `setting`."""

    @wraps(command)
    def call(
        *, agent: str, mcp: Path | None, ask: tuple[str, ...], yes: bool, no_input: bool, **own: Any
    ) -> int:
        servers = mcp or configured_mcp()
        setting = Setting(agent=agent, mcp=servers, ask=ask, yes=yes, no_input=no_input)
        return command(setting=setting, **own)

    wrapped: Callable[..., int] = call
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def configured_mcp() -> Path | None:
    """The file of `EXECUTUS_MCP`."""
    said = os.environ.get(MCP_VARIABLE, "").strip()
    return Path(said) if said else None
