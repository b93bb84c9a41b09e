"""Many callers at once: a limit is met once, and a target that comes back by one caller."""

import anyio
from failover import ASK, Rig, error

from majordomo.chain import ChainExhausted
from majordomo.llm import Target
from majordomo.providers.fake import Delay

CALLERS = 100


async def crowd(rig):
    answers = []

    async def one():
        try:
            answers.append((await rig.chain.complete(ASK)).target.model)
        except ChainExhausted as failure:
            answers.append(failure)

    async with anyio.create_task_group() as group:
        for _ in range(CALLERS):
            group.start_soon(one)
    return answers


async def test_a_hundred_callers_meet_a_limit_with_few_attempts_each():
    rig = Rig("ab")

    def limited(_request):
        return error(status=429, retry_after_s=20)

    rig.script(a=[limited] * 300, b=[limited] * 300)
    answers = await crowd(rig)
    assert all(isinstance(answer, ChainExhausted) for answer in answers)
    for name in "ab":
        assert rig.dialled.count(name) <= 1.2 * CALLERS


async def test_a_target_that_is_back_is_probed_by_exactly_one():
    rig = Rig("ab")
    rig.health.bench(Target("fake", "a"), 0)
    rig.script(a=[Delay(0, error())])
    answers = await crowd(rig)
    assert rig.dialled.count("a") == 1
    assert answers == ["b"] * CALLERS
