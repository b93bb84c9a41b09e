"""The states of a source: every way from one to another is an event, and there are no others."""

from dataclasses import dataclass, field
from typing import get_args

import anyio
import pytest
from executus_gateway.assembly import open_local
from executus_gateway.domain import TRANSITIONS, moved
from executus_gateway.errors import Refused, SourceFailed
from executus_gateway.ports import AuthRequired, Loaded
from executus_gateway.schema import (
    LOCAL_WORKSPACE,
    AuthScheme,
    McpEndpoint,
    Source,
    SourceState,
    ToolDescriptor,
    ToolOk,
    ToolSummary,
)

TOKEN = AuthScheme(name="token", placement="bearer")
PLACE = McpEndpoint(url="https://service.test/mcp")


@dataclass
class Shelf:
    schemes: tuple = ()
    auth_required: bool = False
    summaries: tuple = (ToolSummary(path="look", summary="Look", effect="read"),)

    def describe(self, path):
        return ToolDescriptor(path=path, effect="read")

    def check(self, path, arguments):
        pass


@dataclass
class Scripted:
    """A host's own connector: `next` is what reading and calling come to."""

    next: object = None
    catalog: object = field(default_factory=Shelf)
    calls: int = 0
    gate: anyio.Event | None = None

    def _come(self):
        if isinstance(self.next, BaseException):
            raise self.next

    async def load(self, source, credentials):
        if self.gate is not None:
            await self.gate.wait()
        self._come()
        return Loaded(artifact=b"1", version="1")

    def open(self, source, artifact):
        return self.catalog

    async def call(self, source, tool, arguments, credentials, keep):
        self.calls += 1
        self._come()
        return ToolOk(data="seen")

    async def release(self, source):
        pass


@pytest.fixture
def connector():
    return Scripted()


@pytest.fixture
async def gateway(home, connector):
    async with open_local(home, connectors={"mcp": connector}) as opened:
        yield opened


async def kinds(gateway, work):
    """The kinds of the events that some work makes."""
    seen = []
    before = gateway.ledger.sequence
    async with gateway.watch() as events:
        await work
        while before + len(seen) < gateway.ledger.sequence:
            seen.append((await anext(events)).kind)
    return seen


@pytest.mark.parametrize(
    ("outcome", "state", "events"),
    [
        (None, "connected", ["draft", "probing", "connected"]),
        (SourceFailed("gone"), "error", ["draft", "probing", "error"]),
        (AuthRequired("wants", (TOKEN,)), "auth_required", ["draft", "probing", "auth_required"]),
    ],
)
async def test_adding_a_source_goes_through_its_states(gateway, connector, outcome, state, events):
    connector.next = outcome
    seen = await kinds(gateway, gateway.sources.add(PLACE, namespace="s"))
    assert seen == [f"source.{name}" for name in events]
    source = gateway.sources.require("s")
    assert source.state == state
    assert source.problem == ("" if outcome is None else str(outcome))


@pytest.mark.parametrize("first", [None, SourceFailed("gone"), AuthRequired("wants", (TOKEN,))])
@pytest.mark.parametrize("then", [None, SourceFailed("gone"), AuthRequired("wants", (TOKEN,))])
async def test_a_source_is_read_anew_from_every_state(gateway, connector, first, then):
    connector.next = first
    await gateway.sources.add(PLACE, namespace="s")
    connector.next = then
    seen = await kinds(gateway, gateway.sources.refresh("s"))
    assert seen == ["source.probing", f"source.{gateway.sources.require('s').state}"]
    assert gateway.sources.require("s").wants == (
        (TOKEN,) if isinstance(then, AuthRequired) else ()
    )
    kept = first is None or then is None
    assert (gateway.sources.catalogs.find("s.look") is not None) is kept


async def test_a_refused_call_and_a_good_one_move_it_to_and_fro(gateway, connector):
    await gateway.sources.add(PLACE, namespace="s")
    connector.next = AuthRequired("wants a token", (TOKEN,))
    before = gateway.ledger.sequence
    failed = (await gateway.execute("return tools.s.look()")).outcome.value
    assert failed["error"]["code"] == "auth_required"
    assert gateway.sources.require("s").state == "auth_required"
    connector.next = None
    await gateway.connect("s", TOKEN, "t0ken-value")
    assert gateway.sources.require("s").state == "connected"
    assert (await gateway.execute("return tools.s.look()")).outcome.value["data"] == "seen"
    assert gateway.ledger.sequence > before


async def test_an_outage_is_not_a_refusal(gateway, connector):
    await gateway.sources.add(PLACE, namespace="s")
    connector.next = SourceFailed("gone")
    await gateway.sources.refresh("s")
    connector.next = AuthRequired("wants", (TOKEN,))
    await gateway.execute("return tools.s.look()")
    assert gateway.sources.require("s").state == "error"  # it is read anew before anything else


async def test_a_process_that_died_while_reading_says_so(home, connector):
    async with open_local(home, connectors={"mcp": connector}) as gateway:
        await gateway.sources.add(PLACE, namespace="s")
        source = moved(gateway.sources.require("s"), "probing")
        await gateway.ledger.commit("source.probing", source)
    async with open_local(home, connectors={"mcp": connector}) as gateway:
        source = gateway.sources.require("s")
        assert (source.state, "restarted" in source.problem) == ("error", True)
        assert gateway.sources.catalogs.find("s.look") is not None


def source_in(state):
    return Source(
        id="src_1", workspace=LOCAL_WORKSPACE, namespace="s", kind="mcp", place=PLACE, state=state
    )


@pytest.mark.parametrize("old", get_args(SourceState))
@pytest.mark.parametrize("new", get_args(SourceState))
def test_there_are_no_other_ways(old, new):
    if new in TRANSITIONS[old]:
        assert moved(source_in(old), new, problem="p").state == new
    else:
        with pytest.raises(Refused, match=f"from {old} to {new}"):
            moved(source_in(old), new)


async def test_removing_a_source_takes_its_credentials_along(gateway, home):
    await gateway.sources.add(PLACE, namespace="s")
    await gateway.connect("s", TOKEN, "t0ken-value")
    source = gateway.sources.require("s")
    seen = await kinds(gateway, gateway.sources.remove("s"))
    assert seen == ["source.removed"]
    assert gateway.sources.list() == []
    assert gateway.sources.book.references(source) == []
    assert await gateway.sources.book.of(source) == []


async def test_two_sources_that_are_added_at_once_do_not_get_one_namespace(gateway):
    other = McpEndpoint(url="https://other.test/mcp")
    refused = []

    async def add(place):
        try:
            await gateway.sources.add(place, namespace="s")
        except Refused as error:
            refused.append(str(error))

    async with anyio.create_task_group() as group:
        group.start_soon(add, PLACE)
        group.start_soon(add, other)
    assert len(refused) == len(gateway.sources.list()) == 1


async def test_one_source_that_is_added_twice_at_once_is_there_once(gateway, connector):
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(gateway.sources.add, PLACE)
    (source,) = gateway.sources.list()
    assert source.state == "connected"


async def test_a_source_that_is_removed_while_it_is_read_does_not_come_back(gateway, connector):
    await gateway.sources.add(PLACE, namespace="s")
    connector.gate = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(gateway.sources.refresh, "s")
        await anyio.wait_all_tasks_blocked()
        group.start_soon(gateway.sources.remove, "s")
        await anyio.wait_all_tasks_blocked()
        connector.gate.set()
    assert gateway.sources.list() == []
    assert gateway.sources.catalogs.find("s.look") is None
