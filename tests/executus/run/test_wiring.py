"""The parts of the harness in one run: configuration, tiers, compaction, hooks, secrets, events."""

import json
import logging

import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunStatus
from executus.asking import InputAnswer
from executus.compact import NO_COMPACTION, ContextCompactor
from executus.config import BadSetting, Config, MappingSource
from executus.events import EVENT_KINDS
from executus.model import ModelTiers, metered
from executus.registry import AskFor, MappingSecrets, ToolPolicy, ToolRegistry
from executus.run import MemoryCheckpointer, Phase
from majordomo.agent import Agent, Hooks
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import (
    Capabilities,
    StreamInterrupted,
    ToolContext,
    Usage,
    dump_messages,
    tool,
    user,
)
from majordomo.models import ModelRegistry
from majordomo.providers.fake import FakeProvider, Reply, StreamBreak


def registry_of(provider, name="mine"):
    models = ModelRegistry()
    models.register(name, provider)
    return models


@tool(inline=True)
def look(n: int) -> str:
    """Look something up."""
    return f"{n}: " + "found " * 400


async def test_settings_of_the_host_hold_from_the_next_run_on():
    settings = {"model": "mine/a", "max_steps": "1", "max_runtime": "2m", "max_tool_calls": "0"}
    provider, seen = FakeProvider(name="mine"), []
    provider.enqueue("a", Reply(calls=[("look", {"n": 1})]))
    provider.enqueue("b", "from b")
    executor = Executor(
        models=registry_of(provider),
        config=Config(MappingSource(settings)),
        on_event=seen.append,
    )
    agent = RunnableAgent(tools=[look])
    first = await executor.run(agent, "go")
    assert first.status is RunStatus.MAX_STEPS
    assert "tool calls are used up" in first.messages[2].tool_results[0].text
    settings |= {"model": "mine/b", "max_steps": "5"}
    assert (await executor.run(agent, "go")).output == "from b"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("max_steps", "ten", "max_steps is 'ten'; write a whole number, or unset it"),
        ("max_runtime", "0", "max_runtime is '0'; write seconds, at least 0.001, or unset it"),
        ("lane.mine", "all", "lane.mine is 'all'; write a whole number, or unset it"),
    ],
)
async def test_a_run_under_a_mistyped_bound_is_rejected_instead_of_another_bound(key, value, says):
    provider = FakeProvider(name="mine")
    executor = Executor(models=registry_of(provider), config=Config(MappingSource({key: value})))
    result = await executor.run(RunnableAgent(model="mine/a"), "go")
    assert result.status is RunStatus.REJECTED
    assert str(result.error) == says
    assert isinstance(result.error.__cause__, BadSetting)


async def test_bounds_that_are_given_are_not_looked_up():
    class Broken:
        async def get(self, key):
            assert key != "max_steps"

    provider, _ = FakeProvider(name="mine"), None
    provider.enqueue("a", "fine")
    executor = Executor(
        models=registry_of(provider), config=Config(Broken()), defaults=Limits(max_steps=3)
    )
    assert (await executor.run(RunnableAgent(model="mine/a"), "go")).ok


async def test_an_agent_names_a_tier_and_every_attempt_is_metered_with_the_runs_tags():
    records = []

    class Sink:
        async def record(self, record):
            records.append((str(record.target), dict(record.tags)))

    provider = FakeProvider(name="mine")
    down = APIError("down", provider="mine", model="a", kind=ErrorKind.NOT_FOUND)
    provider.enqueue("a", down)
    provider.enqueue("b", "from b")
    tiers = ModelTiers(
        registry_of(provider),
        config=Config(MappingSource({"tier.fast": "mine/a,mine/b"})),
        decorate=[lambda model: metered(model, Sink())],
    )
    agent = RunnableAgent(name="helper", model="fast")
    result = await Executor(models=tiers).run(agent, Invocation("go", run_id="r"))
    assert result.output == "from b"
    tags = {"run": "r", "agent": "helper", "caller": "anonymous"}
    assert records == [("mine/a", tags), ("mine/b", tags)]


async def test_an_unknown_tier_is_one_sentence():
    result = await Executor().run(RunnableAgent(model="workhrose"), "go")
    assert result.status is RunStatus.REJECTED
    assert "did you mean 'workhorse'" in str(result.error)
    assert "\n" not in str(result.error)


def long_run(steps, **options):
    provider = FakeProvider(**options)
    provider.enqueue("m", *[Reply(calls=[("look", {"n": n})]) for n in range(steps)], "done")
    return provider, RunnableAgent(
        model=provider.model("m"), tools=[look], limits=Limits(max_steps=steps + 1)
    )


def size_of(request):
    return len(dump_messages(request.messages)) / 4


async def test_a_run_that_outgrows_its_window_is_compacted_and_its_transcript_is_not():
    provider, agent = long_run(40, capabilities=Capabilities(context_tokens=8000))
    events = []
    result = await Executor(on_event=events.append).run(agent, "the task")
    assert result.output == "done"
    assert len(result.messages) == 82
    sent = [request for _, request in provider.requests if request.tools]
    assert max(map(size_of, sent)) < 8000
    assert size_of_transcript(result) > 20000
    assert all(request.messages[0].text == "the task" for request in sent)
    told = [e for e in events if e.kind == "compacted"]
    assert 1 <= len(told) <= 12  # of new folds, not of each call that sends one again


def size_of_transcript(result):
    return len(dump_messages(result.messages)) / 4


async def test_compaction_can_be_switched_off_and_given_a_window():
    provider, agent = long_run(10)
    await Executor(compactor=NO_COMPACTION).run(agent, "the task")
    assert size_of(provider.requests[-1][1]) > 5500
    provider, agent = long_run(10)
    await Executor(context_tokens=4000).run(agent, "the task")
    asked = [request for _, request in provider.requests if request.tools]
    assert size_of(asked[-1]) < 4000


async def test_a_request_that_was_too_long_is_sent_once_more_and_shorter():
    too_long = APIError(
        "prompt is too long", provider="fake", model="m", kind=ErrorKind.CONTEXT_OVERFLOW
    )
    provider = FakeProvider()
    calls = [Reply(calls=[("look", {"n": n})]) for n in range(8)]
    provider.enqueue("m", *calls, too_long, "done")
    agent = RunnableAgent(model=provider.model("m"), tools=[look], limits=Limits(max_steps=20))
    compactor = ContextCompactor(context_tokens=20_000, summarise=None)
    result = await Executor(compactor=compactor).run(agent, "the task")
    assert result.output == "done"
    sent = [request for _, request in provider.requests if request.tools]
    assert size_of(sent[-1]) < size_of(sent[-2]) * 0.8


async def test_the_steering_hook_is_asked_once_though_the_request_is_sent_twice():
    too_long = APIError("too long", provider="fake", model="m", kind=ErrorKind.CONTEXT_OVERFLOW)
    provider, asked = FakeProvider(), []
    provider.enqueue("m", Reply(calls=[("look", {"n": 1})]), too_long, "a summary", "done")

    def steer(view):
        asked.append(len(view.steps))
        return [user(f"before step {len(view.steps)}")]

    agent = RunnableAgent(model=provider.model("m"), tools=[look], hooks=Hooks(steer=steer))
    result = await Executor().run(agent, "the task")
    assert (result.output, asked) == ("done", [0, 1])
    texts = [message.text for message in result.messages]
    assert texts.count("before step 1") == 1
    assert len([request for _, request in provider.requests if request.tools]) == 3


async def test_text_of_a_broken_stream_is_on_the_error_and_no_answer_in_the_transcript():
    provider, heard = FakeProvider(), []
    broken = APIError("gone", provider="fake", model="m", kind=ErrorKind.TRANSIENT)
    provider.enqueue("m", StreamBreak(2, broken))
    executor = Executor(on_event=lambda e: heard.append(e.text) if e.kind == "text" else None)
    result = await executor.run(RunnableAgent(model=provider.model("m")), "the task")
    assert result.status is RunStatus.FAILED
    fault = result.error.__cause__
    assert isinstance(fault, StreamInterrupted)
    assert fault.partial.text == "".join(heard) != ""
    assert [str(message.role) for message in result.messages] == ["user"]
    provider.enqueue("m", "whole")
    again = await executor.run(
        RunnableAgent(model=provider.model("m")), Invocation("again", history=result.messages)
    )
    assert again.output == "whole"


async def test_a_request_that_stays_too_long_ends_the_run():
    def too_long():
        return APIError("too long", provider="fake", model="m", kind=ErrorKind.CONTEXT_OVERFLOW)

    provider = FakeProvider()
    provider.enqueue("m", too_long(), too_long(), too_long())
    result = await Executor().run(RunnableAgent(model=provider.model("m"), tools=[look]), "task")
    assert result.status is RunStatus.FAILED
    assert provider.pending("m") == 1


async def test_a_summary_counts_for_the_run_that_needed_it():
    provider = FakeProvider(capabilities=Capabilities(context_tokens=3000))
    provider.enqueue("m", *["so many words " * 300] * 6)
    executor = Executor()
    history, totals = (), []
    for turn in range(6):
        agent = RunnableAgent(model=provider.model("m"))
        result = await executor.run(agent, Invocation(f"turn {turn} " * 200, history=history))
        history = result.messages
        totals.append(result.usage.requests)
    assert totals[0] == 1
    assert sum(totals) == len(provider.requests)


async def test_a_majordomo_agent_keeps_its_hooks_and_its_bounds():
    seen = []
    provider = FakeProvider()
    provider.enqueue("m", *[Reply(calls=[("look", {"n": n})]) for n in range(5)])
    hooks = Hooks(observers=(lambda event: seen.append(type(event).__name__),))
    agent = Agent(provider.model("m"), tools=[look], hooks=hooks, max_steps=2)
    result = await Executor().run(agent, "go")
    assert result.status is RunStatus.MAX_STEPS
    assert seen.count("StepFinished") == 2
    assert seen.count("ToolFinished") == 2


async def test_instructions_that_fail_reject_the_run():
    def instructions(deps):
        raise KeyError("user")

    provider = FakeProvider()
    agent = Agent(provider.model("m"), instructions)
    result = await Executor().run(agent, "go")
    assert result.status is RunStatus.REJECTED
    assert str(result.error) == "the agent's instructions failed: KeyError: 'user'"
    assert provider.requests == []


CANARY = "tok-canary-7f3a9e-never-shown"


@pytest.mark.parametrize("fault", ["answers", "raises", "logs"])
async def test_a_tools_secret_reaches_the_tool_and_nothing_else(fault, caplog):
    caplog.set_level(logging.DEBUG)
    used = []

    @tool
    async def deploy(context: ToolContext) -> str:
        """Deploy."""
        secret = context.secrets["deploy"]
        used.append(secret)
        if fault == "raises":
            raise ValueError(f"401 for {secret}")
        return f"used {secret}" if fault == "answers" else "fine"

    class Everything:
        wants = frozenset(EVENT_KINDS)
        seen = []

        async def start_run(self, info):
            self.seen.append(repr(info))

        def emit(self, event):
            self.seen.append(json.dumps(event.as_json()))

        async def close_run(self, info, result):
            self.seen += [repr(result), dump_messages(result.messages)]

    class Journals(MemoryCheckpointer):
        async def append(self, run_id, at, entries):
            audit.seen += entries
            await super().append(run_id, at, entries)

    audit = Everything()
    audit.seen = []
    registry = ToolRegistry()
    registry.add("ops", [deploy], policy=ToolPolicy(secrets=("deploy",)))
    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("ops__deploy", {})]), "done")
    ports = Ports(audit=audit, checkpointer=Journals(), secrets=MappingSecrets({"deploy": CANARY}))
    agent = RunnableAgent(model=provider.model("m"), tools=["ops.*"])
    result = await Executor(registry=registry, ports=ports).run(agent, "go")
    assert result.output == "done"
    assert used == [CANARY]
    told = [*audit.seen, repr(result), caplog.text, repr(provider.requests)]
    assert len(audit.seen) > 10
    assert not [text for text in told if CANARY in text]


async def test_every_kind_of_event_is_told_by_some_run_and_is_json():
    events = []
    provider = FakeProvider(name="mine", capabilities=Capabilities(context_tokens=3000))
    provider.enqueue(
        "m",
        Reply(text="well", thinking="hm", calls=[("calc__calculate", {"expression": "1"})]),
        Reply(calls=[("look", {"n": n}) for n in range(4)]),
        Reply(calls=[("clock__time_now", {})]),
        "found",
        "done",
    )

    class Budget:
        async def reserve(self, info): ...
        async def extend(self, run_id, usage, cost): ...
        async def commit(self, run_id, usage, cost): ...
        async def release(self, run_id): ...

    class Broken:
        async def deliver(self, parcel):
            raise OSError("no route")

    async def summarise(text):
        return "a summary"

    executor = Executor(
        ports=Ports(budget=Budget(), delivery=Broken()),
        compactor=ContextCompactor(summarise=summarise),
        models=registry_of(provider),
        policy=AskFor(tools=["calc.*"]),
        on_approval=lambda request: InputAnswer(),
        on_event=events.append,
    )
    agent = RunnableAgent(
        model="mine/m",
        tools=["calc.*", look],
        phases=[Phase(name="one"), Phase(name="two", tools=[])],
        limits=Limits(max_steps=20),
    )
    async with executor.stream(agent, "go") as run:
        run.steer("and hurry")
        result = await run.wait()
    assert result.ok, result.error
    told = {event.kind for event in events}
    assert told == set(EVENT_KINDS)
    for event in events:
        assert json.loads(json.dumps(event.as_json()))["kind"] == event.kind


async def test_without_tools_a_run_is_one_call_and_no_machinery():
    provider = FakeProvider()
    provider.enqueue("m", Reply(text="hello", usage=Usage(input=3, output=1, requests=1)))
    result = await Executor().run(RunnableAgent(model=provider.model("m")), "hi")
    ((_, request),) = provider.requests
    assert (result.output, result.usage.total, tuple(request.tools)) == ("hello", 4, ())
    assert [m.role for m in result.messages] == ["user", "assistant"]
