"""From figures per round to medians and ratios, printed and saved."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from processes import Outcome

Table = dict[str, dict[str, dict[str, Any]]]
"""contestant → figure → median, ratio, ratio_range."""

HIDDEN = ("server.requests", "wall_us")
SHOWN = ("complete.wall_us",)


def summarize(outcomes: dict[str, list[Outcome]], reference: str) -> Table:
    """Medians over rounds; a ratio is the median of ratios within the same round."""
    table: Table = {}
    for name, rounds in outcomes.items():
        row = table[name] = {}
        good = [(i, outcome.figures) for i, outcome in enumerate(rounds) if not outcome.error]
        for key in good[0][1] if good else ():
            row[key] = {"median": statistics.median(figures[key] for _, figures in good)}
            beside = [(f[key], outcomes[reference][i].figures.get(key)) for i, f in good]
            ratios = [value / base for value, base in beside if base]
            if ratios:
                row[key]["ratio"] = statistics.median(ratios)
                row[key]["ratio_range"] = [min(ratios), max(ratios)]
    return table


def show(title: str, table: Table) -> None:
    """Print a table: a row per contestant, "median (ratio)" per figure."""
    keys = list(dict.fromkeys(key for row in table.values() for key in row))
    keys = [key for key in keys if key in SHOWN or not key.endswith(HIDDEN)]
    rows = [["", *keys]]
    rows += [[name, *(cell(row.get(key)) for key in keys)] for name, row in table.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"\n{title}")
    for first, *cells in rows:
        padded = (text.rjust(width) for text, width in zip(cells, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *padded]), flush=True)


def cell(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "-"
    ratio = f" ({short(figure['ratio'])}x)" if "ratio" in figure else ""
    return short(figure["median"]) + ratio


def short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def save(path: Path, workload: str, table: Table, versions: dict[str, dict[str, str]]) -> None:
    """Merge a table into a JSON file, a line per contestant."""
    data: dict[str, Any] = {"versions": {}, "results": {}}
    if path.exists():
        data = json.loads(path.read_text())
    data["versions"] |= versions
    data["results"][workload] = table
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
