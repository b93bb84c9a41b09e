"""An executor's promises: always a result, always bounded, ports that fail do no harm."""

import pickle
import threading

import anyio
import pytest

from executus import (
    BudgetExceeded,
    Caller,
    Executor,
    Invocation,
    Limits,
    Ports,
    RunError,
    RunnableAgent,
    RunRejected,
    RunStatus,
    SetupError,
)
from executus.deliver import DeliveryFailed, Retrying
from executus.errors import ExecutusError
from executus.run import Phase, RunTimeout
from executus.testing import FakeClock
from majordomo.agent import Agent, ModelFailed
from majordomo.errors import APIError, ErrorKind, ToolDefinitionError
from majordomo.llm import FinishReason, ToolContext, tool, user
from majordomo.models import ModelRegistry
from majordomo.providers.fake import FakeProvider, Hang, Reply
from majordomo.skill import Skill


def scripted(*outcomes):
    provider = FakeProvider()
    provider.enqueue("m", *outcomes)
    return provider, provider.model("m")


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


async def test_a_run_with_no_ports_gives_a_result():
    _, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), "five")
    result = await Executor().run(RunnableAgent(model=model, tools=[add]), "2+3?")
    assert result.ok
    assert (result.output, result.tool_calls, len(result.steps)) == ("five", 1, 2)
    assert result.usage.requests == 2
    assert result.elapsed_s >= 0
    assert result.raise_for_error() is result


async def test_a_failure_is_a_result_and_keeps_the_transcript():
    error = APIError("down", provider="p", model="m", kind=ErrorKind.TRANSIENT, status=503)
    _, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), error)
    result = await Executor().run(RunnableAgent(model=model, tools=[add]), "go")
    assert result.status is RunStatus.FAILED
    assert isinstance(result.error, ModelFailed)
    assert len(result.messages) == 3
    with pytest.raises(RunError, match=r"failed.*503") as caught:
        result.raise_for_error()
    assert caught.value.result is result


async def test_max_steps_is_a_status_of_its_own():
    _, model = scripted(*[Reply(calls=[("add", {"a": n, "b": n})]) for n in range(9)])
    agent = RunnableAgent(model=model, tools=[add], limits=Limits(max_steps=2))
    result = await Executor().run(agent, "go")
    assert result.status is RunStatus.MAX_STEPS
    assert len(result.steps) == 2


async def test_without_a_model_a_run_is_rejected_with_one_sentence(monkeypatch):
    monkeypatch.delenv("EXECUTUS_MODEL", raising=False)
    result = await Executor().run(RunnableAgent(), "go")
    assert result.status is RunStatus.REJECTED
    assert "set EXECUTUS_MODEL=provider/model" in str(result.error)


async def test_the_variable_names_the_default_model(monkeypatch):
    monkeypatch.setenv("EXECUTUS_MODEL", "fake")
    assert (await Executor().run(RunnableAgent(), "echo me")).ok


@pytest.mark.parametrize(
    ("agent", "says"),
    [
        (RunnableAgent(model="opnai/gpt-6"), "did you mean 'openai/gpt-6'"),
        (RunnableAgent(model="fake", tools=["clac.*"]), "did you mean 'calc.*'"),
        (RunnableAgent(model="fake", tools=[add, add]), "two tools are named 'add'"),
    ],
)
async def test_bad_set_up_is_rejected_with_one_sentence(agent, says):
    result = await Executor().run(agent, "go")
    assert result.status is RunStatus.REJECTED
    assert says in str(result.error)
    assert "\n" not in str(result.error)


def test_a_function_without_types_is_refused_where_the_agent_is_made():
    with pytest.raises(ToolDefinitionError, match="'x' has no type"):
        RunnableAgent(model="fake", tools=[lambda x: x])
    with pytest.raises(ToolDefinitionError, match="'x' has no type"):
        Phase(name="first", tools=[lambda x: x])


async def test_a_hanging_model_cannot_outlive_the_runtime_limit():
    clock = FakeClock()
    provider, model = scripted(Hang())
    agent = RunnableAgent(model=model, limits=Limits(max_runtime_s=60))
    executor = Executor(clock=clock)
    async with executor.stream(agent, "go") as run:
        while not provider.requests:
            await anyio.lowlevel.checkpoint()
        clock.advance(61)
        result = await run.wait()
    assert result.status is RunStatus.TIMED_OUT
    assert isinstance(result.error, RunTimeout)
    assert isinstance(result.error, TimeoutError)
    assert isinstance(result.error, ExecutusError)
    assert str(pickle.loads(pickle.dumps(result.error))) == str(result.error)
    assert "60 s (max_runtime_s)" in str(result.error)


async def test_a_blocking_sync_tool_cannot_outlive_the_runtime_limit():
    clock, entered, release = FakeClock(), threading.Event(), threading.Event()

    @tool
    def block() -> str:
        """Blocks its thread."""
        entered.set()
        release.wait()
        return "late"

    _, model = scripted(Reply(calls=[("block", {})]))
    agent = RunnableAgent(model=model, tools=[block], limits=Limits(max_runtime_s=60))
    try:
        async with Executor(clock=clock).stream(agent, "go") as run:
            while not entered.is_set():
                await anyio.lowlevel.checkpoint()
            clock.advance(61)
            result = await run.wait()
    finally:
        release.set()
    assert result.status is RunStatus.TIMED_OUT
    assert result.messages[-1].tool_results[0].is_error


async def test_past_the_tool_call_limit_the_model_is_told():
    calls = [("add", {"a": n, "b": n}) for n in range(4)]
    _, model = scripted(Reply(calls=calls), "done")
    agent = RunnableAgent(model=model, tools=[add], limits=Limits(max_tool_calls=3))
    result = await Executor().run(agent, "go")
    answers = result.messages[2].tool_results
    assert [a.is_error for a in answers] == [False, False, False, True]
    assert "3 tool calls are used up" in answers[3].text
    assert result.tool_calls == 3


async def test_a_long_answer_is_cut_with_a_warning_and_stays_valid_text():
    _, model = scripted("é" * 1000)
    agent = RunnableAgent(model=model, limits=Limits(max_output_bytes=101))
    result = await Executor().run(agent, "go")
    assert result.output == "é" * 50
    assert "cut from 2000 to 101 bytes" in result.warnings[0]


async def test_limits_of_the_invocation_win_over_the_agents_and_the_executors():
    seen = []

    class Gate:
        async def reserve(self, info):
            seen.append(info.limits.max_steps)

        async def extend(self, run_id, usage, cost): ...
        async def commit(self, run_id, usage, cost): ...
        async def release(self, run_id): ...

    executor = Executor(defaults=Limits(max_steps=1), ports=Ports(budget=Gate()))
    plain, own = (
        RunnableAgent(model="fake"),
        RunnableAgent(model="fake", limits=Limits(max_steps=2)),
    )
    await executor.run(plain, "go")
    await executor.run(own, "go")
    await executor.run(own, Invocation("go", limits=Limits(max_steps=3)))
    assert seen == [1, 2, 3]


class Recorder:
    """An audit that keeps everything."""

    def __init__(self, wants=("run_started", "run_ended")):
        self.wants = frozenset(wants)
        self.started, self.events, self.closed = [], [], []

    async def start_run(self, info):
        self.started.append(info)

    def emit(self, event):
        self.events.append(event)

    async def close_run(self, info, result):
        self.closed.append((info, result))


class Budget:
    """A gate with a fixed allowance of runs."""

    def __init__(self, runs):
        self.left, self.log = runs, []

    async def reserve(self, info):
        if not self.left:
            raise BudgetExceeded(f"{info.caller.id} has no runs left this week")
        self.left -= 1

    async def extend(self, run_id, usage, cost): ...

    async def commit(self, run_id, usage, cost):
        self.log.append(("commit", usage.requests))

    async def release(self, run_id):
        self.log.append(("release", run_id))


async def test_a_spent_budget_rejects_before_any_model_call_and_is_recorded():
    provider, model = scripted("one")
    audit, budget = Recorder(), Budget(runs=1)
    executor = Executor(ports=Ports(audit=audit, budget=budget), new_id=iter("ab").__next__)
    agent = RunnableAgent(model=model)
    ada = Invocation("go", caller=Caller(id="ada"))
    first, second = await executor.run(agent, ada), await executor.run(agent, ada)
    assert (first.status, second.status) == (RunStatus.OK, RunStatus.REJECTED)
    assert str(second.error) == "ada has no runs left this week"
    assert len(provider.requests) == 1
    assert budget.log == [("commit", 1), ("release", "b")]
    assert [result.status for _, result in audit.closed] == [RunStatus.OK, RunStatus.REJECTED]
    assert [info.run_id for info in audit.started] == ["a"]


async def test_a_broken_gate_is_a_closed_gate():
    class Broken(Budget):
        async def reserve(self, info):
            raise OSError("database is gone")

    provider, model = scripted("never")
    executor = Executor(ports=Ports(budget=Broken(runs=1)))
    result = await executor.run(RunnableAgent(model=model), "go")
    assert result.status is RunStatus.REJECTED
    assert "budget gate failed" in str(result.error)
    assert provider.requests == []


async def test_a_hanging_gate_is_a_closed_gate():
    clock = FakeClock()
    asked = anyio.Event()

    class Slow(Budget):
        async def reserve(self, info):
            asked.set()
            await anyio.sleep_forever()

    executor = Executor(ports=Ports(budget=Slow(runs=1)), clock=clock)
    async with executor.stream(RunnableAgent(model="fake"), "go") as run:
        await asked.wait()
        clock.advance(3)
        result = await run.wait()
    assert result.status is RunStatus.REJECTED
    assert "did not answer within 2 s" in str(result.error)


async def test_failing_optional_ports_become_warnings():
    class Broken(Recorder):
        async def start_run(self, info):
            raise OSError("disk full")

        def emit(self, event):
            raise RuntimeError("sink")

        async def close_run(self, info, result):
            raise OSError("disk full")

    class BrokenDelivery:
        async def deliver(self, parcel):
            raise OSError("no route")

    ports = Ports(audit=Broken(), delivery=BrokenDelivery())
    result = await Executor(ports=ports).run(RunnableAgent(model="fake"), "go")
    assert result.ok
    assert [w.split(" failed")[0] for w in result.warnings] == [
        "audit.start_run",
        "delivery",
        "audit.close_run",
    ]


async def test_a_terminal_record_that_could_not_be_written_is_written_by_the_next_run():
    class Flaky(Recorder):
        broken = True

        async def close_run(self, info, result):
            if self.broken:
                raise OSError("disk full")
            await super().close_run(info, result)

    audit = Flaky()
    executor = Executor(ports=Ports(audit=audit), new_id=iter("ab").__next__)
    await executor.run(RunnableAgent(model="fake"), "go")
    audit.broken = False
    await executor.run(RunnableAgent(model="fake"), "go")
    assert sorted(info.run_id for info, _ in audit.closed) == ["a", "b"]


async def test_the_close_stage_is_bounded_too():
    clock = FakeClock()
    closing = anyio.Event()

    class Stuck(Recorder):
        async def close_run(self, info, result):
            closing.set()
            await anyio.sleep_forever()

    executor = Executor(ports=Ports(audit=Stuck()), clock=clock)
    async with executor.stream(RunnableAgent(model="fake"), "go") as run:
        await closing.wait()
        clock.advance(3)
        result = await run.wait()
    assert result.ok
    assert "audit.close_run did not answer within 2 s" in result.warnings[-1]


async def test_a_close_stage_that_takes_too_long_in_all_is_stopped_and_its_record_kept():
    clock = FakeClock()
    closing = anyio.Event()

    class Stuck(Recorder):
        stuck = True

        async def close_run(self, info, result):
            if self.stuck:
                closing.set()
                await anyio.sleep_forever()
            await super().close_run(info, result)

    audit = Stuck()
    limits = Limits(port_timeout_s=100, close_timeout_s=5)
    async with Executor(ports=Ports(audit=audit), clock=clock, defaults=limits) as executor:
        run = executor.start(RunnableAgent(model="fake"), "go")
        await closing.wait()
        clock.advance(6)
        result = await run.wait()
        audit.stuck = False
    assert "close stage was stopped after its 5 s" in result.warnings[-1]
    assert [info.run_id for info, _ in audit.closed] == [run.run_id]


async def test_the_palette_hides_granted_tools_from_a_run():
    class NoClock:
        async def visible(self, info, names):
            return [name for name in names if not name.startswith("clock.")]

    provider, model = scripted("fine")
    executor = Executor(ports=Ports(palette=NoClock()))
    await executor.run(RunnableAgent(model=model, tools=["calc.*", "clock.*"]), "go")
    assert [t.name for t in provider.requests[0][1].tools] == ["calc__calculate"]


async def test_a_broken_palette_is_a_closed_gate():
    class Broken:
        async def visible(self, info, names):
            raise OSError("no such table")

    provider, model = scripted("never")
    agent = RunnableAgent(model=model, tools=["calc.*"])
    result = await Executor(ports=Ports(palette=Broken())).run(agent, "go")
    assert result.status is RunStatus.REJECTED
    assert "palette gate failed" in str(result.error)
    assert provider.requests == []


async def test_delivery_gets_the_answer_once_and_only_an_answer():
    delivered = []

    class Deliver:
        async def deliver(self, parcel):
            delivered.append((parcel.key, parcel.text))

    error = APIError("down", provider="p", model="m", kind=ErrorKind.TRANSIENT)
    _, model = scripted("yes", error)
    executor = Executor(ports=Ports(delivery=Deliver()), new_id=iter("ab").__next__)
    await executor.run(RunnableAgent(model=model), "go")
    await executor.run(RunnableAgent(model=model), "go")
    assert delivered == [("a", "yes")]


async def test_a_delivery_has_time_for_several_tries():
    clock, tried, delivered = FakeClock(), [], anyio.Event()

    class Busy:
        async def deliver(self, parcel):
            tried.append(clock.monotonic())
            if len(tried) < 3:
                raise DeliveryFailed("busy", retryable=True)
            delivered.set()

    patient = Retrying(Busy(), backoff_s=6, clock=clock, jitter=lambda: 0.0)
    _, model = scripted("yes")
    async with Executor(ports=Ports(delivery=patient), clock=clock) as executor:
        run = executor.start(RunnableAgent(model=model), "go")
        while not delivered.is_set():
            await anyio.wait_all_tasks_blocked()
            clock.advance(1)
        result = await run.wait()
    assert result.warnings == ()
    assert tried[2] - tried[0] == 6 + 8  # doubled, up to its bound


async def test_a_delivery_that_hangs_ends_with_its_time():
    clock = FakeClock()

    class Stuck:
        async def deliver(self, parcel):
            await anyio.sleep_forever()

    _, model = scripted("yes")
    limits = Limits(delivery_timeout_s=9)
    async with Executor(ports=Ports(delivery=Stuck()), clock=clock, defaults=limits) as executor:
        run = executor.start(RunnableAgent(model=model), "go")
        await anyio.wait_all_tasks_blocked()
        clock.advance(8)
        await anyio.wait_all_tasks_blocked()
        assert not run.done
        clock.advance(2)
        result = await run.wait()
    assert result.warnings == ("delivery did not answer within 9 s",)
    assert result.output == "yes"


async def test_events_are_ordered_typed_and_json():
    events = []
    _, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), "five")
    agent = RunnableAgent(name="sums", model=model, tools=[add])
    await Executor(on_event=events.append, new_id=lambda: "r1").run(agent, "go")
    kinds = [event.kind for event in events if event.kind != "text"]
    assert kinds == [
        *("stage", "run_started", "stage", "stage", "stage", "stage"),
        *("answer_started", "tool_called", "tool_answered", "step_ended"),
        *("answer_started", "step_ended", "stage", "stage", "run_ended"),
    ]
    assert [event.seq for event in events] == list(range(len(events)))
    assert "".join(e.text for e in events if e.kind == "text") == "five"
    answered = next(e for e in events if e.kind == "tool_answered").as_json()
    assert answered["text"] == "5"
    assert answered["kind"] == "tool_answered"


async def test_an_event_nobody_wants_is_not_built(monkeypatch):
    from executus import events

    built = []
    for kind, event in events.EVENT_KINDS.items():
        real = event.__init__

        def note(self, *, kind=kind, real=real, **fields):
            built.append(kind)
            real(self, **fields)

        monkeypatch.setattr(event, "__init__", note)
    audit = Recorder(wants=["run_ended"])
    await Executor(ports=Ports(audit=audit)).run(RunnableAgent(model="fake"), "go")
    assert built == ["run_ended"]


async def test_a_tool_sees_the_live_tally_of_its_run():
    seen = []

    @tool(inline=True)
    def look(context: ToolContext[str]) -> str:
        """Look at the run."""
        seen.append((context.run.run_id, context.run.tool_calls, context.run.steps, context.deps))
        return "ok"

    _, model = scripted(Reply(calls=[("look", {})]), "done")
    agent = RunnableAgent(model=model, tools=[look])
    await Executor().run(agent, Invocation("go", run_id="r9", deps="d"))
    assert seen == [("r9", 1, 1, "d")]


async def test_a_started_run_outlives_the_scope_that_started_it():
    go_on = anyio.Event()

    @tool
    async def wait() -> str:
        """Wait for the test."""
        await go_on.wait()
        return "ok"

    _, model = scripted(Reply(calls=[("wait", {})]), "done")
    async with Executor() as executor:
        with anyio.CancelScope() as scope:
            run = executor.start(RunnableAgent(model=model, tools=[wait]), "go")
            scope.cancel()
            await anyio.lowlevel.checkpoint()
        go_on.set()
        result = await run.wait()
    assert result.output == "done"


async def test_cancelling_a_started_run_gives_its_partial_result():
    provider, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), Hang())
    audit = Recorder()
    async with Executor(ports=Ports(audit=audit)) as executor:
        run = executor.start(RunnableAgent(model=model, tools=[add]), "go")
        while len(provider.requests) < 2:
            await anyio.lowlevel.checkpoint()
        assert run.tally.steps == 1
        run.cancel()
        result = await run.wait()
    assert result.status is RunStatus.CANCELLED
    assert len(result.messages) == 3
    assert len(audit.closed) == 1


async def test_start_outside_the_block_is_refused():
    with pytest.raises(SetupError, match="async with Executor"):
        Executor().start(RunnableAgent(model="fake"), "go")


async def test_steering_a_running_agent():
    provider, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), "done")
    async with Executor().stream(RunnableAgent(model=model, tools=[add]), "go") as run:
        run.steer("hurry")
        assert (await run.wait()).ok
    assert "hurry" in [m.text for m in provider.requests[0][1].messages]


async def test_a_majordomo_agent_runs_as_it_is():
    provider, model = scripted("7")
    skill = Skill(name="sums", instructions="Add carefully.", tools=[add])
    agent = Agent(model, "Base.", skills=[skill], output=int, name="typed")
    result = await Executor(system_header="House rules.").run(agent, "3+4?")
    assert result.output == 7
    request = provider.requests[0][1]
    assert request.system == "House rules.\n\nBase.\n\nAdd carefully."
    assert [t.name for t in request.tools] == ["add"]


async def test_history_is_sent_and_stays_untouched():
    provider, model = scripted("fine")
    history = (user("before"),)
    result = await Executor().run(RunnableAgent(model=model), Invocation("now", history=history))
    assert [m.text for m in provider.requests[0][1].messages] == ["before", "now"]
    assert [m.text for m in result.messages] == ["before", "now", "fine"]


async def test_models_come_from_the_executors_own_registry():
    provider = FakeProvider(name="mine")
    provider.enqueue("x", "from mine")
    models = ModelRegistry()
    models.register("mine", provider)
    result = await Executor(models=models).run(RunnableAgent(model="mine/x"), "go")
    assert result.output == "from mine"


def test_run_sync_works_inside_a_running_loop():
    async def cell():
        return Executor().run_sync(RunnableAgent(model="fake"), "echo").status

    assert anyio.run(cell) is RunStatus.OK


async def test_an_executors_block_is_entered_once():
    async with Executor() as executor:
        with pytest.raises(SetupError, match="entered already"):
            await executor.__aenter__()


async def test_a_run_thrown_away_awaits_nothing_more():
    class Audit(Recorder):
        async def start_run(self, info):
            await anyio.lowlevel.checkpoint()

    audit = Audit()
    run = Executor(ports=Ports(audit=audit)).run(RunnableAgent(model="fake"), "go")
    iterator = run.__await__()
    next(iterator)
    iterator.close()  # what the interpreter does to a coroutine nobody holds any more
    assert audit.closed == []


async def test_an_audit_without_a_budget_and_a_budget_without_an_audit_both_close():
    audit, budget = Recorder(), Budget(runs=2)
    rejected = RunnableAgent(model="opnai/x")
    await Executor(ports=Ports(audit=audit)).run(rejected, "go")
    await Executor(ports=Ports(audit=audit)).run(RunnableAgent(model="fake"), "go")
    await Executor(ports=Ports(budget=budget)).run(RunnableAgent(model="fake"), "go")
    assert [result.status for _, result in audit.closed] == [RunStatus.REJECTED, RunStatus.OK]
    assert budget.log == [("commit", 1)]


async def test_a_gates_own_refusal_keeps_its_words():
    class Closed(Budget):
        async def reserve(self, info):
            raise RunRejected("closed on Sundays")

    result = await Executor(ports=Ports(budget=Closed(runs=1))).run(
        RunnableAgent(model="fake"), "go"
    )
    assert str(result.error) == "closed on Sundays"


async def test_the_tally_of_a_run_that_has_not_begun_is_empty():
    clock = FakeClock()
    async with Executor(clock=clock).stream(RunnableAgent(model="fake"), "go") as run:
        assert (run.tally.steps, run.tally.tool_calls) == (0, 0)
        clock.advance(2)
        assert run.tally.elapsed_s == 2
        result = await run.wait()
        assert run.tally.usage == result.usage
        assert run.tally.run_id == run.run_id == result.run_id


async def test_a_second_spooled_record_that_fails_again_stays():
    class Down(Recorder):
        up = False

        async def close_run(self, info, result):
            if not self.up:
                raise OSError("disk full")
            await super().close_run(info, result)

    audit = Down()
    executor = Executor(ports=Ports(audit=audit), new_id=iter("abc").__next__)
    for _ in range(2):
        await executor.run(RunnableAgent(model="fake"), "go")
    audit.up = True
    await executor.run(RunnableAgent(model="fake"), "go")
    assert sorted(info.run_id for info, _ in audit.closed) == ["a", "b", "c"]


async def test_a_call_cut_off_by_a_deadline_is_committed_as_unknown_not_released():
    clock, log = FakeClock(), []

    class Meter(Budget):
        async def commit(self, run_id, usage, cost):
            log.append(usage)

    provider, model = scripted(Hang())
    executor = Executor(ports=Ports(budget=Meter(runs=1)), clock=clock)
    async with executor.stream(RunnableAgent(model=model), "go") as run:
        while not provider.requests:
            await anyio.lowlevel.checkpoint()
        clock.advance(601)
        await run.wait()
    assert [(usage.requests, usage.input) for usage in log] == [(1, None)]


async def test_a_dead_audit_neither_grows_without_bound_nor_warns_after_the_end(monkeypatch):
    from executus.run import closing

    monkeypatch.setattr(closing, "MOST_SPOOLED", 3)
    calls, events = [], []

    class Dead(Recorder):
        async def close_run(self, info, result):
            calls.append(info.run_id)
            raise OSError("disk full")

    audit = Dead()
    executor = Executor(ports=Ports(audit=audit), on_event=events.append)
    for _ in range(10):
        await executor.run(RunnableAgent(model="fake"), "go")
    assert len(calls) == 10
    assert len(executor._kit.spool) == 3
    last = {event.run_id: event.kind for event in events}
    assert set(last.values()) == {"run_ended"}


async def test_an_answer_that_is_not_whole_is_said_to_be_so():
    _, model = scripted(Reply(text="half an ans", finish_reason=FinishReason.LENGTH))
    result = await Executor().run(RunnableAgent(model=model), "go")
    assert result.output == "half an ans"
    assert "not whole: the model stopped by length" in result.warnings[0]


async def test_a_run_that_was_never_begun_says_so_instead_of_hanging():
    run = Executor().stream(RunnableAgent(model="fake"), "go")
    with pytest.raises(RuntimeError, match="enter its block first"):
        aiter(run)
    with pytest.raises(RuntimeError, match="enter its block first"):
        await run.wait()


@pytest.mark.parametrize("inline", [True, False])
def test_a_tool_that_exits_ends_neither_the_run_nor_later_ones(inline):
    @tool(inline=inline)
    def leave() -> str:
        """Leaves the process."""
        raise SystemExit(3)

    _, model = scripted(Reply(calls=[("leave", {})]), "still here", "and again")
    agent = RunnableAgent(model=model, tools=[leave])
    first = Executor().run_sync(agent, "go")
    assert first.answer == "still here"
    assert first.messages[2].tool_results[0].is_error
    assert Executor().run_sync(agent, "go").answer == "and again"


def test_the_answer_of_a_run_without_one_raises():
    result = Executor().run_sync(RunnableAgent(model="opnai/x"), "go")
    with pytest.raises(RunError, match="rejected"):
        _ = result.answer
