"""One page of HTML about a run: nothing is loaded, nothing runs, whatever the run has said."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from hashlib import sha256

from executus.batteries.audit import RunRecord, RunStory, RunTree
from executus.runpage.markup import Markup, join, tag
from executus.runpage.steps import step_articles, steps_table
from executus.runpage.style import STYLE
from executus.runpage.timeline import timeline
from executus.runpage.words import amount, count, duration, moment, shortened

__all__ = ["run_page"]

_MOST_TEXT = 20_000
_LEGEND = (
    ("model", "model call, tokens out"),
    ("read", "tokens in"),
    ("ok", "tool call"),
    ("error", "failed"),
    ("denied", "denied"),
    ("unfinished", "cut off"),
)


def run_page(story: RunStory, *, zone: tzinfo | None = None) -> str:
    """A page that stands alone: no script, no other file, everything from the run escaped.

    Args:
        story: What happened.
        zone: In which times are told; None is this machine's.

    Returns:
        HTML, to be written as UTF-8.
    """
    run = story.run
    return "<!doctype html>\n" + tag(
        "html",
        _head(run),
        tag("body", tag("main", *_parts(story, zone)), _footer(run)),
        lang="en",
    )


def _head(run: RunRecord) -> Markup:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{run.agent}, {run.status}: run {run.run_id}"),
        tag("style", Markup(STYLE)),
    )


def _parts(story: RunStory, zone: tzinfo | None) -> Iterator[Markup]:
    run = story.run
    yield _header(run, zone)
    yield _figures(run)
    if run.error:
        yield tag("p", run.error, class_="note error", dir="auto")
    for warning in run.warnings:
        yield tag("p", f"Warning: {warning}", class_="note", dir="auto")
    yield from _said("Asked", run.input)
    yield from _said("Answered", run.output)
    yield tag("h2", "Timeline")
    yield _drawing(story)
    if story.steps:
        yield tag("h2", "Steps")
        yield steps_table(story.steps, zone)
        yield tag("h2", "What each step did")
        yield from step_articles(story.steps, zone)
    if story.children:
        yield tag("h2", "Dispatched runs")
        yield _tree(story.children)


def _header(run: RunRecord, zone: tzinfo | None) -> Markup:
    began = tag("time", moment(run.started, zone), datetime=run.started.isoformat())
    facts = join(f"{run.model or 'no model answered'} · for {run.caller} · ", began)
    parent = f" · dispatched by {run.parent}" if run.parent else ""
    return tag(
        "header",
        tag("div", tag("h1", run.agent), _state(run), class_="top"),
        tag("p", facts, _zone_name(run.started, zone), class_="faint"),
        tag("p", f"{run.run_id}{parent}", class_="faint mono"),
    )


def _zone_name(at: datetime, zone: tzinfo | None) -> str:
    return f" {at.astimezone(zone).tzname() or ''}"


def _state(run: RunRecord) -> Markup:
    return tag("span", run.status.replace("_", " "), class_=f"state {run.status}")


def _figures(run: RunRecord) -> Markup:
    figures = (
        ("Took", duration(_took_s(run))),
        ("Steps", str(run.steps)),
        ("Tool calls", str(run.tool_calls)),
        ("Tokens in", count(run.input_tokens)),
        ("Tokens out", count(run.output_tokens)),
        ("Cost", amount(run.cost)),
    )
    cells = (tag("div", tag("dt", name), tag("dd", figure)) for name, figure in figures)
    return tag("dl", *cells, class_="figures")


def _took_s(run: RunRecord) -> float | None:
    return None if run.ended is None else (run.ended - run.started).total_seconds()


def _said(title: str, text: str) -> Iterator[Markup]:
    if text:
        yield tag("h2", title)
        yield tag("pre", shortened(text, _MOST_TEXT), dir="auto", tabindex=0)


def _drawing(story: RunStory) -> Markup:
    drawing = timeline(story.steps)
    if not drawing:
        return tag("p", "No step was recorded.", class_="faint")
    marks = (tag("li", tag("svg", _mark(look), aria_hidden="true"), name) for look, name in _LEGEND)
    box = tag(
        "div", drawing, class_="card", tabindex=0, role="region", aria_label="Timeline, scrollable"
    )
    detour = tag(
        "li", tag("span", "↷", aria_hidden="true", class_="detour"), "asked again, or another"
    )
    return join(box, tag("ul", *marks, detour, class_="legend"))


def _mark(look: str) -> Markup:
    return tag("rect", x=1, y=1, width=20, height=8, rx=2, class_=f"bar {look}")


def _tree(children: Sequence[RunTree]) -> Markup:
    return tag("ul", *map(_branch, children), class_="tree")


def _branch(child: RunTree) -> Markup:
    run = child.run
    tokens = f"{count(run.input_tokens)} → {count(run.output_tokens)} tokens"
    return tag(
        "li",
        tag("b", run.agent),
        " ",
        _state(run),
        f" {duration(_took_s(run))}, {tokens}, {amount(run.cost)}",
        tag("div", run.run_id, class_="faint mono"),
        tag("div", run.error, class_="note error", dir="auto") if run.error else "",
        _tree(child.children) if child.children else "",
    )


def _footer(run: RunRecord) -> Markup:
    command = tag("code", f"executus runs show {run.run_id}")
    return tag("footer", "Written by executus from what was recorded; see also ", command)
