"""The scripted vendors: what they send, and what they refuse as the real ones do."""

import json

import pytest

from executus.testing import AnthropicServer, JSONAnswer, OpenAIServer, Turn
from executus.testing.server import (
    anthropic_calls,
    anthropic_error,
    anthropic_text,
    openai_calls,
    openai_error,
    openai_text,
)
from majordomo.http import HTTPRequest, HttpxTransport, SSEReader, read_body

USER = {"role": "user", "content": "add"}
SCRIPT = [
    Turn.calls(
        ("add", {"a": "ü", "b": 2}),
        ("now", {}),
        content="Adding.",
        thinking="Hm, well.",
        signature="S1",
    ),
    Turn.text("It is done."),
]


@pytest.fixture
async def transport():
    transport = HttpxTransport()
    yield transport
    await transport.aclose()


@pytest.fixture
async def openai(transport):
    async with OpenAIServer(SCRIPT) as server:
        server.transport = transport
        yield server


@pytest.fixture
async def anthropic(transport):
    async with AnthropicServer(SCRIPT) as server:
        server.transport = transport
        yield server


async def post(server, path, body, headers=()):
    message = HTTPRequest(
        url=server.base_url + path, headers=tuple(headers), body=json.dumps(body).encode()
    )
    response = await server.transport.open(message)
    data = await read_body(response)
    await response.aclose()
    return response.status, data


async def chat(server, *messages, headers=(), **options):
    body = {"model": "m", "messages": [USER, *messages], **options}
    status, data = await post(server, "/chat/completions", body, headers)
    return (status, data) if options.get("stream") else (status, json.loads(data))


async def claude(server, *messages, headers=(("anthropic-version", "2023-06-01"),), **options):
    body = {"model": "m", "max_tokens": 9, "messages": [USER, *messages], **options}
    status, data = await post(server, "/v1/messages", body, headers)
    return (status, data) if options.get("stream") else (status, json.loads(data))


def events(data):
    reader = SSEReader()
    return reader.feed(data) + reader.flush()


# OpenAI


def tool(id_):
    return {"role": "tool", "tool_call_id": id_, "content": "ok"}


async def test_openai_follows_its_script_by_the_assistant_messages_of_the_request(openai):
    for _ in range(2):  # concurrent runs see the same turn
        status, first = await chat(openai)
        [choice] = first["choices"]
        assert (status, choice["finish_reason"]) == (200, "tool_calls")
        assert choice["message"]["content"] == "Adding."
        calls = choice["message"]["tool_calls"]
        assert [call["function"] for call in calls] == [
            {"name": "add", "arguments": '{"a": "ü", "b": 2}'},
            {"name": "now", "arguments": "{}"},
        ]
    answers = [tool(call["id"]) for call in calls]
    _, second = await chat(openai, choice["message"], *answers)
    assert second["choices"][0]["message"]["content"] == "It is done."
    assert second["choices"][0]["finish_reason"] == "stop"
    assert second["usage"]["total_tokens"] == 15


async def test_openai_streams_the_same_turn_in_pieces(openai):
    status, data = await chat(openai, stream=True, stream_options={"include_usage": True})
    *payloads, done = events(data)
    chunks = [json.loads(payload) for payload in payloads]
    assert (status, done) == (200, b"[DONE]")
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert "".join(delta.get("content") or "" for delta in deltas) == "Adding."
    pieces = [call for delta in deltas for call in delta.get("tool_calls", ())]
    texts = [piece["function"]["arguments"] for piece in pieces if piece["index"] == 0]
    assert "".join(texts) == '{"a": "ü", "b": 2}'
    assert len(texts) > 3
    assert [piece["id"] for piece in pieces if "id" in piece] == ["call_0_0", "call_0_1"]
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["prompt_tokens"]) == ([], 10)
    assert len({chunk["id"] for chunk in chunks}) == 1


async def test_openai_streams_usage_only_when_asked(openai):
    _, data = await chat(openai, stream=True)
    assert b"usage" not in data


ASSISTANT = {
    "role": "assistant",
    "tool_calls": [
        {"id": id_, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for id_ in ("A", "B")
    ],
}

REFUSED = {
    "no answer": [ASSISTANT],
    "one answer": [ASSISTANT, tool("A")],
    "one answer, then the next question": [ASSISTANT, tool("A"), USER],
    "a message between": [ASSISTANT, tool("A"), USER, tool("B")],
    "a foreign answer": [ASSISTANT, tool("A"), tool("B"), tool("C")],
    "an answer twice": [ASSISTANT, tool("A"), tool("A"), tool("B")],
    "an answer to nothing": [tool("A")],
    "equal ids": [{**ASSISTANT, "tool_calls": ASSISTANT["tool_calls"][:1] * 2}, tool("A")],
}


@pytest.mark.parametrize("messages", REFUSED.values(), ids=REFUSED)
async def test_openai_refuses_calls_that_are_not_answered_directly(openai, messages):
    status, body = await chat(openai, *messages)
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert "tool" in body["error"]["message"]


async def test_openai_takes_answers_in_any_order(openai):
    status, _ = await chat(openai, ASSISTANT, tool("B"), tool("A"), USER)
    assert status == 200


async def test_openai_says_when_the_script_is_over(openai):
    said = {"role": "assistant", "content": "x"}
    status, body = await chat(openai, said, said)
    assert status == 500
    assert "2 turns" in body["error"]["message"]
    assert "turn 3" in body["error"]["message"]


async def test_openai_wants_its_path_and_its_fields(openai):
    status, _ = await post(openai, "/responses", {})
    assert status == 404
    for body in ({}, {"model": "m"}, {"messages": [USER]}, {"model": "m", "messages": []}, []):
        status, _ = await post(openai, "/chat/completions", body)
        assert status == 400, body


@pytest.mark.parametrize(
    ("headers", "status"),
    [((), 401), ([("authorization", "Bearer wrong")], 401), ([("authorization", "Bearer k")], 200)],
)
async def test_openai_wants_its_key(transport, headers, status):
    async with OpenAIServer(SCRIPT, require_key="k") as server:
        server.transport = transport
        assert (await chat(server, headers=headers))[0] == status


async def test_queued_faults_go_before_the_script(openai):
    openai.enqueue(openai_error(429, "slow", type="rate_limit_error", code="slow_down"))
    status, body = await chat(openai)
    assert (status, body["error"]["code"]) == (429, "slow_down")
    assert (await chat(openai))[0] == 200


def test_openai_answers_can_be_made_without_a_server():
    usage = {"prompt_tokens": 1}
    text = openai_text("hi", usage=usage)
    assert text.body["choices"][0]["message"]["content"] == "hi"
    assert text.body["usage"] == usage
    calls = openai_calls([("f", '{"broken')])
    [call] = calls.body["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "f", "arguments": '{"broken'}


# Anthropic


def result(*ids, **more):
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": i} for i in ids]}


async def test_anthropic_follows_its_script_by_the_assistant_messages_of_the_request(anthropic):
    for _ in range(2):
        status, first = await claude(anthropic)
        assert (status, first["stop_reason"]) == (200, "tool_use")
        thinking, text, add, now = first["content"]
        assert thinking == {"type": "thinking", "thinking": "Hm, well.", "signature": "S1"}
        assert text == {"type": "text", "text": "Adding."}
        assert (add["name"], add["input"], now["input"]) == ("add", {"a": "ü", "b": 2}, {})
    turn = {"role": "assistant", "content": first["content"]}
    _, second = await claude(anthropic, turn, result(add["id"], now["id"]))
    assert second["content"] == [{"type": "text", "text": "It is done."}]
    assert second["stop_reason"] == "end_turn"
    assert second["usage"]["output_tokens"] == 5


async def test_anthropic_streams_the_same_turn_by_its_grammar(anthropic):
    status, data = await claude(anthropic, stream=True)
    assert status == 200
    names = [line[7:].decode() for line in data.split(b"\n") if line.startswith(b"event: ")]
    payloads = [json.loads(payload) for payload in events(data)]
    assert names == [payload["type"] for payload in payloads]
    assert (names[0], names[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert "ping" in names
    blocks = {}
    for payload in payloads:
        if payload["type"] == "content_block_start":
            blocks[payload["index"]] = [payload["content_block"], ""]
        elif payload["type"] == "content_block_delta":
            delta = payload["delta"]
            texts = (delta.get(key) for key in ("text", "thinking", "partial_json", "signature"))
            blocks[payload["index"]][1] += next(text for text in texts if text is not None)
    assert [text for _, text in blocks.values()] == [
        "Hm, well.S1",
        "Adding.",
        '{"a": "ü", "b": 2}',
        "{}",
    ]
    assert blocks[0][0] == {"type": "thinking", "thinking": "", "signature": ""}
    assert blocks[2][0]["input"] == {}
    assert payloads[-2]["delta"]["stop_reason"] == "tool_use"
    assert payloads[-2]["usage"] == {"output_tokens": 5}


async def test_thinking_may_come_with_a_signature_only(transport):
    async with AnthropicServer([Turn.text("x", signature="S")]) as server:
        server.transport = transport
        _, body = await claude(server)
        assert body["content"][0] == {"type": "thinking", "thinking": "", "signature": "S"}


def uses(*ids):
    blocks = [{"type": "tool_use", "id": id_, "name": "f", "input": {}} for id_ in ids]
    return {"role": "assistant", "content": blocks}


def thinks(thinking, signature):
    block = {"type": "thinking", "thinking": thinking, "signature": signature}
    return {"role": "assistant", "content": [block, {"type": "text", "text": "x"}]}


LATE = {"role": "user", "content": [{"type": "text", "text": "x"}, *result("A")["content"]]}

REFUSED_BY_ANTHROPIC = {
    "no answer": ([uses("A")], "without `tool_result`"),
    "one answer": ([uses("A", "B"), result("A")], "immediately after: B"),
    "a later answer": ([uses("A"), USER, result("A")], "without `tool_result`"),
    "a foreign answer": ([uses("A"), result("A", "B")], "unexpected `tool_use_id`"),
    "an answer to nothing": ([result("A")], "unexpected `tool_use_id`"),
    "an answer twice": ([uses("A"), result("A", "A")], "single result"),
    "equal ids": ([uses("A", "A"), result("A")], "unique"),
    "an id of an earlier turn": ([uses("A"), result("A"), uses("A"), result("A")], "unique"),
    "text before the answer": ([uses("A"), LATE], "come first"),
    "altered thinking": ([thinks("Hm, well", "S1"), USER], "cannot be modified"),
    "an altered signature": ([thinks("Hm, well.", "S2"), USER], "Invalid `signature`"),
}


@pytest.mark.parametrize(
    ("messages", "complaint"), REFUSED_BY_ANTHROPIC.values(), ids=REFUSED_BY_ANTHROPIC
)
async def test_anthropic_refuses_a_broken_history(anthropic, messages, complaint):
    status, body = await claude(anthropic, *messages)
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert complaint in body["error"]["message"]


async def test_anthropic_takes_its_thinking_back_unaltered(anthropic):
    assert (await claude(anthropic, thinks("Hm, well.", "S1"), USER))[0] == 200


@pytest.mark.parametrize("missing", ["model", "max_tokens", "messages"])
async def test_anthropic_wants_its_fields(anthropic, missing):
    status, body = await claude(anthropic, **{missing: None})
    assert status == 400
    assert missing in body["error"]["message"]


async def test_anthropic_wants_its_version_its_path_and_a_user_first(anthropic):
    assert (await claude(anthropic, headers=()))[0] == 400
    assert (await post(anthropic, "/messages", {}))[0] == 404
    status, body = await claude(anthropic, messages=[thinks("Hm, well.", "S1")])
    assert status == 400
    assert "user" in body["error"]["message"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (("x-api-key", "no"), 401),
        (("x-api-key", "k"), 200),
        (("authorization", "Bearer k"), 200),
    ],
)
async def test_anthropic_wants_its_key(transport, header, status):
    async with AnthropicServer(SCRIPT, require_key="k") as server:
        server.transport = transport
        headers = [("anthropic-version", "2023-06-01"), header]
        assert (await claude(server, headers=headers))[0] == status


async def test_anthropic_says_when_the_script_is_over(anthropic):
    said = {"role": "assistant", "content": "x"}
    status, body = await claude(anthropic, said, USER, said, USER)
    assert status == 500
    assert "2 turns" in body["error"]["message"]


def test_anthropic_answers_can_be_made_without_a_server():
    assert anthropic_text("hi").body["content"] == [{"type": "text", "text": "hi"}]
    [block] = anthropic_calls([("f", '{"a": 1}')]).body["content"]
    assert (block["name"], block["input"]) == ("f", {"a": 1})
    error = anthropic_error(429, "no", type="rate_limit_error", code="ramp_limit_exceeded")
    assert isinstance(error, JSONAnswer)
    assert error.body["error"]["details"] == {"error_code": "ramp_limit_exceeded"}
