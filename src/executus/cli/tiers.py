"""The tiers in `executus models`: what each means now, from where, and what its models lack."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.cli.output import is_terminal, one_line, say, say_json
from executus.model import ModelTiers, TierListing, TierTarget
from executus.printable import printable

__all__ = ["print_tiers"]


async def print_tiers(tiers: ModelTiers, *, as_json: bool) -> None:
    """Print every tier of the table. Nothing is dialled."""
    listings = await tiers.describe()
    if as_json:
        for one in listings:
            say_json({"name": one.tier, "is_tier": True, "ready": not one.problem, **asdict(one)})
    elif is_terminal(cast("TextIO | None", sys.stdout)):
        _print_table(listings)
    else:
        for one in listings:
            say("\t".join(one_line(text) for text in (one.tier, one.source, _state(one))))


def _state(one: TierListing) -> str:
    """The models that can be asked, or what is wrong with all of them."""
    return ",".join(t.target for t in one.targets if t.ready) or one.problem


def _print_table(listings: Sequence[TierListing]) -> None:
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
