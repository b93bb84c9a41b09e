"""A model behind a lane: the slot's life, and what a full lane means to a chain."""

import anyio
import pytest

from executus.config import Config, MappingSource
from executus.lane import Lane
from executus.model import LaneModel, ModelTiers, ProviderLanes, tagging
from executus.testing import FakeClock, FakeProvider
from majordomo.chain import ChainExhausted, ChainPolicy
from majordomo.errors import APIError, ErrorKind
from majordomo.health import HealthTracker
from majordomo.llm import Capabilities, Request, user
from majordomo.models import ModelRegistry
from majordomo.providers.fake import Hang

ASK = Request(messages=[user("hello")])


@pytest.fixture
def provider():
    return FakeProvider("p", capabilities=Capabilities(vision=True))


def test_target_and_capabilities_are_the_models(provider):
    inner = provider.model("m")
    model = LaneModel(inner, Lane(1))
    assert (model.target, model.capabilities) == (inner.target, inner.capabilities)
    assert repr(model) == "<LaneModel p/m>"


async def test_a_slot_is_held_for_the_request_and_no_longer(provider):
    lane = Lane(1)
    provider.enqueue("m", lambda _: str(lane.snapshot().running))
    response = await LaneModel(provider.model("m"), lane).complete(ASK)
    assert response.text == "1"
    assert lane.snapshot().running == 0


async def test_at_most_so_many_are_asked_at_once(provider):
    lane, most = Lane(2), []

    async def answer(_):
        most.append(lane.snapshot().running)
        await anyio.lowlevel.checkpoint()
        return "ok"

    provider.enqueue("m", *[answer] * 6)
    model = LaneModel(provider.model("m"), lane)
    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(model.complete, ASK)
    assert len(most) == 6
    assert max(most) == 2


async def test_a_stream_keeps_its_slot_until_its_block_ends(provider):
    lane = Lane(1)
    async with LaneModel(provider.model("m"), lane).stream(ASK) as stream:
        whole = await stream.response()
        assert lane.snapshot().running == 1
    assert whole.text
    assert lane.snapshot().running == 0


@pytest.mark.parametrize("streamed", [False, True])
async def test_failure_and_cancellation_give_the_slot_back(provider, streamed):
    lane = Lane(1)
    model = LaneModel(provider.model("m"), lane)

    async def ask():
        if not streamed:
            return await model.complete(ASK)
        async with model.stream(ASK) as stream:
            return await stream.response()

    down = APIError("down", provider="p", model="m", kind=ErrorKind.TRANSIENT)
    provider.enqueue("m", down, Hang())
    with pytest.raises(APIError):
        await ask()
    assert lane.snapshot().running == 0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert lane.snapshot().running == 1
        tasks.cancel_scope.cancel()
    assert lane.snapshot().running == 0


async def test_cancelled_while_it_waits_it_leaves_the_queue_and_asks_nobody(provider):
    lane = Lane(1)
    model = LaneModel(provider.model("m"), lane)
    async with lane.slot(), anyio.create_task_group() as tasks:
        tasks.start_soon(model.complete, ASK)
        await anyio.wait_all_tasks_blocked()
        assert lane.snapshot().waiting == 1
        tasks.cancel_scope.cancel()
    assert (lane.snapshot().waiting, lane.snapshot().running) == (0, 0)
    assert provider.requests == []


async def test_a_lane_without_a_slot_is_a_fault_of_this_side(provider):
    lane = Lane(1, name="small", max_waiting=0)
    async with lane.slot():
        with pytest.raises(APIError, match="lane 'small' gave") as caught:
            await LaneModel(provider.model("m"), lane).complete(ASK)
    assert (caught.value.kind, caught.value.code) == (ErrorKind.LOCAL, "lane_busy")
    assert caught.value.safe_to_replay


async def test_the_wait_for_a_slot_is_bounded(provider):
    clock, lane = FakeClock(), Lane(1, name="small")
    model = LaneModel(provider.model("m"), lane, max_wait_s=5, clock=clock)
    caught = []

    async def ask():
        try:
            await model.complete(ASK)
        except APIError as error:
            caught.append(error)

    async with lane.slot(), anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        clock.advance(4)
        await anyio.wait_all_tasks_blocked()
        assert caught == []
        clock.advance(1)
    assert str(caught[0]) == "p/m: lane_busy: lane 'small' had no slot within 5 s"
    assert lane.snapshot().waiting == 0


async def test_a_slot_is_the_share_of_the_tagged_caller(provider):
    lane = Lane(2)
    seen = []
    provider.enqueue("m", lambda _: seen.append(lane.snapshot().keys) or "ok")
    with tagging(caller="ann"):
        await LaneModel(provider.model("m"), lane).complete(ASK)
    assert seen == [{"ann": (1, 0)}]


async def test_a_providers_lane_is_configured_and_follows_the_configuration():
    values = {"lane.openai": "8"}
    lanes = ProviderLanes(Config(MappingSource(values)))
    lane = await lanes.lane("openai")
    assert lane is not None
    assert lane.snapshot().limit == 8
    assert await lanes.lane("openai") is lane
    assert await lanes.lane("anthropic") is None
    values["lane.openai"] = "2"
    assert (await lanes.lane("openai")).snapshot().limit == 2


class Rig:
    """Two providers behind a lane of one slot each, resolved as one tier."""

    def __init__(self, spec="a/m,b/m", **policy):
        self.clock = FakeClock()
        self.health = HealthTracker(self.clock)
        registry = ModelRegistry(clock=self.clock, health=self.health, policy=ChainPolicy(**policy))
        self.providers = {name: FakeProvider(name, clock=self.clock) for name in "ab"}
        for name, provider in self.providers.items():
            registry.register(name, provider)
        values = {"tier.t": spec, "lane.a": "1", "lane.b": "1"}
        self.tiers = ModelTiers(registry, config=Config(MappingSource(values)), clock=self.clock)

    @property
    def dialled(self):
        return [name for name, provider in self.providers.items() if provider.requests]


async def test_runs_that_resolve_apart_share_the_lane():
    rig = Rig("a/m")
    rig.providers["a"].enqueue("m", Hang(), "second")
    first, second = await rig.tiers.resolve("t"), await rig.tiers.resolve("t")
    answers = []

    async def ask():
        answers.append((await second.complete(ASK)).text)

    async with anyio.create_task_group() as outer, anyio.create_task_group() as tasks:
        tasks.start_soon(first.complete, ASK)
        await anyio.wait_all_tasks_blocked()
        outer.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert len(rig.providers["a"].requests) == 1
        tasks.cancel_scope.cancel()
    assert answers == ["second"]


async def test_a_chain_leaves_a_busy_lane_for_the_next_target_and_blames_nobody():
    rig = Rig()
    rig.providers["a"].enqueue("m", Hang())
    rig.providers["b"].enqueue("m", "from b")
    chain = await rig.tiers.resolve("t")
    answers = []

    async def ask():
        answers.append((await chain.complete(ASK)).text)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chain.complete, ASK)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert rig.dialled == ["a"]
        rig.clock.advance(30)
        await anyio.wait_all_tasks_blocked()
        assert answers == ["from b"]
        tasks.cancel_scope.cancel()
    assert rig.health.snapshot() == ()


async def test_within_a_short_deadline_the_wait_ends_before_the_targets_share():
    rig = Rig(deadline_s=20)
    rig.providers["a"].enqueue("m", Hang())
    chain = await rig.tiers.resolve("t")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chain.complete, ASK)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(chain.complete, ASK)
        await anyio.wait_all_tasks_blocked()
        rig.clock.advance(2.5)
        await anyio.wait_all_tasks_blocked()
        assert rig.dialled == ["a", "b"]
        tasks.cancel_scope.cancel()
    assert rig.health.snapshot() == ()


async def test_the_last_target_is_waited_for():
    rig = Rig("a/m")
    rig.providers["a"].enqueue("m", Hang(), "late")
    chain = await rig.tiers.resolve("t")
    done = []

    async def ask():
        done.append((await chain.complete(ASK)).text)

    async with anyio.create_task_group() as outer, anyio.create_task_group() as tasks:
        tasks.start_soon(chain.complete, ASK)
        await anyio.wait_all_tasks_blocked()
        outer.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        rig.clock.advance(500)
        await anyio.wait_all_tasks_blocked()
        assert done == []
        tasks.cancel_scope.cancel()
    assert done == ["late"]


async def test_a_chain_whose_lanes_are_all_full_names_them():
    provider = FakeProvider("a")
    registry = ModelRegistry()
    registry.register("a", provider)
    lane = Lane(1, name="tiny", max_waiting=0)
    tiers = ModelTiers(
        registry,
        config=Config(MappingSource({})),
        decorate=[lambda model: LaneModel(model, lane)],
    )
    async with lane.slot():
        with pytest.raises(ChainExhausted, match="lane 'tiny' gave"):
            await (await tiers.resolve("a/m")).complete(ASK)
