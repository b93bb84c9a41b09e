"""The commands, as click sees them: arguments in, exit code out."""

from __future__ import annotations

import logging
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import click

from executus.cli.chat import chat
from executus.cli.check import check_models
from executus.cli.display import refusing
from executus.cli.doctor import doctor
from executus.cli.inputs import as_text, duration, read_content
from executus.cli.live import open_display
from executus.cli.models import list_models
from executus.cli.output import OutputLost, prepare_streams, settle_streams, tell
from executus.cli.process import FAILED, MISUSED, UNREAD, run_async
from executus.cli.run import RunRequest, require_access, run_task
from executus.cli.runs import runs
from executus.cli.setting import Setting, with_setting
from executus.cli.toollist import tools_command
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.errors import MajordomoError

__all__ = ["cli", "run_app"]


@click.group(
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


@cli.command(
    epilog="""\b
Examples:
  executus run "what is 6*7?" -m fake -t 'calc.*'
  git diff | executus run - -a reviewer.md --json --no-input"""
)
@click.argument("task")
@click.option("-m", "--model", help="A model spec or a tier, such as openai/gpt-6-sol,fake.")
@click.option("-t", "--tools", multiple=True, help="Grant tools by glob, such as 'calc.*'.")
@click.option("-i", "--instructions", default="", help="System text of the agent.")
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An image or PDF to show the model.",
)
@click.option(
    "--max-steps",
    type=click.IntRange(min=1),
    help="Model calls; else the agent's file, else EXECUTUS_MAX_STEPS, says; or 10.",
)
@click.option(
    "--max-runtime",
    type=duration,
    help="Such as 90s or 5m; else the agent's file, else EXECUTUS_MAX_RUNTIME, says; or 10m.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event and line.")
@with_setting
def run(  # noqa: PLR0917 - click passes each option as an argument
    task: str,
    model: str | None,
    tools: tuple[str, ...],
    instructions: str,
    files: tuple[Path, ...],
    max_steps: int | None,
    max_runtime: float | None,
    as_json: bool,  # noqa: FBT001 - a command-line flag
    setting: Setting,
) -> int:
    """Run TASK and show what happens.

    "-" reads it from standard input, as UTF-8. The answer goes to standard output, everything else
    to standard error. A run that ends without an answer leaves the text that had come, and an exit
    code that is not 0.
    """
    with refusing(as_json=as_json):
        model = model and as_text(model, "the model's name")
        if model or not setting.agent:
            anyio.run(require_access, model)
        request = RunRequest(
            content=read_content(task, files),
            model=model,
            tools=tuple(as_text(one, "a tool's name") for one in tools),
            instructions=as_text(instructions, "the system text"),
            max_steps=max_steps,
            max_runtime_s=max_runtime,
            setting=setting,
        )
    return run_async(partial(_shown, request, as_json=as_json))


async def _shown(request: RunRequest, *, as_json: bool) -> int:
    is_kept = bool(request.setting.store)
    with refusing(as_json=as_json), open_display(as_json=as_json, names_run=is_kept) as display:
        return await run_task(request, display)


@cli.command(
    epilog="""\b
Example:
  executus models --check openai/gpt-6-sol,fake"""
)
@click.argument("specs", nargs=-1)
@click.option("--check", is_flag=True, help="Ask each model for a word and say what came.")
@click.option(
    "--timeout",
    type=duration,
    default="30s",
    show_default=True,
    help="What each model has for --check.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def models(
    specs: tuple[str, ...],
    check: bool,  # noqa: FBT001 - a command-line flag
    timeout: float,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> int:
    """Say which models there are, from where, and what is missing.

    Into a pipe, a line per name: name, origin and state with tabs between them. With SPECS, what
    they mean: each target in order. With --check, those are asked, and told as they answer;
    without SPECS, the model of EXECUTUS_MODEL, every alias that means one, and every provider that
    has a model of its own. The check's exit code is 0 when each spec has a target that answered, 2
    when a spec means nothing, else 1.
    """
    wanted = [as_text(spec, "a model's name") for spec in specs]
    if check:
        return run_async(
            partial(check_models, DEFAULT_REGISTRY, wanted, timeout_s=timeout, as_json=as_json)
        )
    return run_async(partial(list_models, DEFAULT_REGISTRY, wanted, as_json=as_json))


cli.add_command(chat)
cli.add_command(doctor)
cli.add_command(runs)
cli.add_command(tools_command)


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
    except Exception as error:  # noqa: BLE001 - a traceback might show a key
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
