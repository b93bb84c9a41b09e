"""The figures of a run in words: times, durations, counts, money, tools, what was tried."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from executus.batteries.audit import AttemptRecord

__all__ = ["amount", "count", "duration", "moment", "one_of", "shortened", "tool_name", "trouble"]

UNKNOWN = "—"
_LARGE = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


def moment(at: datetime, zone: tzinfo | None = None) -> str:
    """A time to the second in a zone; None is this machine's."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def tool_name(wire: str) -> str:
    """The name that grants speak of, of a tool that records call as its model does.

    A tool that an agent brought itself has no toolset: two underscores within its own name are
    shown as a dot, too, because records do not say where a tool came from.

    Example:
        >>> tool_name("calc__calculate")
        'calc.calculate'
    """
    return wire.replace("__", ".", 1)


def duration(seconds: float | None) -> str:
    """A duration in two units at most.

    Example:
        >>> [duration(s) for s in (0.0004, 0.05, 2.345, 75, 7265, 90061, None)]
        ['0 ms', '50 ms', '2.3 s', '1 min 15 s', '2 h 1 min', '1 d 1 h', '—']
    """
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def count(number: int | None) -> str:
    """A count with three digits at most.

    Example:
        >>> [count(n) for n in (0, 999, 1234, 45_678, 999_999, 12_000_000, None)]
        ['0', '999', '1.23k', '45.7k', '1.00M', '12.0M', '—']
    """
    if number is None:
        return UNKNOWN
    for unit, letter in _LARGE:
        if number >= unit - unit // 2000:  # what would be written as 1000 of the smaller unit
            scaled = number / unit
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{digits}f}{letter}"
    return str(number)


def amount(cost: str | None) -> str:
    """Money as the audit keeps it, with four digits behind the point at most.

    Example:
        >>> [amount(c) for c in ("0.0125000 USD", "0.00001 USD", "3 gems", None)]
        ['0.0125 USD', '<0.0001 USD', '3 gems', '—']
    """
    if cost is None:
        return UNKNOWN
    figure, _, currency = cost.partition(" ")
    try:
        value = float(figure)
    except ValueError:
        return cost
    if 0 < value < 0.0001:
        return f"<0.0001 {currency}"
    return f"{f'{value:.4f}'.rstrip('0').rstrip('.')} {currency}"


def one_of(number: int, thing: str) -> str:
    """A number and its noun: `1 step`, `2 steps`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def shortened(text: str, most: int) -> str:
    """The text, or its beginning with what is left out told."""
    return text if len(text) <= most else f"{text[:most]} … ({len(text) - most} more characters)"


def trouble(attempt: AttemptRecord) -> str:
    """What a chain did about one target, in a line."""
    wait = "" if attempt.wait_s is None else f" {duration(attempt.wait_s)}"
    why = f": {attempt.reason}" if attempt.reason else ""
    match attempt.action:
        case "retry":
            return f"{attempt.model} asked again after{wait or ' a while'}{why}"
        case "bench":
            return f"{attempt.model} benched{wait and ' for' + wait}{why}"
        case "skip":
            return f"{attempt.model} skipped{why}"
        case "advance" if attempt.to:
            return f"{attempt.to} asked instead of {attempt.model}{why}"
        case "advance":
            return f"{attempt.model} given up, no target left{why}"
        case _:
            return f"{attempt.model} {attempt.action}{why}"
