"""The tiers in `executus models`: what each means now, from where, and what its models lack."""

from __future__ import annotations

from dataclasses import asdict

import click
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.cli.display import printable
from executus.model import ModelTiers, TierListing, TierTarget

__all__ = ["print_tiers"]


async def print_tiers(tiers: ModelTiers, *, as_json: bool) -> None:
    """Print every tier of the table. Nothing is dialled."""
    listings = await tiers.describe()
    if as_json:
        for one in listings:
            body = {"name": one.tier, "is_tier": True, "ready": not one.problem, **asdict(one)}
            click.echo(to_json(body))
        return
    console = Console(highlight=False)
    table = Table("tier", "from", "models", box=None, pad_edge=False)
    for one in listings:
        table.add_row(Text(one.tier, style="bold"), Text(one.source, style="dim"), _models(one))
    console.print(table)


def _models(one: TierListing) -> Text:
    """A model to a line, with what it lacks; or what is wrong with the tier as a whole."""
    lines = [_line(target) for target in one.targets]
    return Text("\n").join(lines or [Text(printable(one.problem), style="yellow")])


def _line(target: TierTarget) -> Text:
    if target.ready:
        return Text(printable(target.target))
    return Text(printable(f"{target.target}: {target.missing}"), style="yellow")
