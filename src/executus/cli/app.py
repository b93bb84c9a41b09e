"""The commands, as click sees them: arguments in, exit code out."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio
import click

from executus.cli.display import open_display
from executus.cli.models import check_models, list_models
from executus.cli.run import RunRequest, run_task
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.errors import MajordomoError

__all__ = ["cli"]

MISUSED = 2
INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="executus")
def cli() -> None:
    """Run LLM agents, bounded and observed.

    Exit codes: 0 done, 1 failed, 2 asked for wrongly, 130 interrupted.
    """


@cli.command()
@click.argument("task")
@click.option("-m", "--model", help="A model spec, such as openai/gpt-6-sol,fake.")
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
@click.option("--max-steps", type=click.IntRange(min=1), default=10, show_default=True)
@click.option(
    "--max-runtime",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event and line.")
def run(  # noqa: PLR0917 - click passes each option as an argument
    task: str,
    model: str | None,
    tools: tuple[str, ...],
    instructions: str,
    files: tuple[Path, ...],
    max_steps: int,
    max_runtime: float,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> None:
    """Run TASK and show what happens; "-" reads it from standard input.

    The answer goes to standard output, everything else to standard error.
    """
    request = RunRequest(
        task=sys.stdin.read() if task == "-" else task,
        model=model,
        tools=tools,
        instructions=instructions,
        files=files,
        max_steps=max_steps,
        max_runtime_s=max_runtime,
    )
    with open_display(as_json=as_json) as display:
        sys.exit(_guarded(partial(run_task, request, display)))


@cli.command()
@click.argument("specs", nargs=-1)
@click.option("--check", is_flag=True, help="Ask each model for a word and say what came.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds each model has for --check.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def models(
    specs: tuple[str, ...],
    check: bool,  # noqa: FBT001 - a command-line flag
    timeout: float,
    as_json: bool,  # noqa: FBT001 - a command-line flag
) -> None:
    """Say which models there are, from where, and what is missing.

    With SPECS, what they mean: each target in order. With --check, those are asked; without SPECS,
    the model of EXECUTUS_MODEL, every alias, and every provider that has a model of its own.
    """
    if check:
        work = partial(check_models, DEFAULT_REGISTRY, specs, timeout_s=timeout, as_json=as_json)
    else:
        work = partial(list_models, DEFAULT_REGISTRY, specs, as_json=as_json)
    sys.exit(_guarded(work))


def _guarded(work: Callable[[], Awaitable[int]]) -> int:
    """Run a command; a user's mistake is one sentence, an interrupt an exit code."""
    try:
        return anyio.run(work)
    except MajordomoError as error:
        click.echo(f"executus: {error}", err=True)
        return MISUSED
    except KeyboardInterrupt:
        return INTERRUPTED
