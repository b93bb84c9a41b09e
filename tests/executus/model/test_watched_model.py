"""Meters and traces: each call is told once, however it ends, and no sink harms a call."""

import logging

import anyio
import pytest

from executus.config import NO_CONFIG
from executus.model import (
    NO_TRACE,
    NO_USAGE,
    CallEnding,
    ModelTiers,
    WatchedModel,
    current_tags,
    metered,
    tagging,
    traced,
)
from executus.testing import FakeClock, FakeProvider, Reply
from majordomo.errors import APIError, ErrorKind, UnsupportedRequest
from majordomo.llm import Capabilities, Request, StreamInterrupted, Target, Usage, user
from majordomo.models import ModelRegistry
from majordomo.providers.fake import Delay, Hang, StreamBreak

ASK = Request(messages=[user("hello")])


class Ledger:
    """A host's own usage sink."""

    def __init__(self):
        self.records = []

    async def record(self, record):
        await anyio.lowlevel.checkpoint()
        self.records.append(record)


class Spans:
    """A host's own trace sink."""

    def __init__(self):
        self.told = []

    async def start(self, call):
        self.told.append(("start", call))

    async def end(self, call, outcome):
        self.told.append(("end", call, outcome))


def failure(**fields):
    fields.setdefault("kind", ErrorKind.TRANSIENT)
    return APIError("went wrong", provider="fake", model="m", **fields)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def provider(clock):
    return FakeProvider(clock=clock)


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def model(provider, ledger, clock):
    return metered(provider.model("m"), ledger, clock=clock)


async def read(model, events=None):
    """Stream an answer, and leave it after so many events."""
    async with model.stream(ASK) as stream:
        count = 0
        async for _ in stream:
            count += 1
            if count == events:
                break
        return stream.partial


def test_null_sinks_leave_the_model_as_it_is(provider):
    model = provider.model("m")
    assert metered(model, NO_USAGE) is model
    assert traced(model, NO_TRACE) is model


def test_target_and_capabilities_are_the_models(provider, model):
    provider.describe("m", Capabilities(vision=False, context_tokens=9))
    assert model.target == Target("fake", "m")
    assert model.capabilities.context_tokens == 9


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_is_recorded_with_its_usage(provider, model, ledger, streamed):
    usage = Usage(input=5, output=7, requests=1)
    provider.enqueue("m", Delay(3.0, Reply(text="hello there", usage=usage)))
    with tagging(run="r1"):
        answer = await read(model) if streamed else await model.complete(ASK)
    assert answer.text == "hello there"
    [record] = ledger.records
    assert (record.target, record.usage, record.elapsed_s) == (Target("fake", "m"), usage, 3.0)
    assert (record.streamed, record.ending) == (streamed, CallEnding.ANSWERED)
    assert record.error_kind is None
    assert record.tags == {"run": "r1"}
    assert current_tags() == {}


async def test_a_stream_has_the_same_events_and_response_as_without(provider, model):
    reply = Reply(text="one two three", calls=[("add", {"a": 1})], thinking="hm")
    provider.enqueue("m", reply, reply)

    async def events(of):
        async with of.stream(ASK) as stream:
            return [event async for event in stream], await stream.response()

    assert await events(model) == await events(provider.model("m"))


async def test_an_error_in_a_stream_swallowed_by_its_reader_is_recorded(provider, model, ledger):
    provider.enqueue("m", StreamBreak(2, failure(status=500)))
    async with model.stream(ASK) as stream:
        with pytest.raises(StreamInterrupted):
            await stream.response()
    [record] = ledger.records
    assert (record.ending, record.error_kind) == (CallEnding.FAILED, ErrorKind.TRANSIENT)


async def test_a_broken_stream_is_recorded_with_what_had_come(provider, model, ledger):
    provider.enqueue("m", StreamBreak(2, failure(status=500)))
    with pytest.raises(StreamInterrupted):
        await read(model)
    [record] = ledger.records
    assert record.ending is CallEnding.FAILED
    assert record.usage.requests == 1


async def test_a_stream_left_early_is_recorded_as_left(provider, model, ledger):
    provider.enqueue("m", "a long answer in many deltas")
    partial = await read(model, events=2)
    assert partial.text == "a long a"
    [record] = ledger.records
    assert (record.ending, record.error_kind) == (CallEnding.LEFT, None)
    assert record.usage == Usage(requests=1)


async def test_a_failure_of_the_reader_is_not_the_models(provider, model, ledger):
    provider.enqueue("m", "one", "two")

    async def fail(*, at_the_end):
        async with model.stream(ASK) as stream:
            if at_the_end:
                await stream.response()
            raise ZeroDivisionError

    for at_the_end in (False, True):
        with pytest.raises(ZeroDivisionError):
            await fail(at_the_end=at_the_end)
    assert [r.ending for r in ledger.records] == [CallEnding.LEFT, CallEnding.ANSWERED]
    assert [r.error_kind for r in ledger.records] == [None, None]


@pytest.mark.parametrize(
    ("error", "kind", "usage"),
    [
        (failure(status=503), ErrorKind.TRANSIENT, Usage()),
        (failure(status=401, kind=ErrorKind.AUTH), ErrorKind.AUTH, Usage()),
        (failure(safe_to_replay=True), ErrorKind.TRANSIENT, Usage()),
        (failure(), ErrorKind.TRANSIENT, Usage(requests=1)),  # it may have been worked on
        (UnsupportedRequest("no"), ErrorKind.UNSUPPORTED, Usage()),
        (ZeroDivisionError(), ErrorKind.LOCAL, Usage(requests=1)),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_failure_is_recorded_by_its_kind(
    provider, model, ledger, error, kind, usage, streamed
):
    provider.enqueue("m", error)
    with pytest.raises(type(error)):
        await (read(model) if streamed else model.complete(ASK))
    [record] = ledger.records
    assert (record.ending, record.error_kind) == (CallEnding.FAILED, kind)
    assert record.usage == usage


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_cancelled_call_is_recorded_although_its_caller_is_gone(
    provider, model, ledger, streamed
):
    provider.enqueue("m", Hang())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read if streamed else model.complete, model if streamed else ASK)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    [record] = ledger.records
    assert (record.ending, record.error_kind) == (CallEnding.CANCELLED, None)
    assert record.usage == Usage(requests=1)


async def test_cancelled_in_the_middle_of_a_stream_it_is_recorded_as_cancelled(
    provider, model, ledger
):
    async def hold():
        async with model.stream(ASK) as stream:
            await anext(aiter(stream))
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert [r.ending for r in ledger.records] == [CallEnding.CANCELLED]


async def test_a_trace_has_a_start_and_an_end_of_the_same_call(provider, clock):
    spans = Spans()
    model = WatchedModel(provider.model("m"), spans, clock=clock, new_id=lambda: "id-1")
    provider.enqueue("m", "ok", failure(status=500))
    await model.complete(ASK)
    (start, call), (end, same, outcome) = spans.told
    assert (start, end) == ("start", "end")
    assert call is same
    assert (call.id, call.target, call.request) == ("id-1", Target("fake", "m"), ASK)
    assert outcome.response.text == "ok"
    with pytest.raises(APIError):
        await traced(provider.model("m"), spans, clock=clock).complete(ASK)
    assert spans.told[-1][2].error.status == 500
    assert "hello" not in repr(spans.told[-1][1])  # a conversation does not slip into a log


class Failing:
    async def start(self, call):
        raise OSError("collector is down")

    async def end(self, call, outcome):
        raise OSError("collector is down")

    async def record(self, record):
        raise OSError("ledger is down")


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_failing_sink_costs_a_log_line_and_not_the_call(provider, caplog, streamed):
    provider.enqueue("m", "fine", "fine")
    model = metered(provider.model("m"), Failing())
    answer = await (read(model) if streamed else model.complete(ASK))
    assert answer.text == "fine"
    assert [r.getMessage() for r in caplog.records] == [
        "a sink of model calls failed and was ignored"
    ]
    model = traced(provider.model("m"), Failing())
    answer = await (read(model) if streamed else model.complete(ASK))
    assert answer.text == "fine"


async def test_a_failing_sink_does_not_hide_the_calls_own_error(provider):
    provider.enqueue("m", failure(status=503))
    with pytest.raises(APIError, match="went wrong"):
        await metered(provider.model("m"), Failing()).complete(ASK)


async def test_a_sink_that_hangs_is_left_after_two_seconds(provider, clock, caplog):
    class Stuck:
        async def record(self, record):
            await anyio.sleep_forever()

    answers = []
    model = metered(provider.model("m"), Stuck(), clock=clock)

    async def ask():
        answers.append(await model.complete(ASK))

    with caplog.at_level(logging.WARNING, "executus.model"):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            assert answers == []
            clock.advance(2)
    assert len(answers) == 1
    assert "took over 2 s and was left" in caplog.text


async def test_each_attempt_of_a_chain_is_a_record_of_its_own_target(ledger, clock):
    registry = ModelRegistry(clock=clock)
    for name in "ab":
        registry.register(name, FakeProvider(name, clock=clock))
    down = APIError("down", provider="a", model="m", kind=ErrorKind.TRANSIENT, status=503)
    registry.provider("a").enqueue("m", down, down)
    order = []

    def note(model):
        order.append(type(model).__name__)
        return model

    tiers = ModelTiers(
        registry,
        config=NO_CONFIG,
        decorate=[lambda model: metered(model, ledger, clock=clock), note],
    )
    chain = await tiers.resolve("a/m,b/m")
    await chain.complete(ASK)
    assert [(str(r.target), r.ending.value) for r in ledger.records] == [
        ("a/m", "failed"),
        ("a/m", "failed"),
        ("b/m", "answered"),
    ]
    assert order == ["WatchedModel", "WatchedModel"]  # the first wraps first
    assert [h.failures for h in registry.health.snapshot()] == [2]


def test_inner_tags_win():
    with tagging(run="outer", caller="ann"), tagging(run="inner"):
        assert current_tags() == {"run": "inner", "caller": "ann"}
