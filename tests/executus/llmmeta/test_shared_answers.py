"""Answers that are remembered and shared: bounded, and nobody is lost when one who asks goes."""

import anyio
import pytest

from executus.llmmeta.cache import SharedAnswers


class Oracle:
    def __init__(self):
        self.asked = 0
        self.gate = anyio.Event()

    async def __call__(self):
        self.asked += 1
        await self.gate.wait()
        return f"answer {self.asked}"


async def test_the_least_recently_used_answer_goes_first():
    shared = SharedAnswers(2)
    asked = []

    async def ask_of(key):
        async def ask():
            asked.append(key)
            return key

        return await shared.get(key, ask)

    for key in ["a", "b", "a", "c", "a", "b"]:
        assert await ask_of(key) == key
    assert asked == ["a", "b", "c", "b"]
    assert len(shared) == 2


async def test_none_are_remembered_where_there_is_no_room():
    shared = SharedAnswers(0)
    oracle = Oracle()
    oracle.gate.set()
    assert [await shared.get("k", oracle) for _ in range(2)] == ["answer 1", "answer 2"]


async def test_equal_questions_at_once_are_one_request():
    shared, oracle, got = SharedAnswers(8), Oracle(), []

    async def ask():
        got.append(await shared.get("k", oracle))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        oracle.gate.set()
    assert got == ["answer 1"] * 20


async def test_when_the_one_who_asks_is_cancelled_another_asks():
    shared, oracle, got = SharedAnswers(8), Oracle(), []

    async def ask():
        got.append(await shared.get("k", oracle))

    async with anyio.create_task_group() as others:
        async with anyio.create_task_group() as first:
            first.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            for _ in range(3):
                others.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            assert oracle.asked == 1
            first.cancel_scope.cancel()
        await anyio.wait_all_tasks_blocked()
        assert oracle.asked == 2
        oracle.gate.set()
    assert got == ["answer 2"] * 3


async def test_a_failure_is_told_to_all_who_wait_and_then_forgotten():
    shared, gate, failed = SharedAnswers(8), anyio.Event(), []

    async def ask():
        await gate.wait()
        raise LookupError("no")

    async def wait():
        try:
            await shared.get("k", ask)
        except LookupError as error:
            failed.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        gate.set()
    assert len(failed) == 3
    oracle = Oracle()
    oracle.gate.set()
    assert await shared.get("k", oracle) == "answer 1"


async def test_none_is_an_answer():
    shared = SharedAnswers(8)
    asked = []

    async def ask():
        asked.append(1)

    assert [await shared.get("k", ask) for _ in range(2)] == [None, None]
    assert asked == [1]


async def test_an_asker_that_is_cancelled_leaves_nothing_behind():
    shared = SharedAnswers(8)
    with pytest.raises(RuntimeError):
        await shared.get("k", _boom)
    with anyio.move_on_after(0):
        await shared.get("k", Oracle())
    assert shared._flights == {}


async def _boom():
    raise RuntimeError("x")
