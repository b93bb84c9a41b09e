"""What is told of a run beside its text: refusals, long calls, cost; and nothing else in a pipe."""

import io
import signal
from datetime import UTC, datetime

import pytest
from commandline import Terminal, executus_sync
from rich.console import Console

from executus import events
from executus.cli.linedisplay import LineDisplay
from executus.cli.live import LiveDisplay
from executus.cli.process import AGAIN_AFTER_S, Signals
from executus.cli.reading import LineReader
from executus.errors import SetupError
from executus.money import Money
from executus.run import RunResult, RunStatus
from executus.testing import FakeClock
from majordomo.llm import Usage


def event(kind, **fields):
    return kind(run_id="r", seq=0, **fields)


def called(display, clock, seconds):
    display.show(event(events.ToolCalled, call_id="a", tool="t", arguments="{}"))
    clock.advance(seconds)
    display.show(
        event(events.ToolAnswered, call_id="a", tool="t", text="done", is_error=False, images=0)
    )


def shown(make=LineDisplay):
    out, clock = io.StringIO(), FakeClock()
    display = make(Console(file=out, width=100), clock=clock)
    return out, clock, display


@pytest.mark.parametrize("make", [LineDisplay, LiveDisplay])
def test_a_call_that_took_long_says_how_long(make):
    out, clock, display = shown(make=make)
    called(display, clock, 2.5)
    called(display, clock, 0.1)
    assert out.getvalue().splitlines()[1] == "← t took 2.5 s: done"
    assert out.getvalue().splitlines()[3] == "← done"


def test_a_refused_call_says_where_and_why():
    out, _, display = shown()
    display.show(
        event(events.ToolDenied, call_id="a", tool="t", stage="approval", reason="not now")
    )
    assert out.getvalue() == "✗ t denied (approval): not now\n"


def test_what_a_run_cost_stands_in_its_last_line(capsys):
    out, _, display = shown()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    result = RunResult(
        run_id="r", status=RunStatus.OK, output="hi", error=None, messages=(), steps=(),
        usage=Usage(input=1, output=2), cost=Money("0.25"), tool_calls=0, warnings=(),
        started=now, ended=now,
    )  # fmt: skip
    display.finish(result, 1.0)
    assert out.getvalue() == "ok · 0 steps, 0 tool calls, 1 tokens in, 2 out, 0.25 USD, 1.0 s\n"
    assert capsys.readouterr().out == "hi\n"


def test_while_somebody_types_nothing_is_redrawn():
    out = io.StringIO()
    console = Console(file=out, width=40, height=10, force_terminal=True, color_system=None)
    with LiveDisplay(console, clock=FakeClock()) as display:
        assert display._live.is_started
        with display.held():
            assert not display._live.is_started
        assert display._live.is_started


def test_within_a_turn_an_interrupt_is_forgotten_and_other_signals_are_not():
    ended, cancelled = [], []
    with Signals() as signals:
        signals.cancel_by(lambda: ended.append(True))
        with signals.interrupting(lambda: cancelled.append(True)):
            signal.raise_signal(signal.SIGINT)
        assert (signals.number, ended, cancelled) == (None, [], [True])
        with signals.interrupting(lambda: cancelled.append(True)):
            signal.raise_signal(signal.SIGTERM)
        assert (signals.number, ended, cancelled) == (signal.SIGTERM, [True], [True])
    assert AGAIN_AFTER_S < 1


async def lines_of(data, tmp_path, **options):
    path = tmp_path / "lines"
    path.write_bytes(data)
    with path.open("rb") as file:
        reader = LineReader(file.fileno(), **options)
        while True:
            try:
                line = await reader.line()
            except SetupError as error:
                line = error
            if line is None:
                return
            yield line


async def test_lines_of_a_file_come_one_by_one_the_last_without_its_end(tmp_path):
    found = [one async for one in lines_of("a\r\n\nä\nend".encode(), tmp_path)]
    assert found == ["a", "", "ä", "end"]


async def test_a_line_that_is_no_text_costs_that_line_alone(tmp_path):
    bad, good = [one async for one in lines_of(b"\xff\nok\n", tmp_path)]
    assert "not UTF-8" in str(bad)
    assert good == "ok"


async def test_a_typed_line_that_the_system_cut_is_refused(tmp_path):
    cut, good = [one async for one in lines_of(b"x" * 4095 + b"\nok\n", tmp_path, is_terminal=True)]
    assert "4095 bytes at most" in str(cut)
    assert good == "ok"


@pytest.mark.slow
def test_where_a_terminal_is_dumb_or_a_pipe_there_are_no_escapes():
    piped = executus_sync("run", "6*7?", "-m", "fake", "-t", "calc.*")
    assert b"\x1b" not in piped.stderr
    assert b"\x1b" not in piped.stdout
    terminal = Terminal("run", "6*7?", "-m", "fake", "-t", "calc.*", env={"TERM": "dumb"})
    assert terminal.finish() == 0
    assert b"\x1b" not in terminal.shown


@pytest.mark.slow
def test_no_color_takes_colours_away_and_forty_columns_are_enough():
    terminal = Terminal(
        "run", "6*7?", "-m", "fake", "-t", "calc.*", columns=40, env={"NO_COLOR": "1"}
    )
    assert terminal.finish() == 0
    assert not [code for code in (b"\x1b[31m", b"\x1b[32m", b"\x1b[36m") if code in terminal.shown]
    assert "42" in terminal.screen
    assert terminal.has_cursor
