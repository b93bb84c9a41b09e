"""Agents that dispatch agents: one tree, one outbox, one answer to deliver."""

import anyio
import pytest

from executus import Executor, Invocation, Ports, RunnableAgent, RunStatus, SetupError
from executus.dispatchguard import DispatchGuard
from executus.lane import Lane
from executus.pendingattach import Attachment
from majordomo.llm import ToolContext, tool
from majordomo.providers.fake import FakeProvider, Reply


@tool
async def delegate(context: ToolContext, agent: str, task: str) -> str:
    """Let another agent do it."""
    result = await context.run.dispatch(agent, task)
    return result.output if result.ok else f"{result.status}: {result.error}"


@tool(inline=True)
def draw(context: ToolContext, what: str) -> str:
    """Draw something."""
    new = context.run.attach(Attachment.from_bytes(what.encode(), name=f"{what}.txt"))
    return "attached" if new else "attached before"


def agent(name, *replies, tools=(delegate, draw)):
    provider = FakeProvider()
    provider.enqueue("m", *replies)
    return RunnableAgent(name=name, model=provider.model("m"), tools=tools)


def call(name, **arguments):
    return Reply(calls=[(name, arguments)])


def answers_of(result):
    return [part.text for message in result.messages for part in message.tool_results]


async def test_a_dispatched_run_is_a_run_of_its_own_in_the_same_tree():
    events, infos = [], []

    class Audit:
        wants = ()

        async def start_run(self, info):
            infos.append(info)

        def emit(self, event): ...
        async def close_run(self, info, result): ...

    child = agent("child", "the child's answer")
    parent = agent("parent", call("delegate", agent="child", task="do it"), "done")
    executor = Executor(
        agents=[child],
        ports=Ports(audit=Audit()),
        on_event=events.append,
        new_id=iter(["p", "c"]).__next__,
    )
    result = await executor.run(parent, Invocation("go", metadata={"channel": "c1"}))
    assert answers_of(result) == ["the child's answer"]
    assert [(i.run_id, i.parent, i.root, i.agent) for i in infos] == [
        ("p", None, "p", "parent"),
        ("c", "p", "p", "child"),
    ]
    assert infos[1].invocation.metadata == {"channel": "c1"}
    assert {e.run_id for e in events} == {"p", "c"}
    assert result.usage.requests == 2


async def test_agents_that_call_each_other_in_a_circle_are_refused_with_words():
    a = agent("a", call("delegate", agent="b", task="x"), "a done")
    b = agent("b", call("delegate", agent="a", task="x"), "b done")
    result = await Executor(agents=[a, b]).run(a, "go")
    assert result.output == "a done"
    assert answers_of(result) == ["b done"]


async def test_a_refused_dispatch_is_a_result_the_model_can_act_on():
    child = agent("child", "one", "two", "three")
    parent = agent(
        "parent", *[call("delegate", agent="child", task=str(n)) for n in range(3)], "done"
    )
    executor = Executor(agents=[child], guard=DispatchGuard(max_children=2))
    result = await executor.run(parent, "go")
    assert result.output == "done"
    assert answers_of(result)[:2] == ["one", "two"]
    assert answers_of(result)[2].startswith("rejected: ")


async def test_an_unknown_agent_is_named_with_a_suggestion():
    parent = agent("parent", call("delegate", agent="chlid", task="x"), "done")
    result = await Executor(agents=[agent("child")]).run(parent, "go")
    assert "no agent is named 'chlid'; did you mean 'child'" in answers_of(result)[0]


async def test_dispatched_runs_take_no_slot_of_their_own():
    lane = Lane(1)
    child = agent("child", "fine")
    parent = agent("parent", call("delegate", agent="child", task="x"), "done")
    with anyio.fail_after(60):
        result = await Executor(agents=[child], lane=lane).run(parent, "go")
    assert answers_of(result) == ["fine"]


async def test_attachments_of_the_tree_go_out_once_with_the_answer_at_the_top():
    parcels = []

    class Deliver:
        async def deliver(self, parcel):
            parcels.append(parcel)

    child = agent("child", call("draw", what="tree"), call("draw", what="sun"), "drawn")
    parent = agent(
        "parent",
        call("draw", what="sun"),
        call("delegate", agent="child", task="draw"),
        "here you are",
    )
    executor = Executor(agents=[child], ports=Ports(delivery=Deliver()))
    result = await executor.run(parent, Invocation("go", metadata={"channel": "c1"}))
    (parcel,) = parcels
    assert [a.name for a in parcel.attachments] == ["sun.txt", "tree.txt"]
    assert (parcel.text, parcel.metadata) == ("here you are", {"channel": "c1"})
    assert result.attachments == parcel.attachments


async def test_an_ended_tree_leaves_nothing_behind():
    guard = DispatchGuard()
    child = agent("child", "fine")
    parent = agent("parent", call("delegate", agent="child", task="x"), "done")
    executor = Executor(agents=[child], guard=guard)
    await executor.run(parent, "go")
    assert guard.live == 0
    assert executor._kit.live == {}


async def test_a_run_id_in_use_is_refused():
    started, go_on = anyio.Event(), anyio.Event()

    @tool
    async def wait() -> str:
        """Wait."""
        started.set()
        await go_on.wait()
        return "ok"

    slow = agent("slow", Reply(calls=[("wait", {})]), "done", tools=[wait])
    async with Executor() as executor:
        first = executor.start(slow, Invocation("go", run_id="same"))
        await started.wait()
        second = await executor.run(agent("quick", "hi"), Invocation("go", run_id="same"))
        go_on.set()
        assert (await first.wait()).ok
    assert second.status is RunStatus.REJECTED
    assert "'same' goes on already" in str(second.error)


def test_two_agents_of_one_name_are_refused():
    with pytest.raises(SetupError, match="two agents are named 'a'"):
        Executor(agents=[agent("a"), agent("a")])
