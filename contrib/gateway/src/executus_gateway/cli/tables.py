"""A list as a table, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.cli.output import say

__all__ = ["show_table"]

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


def show_table(cells: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    """Write lines of cells below the names of their columns; as wide as the terminal.

    Raises:
        OutputLost: Nobody takes the output.
    """
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in cells:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in line))
    console = Console(highlight=False)
    with console.capture() as drawn:
        console.print(table)
    say(drawn.get().rstrip("\n"))
