"""The loop's contract: steps, results, limits, and a transcript that is always valid."""

import functools

import anyio
import pytest

from majordomo.agent import (
    Agent,
    AnswerMismatch,
    Compacted,
    Hooks,
    Loop,
    LoopLimits,
    MaxSteps,
    ModelFailed,
    StepFinished,
    ToolErrorLimits,
    ToolFinished,
    ToolLoop,
    ToolStarted,
    as_tool,
    drive,
)
from majordomo.errors import APIError, ErrorKind, ToolDefinitionError, UnknownModel
from majordomo.llm import (
    Capabilities,
    FinishReason,
    Response,
    Settings,
    Target,
    TextDelta,
    ToolCallPart,
    ToolContext,
    Usage,
    assistant,
    tool,
    user,
)
from majordomo.llm.outputtype import OutputType
from majordomo.providers.fake import FakeProvider, Hang, Reply
from majordomo.skill import Skill


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@tool(inline=True)
def fail() -> str:
    """Always fails."""
    raise ValueError("no such row")


def scripted(*outcomes):
    provider = FakeProvider()
    provider.enqueue("m", *outcomes)
    return provider, provider.model("m")


def assert_valid(messages):
    """Every call has exactly one result, directly after it."""
    for index, message in enumerate(messages):
        if message.tool_calls:
            answered = [r.call_id for r in messages[index + 1].tool_results]
            assert answered == [c.id for c in message.tool_calls]


async def test_a_run_calls_tools_until_there_is_an_answer():
    provider, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), "five")
    result = await Agent(model, "be brief", tools=[add]).run("2+3?")
    assert result.output == "five"
    assert [r.text for r in result.messages[2].tool_results] == ["5"]
    assert [m.role for m in result.messages] == ["user", "assistant", "tool", "assistant"]
    assert len(result.steps) == 2
    assert result.usage.requests == 2
    assert provider.requests[0][1].system == "be brief"


async def test_text_before_a_call_does_not_end_the_run():
    _, model = scripted(Reply(text="Let me see.", calls=[("add", {"a": 1, "b": 1})]), "2")
    assert (await Agent(model, tools=[add]).run("1+1?")).output == "2"


async def test_history_continues_and_is_not_changed():
    _, model = scripted("again")
    history = [user("hi"), assistant("hello")]
    result = await Agent(model).run("and now?", history=history)
    assert len(history) == 2
    assert result.messages[:2] == tuple(history)
    assert [m.text for m in result.new_messages] == ["and now?", "again"]


@pytest.mark.parametrize(
    ("calls", "says"),
    [
        ([("nope", {})], "there is no tool named 'nope'"),
        ([("add", {"a": "x", "b": 1})], "a: Input should be a valid integer"),
        ([("add", "{not json")], "Invalid JSON"),
        ([("fail", {})], "ValueError: no such row"),
    ],
)
async def test_a_failing_call_comes_back_as_an_error_the_model_can_act_on(calls, says):
    _, model = scripted(Reply(calls=calls), "sorry")
    result = await Agent(model, tools=[add, fail]).run("go")
    (answer,) = result.messages[2].tool_results
    assert answer.is_error
    assert says in answer.text
    assert result.output == "sorry"


async def test_the_same_failing_call_again_and_again_is_a_tool_loop():
    _, model = scripted(*[Reply(calls=[("fail", {})])] * 5)
    with pytest.raises(ToolLoop, match="failed 3 times with the same arguments") as caught:
        await Agent(model, tools=[fail]).run("go")
    assert len(caught.value.partial.steps) == 3
    assert_valid(caught.value.partial.messages)


async def test_a_success_in_between_resets_the_count_of_a_failing_call():
    flaky = iter([True, True, False, True, True, False])

    @tool(inline=True)
    def sometimes() -> str:
        """Fails now and then."""
        if next(flaky):
            raise ValueError("not yet")
        return "ok"

    _, model = scripted(*[Reply(calls=[("sometimes", {})])] * 6, "done")
    assert (await Agent(model, tools=[sometimes]).run("go")).output == "done"


async def test_steps_in_which_every_call_fails_end_the_run():
    replies = [Reply(calls=[("add", {"a": "x", "b": n})]) for n in range(9)]
    _, model = scripted(*replies)
    limits = ToolErrorLimits(same_call=None, steps=4)
    with pytest.raises(ToolLoop, match="4 steps in a row"):
        await Agent(model, tools=[add], tool_errors=limits).run("go")


async def test_max_steps_keeps_the_partial_result():
    _, model = scripted(*[Reply(calls=[("add", {"a": n, "b": n})]) for n in range(9)])
    with pytest.raises(MaxSteps, match="no answer after 3 steps") as caught:
        await Agent(model, tools=[add], max_steps=3).run("go")
    partial = caught.value.partial
    assert len(partial.steps) == 3
    assert partial.usage.requests == 3
    assert_valid(partial.messages)


async def test_a_hook_may_extend_the_step_limit():
    _, model = scripted(*[Reply(calls=[("add", {"a": n, "b": n})]) for n in range(3)], "done")
    hooks = Hooks(max_steps=lambda view: 1 + len(view.steps))
    result = await Agent(model, tools=[add], max_steps=1, hooks=hooks).run("go")
    assert len(result.steps) == 4


async def test_a_model_error_keeps_the_partial_result_and_the_cause():
    error = APIError("overloaded", provider="p", model="m", kind=ErrorKind.TRANSIENT, status=529)
    _, model = scripted(Reply(calls=[("add", {"a": 1, "b": 1})]), error)
    with pytest.raises(ModelFailed, match="529") as caught:
        await Agent(model, tools=[add]).run("go")
    assert caught.value.__cause__ is error
    assert len(caught.value.partial.steps) == 1


async def test_parallel_calls_overlap_and_results_keep_call_order():
    running = anyio.Event()
    arrived = []

    @tool
    async def meet(name: str) -> str:
        """Wait for the other call."""
        arrived.append(name)
        if len(arrived) == 2:
            running.set()
        await running.wait()
        return name

    calls = [("meet", {"name": "first"}), ("meet", {"name": "second"})]
    _, model = scripted(Reply(calls=calls), "done")
    result = await Agent(model, tools=[meet], max_parallel_tools=2).run("go")
    assert [r.text for r in result.messages[2].tool_results] == ["first", "second"]


async def test_parallel_calls_never_exceed_their_limit():
    now, most = 0, 0

    @tool
    async def work(n: int) -> int:
        """Count who works at once."""
        nonlocal now, most
        now += 1
        most = max(most, now)
        await anyio.lowlevel.checkpoint()
        now -= 1
        return n

    _, model = scripted(Reply(calls=[("work", {"n": n}) for n in range(10)]), "done")
    result = await Agent(model, tools=[work], max_parallel_tools=3).run("go")
    assert [r.text for r in result.messages[2].tool_results] == [str(n) for n in range(10)]
    assert most == 3


async def test_calls_cut_off_by_the_token_limit_are_not_executed():
    seen = []

    @tool(inline=True)
    def note(text: str) -> str:
        """Keep a note."""
        seen.append(text)
        return "kept"

    cut = Reply(calls=[("note", '{"text": "ha')], finish_reason=FinishReason.LENGTH)
    _, model = scripted(cut, "shorter then")
    result = await Agent(model, tools=[note]).run("go")
    assert seen == []
    assert "cut off by the token limit" in result.messages[2].tool_results[0].text
    assert_valid(result.messages)


async def test_a_cancelled_run_leaves_a_valid_transcript():
    started = anyio.Event()

    @tool
    async def hang(n: int) -> str:
        """Never answers."""
        started.set()
        await anyio.sleep_forever()

    calls = [("add", {"a": 1, "b": 1}), ("hang", {"n": 1}), ("hang", {"n": 2})]
    _, model = scripted(Reply(calls=calls))
    async with Agent(model, tools=[add, hang]).start("go") as run:
        await started.wait()
        run.cancel()
    assert_valid(run.partial.messages)
    results = run.partial.messages[-1].tool_results
    assert [r.is_error for r in results] == [False, True, True]
    assert "was cancelled before it answered" in results[1].text


async def test_a_stream_tells_text_calls_and_steps_in_order():
    _, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), "five")
    async with Agent(model, tools=[add]).stream("2+3?") as run:
        seen = [event async for event in run]
        result = await run.result()
    assert "".join(e.text for e in seen if isinstance(e, TextDelta)) == "five"
    kinds = [type(e) for e in seen if isinstance(e, ToolStarted | ToolFinished | StepFinished)]
    assert kinds == [ToolStarted, ToolFinished, StepFinished, StepFinished]
    assert result.output == "five"


async def test_the_text_of_a_stream_alone():
    _, model = scripted("a longer answer in pieces")
    async with Agent(model).stream("go") as run:
        pieces = [piece async for piece in run.text()]
    assert "".join(pieces) == "a longer answer in pieces"
    assert len(pieces) > 1


async def test_leaving_a_stream_early_stops_the_run():
    provider, model = scripted(Hang())
    async with Agent(model).stream("go") as run:
        while not provider.requests:
            await anyio.lowlevel.checkpoint()
    assert run.done


async def test_steering_adds_messages_before_the_next_model_call():
    provider, model = scripted("one", "two")
    async with Agent(model).start("go") as run:
        run.steer("also this")
        await run.result()
    assert [m.text for m in provider.requests[0][1].messages] == ["go", "also this"]


async def test_the_compactor_changes_what_is_sent_and_never_the_transcript():
    provider, model = scripted(Reply(calls=[("add", {"a": 2, "b": 3})]), "five")
    hooks = Hooks(compactor=lambda messages: messages[-1:])
    result = await Agent(model, tools=[add], hooks=hooks).run("2+3?")
    assert len(provider.requests[1][1].messages) == 1
    assert len(result.messages) == 4


@pytest.mark.parametrize("hook", ["max_steps", "steer", "compactor", "step_settings"])
async def test_a_failing_hook_is_logged_and_ignored(hook, caplog):
    def broken(*_args):
        raise RuntimeError("hook")

    _, model = scripted("fine")
    assert (await Agent(model, hooks=Hooks(**{hook: broken})).run("go")).output == "fine"
    assert f"the {hook} hook failed" in caplog.text


async def test_a_failing_observer_is_logged_and_ignored(caplog):
    def broken(_event):
        raise RuntimeError("observer")

    _, model = scripted("fine")
    assert (await Agent(model, hooks=Hooks(observers=(broken,))).run("go")).output == "fine"
    assert "an observer failed" in caplog.text


async def test_settings_of_a_step_reach_the_model():
    provider, model = scripted("fine")
    hooks = Hooks(step_settings=lambda _view: Settings(temperature=0.5))
    await Agent(model, hooks=hooks).run("go")
    assert provider.requests[0][1].settings.temperature == 0.5


async def test_deps_reach_tools_and_instructions():
    @tool(inline=True)
    def who(context: ToolContext[str]) -> str:
        """Say who asks."""
        return context.deps

    provider, model = scripted(Reply(calls=[("who", {})]), "done")
    agent = Agent(model, lambda name: f"You serve {name}.", tools=[who])
    result = await agent.run("go", deps="Ada")
    assert result.messages[2].tool_results[0].text == "Ada"
    assert provider.requests[0][1].system == "You serve Ada."


async def test_skills_add_instructions_and_tools_in_order():
    provider, model = scripted("fine")
    one = Skill(name="one", instructions="First.", tools=[add])
    two = Skill(name="two", instructions="Second.")
    agent = Agent(model, "Base.", skills=[one, two])
    await agent.run("go")
    assert provider.requests[0][1].system == "Base.\n\nFirst.\n\nSecond."
    assert [t.name for t in agent.tools] == ["add"]


def test_duplicate_tool_names_across_tools_and_skills_are_refused():
    skill = Skill(name="sums", tools=[add])
    with pytest.raises(ToolDefinitionError, match="two tools are named 'add'"):
        Agent("fake", tools=[add], skills=[skill])


def test_an_unknown_model_gets_a_suggestion():
    with pytest.raises(UnknownModel, match="did you mean 'openai/gpt-6'"):
        Agent("opnai/gpt-6")


async def test_a_typed_answer_that_does_not_fit_is_corrected():
    provider, model = scripted("seven", "7")
    agent = Agent(model, output=int)
    assert (await agent.run("3+4?")).output == 7
    assert "does not fit" in provider.requests[1][1].messages[-1].text


async def test_a_typed_answer_that_never_fits_names_the_model_and_the_text():
    _, model = scripted("seven", "eight")
    with pytest.raises(AnswerMismatch, match=r"fake/m gave no valid answer in 2 attempts.*eight"):
        await Agent(model, output=int).run("3+4?")


def test_run_sync_works_inside_a_running_loop():
    _, model = scripted("fine")

    async def cell():
        return Agent(model).run_sync("go").output

    assert anyio.run(cell) == "fine"


async def test_one_agent_serves_concurrent_runs_without_mixing_them():
    agent = Agent("fake", tools=[add])
    outputs = {}

    async def ask(n):
        outputs[n] = (await agent.run(f"{n}+{n}?")).output

    async with anyio.create_task_group() as group:
        for n in range(20):
            group.start_soon(ask, n)
    assert outputs == {n: str(2 * n) for n in range(20)}


async def test_a_stop_raised_by_the_executor_of_calls_ends_the_run_with_results_for_all():
    class Stop(Exception):
        pass

    asked = []

    async def execute(call):
        asked.append(call.name)
        if call.arguments == '{"n":1}':
            raise Stop
        await anyio.sleep_forever()

    calls = [("work", {"n": 0}), ("work", {"n": 1})]
    _, model = scripted(Reply(calls=calls))
    loop = Loop(
        model=model,
        messages=[user("go")],
        output=OutputType(str),
        execute=execute,
        limits=LoopLimits(max_parallel_tools=2),
    )
    with pytest.raises(Stop):
        await drive(loop)
    assert asked == ["work", "work"]
    assert_valid(loop.partial().messages)
    assert all(result.is_error for result in loop.messages[-1].tool_results)


async def test_observers_and_a_stream_hear_the_same():
    heard = []
    _, model = scripted("fine")
    agent = Agent(model, hooks=Hooks(observers=(heard.append,)))
    async with agent.stream("go") as run:
        seen = [event async for event in run]
    assert seen == heard
    assert seen


async def test_an_agent_says_what_it_is():
    assert repr(Agent("fake", tools=[add], name="sums")) == (
        "<Agent 'sums' on fake/offline, 1 tools>"
    )


async def test_a_paused_answer_is_sent_back_to_go_on():
    provider, model = scripted(Reply(text="half", finish_reason=FinishReason.PAUSE), "whole")
    result = await Agent(model).run("go")
    assert result.output == "whole"
    assert [m.text for m in provider.requests[1][1].messages] == ["go", "half"]


async def test_an_observer_hears_of_compaction():
    heard = []
    _, model = scripted("fine")
    hooks = Hooks(compactor=lambda messages: messages[-1:], observers=(heard.append,))
    await Agent(model, hooks=hooks).run("go", history=[user("a"), assistant("b")])
    assert Compacted(3, 1) in heard


def test_a_plain_function_is_made_a_tool_once():
    def double(n: int) -> int:
        """Double a number."""
        return 2 * n

    (first,) = Agent("fake", tools=[double]).tools
    assert Agent("fake", tools=[double]).tools == (first,)


def test_a_wrapper_is_another_tool_than_what_it_wraps():
    def double(n: int) -> int:
        """Double a number."""
        return 2 * n

    inner = as_tool(double)

    @functools.wraps(double)
    def logged(n: int) -> int:
        return double(n)

    assert as_tool(logged).fn is logged
    assert as_tool(double) is inner


async def test_a_loop_in_which_nothing_waits_can_be_stopped():
    class Eager:
        target = Target("eager", "m")
        capabilities = Capabilities()
        asked = 0

        async def complete(self, request):
            self.asked += 1
            if self.asked == 5:
                scope.cancel()
            call = ToolCallPart(id=f"c{self.asked}", name="add", arguments='{"a":1,"b":1}')
            return Response(
                message=assistant(call),
                finish_reason=FinishReason.TOOL_CALLS,
                usage=Usage(requests=1),
                target=self.target,
            )

        def stream(self, request):
            raise AssertionError

    model = Eager()
    with anyio.CancelScope() as scope:
        await Agent(model, tools=[add], max_steps=200).run("go")
    assert scope.cancelled_caught
    assert model.asked == 5
