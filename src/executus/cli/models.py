"""`executus models`: what the names mean, from where, and what is missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.cli.output import is_terminal, one_line, say, say_json
from executus.cli.process import DONE
from executus.cli.targets import missing_of, targets_of
from executus.cli.tiers import print_tiers
from executus.model import ModelTiers
from majordomo.models import Listing, ModelRegistry

__all__ = ["list_models"]

_NARROW = 60  # columns


async def list_models(registry: ModelRegistry, specs: Sequence[str], *, as_json: bool) -> int:
    """Print every name, or what the specs mean. Nothing is dialled.

    In a terminal a table; otherwise a line per name, its fields separated by tabs.

    Returns:
        The exit code.

    Raises:
        MajordomoError: A spec means nothing.
        OutputLost: Nobody takes the output.
    """
    if specs:
        for spec in specs:
            lacking = {
                str(model.target): missing_of(registry, model.target.provider)
                for model in await targets_of(registry, spec)
            }
            if as_json:
                say_json({"spec": spec, "targets": list(lacking), "missing": lacking})
            else:
                told = (f"{one} ({lack})" if lack else one for one, lack in lacking.items())
                say(one_line(f"{spec} → {', '.join(told)}"))
        return DONE
    listings = registry.describe()
    if as_json:
        for listing in listings:
            say_json({**asdict(listing), "ready": listing.ready})
    elif is_terminal(cast("TextIO | None", sys.stdout)):
        _print_table(listings)
    else:
        for listing in listings:
            say("\t".join(_row(listing)))
    await print_tiers(ModelTiers(registry), as_json=as_json)
    return DONE


def _row(one: Listing) -> tuple[str, str, str]:
    name, source, state = one.name, one.variable or str(one.source), _state(one)
    return one_line(name), one_line(source), one_line(state)


def _print_table(listings: Sequence[Listing]) -> None:
    console = Console(highlight=False)
    is_narrow = console.width < _NARROW
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=not is_narrow, overflow="fold")
    if not is_narrow:
        table.add_column("from", no_wrap=True)
    table.add_column("state", overflow="fold")
    for one in listings:
        name, source, state = _row(one)
        style = "" if one.ready else "yellow"
        cells = [Text(name, style="bold"), Text(source, style="dim"), Text(state, style=style)]
        table.add_row(*(cells[::2] if is_narrow else cells))
    with console.capture() as drawn:
        console.print(table)
        console.print(Text("Ask with: executus models --check provider/model", style="dim"))
    say(drawn.get().rstrip("\n"))


def _state(one: Listing) -> str:
    if one.is_alias:
        return f"= {one.spec}" if one.spec else "an alias, or another program's setting"
    where = one.access.base_url or ""
    default = f"{one.name}/{one.default_model}" if one.default_model else ""
    return one.access.missing or where or default or "ready"
