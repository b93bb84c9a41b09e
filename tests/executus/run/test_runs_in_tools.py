"""Runs that tools begin by themselves, under a lane that has no slot left for them."""

import anyio
import pytest

from executus import Executor, RunnableAgent
from executus.lane import Lane
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Reply

INNER = RunnableAgent(name="inner", model="fake")


def boss_with(work):
    provider = FakeProvider()
    provider.enqueue("boss", Reply(calls=[("work", {})]), "done")
    return RunnableAgent(name="boss", model=provider.model("boss"), tools=[work])


class House:
    """An executor whose only slot its boss holds, and the ways in which a tool runs another."""

    def __init__(self, lane, inner=None):
        self.executor = Executor(lane=lane)
        self.inner = inner or self.executor

    def sync(self):
        @tool
        def work() -> str:
            """Work."""
            return self.inner.run_sync(INNER, "hello").output

        return work

    def asynchronous(self):
        @tool
        async def work() -> str:
            """Work."""
            return (await self.inner.run(INNER, "hello")).answer

        return work

    def streamed(self):
        @tool
        async def work() -> str:
            """Work."""
            async with self.inner.stream(INNER, "hello") as run:
                return (await run.wait()).output

        return work

    def twice(self):
        """A run whose tool begins a run whose tool begins a run."""

        @tool
        def work() -> str:
            """Work."""
            return self.inner.run_sync(boss_with(self.sync()), "hello").steps[0].results[0].text

        return work


@pytest.mark.parametrize("how", ["sync", "asynchronous", "streamed", "twice"])
async def test_a_tool_may_wait_for_a_run_though_its_own_run_holds_the_last_slot(how):
    lane = Lane(1)
    house = House(lane)
    result = await house.executor.run(boss_with(getattr(house, how)()), "go")
    assert (result.output, result.steps[0].results[0].text) == ("done", "hello")
    assert (lane.snapshot().running, lane.snapshot().waiting) == (0, 0)


async def test_executors_that_share_a_lane_do_not_wait_for_each_other_either():
    lane = Lane(1)
    house = House(lane, inner=Executor(lane=lane))
    result = await house.executor.run(boss_with(house.sync()), "go")
    assert result.steps[0].results[0].text == "hello"


def test_a_run_on_the_librarys_own_thread_does_not_wait_for_itself():
    house = House(Lane(1))
    result = house.executor.run_sync(boss_with(house.sync()), "go")
    assert result.steps[0].results[0].text == "hello"


async def test_another_lane_still_counts():
    other = Lane(1, max_waiting=0)
    house = House(Lane(1), inner=Executor(lane=other))
    async with other.slot("somebody"):
        result = await house.executor.run(boss_with(house.asynchronous()), "go")
    assert "come back later" in result.steps[0].results[0].text


async def test_a_run_that_a_tool_leaves_behind_takes_a_slot_of_its_own():
    lane, left = Lane(1), []
    executor = Executor(lane=lane)

    @tool
    async def work() -> str:
        """Work."""
        left.append(executor.start(INNER, "hello"))
        while not lane.snapshot().waiting:
            await anyio.lowlevel.checkpoint()
        return "left behind"

    async with executor:
        result = await executor.run(boss_with(work), "go")
        assert result.steps[0].results[0].text == "left behind"
        assert (await left[0].wait()).output == "hello"


async def test_after_a_run_its_callers_next_one_waits_again():
    lane = Lane(1, max_waiting=0)
    executor = Executor(lane=lane)
    assert (await executor.run(INNER, "hello")).ok
    async with lane.slot("somebody"):
        assert (await executor.run(INNER, "hello")).status == "rejected"


async def test_a_worker_that_outlives_the_run_it_was_begun_in_waits_again():
    lane, (send, take), done = Lane(1, max_waiting=0), anyio.create_memory_object_stream(1), []
    executor = Executor(lane=lane)

    async def worker():
        async for agent in take:
            done.append(await executor.run(agent, "hello"))
            host.cancel_scope.cancel()

    @tool
    async def work() -> str:
        """Work."""
        host.start_soon(worker)
        return "begun"

    with send, take:
        async with anyio.create_task_group() as host:
            assert (await executor.run(boss_with(work), "go")).output == "done"
            async with lane.slot("somebody"):
                await send.send(INNER)
                await anyio.sleep_forever()
    assert [result.status for result in done] == ["rejected"]
