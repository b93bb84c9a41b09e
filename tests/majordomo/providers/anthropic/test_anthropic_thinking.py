"""Thinking goes back to the target that wrote it as it came, and to nobody else."""

import json

import pytest

from majordomo.http import SSEReader
from majordomo.llm import (
    Fragments,
    ProviderState,
    Request,
    Target,
    assistant,
    dump_messages,
    load_messages,
    tool_result,
    user,
)
from majordomo.providers.anthropic import AnthropicWire
from majordomo.providers.wire import ResponseMeta

TARGET = Target("anthropic", "claude-opus-5-5")
WIRE = AnthropicWire()
HI = user("What is it?")

THOUGHT = {"type": "thinking", "thinking": 'Let "me"\n sée 🎈 \\ /', "signature": "EqQBCkYI/+=="}
HIDDEN = {"type": "thinking", "thinking": "", "signature": "EqQBCkYI"}
REDACTED = {"type": "redacted_thinking", "data": "EmwKAhgB"}
TEXT = {"type": "text", "text": "Checking. "}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"q": "x", "n": [1.0]}}
ODD_CALL = {**CALL, "id": "functions.lookup:0"}
NEW = {"type": "brand_new", "payload": {"a": None}, "more": True}

TURNS = {
    "thinking and a call": [THOUGHT, CALL],
    "all kinds": [THOUGHT, TEXT, REDACTED, CALL],
    "display omitted": [HIDDEN, CALL],
    "unknown block": [NEW, TEXT, CALL],
    "between calls": [THOUGHT, CALL, HIDDEN, {**CALL, "id": "toolu_2"}],
    "ids of a compatible server": [THOUGHT, ODD_CALL],
}
EVERY_TURN = pytest.mark.parametrize("name", TURNS)


def decode(*content):
    body = {"content": list(content), "stop_reason": "tool_use"}
    return WIRE.decode(body, ResponseMeta(target=TARGET))


def encode(*messages, target=TARGET, fragments=None):
    request = Request(messages=messages, fragments=fragments or Fragments())
    return WIRE.encode(request, target, streaming=False).body


def turns(*messages, **where):
    return json.loads(encode(*messages, **where))["messages"]


def answered(response):
    return [tool_result(call, "42") for call in response.tool_calls]


@EVERY_TURN
def test_a_turn_goes_back_as_it_came(name):
    blocks = TURNS[name]
    response = decode(*blocks)
    body = encode(HI, response.message, *answered(response), user("and?"))
    received = json.dumps(blocks, ensure_ascii=False, separators=(",", ":")).encode()
    assert b'{"role":"assistant","content":' + received + b"}" in body
    last = json.loads(body)["messages"][2]["content"]
    ids = [block["id"] for block in blocks if block["type"] == "tool_use"]
    assert last == [
        *({"type": "tool_result", "tool_use_id": id, "content": "42"} for id in ids),
        {"type": "text", "text": "and?"},
    ]


@EVERY_TURN
def test_a_stored_turn_goes_back_as_it_came(name):
    response = decode(*TURNS[name])
    history = [HI, response.message, *answered(response)]
    assert encode(*load_messages(dump_messages(history))) == encode(*history)


@EVERY_TURN
@pytest.mark.parametrize(
    "target",
    [Target("anthropic", "claude-opus-5"), Target("other", TARGET.model)],
    ids=["model", "provider"],
)
def test_others_get_text_and_calls_only(name, target):
    response = decode(*TURNS[name])
    sent = turns(HI, response.message, *answered(response), target=target)
    assert {block["type"] for block in sent[1]["content"]} <= {"text", "tool_use"}
    used = [block["id"] for block in sent[1]["content"] if block["type"] == "tool_use"]
    assert [block["tool_use_id"] for block in sent[2]["content"]] == used
    assert len(used) == len(response.tool_calls)
    plain = turns(HI, response.message.without_state(), *answered(response))
    assert sent == plain


@EVERY_TURN
def test_one_run_may_go_to_several_targets(name):
    fragments = Fragments()
    response = decode(*TURNS[name])
    history = [HI, response.message, *answered(response)]
    own = encode(*history, fragments=fragments)
    foreign = encode(*history, target=Target("anthropic", "claude-opus-5"), fragments=fragments)
    assert own != foreign
    assert encode(*history, fragments=fragments) == own


def test_a_state_of_another_wire_is_not_sent():
    state = ProviderState(
        wire="openai", provider=TARGET.provider, model=TARGET.model, data='[{"type":"x"}]'
    )
    assert turns(HI, assistant("ok", state=state))[1]["content"] == [{"type": "text", "text": "ok"}]


@pytest.mark.parametrize(
    "data", ["", "{oops", "{}", "[1]", '["x"]', "[]", " [ ] ", "null", "\ud800"]
)
def test_for_a_damaged_state_the_parts_are_sent(data):
    state = ProviderState(wire="anthropic", provider=TARGET.provider, model=TARGET.model, data=data)
    assert turns(HI, assistant("ok", state=state))[1]["content"] == [{"type": "text", "text": "ok"}]


def test_a_state_s_white_space_is_kept_out():
    state = ProviderState(
        wire="anthropic",
        provider=TARGET.provider,
        model=TARGET.model,
        data=f" [ {json.dumps(THOUGHT)} , {json.dumps(TEXT)} ]\n",
    )
    sent = turns(HI, assistant("Checking. ", state=state), HI)
    assert sent[1]["content"] == [THOUGHT, TEXT]


def test_own_words_at_the_very_end_lose_their_white_space_only():
    message = decode(THOUGHT, TEXT).message
    assert turns(HI, message)[1]["content"] == [THOUGHT, {"type": "text", "text": "Checking."}]
    assert turns(HI, message, HI)[1]["content"] == [THOUGHT, TEXT]


def test_a_dangling_call_of_an_own_turn_is_answered():
    sent = turns(HI, decode(THOUGHT, ODD_CALL).message, user("never mind"))
    assert sent[2]["content"][0] == {
        "type": "tool_result",
        "tool_use_id": ODD_CALL["id"],
        "is_error": True,
        "content": "the call was never completed",
    }


def test_a_turn_without_thinking_carries_no_state():
    message = decode(TEXT, CALL).message
    assert message.state is None
    assert turns(HI, message)[1]["content"] == [TEXT, CALL]


def test_a_streamed_turn_goes_back_as_it_came():
    decoder = WIRE.decoder()
    events = [
        {"type": "content_block_start", "index": 0, "content_block": {**HIDDEN, "signature": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": THOUGHT["thinking"]},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "signature_delta", "signature": THOUGHT["signature"]},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {**CALL, "input": {}}},
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": json.dumps(CALL["input"])},
        },
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    ]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    for payload in SSEReader().feed(body):
        decoder.feed(payload)
    streamed = decoder.response(ResponseMeta(target=TARGET))
    whole = decode(THOUGHT, CALL)
    assert streamed.message == whole.message
    assert encode(HI, streamed.message, *answered(streamed)) == encode(
        HI, whole.message, *answered(whole)
    )
