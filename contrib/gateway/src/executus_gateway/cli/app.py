"""The commands, as click sees them: arguments in, exit code out."""

from __future__ import annotations

import logging
import signal
from typing import Any, cast

import click

from executus.cli.latecommands import LateCommands
from executus.cli.output import OutputLost, prepare_streams, settle_streams, tell
from executus.cli.process import FAILED, MISUSED, UNREAD
from executus.errors import ExecutusError
from executus_gateway.cli.connecting import home_option
from executus_gateway.errors import Refused, StateLocked, UnknownId

__all__ = ["cli", "run_app"]

_MISUSES = (Refused, UnknownId, StateLocked)
_COMMANDS = {
    "claude": "executus_gateway.cli.launch:claude",
    "codex": "executus_gateway.cli.launch:codex",
    "daemon": "executus_gateway.cli.daemon:daemon",
    "doctor": "executus_gateway.cli.doctor:doctor",
    "execute": "executus_gateway.cli.execute:execute",
    "inbox": "executus_gateway.cli.inbox:inbox",
    "mcp": "executus_gateway.cli.mcpbridge:mcp",
    "open": "executus_gateway.cli.console:open_console",
    "opencode": "executus_gateway.cli.launch:opencode",
    "policy": "executus_gateway.cli.policy:policy",
    "runs": "executus_gateway.cli.runs:runs",
    "sources": "executus_gateway.cli.sources:sources",
    "tools": "executus_gateway.cli.tools:tools",
}


@click.group(
    commands=LateCommands(_COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  executus-gateway claude
  executus-gateway sources add openapi https://example.com/openapi.json
  executus-gateway execute "return tools.search('issues')" """,
)
@click.version_option(package_name="executus-gateway")
@home_option
def cli() -> None:
    """One gateway between agents and services: tools, credentials, policies, approvals.

    A daemon is started when one is needed. Exit codes: 0 done; 1 failed; 2 asked for wrongly; 128
    and a signal's number when one ended it.
    """


def run_app() -> int:
    """Run the command line; whatever happens is at most a sentence, and an exit code.

    Returns:
        The exit code.
    """
    prepare_streams()
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        return _run_app()
    finally:
        settle_streams()


def _run_app() -> int:
    try:
        returned: Any = cli.main(prog_name="executus-gateway", standalone_mode=False)
    except click.Abort:
        return 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - a traceback might show a key
        told, code = _judged(_first(error))
        if told:
            tell(f"executus-gateway: {told}")
        return code
    return returned if isinstance(returned, int) else 0


def _first(error: Exception) -> Exception:
    """What failed in a group of tasks; the others were cancelled for it."""
    if isinstance(error, ExceptionGroup):
        return _first(cast("ExceptionGroup[Exception]", error).exceptions[0])
    return error


def _judged(error: Exception) -> tuple[str, int]:
    """The sentence for an error, if any, and the exit code."""
    match error:
        case click.ClickException():
            return error.format_message(), error.exit_code
        case OutputLost() if error.unread:
            return "", UNREAD
        case ExecutusError():
            return str(error), MISUSED if isinstance(error, _MISUSES) else FAILED
        case OSError():
            return error.strerror or type(error).__name__, FAILED
        case _:
            return f"internal error, please report it: {type(error).__name__}", FAILED
