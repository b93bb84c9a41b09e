"""The hard deadline holds whatever the critic's own parts do: they hang, raise, or never end."""

import anyio
import pytest

from executus import Executor, Limits, Ports, RunnableAgent, RunStatus
from executus.batteries.critic import Action, CriticPolicy, RunCritic, Verdict
from executus.testing import FakeClock
from majordomo.providers.fake import FakeProvider, Hang

POLICY = CriticPolicy(soft_s=10, hard_s=60, again_s=10, judge_timeout_s=1e6)


async def hang(*_):
    await anyio.sleep_forever()


async def fail(*_):
    raise ValueError("no")


def fail_at_once(view):
    raise ValueError("no")


async def escalating(view):
    return Verdict(action=Action.EXTEND, reason="odd", escalate=True)


class Telling:
    def __init__(self, escalate):
        self.escalate = escalate


CRITICS = {
    "a judge that hangs": lambda: RunCritic(judge=hang, policy=POLICY),
    "a judge that raises": lambda: RunCritic(judge=fail, policy=POLICY),
    "a rule that raises": lambda: RunCritic(rules=[fail_at_once], policy=POLICY),
    "an escalator that hangs": lambda: RunCritic(
        judge=escalating, escalator=Telling(hang), policy=POLICY
    ),
    "an escalator that raises": lambda: RunCritic(
        judge=escalating, escalator=Telling(fail), policy=POLICY
    ),
}


async def run(critic, clock, **limits):
    """A run whose model never answers, while the clock goes on by two hours at most."""
    fake, done = FakeProvider(), []
    fake.enqueue("m", Hang())
    executor = Executor(clock=clock, ports=Ports(critic=critic), defaults=Limits(**limits))

    async def go():
        done.append(await executor.run(RunnableAgent(model=fake.model("m")), "go"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(go)
        for _ in range(1440):
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            if done:
                break
            clock.advance(5)
        tasks.cancel_scope.cancel()
    return done[0] if done else None


@pytest.mark.parametrize("name", CRITICS)
async def test_the_hard_deadline_stops_the_run(name):
    result = await run(CRITICS[name](), FakeClock(auto_advance=False), max_runtime_s=7000)
    assert result is not None
    assert result.status is RunStatus.FAILED
    assert "not done after 60 s" in str(result.error)
    assert result.elapsed_s <= 75


async def test_a_critic_of_the_hosts_own_that_dies_leaves_the_runs_own_bound():
    class Dying:
        async def watch(self, watch):
            raise ValueError("no")

    result = await run(Dying(), FakeClock(auto_advance=False), max_runtime_s=300)
    assert result.status is RunStatus.TIMED_OUT
    assert result.warnings == ("the critic failed: ValueError: no",)
