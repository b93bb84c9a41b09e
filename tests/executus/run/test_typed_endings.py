"""What ends a run has one type and one sentence, whichever place noticed it."""

import pickle

import anyio
import pytest

from executus import BudgetExceeded, Executor, Invocation, Ports, RunError, RunnableAgent, RunStatus
from executus.errors import RunStopped, SetupError
from executus.run import MemoryCheckpointer, Phase, RunCancelled
from majordomo.builtin import default_registry
from majordomo.llm import Target, Usage, tool
from majordomo.models import ModelRegistry
from majordomo.providers.fake import FakeProvider, Hang, Reply


@tool(inline=True)
def look(n: int) -> int:
    """Look something up."""
    return n


class CoinsSpent(BudgetExceeded):
    """A host's own error, with what its page shows."""

    def __init__(self, coins):
        self.coins = coins
        super().__init__(f"{coins} coins are missing")


class Purse:
    """Refuses at one of its two places."""

    def __init__(self, place):
        self.place = place

    async def reserve(self, info):
        if self.place == "before":
            raise CoinsSpent(3)

    async def extend(self, run_id, usage, cost):
        raise CoinsSpent(3)

    async def commit(self, run_id, usage, cost): ...
    async def release(self, run_id): ...


@pytest.mark.parametrize(
    ("place", "status", "action"),
    [("before", RunStatus.REJECTED, "refused"), ("between", RunStatus.FAILED, "stopped")],
)
async def test_a_budget_ends_a_run_with_its_own_error_wherever_it_is_asked(place, status, action):
    provider, events = FakeProvider(), []
    usage = Usage(input=1, output=1, requests=1)
    provider.enqueue("m", Reply(calls=[("look", {"n": 1})], usage=usage), "done")
    agent = RunnableAgent(model=provider.model("m"), tools=[look])
    executor = Executor(ports=Ports(budget=Purse(place)), on_event=events.append)
    result = await executor.run(agent, "go")
    assert result.status is status
    assert isinstance(result.error, CoinsSpent)
    assert result.error.coins == 3
    told = [(e.action, e.reason) for e in events if e.kind == "budget" and e.reason]
    assert told == [(action, "3 coins are missing")]


async def test_a_cancelled_run_says_so_in_one_sentence_and_has_a_type():
    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("look", {"n": 1})]), Hang())
    agent, events = RunnableAgent(model=provider.model("m"), tools=[look]), []
    async with Executor(on_event=events.append).stream(agent, "go") as run:
        while len(provider.requests) < 2:
            await anyio.lowlevel.checkpoint()
        run.cancel()
        result = await run.wait()
    assert result.status is RunStatus.CANCELLED
    assert isinstance(result.error, RunCancelled)
    assert isinstance(result.error, RunStopped)
    assert str(result.error) == "the run was cancelled before it had its answer"
    assert isinstance(result.error.__cause__, anyio.get_cancelled_exc_class())
    assert events[-1].error == str(result.error)
    assert str(pickle.loads(pickle.dumps(result.error))) == str(result.error)
    with pytest.raises(RunError, match="cancelled: the run was cancelled before"):
        result.raise_for_error()


async def test_a_cancellation_still_goes_on_to_the_caller():
    ended = []

    class Record:
        wants = frozenset()

        async def start_run(self, info): ...
        def emit(self, event): ...
        async def close_run(self, info, result):
            ended.append(result.error)

    provider = FakeProvider()
    provider.enqueue("m", Hang())
    executor = Executor(ports=Ports(audit=Record()))
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(executor.run, RunnableAgent(model=provider.model("m")), "go")
            while not provider.requests:
                await anyio.lowlevel.checkpoint()
            scope.cancel()
    assert scope.cancelled_caught
    assert [type(error) for error in ended] == [RunCancelled]


async def test_what_is_no_cancellation_is_named():
    class Leaving(BaseException):
        """A signal, say."""

    @tool(inline=True)
    async def leave() -> str:
        """Leave."""
        raise Leaving

    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("leave", {})]))
    agent = RunnableAgent(model=provider.model("m"), tools=[leave])
    seen = []
    with pytest.raises(Leaving):
        await Executor(on_event=seen.append).run(agent, "go")
    assert seen[-1].status == "cancelled"
    assert seen[-1].error == "the run was cancelled by Leaving before it had its answer"


async def test_a_missing_key_rejects_a_run_before_anything_is_done():
    journals, events = MemoryCheckpointer(), []
    executor = Executor(
        models=default_registry({}), ports=Ports(checkpointer=journals), on_event=events.append
    )
    asked = Invocation("go", run_id="r")
    result = await executor.run(RunnableAgent(model="openai/gpt-6-sol"), asked)
    assert result.status is RunStatus.REJECTED
    assert str(result.error) == "openai/gpt-6-sol is not set up: set OPENAI_API_KEY"
    assert isinstance(result.error.__cause__, SetupError)
    assert await journals.load("r") == ()
    assert [event.stage for event in events if event.kind == "stage"] == [
        "identify",
        "admit",
        "resolve",
        "close",
    ]


async def test_a_later_phases_missing_key_is_told_before_the_first_one_is_paid_for():
    provider = FakeProvider()
    phases = [
        Phase(name="plan", model=provider.model("m")),
        Phase(name="write", model="openai/gpt-6-sol"),
    ]
    result = await Executor(models=default_registry({})).run(RunnableAgent(phases=phases), "go")
    assert result.status is RunStatus.REJECTED
    assert "OPENAI_API_KEY" in str(result.error)
    assert provider.requests == []


async def test_a_chain_of_which_one_target_can_be_asked_runs():
    provider = FakeProvider(name="mine")
    provider.enqueue("m", "fine")
    registry = default_registry({})
    registry.register("mine", provider)
    result = await Executor(models=registry).run(
        RunnableAgent(model="openai/gpt-6-sol,mine/m"), "go"
    )
    assert result.output == "fine"


async def test_a_providers_model_that_lacks_something_rejects_the_run():
    class Half:
        target = Target("half", "m")

    class HalfProvider:
        name = "half"

        def model(self, model_id):
            return Half()

    registry = ModelRegistry()
    registry.register("half", HalfProvider())
    result = await Executor(models=registry).run(RunnableAgent(model="half/m"), "go")
    assert result.status is RunStatus.REJECTED
    assert "has no capabilities (a Model has target, capabilities" in str(result.error)
