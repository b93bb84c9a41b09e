"""The commands, as click sees them: arguments in, exit code out."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

import click

from executus.cli.latecommands import LateCommands
from executus.cli.output import OutputLost, prepare_streams, settle_streams, tell
from executus.cli.process import FAILED, MISUSED, UNREAD
from majordomo.errors import MajordomoError

__all__ = ["cli", "run_app"]

_COMMANDS = {
    "chat": "executus.cli.chat:chat",
    "doctor": "executus.cli.doctor:doctor",
    "models": "executus.cli.modelscommand:models",
    "run": "executus.cli.runcommand:run",
    "runs": "executus.cli.runs:runs",
    "tools": "executus.cli.toollist:tools_command",
}


@click.group(
    commands=LateCommands(_COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Example:
  executus run "what is 6*7?" --model fake --tools 'calc.*'""",
)
@click.version_option(package_name="executus")
def cli() -> None:
    """Run LLM agents, bounded and observed.

    Exit codes: 0 done; 1 failed; 2 asked for wrongly or not set up: an unknown model, a missing
    key; 128 and a signal's number when one ended it: 130 interrupted, 143 terminated, 129 hung
    up, 141 nobody reads the output any more.
    """


def run_app() -> int:
    """Run the command line; whatever happens is at most a sentence, and an exit code.

    Returns:
        The exit code.
    """
    prepare_streams()
    logging.basicConfig(handlers=[_Telling(logging.WARNING)])
    try:
        return _run_app()
    finally:
        settle_streams()


def _run_app() -> int:
    try:
        returned: Any = cli.main(prog_name="executus", standalone_mode=False)
    except click.ClickException as error:
        tell(_usage(error))
        return error.exit_code
    except OutputLost as error:
        if error.unread:
            return UNREAD
        tell(f"executus: {error}")
    except MajordomoError as error:
        tell(f"executus: {error}")
        return MISUSED
    except SystemExit:  # how click takes it that nobody reads its help
        return UNREAD
    except OSError as error:
        tell(f"executus: {error.strerror or type(error).__name__}")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "rich":  # loaded to draw
            raise
        tell(f"executus: internal error, please report it: {_place(error)}")
    else:
        return returned if isinstance(returned, int) else 0
    return FAILED


def _usage(error: click.ClickException) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the help itself
        return error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    lines = [] if context is None else [context.get_usage()]
    if context is not None:
        lines.append(f"Try '{context.command_path} --help' for help.\n")
    return "\n".join([*lines, f"Error: {error.format_message()}"])


def _place(error: Exception) -> str:
    """Type and place of an error; not its words, which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class _Telling(logging.Handler):
    """Log records as sentences, without the tracebacks that ride on them."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "executus.run":  # the display tells those
            tell(f"executus: {record.getMessage()}")
