"""Cancels a scenario at every point where any of its tasks waits, one point per fresh run.

The first run is cancelled at the first suspension, the second at the second, and so on, until a
run ends by itself because it has no such point. Suspensions of all tasks count, so a scenario is
also cancelled while only a child or a close stage makes progress.
"""

import asyncio
import itertools
import types
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio
import trio

MODES = ("asyncio-native", "asyncio-scope", "trio-scope")


@dataclass
class Outcome:
    """How one run ended: what it returned or raised, and what was left running."""

    step: int
    returned: Any = None
    raised: BaseException | None = None
    cancelled: bool = False
    left_running: int = 0


class _Counter:
    def __init__(self, stop_at: int) -> None:
        self.seen = 0
        self.stop_at = stop_at
        self.fire: Callable[[], object] | None = None

    def tick(self) -> None:
        self.seen += 1
        if self.seen == self.stop_at and self.fire is not None:
            self.fire()

    @property
    def fired(self) -> bool:
        return self.seen >= self.stop_at


@types.coroutine
def _stepped(coro, counter):
    """Drive a coroutine, counting each time it waits."""
    send, value = coro.send, None
    while True:
        try:
            waiting = send(value)
        except StopIteration as stop:
            return stop.value
        counter.tick()
        try:
            value, send = (yield waiting), coro.send
        except BaseException as error:
            value, send = error, coro.throw


async def _wrapped(coro, counter):
    return await _stepped(coro, counter)


def _run_asyncio(scenario, counter: _Counter, *, native: bool) -> Outcome:
    outcome = Outcome(step=counter.stop_at)

    def factory(loop, coro, **kwargs):
        return asyncio.Task(_wrapped(coro, counter), loop=loop, **kwargs)

    async def body() -> None:
        try:
            outcome.returned = await scenario()
        except asyncio.CancelledError:
            outcome.cancelled = True
            raise
        except BaseException as error:
            outcome.raised = error

    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = asyncio.all_tasks()
        loop.set_task_factory(factory)
        if native:
            task = loop.create_task(body())
            counter.fire = task.cancel
            await asyncio.wait([task])
        else:
            with anyio.CancelScope() as scope:
                counter.fire = scope.cancel
                await loop.create_task(_in_scope(scope, body))
        loop.set_task_factory(None)
        outcome.left_running = len(asyncio.all_tasks() - before - {asyncio.current_task()})

    async def _in_scope(_outer, body):
        # The scope must be entered in the task that is counted and cancelled.
        with anyio.CancelScope() as scope:
            counter.fire = scope.cancel
            await body()

    with asyncio.Runner() as runner:
        runner.run(main())
    return outcome


class _Ticks(trio.abc.Instrument):
    def __init__(self, counter: _Counter) -> None:
        self._counter = counter

    def after_task_step(self, task) -> None:
        del task
        self._counter.tick()


def _run_trio(scenario, counter: _Counter) -> Outcome:
    outcome = Outcome(step=counter.stop_at)

    async def main() -> None:
        ticks = _Ticks(counter)
        with anyio.CancelScope() as scope:
            counter.fire = scope.cancel
            trio.lowlevel.add_instrument(ticks)
            try:
                outcome.returned = await scenario()
            except trio.Cancelled:
                outcome.cancelled = True
                raise
            except BaseException as error:
                outcome.raised = error
            finally:
                trio.lowlevel.remove_instrument(ticks)

    trio.run(main)
    return outcome


def sweep(
    mode: str,
    make: Callable[[], Callable[[], Coroutine[Any, Any, Any]]],
    check: Callable[[Outcome], None],
    *,
    at_least: int,
    most: int = 2000,
) -> int:
    """Cancel `make()()` at every step and check each outcome; returns how many steps there were.

    Args:
        mode: One of `MODES`.
        make: Makes a fresh scenario.
        check: Called with every outcome, the uncancelled last one included.
        at_least: Fewer steps than that mean the scenario did not do what it was meant to.
        most: More mean that it never ends.
    """
    for step in itertools.count(1):
        assert step <= most, "the scenario never ended by itself"
        counter = _Counter(step)
        scenario = make()
        if mode == "trio-scope":
            outcome = _run_trio(scenario, counter)
        else:
            outcome = _run_asyncio(scenario, counter, native=mode == "asyncio-native")
        check(outcome)
        if not counter.fired:
            assert step > at_least, f"only {step} steps"
            return step - 1
    raise AssertionError
