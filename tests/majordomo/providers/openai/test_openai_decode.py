import json
import re

import pytest

from majordomo.errors import ErrorKind
from majordomo.llm.message import Role
from majordomo.llm.parts import TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Target, Usage
from majordomo.providers.faults import WireFault
from majordomo.providers.openai import OpenAIWire
from majordomo.providers.wire import ResponseMeta

META = ResponseMeta(target=Target("openai", "m"), request_id="req_1", raw=b"{}")
CALL = {"id": "call_A", "type": "function", "function": {"name": "look", "arguments": '{"q":1}'}}
NO_USAGE = Usage(requests=1)


def answer(message, finish="stop", **fields):
    return {"choices": [{"index": 0, "finish_reason": finish, "message": message}], **fields}


def decode(body):
    return OpenAIWire().decode(body, META)


def call_without(*path, **function):
    call = {**CALL, "function": {**CALL["function"], **function}}
    for name in path:
        del call[name]
    return call


def test_a_whole_answer_as_the_vendor_documents_it():
    response = decode(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1790000000,
            "model": "gpt-6-sol-2026-09-01",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "tool_calls",
                    "logprobs": None,
                    "message": {
                        "role": "assistant",
                        "content": None,
                        "refusal": None,
                        "annotations": [],
                        "tool_calls": [CALL],
                    },
                }
            ],
            "usage": {
                "prompt_tokens": 120,
                "completion_tokens": 60,
                "total_tokens": 180,
                "prompt_tokens_details": {
                    "cached_tokens": 64,
                    "cache_write_tokens": 8,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {"reasoning_tokens": 32, "audio_tokens": 0},
            },
            "service_tier": "default",
            "system_fingerprint": "fp_1",
        }
    )
    assert response.message.role is Role.ASSISTANT
    assert response.message.state is None
    call = ToolCallPart(id="call_A", name="look", arguments='{"q":1}')
    assert response.message.parts == response.tool_calls == (call,)
    assert response.finish_reason is FinishReason.TOOL_CALLS
    assert response.usage == Usage(
        input=120, output=60, cache_read=64, cache_write=8, reasoning=32, requests=1
    )
    assert response.target == META.target
    assert (response.served_model, response.request_id) == ("gpt-6-sol-2026-09-01", "req_1")
    assert response.raw == b"{}"


def thinking(text):
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


MESSAGES = {
    "text": ({"content": "hi"}, (TextPart("hi"),)),
    "text and nothing else": ({"content": "hi", "tool_calls": None}, (TextPart("hi"),)),
    "no calls": ({"content": "hi", "tool_calls": []}, (TextPart("hi"),)),
    "null content": ({"content": None}, ()),
    "no content": ({"role": "assistant"}, ()),
    "empty content": ({"content": ""}, ()),
    "think tags are left alone": (
        {"content": "<think>x</think>y"},
        (TextPart("<think>x</think>y"),),
    ),
    "parts": (
        {"content": [{"type": "text", "text": "a"}, "b", {"type": "text", "text": "c"}]},
        (TextPart("abc"),),
    ),
    "unknown parts": (
        {"content": [{"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "a"}]},
        (TextPart("a"),),
    ),
    "null text part": ({"content": [{"type": "text", "text": None}]}, ()),
    "refusal part": ({"content": [{"type": "refusal", "refusal": "no"}]}, (TextPart("no"),)),
    "thinking part": (
        {"content": [thinking("hm"), {"type": "text", "text": "a"}]},
        (ThinkingPart("hm"), TextPart("a")),
    ),
    "thinking part as a string": (
        {"content": [{"type": "thinking", "thinking": "hm"}]},
        (ThinkingPart("hm"),),
    ),
    "refusal": ({"content": None, "refusal": "I won't."}, (TextPart("I won't."),)),
    "reasoning_content": (
        {"content": "a", "reasoning_content": "hm"},
        (ThinkingPart("hm"), TextPart("a")),
    ),
    "reasoning": ({"content": "a", "reasoning": "hm"}, (ThinkingPart("hm"), TextPart("a"))),
    "empty reasoning_content": (
        {"content": "a", "reasoning_content": "", "reasoning": "hm"},
        (ThinkingPart("hm"), TextPart("a")),
    ),
    "null reasoning": ({"content": "a", "reasoning": None}, (TextPart("a"),)),
    "reasoning that is an object": ({"content": "a", "reasoning": {"x": 1}}, (TextPart("a"),)),
    "both spellings say the same": (
        {"content": "a", "reasoning_content": "hm", "reasoning": "hm"},
        (ThinkingPart("hm"), TextPart("a")),
    ),
    "reasoning_details": (
        {
            "content": "a",
            "reasoning": "hm",
            "reasoning_details": [{"type": "reasoning.text", "text": "hm", "index": 0}],
        },
        (ThinkingPart("hm"), TextPart("a")),
    ),
    "reasoning_details alone": (
        {
            "content": "a",
            "reasoning_details": [
                {"type": "reasoning.summary", "summary": "s"},
                {"type": "reasoning.text", "text": "t"},
                {"type": "reasoning.encrypted", "data": "gAAA"},
            ],
        },
        (ThinkingPart("st"), TextPart("a")),
    ),
    "a call beside text": (
        {"content": "a", "tool_calls": [CALL]},
        (TextPart("a"), ToolCallPart(id="call_A", name="look", arguments='{"q":1}')),
    ),
    "object arguments": (
        {"tool_calls": [call_without(arguments={"q": [1, "é"]})]},
        (ToolCallPart(id="call_A", name="look", arguments='{"q":[1,"é"]}'),),
    ),
    "null arguments": (
        {"tool_calls": [call_without(arguments=None)]},
        (ToolCallPart(id="call_A", name="look", arguments="{}"),),
    ),
    "empty arguments": (
        {"tool_calls": [call_without(arguments="")]},
        (ToolCallPart(id="call_A", name="look", arguments="{}"),),
    ),
    "no arguments": (
        {"tool_calls": [{"id": "c", "function": {"name": "look"}}]},
        (ToolCallPart(id="c", name="look", arguments="{}"),),
    ),
    "empty object": (
        {"tool_calls": [call_without(arguments={})]},
        (ToolCallPart(id="call_A", name="look", arguments="{}"),),
    ),
    "broken arguments are kept": (
        {"tool_calls": [call_without(arguments='{"q":')]},
        (ToolCallPart(id="call_A", name="look", arguments='{"q":'),),
    ),
    "a call without a type": (
        {"tool_calls": [call_without("type")]},
        (ToolCallPart(id="call_A", name="look", arguments='{"q":1}'),),
    ),
    "unknown keys": (
        {"content": "a", "channel": "final", "annotations": [{"type": "url_citation"}]},
        (TextPart("a"),),
    ),
}


@pytest.mark.parametrize(("message", "parts"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_in_any_spelling(message, parts):
    assert decode(answer(message)).message.parts == parts


@pytest.mark.parametrize("call", [{**CALL, "id": ""}, {**CALL, "id": None}, call_without("id")])
def test_a_call_without_an_id_gets_a_unique_one(call):
    first, second = decode(answer({"tool_calls": [call, call]})).tool_calls
    assert first.id != second.id
    assert re.fullmatch(r"call_[a-zA-Z0-9]{1,35}", first.id)


@pytest.mark.parametrize("name", ["", None])
def test_a_call_without_a_name_is_malformed(name):
    with pytest.raises(ValueError, match="without a name"):
        decode(answer({"tool_calls": [call_without(name=name)]}))


FINISH = [
    ("stop", {"content": "a"}, FinishReason.STOP),
    ("end_turn", {"content": "a"}, FinishReason.STOP),
    ("eos", {"content": "a"}, FinishReason.STOP),
    ("STOP", {"content": "a"}, FinishReason.STOP),
    ("stop_sequence", {"content": "a"}, FinishReason.STOP),
    (None, {"content": "a"}, FinishReason.STOP),
    ("", {"content": "a"}, FinishReason.STOP),
    ("length", {"content": "a"}, FinishReason.LENGTH),
    ("max_tokens", {"content": "a"}, FinishReason.LENGTH),
    ("model_length", {"content": "a"}, FinishReason.LENGTH),
    ("content_filter", {"content": "a"}, FinishReason.CONTENT_FILTER),
    ("refusal", {"content": "a"}, FinishReason.REFUSAL),
    ("stop", {"content": None, "refusal": "no"}, FinishReason.REFUSAL),
    (None, {"refusal": "no"}, FinishReason.REFUSAL),
    ("length", {"refusal": "no"}, FinishReason.LENGTH),
    ("content_filter", {"refusal": "no"}, FinishReason.CONTENT_FILTER),
    ("tool_calls", {"tool_calls": [CALL]}, FinishReason.TOOL_CALLS),
    ("function_call", {"tool_calls": [CALL]}, FinishReason.TOOL_CALLS),
    ("tool_use", {"tool_calls": [CALL]}, FinishReason.TOOL_CALLS),
    ("stop", {"tool_calls": [CALL]}, FinishReason.TOOL_CALLS),
    (None, {"tool_calls": [CALL]}, FinishReason.TOOL_CALLS),
    ("something", {"tool_calls": [CALL]}, FinishReason.TOOL_CALLS),
    ("length", {"tool_calls": [CALL]}, FinishReason.LENGTH),
    ("tool_calls", {"content": "a"}, FinishReason.STOP),
    ("something", {"content": "a"}, FinishReason.OTHER),
]


@pytest.mark.parametrize(("reported", "message", "reason"), FINISH)
def test_a_finish_reason_in_any_spelling(reported, message, reason):
    assert decode(answer(message, reported)).finish_reason is reason


def test_a_missing_finish_reason_is_derived():
    assert decode({"choices": [{"message": {"content": "a"}}]}).finish_reason is FinishReason.STOP


def test_calls_cut_by_a_length_stop_are_not_executed():
    assert decode(answer({"tool_calls": [CALL]}, "length")).tool_calls == ()


def test_a_filtered_answer_may_lack_its_message():
    response = decode({"choices": [{"finish_reason": "content_filter"}]})
    assert response.message.parts == ()
    assert response.finish_reason is FinishReason.CONTENT_FILTER


USAGES = {
    "missing": ({}, NO_USAGE),
    "null": ({"usage": None}, NO_USAGE),
    "empty": ({"usage": {}}, NO_USAGE),
    "no details": (
        {"usage": {"prompt_tokens": 3, "completion_tokens": 2}},
        Usage(input=3, output=2, requests=1),
    ),
    "null details": (
        {
            "usage": {
                "prompt_tokens": 3,
                "completion_tokens": None,
                "prompt_tokens_details": None,
                "completion_tokens_details": None,
            }
        },
        Usage(input=3, requests=1),
    ),
    "null counters": (
        {"usage": {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": None}}},
        Usage(input=3, requests=1),
    ),
    "zeros are said": (
        {"usage": {"prompt_tokens": 0, "completion_tokens": 0}},
        Usage(input=0, output=0, requests=1),
    ),
    "DeepSeek": (
        {
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "prompt_cache_hit_tokens": 6,
                "prompt_cache_miss_tokens": 3,
            }
        },
        Usage(input=9, output=1, cache_read=6, requests=1),
    ),
    "Moonshot": (
        {"usage": {"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 6}},
        Usage(input=9, output=1, cache_read=6, requests=1),
    ),
    "details win": (
        {
            "usage": {
                "prompt_tokens": 9,
                "cached_tokens": 6,
                "prompt_tokens_details": {"cached_tokens": 0},
            }
        },
        Usage(input=9, cache_read=0, requests=1),
    ),
    "Groq": (
        {"x_groq": {"id": "req", "usage": {"prompt_tokens": 4, "completion_tokens": 5}}},
        Usage(input=4, output=5, requests=1),
    ),
    "usage wins over x_groq": (
        {"usage": {"prompt_tokens": 1}, "x_groq": {"usage": {"prompt_tokens": 4}}},
        Usage(input=1, requests=1),
    ),
    "nonsense": (
        {"usage": {"prompt_tokens": "3", "completion_tokens": True, "cached_tokens": -1}},
        NO_USAGE,
    ),
}


@pytest.mark.parametrize(("fields", "usage"), USAGES.values(), ids=USAGES)
def test_usage_in_any_spelling(fields, usage):
    assert decode(answer({"content": "a"}, **fields)).usage == usage


ERRORS = {
    "object": ({"error": {"message": "bad", "code": "x", "param": "p"}}, "bad", "x"),
    "beside choices": (
        {**answer({"content": "a"}), "error": {"message": "Provider returned error", "code": 502}},
        "Provider returned error",
        "502",
    ),
    "string": ({"error": "model not loaded"}, "model not loaded", None),
    "in a list": ([{"error": {"message": "bad", "code": 400}}], "bad", "400"),
    "odd": ({"error": ["a", "b"]}, "['a', 'b']", None),
    "flag": ({"error": True, "message": "sorry"}, "sorry", None),
    "no choices": ({"model": "m"}, "the answer has no choices", "malformed_response"),
    "empty choices": ({"choices": []}, "the answer has no choices", "malformed_response"),
    "null choices": ({"choices": None}, "the answer has no choices", "malformed_response"),
    "choice of nothing": ({"choices": [{}]}, "the answer has no choices", "malformed_response"),
    "detail": ({"detail": "no such route"}, "no such route", "malformed_response"),
    "details": ({"detail": [{"msg": "a"}, {"msg": "b"}]}, "a; b", "malformed_response"),
    "message": ({"message": "sorry", "code": "busy"}, "sorry", "malformed_response"),
    "finish": (
        answer({"content": "a"}, "error"),
        "the provider ended the answer with an error",
        None,
    ),
    "error in the choice": (
        {"choices": [{"finish_reason": "error", "error": {"message": "boom", "code": 503}}]},
        "boom",
        "503",
    ),
}


@pytest.mark.parametrize(("body", "message", "code"), ERRORS.values(), ids=ERRORS)
def test_an_error_at_status_200_is_an_error(body, message, code):
    with pytest.raises(WireFault) as caught:
        decode(body)
    assert (caught.value.fault.message, caught.value.fault.code) == (message, code)


@pytest.mark.parametrize("body", [{"choices": []}, {"detail": "x"}])
def test_an_answer_without_content_may_come_out_better_next_time(body):
    with pytest.raises(WireFault) as caught:
        decode(body)
    assert caught.value.fault.kind is ErrorKind.TRANSIENT


@pytest.mark.parametrize("body", [None, "text", 7, [], [1], {"choices": "no"}, {"choices": [1]}])
def test_json_of_another_shape_is_an_error_of_known_type(body):
    with pytest.raises((WireFault, KeyError, TypeError, ValueError, AttributeError, IndexError)):
        decode(body)


@pytest.mark.parametrize("error", [None, {}, "", False])
def test_an_empty_error_beside_an_answer_is_none(error):
    assert decode({**answer({"content": "a"}), "error": error}).text == "a"


def state_of(message):
    state = decode(answer(message)).message.state
    if state is None:
        return None
    assert (state.wire, state.provider, state.model) == ("openai", "openai", "m")
    return json.loads(state.data)


def test_what_the_server_wants_back_is_kept_as_provider_state():
    details = [
        {"type": "reasoning.text", "text": "hm", "signature": "s", "index": 0},
        {"type": "reasoning.encrypted", "data": "gA", "id": "rs_1", "index": 1},
    ]
    extra = {"google": {"thought_signature": "sig"}}
    assert state_of({"content": "a"}) is None
    assert state_of({"content": "a", "reasoning_content": "hm"}) == {"reasoning_content": "hm"}
    assert state_of({"content": [thinking("hm")]}) == {"thinking": "hm"}
    assert state_of({"reasoning": "hm", "reasoning_details": details}) == {
        "reasoning_details": details
    }
    assert state_of({"tool_calls": [{**CALL, "extra_content": extra}]}) == {
        "tool_calls": {"call_A": extra}
    }
