"""The steps of a run: as a table, and each with what its tools were given and answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from executus.batteries.audit import DenialRecord, RunStoryStep, StepRecord, ToolCallRecord
from executus.runpage.markup import Markup, join, tag
from executus.runpage.words import (
    amount,
    count,
    duration,
    moment,
    one_of,
    shortened,
    tool_name,
    trouble,
)

__all__ = ["step_articles", "steps_table"]

_MOST_TEXT = 4_000
_MOST_GLIMPSE = 90
_COLUMNS = ("Step", "Model", "Began", "Took", "In", "Out", "Cost", "Tool calls", "Ended as")
_FIGURES = frozenset({"Took", "In", "Out", "Cost", "Tool calls"})


def steps_table(steps: Sequence[RunStoryStep], zone: tzinfo | None) -> Markup:
    """A row per step: what the timeline shows, in words."""
    names = (tag("th", name, scope="col", class_=_look(name)) for name in _COLUMNS)
    rows = (_row(number, step, zone) for number, step in enumerate(steps, start=1))
    table = tag("table", tag("thead", tag("tr", *names)), tag("tbody", *rows))
    return tag(
        "div", table, class_="card", tabindex=0, role="region", aria_label="Steps, scrollable"
    )


def _look(column: str) -> str | None:
    return "figure" if column in _FIGURES else None


def _row(number: int, step: RunStoryStep, zone: tzinfo | None) -> Markup:
    cells = _cells(step, zone) if step.record is None else _told(step.record, step, zone)
    link = tag("th", tag("a", str(number), href=f"#step-{number}"), scope="row")
    columns = zip(_COLUMNS[1:], cells, strict=True)
    return tag("tr", link, *(tag("td", cell, class_=_look(name)) for name, cell in columns))


def _cells(step: RunStoryStep, zone: tzinfo | None) -> Sequence[str]:
    began = moment(step.calls[0].started, zone) if step.calls else ""
    return ("", began, "", "", "", "", str(len(step.calls)), "unfinished")


def _told(record: StepRecord, step: RunStoryStep, zone: tzinfo | None) -> Sequence[str]:
    return (
        record.model,
        moment(record.started, zone),
        duration((record.answered - record.started).total_seconds()),
        count(record.input_tokens),
        count(record.output_tokens),
        amount(record.cost),
        str(len(step.calls)),
        record.finish_reason,
    )


def step_articles(steps: Sequence[RunStoryStep], zone: tzinfo | None) -> Iterator[Markup]:
    """Each step with its detours, refusals and tool calls."""
    for number, step in enumerate(steps, start=1):
        yield tag("article", *_article(number, step, zone), id=f"step-{number}")


def _article(number: int, step: RunStoryStep, zone: tzinfo | None) -> Iterator[Markup]:
    yield tag(
        "header", tag("h3", f"Step {number}"), tag("span", *_facts(step, zone), class_="faint")
    )
    if step.troubles:
        lines = (tag("li", trouble(one)) for one in step.troubles)
        yield tag("ul", *lines, class_="troubles")
    for call in step.calls:
        yield _call(call, step.denials.get(call.call_id))
    for denial in step.refused_only:
        yield tag(
            "p", f"{tool_name(denial.tool)} denied ({denial.stage}): {denial.reason}", class_="note"
        )


def _facts(step: RunStoryStep, zone: tzinfo | None) -> Iterator[str]:
    record = step.record
    if record is None:
        yield "unfinished"
        return
    took = duration((record.answered - record.started).total_seconds())
    tokens = f"{count(record.input_tokens)} → {count(record.output_tokens)} tokens"
    yield f"{record.model} · {moment(record.started, zone)} · {took} · {tokens}"
    if record.cost is not None:
        yield f" · {amount(record.cost)}"


def _call(call: ToolCallRecord, denial: DenialRecord | None) -> Markup:
    look = "denied" if denial else call.outcome
    took = duration((call.ended - call.started).total_seconds())
    glimpse = " ".join(call.arguments.split())
    glimpse = glimpse if len(glimpse) <= _MOST_GLIMPSE else f"{glimpse[:_MOST_GLIMPSE]}…"
    line = tag(
        "summary",
        tag("b", tool_name(call.tool)),
        " ",
        tag("span", look, class_=f"word {look}"),
        tag("span", f" {took} ", class_="faint"),
        tag("code", glimpse, dir="auto"),
    )
    return tag("details", line, tag("div", *_content(call, denial)), open=look != "ok")


def _content(call: ToolCallRecord, denial: DenialRecord | None) -> Iterator[Markup]:
    if denial is not None:
        yield tag("p", f"Refused by {denial.stage}: {denial.reason}", class_="note", dir="auto")
    yield tag("small", "Arguments")
    yield _text(call.arguments)
    images = f", with {one_of(call.images, 'image')}" if call.images else ""
    yield tag("small", f"Answer{images}")
    yield _text(call.text) if call.text else tag("p", "None.", class_="faint")


def _text(text: str) -> Markup:
    return join(tag("pre", shortened(text, _MOST_TEXT), dir="auto", tabindex=0))
