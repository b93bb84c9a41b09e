"""The command `executus models`, as click sees it."""

from __future__ import annotations

from functools import partial

import click

from executus.cli.check import check_models
from executus.cli.inputs import as_text, duration
from executus.cli.models import list_models
from executus.cli.process import run_async
from majordomo.builtin import DEFAULT_REGISTRY

__all__ = ["models"]


@click.command(
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
