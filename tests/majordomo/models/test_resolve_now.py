"""`ModelRegistry.resolve`: what a spec means now, with resolvers for this spec alone."""

import pytest

from majordomo.errors import UnknownModel
from majordomo.models import ModelRegistry
from majordomo.providers.fake import FakeProvider
from majordomo.spec import AliasCycle


@pytest.fixture
def registry():
    registry = ModelRegistry()
    registry.register("p", FakeProvider("p"))
    return registry


def targets(chain):
    return [str(model.target) for model in chain.models]


async def test_the_given_resolvers_serve_this_spec_alone(registry):
    async def tiers(name):
        return {"fast": "p/a,big", "big": "p/b"}.get(name)

    assert targets(await registry.resolve("p/x,fast", tiers)) == ["p/x", "p/a", "p/b"]
    with pytest.raises(UnknownModel):
        await registry.resolve("fast")


async def test_the_registrys_own_resolvers_are_asked_first(registry):
    registry.resolver(lambda name: "p/own" if name == "fast" else None)
    found = await registry.resolve("fast,slow", lambda name: f"p/given-{name}")
    assert targets(found) == ["p/own", "p/given-slow"]


async def test_a_name_nobody_knows_is_the_usual_error(registry):
    with pytest.raises(UnknownModel, match="did you mean 'p/m'"):
        await registry.resolve("pp/m", lambda name: None)
    with pytest.raises(AliasCycle):
        await registry.resolve("loop", lambda name: name)
