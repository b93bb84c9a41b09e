"""Lists: a table for people, lines with tabs for pipes, an object per line for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO, cast

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.cli.display import is_terminal
from executus.cli.output import one_line, say, say_json, tell

__all__ = ["json_option", "show_list"]

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")

_STYLES = {
    "connected": "green",
    "completed": "green",
    "succeeded": "green",
    "allow": "green",
    "running": "cyan",
    "paused": "yellow",
    "ask": "yellow",
    "auth_required": "yellow",
    "failed": "red",
    "error": "red",
    "interrupted": "red",
    "deny": "red",
}


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
    elif not is_terminal(cast("TextIO | None", sys.stdout)):
        for row in rows:
            say("\t".join(_cell(row, column) for column in columns))
    elif rows:
        _show_table(rows, columns)
    elif none:
        tell(none)


def _show_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = [_cell(row, column) for column in columns]
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in cells))
    console = Console(highlight=False)
    with console.capture() as drawn:
        console.print(table)
    say(drawn.get().rstrip("\n"))


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None else one_line(str(value))
