"""A wire's model at a scripted peer, with everything bounded and watched."""

from contextlib import AsyncExitStack

import anyio
from cases import TIMEOUT_S, Scene
from invariants import Log, NothingLeft, Outcome, Tracker, check_bytes, check_secrets
from labwire import CANARY
from peer import Peer, Read, Send, settle
from transports import FAST

from executus.testing import FakeClock, FakeProvider
from majordomo.chain import Chain, ChainPolicy
from majordomo.llm import Request, user

HI = Request(messages=[user("hi")])
POLICY = ChainPolicy()


class Bench:
    """A wire's model at a peer, everything bounded, on a clock that only the peer moves.

    Args:
        case: What the peer does.
        wire: The wire.
        streamed: Whether a stream is asked for.
        way: The transport.
        tls: What peers show, and whom the client trusts.
        timeless: Nothing the peer does moves the clock: only a cancellation ends a wait.
    """

    def __init__(self, case, wire, streamed, *, way, tls, timeless=False):
        self.case, self.wire, self.streamed = case, wire, streamed
        self.clock = FakeClock()
        self.told = []
        self._way = way
        self._tls = tls
        self._timeless = timeless
        self._stack = AsyncExitStack()

    @property
    def expect(self):
        if self._way is FAST and self.case.on_aiohttp is not None:
            return self.case.on_aiohttp
        found = self.case.streamed if self.streamed else self.case.whole
        return found(self.wire) if callable(found) else found

    def pass_time(self, seconds):
        if not self._timeless:
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
                tls=self._tls.servers.get(case.reach),
                refuse=case.reach == "refused",
                pass_time=self.pass_time,
                patience_bytes=256 * 2**20,
            )
        )
        self.transport = await self._transport()
        self._stack.push_async_callback(self.transport.aclose)
        return self

    async def _transport(self):
        if self.case.reach in self._tls.servers and self.case.reach != "tls-untrusted":
            return await self._way.trusting(self._tls.client, self._stack)
        return self._way.make()

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
        with anyio.fail_after(60):
            return await Outcome().ask(model, HI, streamed=self.streamed)

    async def check_everywhere(self, outcome):
        answered = outcome.response and outcome.response.target.provider == self.wire.name
        if not answered:  # whoever answered well may be kept on the line
            with anyio.fail_after(60):
                await self.peer.idle()
        check_bytes(self.peer, self.case.most_bytes)
        check_secrets(self.told, outcome.events, error=outcome.error, log=self.log)
        assert self.other.connections == 0, "the credentials went to another host"

    def chain(self, *, policy=POLICY):
        """The model, and a healthy one after it that would answer "well again"."""
        well = FakeProvider("well", clock=self.clock)
        well.enqueue("n", "well again")
        self.tracker = Tracker(self.clock)
        return Chain(
            [self.model, well.model("n")],
            health=self.tracker,
            policy=policy,
            clock=self.clock,
            observer=self.told.append,
            random=lambda: 0.0,
        )
