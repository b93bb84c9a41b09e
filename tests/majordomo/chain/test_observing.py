"""`observing`: a task hears of the chains it asks, and of no others."""

import logging

import anyio
import pytest
from failover import ASK, Rig, error

from majordomo.chain import Attempt, ChainExhausted, Success, observing

HOWS = ["complete", "stream"]


def kinds(events):
    return [type(event).__name__ for event in events]


@pytest.mark.parametrize("how", HOWS)
async def test_an_observer_hears_what_is_asked_within_its_block(how):
    rig, heard = Rig().script(a=[error(), error()]), []
    with observing(heard.append):
        await rig.ask(how)
    assert heard == rig.events
    assert kinds(heard) == ["Attempt", "Retry", "Attempt", "Bench", "Advance", "Attempt", "Success"]
    await rig.ask(how)
    assert len(heard) == 7
    assert len(rig.events) > 7


async def test_a_chain_without_an_observer_of_its_own_is_heard_too():
    rig, heard = Rig("a", observer=None), []
    with observing(heard.append):
        await rig.ask("complete")
    assert kinds(heard) == ["Attempt", "Success"]


async def test_blocks_within_each_other_are_all_told_the_outermost_first():
    order = []
    rig = Rig("a", observer=lambda event: order.append(("chain", type(event))))
    with observing(lambda event: order.append(("outer", type(event)))):
        with observing(lambda event: order.append(("inner", type(event)))):
            await rig.ask("complete")
        assert order == [
            (who, kind) for kind in (Attempt, Success) for who in ("chain", "outer", "inner")
        ]
        order.clear()
        await rig.ask("complete")
    assert {who for who, _ in order} == {"chain", "outer"}


async def test_tasks_that_share_a_chain_hear_only_their_own():
    rig, heard = Rig("a"), {"one": [], "two": [], "none": []}
    turns = {"one": 1, "two": 3}

    async def work(name):
        with observing(heard[name].append):
            for _ in range(turns[name]):
                await rig.ask("complete")

    async with anyio.create_task_group() as tasks:
        for name in turns:
            tasks.start_soon(work, name)
    assert {name: len(events) for name, events in heard.items()} == {"one": 2, "two": 6, "none": 0}
    assert len(rig.events) == 8


async def test_a_task_started_within_the_block_is_heard():
    rig, heard = Rig("a"), []
    async with anyio.create_task_group() as tasks:
        with observing(heard.append):
            tasks.start_soon(rig.ask, "complete")
    assert kinds(heard) == ["Attempt", "Success"]


async def test_a_block_left_by_an_error_stops_hearing():
    rig, heard = Rig("a").script(a=[error(), error()]), []
    with pytest.raises(ChainExhausted), observing(heard.append):
        await rig.ask("complete")
    count = len(heard)
    assert count
    await Rig("a").ask("complete")
    assert len(heard) == count


@pytest.mark.parametrize("how", HOWS)
async def test_an_observer_that_fails_is_logged_and_disturbs_nobody(how, caplog):
    rig, heard = Rig("a"), []

    def failing(event):
        raise ZeroDivisionError

    with observing(failing), observing(heard.append):
        assert (await rig.ask(how)).text
    assert kinds(heard) == ["Attempt", "Success"]
    assert [(r.name, r.levelno) for r in caplog.records] == [("majordomo.chain", logging.ERROR)] * 2
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


async def test_a_wrapped_chain_is_heard_through_its_wrapper():
    rig, heard = Rig("a"), []

    class Wrapper:
        async def complete(self, request):
            return await rig.chain.complete(request)

    with observing(heard.append):
        await Wrapper().complete(ASK)
    assert kinds(heard) == ["Attempt", "Success"]
