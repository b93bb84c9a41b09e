"""Many calls at once: bounds, order, failures, streams, cancellation."""

from collections import Counter

import anyio
import pytest

from executus.errors import SetupError
from executus.fanout import matrix, swarm, swarm_stream
from executus.lane import FairQueue


class Probe:
    """A function that looks at how many of its calls run, at every step of each."""

    def __init__(self, limit, per_key):
        self.limit, self.per_key = limit, per_key
        self.running = Counter()
        self.most, self.most_of_a_key = 0, 0

    async def __call__(self, item):
        key = item[0]
        self.running[key] += 1
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
            self.most = max(self.most, self.running.total())
            self.most_of_a_key = max(self.most_of_a_key, *self.running.values())
            assert self.running.total() <= self.limit
            assert all(count <= self.per_key for count in self.running.values())
        self.running[key] -= 1
        return item


async def test_both_bounds_hold_at_every_instant_and_are_used():
    items = [(key, number) for key in "abcd" for number in range(25)]
    probe = Probe(limit=5, per_key=2)
    outcomes = await swarm(items, probe, limit=5, key=lambda item: item[0], per_key=2)
    assert [one.value for one in outcomes] == items
    assert (probe.most, probe.most_of_a_key) == (5, 2)


async def test_one_failing_item_loses_no_other_and_the_order_is_kept():
    async def fn(number):
        await anyio.lowlevel.checkpoint()
        if number % 3 == 0:
            raise ValueError(f"no {number}")
        return -number

    outcomes = await swarm(range(10), fn, limit=3)
    assert [one.index for one in outcomes] == list(range(10))
    assert [one.item for one in outcomes if not one.ok] == [0, 3, 6, 9]
    assert [one.unwrap() for one in outcomes if one.ok] == [-1, -2, -4, -5, -7, -8]
    with pytest.raises(ValueError, match="no 3"):
        outcomes[3].unwrap()


async def test_an_answer_of_none_is_a_value():
    async def fn(_):
        return None

    [one] = await swarm(["x"], fn)
    assert one.ok
    assert one.unwrap() is None


async def test_raising_ends_the_others_and_leaves_no_task():
    ended = []

    async def fn(number):
        try:
            if number == 2:
                raise ValueError("stop")
            await anyio.sleep_forever()
        finally:
            ended.append(number)

    with pytest.raises(ValueError, match="stop"):
        await swarm(range(100), fn, limit=4, on_error="raise")
    assert sorted(ended) == [0, 1, 2, 3]


async def test_outcomes_are_streamed_as_they_come():
    gates = [anyio.Event() for _ in range(3)]

    async def fn(number):
        await gates[number].wait()
        return number

    seen = []
    async with swarm_stream(range(3), fn) as outcomes:
        for number in (2, 0, 1):
            gates[number].set()
            seen.append((await anext(outcomes)).value)
        with pytest.raises(StopAsyncIteration):
            await anext(outcomes)
    assert seen == [2, 0, 1]


async def test_leaving_a_stream_early_cancels_what_still_runs():
    ended = []

    async def fn(number):
        try:
            if number:
                await anyio.sleep_forever()
        finally:
            ended.append(number)

    async with swarm_stream(range(50), fn, limit=3) as outcomes:
        assert (await anext(outcomes)).item == 0
    assert sorted(ended) == [0, 1, 2, 3]


async def test_cancelling_the_caller_leaves_no_task():
    ended, started = [], anyio.Event()

    async def fn(number):
        try:
            if number == 3:
                started.set()
            await anyio.sleep_forever()
        finally:
            ended.append(number)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: swarm(range(9), fn, limit=4))
        await started.wait()
        tasks.cancel_scope.cancel()
    assert sorted(ended) == [0, 1, 2, 3]


async def test_ten_thousand_items_never_have_more_tasks_than_slots(monkeypatch):
    waiting = []
    grant = FairQueue.grant
    monkeypatch.setattr(
        FairQueue, "grant", lambda self: waiting.append(self.waiting) or grant(self)
    )

    async def fn(number):
        return number

    outcomes = await swarm(range(10_000), fn, limit=2)
    assert len(outcomes) == 10_000
    assert waiting[0] == 10_000  # they wait as tickets, not as tasks
    assert waiting[1] == 9_998


async def test_a_matrix_has_a_row_per_model_and_a_column_per_lens():
    probe = Probe(limit=4, per_key=4)

    async def fn(model, lens):
        await probe((model, lens))
        if (model, lens) == ("m2", "style"):
            raise ValueError("dead model")
        return f"{model}:{lens}"

    table = await matrix(["m1", "m2", "m1"], ["bugs", "style"], fn, limit=4)
    assert [[cell.value for cell in row] for row in table] == [
        ["m1:bugs", "m1:style"],
        ["m2:bugs", None],
        ["m1:bugs", "m1:style"],  # equal rows are rows of their own
    ]
    assert table[1][1].item == ("m2", "style")
    assert str(table[1][1].error) == "dead model"


async def test_a_row_has_a_bound_of_its_own():
    probe = Probe(limit=9, per_key=1)
    await matrix(["a", "b", "c"], range(4), lambda r, c: probe((r, c)), limit=9, per_row=1)
    assert (probe.most, probe.most_of_a_key) == (3, 1)


async def test_nothing_to_do_is_done_at_once():
    assert await swarm([], anyio.sleep) == []
    assert await matrix(["a"], [], lambda r, c: anyio.sleep(0)) == [[]]


@pytest.mark.parametrize("bounds", [{"limit": 0}, {"per_key": 0}])
async def test_a_bound_below_one_is_refused(bounds):
    with pytest.raises(SetupError, match="at least 1"):
        await swarm([1], anyio.sleep, **bounds)
