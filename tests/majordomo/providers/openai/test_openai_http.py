import json

import anyio
import pytest

from executus.testing import FakeClock, Hang, JSONAnswer, LoopbackServer, RawAnswer, Reset, Turn
from executus.testing.server import Close, SSEAnswer, openai_answer, openai_error, openai_stream
from majordomo.errors import APIError, ErrorKind
from majordomo.http import HttpxTransport
from majordomo.llm.message import user
from majordomo.llm.request import Request, Settings
from majordomo.llm.response import FinishReason
from majordomo.llm.stream import FinishEvent, StreamInterrupted, TextDelta
from majordomo.providers.openai import openai_provider

KEY = "sk-very-secret"
REQUEST = Request(messages=(user("hi"),))
HELLO = Turn.text("Hello, world.")
REQUEST_ID = {"x-request-id": "req_7"}


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def make(server):
    """Makes models at the server that close their connections afterwards."""
    transport = HttpxTransport()

    def make(api_key=KEY, **options):
        options = {"base_url": f"{server.url}/v1", "transport": transport, **options}
        return openai_provider(api_key, **options).model("m")

    yield make
    await transport.aclose()


async def complete(model, request=REQUEST):
    return await model.complete(request)


async def stream(model, request=REQUEST):
    async with model.stream(request) as opened:
        return await opened.response()


both_ways = pytest.mark.parametrize("ask", [complete, stream])


def raw(status, body, *headers):
    head = "\r\n".join((f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers))
    return RawAnswer(f"{head}\r\n\r\n".encode() + body)


def event(payload):
    return b"data: " + (payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def sse(*payloads):
    return SSEAnswer([event(payload) + b"\n\n" for payload in payloads], headers=REQUEST_ID)


def text(content, finish=None):
    return {"choices": [{"delta": {"content": content}, "finish_reason": finish}]}


@both_ways
async def test_an_answer_comes_back_the_same_both_ways(server, make, ask):
    server.enqueue((openai_stream if ask is stream else openai_answer)(HELLO))
    response = await ask(make())
    assert response.text == "Hello, world."
    assert response.finish_reason is FinishReason.STOP
    assert (response.usage.input, response.usage.output, response.usage.requests) == (10, 5, 1)
    assert (response.served_model, response.request_id) == ("scripted", "req_0")
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.json.get("stream", False) is (ask is stream)
    accept = "text/event-stream" if ask is stream else "application/json"
    assert request.headers["accept"] == accept


HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
# name: (answer, kind, status, code, message, retry_after_s, safe_to_replay)
STATUSES = {
    "401": (
        openai_error(401, "Incorrect API key.", code="invalid_api_key", headers=REQUEST_ID),
        (ErrorKind.AUTH, 401, "invalid_api_key", "Incorrect API key.", None, False),
    ),
    "404": (
        openai_error(404, "No such model.", code="model_not_found", headers=REQUEST_ID),
        (ErrorKind.NOT_FOUND, 404, "model_not_found", "No such model.", None, False),
    ),
    "429": (
        openai_error(
            429,
            "Slow down.",
            type="requests",
            code="rate_limit_exceeded",
            headers={**REQUEST_ID, "retry-after": "2.5"},
        ),
        (ErrorKind.TRANSIENT, 429, "rate_limit_exceeded", "Slow down.", 2.5, True),
    ),
    "429 in milliseconds": (
        openai_error(
            429,
            "Slow down.",
            type="slow_down",
            headers={**REQUEST_ID, "retry-after-ms": "250", "retry-after": "9"},
        ),
        (ErrorKind.TRANSIENT, 429, "slow_down", "Slow down.", 0.25, True),
    ),
    "429 with a date": (
        openai_error(
            429,
            "Slow down.",
            headers={**REQUEST_ID, "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"},
        ),
        (ErrorKind.TRANSIENT, 429, "invalid_request_error", "Slow down.", 60.0, True),
    ),
    "429 with the time it resets": (
        openai_error(
            429,
            "Slow down.",
            headers={
                **REQUEST_ID,
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "1m0.5s",
            },
        ),
        (ErrorKind.TRANSIENT, 429, "invalid_request_error", "Slow down.", 60.5, True),
    ),
    "insufficient_quota": (
        openai_error(
            429,
            "You exceeded your current quota.",
            type="insufficient_quota",
            code="insufficient_quota",
            headers=REQUEST_ID,
        ),
        (
            ErrorKind.QUOTA,
            429,
            "insufficient_quota",
            "You exceeded your current quota.",
            None,
            True,
        ),
    ),
    "500": (
        openai_error(500, "The server had an error.", type="server_error", headers=REQUEST_ID),
        (ErrorKind.TRANSIENT, 500, "server_error", "The server had an error.", None, False),
    ),
    "500 not to be retried": (
        openai_error(500, "x", headers={**REQUEST_ID, "x-should-retry": "false"}),
        (ErrorKind.PERMANENT, 500, "invalid_request_error", "x", None, False),
    ),
    "502": (
        raw(502, HTML, "content-type: text/html", "x-request-id: req_7"),
        (ErrorKind.TRANSIENT, 502, None, "HTTP 502 without a message", None, False),
    ),
    "503, empty": (
        raw(503, b"", "x-request-id: req_7"),
        (ErrorKind.TRANSIENT, 503, None, "HTTP 503 without a message", None, True),
    ),
    "400, too long": (
        openai_error(400, "Too long.", code="context_length_exceeded", headers=REQUEST_ID),
        (ErrorKind.CONTEXT_OVERFLOW, 400, "context_length_exceeded", "Too long.", None, False),
    ),
    "422 of FastAPI": (
        JSONAnswer(422, {"detail": [{"msg": "field required"}]}, REQUEST_ID),
        (ErrorKind.PERMANENT, 422, None, "field required", None, False),
    ),
    "307": (
        raw(307, b"moved", "location: http://127.0.0.1:1/", "x-request-id: req_7"),
        (ErrorKind.PERMANENT, 307, None, "moved", None, False),
    ),
}


@both_ways
@pytest.mark.parametrize(("answer", "expected"), STATUSES.values(), ids=STATUSES)
async def test_an_error_status_becomes_one_typed_error(server, make, ask, answer, expected):
    server.enqueue(answer)
    with pytest.raises(APIError) as caught:
        await ask(make(clock=FakeClock()))
    error = caught.value
    assert type(error) is APIError
    assert (
        error.kind,
        error.status,
        error.code,
        error.message,
        error.retry_after_s,
        error.safe_to_replay,
    ) == expected
    assert error.request_id == "req_7"
    assert (error.provider, error.model) == ("openai", "m")
    assert KEY not in f"{error} {error!r} {vars(error)} {caught.getrepr(showlocals=False)}"
    assert len(server.requests) == 1


async def test_function_tools_with_reasoning_need_another_wire(server, make):
    message = "Function tools with reasoning_effort are not supported for m."
    error = {"message": message, "type": "invalid_request_error", "param": "reasoning_effort"}
    server.enqueue(JSONAnswer(400, {"error": error}))
    with pytest.raises(APIError) as caught:
        await make().complete(REQUEST)
    assert (caught.value.kind, caught.value.param) == (ErrorKind.UNSUPPORTED, "reasoning_effort")


@both_ways
async def test_an_error_at_status_200_is_an_error(server, make, ask):
    error = {"message": "overloaded", "code": 503}
    server.enqueue(JSONAnswer(200, {"error": error}, REQUEST_ID))
    with pytest.raises(APIError) as caught:
        await ask(make())
    assert type(caught.value) is APIError
    assert (caught.value.kind, caught.value.status) == (ErrorKind.TRANSIENT, 503)
    assert (caught.value.message, caught.value.request_id) == ("overloaded", "req_7")


@both_ways
@pytest.mark.parametrize(
    "answer",
    [
        raw(200, b"<html>login</html>", "content-type: application/json"),
        JSONAnswer(200, {"choices": [{"message": {"tool_calls": [{"id": "x"}]}}]}),
        JSONAnswer(200, {"choices": 7}),
        JSONAnswer(200, {"choices": []}),
    ],
)
async def test_an_answer_that_cannot_be_read_is_a_malformed_response(server, make, ask, answer):
    server.enqueue(answer)
    with pytest.raises(APIError) as caught:
        await ask(make())
    assert caught.value.code == "malformed_response"
    assert caught.value.kind is ErrorKind.TRANSIENT


@pytest.mark.parametrize("start", ["\n ", "\ufeff", ""])
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream", "text/plain"])
async def test_a_json_answer_to_a_streaming_request_is_streamed_all_the_same(
    server, make, content_type, start
):
    whole = json.dumps(openai_answer(Turn.calls(("look", {"q": 1}), content="a")).body)
    server.enqueue(raw(200, f"{start}{whole}".encode(), f"content-type: {content_type}"))
    async with make().stream(REQUEST) as opened:
        events = [type(item).__name__ async for item in opened]
        response = opened.partial
    assert events == [
        "TextDelta",
        "ToolCallStart",
        "ToolCallDelta",
        "ToolCallEnd",
        "UsageEvent",
        "FinishEvent",
    ]
    assert response.text == "a"
    assert response.finish_reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize(
    ("end", "code", "kind", "status"),
    [
        (sse(text("Hel"), text("lo")), "truncated_stream", ErrorKind.TRANSIENT, None),
        (sse(text("Hel"), text("lo"), b"{bro", text("x")), "malformed_response", None, None),
        (sse(text("Hel"), text("lo"), b'{"id":1,"cho'), "truncated_stream", None, None),
        (sse(text("Hello"), {"error": {"message": "x", "code": 502}}), "502", None, 502),
        (
            SSEAnswer([event(text("Hello")) + b"\n\n", b'{"error": {"message": "x"}}'], None, {}),
            None,
            None,
            None,
        ),
    ],
)
async def test_a_stream_that_breaks_after_content_keeps_what_came(
    server, make, end, code, kind, status
):
    server.enqueue(end)
    events = []

    async def read():
        async with make().stream(REQUEST) as opened:
            while True:
                events.append(await anext(opened))

    with pytest.raises(StreamInterrupted) as caught:
        await read()
    error = caught.value
    assert "".join(item.text for item in events if isinstance(item, TextDelta)) == "Hello"
    assert error.partial.text == "Hello"
    assert error.partial.finish_reason is FinishReason.OTHER
    assert (error.code, error.status) == (code, status)
    assert error.kind is (kind or ErrorKind.TRANSIENT)
    assert not any(isinstance(item, FinishEvent) for item in events)


@pytest.mark.parametrize("answer", [sse(), sse({"choices": []}), SSEAnswer([b": x\n\n"])])
async def test_a_stream_that_breaks_before_content_is_a_plain_error(server, make, answer):
    server.enqueue(answer)
    with pytest.raises(APIError) as caught:
        await stream(make())
    assert type(caught.value) is APIError
    assert caught.value.code == "truncated_stream"


@pytest.mark.parametrize("cut", [Reset, Close])
async def test_a_connection_lost_in_the_body_keeps_what_came(server, make, cut):
    sent = sse(text("Hello"), text("never"))
    server.enqueue(cut(after_bytes=len(sent.chunks[0]), answer=sent))
    with pytest.raises(StreamInterrupted) as caught:
        await stream(make())
    assert caught.value.partial.text == "Hello"
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert not caught.value.safe_to_replay


@both_ways
@pytest.mark.parametrize("answer", [Reset(), Close(), Reset(after_bytes=40), Close(after_bytes=40)])
async def test_a_connection_lost_before_content_is_a_transient_error(server, make, ask, answer):
    server.enqueue(answer)
    with pytest.raises(APIError) as caught:
        await ask(make())
    assert type(caught.value) is APIError
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert not caught.value.safe_to_replay


async def test_nobody_at_the_address_is_safe_to_try_again(server, make):
    del server
    with pytest.raises(APIError) as caught:
        await make(base_url="http://127.0.0.1:1/v1").complete(REQUEST)
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert caught.value.safe_to_replay


@both_ways
@pytest.mark.parametrize(
    ("of_provider", "of_request", "expected"), [(7, None, 7), (7, 30, 30), (None, 30, 30)]
)
async def test_a_call_ends_at_its_deadline(server, make, ask, of_provider, of_request, expected):
    clock = FakeClock()
    model = make(clock=clock, timeout_s=of_provider)
    request = Request(messages=REQUEST.messages, settings=Settings(timeout_s=of_request))
    server.enqueue(Hang())

    async def pass_time():
        await server.received()
        clock.advance(expected - 1)
        await anyio.lowlevel.checkpoint()
        clock.advance(1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pass_time)
        with pytest.raises(APIError) as caught:
            await ask(model, request)
    error = caught.value
    assert (error.code, error.kind) == ("timeout", ErrorKind.TRANSIENT)
    assert error.message == f"no complete answer within {expected} s"
    assert not error.safe_to_replay


async def test_the_deadline_holds_between_chunks_of_a_stream(server, make):
    clock = FakeClock()
    forever = anyio.Event()

    async def before(index):
        if index == 1:
            await forever.wait()

    server.enqueue(SSEAnswer([event(text("Hel")) + b"\n\n", b""], before))

    async def read():
        async with make(clock=clock, timeout_s=7).stream(REQUEST) as opened:
            async for _ in opened:
                clock.advance(8)

    with pytest.raises(StreamInterrupted) as caught:
        await read()
    assert caught.value.code == "timeout"
    assert caught.value.partial.text == "Hel"
    forever.set()


@both_ways
@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "set OPENAI_API_KEY"),
        ({"name": "groq"}, "configure one for 'groq'"),
        ({"name": "groq", "key_hint": "set GROQ_API_KEY"}, "set GROQ_API_KEY"),
    ],
)
async def test_a_missing_key_is_an_error_before_anything_is_sent(server, make, ask, options, hint):
    with pytest.raises(APIError, match=hint) as caught:
        await ask(make(None, **options))
    assert (caught.value.status, caught.value.code) == (401, "missing_key")
    assert caught.value.kind is ErrorKind.AUTH
    assert caught.value.safe_to_replay
    assert server.connections == 0


@both_ways
async def test_a_missing_url_is_an_error_before_anything_is_sent(server, make, ask):
    with pytest.raises(APIError) as caught:
        await ask(make(base_url=None))
    assert (caught.value.status, caught.value.code) == (401, "missing_url")
    assert server.connections == 0


async def test_a_server_without_keys_gets_none(server, make):
    server.enqueue(openai_answer(HELLO))
    await make(None, needs_key=False).complete(REQUEST)
    assert "authorization" not in server.requests[0].headers


@both_ways
async def test_a_key_function_is_asked_for_every_call(server, make, ask):
    keys = iter(["one", "two"])

    async def key():
        await anyio.lowlevel.checkpoint()
        return next(keys)

    answer = (openai_stream if ask is stream else openai_answer)(HELLO)
    server.enqueue(answer, answer)
    model = make(key)
    for _ in range(2):
        await ask(model)
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer one", "Bearer two"]


async def test_own_headers_are_sent_with_every_request(server, make):
    server.enqueue(openai_answer(HELLO))
    headers = (("x-title", "demo"),)
    model = make(organization="org_1", project="proj_1", headers=headers)
    await model.complete(REQUEST)
    found = server.requests[0].headers
    assert (found["openai-organization"], found["openai-project"]) == ("org_1", "proj_1")
    assert found["x-title"] == "demo"


@both_ways
async def test_a_slash_at_the_end_of_the_url_makes_no_difference(server, make, ask):
    server.enqueue((openai_stream if ask is stream else openai_answer)(HELLO))
    await ask(make(base_url=f"{server.url}/v1/"))
    assert server.requests[0].path == "/v1/chat/completions"


async def test_a_connection_is_used_again_after_a_complete_stream(server, make):
    model = make()
    for turn in range(4):
        server.enqueue(openai_answer(HELLO) if turn % 2 else openai_stream(HELLO))
        await (complete if turn % 2 else stream)(model)
    assert len(server.requests) == 4
    assert server.connections == 1


async def test_a_connection_is_used_again_when_only_the_events_were_read(server, make):
    model = make()
    for _ in range(3):
        server.enqueue(openai_stream(HELLO))
        async with model.stream(REQUEST) as opened:
            async for _ in opened:
                pass
    assert server.connections == 1


async def test_a_connection_is_used_again_after_an_error_status(server, make):
    model = make()
    for _ in range(2):
        server.enqueue(openai_error(429, "Slow down."))
        with pytest.raises(APIError):
            await model.complete(REQUEST)
    assert server.connections == 1


async def test_a_stream_left_early_gives_its_connection_up(server, make):
    forever = anyio.Event()

    async def before(index):
        if index == 1:
            await forever.wait()

    server.enqueue(SSEAnswer([event(text("Hel")) + b"\n\n", b""], before))
    async with make().stream(REQUEST) as opened:
        assert await anext(opened) == TextDelta("Hel")
        assert opened.partial.text == "Hel"
    await server.idle()
    forever.set()


@pytest.mark.parametrize("keep", [True, False])
async def test_the_body_is_kept_only_when_it_is_asked_for(server, make, keep):
    server.enqueue(openai_answer(HELLO))
    response = await make().complete(Request(messages=REQUEST.messages, keep_raw=keep))
    assert (json.loads(response.raw)["id"] == "chatcmpl-0") if keep else response.raw is None
