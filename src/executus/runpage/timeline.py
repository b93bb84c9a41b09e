"""The timeline of a run as inline SVG: a row per model call, a row per tool call below it.

Places along the time axis are in per cent and letters are not scaled, so that the drawing fits
any width. What it shows stands in the page's table, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from executus.batteries.audit import RunStoryStep, StepRecord, ToolCallRecord
from executus.runpage.axis import Axis, Busy, axis_of
from executus.runpage.markup import Markup, join, tag
from executus.runpage.words import amount, count, duration, one_of, tool_name

__all__ = ["timeline"]

_LABEL, _CHART, _CHART_END, _TOOK, _TOKENS, _TOKENS_WIDE = 0.0, 27.0, 69.0, 76.0, 78.0, 12.0
"""Columns, in per cent of the width."""

_HEAD, _STEP, _CALL = 28, 26, 20
"""Heights, in pixels."""

_LEAST_BAR = 0.35
_MOST_LABEL = 34


def timeline(steps: Sequence[RunStoryStep]) -> Markup:
    """The drawing; nothing when there are no times to draw."""
    busy = [span for step in steps for span in _busy(step)]
    if not busy:
        return Markup()
    axis, most = axis_of(busy), _most_tokens(steps)
    rows, y = list[Markup](), _HEAD
    for number, step in enumerate(steps, start=1):
        for row, height in _rows(number, step, axis, most):
            rows.append(tag("svg", row, y=y, width="100%", height=height))
            y += height
    height = y + 4
    title = f"Timeline of {one_of(len(steps), 'step')}"
    about = "Bars show when models and tools were at work; the table of steps below says the same."
    return tag(
        "svg",
        tag("title", title, id="timeline-title"),
        tag("desc", about, id="timeline-about"),
        *_scale(axis, height),
        *rows,
        role="img",
        aria_labelledby="timeline-title timeline-about",
        width="100%",
        height=height,
    )


def _busy(step: RunStoryStep) -> Iterator[Busy]:
    if step.record is not None:
        yield step.record.started, max(step.record.started, step.record.answered)
    for call in step.calls:
        yield call.started, max(call.started, call.ended)


def _most_tokens(steps: Sequence[RunStoryStep]) -> int:
    return max((_tokens(step.record) for step in steps if step.record), default=0)


def _tokens(step: StepRecord) -> int:
    return (step.input_tokens or 0) + (step.output_tokens or 0)


def _percent(place: float) -> str:
    return f"{place:.3f}%"


def _x(axis: Axis, moment: datetime) -> float:
    return _CHART + axis.place(moment) * (_CHART_END - _CHART) / 100


def _scale(axis: Axis, height: int) -> Iterator[Markup]:
    """Lines and labels of the axis, cuts in it, and the names of the columns."""
    wide = (_CHART_END - _CHART) / 100
    for tick in axis.ticks():
        x = _percent(_CHART + tick.percent * wide)
        yield tag("line", x1=x, x2=x, y1=_HEAD - 6, y2=height, class_="grid")
        yield tag("text", _mark(tick.at_s), x=x, y=14, class_="small")
    for begin, end, seconds in axis.cuts():
        yield tag(
            "rect",
            tag("title", f"{duration(seconds)} in which nothing happened"),
            x=_percent(_CHART + begin * wide),
            width=_percent((end - begin) * wide),
            y=_HEAD - 6,
            height=height,
            class_="cut",
        )
    yield tag("text", "took", x=_percent(_TOOK), y=14, class_="small end")
    yield tag("text", "tokens", x=_percent(_TOKENS), y=14, class_="small")
    yield tag("text", "cost", x="100%", y=14, class_="small end")


def _mark(at_s: float) -> str:
    return duration(at_s).replace(".0 s", " s") if at_s else "0"


def _rows(
    number: int, step: RunStoryStep, axis: Axis, most_tokens: int
) -> Iterator[tuple[Markup, int]]:
    yield _step_row(number, step, axis, most_tokens), _STEP
    for call in step.calls:
        yield _call_row(number, step, call, axis), _CALL


def _step_row(number: int, step: RunStoryStep, axis: Axis, most_tokens: int) -> Markup:
    record, detours = step.record, len(step.troubles)
    if record is None:
        label = f"{number}  unfinished"
        return _linked(number, label, _label(label, 0, "strong"))
    label = f"{number}  {record.model}"
    took_s = (record.answered - record.started).total_seconds()
    figures = f"{count(record.input_tokens)} in, {count(record.output_tokens)} out"
    about = f"Step {number}, {record.model}: {duration(took_s)}, {figures}, {amount(record.cost)}"
    if detours:
        about += f", {one_of(detours, 'detour')}"
    return _linked(
        number,
        about,
        _label(label, 0, "strong"),
        _bar(axis, record.started, record.answered, y=6, high=13, look="model"),
        _detours(axis, record, detours),
        tag("text", duration(took_s), x=_percent(_TOOK), y=17, class_="end"),
        *_token_bars(record, most_tokens),
        tag("text", amount(record.cost), x="100%", y=17, class_="end"),
    )


def _detours(axis: Axis, record: StepRecord, detours: int) -> Markup:
    if not detours:
        return Markup()
    return tag("text", "↷", x=_percent(_x(axis, record.started)), y=17, dx=-4, class_="detour end")


def _token_bars(record: StepRecord, most: int) -> Iterator[Markup]:
    """What went in and what came out, to the scale of the largest step."""
    if most:
        wide = _TOKENS_WIDE / most
        read, written = (record.input_tokens or 0) * wide, (record.output_tokens or 0) * wide
        yield tag("rect", x=_percent(_TOKENS), width=_percent(read), y=20, height=3, class_="read")
        x = _percent(_TOKENS + read)
        yield tag("rect", x=x, width=_percent(written), y=20, height=3, class_="written")
    words = f"{count(record.input_tokens)} → {count(record.output_tokens)}"
    yield tag("text", words, x=_percent(_TOKENS), y=16)


def _call_row(number: int, step: RunStoryStep, call: ToolCallRecord, axis: Axis) -> Markup:
    look = "denied" if call.call_id in step.denials else call.outcome
    took_s = (call.ended - call.started).total_seconds()
    word = "" if look == "ok" else f" · {look}"
    return _linked(
        number,
        f"{tool_name(call.tool)}: {look}, {duration(took_s)}",
        _label(f"{tool_name(call.tool)}{word}", 22, look),
        _bar(axis, call.started, call.ended, y=5, high=9, look=look),
        tag("text", duration(took_s), x=_percent(_TOOK), y=14, class_="end faint"),
    )


def _label(text: str, x: int, look: str) -> Markup:
    """Cut where its column ends."""
    short = text if len(text) <= _MOST_LABEL else f"{text[: _MOST_LABEL - 1]}…"
    words = tag("text", short, x=x, y=17 if look == "strong" else 14, class_=f"label {look}")
    return tag("svg", words, x=_percent(_LABEL), width=_percent(_CHART - 1), height="100%")


def _bar(axis: Axis, begin: datetime, end: datetime, *, y: int, high: int, look: str) -> Markup:
    x = _x(axis, begin)
    wide = max(_LEAST_BAR, _x(axis, max(begin, end)) - x)
    return tag(
        "rect", x=_percent(x), width=_percent(wide), y=y, height=high, rx=2, class_=f"bar {look}"
    )


def _linked(number: int, about: str, *parts: str) -> Markup:
    """A row that leads to its step; not by keyboard, for which the table has the same links."""
    under = tag("rect", width="100%", height="100%", class_="row")
    return tag("a", tag("title", about), under, join(*parts), href=f"#step-{number}", tabindex=-1)
