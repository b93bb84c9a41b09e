"""Every case on every wire, whole and streamed, on both event loops; by itself and in a chain."""

import ssl
from contextlib import AsyncExitStack

import anyio
import httpx2
import pytest
import trustme
from cases import CASES, TIMEOUT_S, Case, Scene
from invariants import (
    Log,
    Memory,
    NothingLeft,
    Outcome,
    Tracker,
    check_bytes,
    check_failover,
    check_outcome,
    check_secrets,
    check_stream,
    check_time,
    check_usage,
)
from peer import Peer, Read, Send, settle
from wires import CANARY, WIRES

from executus.testing import FakeClock, FakeProvider
from majordomo.chain import Chain, ChainPolicy
from majordomo.http import HttpxTransport
from majordomo.llm import Request, user
from majordomo.providers import wirestream

HI = Request(messages=[user("hi")])
POLICY = ChainPolicy()


@pytest.fixture(autouse=True)
def lowered_cap(request, monkeypatch):
    case = getattr(request.node, "callspec", None) and request.node.callspec.params.get("case")
    if case and case.stream_cap is not None:
        monkeypatch.setattr(wirestream, "MAX_STREAM_BYTES", case.stream_cap)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority):
    """A server's context with a certificate, and a client's that trusts who gave it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


class Bench:
    """A wire's model at a peer, everything bounded, on a clock that only the peer moves.

    Args:
        case: What the peer does.
        wire: The wire.
        streamed: Whether a stream is asked for.
        tls: Contexts of the peer, and of a client that trusts it.
    """

    def __init__(self, case, wire, streamed, *, tls):
        self.case, self.wire, self.streamed = case, wire, streamed
        self.clock = FakeClock()
        self.told = []
        self._tls = tls
        self._stack = AsyncExitStack()

    @property
    def expect(self):
        found = self.case.streamed if self.streamed else self.case.whole
        return found(self.wire) if callable(found) else found

    def pass_time(self, seconds):
        self.clock.advance(TIMEOUT_S if seconds is None else seconds)

    async def __aenter__(self):
        enter = self._stack.enter_async_context
        await self._stack.__aenter__()
        await enter(NothingLeft())
        case = self.case
        self.log = self._stack.enter_context(Log())
        self.other = await enter(Peer([Read(), Send(b"")]))
        scene = Scene(wire=self.wire, streamed=self.streamed, other=self.other.address)
        self.peer = await enter(
            Peer(
                case.script(scene),
                tls=self._tls[0] if case.reach in ("tls", "tls-untrusted") else None,
                refuse=case.reach == "refused",
                pass_time=self.pass_time,
                patience_bytes=256 * 2**20,
            )
        )
        self.transport = await self._transport()
        self._stack.push_async_callback(self.transport.aclose)
        return self

    async def _transport(self):
        if self.case.reach != "tls":
            return HttpxTransport()
        client = httpx2.AsyncClient(verify=self._tls[1], trust_env=False)
        return HttpxTransport(await self._stack.enter_async_context(client))

    async def __aexit__(self, *error):
        return await self._stack.__aexit__(*error)

    @property
    def model(self):
        scheme = "https" if self.case.reach.startswith("tls") else "http"
        return self.wire.make(
            CANARY,
            base_url=f"{scheme}://{self.peer.address}",
            transport=self.transport,
            clock=self.clock,
            timeout_s=TIMEOUT_S,
        ).model("m")

    async def warm_up(self):
        if self.case.warm:
            first = await Outcome().ask(self.model, HI, streamed=self.streamed)
            assert first.error is None, repr(first.error)
            await settle(40)  # what the peer does next, it does before the second request

    async def ask(self, model):
        # A client that waits longer than its deadline hangs, for nobody moves the clock then.
        with anyio.fail_after(4):
            return await Outcome().ask(model, HI, streamed=self.streamed)

    def check_everywhere(self, outcome):
        check_bytes(self.peer, self.case.most_bytes)
        check_secrets(self.told, outcome.events, error=outcome.error, log=self.log)
        assert self.other.connections == 0, "the credentials went to another host"


def plays():
    """Every case on every wire it is for, whole and streamed."""
    for case in CASES:
        for wire in WIRES:
            for streamed in (False, True):
                wanted = case.streamed if streamed else case.whole
                if wanted is not None and case.only in ("", wire.name):
                    how = "streamed" if streamed else "whole"
                    yield pytest.param(case, wire, streamed, id=f"{case.name}, {wire.name}, {how}")


every_play = pytest.mark.parametrize(("case", "wire", "streamed"), list(plays()))


@every_play
async def test_one_attempt_meets(case: Case, wire, streamed, tls):
    async with Bench(case, wire, streamed, tls=tls) as bench:
        await bench.warm_up()
        started = bench.clock.monotonic()
        with Memory(case.most_memory):
            outcome = await bench.ask(bench.model)
        check_time(bench.clock, started, TIMEOUT_S)
        check_outcome(outcome, bench.expect, wire)
        if streamed:
            check_stream(outcome, bench.expect)
        if outcome.response is not None:
            check_usage(outcome, outcome.response.usage)
        bench.check_everywhere(outcome)


@every_play
async def test_a_chain_meets(case: Case, wire, streamed, tls):
    if case.warm and case.reach == "plain" and "next request" in case.name:
        return
    async with Bench(case, wire, streamed, tls=tls) as bench:
        await bench.warm_up()
        well = FakeProvider("well", clock=bench.clock)
        well.enqueue("n", "well again")
        tracker = Tracker(bench.clock)
        chain = Chain(
            [bench.model, well.model("n")],
            health=tracker,
            policy=POLICY,
            clock=bench.clock,
            observer=bench.told.append,
            random=lambda: 0.0,
        )
        started = bench.clock.monotonic()
        outcome = await bench.ask(chain)
        check_time(bench.clock, started, POLICY.deadline_s)
        check_failover(
            outcome,
            bench.expect,
            tracker=tracker,
            told=bench.told,
            max_retry_after_s=POLICY.max_retry_after_s,
        )
        bench.check_everywhere(outcome)
