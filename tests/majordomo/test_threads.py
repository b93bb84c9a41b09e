import contextvars
import subprocess
import sys
import threading

import anyio
import pytest

from majordomo.threads import WORKERS, WorkerThreads, call_in_thread

LIMIT_S = 60


class Blocker:
    """A synchronous function that runs until the test lets it go."""

    def __init__(self):
        self.running = threading.Event()
        self.go_on = threading.Event()
        self.calls = 0

    def __call__(self):
        self.calls += 1
        self.running.set()
        assert self.go_on.wait(LIMIT_S)
        return "done"


async def until(condition):
    """Poll: what a thread does can not be awaited otherwise."""
    with anyio.fail_after(LIMIT_S):
        while not condition():
            await anyio.sleep(0.001)


async def test_a_call_returns_its_result():
    assert await call_in_thread(divmod, 7, 2) == (3, 1)
    assert await WorkerThreads().call(threading.get_ident) != threading.get_ident()


async def test_a_call_raises_what_the_function_raised():
    with pytest.raises(ZeroDivisionError):
        await WorkerThreads().call(divmod, 1, 0)


async def test_a_function_may_raise_anything_without_losing_its_thread():
    def leave():
        raise SystemExit(3)

    workers = WorkerThreads(max_threads=1)
    with pytest.raises(RuntimeError, match=r"left its thread by SystemExit\(3\)"):
        await workers.call(leave)
    assert await workers.call(lambda: "still there") == "still there"


async def test_the_function_sees_the_callers_context_and_cannot_change_it():
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("mine")

    def read():
        seen = variable.get()
        variable.set("theirs")
        return seen

    assert await WorkerThreads().call(read) == "mine"
    assert variable.get() == "mine"


async def test_a_thread_serves_one_call_after_another():
    workers = WorkerThreads()
    first = await workers.call(threading.get_ident)
    await until(lambda: workers._idle == 1)
    assert await workers.call(threading.get_ident) == first
    assert workers._threads == 1


async def test_the_threads_are_daemons():
    assert await WorkerThreads().call(lambda: threading.current_thread().daemon)


async def test_no_more_calls_run_at_once_than_there_are_threads():
    workers, lock = WorkerThreads(max_threads=2), threading.Lock()
    running, most, both = 0, 0, threading.Barrier(2)

    def work():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(LIMIT_S)  # only passes when two do run at once
        with lock:
            running -= 1

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(workers.call, work)
    assert most == 2
    assert workers._threads == 2


async def test_a_cancelled_caller_leaves_at_once_and_its_thread_is_counted_until_it_returns():
    workers, blocker = WorkerThreads(), Blocker()
    async with anyio.create_task_group() as group:
        group.start_soon(workers.call, blocker)
        await until(blocker.running.is_set)
        assert workers.abandoned == 0
        group.cancel_scope.cancel()
    assert workers.abandoned == 1
    blocker.go_on.set()
    await until(lambda: workers.abandoned == 0)


async def test_an_abandoned_call_keeps_its_slot():
    workers, blocker, second = WorkerThreads(max_threads=1), Blocker(), Blocker()
    second.go_on.set()
    async with anyio.create_task_group() as group:
        group.start_soon(workers.call, blocker)
        await until(blocker.running.is_set)
        group.cancel_scope.cancel()
    async with anyio.create_task_group() as group:
        group.start_soon(workers.call, second)
        await anyio.wait_all_tasks_blocked()
        assert second.calls == 0
        blocker.go_on.set()
    assert second.calls == 1


async def test_a_call_cancelled_while_it_waits_for_a_thread_never_runs():
    workers, blocker, second = WorkerThreads(max_threads=1), Blocker(), Blocker()
    async with anyio.create_task_group() as outer:
        outer.start_soon(workers.call, blocker)
        await until(blocker.running.is_set)
        async with anyio.create_task_group() as inner:
            inner.start_soon(workers.call, second)
            await anyio.wait_all_tasks_blocked()
            inner.cancel_scope.cancel()
        assert workers.abandoned == 0
        blocker.go_on.set()
    assert await workers.call(lambda: "next") == "next"
    assert second.calls == 0


async def test_a_call_for_which_no_thread_can_start_fails_and_never_runs(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    workers, blocker = WorkerThreads(), Blocker()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            await workers.call(blocker)
    assert await workers.call(lambda: "next") == "next"
    assert blocker.calls == 0
    assert workers._threads == 1


async def test_idle_threads_go_away(monkeypatch):
    monkeypatch.setattr("majordomo.threads.IDLE_S", 0.005)
    workers = WorkerThreads()
    await workers.call(int)
    await until(lambda: workers._threads == 0)
    assert await workers.call(lambda: "again") == "again"


def test_two_loops_share_the_pool():
    async def main():
        return await call_in_thread(lambda: "ok")

    answers = [anyio.run(main, backend=backend) for backend in ("asyncio", "trio")]
    assert answers == ["ok", "ok"]
    assert WORKERS.abandoned == 0


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_abandoned_thread_does_not_delay_the_exit_of_the_process(backend):
    code = f"""
import anyio, threading, time
from majordomo.threads import WORKERS, call_in_thread
entered = threading.Event()
def sleep():
    entered.set()
    time.sleep(30)
async def main():
    async with anyio.create_task_group() as group:
        group.start_soon(call_in_thread, sleep)
        while not entered.is_set():
            await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    print(WORKERS.abandoned)
anyio.run(main, backend={backend!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=100, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.slow
def test_a_forked_child_has_threads_and_a_portal_of_its_own():
    code = """
import os
from executus import Executor, RunnableAgent

def double(n: int) -> int:
    "Double a number."
    return 2 * n

agent = RunnableAgent(model="fake", tools=[double])
assert Executor().run_sync(agent, "double 4").answer == "8"
child = os.fork()
if not child:
    ok = Executor().run_sync(agent, "double 5").answer == "10"
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print("both answered")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout == "both answered\n", done.stderr
