from datetime import UTC, datetime

import anyio
import pytest

from majordomo.clock import SYSTEM_CLOCK, Clock, SystemClock


def test_wall_time_is_aware_utc_and_now():
    before = datetime.now(UTC)
    now = SYSTEM_CLOCK.wall()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset().total_seconds() == 0


def test_monotonic_time_moves_forward():
    clock: Clock = SystemClock()
    first = clock.monotonic()
    while clock.monotonic() == first:
        pass
    assert clock.monotonic() > first


async def test_sleep_takes_its_time():
    start = anyio.current_time()
    await SYSTEM_CLOCK.sleep(0.01)
    assert anyio.current_time() - start >= 0.009


@pytest.mark.parametrize("seconds", [0, -5])
async def test_a_sleep_of_nothing_still_yields(seconds):
    order = []

    async def other():
        order.append("other")

    async with anyio.create_task_group() as group:
        group.start_soon(other)
        for _ in range(2):  # trio runs the tasks that are ready in any order
            await SYSTEM_CLOCK.sleep(seconds)
        order.append("slept")
    assert order == ["other", "slept"]


async def test_a_deadline_cancels_a_body_that_takes_longer():
    with SYSTEM_CLOCK.deadline(0.01) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_deadline_of_nothing_cancels_at_the_first_checkpoint():
    with SYSTEM_CLOCK.deadline(0) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_no_deadline_never_cancels():
    with SYSTEM_CLOCK.deadline(None) as scope:
        await anyio.lowlevel.checkpoint()
    assert not scope.cancel_called
    assert scope.deadline == float("inf")
