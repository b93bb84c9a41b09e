"""How an attempt ends from this side: cancelled, out of time, out of files, through a proxy."""

import base64
import resource

import anyio
import pytest
import stepping
from cases import CASES, Case, Expect, Scene, cut_stream, head, reply, same, send
from invariants import Log, NothingLeft, Outcome, check_error, check_secrets, open_files
from labbench import HI, Bench
from labwire import CANARY
from peer import Close, Hang, Peer, Read, Reset, Send, Settle, settle
from plays import every, plays, shows_framing
from transports import WAYS
from wires import WIRES

from executus.testing import FakeClock
from majordomo.agent import Agent, ModelFailed
from majordomo.chain import ChainDeadline, ChainPolicy
from majordomo.errors import ErrorKind
from majordomo.llm import StreamInterrupted, UsageEvent

# These ends come of the client all wires share: one of those that share a decoder, too, will do.
OWN_WIRES = [wire for wire in WIRES if not wire.like]
every_wire = pytest.mark.parametrize(
    ("wire", "way"),
    [
        pytest.param(wire, way, id=f"{wire.name}, {way}")
        for wire in OWN_WIRES
        for way in WAYS
        if shows_framing(wire, way)
    ],
    indirect=["way"],
)
whole_or_streamed = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def hangs(case):
    """Whether the peer falls silent."""
    script = case.script(Scene(wire=OWN_WIRES[0], streamed=True, other="nowhere"))
    return any(isinstance(action, Hang) for action in script)


every_hang = every(plays(OWN_WIRES, filter(hangs, CASES)))


@every_hang
@pytest.mark.parametrize("through", ["one attempt", "a chain"])
async def test_a_cancelled_caller_leaves_nothing_behind(
    case: Case, wire, streamed, through, way, tls
):
    async with Bench(case, wire, streamed, way=way, tls=tls, timeless=True) as bench:
        chain = bench.chain()
        outcome = Outcome()
        with anyio.fail_after(60), anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                model = chain if through == "a chain" else bench.model
                tasks.start_soon(lambda: outcome.ask(model, HI, streamed=streamed))
                await bench.peer.stuck.wait()
                await settle()
                scope.cancel()
        assert (outcome.response, outcome.error) == (None, None)
        assert ("well", "good") not in bench.tracker.verdicts
        assert (wire.name, "bad") not in bench.tracker.verdicts
        await bench.check_everywhere(outcome)


@every_hang
async def test_the_deadline_of_a_chain_is_charged_to_nobody(case: Case, wire, streamed, way, tls):
    async with Bench(case, wire, streamed, way=way, tls=tls) as bench:
        outcome = await bench.ask(bench.chain(policy=ChainPolicy(deadline_s=5)))
        expected = StreamInterrupted if bench.expect.content else ChainDeadline
        assert type(outcome.error) is expected
        assert (outcome.error.kind, outcome.error.code) == (ErrorKind.LOCAL, "deadline")
        assert bench.tracker.verdicts == []
        await bench.check_everywhere(outcome)


@every_wire
@whole_or_streamed
async def test_a_process_without_files_left_blames_no_target(wire, streamed, way, tls):
    case = same("a good answer", send(lambda s: s.good()), Expect())
    async with Bench(case, wire, streamed, way=way, tls=tls) as bench:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken = {int(name) for name in open_files()}
        free = next(number for number in range(soft) if number not in taken)
        chain = bench.chain()
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            outcome = await bench.ask(bench.model)
            saved = await bench.ask(chain)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        expect = Expect(kind=ErrorKind.LOCAL, code="out_of_resources", safe=True)
        check_error(outcome.error, expect, wire)
        assert saved.response.text == "well again"
        assert bench.tracker.verdicts == [("well", "good")]
        await bench.check_everywhere(outcome)


@every_wire
@pytest.mark.parametrize(
    "script",
    [
        pytest.param([Read(), Send(reply(b"no", 407))], id="refuses"),
        pytest.param([Read(), Reset()], id="resets"),
        pytest.param([Close()], id="closes"),
        pytest.param([Read(), Send(head()[:20])], id="stops"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_fails_is_a_typed_error_without_its_password(
    wire, way, script, scheme, monkeypatch
):
    secrets = (CANARY, "pr0xy-passw0rd", base64.b64encode(b"user:pr0xy-passw0rd").decode())
    async with NothingLeft(), Peer(script) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://user:pr0xy-passw0rd@{proxy.address}")
        monkeypatch.setenv("no_proxy", "")
        transport = way.make()
        model = wire.make(
            CANARY, base_url=f"{scheme}://vendor.example", transport=transport, clock=FakeClock()
        ).model("m")
        with Log() as log:
            outcome = await Outcome().ask(model, HI, streamed=False)
        await transport.aclose()
        assert proxy.connections == 1
        assert outcome.error.provider == wire.name
        check_secrets(error=outcome.error, log=log, secrets=secrets)


@every_wire
@pytest.mark.parametrize("place", ["first_content", "in_arguments", "before_finish"])
async def test_a_run_counts_the_usage_of_a_broken_stream_once(wire, place, way, tls):
    case = Case(name="x", script=cut_stream(place, Close()), streamed=Expect(content=True))
    async with Bench(case, wire, True, way=way, tls=tls) as bench:
        async with Agent(bench.chain()).stream("hi") as run:
            told = [event async for event in run]
            with pytest.raises(ModelFailed) as caught:
                await run.result()
        usage = caught.value.partial.usage
        assert usage == caught.value.__cause__.partial.usage
        assert usage.requests == 1
        last = [event.usage for event in told if isinstance(event, UsageEvent)]
        assert not last or usage == last[-1]


SWEPT = {
    "a good answer": lambda s: [Read(), Send(s.good())],
    "an answer in pieces": lambda s: [Read(), Send(s.good(framing="chunked"), 900)],
    "a body cut by a reset": lambda s: [Read(), Send(s.good()[:-40]), Settle(), Reset()],
    "an error": lambda s: [Read(), Send(s.json(s.wire.error("server"), status=500))],
}


@every_wire
@whole_or_streamed
@pytest.mark.parametrize("native", [False, True], ids=["by a scope", "natively"])
@pytest.mark.parametrize("script", SWEPT.values(), ids=SWEPT)
def test_an_attempt_cancelled_anywhere_leaves_nothing_behind(script, native, streamed, wire, way):
    if native and way.backend == "trio":
        return  # trio knows scopes only
    mode = f"{way.backend}-{'native' if native else 'scope'}"
    scene = Scene(wire=wire, streamed=streamed, other="nowhere")

    def make():
        async def scenario():
            transport = way.make()
            clock = FakeClock()
            async with Peer(script(scene)) as peer:
                try:
                    model = wire.make(
                        CANARY,
                        base_url=f"http://{peer.address}",
                        transport=transport,
                        clock=clock,
                    ).model("m")
                    return await Outcome().ask(model, HI, streamed=streamed)
                finally:
                    await transport.aclose()

        return scenario

    before = open_files()

    def check(outcome):
        assert outcome.raised is None
        assert outcome.left_running == 0
        assert outcome.cancelled or isinstance(outcome.returned, Outcome)
        assert open_files() == before

    stepping.sweep(mode, make, check, at_least=5)
