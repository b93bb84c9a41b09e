"""What a tool may ask of its run: other tools, another model, what is to be had at all."""

import json

import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunStatus
from executus.asking import PENDING
from executus.errors import RunStopped, SetupError
from executus.money import Money
from executus.registry import AskFor, Deny, Effect, Rule, Rules, ToolPolicy, ToolRegistry
from executus.run import MemoryCheckpointer
from executus.runservices import services
from majordomo.agent import Agent
from majordomo.llm import ToolContext, Usage, tool
from majordomo.models import ModelRegistry
from majordomo.providers.fake import FakeProvider, Reply


class Host:
    """A registry with tools that use other tools, and what was really done."""

    def __init__(self):
        self.written = []
        self.registry = ToolRegistry()

        @tool
        async def write(line: str) -> str:
            """Write a line."""
            self.written.append(line)
            return f"wrote {line}"

        @tool
        async def read() -> str:
            """Read all lines."""
            return ",".join(self.written)

        @tool
        async def both(context: ToolContext, first: str, second: str) -> str:
            """Call one tool after another."""
            run = services(context)
            results = [
                await run.call("disk.write", json.dumps({"line": line})) for line in (first, second)
            ]
            return " and ".join(result.text for result in results)

        @tool(inline=True)
        def known(context: ToolContext) -> list:
            """What may be called."""
            return [[t.name, t.on_demand] for t in services(context).tools()]

        @tool
        async def consult(context: ToolContext, question: str) -> str:
            """Ask another model."""
            return await services(context).generate(question, model="mine/other", system="Brief.")

        self.registry.add("disk", [write, read])
        pure = ToolPolicy(effect=Effect.READ, idempotent=True)
        self.registry.add("meta", [both, known, consult], policy=pure)


def call(name, **arguments):
    return Reply(calls=[(name, arguments)])


def make(host, *replies, tools=("meta.*",), on_demand=("disk.*",), **options):
    provider = FakeProvider(name="mine")
    provider.enqueue("m", *replies)
    agent = RunnableAgent(name="many", model=provider.model("m"), tools=tools, on_demand=on_demand)
    return Executor(registry=host.registry, agents=[agent], **options), agent, provider


def answers_of(result):
    return [part.text for message in result.messages for part in message.tool_results]


async def test_tools_on_demand_are_not_offered_but_may_be_called_by_others():
    host = Host()
    executor, agent, provider = make(
        host, call("meta__both", first="a", second="b"), call("disk__write", line="c"), "done"
    )
    result = await executor.run(agent, "go")
    offered = [t.name for t in provider.requests[0][1].tools if t.name != "read_more"]
    assert offered == ["meta__both", "meta__known", "meta__consult"]
    assert host.written == ["a", "b"]
    assert answers_of(result)[0] == "wrote a and wrote b"
    assert result.messages[4].tool_results[0].is_error
    assert result.tool_calls == 4


async def test_a_tool_learns_what_may_be_called():
    host = Host()
    executor, agent, _ = make(
        host, call("meta__known"), "done", tools=("meta.*", "disk.read"), on_demand=("disk.write",)
    )
    result = await executor.run(agent, "go")
    known = [entry for entry in json.loads(answers_of(result)[0]) if entry[0] != "read_more"]
    assert known == [
        ["disk.read", False],
        ["meta.both", False],
        ["meta.consult", False],
        ["disk.write", True],
    ]


async def test_what_goes_on_after_its_run_can_ask_nothing_of_it():
    kept = []

    @tool(inline=True)
    def keep(context: ToolContext) -> str:
        """Keep what the run offers."""
        kept.append(services(context))
        return "kept"

    provider = FakeProvider(name="mine")
    provider.enqueue("m", call("keep"), "done")
    agent = RunnableAgent(model=provider.model("m"), tools=[keep])
    assert (await Executor().run(agent, "go")).output == "done"
    run = kept[0]
    for ask in (
        lambda: run.generate("More?", model="fake"),
        lambda: run.call("keep", "{}"),
        lambda: run.dispatch(agent, "More?"),
        lambda: run.ask("More?"),
    ):
        with pytest.raises(RunStopped, match="the run has ended"):
            await ask()
    assert len(kept) == 1


async def test_a_call_by_a_tool_passes_the_same_permissions():
    host, events = Host(), []
    policy = Rules([Rule(decision=Deny("the disk is full"), tools=["disk.*"])])
    executor, agent, _ = make(
        host,
        call("meta__both", first="a", second="b"),
        "done",
        policy=policy,
        on_event=events.append,
    )
    result = await executor.run(agent, "go")
    assert host.written == []
    assert "the disk is full" in answers_of(result)[0]
    assert [e.stage for e in events if e.kind == "tool_denied"] == ["call", "call"]


async def test_calls_by_tools_count_against_the_limit():
    host = Host()
    executor, agent, _ = make(
        host,
        call("meta__both", first="a", second="b"),
        "done",
        defaults=Limits(max_tool_calls=2),
    )
    result = await executor.run(agent, "go")
    assert host.written == ["a"]
    assert "tool calls are used up" in answers_of(result)[0]


async def test_a_pause_inside_a_tool_repeats_nothing_that_was_done():
    host, journals = Host(), MemoryCheckpointer()

    def asks(request):
        return PENDING if '"b"' in request.arguments else True

    options = {"policy": AskFor(tools=["disk.write"]), "ports": Ports(checkpointer=journals)}
    executor, agent, _ = make(
        host, call("meta__both", first="a", second="b"), on_approval=asks, **options
    )
    paused = await executor.run(agent, Invocation("go", run_id="r"))
    assert paused.status is RunStatus.PAUSED
    assert host.written == ["a"]
    second, _, _ = make(host, "done", **options)
    result = await second.resume("r", answers={paused.pending[0].id: True})
    assert result.output == "done"
    assert host.written == ["a", "b"]
    assert answers_of(result) == ["wrote a and wrote b"]


async def test_a_model_asked_by_a_tool_counts_for_the_run():
    class Prices:
        def cost(self, target, usage):
            return Money(usage.requests)

    host = Host()
    _, agent, provider = make(host, call("meta__consult", question="why?"), "done")
    provider.enqueue("other", Reply(text="because", usage=Usage(input=5, output=1, requests=1)))
    models = ModelRegistry()
    models.register("mine", provider)
    executor = Executor(models=models, registry=host.registry, ports=Ports(prices=Prices()))
    result = await executor.run(agent, "go")
    assert answers_of(result) == ["because"]
    asked = dict(provider.requests)["other"]
    assert (asked.system, asked.messages[0].text) == ("Brief.", "why?")
    assert result.usage.requests == 3
    assert result.cost == Money(3)


async def test_outside_an_executor_such_a_tool_says_so():
    host = Host()
    provider = FakeProvider()
    provider.enqueue("m", call("meta__known"), "done")
    agent = Agent(provider.model("m"), tools=[host.registry.get("meta.known")])
    result = await agent.run("go")
    assert "works only in a run of an Executor" in result.messages[2].tool_results[0].text
    with pytest.raises(SetupError):
        services(ToolContext(deps=None, call=result.messages[1].tool_calls[0]))
