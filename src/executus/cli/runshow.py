"""`executus runs show`: what happened in a run, from its beginning to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from executus.batteries.audit import RunRecord, RunStory, RunStoryStep, RunTree, ToolCallRecord
from executus.cli.output import one_line, say
from executus.cli.runlist import STATE_STYLES, took_s
from executus.printable import printable
from executus.runpage import amount, count, duration, moment, one_of, shortened, tool_name, trouble

__all__ = ["show_story"]

_MOST_LINE = 400
_MOST_TEXT = 4_000


def show_story(story: RunStory) -> None:
    """Print it: a line for what was asked, tried, called, answered and refused.

    Raises:
        OutputLost: Nobody takes the output.
    """
    console = Console(highlight=False)
    with console.capture() as drawn:
        for line in _lines(story):
            console.print(line, soft_wrap=not console.is_terminal)
    say(drawn.get().rstrip("\n"))


def _lines(story: RunStory) -> Iterator[Text]:
    run = story.run
    yield from _head(run)
    yield from _said("asked", run.input)
    for number, step in enumerate(story.steps, start=1):
        yield Text()
        yield from _step(number, step)
    yield Text()
    yield from _said("answered", run.output)
    for warning in run.warnings:
        yield _line("warning: ", warning, "yellow")
    if run.error:
        yield _line("", run.error, "bold red")
    if story.children:
        yield Text("dispatched", style="dim")
        yield from _tree(story.children, "")


def _head(run: RunRecord) -> Iterator[Text]:
    head = Text(one_line(run.agent), style="bold")
    head.append(f"  {run.status}", style=STATE_STYLES.get(run.status, "red"))
    yield head
    zone = run.started.astimezone().tzname() or ""
    yield _line("", f"{run.run_id} · {moment(run.started)} {zone} · for {run.caller}", "dim")
    if run.parent:
        yield _line("", f"dispatched by {run.parent}", "dim")
    figures = f"{one_of(run.steps, 'step')}, {one_of(run.tool_calls, 'tool call')}"
    yield _line("", f"{_spent(run)} · {figures}", "dim")


def _spent(run: RunRecord) -> str:
    tokens = f"{count(run.input_tokens)} → {count(run.output_tokens)} tokens"
    cost = "" if run.cost is None else f" · {amount(run.cost)}"
    return f"{duration(took_s(run))} · {tokens}{cost}"


def _said(what: str, text: str) -> Iterator[Text]:
    if text:
        yield Text(what, style="dim")
        yield Text(printable(shortened(text.rstrip("\n"), _MOST_TEXT)))


def _step(number: int, step: RunStoryStep) -> Iterator[Text]:
    record = step.record
    if record is None:
        yield _line(f"{number}  ", "unfinished", "bold yellow")
    else:
        took = duration((record.answered - record.started).total_seconds())
        tokens = f"{count(record.input_tokens)} → {count(record.output_tokens)} tokens"
        cost = "" if record.cost is None else f" · {amount(record.cost)}"
        yield _line(f"{number}  ", f"{record.model} · {took} · {tokens}{cost}", "bold")
    for attempt in step.troubles:
        yield _line("   ↷ ", trouble(attempt), "yellow")
    for call in step.calls:
        yield from _call(call, step)
    for denial in step.refused_only:
        yield _line(
            "   ✗ ", f"{tool_name(denial.tool)} denied ({denial.stage}): {denial.reason}", "yellow"
        )


def _call(call: ToolCallRecord, step: RunStoryStep) -> Iterator[Text]:
    yield _line("   → ", f"{tool_name(call.tool)} {call.arguments}", "cyan")
    denial = step.denials.get(call.call_id)
    took = duration((call.ended - call.started).total_seconds())
    images = f" ({one_of(call.images, 'image')})" if call.images else ""
    if denial is not None:
        yield _line("   ✗ ", f"denied ({denial.stage}): {denial.reason}", "yellow")
    elif call.outcome == "unfinished":
        yield _line("   ✗ ", f"cut off after {took}", "yellow")
    else:
        style = "green" if call.outcome == "ok" else "red"
        yield _line("   ← ", f"{took}{images}: {call.text}", style)


def _tree(children: Sequence[RunTree], indent: str) -> Iterator[Text]:
    for child in children:
        run, is_last = child.run, child is children[-1]
        mark = "└─ " if is_last else "├─ "
        failed = f" · {run.error}" if run.error else ""
        about = f"{run.agent} {run.status} · {_spent(run)} · {run.run_id}{failed}"
        yield _line(indent + mark, about, STATE_STYLES.get(run.status, "red"))
        yield from _tree(child.children, indent + ("   " if is_last else "│  "))


def _line(mark: str, text: str, style: str) -> Text:
    return Text(mark + one_line(shortened(text, _MOST_LINE)), style=style)
