"""What a run is doing now, from its events."""

import threading
from dataclasses import replace

import pytest

from executus import Executor, RunnableAgent, events
from executus.errors import SetupError
from executus.progress import Progress, ProgressSink, ToolAtWork, as_line
from executus.testing import FakeClock
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Reply

RUN = "r1"


def started(run=RUN, **facts):
    facts = {"agent": "helper", "caller": "ann", "parent": None} | facts
    return events.RunStarted(run_id=run, seq=0, **facts)


def called(call_id, name="web.fetch", run=RUN):
    return events.ToolCalled(run_id=run, seq=0, call_id=call_id, tool=name, arguments="{}")


def answered(call_id, name="web.fetch"):
    return events.ToolAnswered(
        run_id=RUN, seq=0, call_id=call_id, tool=name, text="", is_error=False, images=0
    )


def asked(step=0, model="p/first"):
    return events.AnswerStarted(run_id=RUN, seq=0, step=step, model=model)


def step_ended(step=0, tokens=(100, 10), model="p/second"):
    return events.StepEnded(
        run_id=RUN,
        seq=0,
        step=step,
        model=model,
        finish_reason="stop",
        tool_calls=0,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
    )


def ended(run=RUN, **facts):
    facts = {
        "status": "ok",
        "error": "",
        "steps": 2,
        "tool_calls": 3,
        "input_tokens": 300,
        "output_tokens": 30,
        "elapsed_s": 4.5,
    } | facts
    return events.RunEnded(run_id=run, seq=0, **facts)


def after(*told):
    progress = Progress()
    for event in told:
        progress = progress.apply(event)
    return progress


def test_a_run_that_begins_is_known_by_its_facts():
    progress = after(started(parent="r0"))
    assert (progress.run_id, progress.parent, progress.agent, progress.caller) == (
        "r1",
        "r0",
        "helper",
        "ann",
    )
    assert (progress.live, progress.status, progress.stage) == (True, "running", "")


def test_it_tells_the_stage_the_step_and_whether_a_model_is_asked():
    progress = after(started(), events.StageEntered(run_id=RUN, seq=1, stage="loop"), asked(1))
    assert (progress.stage, progress.step, progress.answering, progress.model) == (
        "loop",
        2,
        True,
        "p/first",
    )
    progress = progress.apply(
        events.ModelRouted(run_id=RUN, seq=3, action="attempt", model="p/second")
    )
    assert (progress.answering, progress.model) == (True, "p/second")
    assert not progress.apply(step_ended(1)).answering
    assert not progress.apply(called("c")).answering


@pytest.mark.parametrize("action", ["retry", "bench", "skip", "advance", "success"])
def test_only_an_attempt_says_which_model_is_asked(action):
    routed = events.ModelRouted(run_id=RUN, seq=3, action=action, model="p/other")
    assert after(started(), asked(), routed).model == "p/first"


def test_tools_run_side_by_side_and_leave_when_they_answer():
    progress = after(started(), called("a"), called("b", "calc.add"), called("c"))
    assert progress.tools == ("web.fetch", "calc.add", "web.fetch")
    progress = progress.apply(answered("c"))
    assert progress.at_work == (
        ToolAtWork(call_id="a", tool="web.fetch"),
        ToolAtWork(call_id="b", tool="calc.add"),
    )
    progress = progress.apply(answered("never called"))
    assert (len(progress.tools), progress.tool_calls) == (2, 3)


def test_calls_that_share_an_id_leave_one_by_one():
    assert after(started(), called(""), called(""), answered("")).tools == ("web.fetch",)


def test_tokens_add_up_and_it_says_when_some_are_not_known():
    progress = after(started(), step_ended(0), step_ended(1, (200, 20)))
    assert (progress.input_tokens, progress.output_tokens) == (300, 30)
    assert progress.tokens_known
    progress = after(started(), step_ended(0), step_ended(1, (None, 20)), step_ended(2))
    assert (progress.input_tokens, progress.output_tokens) == (200, 40)
    assert not progress.tokens_known


def test_the_end_has_the_last_word():
    progress = after(started(), asked(), called("a"), ended(status="failed", error="no key"))
    assert (progress.live, progress.status, progress.error) == (False, "failed", "no key")
    assert (progress.answering, progress.tools, progress.tool_calls) == (False, (), 3)
    assert (progress.step, progress.elapsed_s) == (2, 4.5)
    assert (progress.input_tokens, progress.output_tokens, progress.tokens_known) == (300, 30, True)


def test_an_end_that_does_not_know_the_tokens_keeps_what_was_counted():
    progress = after(started(), step_ended(), ended(input_tokens=None, output_tokens=None))
    assert (progress.input_tokens, progress.output_tokens, progress.tokens_known) == (
        100,
        10,
        False,
    )


def test_the_last_warning_is_kept_and_other_kinds_change_nothing():
    progress = after(started(), *(events.Warned(run_id=RUN, seq=n, text=str(n)) for n in (1, 2)))
    assert progress.warning == "2"
    assert progress.apply(events.TextDelta(run_id=RUN, seq=3, text="x")) == progress
    assert progress.apply(events.Steered(run_id=RUN, seq=3, messages=1)) == progress


def test_a_sink_tells_how_long_a_run_has_been_running():
    clock = FakeClock()
    sink = ProgressSink(clock=clock)
    clock.advance(100)
    sink.emit(started())
    clock.advance(2.5)
    sink.emit(started("r2"))
    sink.emit(called("c", run="r2"))
    clock.advance(1)
    assert [(one.run_id, one.elapsed_s) for one in sink.snapshot()] == [("r1", 3.5), ("r2", 1)]
    sink.emit(ended())
    clock.advance(9)
    assert [(one.run_id, one.elapsed_s) for one in sink.snapshot()] == [("r1", 4.5), ("r2", 10)]


def test_a_sink_keeps_only_the_last_that_ended():
    sink = ProgressSink(keep_ended=2)
    for number in range(4):
        sink.emit(started(str(number)))
        sink.emit(ended(str(number)))
    assert [one.run_id for one in sink.snapshot()] == ["2", "3"]
    none = ProgressSink(keep_ended=0)
    none.emit(started())
    none.emit(ended())
    assert none.snapshot() == ()


def test_a_sink_forgets_the_oldest_run_when_too_many_never_end():
    sink = ProgressSink(max_runs=2)
    for number in range(4):
        sink.emit(started(str(number)))
    sink.emit(called("c", run="0"))
    sink.emit(ended("1"))
    assert [one.run_id for one in sink.snapshot()] == ["2", "3"]


def test_a_run_that_begins_again_begins_anew():
    sink = ProgressSink(max_runs=2)
    for run in ("a", "b"):
        sink.emit(started(run))
        sink.emit(called("c", run=run))
    sink.emit(started("b"))
    assert [(one.run_id, one.tool_calls) for one in sink.snapshot()] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize("bounds", [{"max_runs": 0}, {"keep_ended": -1}])
def test_a_sinks_bounds_have_a_range(bounds):
    with pytest.raises(SetupError, match="max_runs must be at least 1"):
        ProgressSink(**bounds)


def test_runs_in_threads_lose_no_event():
    sink, barrier = ProgressSink(), threading.Barrier(8)

    def work(number):
        barrier.wait()
        sink.emit(started(str(number)))
        for call in range(200):
            sink.emit(called(str(call), run=str(number)))
            sink.snapshot()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.tool_calls for one in sink.snapshot()] == [200] * 8


BUSY = Progress(
    agent="helper",
    stage="loop",
    step=2,
    tool_calls=3,
    input_tokens=1234,
    output_tokens=56,
    elapsed_s=12.34,
)
FACTS = " · step 2 · 3 tool calls · 1,234 tokens in, 56 out · 12.3 s"
UNSURE = FACTS.replace("1,234", "1,234+").replace("56", "56+")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, "helper: loop" + FACTS),
        ({"answering": True, "model": "p/m"}, "helper: asking p/m" + FACTS),
        (
            {"at_work": (ToolAtWork(call_id="1", tool="a.b"), ToolAtWork(call_id="2", tool="c"))},
            "helper: running a.b, c" + FACTS,
        ),
        ({"status": "ok"}, "helper: ok" + FACTS),
        ({"status": "failed", "error": "no\nkey"}, "helper: failed (no key)" + FACTS),
        ({"warning": "disk\tfull"}, "helper: loop" + FACTS + " · warning: disk full"),
        ({"agent": "a\x1b[2Jb"}, "a�[2Jb: loop" + FACTS),
        ({"tokens_known": False}, "helper: loop" + UNSURE),
    ],
)  # fmt: skip
def test_a_line_tells_what_matters_most_first(change, line):
    assert as_line(replace(BUSY, **change), 200) == line


def test_before_anything_is_known_there_is_a_line_too():
    assert as_line(Progress()) == "run: starting · 0 tokens in, 0 out · 0.0 s"


@pytest.mark.parametrize(
    ("name", "width", "line"),
    [
        ("helper", 12, "helper: loop"[:11] + "…"),
        ("日本語", 6, "日本…"),
        ("日本語", 5, "日本…"),
        ("e\u0301" * 9, 4, "e\u0301" * 3 + "…"),
        ("helper", 1, "…"),
        ("helper", 0, ""),
    ],
)
def test_a_line_is_as_wide_as_it_may_be(name, width, line):
    assert as_line(replace(BUSY, agent=name), width) == line


async def test_a_sink_follows_a_run():
    sink, seen = ProgressSink(), []

    @tool(inline=True)
    def look() -> str:
        """Look at the progress of the run that called."""
        seen.extend(sink.snapshot())
        return "seen"

    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("look", {})]), "done")
    agent = RunnableAgent(name="watched", model=provider.model("m"), tools=[look])
    async with Executor(on_event=sink.emit) as executor:
        await executor.run(agent, "go")
    (during,), (end,) = seen, sink.snapshot()
    assert (during.agent, during.stage, during.step, during.tools) == (
        "watched",
        "loop",
        1,
        ("look",),
    )
    assert (end.status, end.step, end.tool_calls, end.live) == ("ok", 2, 1, False)


def test_a_hosts_own_reading_of_events_takes_the_sinks_place():
    class Bar:
        """Counts steps, nothing else."""

        wants = frozenset({"step_ended"})

        def __init__(self):
            self.steps = 0

        def emit(self, event):
            self.steps += 1

    def follow(sink):
        for event in (started(), asked(), step_ended(), ended()):
            if event.kind in sink.wants:
                sink.emit(event)
        return sink

    assert follow(Bar()).steps == 1
    assert [one.step for one in follow(ProgressSink()).snapshot()] == [2]
