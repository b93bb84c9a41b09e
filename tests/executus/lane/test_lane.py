"""Slots over real tasks: waiting, cancelling, timing out, several event loops."""

import threading

import anyio
import pytest

from executus.errors import RunRejected, SetupError
from executus.lane import Lane, LaneFull, LaneTimeout
from executus.testing import FakeClock


async def hold(lane, key, release, *, started=None, log=None):
    async with lane.slot(key):
        if log is not None:
            log.append(key)
        if started is not None:
            started.set()
        await release.wait()


async def settle():
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


async def test_no_more_run_at_once_than_there_are_slots():
    lane, now, most = Lane(3), 0, 0

    async def work(key):
        nonlocal now, most
        async with lane.slot(key):
            now += 1
            most = max(most, now)
            await settle()
            now -= 1

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(work, f"k{number % 4}")
    assert most == 3
    assert (lane.snapshot().running, lane.snapshot().waiting) == (0, 0)


async def test_a_snapshot_tells_who_runs_and_who_waits():
    lane, release = Lane(1, name="runs"), anyio.Event()
    async with anyio.create_task_group() as tasks:
        for key in ("ann", "bob", "bob"):
            tasks.start_soon(hold, lane, key, release)
        await settle()
        seen = lane.snapshot()
        release.set()
    assert (seen.name, seen.limit, seen.running, seen.waiting) == ("runs", 1, 1, 2)
    assert sum(running for running, _ in seen.keys.values()) == 1
    assert sum(waiting for _, waiting in seen.keys.values()) == 2


async def test_a_full_lane_refuses_at_once_in_a_sentence():
    lane, release = Lane(1, name="runs", max_waiting=1), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold, lane, "ann", release)
        tasks.start_soon(hold, lane, "ann", release)
        await settle()
        with pytest.raises(LaneFull, match="lane 'runs' gave 'bob' no slot: 1 requests wait"):
            async with lane.slot("bob"):
                pytest.fail("there is no slot")
        assert lane.snapshot().waiting == 1
        release.set()
    assert issubclass(LaneFull, RunRejected)


async def test_waiting_ends_after_its_time_and_the_place_in_the_queue_is_given_up():
    clock = FakeClock()
    lane, release, started = Lane(1, wait_timeout_s=5, clock=clock), anyio.Event(), anyio.Event()

    async def wait():
        with pytest.raises(LaneTimeout, match="none came free within 5 s"):
            async with lane.slot("bob"):
                pytest.fail("there is no slot")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: hold(lane, "ann", release, started=started))
        await started.wait()
        tasks.start_soon(wait)
        await settle()
        clock.advance(5)
        await settle()
        assert lane.snapshot().waiting == 0
        release.set()
    assert lane.snapshot().running == 0


async def test_a_waiter_that_is_cancelled_leaves_the_queue():
    lane, release, started = Lane(1), anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: hold(lane, "ann", release, started=started))
        await started.wait()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as inner:
                inner.start_soon(hold, lane, "bob", release)
                await settle()
                assert lane.snapshot().waiting == 1
                scope.cancel()
        assert lane.snapshot().waiting == 0
        release.set()
    assert lane.snapshot().running == 0


async def test_a_slot_granted_in_the_moment_of_the_cancel_goes_to_the_next():
    lane, release, log = Lane(1), anyio.Event(), []
    async with anyio.create_task_group() as tasks:
        first = anyio.CancelScope()
        started = anyio.Event()

        async def holder():
            with first:
                await hold(lane, "ann", anyio.Event(), started=started)

        tasks.start_soon(holder)
        await started.wait()
        second = anyio.CancelScope()

        async def waiter():
            with second:
                await hold(lane, "bob", release, log=log)

        tasks.start_soon(waiter)
        await settle()
        tasks.start_soon(lambda: hold(lane, "cid", release, log=log))
        await settle()
        first.cancel()  # grants bob …
        second.cancel()  # … who is gone before he can take it
        await settle()
        assert log == ["cid"]
        release.set()
    assert (lane.snapshot().running, lane.snapshot().waiting) == (0, 0)


async def test_a_cancelled_caller_is_cancelled_even_when_a_slot_is_free():
    lane, entered = Lane(1), False
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with lane.slot():
            entered = True
    assert not entered
    assert lane.snapshot().running == 0


def test_one_lane_serves_several_event_loops():
    lane, most, lock = Lane(2), 0, threading.Lock()
    now = 0

    async def work(key):
        nonlocal now, most
        for _ in range(30):
            async with lane.slot(key):
                with lock:
                    now += 1
                    most = max(most, now)
                await settle()
                with lock:
                    now -= 1

    async def main(key):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(work, key)

    threads = [
        threading.Thread(target=anyio.run, args=(main, f"t{n}"), kwargs={"backend": backend})
        for n, backend in enumerate(("asyncio", "trio", "asyncio"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
    assert (lane.snapshot().running, lane.snapshot().waiting) == (0, 0)


@pytest.mark.parametrize(
    "options",
    [{"limit": 0}, {"limit": 1, "per_key": 0}, {"limit": 1, "max_waiting": -1}],
)
def test_a_figure_out_of_range_is_refused(options):
    with pytest.raises(SetupError, match="must be at least 1"):
        Lane(**options)


@pytest.mark.parametrize("weight", [0, -1, float("inf"), float("nan")])
def test_a_weight_is_above_nought(weight):
    with pytest.raises(SetupError, match="the weight of 'a' must be above 0"):
        Lane(1, weights={"a": weight})
