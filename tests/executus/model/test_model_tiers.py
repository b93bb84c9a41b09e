"""What tiers mean: configured, from the table, inside specs; and what is said when they do not."""

import pickle
from types import MappingProxyType

import pytest

from executus.config import Config, MappingSource
from executus.errors import SetupError
from executus.model import TIERS, ModelTiers, TierEntry, TierSource, TierUnusable
from executus.testing import FakeProvider
from majordomo.builtin import default_registry
from majordomo.errors import ConfigError, UnknownModel
from majordomo.models import ModelRegistry
from majordomo.spec import AliasCycle

TABLE = {
    "fast": (TierEntry("a", "small"), TierEntry("b", "small")),
    "thinking": (TierEntry("b", "large"),),
}


@pytest.fixture
def registry():
    registry = ModelRegistry()
    for name in "ab":
        registry.register(name, FakeProvider(name))
    return registry


def tiers_of(registry, values=MappingProxyType({}), table=TABLE):
    return ModelTiers(registry, config=Config(MappingSource(values)), table=table)


def targets(chain):
    return [str(model.target) for model in chain.models]


async def test_a_configured_tier_is_the_chain_it_names(registry):
    tiers = tiers_of(registry, {"tier.fast": "b/x, a/y"})
    assert targets(await tiers.resolve("fast")) == ["b/x", "a/y"]


async def test_without_configuration_a_tier_is_the_tables_entries_whose_key_is_set():
    environ = {"ANTHROPIC_API_KEY": "k", "OLLAMA_API_KEY": "k"}
    tiers = tiers_of(default_registry(environ), table=TIERS)
    assert targets(await tiers.resolve("thinking")) == [
        "anthropic/claude-opus-5-5",
        "ollama-cloud/minimax-m3:cloud",
        "ollama-cloud/kimi-k2.6:cloud",
    ]
    environ["OPENAI_API_KEY"] = "k"
    assert targets(await tiers.resolve("fast"))[:2] == [
        "openai/gpt-6-luna",
        "anthropic/claude-haiku-5-5",
    ]


async def test_a_change_of_the_configuration_counts_at_the_next_look(registry):
    values = {}
    tiers = tiers_of(registry, values)
    assert targets(await tiers.resolve("thinking")) == ["b/large"]
    values["tier.thinking"] = "a/new"
    assert targets(await tiers.resolve("thinking")) == ["a/new"]


async def test_tiers_stand_in_specs_in_tiers_and_in_aliases(registry):
    registry.alias("best", "thinking,a/last")
    tiers = tiers_of(registry, {"tier.mine": "a/first,fast"})
    assert targets(await tiers.resolve("a/x,fast")) == ["a/x", "a/small", "b/small"]
    assert targets(await tiers.resolve("mine,best")) == [
        "a/first",
        "a/small",
        "b/small",
        "b/large",
        "a/last",
    ]


async def test_what_the_registry_knows_comes_before_a_tier(registry):
    registry.alias("fast", "a/alias")
    tiers = tiers_of(registry, {"tier.fast": "b/configured"})
    assert targets(await tiers.resolve("fast")) == ["a/alias"]
    assert (await tiers.describe())[0].source is TierSource.ALIAS


async def test_any_spec_is_taken_as_it_is():
    tiers = tiers_of(default_registry({}))
    assert targets(await tiers.resolve("fake")) == ["fake/offline"]
    assert targets(await tiers.resolve("openai/gpt-6-sol,ollama/qwen3:8b")) == [
        "openai/gpt-6-sol",
        "ollama/qwen3:8b",
    ]


async def test_resolving_changes_nothing_of_the_registry(registry):
    await tiers_of(registry).resolve("fast")
    with pytest.raises(UnknownModel):
        registry.parse("fast")


async def test_two_hosts_share_a_registry_and_not_their_tiers(registry):
    one, other = tiers_of(registry, {"tier.x": "a/1"}), tiers_of(registry, {"tier.x": "b/2"})
    assert targets(await one.resolve("x")) == ["a/1"]
    assert targets(await other.resolve("x")) == ["b/2"]


async def test_an_unknown_tier_is_a_configuration_error_that_suggests_one(registry):
    with pytest.raises(UnknownModel) as caught:
        await tiers_of(registry).resolve("fats")
    assert isinstance(caught.value, ConfigError)
    assert str(caught.value) == (
        "unknown model 'fats'; did you mean 'fast'? (tiers: fast, thinking; write provider/model, "
        "or define it as a tier in EXECUTUS_TIER_FATS)"
    )


async def test_a_misspelt_provider_keeps_the_registrys_own_words(registry):
    with pytest.raises(UnknownModel, match="registered providers: a, b"):
        await tiers_of(registry).resolve("fast,c/x")


async def test_a_tier_without_any_key_says_in_one_sentence_what_to_set():
    tiers = tiers_of(default_registry({}), table=TIERS)
    with pytest.raises(TierUnusable) as caught:
        await tiers.resolve("vision")
    assert str(caught.value) == (
        "the tier 'vision' has no usable model: set OPENAI_API_KEY; or set ANTHROPIC_API_KEY; or "
        "set GOOGLE_API_KEY or GEMINI_API_KEY; or name models in EXECUTUS_TIER_VISION"
    )
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.tier) == (str(caught.value), "vision")


async def test_a_tier_without_a_key_is_no_obstacle_to_other_models_of_the_spec():
    tiers = tiers_of(default_registry({}), table=TIERS)
    assert targets(await tiers.resolve("thinking,fake"))[-1] == "fake/offline"


async def test_a_table_of_providers_nobody_registered_says_so(registry):
    tiers = tiers_of(registry, table={"odd": (TierEntry("nowhere", "m"),)})
    with pytest.raises(TierUnusable, match="register the provider 'nowhere'"):
        await tiers.resolve("odd")


async def test_a_tier_that_stands_for_itself_is_a_cycle(registry):
    tiers = tiers_of(registry, {"tier.x": "a/m,y", "tier.y": "x"})
    with pytest.raises(AliasCycle, match="x -> y -> x"):
        await tiers.resolve("x")


async def test_a_tier_configured_as_a_url_is_refused_without_showing_it(registry):
    tiers = tiers_of(registry, {"tier.fast": "openai://canary-7e@host"})
    with pytest.raises(SetupError, match="declare the provider as LLM_<NAME>=") as caught:
        await tiers.resolve("fast")
    assert "canary" not in str(caught.value)
    assert "canary" not in str(await tiers.describe())


async def test_a_spec_is_never_looked_up_as_a_key_of_the_configuration(registry):
    asked = []

    class Spy:
        async def get(self, key):
            asked.append(key)

    tiers = ModelTiers(registry, config=Config(Spy()), table=TABLE)
    with pytest.raises(UnknownModel):
        await tiers.resolve("openai://token@host,fast")
    assert asked == []
    await tiers.resolve("fast")
    assert "tier.fast" in asked


async def test_a_listing_says_what_tiers_mean_and_what_is_missing():
    registry = default_registry({"OPENAI_API_KEY": "canary-9a"})
    values = {"tier.workhorse": "fake", "tier.vision": "nobody/x"}
    listed = {
        one.tier: one
        for one in await ModelTiers(registry, config=Config(MappingSource(values))).describe()
    }
    fast = listed["fast"]
    assert (fast.source, fast.spec, fast.problem) == (TierSource.TABLE, "openai/gpt-6-luna", "")
    assert {one.target.partition("/")[0]: one.missing for one in fast.targets} == {
        "openai": "",
        "anthropic": "set ANTHROPIC_API_KEY",
        "google": "set GOOGLE_API_KEY or GEMINI_API_KEY",
        "ollama-cloud": "set OLLAMA_API_KEY",
    }
    assert listed["workhorse"].source is TierSource.CONFIGURATION
    assert [(t.target, t.ready) for t in listed["workhorse"].targets] == [("fake/offline", True)]
    assert listed["vision"].spec == ""
    assert listed["vision"].problem.startswith("unknown model 'nobody/x'")
    assert "canary" not in str(listed)


async def test_generate_asks_the_tier(registry):
    registry.provider("a").enqueue("small", "7")
    tiers = tiers_of(registry)
    assert await tiers.generate(int, "How many?", tier="fast") == 7
    with pytest.raises(UnknownModel):
        await tiers.generate(int, "How many?")  # this table has no workhorse


@pytest.mark.parametrize("tier", sorted(TIERS))
async def test_every_name_of_the_table_is_one_of_a_built_in_provider(tier):
    registry = default_registry({})
    assert {entry.provider for entry in TIERS[tier]} <= set(registry.names)


async def test_models_for_images_are_not_declared_blind():
    registry = default_registry(
        dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"), "k")
    )
    chain = await tiers_of(registry, table=TIERS).resolve("vision")
    assert len(chain.models) == len(TIERS["vision"])
    assert all(model.capabilities.vision is not False for model in chain.models)


async def test_what_is_required_has_a_target_that_can_be_asked():
    environ = {}
    tiers = ModelTiers(default_registry(environ), config=Config(MappingSource({})))
    with pytest.raises(SetupError) as caught:
        await tiers.require("openai/gpt-6-sol,anthropic/claude-sonnet-5-5")
    for part in ("openai/gpt-6-sol is not set up: set OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        assert part in str(caught.value)
    with pytest.raises(TierUnusable, match="set OPENAI_API_KEY"):
        await tiers.require("fast")
    chain = await tiers.require("openai/gpt-6-sol,fake/x")
    assert targets(chain) == ["openai/gpt-6-sol", "fake/x"]


async def test_a_provider_that_calls_itself_otherwise_lacks_nothing(registry):
    registry.register("mine", FakeProvider("theirs"))
    assert targets(await tiers_of(registry).require("mine/x")) == ["theirs/x"]
