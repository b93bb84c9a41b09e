"""Thought signatures go back to the model that wrote them, each on its part, and to nobody else."""

import json

import pytest

from executus.testing.server.google_rules import find_broken_rule
from majordomo.llm import (
    Fragments,
    ProviderState,
    Request,
    Target,
    ToolCallPart,
    assistant,
    dump_messages,
    load_messages,
    tool_result,
    user,
)
from majordomo.providers.google import GoogleWire
from majordomo.providers.wire import ResponseMeta

TARGET = Target("google", "gemini-3.8-flash")
WIRE = GoogleWire()
HI = user("What is it?")
DUMMY = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="

TEXT = {"text": "Checking. "}
THOUGHT = {"text": "hm", "thought": True}
SIGNED_THOUGHT = {**THOUGHT, "thoughtSignature": "T0/+=="}
SIGNED_TEXT = {"text": "So. ", "thoughtSignature": "T1/+=="}
EMPTY = {"text": "", "thoughtSignature": "T2/+=="}
CALL = {"functionCall": {"name": "lookup", "args": {"q": "é", "n": [1.0]}}}
SIGNED = {**CALL, "thoughtSignature": "C0/+=="}
WITH_ID = {"functionCall": {"id": "fc 1", "name": "lookup", "args": {}}}
BARE = {"functionCall": {"name": "lookup"}, "thoughtSignature": "C1"}
SEARCH = {"toolCall": {"name": "search", "args": {}}, "thoughtSignature": "S0"}
META = {**TEXT, "partMetadata": {"a": None}}
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}

# name: (parts as received, as sent back)
TURNS = {
    "a call": ([SIGNED], [SIGNED]),
    "thought, text and calls": ([THOUGHT, TEXT, SIGNED, CALL], [TEXT, SIGNED, CALL]),
    "every part signed": (
        [SIGNED_THOUGHT, SIGNED_TEXT, EMPTY, SIGNED],
        [SIGNED_THOUGHT, SIGNED_TEXT, EMPTY, SIGNED],
    ),
    "signed texts side by side": (
        [SIGNED_TEXT, SIGNED_TEXT, TEXT, EMPTY],
        [SIGNED_TEXT, SIGNED_TEXT, TEXT, EMPTY],
    ),
    "a later call alone is signed": (
        [CALL, SIGNED],
        [{**CALL, "thoughtSignature": DUMMY}, SIGNED],
    ),
    "ids": ([{**WITH_ID, "thoughtSignature": "C1"}, CALL], None),
    "ids without signatures": ([WITH_ID], [{**WITH_ID, "thoughtSignature": DUMMY}]),
    "no arguments": ([BARE], [BARE]),
    "the server's tools": ([SEARCH, TEXT], [SEARCH, TEXT]),
    "metadata": ([META], [META]),
    "a picture": ([TEXT, PICTURE], [TEXT, PICTURE]),
    "an unknown part": ([{"brandNew": {"a": [None]}}], [{"brandNew": {"a": [None]}}]),
}
EVERY_TURN = pytest.mark.parametrize("name", TURNS)


def decode(*parts):
    candidate = {"content": {"parts": list(parts)}, "finishReason": "STOP"}
    return WIRE.decode({"candidates": [candidate]}, ResponseMeta(target=TARGET)).message


def encode(*messages, target=TARGET, fragments=None):
    request = Request(messages=messages, fragments=fragments or Fragments())
    return WIRE.encode(request, target, streaming=False).body


def contents(*messages, **where):
    return json.loads(encode(*messages, **where))["contents"]


def answered(message):
    return [tool_result(call, "42") for call in message.tool_calls]


@EVERY_TURN
def test_a_turn_goes_back_as_it_came(name):
    received, expected = TURNS[name]
    message = decode(*received)
    sent = contents(HI, message, *answered(message), user("and?"))
    assert sent[1] == {"role": "model", "parts": received if expected is None else expected}
    results = [part["functionResponse"] for part in sent[2]["parts"][:-1]]
    asked = [part["functionCall"] for part in received if "functionCall" in part]
    assert [(r["name"], r.get("id")) for r in results] == [(c["name"], c.get("id")) for c in asked]


@EVERY_TURN
def test_a_stored_turn_goes_back_as_it_came(name):
    message = decode(*TURNS[name][0])
    history = [HI, message, *answered(message)]
    assert encode(*load_messages(dump_messages(history))) == encode(*history)


@EVERY_TURN
def test_a_collection_in_the_id_makes_no_other_model(name):
    message = decode(*TURNS[name][0])
    same = Target("google", f"models/{TARGET.model}")
    assert contents(HI, message, target=same) == contents(HI, message)


@EVERY_TURN
@pytest.mark.parametrize(
    "target",
    [
        Target("google", "gemini-3.7-flash"),
        Target("google", "gemini-2.5-pro"),
        Target("other", TARGET.model),
    ],
    ids=str,
)
def test_others_get_text_and_calls_only(name, target):
    message = decode(*TURNS[name][0])
    sent = contents(HI, message, *answered(message), user("so"), target=target)
    assert find_broken_rule({"contents": sent}, target.model, ()) is None
    said = [part for content in sent if content["role"] == "model" for part in content["parts"]]
    fields = {field for part in said for field in part}
    assert fields <= {"text", "functionCall", "thoughtSignature"}
    assert {part.get("thoughtSignature") for part in said} <= {None, DUMMY}
    assert not any("id" in part.get("functionCall", {}) for part in said)
    assert sum("functionCall" in part for part in said) == len(message.tool_calls)


@EVERY_TURN
def test_a_stripped_turn_is_one_the_server_takes(name):
    message = decode(*TURNS[name][0]).without_state()
    sent = contents(HI, message, *answered(message), user("so"))
    assert find_broken_rule({"contents": sent}, TARGET.model, ()) is None


@EVERY_TURN
def test_one_run_may_go_to_several_targets(name):
    fragments = Fragments()
    message = decode(*TURNS[name][0])
    history = [HI, message, *answered(message)]
    other = Target("google", "gemini-2.5-flash")
    own = encode(*history, fragments=fragments)
    assert encode(*history, target=other, fragments=fragments) == encode(*history, target=other)
    assert encode(*history, fragments=fragments) == own == encode(*history)


def state(data, **tags):
    known = {"wire": "google", "provider": TARGET.provider, "model": TARGET.model, **tags}
    return ProviderState(data=data, **known)


def test_a_state_of_another_wire_is_not_sent():
    message = assistant("ok", state=state('{"parts":[{"text":"no"}]}', wire="openai"))
    assert contents(HI, message)[1]["parts"] == [{"text": "ok"}]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{oops",
        "[]",
        "[1]",
        "null",
        "{}",
        '{"parts":{}}',
        '{"parts":[]}',
        '{"parts":[1]}',
        '{"parts":[{"text":"a"},null]}',
        '{"parts":[{"functionCall":{"name":"other","args":{"a":1}}},null]}',
        '{"parts":[{"text":"a"},{"functionCall":{"name":"lookup"}}]}',
        '{"parts":[{"functionCall":null}],"continuationToken":5}',
        "\ud800",
    ],
)
def test_for_a_damaged_state_the_parts_are_sent(data):
    call = ToolCallPart(id="c1", name="other")
    message = assistant("ok", call, state=state(data))
    assert contents(HI, message, tool_result(call, "1"))[1]["parts"] == [
        {"text": "ok"},
        {"functionCall": {"name": "other", "args": {}}, "thoughtSignature": DUMMY},
    ]


def test_a_turn_whose_calls_were_changed_is_sent_as_it_is_now():
    message = decode(SIGNED, CALL)
    fewer = assistant(message.tool_calls[0], state=message.state)
    assert contents(HI, fewer, *answered(fewer))[1]["parts"] == [
        {**CALL, "thoughtSignature": DUMMY}
    ]


def test_signed_steps_and_foreign_ones_stand_side_by_side():
    own, foreign = decode(SIGNED), assistant(ToolCallPart(id="toolu_1", name="lookup"))
    sent = contents(HI, own, *answered(own), foreign, *answered(foreign))
    assert [sent[at]["parts"][0]["thoughtSignature"] for at in (1, 3)] == ["C0/+==", DUMMY]
