"""A chain whose models are wrapped: every attempt passes the wrapper, health stays shared."""

import pytest
from failover import ASK, Rig, error

from majordomo.llm import Target


class Counting:
    def __init__(self, model, counts):
        self._model = model
        self._counts = counts
        self.target, self.capabilities = model.target, model.capabilities

    async def complete(self, request):
        self._counts.append(self.target.model)
        return await self._model.complete(request)

    def stream(self, request):
        self._counts.append(self.target.model)
        return self._model.stream(request)


@pytest.mark.parametrize("how", ["complete", "stream"])
async def test_each_attempt_passes_the_wrapper_of_its_target(how):
    rig = Rig().script(a=[error(), error()], b=["fine"])
    counts, plain = [], rig.chain
    rig.chain = plain.wrapped(lambda model: Counting(model, counts))
    assert (await rig.ask(how)).text == "fine"
    assert counts == ["a", "a", "b"]
    assert rig.failures("a") == 2
    assert rig.told()[0] == "attempt a"
    assert rig.chain.policy is plain.policy
    assert plain.target == rig.chain.target == Target("fake", "a")
    counts.clear()
    await plain.complete(ASK)
    assert counts == []
