"""The command `executus run`, as click sees it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import click

from executus.cli.content import read_content
from executus.cli.display import open_display, refusing
from executus.cli.inputs import as_text, duration
from executus.cli.process import run_async
from executus.cli.run import RunRequest, require_access, run_task
from executus.cli.setting import Setting, with_setting

__all__ = ["run"]


@click.command(
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
