"""`executus runs list`: the runs in a store, the latest first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.batteries.audit import RunIndex, RunQuery, RunRecord, runs_of
from executus.cli.output import is_terminal, one_line, say, say_json, tell
from executus.cli.process import DONE
from executus.runpage import amount, count, duration, moment

__all__ = ["STATE_STYLES", "list_runs", "took_s"]

STATE_STYLES = {"ok": "green", "running": "cyan", "paused": "yellow", "cancelled": "yellow"}
"""How a state is coloured in a terminal; every other one is red."""

_PAGE = 200
_LEAST_ID = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of the table.

    Attributes:
        least_width: Columns a terminal must have for it to be shown.
        cell: Its text.
    """

    name: str
    least_width: int
    cell: Callable[[RunRecord], str]
    is_figure: bool = False


def _agent(run: RunRecord) -> str:
    return f"↳ {run.agent}" if run.parent else run.agent


def _tokens(run: RunRecord) -> str:
    if run.input_tokens is None or run.output_tokens is None:
        return count(None)
    return count(run.input_tokens + run.output_tokens)


def took_s(run: RunRecord) -> float | None:
    """Seconds a run took; None while it goes on."""
    return None if run.ended is None else (run.ended - run.started).total_seconds()


_COLUMNS = (
    _Column(name="when", least_width=48, cell=lambda run: moment(run.started)[:16]),
    _Column(name="agent", least_width=0, cell=_agent),
    _Column(name="model", least_width=104, cell=lambda run: run.model),
    _Column(name="state", least_width=0, cell=lambda run: run.status),
    _Column(name="steps", least_width=92, cell=lambda run: str(run.steps), is_figure=True),
    _Column(name="tokens", least_width=70, cell=_tokens, is_figure=True),
    _Column(name="cost", least_width=84, cell=lambda run: amount(run.cost), is_figure=True),
    _Column(name="took", least_width=60, cell=lambda run: duration(took_s(run)), is_figure=True),
)


async def list_runs(runs: RunIndex, query: RunQuery, *, as_json: bool) -> int:
    """Print the runs that match, as they are read.

    In a terminal a table with as many columns as fit; otherwise a line per run, its fields
    separated by tabs: id, beginning, agent, model, state, steps, tokens in, tokens out, cost,
    seconds. What is unknown is empty.

    Args:
        runs: Where they are.
        query: Which; its limit is how many at most.
        as_json: One object per line instead.

    Returns:
        The exit code.

    Raises:
        OutputLost: Nobody takes the output.
    """
    shown = _output(as_json=as_json)
    told = 0
    async with aclosing(runs_of(runs, replace(query, limit=min(query.limit, _PAGE)))) as found:
        async for run in found:
            shown.add(run)
            told += 1
            if told == query.limit:
                break
    shown.finish()
    if not told:
        tell("executus: no run matches")
    elif told == query.limit and isinstance(shown, _Table):
        tell(f"the latest {told}; there may be more, see --limit")
    return DONE


class _Lines:
    """A line per run, as soon as it is read."""

    def __init__(self, write: Callable[[RunRecord], None]) -> None:
        self.add = write

    def finish(self) -> None:
        """All is written."""


def _output(*, as_json: bool) -> _Lines | _Table:
    if as_json:
        return _Lines(lambda run: say_json(run.as_json()))
    if is_terminal(cast("TextIO | None", sys.stdout)):
        return _Table()
    return _Lines(lambda run: say(_line(run)))


def _line(run: RunRecord) -> str:
    fields: tuple[object, ...] = (
        run.run_id,
        run.started.astimezone().isoformat(timespec="seconds"),
        run.agent,
        run.model,
        run.status,
        run.steps,
        run.input_tokens,
        run.output_tokens,
        run.cost,
        took_s(run),
    )
    return "\t".join("" if field is None else one_line(str(field)) for field in fields)


class _Table:
    """One table, printed page by page: its head stands above the first."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._columns = [one for one in _COLUMNS if self._console.width >= one.least_width]
        self._head = True
        self._page: list[RunRecord] = []

    def add(self, run: RunRecord) -> None:
        """One more run."""
        self._page.append(run)
        if len(self._page) == _PAGE:
            self.finish()

    def finish(self) -> None:
        """Print what has not been, with ids as short as tells them apart."""
        if not self._page:
            return
        length = _telling(self._page)
        table = Table(box=None, pad_edge=False, show_header=self._head)
        table.add_column("id", no_wrap=True)
        for one in self._columns:
            justify = "right" if one.is_figure else "left"
            table.add_column(one.name, no_wrap=True, justify=justify, min_width=6)
        for run in self._page:
            cells = [_cell(one, run) for one in self._columns]
            table.add_row(Text(one_line(run.run_id[:length]), style="bold"), *cells)
        self._head = False
        self._page.clear()
        with self._console.capture() as drawn:
            self._console.print(table)
        say(drawn.get().rstrip("\n"))


def _cell(column: _Column, run: RunRecord) -> Text:
    style = STATE_STYLES.get(run.status, "red") if column.name == "state" else ""
    return Text(one_line(column.cell(run)), style=style)


def _telling(page: Sequence[RunRecord]) -> int:
    """How many characters of the ids tell all of them apart, eight at least."""
    ids = sorted(run.run_id for run in page)
    length = _LEAST_ID
    for one, other in pairwise(ids):
        while length < len(other) and one[:length] == other[:length]:
            length += 1
    return length
