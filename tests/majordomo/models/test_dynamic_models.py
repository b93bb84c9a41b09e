"""Names that resolvers know: looked up at the start of every request, under one guard."""

from contextlib import asynccontextmanager

import anyio
import pytest
from failover import ASK, error
from leaks import everything_shown

from executus.testing import FakeClock
from majordomo.chain import Chain, ChainDeadline, ChainExhausted
from majordomo.dsn import DSNError
from majordomo.errors import ConfigError, UnknownModel
from majordomo.llm import Access, Capabilities
from majordomo.models import DynamicModel, ModelRegistry
from majordomo.providers.fake import Delay, FakeProvider
from majordomo.spec import MAX_DEPTH, AliasCycle, SpecError

HOWS = ["complete", "stream"]


class Table:
    """A resolver that looks names up, and keeps what it was asked."""

    def __init__(self, **rows):
        self.rows = {name.replace("_", "-"): text for name, text in rows.items()}
        self.asked = []

    def __call__(self, name):
        self.asked.append(name)
        return self.rows.get(name)


class AsyncTable(Table):
    def __call__(self, name):
        return self._later(name)

    async def _later(self, name):
        await anyio.lowlevel.checkpoint()
        return super().__call__(name)


class Rig:
    """A registry with one scripted provider, `fake`."""

    def __init__(self, *resolvers, **kwargs):
        self.clock = FakeClock()
        self.provider = FakeProvider(clock=self.clock)
        self.names = ModelRegistry(clock=self.clock, **kwargs)
        self.names.register("fake", self.provider)
        for resolver in resolvers:
            self.names.resolver(resolver)

    async def ask(self, model, how="complete"):
        model = self.names.parse(model) if isinstance(model, str) else model
        if how == "complete":
            return await model.complete(ASK)
        async with model.stream(ASK) as stream:
            return await stream.response()

    async def answers(self, model, how="complete"):
        return (await self.ask(model, how)).target.model

    async def targets(self, spec):
        return [one.target.model for one in (await self.names.parse(spec).chain()).models]


# -- asking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kind", [Table, AsyncTable])
async def test_a_name_is_looked_up_once_per_request(kind, how):
    table = kind(tier="fake/a")
    rig = Rig(table)
    model = rig.names.parse("tier")
    assert isinstance(model, DynamicModel)
    assert table.asked == []
    assert await rig.answers(model, how) == "a"
    assert table.asked == ["tier"]
    assert await rig.answers(model, how) == "a"
    assert table.asked == ["tier", "tier"]


@pytest.mark.parametrize("how", HOWS)
async def test_a_change_between_two_requests_is_seen(how):
    table = Table(tier="fake/a")
    rig = Rig(table)
    model = rig.names.parse("tier")
    assert await rig.answers(model, how) == "a"
    table.rows["tier"] = "fake/b"
    assert await rig.answers(model, how) == "b"
    del table.rows["tier"]
    with pytest.raises(UnknownModel, match="unknown model 'tier'"):
        await rig.ask(model, how)


@pytest.mark.parametrize("how", HOWS)
async def test_a_tier_stands_anywhere_in_a_chain_and_fails_over(how):
    rig = Rig(Table(tier="fake/b,fake/c"))
    for name in "abc":
        rig.provider.enqueue(name, error(model=name), error(model=name))
    model = rig.names.parse("fake/a,tier,fake/d")
    assert await rig.answers(model, how) == "d"
    assert [name for name, _ in rig.provider.requests] == list("aabbccd")
    assert await rig.answers(model, how) == "d"
    assert [name for name, _ in rig.provider.requests][7:] == ["d"]  # the others are benched


async def test_no_resolver_is_asked_for_what_is_known_without_it():
    table = Table(tier="fake/no", fake="fake/no", static="fake/no")
    rig = Rig(table)
    rig.names.alias("tier", "fake/static")
    assert isinstance(rig.names.parse("tier,fake/x"), Chain)
    assert await rig.answers("tier") == "static"
    assert table.asked == []


async def test_an_alias_variable_goes_before_a_resolver():
    table = Table(tier="fake/table")
    rig = Rig(table, environ={"LLM_TIER": "fake/variable"})
    assert await rig.answers("tier") == "variable"
    assert table.asked == []


async def test_resolvers_are_asked_in_order_until_one_knows():
    first, second, third = Table(a="fake/1"), AsyncTable(a="fake/2", b="fake/2"), Table(b="fake/3")
    rig = Rig(first, second, third)
    assert await rig.targets("a,b") == ["1", "2"]
    assert (first.asked, second.asked, third.asked) == (["a", "b"], ["b"], [])


@pytest.mark.parametrize("how", HOWS)
async def test_a_name_no_resolver_knows_is_an_error_of_the_request(how):
    first, second = Table(), AsyncTable()
    rig = Rig(first, second)
    model = rig.names.parse("fake/a,nobody/x")
    with pytest.raises(UnknownModel) as caught:
        await rig.ask(model, how)
    assert caught.value.name == "nobody/x"
    assert "LLM_NOBODY would define 'nobody'" in str(caught.value)
    assert first.asked == second.asked == ["nobody/x"]
    assert rig.provider.requests == []


def test_without_a_resolver_an_unknown_name_is_an_error_of_parse():
    rig = Rig()
    with pytest.raises(UnknownModel):
        rig.names.parse("tier")
    rig.names.resolver(Table())
    assert isinstance(rig.names.parse("tier"), DynamicModel)


class DatabaseDown(Exception):
    pass


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("raised", [DatabaseDown("no route"), ConfigError("own"), KeyError("x")])
@pytest.mark.parametrize("sync", [True, False])
async def test_what_a_resolver_raises_is_raised_unchanged(how, raised, sync):
    def resolver(name):
        raise raised

    async def later(name):
        raise raised

    after = Table(tier="fake/a")
    rig = Rig(resolver if sync else later, after)
    with pytest.raises(type(raised)) as caught:
        await rig.ask("tier", how)
    assert caught.value is raised
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert after.asked == []
    assert rig.provider.requests == []


def test_a_resolver_is_added_by_a_decorator_too():
    names = ModelRegistry()

    @names.resolver
    def tiers(name):
        return None

    assert tiers("x") is None


# -- what it says is parsed again -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("fake/m3:cloud", ["m3:cloud"]),
        ("fake:meta-llama/llama-4:free", ["meta-llama/llama-4:free"]),
        (" fake/a , fake/b ", ["a", "b"]),
        ("static", ["s1", "s2"]),
        ("static,fake/s1,fake/z", ["s1", "s2", "z"]),
        ("other", ["o", "s1", "s2"]),
        ("other,static,other", ["o", "s1", "s2"]),
        ("backed", ["o", "s1", "s2", "y"]),
        ("variable", ["v", "o", "s1", "s2"]),
    ],
)
async def test_an_answer_may_be_any_spec(answer, found):
    rig = Rig(Table(tier=answer, other="fake/o,static"), environ={"LLM_VARIABLE": "fake/v,other"})
    rig.names.alias("static", "fake/s1,fake/s2")
    rig.names.alias("backed", "other,fake/y")
    assert await rig.targets("tier") == found
    assert await rig.targets("fake/first,tier,tier") == ["first", *found]


async def test_a_name_met_several_times_in_a_request_is_asked_once():
    table = Table(a="c,fake/a,c", b="c", c="fake/c")
    rig = Rig(table)
    assert await rig.targets("a,b,c,a") == ["c", "a"]
    assert table.asked == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("", "the model name is empty"),
        ("fake/a,", "element 2 of 'fake/a,' is empty"),
        ("fake", "name a model of fake, as in fake/MODEL"),
        ("nope", "unknown model 'nope'"),
    ],
)
@pytest.mark.parametrize("how", HOWS)
async def test_an_answer_that_cannot_be_read_is_an_error_of_the_request(answer, says, how):
    rig = Rig(Table(tier=answer))
    with pytest.raises(ConfigError, match=says):
        await rig.ask("fake/ok,tier", how)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("d0", "d0 d0"),
        ("d1", "d1 d2 d1"),
        ("fake/x,d3", "d3 d1 d2 d1"),
        ("s1", "s1 d4 s1"),
        ("d4", "d4 s1 d4"),
        ("v1", "v1 d5 s2 v1"),
        ("s2", "s2 v1 d5 s2"),
        ("d5", "d5 s2 v1 d5"),
    ],
)
async def test_a_cycle_through_any_kinds_of_alias_prints_its_path(spec, path):
    rows = {"d0": "fake/y,d0", "d1": "d2", "d2": "fake/z,d1", "d3": "d1", "d4": "s1", "d5": "s2"}
    rig = Rig(Table(**rows), environ={"LLM_V1": "d5"})
    rig.names.alias("s1", "d4")
    rig.names.alias("s2", "fake/w,v1")
    with pytest.raises(AliasCycle) as caught:
        await rig.targets(spec)
    path = path.split()
    path = path[path.index(path[-1]) :]
    assert caught.value.path == tuple(path)
    assert str(caught.value) == f"alias cycle: {' -> '.join(path)}"


async def test_a_resolver_that_invents_names_is_stopped():
    asked = []

    def endless(name):
        asked.append(name)
        return f"t{int(name[1:]) + 1}"

    with pytest.raises(SpecError, match=f"more than {MAX_DEPTH} deep at 't{MAX_DEPTH}'"):
        await Rig(endless).ask("t0")
    assert len(asked) == MAX_DEPTH


async def test_tiers_that_name_the_next_one_twice_cost_one_question_each():
    count = MAX_DEPTH - 2
    table = Table(**{f"t{n}": f"s{n},s{n},t{n + 1}" for n in range(count // 2)})
    table.rows[f"t{count // 2}"] = "fake/end"
    rig = Rig(table)
    for number in range(count // 2):
        rig.names.alias(f"s{number}", f"t{number + 1},t{number + 1}")
    assert await rig.targets("t0") == ["end"]
    assert len(table.asked) == count // 2 + 1


# -- as a model -----------------------------------------------------------------------------------


def test_before_a_look_up_its_target_is_the_first_name():
    rig = Rig(Table(), environ={"LLM_MINE": "hidden-tier"})
    shown = {
        spec: str(rig.names.parse(spec).target)
        for spec in ("tier", "tier,fake/a", "fake/a,tier", "tier/x:y", "mine")
    }
    assert shown == {
        "tier": "dynamic/tier",
        "tier,fake/a": "dynamic/tier",
        "fake/a,tier": "fake/a",
        "tier/x:y": "dynamic/tier/x:y",
        "mine": "dynamic/LLM_MINE",
    }
    assert repr(rig.names.parse("tier")) == "<DynamicModel dynamic/tier>"


def test_its_capabilities_are_those_of_a_first_target_that_is_known():
    table = Table(tier="fake/blind")
    rig = Rig(table)
    rig.provider.describe("blind", Capabilities(vision=False, context_tokens=9))
    known = rig.names.parse("fake/blind,tier")
    assert known.capabilities == Capabilities(vision=False, context_tokens=9)
    assert rig.names.parse("tier,fake/blind").capabilities == Capabilities()
    assert table.asked == []


async def test_the_chain_of_a_request_has_the_registrys_settings():
    events = []
    rig = Rig(Table(tier="fake/slow", free="fake/slow,local/x"), observer=events.append)
    local = FakeProvider("local")
    local.access = Access(unbounded=True)
    rig.names.register("local", local)
    rig.provider.enqueue("slow", Delay(700, "late"), Delay(700, "late"))
    with pytest.raises(ChainDeadline):
        await rig.ask("tier")
    assert (await rig.ask("free")).text == "late"
    assert {str(event.target) for event in events} == {"fake/slow"}
    rig.provider.enqueue("slow", error(), error())
    with pytest.raises(ChainExhausted):
        await rig.ask("tier")
    with pytest.raises(ChainExhausted, match="skipped, benched until"):
        await rig.ask("fake/slow")


async def test_a_stream_that_is_left_early_is_closed():
    closed = []
    rig = Rig(Table(tier="fake/a"))
    model = rig.provider.model("a")
    plain = type(model).stream

    class Watched(type(model)):
        @asynccontextmanager
        async def stream(self, request):
            async with plain(self, request) as stream:
                try:
                    yield stream
                finally:
                    closed.append(self.target.model)

    rig.provider.model = lambda model_id: Watched(rig.provider, model_id)
    async with rig.names.parse("tier").stream(ASK) as stream:
        async for _ in stream:
            break
        assert closed == []
    assert closed == ["a"]


async def test_a_declared_provider_that_cannot_be_made_is_an_error_of_the_request():
    rig = Rig(Table(tier="bad/x"), environ={"LLM_BAD": "nope://c4nary@host"})
    with pytest.raises(DSNError, match="LLM_BAD: its scheme is unknown") as caught:
        await rig.ask("tier")
    assert "c4nary" not in everything_shown(caught.value)


async def test_a_resolver_added_after_parse_serves_later_models():
    first, second = Table(), Table(tier="fake/a")
    rig = Rig(first)
    old = rig.names.parse("tier")
    rig.names.resolver(second)
    assert await rig.answers("tier") == "a"
    with pytest.raises(UnknownModel):
        await rig.ask(old)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("text", ["c4nary", "fake/ok,c4nary/x", "static,c4nary"])
async def test_an_alias_variable_stays_unshown_when_no_resolver_knows_its_text(how, text):
    rig = Rig(Table(), AsyncTable(), environ={"LLM_MINE": text})
    rig.names.alias("static", "fake/s")
    model = rig.names.parse("fake/a,mine")
    assert "c4nary" not in repr(model)
    with pytest.raises(UnknownModel) as caught:
        await rig.ask(model, how)
    assert "LLM_MINE is read as an alias, and its text (not shown)" in str(caught.value)
    assert "c4nary" not in everything_shown(caught.value)
