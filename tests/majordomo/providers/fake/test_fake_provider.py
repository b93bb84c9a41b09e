"""The scripted side of the fake provider."""

import anyio
import pytest

from majordomo.errors import APIError, ErrorKind, UnsupportedRequest
from majordomo.llm import (
    Capabilities,
    FinishEvent,
    FinishReason,
    ImagePart,
    OpaquePart,
    OutputSchema,
    Request,
    Response,
    Settings,
    StreamInterrupted,
    Target,
    TextDelta,
    TextPart,
    ThinkingDelta,
    ThinkingPart,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallPart,
    ToolCallStart,
    Usage,
    UsageEvent,
    assistant,
    tool,
    user,
)
from majordomo.llm.output import ANSWER_TOOL, OutputMode
from majordomo.providers.fake import Delay, FakeProvider, Hang, Reply, StreamBreak


@tool(inline=True)
def ping() -> str:
    """Answer."""
    return "pong"


def ask(text="hello", **fields):
    return Request(messages=[user(text)], **fields)


def fault(**fields):
    return APIError("down", provider="fake", model="m", kind=ErrorKind.TRANSIENT, **fields)


class ManualClock:
    """Sleeps are noted, deadlines have passed when they begin."""

    def __init__(self):
        self.slept = []

    def deadline(self, seconds):
        scope = anyio.CancelScope()
        if seconds is not None:
            scope.cancel()
        return scope

    async def sleep(self, seconds):
        self.slept.append(seconds)


async def collect(model, request=None):
    events = []
    async with model.stream(request or ask()) as stream:
        events.extend([event async for event in stream])
        return events, await stream.response()


async def test_outcomes_are_taken_in_order_and_per_model():
    provider = FakeProvider()
    provider.enqueue("a", "first", "second")
    provider.enqueue("b", "other")
    a, b = provider.model("a"), provider.model("b")
    assert [(await m.complete(ask())).text for m in (a, b, a)] == ["first", "other", "second"]
    assert provider.pending("a") == 0


async def test_requests_are_recorded_with_their_model():
    provider = FakeProvider()
    first, second = ask("one"), ask("two")
    await provider.model("a").complete(first)
    await collect(provider.model("b"), second)
    assert provider.requests == [("a", first), ("b", second)]


async def test_recorded_requests_are_bounded():
    provider = FakeProvider(max_requests=2)
    for text in ("1", "2", "3"):
        await provider.model("m").complete(ask(text))
    assert [request.messages[0].text for _, request in provider.requests] == ["2", "3"]


async def test_a_reply_becomes_a_whole_response():
    provider = FakeProvider("demo")
    provider.enqueue("m", Reply(text="hi", thinking="hmm", calls=[("ping", {}), ("add", {"a": 1})]))
    response = await provider.model("m").complete(ask())
    assert response.message.parts == (
        ThinkingPart("hmm"),
        TextPart("hi"),
        ToolCallPart(id="call_1", name="ping", arguments="{}"),
        ToolCallPart(id="call_2", name="add", arguments='{"a":1}'),
    )
    assert response.finish_reason is FinishReason.TOOL_CALLS
    assert response.target == Target("demo", "m")


async def test_a_reply_may_set_its_finish_reason_usage_and_broken_arguments():
    provider = FakeProvider()
    usage = Usage(input=1, output=2, requests=1)
    provider.enqueue(
        "m", Reply(calls=[("ping", '{"a')], finish_reason=FinishReason.LENGTH, usage=usage)
    )
    response = await provider.model("m").complete(ask())
    assert response.message.tool_calls[0].arguments == '{"a'
    assert response.finish_reason is FinishReason.LENGTH
    assert response.usage == usage


async def test_call_ids_stay_unique_through_a_transcript():
    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("ping", {})]))
    earlier = assistant(ToolCallPart(id="call_1", name="ping"))
    response = await provider.model("m").complete(Request(messages=[user("x"), earlier]))
    assert response.tool_calls[0].id == "call_2"


async def test_a_response_is_given_back_as_it_is():
    provider = FakeProvider()
    response = Response(
        message=assistant("x"), finish_reason=FinishReason.STOP, target=Target("p", "q")
    )
    provider.enqueue("m", response)
    assert await provider.model("m").complete(ask()) is response


async def test_usage_counts_a_token_per_four_characters():
    provider = FakeProvider()
    provider.enqueue("m", "123456789")
    response = await provider.model("m").complete(ask("1234", system="5678"))
    assert response.usage == Usage(input=2, output=3, requests=1)


async def test_an_exception_is_raised_before_content():
    provider = FakeProvider()
    error = fault()
    provider.enqueue("m", error, error)
    with pytest.raises(APIError) as caught:
        await provider.model("m").complete(ask())
    assert caught.value is error
    with pytest.raises(APIError) as caught:
        async with provider.model("m").stream(ask()):
            pytest.fail("the block must not be entered")
    assert caught.value is error


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_callable_decides_by_the_request(is_async):
    def decide(request):
        return Reply(text=request.messages[-1].text.upper())

    async def decide_later(request):
        return decide(request)

    provider = FakeProvider()
    provider.enqueue("m", decide_later if is_async else decide)
    assert (await provider.model("m").complete(ask("loud"))).text == "LOUD"


async def test_a_delay_waits_on_the_providers_clock():
    clock = ManualClock()
    provider = FakeProvider(clock=clock)
    provider.enqueue("m", Delay(2.5, Delay(1, "late")))
    assert (await provider.model("m").complete(ask())).text == "late"
    assert clock.slept == [2.5, 1]


async def test_hang_ends_only_by_cancellation():
    provider = FakeProvider()
    provider.enqueue("m", Hang())
    ended = []

    async def call():
        try:
            await provider.model("m").complete(ask())
        except anyio.get_cancelled_exc_class():
            ended.append("cancelled")
            raise

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        assert ended == []
        group.cancel_scope.cancel()
    assert ended == ["cancelled"]


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_call_that_outlives_its_own_timeout_is_a_transient_error(streaming):
    provider = FakeProvider(clock=ManualClock())
    provider.enqueue("m", Hang())
    request = ask(settings=Settings(timeout_s=3))
    model = provider.model("m")
    with pytest.raises(APIError, match="within 3 s") as caught:
        await (collect(model, request) if streaming else model.complete(request))
    assert (caught.value.kind, caught.value.code) == (ErrorKind.TRANSIENT, "timeout")


async def test_every_call_is_a_checkpoint_even_when_nothing_waits():
    provider = FakeProvider()
    provider.enqueue("m", "x", "x")
    model = provider.model("m")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await model.complete(ask())
    assert scope.cancelled_caught
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with model.stream(ask()):
            pass
    assert scope.cancelled_caught
    assert provider.pending("m") == 2


async def test_reading_an_event_is_a_checkpoint():
    provider = FakeProvider()
    provider.enqueue("m", "abcdefgh")
    async with provider.model("m").stream(ask()) as stream:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anext(stream)
        assert scope.cancelled_caught
        assert await anext(stream) == TextDelta("abcd")


async def test_stream_events_come_as_a_wire_sends_them():
    provider = FakeProvider(chunk_chars=3)
    usage = Usage(input=1, output=1, requests=1)
    provider.enqueue(
        "m", Reply(thinking="hm", text="hello", calls=[("add", {"a": 1})], usage=usage)
    )
    events, response = await collect(provider.model("m"))
    assert events == [
        ThinkingDelta("hm"),
        TextDelta("hel"),
        TextDelta("lo"),
        ToolCallStart(0, "call_1", "add"),
        ToolCallDelta(0, '{"a'),
        ToolCallDelta(0, '":1'),
        ToolCallDelta(0, "}"),
        ToolCallEnd(0, "call_1", "add", '{"a":1}'),
        UsageEvent(usage),
        FinishEvent(FinishReason.TOOL_CALLS),
    ]
    assert response.text == "hello"


async def test_a_stream_ends_in_the_response_complete_would_have_given():
    reply = Reply(thinking="hm", text="hello there", calls=[("a", {}), ("b", {"x": [1, 2]})])
    provider = FakeProvider()
    provider.enqueue("m", reply, reply)
    whole = await provider.model("m").complete(ask())
    async with provider.model("m").stream(ask()) as stream:
        assert await stream.response() == whole
        assert stream.partial == whole
        assert [event async for event in stream] == []


async def test_partial_grows_with_what_was_read():
    provider = FakeProvider(chunk_chars=2)
    provider.enqueue("m", Reply(text="abcd", calls=[("ping", {})]))
    async with provider.model("m").stream(ask()) as stream:
        events = aiter(stream)
        seen = [(await anext(events), stream.partial)[1] for _ in range(5)]
    assert [partial.text for partial in seen] == ["ab", "abcd", "abcd", "abcd", "abcd"]
    assert [len(partial.message.tool_calls) for partial in seen] == [0, 0, 0, 0, 1]
    assert seen[0].usage == Usage()


async def test_mixed_parts_keep_their_order_in_the_partial():
    message = assistant("a", ThinkingPart("t"), "b", OpaquePart(provider="p", kind="k", data="1"))
    response = Response(message=message, finish_reason=FinishReason.STOP, target=Target("p", "q"))
    provider = FakeProvider()
    provider.enqueue("m", response)
    async with provider.model("m").stream(ask()) as stream:
        events = aiter(stream)
        for _ in range(3):
            await anext(events)
        assert stream.partial.message.parts == message.parts[:3]
        assert await stream.response() is response


async def test_a_break_after_content_interrupts_with_the_partial():
    provider = FakeProvider()
    error = fault(code="truncated_stream")
    provider.enqueue("m", StreamBreak(2, error, "abcdefghijkl"))
    async with provider.model("m").stream(ask()) as stream:
        assert await anext(stream) == TextDelta("abcd")
        assert await anext(stream) == TextDelta("efgh")
        with pytest.raises(StreamInterrupted) as caught:
            await anext(stream)
        assert caught.value.partial.text == "abcdefgh"
        assert caught.value.code == "truncated_stream"
        with pytest.raises(StreamInterrupted):
            await stream.response()


async def test_a_break_before_content_is_the_plain_error():
    provider = FakeProvider()
    error = fault()
    provider.enqueue("m", StreamBreak(0, error))
    async with provider.model("m").stream(ask()) as stream:
        with pytest.raises(APIError) as caught:
            await stream.response()
    assert caught.value is error


async def test_a_break_later_than_the_answer_comes_at_its_end():
    provider = FakeProvider()
    provider.enqueue("m", StreamBreak(99, fault(), "hi"))
    async with provider.model("m").stream(ask()) as stream:
        with pytest.raises(StreamInterrupted) as caught:
            await stream.response()
    assert caught.value.partial.text == "hi"


async def test_a_stream_break_is_just_the_error_for_complete():
    provider = FakeProvider()
    provider.enqueue("m", StreamBreak(1, fault()))
    with pytest.raises(APIError, match="down"):
        await provider.model("m").complete(ask())


async def test_capabilities_can_differ_per_model_and_are_kept_to():
    provider = FakeProvider(capabilities=Capabilities(tools=True))
    model = provider.model("blind")
    provider.describe("blind", Capabilities(vision=False, tools=False))
    assert provider.model("other").capabilities.tools is True
    assert model.capabilities.vision is False
    picture = ImagePart(data=b"x", mime="image/png")
    with pytest.raises(UnsupportedRequest, match="fake/blind takes no images"):
        await model.complete(Request(messages=[user("see", picture)]))
    with pytest.raises(UnsupportedRequest, match="takes no tools") as caught:
        await collect(model, ask(tools=[ping]))
    assert (caught.value.provider, caught.value.model) == ("fake", "blind")
    assert provider.requests == []


async def test_tool_mode_turns_the_answer_tool_into_text():
    provider = FakeProvider(output_mode=OutputMode.TOOL)
    provider.enqueue("m", Reply(calls=[(ANSWER_TOOL, {"a": 1})]))
    schema = OutputSchema(name="x", schema={"type": "object", "properties": {}})
    response = await provider.model("m").complete(ask(output=schema))
    assert (response.text, response.finish_reason) == ('{"a":1}', FinishReason.STOP)


def test_chunks_must_not_be_empty():
    with pytest.raises(ValueError, match="chunk_chars must be at least 1, not 0"):
        FakeProvider(chunk_chars=0)


def test_a_model_names_its_target():
    model = FakeProvider("demo").model("m")
    assert repr(model) == "<FakeModel demo/m>"
