"""Streams change their target before the first content only, and are charged once."""

import anyio
import pytest
from failover import Rig, error

from majordomo.chain import ChainDeadline
from majordomo.errors import ErrorKind
from majordomo.health import Verdict
from majordomo.llm import (
    FinishEvent,
    Request,
    Settings,
    StreamInterrupted,
    Target,
    TextDelta,
    Usage,
    UsageEvent,
    user,
)
from majordomo.providers.fake import Delay, Reply, StreamBreak

A = Target("fake", "a")
ASK = Request(messages=[user("hello")])


class Scripted:
    """A model whose stream plays given events; an exception among them is raised, on and on."""

    def __init__(self, rig, *events):
        self.inner = rig.chain.models[0]
        self.target, self.capabilities = self.inner.target, self.inner.capabilities
        self.events, self.closed, self.requests = list(events), False, []

    def stream(self, request):
        self.requests.append(request)
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.closed = True

    def __aiter__(self):
        return self

    async def __anext__(self):
        await anyio.lowlevel.checkpoint()
        if not self.events:
            raise StopAsyncIteration
        event = self.events[0]
        if isinstance(event, Exception):
            raise event
        self.events.pop(0)
        return event() if callable(event) else event

    partial = None


def with_first(rig, model):
    object.__setattr__(rig.chain._plan, "models", (model, *rig.chain.models[1:]))
    return model


async def test_a_stream_that_breaks_before_content_fails_over():
    broken = StreamBreak(0, error(code="truncated_stream"))
    rig = Rig().script(a=[broken, broken], b=["fine"])
    async with rig.chain.stream(ASK) as stream:
        assert "".join([e.text async for e in stream if isinstance(e, TextDelta)]) == "fine"
    assert rig.dialled == "aab"
    assert rig.failures("a") == 2


async def test_a_usage_event_is_no_content_and_the_failed_stream_is_closed():
    rig = Rig()
    model = with_first(rig, Scripted(rig, UsageEvent(Usage(input=1)), error(ErrorKind.NOT_FOUND)))
    assert (await rig.ask("stream")).target.model == "b"
    assert model.closed


async def test_only_the_last_usage_before_content_is_kept():
    rig = Rig()
    last = UsageEvent(Usage(input=2))
    text = TextDelta("x")
    with_first(rig, Scripted(rig, UsageEvent(Usage(input=1)), last, text))
    async with rig.chain.stream(ASK) as stream:
        assert [e async for e in stream] == [last, text]


async def test_a_stream_without_any_event_is_an_empty_success():
    rig = Rig()
    with_first(rig, Scripted(rig))
    async with rig.chain.stream(ASK) as stream:
        assert [e async for e in stream] == []
    assert rig.told() == ["attempt a", "success a"]


async def test_an_answer_without_content_is_a_success():
    rig = Rig().script(a=[Reply()])
    async with rig.chain.stream(ASK) as stream:
        assert [type(e) for e in [e async for e in stream]] == [UsageEvent, FinishEvent]
    assert rig.told() == ["attempt a", "success a"]


async def test_an_interruption_after_content_goes_through_and_is_charged_once():
    rig = Rig().script(a=[StreamBreak(2, error(), "This breaks.")])
    async with rig.chain.stream(ASK) as stream:
        for _ in range(2):
            with pytest.raises(StreamInterrupted) as caught:
                async for _ in stream:
                    pass
    assert caught.value.partial.text == "This bre"
    assert (rig.dialled, rig.failures("a")) == ("a", 1)
    assert "success a" not in rig.told()


async def test_an_interruption_that_is_not_the_targets_fault_gives_the_probe_back():
    rig = Rig("a").script(a=[StreamBreak(2, error(ErrorKind.LOCAL), "This breaks.")])
    rig.health.bench(A, 0)
    with pytest.raises(StreamInterrupted):
        await rig.ask("stream")
    assert rig.failures("a") == 0
    assert rig.health.admit(A).verdict is Verdict.PROBE


async def test_an_interruption_with_a_long_retry_after_benches():
    rig = Rig("a").script(a=[StreamBreak(2, error(retry_after_s=100), "This breaks.")])
    with pytest.raises(StreamInterrupted):
        await rig.ask("stream")
    assert rig.health.benched_s(A) == 100
    assert rig.told()[-1] == "bench a"


async def test_leaving_early_is_no_failure_and_tells_success_once():
    rig = Rig("a").script(a=["a long answer"])
    rig.health.bench(A, 0)
    async with rig.chain.stream(ASK) as stream:
        async for _ in stream:
            break
        assert stream.partial is not None
    assert rig.health.snapshot() == ()
    assert rig.told() == ["attempt a", "success a"]


async def test_cancelling_the_reader_charges_nobody():
    rig = Rig("a").script(a=["a long answer"])
    with anyio.CancelScope() as scope:
        async with rig.chain.stream(ASK) as stream:
            scope.cancel()
            async for _ in stream:
                pass
    assert scope.cancelled_caught
    assert rig.health.snapshot() == ()


async def test_the_deadline_ends_a_stream_with_what_was_received():
    rig = Rig("a", policy={"deadline_s": 10}).script(a=["a long answer"])
    async with rig.chain.stream(ASK) as stream:
        first = await anext(stream)
        rig.clock.advance(11)
        for _ in range(2):
            with pytest.raises(StreamInterrupted) as caught:
                await anext(stream)
    assert (first.text, caught.value.partial.text) == ("a lo", "a lo")
    assert (caught.value.code, caught.value.kind) == ("deadline", ErrorKind.LOCAL)
    assert rig.health.snapshot() == ()


async def test_the_deadline_before_content_is_a_plain_deadline():
    rig = Rig("a", policy={"deadline_s": 10}).script(a=[Delay(60, "late")])
    with pytest.raises(ChainDeadline):
        await rig.ask("stream")


async def test_a_reader_that_comes_late_for_the_end_still_gets_it():
    rig = Rig("a", policy={"deadline_s": 10}).script(a=["fine"])
    async with rig.chain.stream(ASK) as stream:
        async for event in stream:
            if isinstance(event, FinishEvent):
                rig.clock.advance(20)
        assert (await stream.response()).text == "fine"


async def test_the_time_left_is_handed_down_and_its_timeout_is_the_chains_deadline():
    rig = Rig("a", policy={"deadline_s": 10})

    def late():
        rig.clock.advance(10)
        raise error(status=None, code="timeout")

    model = with_first(rig, Scripted(rig, TextDelta("x"), late))
    model.partial = await rig.provider.model("z").complete(ASK)
    with pytest.raises(StreamInterrupted) as caught:
        await rig.ask("stream")
    assert caught.value.code == "deadline"
    assert rig.failures("a") == 0
    assert model.requests[0].settings.deadline_s == 10


@pytest.mark.parametrize(("own_s", "sent_s"), [(3, 3), (99, 10), (None, 10)])
async def test_a_shorter_deadline_of_the_request_stays(own_s, sent_s):
    rig = Rig("a", policy={"deadline_s": 10}).script(a=["fine"])
    settings = Settings(timeout_s=7, deadline_s=own_s)
    await rig.ask("stream", Request(messages=[user("x")], settings=settings))
    sent = rig.provider.requests[0][1].settings
    assert (sent.timeout_s, sent.deadline_s) == (7, sent_s)


@pytest.mark.parametrize(
    ("timeout_s", "deadline_s", "default_s", "limit_s"),
    [
        (None, None, None, None),
        (None, None, 600, 600),
        (3, None, 600, 3),
        (900, None, 600, 900),
        (None, 20, None, 20),
        (None, 20, 10, 10),
        (None, 20, 600, 20),
        (900, 20, 10, 20),
    ],
)
def test_a_deadline_bounds_whichever_timeout_counts(timeout_s, deadline_s, default_s, limit_s):
    assert Settings(timeout_s=timeout_s, deadline_s=deadline_s).limit_s(default_s) == limit_s


async def test_without_a_deadline_the_request_is_sent_as_it_is():
    rig = Rig("a", policy={"deadline_s": None}).script(a=["fine"])
    await rig.ask("stream", ASK)
    assert rig.provider.requests[0][1] is ASK
