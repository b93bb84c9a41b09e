"""The time axis: where a moment stands, with long idle times cut short."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

__all__ = ["Axis", "Busy", "Tick", "axis_of"]

Busy = tuple[datetime, datetime]

_LEAST_IDLE_S = 60.0
_IDLE_SHARE = 0.25
"""Of the busy time; a pause that is longer, and longer than a minute, is cut."""

_CUT_PERCENT, _ALL_CUTS_PERCENT = 4.0, 40.0
_MOST_TICKS = 6
_NICE = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the axis: where, in per cent, and how many seconds after the first moment."""

    percent: float
    at_s: float


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Busy time: seconds from the first moment on, and where that stands in per cent."""

    begin_s: float
    end_s: float
    begin: float
    end: float


class Axis:
    """Maps moments to per cent.

    Args:
        zero: The first moment.
        stretches: Busy times in order, at least one; between them is what was cut.
    """

    def __init__(self, zero: datetime, stretches: Sequence[_Stretch]) -> None:
        self._zero = zero
        self._stretches = stretches
        self._begins = [one.begin_s for one in stretches]

    def place(self, moment: datetime) -> float:
        """Where a moment stands, from 0 to 100."""
        at_s = (moment - self._zero).total_seconds()
        one = self._stretches[max(0, bisect_right(self._begins, at_s) - 1)]
        length_s = one.end_s - one.begin_s
        share = min(1.0, max(0.0, (at_s - one.begin_s) / length_s)) if length_s > 0 else 0.0
        return one.begin + share * (one.end - one.begin)

    def cuts(self) -> Sequence[tuple[float, float, float]]:
        """Where idle time was cut: from and to in per cent, and its seconds."""
        pairs = pairwise(self._stretches)
        return [(one.end, other.begin, other.begin_s - one.end_s) for one, other in pairs]

    def ticks(self) -> Sequence[Tick]:
        """Round times; where time was cut, the beginnings of what is between."""
        if len(self._stretches) > 1:
            return _apart(Tick(percent=one.begin, at_s=one.begin_s) for one in self._stretches)
        length_s = self._stretches[0].end_s
        if length_s <= 0:
            return [Tick(percent=0.0, at_s=0.0)]
        step_s = _round_step(length_s / _MOST_TICKS)
        marks = [number * step_s for number in range(int(length_s / step_s) + 1)]
        return [Tick(percent=100.0 * at_s / length_s, at_s=at_s) for at_s in marks]


def axis_of(busy: Iterable[Busy]) -> Axis:
    """The axis for times in which something went on.

    Args:
        busy: Beginnings and ends, at least one pair.
    """
    merged = _merged(sorted(busy))
    zero = merged[0][0]
    spans = [((a - zero).total_seconds(), (b - zero).total_seconds()) for a, b in merged]
    total_s = sum(end - begin for begin, end in spans)
    least_s = max(_LEAST_IDLE_S, _IDLE_SHARE * total_s)
    kept = [spans[0]]
    for begin, end in spans[1:]:
        if begin - kept[-1][1] > least_s:
            kept.append((begin, end))
        else:
            kept[-1] = (kept[-1][0], end)
    return Axis(zero, _spread(kept))


def _merged(busy: Sequence[Busy]) -> list[Busy]:
    merged = [busy[0]]
    for begin, end in busy[1:]:
        last_begin, last_end = merged[-1]
        if begin <= last_end:
            merged[-1] = (last_begin, max(last_end, end))
        else:
            merged.append((begin, end))
    return merged


def _spread(kept: Sequence[tuple[float, float]]) -> Sequence[_Stretch]:
    cuts = len(kept) - 1
    cut = min(_CUT_PERCENT, _ALL_CUTS_PERCENT / cuts) if cuts else 0.0
    total_s = sum(end - begin for begin, end in kept)
    per_s = (100.0 - cuts * cut) / total_s if total_s > 0 else 0.0
    stretches, at = list[_Stretch](), 0.0
    for begin, end in kept:
        stretches.append(_Stretch(begin, end, at, at + (end - begin) * per_s))
        at = stretches[-1].end + cut
    return stretches


def _round_step(least_s: float) -> float:
    scale = 1.0
    while least_s < scale:
        scale /= 10
    nice = [step * scale for step in _NICE] if scale < 1 else _NICE
    return next((step for step in nice if step >= least_s), _NICE[-1] * (least_s // _NICE[-1] + 1))


def _apart(ticks: Iterable[Tick]) -> Sequence[Tick]:
    """Those that leave room for each other's label."""
    chosen = list[Tick]()
    for tick in ticks:
        if not chosen or tick.percent - chosen[-1].percent >= 100 / (_MOST_TICKS + 2):
            chosen.append(tick)
    return chosen
