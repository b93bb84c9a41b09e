"""Lists: a table for people, lines with tabs for pipes, an object per line for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, TextIO, cast

import click

from executus.cli.output import is_terminal, one_line, say, say_json, tell

__all__ = ["json_option", "show_list"]

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


def show_list(
    items: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    none: str = "",
) -> None:
    """Write a list to standard output.

    Args:
        items: Each as JSON.
        columns: What is shown of each to people, in order.
        as_json: All of it, an object per line.
        none: Told to people when the list is empty.

    Raises:
        OutputLost: Nobody takes the output.
    """
    rows = list(items)
    if as_json:
        for row in rows:
            say_json(dict(row))
        return
    cells = [[_cell(row, column) for column in columns] for row in rows]
    if not is_terminal(cast("TextIO | None", sys.stdout)):
        for line in cells:
            say("\t".join(line))
    elif cells:
        # Loaded here: only a terminal needs what draws.
        import_module("executus_gateway.cli.tables").show_table(cells, columns)
    elif none:
        tell(none)


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None else one_line(str(value))
