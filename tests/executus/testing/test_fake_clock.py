from datetime import UTC, datetime, timedelta

import anyio
import pytest

from executus.testing import FakeClock
from majordomo.clock import Clock


def test_time_starts_where_the_test_says_and_moves_only_by_advance():
    start = datetime(2027, 5, 6, tzinfo=UTC)
    clock: Clock = FakeClock(start)
    assert (clock.monotonic(), clock.wall()) == (0.0, start)
    clock.advance(90)
    assert (clock.monotonic(), clock.wall()) == (90.0, start + timedelta(seconds=90))


def test_it_cannot_go_back():
    with pytest.raises(ValueError, match="back by 1 s"):
        FakeClock().advance(-1)


async def test_a_sleep_moves_the_time_at_once_and_is_recorded():
    clock = FakeClock()
    await clock.sleep(3600)
    await clock.sleep(0)
    await clock.sleep(-2)
    assert clock.monotonic() == 3600
    assert clock.sleeps == [3600, 0, -2]


async def test_a_sleep_yields_and_is_a_cancellation_point():
    clock, order = FakeClock(), []
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: note(order, "other"))
        for _ in range(2):  # trio runs the tasks that are ready in any order
            await clock.sleep(0)
        order.append("slept")
    assert order == ["other", "slept"]
    with anyio.CancelScope() as scope:
        scope.cancel()
        await clock.sleep(0)
        pytest.fail("the sleep was not cancelled")


async def note(order, word):
    order.append(word)


async def test_without_auto_advance_a_sleep_waits_for_the_test():
    clock, woken = FakeClock(auto_advance=False), []

    async def sleeper(seconds):
        await clock.sleep(seconds)
        woken.append(seconds)

    async with anyio.create_task_group() as group:
        for seconds in (5, 2, 9):
            group.start_soon(sleeper, seconds)
        await anyio.wait_all_tasks_blocked()
        assert (woken, clock.monotonic()) == ([], 0)
        clock.advance(1.5)
        await anyio.wait_all_tasks_blocked()
        assert woken == []
        clock.advance(0.5)
        await anyio.wait_all_tasks_blocked()
        assert woken == [2]
        clock.advance(7)
    assert sorted(woken) == [2, 5, 9]


async def test_a_cancelled_sleeper_is_forgotten():
    clock = FakeClock(auto_advance=False)
    async with anyio.create_task_group() as group:
        group.start_soon(clock.sleep, 5)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert not clock._sleepers


async def test_a_deadline_cancels_its_body_when_the_time_is_reached():
    clock = FakeClock()
    with clock.deadline(10) as scope:
        await clock.sleep(9.5)
        assert not scope.cancel_called
        await clock.sleep(0.5)
        pytest.fail("the deadline did not cancel")
    assert scope.cancelled_caught


async def test_advancing_ends_a_body_that_waits_for_something_else():
    clock = FakeClock()
    async with anyio.create_task_group() as group:

        async def move():
            await anyio.wait_all_tasks_blocked()
            clock.advance(10)

        group.start_soon(move)
        with clock.deadline(10) as scope:
            await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_deadline_counts_from_its_entry_not_from_its_making():
    clock = FakeClock()
    deadline = clock.deadline(10)
    clock.advance(9)
    with deadline as scope:
        await clock.sleep(9)
    assert not scope.cancel_called


async def test_no_deadline_never_cancels():
    clock = FakeClock()
    with clock.deadline(None) as scope:
        await clock.sleep(1e12)
    assert not scope.cancel_called


@pytest.mark.parametrize("seconds", [0, -1])
async def test_a_deadline_of_nothing_cancels_at_the_first_checkpoint(seconds):
    with FakeClock().deadline(seconds) as scope:
        reached = True
        await anyio.lowlevel.checkpoint()
        pytest.fail("not cancelled")
    assert reached
    assert scope.cancelled_caught


async def test_a_closed_deadline_is_no_longer_cancelled():
    clock = FakeClock()
    with clock.deadline(1) as scope:
        pass
    clock.advance(5)
    assert not scope.cancel_called


async def test_errors_pass_through_a_deadline():
    clock = FakeClock()
    with pytest.raises(KeyError), clock.deadline(1):
        raise KeyError
    assert not clock._deadlines


async def test_the_inner_of_two_deadlines_ends_first():
    clock = FakeClock()
    with clock.deadline(10) as outer:
        with clock.deadline(2) as inner:
            await clock.sleep(3)
        assert inner.cancelled_caught
    assert not outer.cancel_called
