"""What every wire's stream shares: framing, failures among events, deadlines, caps."""

import gzip
import json

import anyio
import pytest

from executus.testing import (
    FakeClock,
    LoopbackServer,
    OpenAIServer,
    RawAnswer,
    SSEAnswer,
    Turn,
)
from executus.testing.server import anthropic_answer, anthropic_stream, openai_answer
from majordomo.errors import APIError, ErrorKind
from majordomo.http import HttpxTransport
from majordomo.llm import (
    FinishEvent,
    FinishReason,
    Request,
    StreamInterrupted,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    UsageEvent,
    user,
)
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.openai import openai_provider

HI = Request(messages=[user("hi")])
TURN = Turn.calls(
    ("look", {"q": "é"}), ("count", {"n": 2}), content="So.", thinking="hm", signature="Eq"
)
WHOLE = json.dumps(anthropic_answer(TURN).body, ensure_ascii=False).encode()
STREAM = b"".join(anthropic_stream(TURN).chunks)


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def make(server):
    """Makes models at the server that close their connections afterwards."""
    transport = HttpxTransport()

    def make(**options):
        options = {"base_url": server.url, "transport": transport, **options}
        return anthropic_provider("key", **options).model("claude-opus-5-5")

    yield make
    await transport.aclose()


def raw(body, content_type="text/event-stream"):
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return RawAnswer(head.encode() + body)


def event(payload):
    return f"data: {json.dumps(payload)}\n\n".encode()


def text(piece):
    delta = {"type": "text_delta", "text": piece}
    return event({"type": "content_block_delta", "index": 0, "delta": delta})


START = event({"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 3}}})
BLOCK = event(
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
)
END = event({"type": "message_stop"})
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}


async def read(model, seen):
    async with model.stream(HI) as opened:
        async for item in opened:
            seen.append(item)
        return opened.partial


async def failure(model, seen):
    with pytest.raises(APIError) as caught:
        await read(model, seen)
    return caught.value


def joined(events):
    """Events with the deltas of one text or call joined: how it was cut does not matter."""
    out = []
    for item in events:
        match out[-1] if out else None, item:
            case (TextDelta() as last, TextDelta()) | (ThinkingDelta() as last, ThinkingDelta()):
                out[-1] = type(last)(last.text + item.text)
            case ToolCallDelta() as last, ToolCallDelta():
                out[-1] = ToolCallDelta(last.index, last.arguments + item.arguments)
            case _:
                out.append(item)
    return [item for item in out if not isinstance(item, UsageEvent)]


def with_plain_arguments(events):
    """White space inside arguments is the server's own."""
    for item in events:
        if isinstance(item, ToolCallDelta | ToolCallEnd):
            item.arguments = json.dumps(json.loads(item.arguments))
    return events


@pytest.mark.parametrize("start", [b"", b"\n \t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n "])
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream", "text/plain"])
async def test_a_json_answer_is_streamed_as_the_same_events(server, make, start, content_type):
    model = make()
    server.enqueue(raw(STREAM), raw(start + WHOLE, content_type))
    streamed, found = [], []
    expected = await read(model, streamed)
    response = await read(model, found)
    assert with_plain_arguments(joined(found)) == with_plain_arguments(joined(streamed))
    assert [type(item) for item in found] == [
        ThinkingDelta,
        TextDelta,
        *[ToolCallStart, ToolCallDelta, ToolCallEnd] * 2,
        UsageEvent,
        FinishEvent,
    ]
    assert response.message == expected.message
    assert response.usage == expected.usage
    assert response.finish_reason is expected.finish_reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\n\n", b"\xef\xbb\xbf \n: hello\n\n"])
async def test_an_event_stream_may_begin_with_a_mark_or_white_space(server, make, start):
    server.enqueue(raw(start + STREAM))
    response = await read(make(), [])
    assert (response.text, len(response.tool_calls)) == ("So.", 2)


@pytest.mark.parametrize(
    ("body", "size"),
    [
        *[(b" \n" + WHOLE, size) for size in (1, 2, 3, 7)],
        *[(b"\xef\xbb\xbf" + STREAM, size) for size in (1, 2, 3, 7)],
        (b"\xef\xbb\xbf \n" + WHOLE, 3),
        (b"\xef\xbb\xbf \n" + WHOLE, 7),
        pytest.param(b"\xef\xbb\xbf" + WHOLE, 1),
        pytest.param(b"\xef\xbb\xbf" + WHOLE, 2),
    ],
)
async def test_the_form_of_a_body_is_seen_however_it_is_cut(server, make, body, size):
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    server.enqueue(SSEAnswer(chunks))
    response = await read(make(), [])
    assert (response.text, len(response.tool_calls)) == ("So.", 2)


@pytest.mark.parametrize("body", [b"", b" \r\n\n", b"\xef\xbb\xbf", b": nothing\n\n"])
async def test_an_empty_body_is_truncated(server, make, body):
    server.enqueue(raw(body))
    error = await failure(make(), seen := [])
    assert type(error) is APIError
    assert (error.code, error.kind) == ("truncated_stream", ErrorKind.TRANSIENT)
    assert seen == []


@pytest.mark.parametrize("body", [b"", b"{", WHOLE[:-1]])
async def test_a_json_body_that_breaks_off_is_malformed(server, make, body):
    server.enqueue(raw(body, "application/json"))
    error = await failure(make(), [])
    assert (error.code, error.kind) == ("malformed_response", ErrorKind.TRANSIENT)


@pytest.mark.parametrize("indent", [None, 2])
async def test_an_error_written_raw_into_a_stream_is_raised(server, make, indent):
    error = json.dumps(OVERLOADED, indent=indent).encode()
    server.enqueue(raw(START + error), raw(START + BLOCK + text("So") + error + b"\n"))
    early = await failure(make(), [])
    late = await failure(make(), [])
    assert (type(early), type(late)) == (APIError, StreamInterrupted)
    for found in (early, late):
        assert (found.status, found.message, found.kind) == (529, "busy", ErrorKind.TRANSIENT)
    assert late.partial.text == "So"


async def test_an_error_as_the_whole_body_is_raised(server, make):
    server.enqueue(raw(json.dumps(OVERLOADED).encode()))
    error = await failure(make(), [])
    assert (type(error), error.status, error.message) == (APIError, 529, "busy")


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (event(OVERLOADED), "overloaded_error"),
        (b"data: [7]\n\n", "malformed_response"),
        (b'data: {"a\n\n' + END, "malformed_response"),
        (b"data: " + b"x" * (1024 * 1024 + 1) + b"\n\n", "answer_too_large"),
    ],
)
async def test_events_before_a_failure_are_delivered_first(server, make, last, code):
    server.enqueue(SSEAnswer([START + BLOCK + text("So") + text(" far") + last]))
    error = await failure(make(), seen := [])
    assert [item.text for item in seen if isinstance(item, TextDelta)] == ["So", " far"]
    assert type(error) is StreamInterrupted
    assert (error.code, error.partial.text) == (code, "So far")


async def test_a_failure_is_raised_again_by_whoever_reads_on(server, make):
    server.enqueue(SSEAnswer([START + event(OVERLOADED)]))
    async with make().stream(HI) as opened:
        assert isinstance(await anext(opened), UsageEvent)
        for _ in range(2):
            with pytest.raises(APIError, match="busy"):
                await anext(opened)
        with pytest.raises(APIError, match="busy"):
            await opened.response()


class Held:
    """A stream whose second chunk never comes while the test runs."""

    def __init__(self, first):
        self.release = anyio.Event()
        self.answer = SSEAnswer([first, END], self.before)

    async def before(self, index):
        if index == 1:
            await self.release.wait()


@pytest.mark.parametrize(
    ("first", "type_"), [(START, APIError), (START + BLOCK + text("So"), StreamInterrupted)]
)
async def test_the_deadline_is_for_the_whole_call(server, make, first, type_):
    clock, held, waiting = FakeClock(), Held(first), anyio.Event()
    server.enqueue(held.answer)
    found = []

    async def consume():
        async with make(clock=clock, timeout_s=7).stream(HI) as opened:
            await anext(opened)
            clock.advance(6)
            waiting.set()
            with pytest.raises(APIError) as caught:
                await opened.response()
            found.append(caught.value)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(consume)
        await waiting.wait()
        await anyio.wait_all_tasks_blocked()
        assert found == []
        clock.advance(1)
    [error] = found
    assert type(error) is type_
    assert (error.code, error.kind) == ("timeout", ErrorKind.TRANSIENT)
    assert error.message == "no complete answer within 7 s"
    held.release.set()


async def test_leaving_the_block_early_closes_the_connection(server, make):
    held = Held(START + BLOCK + text("So"))
    server.enqueue(held.answer)
    async with make().stream(HI) as opened:
        assert isinstance(await anext(opened), UsageEvent)
        assert server.open_connections == 1
    await server.idle()
    held.release.set()


async def test_an_error_in_the_block_closes_the_connection_too(server, make):
    held = Held(START)
    server.enqueue(held.answer)

    async def fail():
        async with make().stream(HI) as opened:
            await anext(opened)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await server.idle()
    held.release.set()


CALL = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
CALL_START = event({"type": "content_block_start", "index": 0, "content_block": CALL})


def arguments(piece):
    delta = {"type": "input_json_delta", "partial_json": piece}
    return event({"type": "content_block_delta", "index": 0, "delta": delta})


MiB, KiB = 1024 * 1024, 1024
TOO_LARGE = {
    "a line with an end": [START + b": " + b"x" * MiB + b"\n"],
    "a line without an end": [START + b"data: ", b"x" * MiB],
    "an event of many lines": [START, *[b"data: " + b"x" * 64 * KiB + b"\n"] * 16],
    "arguments": [START + CALL_START, *[arguments("x" * 64 * KiB)] * 4, arguments("x")],
}


@pytest.mark.parametrize("chunks", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_what_passes_a_cap_is_refused(server, make, chunks):
    server.enqueue(SSEAnswer([*chunks, END]))
    error = await failure(make(), [])
    assert (error.code, error.kind) == ("answer_too_large", ErrorKind.PERMANENT)


async def test_what_keeps_to_the_caps_is_taken(server, make):
    filler = "x" * (64 * KiB - 8)
    pieces = [arguments('{"q": "'), *[arguments(filler)] * 4, arguments('"}')]
    comment = b":" + b"x" * (MiB - 1) + b"\n"
    stop = event({"type": "content_block_stop", "index": 0})
    server.enqueue(SSEAnswer([START, comment, CALL_START, *pieces, stop, END]))
    response = await read(make(), [])
    assert json.loads(response.tool_calls[0].arguments) == {"q": filler * 4}


@pytest.mark.parametrize("cut", [1, 5, 10, 11, 30])
async def test_a_compressed_stream_is_read_whatever_its_first_chunk_holds(cut, server, make):
    body = gzip.compress(STREAM)
    headers = {"content-encoding": "gzip"}
    server.enqueue(SSEAnswer([body[:cut], body[cut:]], headers=headers))
    async with make().stream(HI) as stream:
        response = await stream.response()
    assert response.text == "So."
    assert len(response.tool_calls) == 2


async def test_a_whole_answer_to_a_streaming_request_ends_no_call_that_was_cut():
    calls = [("a", '{"n": 1}'), ("b", '{"q": "sno')]
    turn = Turn(tool_calls=tuple(calls), stop="length")
    async with OpenAIServer() as server:
        server.enqueue(openai_answer(turn))
        model = openai_provider("key", base_url=server.base_url).model("m")
        async with model.stream(HI) as stream:
            events = [event async for event in stream]
            response = await stream.response()
    assert [e.name for e in events if isinstance(e, ToolCallStart)] == ["a", "b"]
    assert [e.name for e in events if isinstance(e, ToolCallEnd)] == ["a"]
    assert [(c.name, c.arguments) for c in response.message.tool_calls] == calls
    assert response.tool_calls == ()
