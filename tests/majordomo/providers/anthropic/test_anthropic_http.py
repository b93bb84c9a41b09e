"""The wire over HTTP: every status as one typed error, broken streams, and a long tool loop."""

import json

import pytest

from executus.testing import AnthropicServer, FakeClock, JSONAnswer, LoopbackServer, Turn
from executus.testing.server import SSEAnswer, anthropic_error
from majordomo.errors import APIError, ErrorKind
from majordomo.http import HttpxTransport
from majordomo.llm import (
    FinishReason,
    Fragments,
    Request,
    Settings,
    StreamInterrupted,
    TextDelta,
    dump_messages,
    load_messages,
    tool,
    tool_result,
    user,
)
from majordomo.providers.anthropic import AnthropicOptions, anthropic_provider

KEY = "sk-ant-very-secret"
MODEL = "claude-opus-5-5"
HI = Request(messages=[user("hi")])
REQUEST_ID = {"request-id": "req_7"}
INVALID = "invalid_request_error"
RATE = "rate_limit_error"


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def make():
    """Makes models that close their connections afterwards."""
    transport = HttpxTransport()

    def make(server, key=KEY, **options):
        options = {"base_url": server.url, "transport": transport, **options}
        return anthropic_provider(key, **options).model(MODEL)

    yield make
    await transport.aclose()


async def complete(model, request=HI):
    return await model.complete(request)


async def stream(model, request=HI):
    async with model.stream(request) as opened:
        return await opened.response()


both_ways = pytest.mark.parametrize("ask", [complete, stream])

USED_UP = {
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:45Z",
}

# name: (status, type, code, message, headers), (kind, code, retry_after_s, safe_to_replay)
STATUSES = {
    "400": ((400, INVALID, None, "bad", {}), (ErrorKind.PERMANENT, INVALID, None, False)),
    "400, on hold": (
        (400, INVALID, "organization_on_hold", "held", {}),
        (ErrorKind.PERMANENT, "organization_on_hold", None, False),
    ),
    "400, broke": (
        (400, INVALID, None, "Your credit balance is too low to access the API", {}),
        (ErrorKind.QUOTA, INVALID, None, False),
    ),
    "400, another conversation's signature": (
        (
            400,
            INVALID,
            None,
            "messages.1.content.0: Invalid `signature` in `thinking` block.",
            {},
        ),
        (ErrorKind.HISTORY_REJECTED, INVALID, None, False),
    ),
    "400, too long": (
        (400, INVALID, None, "prompt is too long: 210000 tokens > 200000 maximum", {}),
        (ErrorKind.CONTEXT_OVERFLOW, INVALID, None, False),
    ),
    "400, too long with the answer": (
        (400, INVALID, None, "input length and `max_tokens` exceed context limit: 1 + 2 > 3", {}),
        (ErrorKind.CONTEXT_OVERFLOW, INVALID, None, False),
    ),
    "400, sampling": (
        (400, INVALID, None, "temperature: Extra inputs are not permitted", {}),
        (ErrorKind.UNSUPPORTED, INVALID, None, False),
    ),
    "401": (
        (401, "authentication_error", None, "invalid x-api-key", {}),
        (ErrorKind.AUTH, "authentication_error", None, False),
    ),
    "402": (
        (402, "billing_error", "linked_organization_billing_unavailable", "pay", {}),
        (ErrorKind.QUOTA, "linked_organization_billing_unavailable", None, False),
    ),
    "403": (
        (403, "permission_error", None, "no", {}),
        (ErrorKind.AUTH, "permission_error", None, False),
    ),
    "404": (
        (404, "not_found_error", None, "model: claude-nope", {}),
        (ErrorKind.NOT_FOUND, "not_found_error", None, False),
    ),
    "408": (
        (408, "timeout_error", None, "slow", {}),
        (ErrorKind.TRANSIENT, "timeout_error", None, False),
    ),
    "409": (
        (409, "conflict_error", None, "again", {}),
        (ErrorKind.TRANSIENT, "conflict_error", None, False),
    ),
    "413": (
        (413, "request_too_large", None, "over 32 MB", {}),
        (ErrorKind.PERMANENT, "request_too_large", None, False),
    ),
    "422": ((422, INVALID, None, "no", {}), (ErrorKind.PERMANENT, INVALID, None, False)),
    "429": (
        (429, RATE, None, "slow down", {"retry-after": "7"}),
        (ErrorKind.TRANSIENT, RATE, 7.0, True),
    ),
    "429, growing too fast": (
        (429, RATE, "ramp_limit_exceeded", "slow down", {"retry-after-ms": "250"}),
        (ErrorKind.TRANSIENT, "ramp_limit_exceeded", 0.25, True),
    ),
    "429, with the time it resets": (
        (429, RATE, None, "slow down", USED_UP),
        (ErrorKind.TRANSIENT, RATE, 45.0, True),
    ),
    "503, while a limit is used up": (
        (503, "api_error", None, "down", USED_UP),
        (ErrorKind.TRANSIENT, "api_error", None, True),
    ),
    "429, the tier's limit": (
        (429, RATE, "enforced_spend_limit_reached", "tier", {}),
        (ErrorKind.QUOTA, "enforced_spend_limit_reached", None, True),
    ),
    "429, the contract's limit": (
        (429, RATE, "contract_spend_limit_reached", "contract", {}),
        (ErrorKind.QUOTA, "contract_spend_limit_reached", None, True),
    ),
    "500": ((500, "api_error", None, "oops", {}), (ErrorKind.TRANSIENT, "api_error", None, False)),
    "500, not to be retried": (
        (500, "api_error", None, "oops", {"x-should-retry": "false"}),
        (ErrorKind.PERMANENT, "api_error", None, False),
    ),
    "502": ((502, "api_error", None, "oops", {}), (ErrorKind.TRANSIENT, "api_error", None, False)),
    "503": (
        (503, "api_error", "cmek_key_unreachable", "key", {}),
        (ErrorKind.TRANSIENT, "cmek_key_unreachable", None, True),
    ),
    "504": (
        (504, "timeout_error", None, "slow", {}),
        (ErrorKind.TRANSIENT, "timeout_error", None, False),
    ),
    "529": (
        (529, "overloaded_error", None, "Overloaded", {}),
        (ErrorKind.TRANSIENT, "overloaded_error", None, True),
    ),
}


@both_ways
@pytest.mark.parametrize(("given", "expected"), STATUSES.values(), ids=STATUSES)
async def test_an_error_status_becomes_one_typed_error(server, make, ask, given, expected):
    status, type_, code, message, headers = given
    answer = anthropic_error(
        status, message, type=type_, code=code, headers={**REQUEST_ID, **headers}
    )
    server.enqueue(answer)
    with pytest.raises(APIError) as caught:
        await ask(make(server, clock=FakeClock()))
    error = caught.value
    assert type(error) is APIError
    assert (error.kind, error.code, error.retry_after_s, error.safe_to_replay) == expected
    assert (error.status, error.message, error.request_id) == (status, message, "req_7")
    assert (error.provider, error.model) == ("anthropic", MODEL)
    assert KEY not in f"{error} {error!r} {vars(error)}"
    assert len(server.requests) == 1


async def test_an_error_in_a_good_answer_is_an_error(server, make):
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    server.enqueue(JSONAnswer(200, error, REQUEST_ID))
    with pytest.raises(APIError) as caught:
        await complete(make(server))
    assert (caught.value.status, caught.value.kind) == (529, ErrorKind.TRANSIENT)
    assert (caught.value.message, caught.value.request_id) == ("Overloaded", "req_7")


@both_ways
async def test_a_missing_key_is_a_401_before_anything_is_dialled(server, make, ask):
    with pytest.raises(APIError, match="set ANTHROPIC_API_KEY") as caught:
        await ask(make(server, None))
    error = caught.value
    assert (error.status, error.code, error.kind) == (401, "missing_key", ErrorKind.AUTH)
    assert error.safe_to_replay
    assert server.connections == 0


@both_ways
@pytest.mark.parametrize(
    ("options", "name", "value", "absent"),
    [
        (AnthropicOptions(), "x-api-key", KEY, "authorization"),
        (AnthropicOptions(bearer=True), "authorization", f"Bearer {KEY}", "x-api-key"),
    ],
)
async def test_the_key_is_sent_in_one_header_only(server, make, ask, options, name, value, absent):
    server.enqueue(anthropic_error(500, "enough seen"))
    with pytest.raises(APIError, match="enough seen"):
        await ask(make(server, options=options))
    headers = server.requests[0].headers
    assert headers[name] == value
    assert absent not in headers


def event(payload):
    return f"event: {payload['type']}\ndata: {json.dumps(payload)}\n\n".encode()


START = event({"type": "message_start", "message": {"model": MODEL, "usage": {"input_tokens": 3}}})
BLOCK = event(
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
)
HELLO = event(
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}
)
# type: (status, kind)
IN_STREAM = {
    "overloaded_error": (529, ErrorKind.TRANSIENT),
    "rate_limit_error": (429, ErrorKind.TRANSIENT),
    "api_error": (500, ErrorKind.TRANSIENT),
    "timeout_error": (504, ErrorKind.TRANSIENT),
    "invalid_request_error": (400, ErrorKind.PERMANENT),
    "authentication_error": (401, ErrorKind.AUTH),
    "permission_error": (403, ErrorKind.AUTH),
    "not_found_error": (404, ErrorKind.NOT_FOUND),
    "billing_error": (402, ErrorKind.QUOTA),
}


def failing(type_, *before):
    error = {"type": "error", "error": {"type": type_, "message": "sorry"}, "request_id": "req_7"}
    return SSEAnswer([*before, event(error)], headers=REQUEST_ID)


@pytest.mark.parametrize(("type_", "expected"), IN_STREAM.items())
@pytest.mark.parametrize("before", [(), (START,), (START, BLOCK)])
async def test_an_error_before_content_is_a_plain_error(server, make, type_, expected, before):
    server.enqueue(failing(type_, *before))
    with pytest.raises(APIError, match="sorry") as caught:
        await stream(make(server))
    error = caught.value
    assert type(error) is APIError
    assert (error.status, error.kind) == expected
    assert (error.code, error.request_id) == (type_, "req_7")


@pytest.mark.parametrize(("type_", "expected"), IN_STREAM.items())
async def test_an_error_after_content_keeps_what_came(server, make, type_, expected):
    server.enqueue(failing(type_, START, BLOCK, HELLO))
    seen = []

    async def read():
        async with make(server).stream(HI) as opened:
            while True:
                seen.append(await anext(opened))

    with pytest.raises(StreamInterrupted, match="sorry") as caught:
        await read()
    error = caught.value
    assert seen[-1] == TextDelta("Hello")
    assert (error.status, error.kind) == expected
    assert (error.code, error.request_id) == (type_, "req_7")
    assert error.partial.text == "Hello"
    assert error.partial.usage.input == 3
    assert not error.safe_to_replay


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


TURNS = [
    *(
        Turn.calls(
            *[("add", {"a": turn, "b": at}) for at in range(1 + turn % 3)],
            content="Adding. " if turn % 2 else "",
            thinking="" if turn % 4 == 3 else f'Step "{turn}"\n é🎈 ',
            signature=f"EqSig{turn}/+==",
        )
        for turn in range(10)
    ),
    Turn.text("Done. ", thinking="At last.", signature="EqLast"),
]


@both_ways
@pytest.mark.parametrize("stored", [False, True])
async def test_a_long_tool_loop_with_thinking_is_accepted_in_every_turn(make, ask, stored):
    """The server refuses thinking that comes back changed, and calls that are not answered."""
    messages, fragments = [user("go")], Fragments()
    async with AnthropicServer(TURNS, require_key=KEY) as server:
        model = make(server)
        while True:
            settings = Settings(reasoning_effort="high")
            request = Request(
                messages=messages, tools=[add], settings=settings, fragments=fragments
            )
            response = await ask(model, request)
            messages.append(response.message)
            if response.finish_reason is not FinishReason.TOOL_CALLS:
                break
            messages += [tool_result(call, "3") for call in response.tool_calls]
            if stored:
                messages, fragments = load_messages(dump_messages(messages)), Fragments()
    assert response.text == "Done. "
    assert len(server.requests) == len(TURNS)
    own = [m for m in server.requests[-1].json["messages"] if m["role"] == "assistant"]
    thoughts = [turn["content"][0] for turn in own]
    assert thoughts == [
        {"type": "thinking", "thinking": turn.thinking, "signature": turn.signature}
        for turn in TURNS[:-1]
    ]
    # What was sent once is sent the same ever after: caches and signatures are bound to it.
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        sent = before.json["messages"]
        assert after.json["messages"][: len(sent)] == sent
