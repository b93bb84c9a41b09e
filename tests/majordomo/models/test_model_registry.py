"""The registry: names to providers, specs to chains, and what every chain of it shares."""

import contextlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from failover import ASK, error

from executus.testing import FakeClock
from majordomo.chain import Attempt, Chain, ChainDeadline, ChainExhausted, ChainPolicy
from majordomo.errors import ConfigError, ErrorKind, UnknownModel, classify
from majordomo.health import HealthPolicy, HealthTracker
from majordomo.llm import Access
from majordomo.models import Listing, ModelRegistry, Source
from majordomo.providers.fake import Delay, FakeProvider
from majordomo.spec import AliasCycle, SpecError


class Reached(FakeProvider):
    """A provider that says how it is reached."""

    def __init__(self, name="fake", access=Access(), **kwargs):
        super().__init__(name, **kwargs)
        self.access = access


def targets(model):
    return [str(one.target) for one in model.models]


def registry(*names, **kwargs):
    made = ModelRegistry(**kwargs)
    for name in names or ("fake",):
        made.register(name, FakeProvider(name))
    return made


async def ask(model, how="complete"):
    if how == "complete":
        return (await model.complete(ASK)).text
    async with model.stream(ASK) as stream:
        return (await stream.response()).text


# -- parsing --------------------------------------------------------------------------------------


def test_a_spec_becomes_a_chain_of_its_targets_in_order():
    names = registry("openai", "ollama-cloud", "openrouter")
    names.alias("thinking", "ollama-cloud/minimax-m3:cloud,ollama-cloud/kimi-k2.6:cloud")
    chain = names.parse(
        "openrouter/meta-llama/llama-4:free,openai:gpt-6-sol,thinking,openai/gpt-6-sol"
    )
    assert isinstance(chain, Chain)
    assert targets(chain) == [
        "openrouter/meta-llama/llama-4:free",
        "openai/gpt-6-sol",
        "ollama-cloud/minimax-m3:cloud",
        "ollama-cloud/kimi-k2.6:cloud",
    ]


def test_a_single_target_is_a_chain_of_one():
    chain = registry().parse("fake/m")
    assert isinstance(chain, Chain)
    assert targets(chain) == ["fake/m"]


def test_an_alias_may_name_what_is_defined_later():
    names = ModelRegistry()
    names.alias("outer", "inner,late/x")
    names.alias("inner", "late/y")
    with pytest.raises(UnknownModel, match="unknown model 'late/y'"):
        names.parse("outer")
    names.register("late", FakeProvider("late"))
    assert targets(names.parse("outer")) == ["late/y", "late/x"]


def test_a_second_alias_of_a_name_replaces_the_first():
    names = registry()
    names.alias("tier", "fake/old")
    names.alias("tier", "fake/new")
    assert targets(names.parse("tier")) == ["fake/new"]


def test_a_cycle_and_an_empty_spec_are_refused_when_it_is_parsed():
    names = registry()
    names.alias("a", "fake/x,b")
    names.alias("b", "a")
    with pytest.raises(AliasCycle, match="alias cycle: a -> b -> a"):
        names.parse("fake/y,a")
    with pytest.raises(SpecError, match="element 2 of 'fake/x,' is empty"):
        names.parse("fake/x,")


# -- unknown names --------------------------------------------------------------------------------


KNOWN = "registered providers: openai, fake; aliases: thinking; write provider/model"


@pytest.mark.parametrize(
    ("spec", "meant", "defines"),
    [
        ("opnai/gpt", "openai/gpt", "LLM_OPNAI would define 'opnai' as scheme://token@host"),
        ("opnai:gpt", "openai:gpt", "LLM_OPNAI would define 'opnai' as scheme://token@host"),
        ("OpenAI/gpt", "", ""),
        ("fakee", "fake", "LLM_FAKEE would define 'fakee' as scheme://token@host or an alias"),
        (
            "thinkin",
            "thinking",
            "LLM_THINKIN would define 'thinkin' as scheme://token@host or an alias",
        ),
        ("my-tier", "", "LLM_MY_TIER would define 'my-tier' as scheme://token@host or an alias"),
        ("ollama/m3:x", "", "LLM_OLLAMA would define 'ollama' as scheme://token@host"),
        ("ollama:m3/x", "", "LLM_OLLAMA would define 'ollama' as scheme://token@host"),
        ("My-Tier", "", ""),
        ("api-key/x", "", ""),
        ("model", "", ""),
        ("/x", "", ""),
    ],
)
def test_an_unknown_name_is_told_with_what_is_known_and_what_would_define_it(spec, meant, defines):
    names = registry("openai", "fake")
    names.alias("thinking", "openai/x")
    with pytest.raises(UnknownModel) as caught:
        names.parse(f"fake/ok,{spec}")
    guess = f"; did you mean {meant!r}?" if meant else ""
    ways = f"{KNOWN}; {defines}" if defines else KNOWN
    assert str(caught.value) == f"unknown model {spec!r}{guess} ({ways})"
    assert caught.value.name == spec


def test_a_model_id_in_common_makes_no_provider_similar():
    with pytest.raises(UnknownModel) as caught:
        registry("groq").parse("nobody/meta-llama/llama-4-maverick:free")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"), [("gpt-4o", "openai/gpt-4o"), ("gpt-6-sol,fake", "openai/gpt-6-sol")]
)
def test_a_model_without_its_provider_is_told_with_the_vendor_it_is_known_by(name, meant):
    with pytest.raises(UnknownModel, match=f"did you mean '{meant}'"):
        registry("openai", "fake").parse(name)


def test_a_vendor_that_is_not_registered_is_not_suggested():
    with pytest.raises(UnknownModel) as caught:
        registry("fake").parse("gpt-4o")
    assert "did you mean" not in str(caught.value)


def test_a_registry_with_nothing_says_so():
    with pytest.raises(UnknownModel) as caught:
        ModelRegistry().parse("x")
    assert "(registered providers: none; write provider/model; LLM_X would" in str(caught.value)


def test_an_unknown_provider_is_refused_by_name():
    with pytest.raises(UnknownModel, match="unknown model 'nobody'"):
        registry().provider("nobody")


# -- registering ----------------------------------------------------------------------------------

UNWRITABLE = ["", " ", " x", "x ", "x\n", "a,b", ","]


@pytest.mark.parametrize("name", [*UNWRITABLE, "a/b", "a:b", "/", ":x"])
def test_a_provider_needs_a_name_that_a_spec_can_hold(name):
    names = ModelRegistry()
    with pytest.raises(ConfigError, match=r"a provider cannot be named .*: a spec could not name"):
        names.register(name, FakeProvider())
    assert names.names == ()


@pytest.mark.parametrize("name", UNWRITABLE)
def test_an_alias_needs_a_name_that_a_spec_can_hold(name):
    names = registry()
    with pytest.raises(ConfigError, match=r"an alias cannot be named .*: a spec could not name it"):
        names.alias(name, "fake/x")
    assert [listed.name for listed in names.describe()] == ["fake"]


@pytest.mark.parametrize("name", ["fake/x", "fake:x", "fake/"])
def test_an_alias_cannot_be_what_already_means_a_model(name):
    with pytest.raises(ConfigError, match=r"'fake[/:]x?' cannot be an alias: it means a model of"):
        registry().alias(name, "fake/y")


def test_an_alias_may_look_like_a_model_of_a_provider_that_is_not_there():
    names = registry()
    names.alias("tier/fast", "fake/x")
    names.alias("tier:slow", "fake/y")
    assert targets(names.parse("tier/fast,tier:slow")) == ["fake/x", "fake/y"]


def test_a_second_provider_of_a_name_replaces_the_first_in_its_place():
    names = registry("a", "b")
    second = FakeProvider("a")
    names.register("a", second)
    assert names.names == ("a", "b")
    assert names.provider("a") is second


def test_a_provider_function_is_called_on_first_use_and_once():
    made = []

    def make():
        made.append(FakeProvider("lazy"))
        return made[-1]

    names = ModelRegistry()
    names.register("lazy", make)
    assert names.names == ("lazy",)
    assert made == []
    names.parse("lazy/x")
    assert names.provider("lazy") is made[0]
    names.parse("lazy/y")
    assert len(made) == 1


def test_a_provider_that_lacks_something_is_made_again_until_it_does_not():
    lacks = ["set KEY", "set KEY", ""]
    names = ModelRegistry()
    names.register("late", lambda: Reached("late", Access(missing=lacks.pop(0))))
    first, second, third = (names.provider("late") for _ in range(3))
    assert first is not second
    assert second.access.missing == "set KEY"
    assert third.access.missing == ""
    assert names.provider("late") is third


def test_a_bare_provider_name_means_its_default_model():
    names = registry("plain")
    names.register("small", FakeProvider("small"), default_model="tiny:1b")
    assert targets(names.parse("small,small/big")) == ["small/tiny:1b", "small/big"]
    with pytest.raises(UnknownModel, match="name a model of plain, as in plain/MODEL"):
        names.parse("plain")
    names.alias("small", "plain/x")
    assert targets(names.parse("small")) == ["plain/x"]


# -- what the chains of a registry share ----------------------------------------------------------


@pytest.mark.parametrize("how", ["complete", "stream"])
async def test_a_target_that_one_chain_benched_is_not_dialled_by_the_next(how):
    clock = FakeClock()
    provider = FakeProvider(clock=clock)
    names = ModelRegistry(clock=clock)
    names.register("fake", provider)
    provider.enqueue("a", error(), error(), "back")
    assert await ask(names.parse("fake/a,fake/b"), how)
    assert [name for name, _ in provider.requests] == ["a", "a", "b"]
    await ask(names.parse("fake/a,fake/b"), how)
    assert [name for name, _ in provider.requests] == ["a", "a", "b", "b"]
    with pytest.raises(ChainExhausted, match="fake/a: skipped, benched until"):
        await ask(names.parse("fake/a"), how)
    assert len(provider.requests) == 4
    clock.advance(30)
    assert await ask(names.parse("fake/a,fake/b"), how) == "back"


async def test_two_registries_share_no_health_unless_they_are_given_one():
    clock = FakeClock()
    shared = HealthTracker(clock, HealthPolicy(failure_threshold=1))
    provider = FakeProvider(clock=clock)
    provider.enqueue("a", error())
    first, second = (ModelRegistry(clock=clock, health=shared) for _ in range(2))
    apart = ModelRegistry(clock=clock)
    for names in (first, second, apart):
        names.register("fake", provider)
    assert first.health is second.health is shared
    with pytest.raises(ChainExhausted):
        await ask(first.parse("fake/a"))
    with pytest.raises(ChainExhausted, match="0 asked, 1 skipped"):
        await ask(second.parse("fake/a"))
    assert await ask(apart.parse("fake/a"))


async def test_the_clock_dates_the_health_of_a_registry():
    clock = FakeClock()
    names = ModelRegistry(clock=clock)
    names.register("fake", FakeProvider(clock=clock))
    names.provider("fake").enqueue("a", error(), error())
    with pytest.raises(ChainExhausted):
        await ask(names.parse("fake/a"))
    assert len(clock.sleeps) == 1  # the wait before the retry
    (health,) = names.health.snapshot()
    assert health.benched_until.year == 2026


async def test_the_observer_is_told_by_every_chain():
    events = []
    names = registry(observer=events.append)
    await ask(names.parse("fake/a"))
    await ask(names.parse("fake/b,fake/c"), "stream")
    attempts = [e for e in events if isinstance(e, Attempt)]
    assert [str(event.target) for event in attempts] == ["fake/a", "fake/b"]


async def test_the_classifier_says_what_failures_mean():
    def lenient(failure):
        return ErrorKind.NOT_FOUND if isinstance(failure, ZeroDivisionError) else classify(failure)

    provider = FakeProvider()
    provider.enqueue("a", ZeroDivisionError("odd"), ZeroDivisionError("odd"))
    strict, easy = ModelRegistry(), ModelRegistry(classifier=lenient)
    for names in (strict, easy):
        names.register("fake", provider)
    with pytest.raises(ZeroDivisionError):
        await ask(strict.parse("fake/a,fake/b"))
    assert await ask(easy.parse("fake/a,fake/b"))


async def test_the_policy_holds_for_every_chain():
    clock = FakeClock()
    provider = FakeProvider(clock=clock)
    names = ModelRegistry(clock=clock, policy=ChainPolicy(transient_retries=0))
    names.register("fake", provider)
    provider.enqueue("a", error())
    assert await ask(names.parse("fake/a,fake/b"))
    assert [name for name, _ in provider.requests] == ["a", "b"]


class Slow:
    """Two providers, one of which may take any time; every answer takes 700 s."""

    def __init__(self, policy=None):
        self.clock = FakeClock()
        self.names = ModelRegistry(clock=self.clock, policy=policy or ChainPolicy())
        for name, access in [("cloud", Access()), ("local", Access(unbounded=True))]:
            provider = Reached(name, access, clock=self.clock)
            provider.enqueue("m", Delay(700, "at last"))
            self.names.register(name, provider)

    async def ask(self, spec, how):
        return await ask(self.names.parse(spec), how)


@pytest.mark.parametrize("how", ["complete", "stream"])
async def test_a_chain_has_no_deadline_when_any_of_its_targets_may_take_any_time(how):
    assert await Slow().ask("local/m", how) == "at last"
    assert await Slow().ask("cloud/m,local/x", how) == "at last"
    with pytest.raises(ChainDeadline, match="600 s"):
        await Slow().ask("cloud/m", how)


async def test_an_unbounded_target_leaves_the_rest_of_the_policy_and_other_chains_alone():
    slow = Slow(ChainPolicy(transient_retries=0, deadline_s=100))
    slow.names.provider("local").enqueue("down", error())
    with pytest.raises(ChainExhausted, match="1 asked"):
        await slow.ask("local/down", "complete")
    assert slow.clock.sleeps == []
    with pytest.raises(ChainDeadline, match="100 s"):
        await slow.ask("cloud/m", "complete")


async def test_a_policy_without_deadline_stays_without_one():
    assert await Slow(ChainPolicy(deadline_s=None)).ask("cloud/m", "complete") == "at last"
    assert await Slow(ChainPolicy(deadline_s=None)).ask("local/m", "complete") == "at last"


# -- describing -----------------------------------------------------------------------------------


def test_a_listing_tells_providers_then_aliases():
    names = ModelRegistry()
    names.register("plain", FakeProvider("plain"), default_model="m")
    names.register("core", FakeProvider, source=Source.BUILT_IN)
    reached = Access(base_url="https://host/v1", missing="set KEY", unbounded=True)
    names.register("far", Reached("far", reached))
    names.alias("tier", "plain/x,core/y")
    assert names.describe() == (
        Listing(name="plain", source=Source.REGISTERED, default_model="m"),
        Listing(name="core", source=Source.BUILT_IN),
        Listing(name="far", source=Source.REGISTERED, access=reached),
        Listing(name="tier", source=Source.ALIAS, is_alias=True, spec="plain/x,core/y"),
    )
    assert [listed.ready for listed in names.describe()] == [True, True, False, True]


def test_a_provider_that_cannot_be_made_is_listed_with_the_reason():
    def broken():
        raise ConfigError("no such file: certificate.pem")

    names = ModelRegistry()
    names.register("broken", broken)
    (listed,) = names.describe()
    assert listed.access == Access(missing="no such file: certificate.pem")
    with pytest.raises(ConfigError, match=r"certificate\.pem"):
        names.parse("broken/x")


def test_a_listing_shows_no_credential_of_an_address():
    names = ModelRegistry()
    address = "https://me:c4nary@host:8443/v1"
    names.register("far", Reached("far", Access(base_url=address, missing="x", unbounded=True)))
    (listed,) = names.describe()
    assert listed.access == Access(base_url="https://host:8443/v1", missing="x", unbounded=True)


# -- threads --------------------------------------------------------------------------------------


@pytest.fixture
def hasty():
    """Threads that take turns as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work, count=8):
    """What `work(number)` gives in threads that begin at once."""
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.usefixtures("hasty")
def test_threads_may_register_alias_and_parse_at_once():
    made = []

    def make(dsn, name):
        made.append(name)
        return FakeProvider(name)

    environ = {f"LLM_V{n}": "plain://host" for n in range(8)}
    names = ModelRegistry(environ=environ, schemes={"plain": make})
    names.register("shared", lambda: made.append("shared") or FakeProvider("shared"))

    def work(number):
        for turn in range(25):
            names.register(f"p{number}", FakeProvider(f"p{number}"))
            names.alias(f"a{number}", f"p{number}/{turn},shared/x,v{turn % 8}/y")
            environ[f"LLM_LATE{number}"] = "plain://host"
            names.describe()
            found = targets(names.parse(f"a{number},late{number}/z"))
            expected = f"p{number}/{turn} shared/x v{turn % 8}/y late{number}/z"
            assert found == expected.split()
        return True

    assert together(work) == [True] * 8
    assert sorted(made) == sorted(["shared", *(f"{k}{n}" for k in ("v", "late") for n in range(8))])


def test_threads_that_use_a_provider_at_once_make_it_once():
    made, both_inside = [], threading.Barrier(2)

    def make():
        # Passes only when two are in here; else the wait is over soon, and that is as it should be.
        with contextlib.suppress(threading.BrokenBarrierError):
            both_inside.wait(timeout=0.1)
        made.append(FakeProvider("slow"))
        return made[-1]

    names = ModelRegistry()
    names.register("slow", make)
    first, second = together(lambda _: names.provider("slow"), count=2)
    assert first is second
    assert made == [first]


def test_a_thread_that_comes_while_variables_are_read_waits_for_them():
    reading, asked = threading.Event(), threading.Event()

    class Environ(dict):
        def __iter__(self):
            reading.set()
            asked.wait(timeout=0.1)  # is not set while the other thread waits
            return super().__iter__()

    names = ModelRegistry(environ=Environ(LLM_M1="plain://host"))

    def work(number):
        if number == 1:
            assert reading.wait(timeout=60)
        found = names.names
        asked.set()
        return found

    assert together(work, count=2) == [("m1",), ("m1",)]


def test_something_else_that_a_provider_calls_access_says_nothing():
    names = ModelRegistry()
    names.register("own", Reached("own", access="granted"))
    [listing] = names.describe()
    assert listing.access == Access()
    assert targets(names.parse("own/m")) == ["own/m"]
