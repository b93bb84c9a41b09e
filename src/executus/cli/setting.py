"""What an agent of the command line has: its file, its servers, and who answers for its calls."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from executus.cli.storing import store_option
from executus.errors import SetupError

__all__ = [
    "AGENTS_VARIABLE",
    "MCP_VARIABLE",
    "Setting",
    "agent_option",
    "configured_mcp",
    "mcp_option",
    "no_input_option",
    "with_setting",
    "yes_option",
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
        store: The URL of the store that keeps the runs; None or empty for none.
    """

    agent: str = ""
    mcp: Path | None = None
    ask: tuple[str, ...] = ("external",)
    yes: bool = False
    no_input: bool = False
    store: str | None = None

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
yes_option = click.option("-y", "--yes", is_flag=True, help="Approve what would be asked.")
no_input_option = click.option(
    "--no-input", is_flag=True, help="Ask nobody: what needs a yes is refused."
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
    yes_option,
    no_input_option,
    store_option,
)


def with_setting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the shared options; it gets them as the argument `setting`."""

    @wraps(command)
    def call(
        *,
        agent: str,
        mcp: Path | None,
        ask: tuple[str, ...],
        yes: bool,
        no_input: bool,
        store: str | None,
        **own: Any,
    ) -> int:
        setting = Setting(
            agent=agent,
            mcp=mcp or configured_mcp(),
            ask=ask,
            yes=yes,
            no_input=no_input,
            store=store,
        )
        return command(setting=setting, **own)

    wrapped: Callable[..., int] = call
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def configured_mcp() -> Path | None:
    """The file of `EXECUTUS_MCP`."""
    said = os.environ.get(MCP_VARIABLE, "").strip()
    return Path(said) if said else None
