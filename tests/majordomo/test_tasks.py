import asyncio
import contextvars
import gc
import subprocess
import sys
import threading

import anyio
import pytest

from majordomo import tasks
from majordomo.tasks import (
    OwnedTask,
    TaskCancelled,
    TaskOwner,
    call_soon,
    close_with_loop,
    current_loop,
    finish,
    run_sync,
)

only_asyncio = pytest.mark.parametrize("anyio_backend", ["asyncio"])


class Close:
    """A close stage that the test lets go on."""

    def __init__(self, result="closed"):
        self.started = anyio.Event()
        self.go_on = anyio.Event()
        self.ended = False
        self.result = result

    async def __call__(self):
        self.started.set()
        await self.go_on.wait()
        await anyio.lowlevel.checkpoint()
        self.ended = True
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


# finish


async def test_finish_returns_what_the_work_returned():
    close = Close()
    close.go_on.set()
    assert await finish(close) == "closed"


async def test_finish_raises_what_the_work_raised():
    close = Close(KeyError("x"))
    close.go_on.set()
    with pytest.raises(KeyError):
        await finish(close)


async def test_a_cancelled_scope_waits_for_the_work_to_finish():
    close, after = Close(), []
    async with anyio.create_task_group() as group:

        async def run():
            await finish(close)
            await anyio.lowlevel.checkpoint()
            after.append("went on")

        group.start_soon(run)
        await close.started.wait()
        group.cancel_scope.cancel()
        close.go_on.set()
    assert close.ended
    assert after == []


async def test_work_that_starts_in_a_cancelled_scope_runs_to_its_end():
    close = Close()
    close.go_on.set()
    with anyio.CancelScope() as scope:
        scope.cancel()
        try:
            await anyio.lowlevel.checkpoint()
        finally:
            result = await finish(close)
    assert result == "closed"
    assert scope.cancelled_caught


@only_asyncio
@pytest.mark.parametrize("result", ["closed", KeyError("the cancellation wins over this")])
async def test_two_native_cancels_wait_for_the_work_and_then_take_effect(result):
    close = Close(result)
    task = asyncio.get_running_loop().create_task(finish(close))
    await close.started.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
    close.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert close.ended
    assert task.cancelled()


# OwnedTask and TaskOwner


async def test_an_owned_task_hands_over_its_result():
    async with OwnedTask(lambda: give(7)) as task:
        assert await task.wait() == 7
        assert task.done


async def give(value):
    await anyio.lowlevel.checkpoint()
    return value


async def test_an_owned_task_keeps_its_error_for_wait():
    async with OwnedTask(fail) as task:
        with pytest.raises(KeyError):
            await task.wait()
    with pytest.raises(KeyError):
        await task.wait()


async def fail():
    await anyio.lowlevel.checkpoint()
    raise KeyError("boom")


async def test_an_error_nobody_waits_for_does_not_break_the_owner():
    async with OwnedTask(fail) as task:
        await anyio.wait_all_tasks_blocked()
    assert task.done


async def test_leaving_the_block_cancels_what_runs_and_waits_for_it():
    ended = []

    async def work():
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    async with OwnedTask(work) as task:
        await anyio.wait_all_tasks_blocked()
    assert ended == [True]
    with pytest.raises(TaskCancelled):
        await task.wait()


async def test_the_owners_own_error_comes_out_unwrapped_after_the_task_has_ended():
    task = OwnedTask(anyio.sleep_forever)
    with pytest.raises(ZeroDivisionError):
        await break_while_owning(task)
    assert task.done


async def break_while_owning(task):
    async with task:
        await anyio.wait_all_tasks_blocked()
        raise ZeroDivisionError


async def test_the_owners_error_wins_over_the_tasks():
    with pytest.raises(ZeroDivisionError):
        await break_while_owning(OwnedTask(fail))


async def test_a_cancelled_owner_ends_its_task():
    task = OwnedTask(anyio.sleep_forever)
    with anyio.CancelScope() as scope:
        async with task:
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert task.done


async def test_cancel_ends_the_task_and_wait_says_so():
    async with OwnedTask(anyio.sleep_forever) as task:
        await anyio.wait_all_tasks_blocked()
        assert not task.done
        task.cancel()
        with pytest.raises(TaskCancelled):
            await task.wait()


async def test_cancel_before_the_first_step_ends_the_task_too():
    async with OwnedTask(anyio.sleep_forever) as task:
        task.cancel()
        with pytest.raises(TaskCancelled):
            await task.wait()


async def test_cancel_after_the_end_keeps_the_result():
    async with OwnedTask(lambda: give("kept")) as task:
        await task.wait()
        task.cancel()
        assert await task.wait() == "kept"


async def test_an_owner_has_many_tasks_each_with_its_own_fate():
    async with TaskOwner() as owner:
        good = owner.start(lambda: give(1))
        bad = owner.start(fail)
        endless = owner.start(anyio.sleep_forever)
        assert await good.wait() == 1
        with pytest.raises(KeyError):
            await bad.wait()
        assert not endless.done
    with pytest.raises(TaskCancelled):
        await endless.wait()


async def test_an_owner_forgets_tasks_that_have_ended():
    async with TaskOwner() as owner:
        for _ in range(3):
            await owner.start(lambda: give(1)).wait()
        await anyio.wait_all_tasks_blocked()
        assert not owner._tasks


# current_loop and call_soon


async def test_a_thread_reaches_a_loop_through_its_key():
    called, loop = anyio.Event(), current_loop()
    assert hash(loop) == hash(current_loop())
    thread = threading.Thread(target=call_soon, args=(loop, called.set))
    thread.start()
    await called.wait()
    thread.join()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_for_a_loop_that_has_ended_is_dropped(backend):
    async def main():
        return current_loop()

    call_soon(anyio.run(main, backend=backend), lambda: pytest.fail("called"))


def test_no_loop_is_an_error():
    with pytest.raises(RuntimeError):
        current_loop()


# run_sync


async def add(a, b):
    await anyio.lowlevel.checkpoint()
    return a + b


def test_run_sync_returns_the_result_without_a_loop():
    assert run_sync(add, 1, 2) == 3


async def test_run_sync_works_inside_a_running_loop():
    assert run_sync(add, 1, 2) == 3


def test_run_sync_raises_what_the_coroutine_raised():
    with pytest.raises(KeyError):
        run_sync(fail)


def test_run_sync_carries_the_callers_context():
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("mine")

    async def read():
        await anyio.lowlevel.checkpoint()
        return variable.get()

    assert run_sync(read) == "mine"


def test_run_sync_from_two_threads_overlaps():
    events, results = [], []

    async def meet(index):
        # Both must be running for either to end.
        if not events:
            events.extend([anyio.Event(), anyio.Event()])
        events[index].set()
        await events[1 - index].wait()
        return index

    threads = [
        threading.Thread(target=lambda index=index: results.append(run_sync(meet, index)))
        for index in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == [0, 1]


def test_run_sync_refuses_to_block_its_own_thread():
    async def nested():
        return run_sync(add, 1, 2)

    with pytest.raises(RuntimeError, match="await the async one"):
        run_sync(nested)


def test_an_interrupted_run_sync_waits_for_the_coroutines_end(monkeypatch):
    order = []

    async def work():
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.02)
                order.append("closed")

    portal = tasks._PORTAL.get()
    real_start = portal.start_task_soon

    def start(*args):
        future = real_start(*args)

        def interrupt():
            raise KeyboardInterrupt

        monkeypatch.setattr(future, "result", interrupt)
        return future

    monkeypatch.setattr(portal, "start_task_soon", start)
    with pytest.raises(KeyboardInterrupt):
        run_sync(work)
    assert order == ["closed"]


@pytest.mark.slow
def test_a_portal_that_is_blocked_does_not_hold_up_the_exit():
    code = """
import threading, time
from majordomo.tasks import run_sync
entered = threading.Event()
async def block():
    entered.set()
    time.sleep(30)
threading.Thread(target=run_sync, args=(block,), daemon=True).start()
entered.wait()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)


# close_with_loop


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("kept", [True, False])
def test_the_end_of_the_loop_closes_even_what_nobody_holds(backend, kept):
    closed, held = [], []

    async def close():
        for _ in range(5):  # longer than the one step asyncio grants to what it collects
            await anyio.lowlevel.checkpoint()
        closed.append(True)

    async def main():
        sentinel = close_with_loop(close)
        if kept:
            held.append(sentinel)
        del sentinel
        gc.collect()
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        assert not closed

    anyio.run(main, backend=backend)
    assert closed == [True]
    assert not tasks._SENTINELS


async def test_closing_early_closes_once():
    closed = []

    async def close():
        closed.append(True)

    sentinel = close_with_loop(close)
    await sentinel.aclose()
    await sentinel.aclose()
    assert closed == [True]
    assert not tasks._SENTINELS
