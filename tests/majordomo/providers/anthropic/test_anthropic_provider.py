"""The provider over real HTTP: what is dialled, and what its failures are."""

import pytest

from executus.testing import AnthropicServer, RawAnswer, Turn
from executus.testing.server import anthropic_error
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import FinishReason, Request, StreamInterrupted, TextDelta, tool, user
from majordomo.providers.anthropic import AnthropicOptions, AnthropicWire, anthropic_provider
from majordomo.providers.wire import Wire

MODEL = "claude-sonnet-5-5"
HI = Request(messages=[user("hi")])


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


async def answer(model, request, *, streaming):
    if not streaming:
        return await model.complete(request)
    async with model.stream(request) as stream:
        return await stream.response()


async def read(model, seen):
    async with model.stream(HI) as stream:
        async for event in stream:
            seen += [event]


BOTH_WAYS = pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])


def test_the_wire_is_a_wire():
    wire: Wire = AnthropicWire()
    assert wire.name == "anthropic"


def test_defaults_of_the_endpoint():
    provider = anthropic_provider()
    assert provider.name == "anthropic"
    assert provider.endpoint.base_url == "https://api.anthropic.com"
    assert provider.endpoint.timeout_s == 600.0


@BOTH_WAYS
async def test_what_is_dialled(streaming):
    turn = Turn.calls(("add", {"a": 1, "b": 2}), thinking="hm", signature="Sig")
    async with AnthropicServer([turn], require_key="key") as server:
        provider = anthropic_provider(
            "key",
            base_url=server.base_url + "/",
            name="team",
            options=AnthropicOptions(betas=("b1",)),
            headers=(("x-team", "a"),),
        )
        request = Request(messages=[user("1+2?")], tools=[add])
        response = await answer(provider.model(MODEL), request, streaming=streaming)
    (dialled,) = server.requests
    assert (dialled.method, dialled.path) == ("POST", "/v1/messages")
    wanted = {
        "x-api-key": "key",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "b1",
        "x-team": "a",
        "content-type": "application/json",
    }
    assert {name: dialled.headers[name] for name in wanted} == wanted
    assert dialled.json.get("stream", False) is streaming
    assert response.finish_reason is FinishReason.TOOL_CALLS
    assert response.message.thinking == "hm"
    assert response.tool_calls[0].arguments == '{"a":1,"b":2}'
    assert response.message.state.provider == response.target.provider == "team"
    assert response.request_id == "req_0"


@BOTH_WAYS
async def test_a_bearer_token(streaming):
    async with AnthropicServer([Turn.text("ok")], require_key="token") as server:
        options = AnthropicOptions(bearer=True)
        provider = anthropic_provider("token", base_url=server.base_url, options=options)
        response = await answer(provider.model(MODEL), HI, streaming=streaming)
    assert response.text == "ok"
    assert "x-api-key" not in server.requests[0].headers


async def test_a_missing_key_is_told_before_anything_is_dialled():
    async with AnthropicServer() as server:
        with pytest.raises(APIError, match="set ANTHROPIC_API_KEY") as caught:
            await anthropic_provider(base_url=server.base_url).model(MODEL).complete(HI)
        assert server.requests == []
    assert caught.value.kind is ErrorKind.AUTH


@BOTH_WAYS
@pytest.mark.parametrize(
    ("status", "type_", "code", "kind"),
    [
        (529, "overloaded_error", None, ErrorKind.TRANSIENT),
        (429, "rate_limit_error", "enforced_spend_limit_reached", ErrorKind.QUOTA),
        (404, "not_found_error", None, ErrorKind.NOT_FOUND),
        (401, "authentication_error", None, ErrorKind.AUTH),
    ],
)
async def test_refusals(streaming, status, type_, code, kind):
    async with AnthropicServer() as server:
        server.enqueue(anthropic_error(status, "sorry", type=type_, code=code))
        model = anthropic_provider("key", base_url=server.base_url).model(MODEL)
        with pytest.raises(APIError, match="sorry") as caught:
            await answer(model, HI, streaming=streaming)
    error = caught.value
    assert (error.status, error.kind, error.code) == (status, kind, code or type_)


OPENING = (
    b'data: {"type":"message_start","message":{"model":"m","usage":null}}\n\n'
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"So"}}\n\n'
)
OVERLOADED = b'data: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'


def stream_of(body):
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    return RawAnswer(head + body)


@pytest.mark.parametrize(
    ("rest", "status", "code"),
    [
        (OVERLOADED, 529, "overloaded_error"),
        (b"", None, "truncated_stream"),
        (b'data: {"type":"messa', None, "truncated_stream"),
    ],
)
async def test_a_broken_stream_keeps_what_came(rest, status, code):
    async with AnthropicServer() as server:
        server.enqueue(stream_of(OPENING + rest))
        model = anthropic_provider("key", base_url=server.base_url).model(MODEL)
        seen = []
        with pytest.raises(StreamInterrupted) as caught:
            await read(model, seen)
    assert TextDelta("So") in seen
    assert caught.value.partial.text == "So"
    error = caught.value
    assert (error.kind, error.status, error.code) == (ErrorKind.TRANSIENT, status, code)


async def test_a_stream_that_is_an_error_from_the_start():
    async with AnthropicServer() as server:
        server.enqueue(stream_of(OVERLOADED))
        model = anthropic_provider("key", base_url=server.base_url).model(MODEL)
        with pytest.raises(APIError) as caught:
            await answer(model, HI, streaming=True)
    assert not isinstance(caught.value, StreamInterrupted)
    assert (caught.value.status, caught.value.kind) == (529, ErrorKind.TRANSIENT)
