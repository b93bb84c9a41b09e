"""The display in a terminal: long answers cost their length, and who answers is named."""

import io

import pytest
from rich.console import Console

from executus import events
from executus.cli import live
from executus.cli.linedisplay import LineDisplay
from executus.cli.live import LiveDisplay
from executus.cli.streamed import Streamed, Tail

WIDTH, HEIGHT = 40, 10


class Watch:
    """A clock that goes on a little at every look."""

    def __init__(self, step=0.01):
        self.now, self.step = 0.0, step

    def monotonic(self):
        self.now += self.step
        return self.now


def terminal():
    out = io.StringIO()
    return out, Console(
        file=out, width=WIDTH, height=HEIGHT, force_terminal=True, color_system=None
    )


def event(kind, **fields):
    return kind(run_id="r", seq=0, **fields)


def answer(display, text, size=10):
    display.show(event(events.AnswerStarted, step=0, model="p/first"))
    for at in range(0, len(text), size):
        display.show(event(events.TextDelta, text=text[at : at + size]))


PROSE = "lorem ipsum dolor sit amet "


@pytest.mark.parametrize("text", [PROSE * 400, (PROSE + "\n") * 400, "x" * 10_000, "\n" * 4000])
@pytest.mark.parametrize("holds_answer", [False, True])
def test_the_work_of_showing_an_answer_grows_with_its_length_alone(monkeypatch, text, holds_answer):
    work = []
    whole = live._wrapped
    monkeypatch.setattr(live, "_wrapped", lambda t, c: work.append(len(t)) or whole(t, c))

    def cost(length):
        work.clear()
        _, console = terminal()
        display = LiveDisplay(console, holds_answer=holds_answer, clock=Watch())
        answer(display, text[:length])
        display.__rich__()
        assert work[-1] <= 2 * WIDTH * HEIGHT  # a redraw is bounded
        return sum(work)

    assert cost(len(text)) <= 2.5 * cost(len(text) // 2) + WIDTH * HEIGHT


@pytest.mark.parametrize("text", ["a\n\nb  c\n" * 200, "word " * 2000, "ab " * 7])
def test_every_character_of_an_answer_is_printed_once(text):
    out, console = terminal()
    display = LiveDisplay(console, holds_answer=True, clock=Watch())
    answer(display, text)
    display._settle()
    printed = out.getvalue()
    assert printed.split() == text.split()
    if "\n" in text:
        assert printed == text


def test_text_that_is_not_the_output_is_not_kept_on_the_screen():
    out, console = terminal()
    display = LiveDisplay(console, holds_answer=False, clock=Watch())
    answer(display, "line\n" * 500)
    assert out.getvalue() == ""
    assert len(display._tail.text) <= 2 * WIDTH * HEIGHT
    assert display.streamed.text == "line\n" * 500


@pytest.mark.parametrize("holds_answer", [False, True])
def test_what_was_said_before_a_call_stands_above_once(holds_answer):
    out, console = terminal()
    display = LiveDisplay(console, holds_answer=holds_answer, clock=Watch())
    answer(display, "Let me look.")
    for call in ("a", "b"):
        display.show(event(events.ToolCalled, call_id=call, tool="t", arguments="{}"))
    display.show(event(events.AnswerStarted, step=1, model="p/first"))
    assert out.getvalue().count("Let me look.") == 1


def routed(display, *routes):
    for action, model in routes:
        display.show(event(events.ModelRouted, action=action, model=model, reason="down"))


@pytest.mark.parametrize("make", [LineDisplay, LiveDisplay])
def test_the_target_that_answers_is_named_not_the_first_of_its_chain(make):
    out, console = terminal()
    display = make(console)
    display.show(event(events.AnswerStarted, step=0, model="p/first"))
    routed(display, ("skip", "p/first"), ("attempt", "p/second"), ("retry", "p/second"))
    routed(display, ("attempt", "p/second"), ("attempt", "p/third"), ("success", "p/third"))
    display.show(event(events.AnswerStarted, step=1, model="p/first"))
    routed(display, ("attempt", "p/third"), ("success", "p/third"))
    steps = [line for line in out.getvalue().splitlines() if line.startswith("step")]
    assert steps == ["step 1 · p/second", "step 1 · p/third", "step 2 · p/third"]


def test_a_tail_hands_out_each_part_once():
    tail = Tail()
    tail.add("one\ntwo\nthr")
    assert tail.take_lines() == "one\ntwo"
    assert tail.take_lines() is None
    tail.add("ee")
    assert (tail.take_all(), tail.text) == ("three", "")
    tail.add("0123456789")
    tail.forget_all_but(3)
    assert tail.text == "789"


def test_what_is_said_is_kept_until_the_model_is_asked_again():
    streamed = Streamed()
    streamed.note(event(events.TextDelta, text="a"))
    streamed.note(event(events.TextDelta, text="b"))
    assert streamed.text == "ab"
    streamed.note(event(events.AnswerStarted, step=1, model="p/m"))
    assert streamed.text == ""
