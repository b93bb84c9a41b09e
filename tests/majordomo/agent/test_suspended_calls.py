"""A call whose answer comes later stops the loop between two steps, with nothing lost."""

import pytest

from majordomo.agent import Agent, Loop, LoopLimits, LoopSuspended, StepFinished, as_message, drive
from majordomo.llm import CallSuspended, Toolbox, ToolResultPart, tool
from majordomo.llm.outputtype import OutputType
from majordomo.providers.fake import FakeProvider, Reply


class Approvals:
    """Executes calls; those of `careful` wait until they are allowed."""

    def __init__(self):
        self.allowed = set()
        self.done = []

    async def execute(self, call):
        if call.name == "careful" and call.id not in self.allowed:
            raise CallSuspended
        self.done.append(call.name)
        return ToolResultPart(call_id=call.id, name=call.name, text=f"did {call.name}")


@tool
async def careful() -> str:
    """Needs an approval."""
    return ""


@tool
async def plain() -> str:
    """Needs none."""
    return ""


def make_loop(host, *, parallel=1):
    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("careful", {}), ("plain", {}), ("careful", {})]), "done")
    events = []
    loop = Loop(
        model=provider.model("m"),
        messages=[as_message("go")],
        output=OutputType(str),
        execute=host.execute,
        tools=(careful, plain),
        limits=LoopLimits(max_parallel_tools=parallel),
        emit=events.append,
    )
    return loop, events


@pytest.mark.parametrize("parallel", [1, 3])
async def test_the_other_calls_of_the_step_are_made_and_kept(parallel):
    host = Approvals()
    loop, _ = make_loop(host, parallel=parallel)
    with pytest.raises(LoopSuspended) as caught:
        await drive(loop)
    assert [call.name for call in caught.value.pending] == ["careful", "careful"]
    assert [result.text for result in caught.value.answered] == ["did plain"]
    assert len(caught.value.partial.messages) == 2
    assert "waits for the answer to careful, careful" in str(caught.value)
    assert host.done == ["plain"]


@pytest.mark.parametrize("parallel", [1, 3])
async def test_driven_again_only_the_open_calls_are_made(parallel):
    host = Approvals()
    loop, events = make_loop(host, parallel=parallel)
    with pytest.raises(LoopSuspended) as caught:
        await drive(loop)
    host.allowed = {caught.value.pending[0].id}
    with pytest.raises(LoopSuspended) as again:
        await drive(loop)
    assert [call.id for call in again.value.pending] == [caught.value.pending[1].id]
    host.allowed.add(again.value.pending[0].id)
    result = await drive(loop)
    assert result.output == "done"
    assert host.done == ["plain", "careful", "careful"]
    asked = [call.id for call in result.messages[1].tool_calls]
    assert [part.call_id for part in result.messages[2].tool_results] == asked
    assert len([event for event in events if isinstance(event, StepFinished)]) == 2


async def test_an_answer_that_came_from_elsewhere_is_taken_as_it_is():
    host = Approvals()
    loop, _ = make_loop(host)
    with pytest.raises(LoopSuspended) as caught:
        await drive(loop)
    for call in caught.value.pending:
        loop.answered[call.id] = ToolResultPart(call_id=call.id, name=call.name, text="no")
    result = await drive(loop)
    assert [part.text for part in result.messages[2].tool_results] == ["no", "did plain", "no"]
    assert host.done == ["plain"]


async def test_a_tool_itself_may_put_off_its_answer():
    @tool
    async def ask_somebody() -> str:
        """Asks a person."""
        raise CallSuspended

    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("ask_somebody", {})]))
    agent = Agent(provider.model("m"), tools=[ask_somebody])
    with pytest.raises(LoopSuspended, match="ask_somebody"):
        await agent.run("go")


async def test_a_gate_is_asked_before_each_model_call_and_what_it_raises_ends_the_run():
    class Closed(Exception):
        pass

    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("plain", {})]), "never asked")
    box = Toolbox([plain])
    seen = []

    async def gate():
        seen.append(len(loop.messages))
        if len(seen) == 2:
            raise Closed

    loop = Loop(
        model=provider.model("m"),
        messages=[as_message("go")],
        output=OutputType(str),
        execute=box.execute,
        tools=(plain,),
        gate=gate,
    )
    with pytest.raises(Closed):
        await drive(loop)
    assert seen == [1, 3]
    assert loop.asked == 1
