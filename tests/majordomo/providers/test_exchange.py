"""The one path of every call: what is sent, what comes back, what goes wrong."""

import gzip
import json
import re

import pytest

from executus.testing import FakeClock, Hang, JSONAnswer, LoopbackServer, RawAnswer, Reset
from executus.testing.server import Close
from majordomo.errors import APIError, ErrorKind, UnsupportedRequest
from majordomo.http import HttpxTransport
from majordomo.llm.assembler import ArgumentsTooLong
from majordomo.llm.response import Target
from majordomo.providers.exchange import Exchange
from majordomo.providers.openai import OpenAIWire
from majordomo.providers.wire import Endpoint

KEY = "sk-very-secret"
TARGET = Target("acme", "m")


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def make(server):
    transport = HttpxTransport()

    def make(clock=None, **fields):
        fields = {"base_url": f"{server.url}/base", "api_key": KEY, **fields}
        endpoint = Endpoint(provider="acme", key_hint="set ACME_KEY", **fields)
        return Exchange(
            OpenAIWire(), endpoint, TARGET, transport=transport, clock=clock or FakeClock()
        )

    yield make
    await transport.aclose()


def value(body, meta):
    return body, meta


def raw(status, body, *headers):
    head = "\r\n".join((f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers))
    return RawAnswer(f"{head}\r\n\r\n".encode() + body)


async def refusal(call):
    with pytest.raises(APIError) as caught:
        await call
    error = caught.value
    assert (error.provider, error.model) == ("acme", "m")
    assert KEY not in f"{error} {error!r} {vars(error)}"
    return error


async def test_a_call_sends_json_with_the_key_and_reads_json(server, make):
    server.enqueue(JSONAnswer(200, {"a": 1}, {"x-request-id": "req_1"}))
    exchange = make(headers=(("x-mine", "1"),))
    body, meta = await exchange.call("POST", "/things", {"b": "ü"}, read=value)
    assert body == {"a": 1}
    assert (meta.target, meta.request_id, meta.raw) == (TARGET, "req_1", None)
    [request] = server.requests
    assert (request.method, request.path, request.json) == ("POST", "/base/things", {"b": "ü"})
    sent = {name: request.headers.get(name) for name in ("content-type", "accept", "x-mine")}
    assert sent == {"content-type": "application/json", "accept": "application/json", "x-mine": "1"}
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_call_without_a_body_says_nothing_of_one(server, make, method):
    server.enqueue(raw(200, b"OK"))
    answer = await make().send(method, "/unload")
    assert answer.body == b"OK"
    [request] = server.requests
    assert (request.method, request.body) == (method, b"")
    assert "content-type" not in request.headers


async def test_the_raw_body_is_kept_on_demand(server, make):
    server.enqueue(raw(200, b'{"a": 1}'))
    _, meta = await make().call("GET", "/", read=value, keep_raw=True)
    assert meta.raw == b'{"a": 1}'


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"base_url": None}, "missing_url", "no URL; set ACME_KEY"),
        ({"api_key": None}, "missing_key", "no API key; set ACME_KEY"),
        (
            {"api_key": "sk-ü"},
            "bad_key",
            "the API key has a character no header can carry; set ACME_KEY",
        ),
    ],
)
async def test_what_is_not_configured_dials_nobody(server, make, fields, code, message):
    error = await refusal(make(**fields).send("GET", "/"))
    assert (error.kind, error.status, error.code) == (ErrorKind.AUTH, 401, code)
    assert error.message == message
    assert server.requests == []


async def test_without_need_a_missing_key_is_no_header(server, make):
    server.enqueue(raw(200, b"OK"))
    await make(api_key=None, needs_key=False).send("GET", "/")
    assert "authorization" not in server.requests[0].headers


async def test_a_key_function_is_asked_for_each_call(server, make):
    keys = iter(["first-key", "second-key"])

    async def key():
        return next(keys)

    server.enqueue(raw(200, b"OK"), JSONAnswer(400, {"error": "first-key, second-key?"}))
    exchange = make(api_key=key)
    await exchange.send("GET", "/")
    error = await refusal(exchange.send("GET", "/"))
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer first-key", "Bearer second-key"]
    assert error.message == "[key], [key]?"


@pytest.mark.parametrize("key", ["t", "token", "a.b*c"])
async def test_a_short_key_is_taken_out_where_it_stands_alone(server, make, key):
    told = f"bad token {key}: no tokens left, at all, x{key}"
    server.enqueue(JSONAnswer(401, {"error": told}))
    error = await refusal(make(api_key=key).send("GET", "/"))
    assert error.message == re.sub(rf"(?<= ){re.escape(key)}(?=[ :])", "[key]", told)


async def test_a_refusal_is_the_typed_error_with_its_delay(server, make):
    error = {"message": f"slow down, {KEY}", "type": "rate_limit_error"}
    server.enqueue(JSONAnswer(429, {"error": error}, {"retry-after": "7", "request-id": "r"}))
    error = await refusal(make().call("GET", "/", read=value))
    assert (error.kind, error.status, error.retry_after_s) == (ErrorKind.TRANSIENT, 429, 7)
    assert (error.message, error.request_id, error.safe_to_replay) == (
        "slow down, [key]",
        "r",
        True,
    )


@pytest.mark.parametrize("body", [{"error": {"message": "no", "code": 503}, "a": 1}])
async def test_an_error_at_status_200_is_an_error_before_it_is_read(server, make, body):
    server.enqueue(JSONAnswer(200, body))
    error = await refusal(make().call("GET", "/", read=value))
    assert (error.kind, error.status, error.message) == (ErrorKind.TRANSIENT, 503, "no")


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"b": 1}', b"[]", b"7", b'{"a": null}'])
async def test_what_cannot_be_read_is_malformed(server, make, body):
    server.enqueue(raw(200, body))
    error = await refusal(make().call("GET", "/", read=lambda body, meta: body["a"]["b"]))
    assert (error.kind, error.code) == (ErrorKind.TRANSIENT, "malformed_response")


async def test_a_body_over_its_cap_is_refused_however_it_is_packed(server, make):
    body = json.dumps({"a": "x" * 100}).encode()
    packed = gzip.compress(body)
    server.enqueue(raw(200, body), raw(200, packed, "content-encoding: gzip"), raw(200, body))
    exchange = make()
    for _ in range(2):
        error = await refusal(exchange.send("GET", "/", max_bytes=len(body) - 1))
        assert (error.kind, error.code) == (ErrorKind.PERMANENT, "body_too_large")
    assert (await exchange.send("GET", "/", max_bytes=len(body))).body == body


@pytest.mark.parametrize("answer", [Reset(), Close(after_bytes=10), Reset(after_bytes=10)])
async def test_a_lost_connection_is_transient(server, make, answer):
    server.enqueue(answer)
    error = await refusal(make().call("GET", "/", read=value))
    assert (error.kind, error.safe_to_replay) == (ErrorKind.TRANSIENT, False)


@pytest.mark.parametrize(("own", "endpoint_s"), [(None, 30.0), (2.0, 30.0), (2.0, None)])
async def test_a_call_ends_at_its_deadline(make, own, endpoint_s):
    clock, limit_s = FakeClock(), own or endpoint_s

    def respond(request):
        clock.advance(limit_s)
        return Hang()

    async with LoopbackServer(respond) as slow:
        exchange = make(clock, base_url=slow.url, timeout_s=endpoint_s)
        error = await refusal(exchange.send("GET", "/", timeout_s=own))
    assert (error.kind, error.code) == (ErrorKind.TRANSIENT, "timeout")
    assert error.message == f"no complete answer within {limit_s:g} s"


async def test_without_any_bound_an_answer_may_take_a_day(make):
    clock = FakeClock()

    def respond(request):
        clock.advance(86400)
        return JSONAnswer(200, {"a": 1})

    async with LoopbackServer(respond) as slow:
        exchange = make(clock, base_url=slow.url, timeout_s=None)
        body, _ = await exchange.call("GET", "/", read=value)
    assert body == {"a": 1}


async def test_what_json_cannot_carry_is_refused_before_anything_is_sent(server, make):
    with pytest.raises(UnsupportedRequest, match="infinite"):
        await make().send("POST", "/", {"a": float("nan")})
    assert server.requests == []


async def test_arguments_over_their_cap_are_an_answer_too_large(server, make):
    def read(body, meta):
        raise ArgumentsTooLong("arguments of the call 'x' are over the cap")

    server.enqueue(JSONAnswer(200, {"a": 1}))
    error = await refusal(make().call("GET", "/", read=read))
    assert (error.kind, error.code) == (ErrorKind.PERMANENT, "answer_too_large")
