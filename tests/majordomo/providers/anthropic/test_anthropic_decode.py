"""Whole answers: parts, reasons, counts, and what is kept to be sent back."""

import json

import pytest

from majordomo.llm import (
    FinishReason,
    OpaquePart,
    ProviderState,
    Target,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    Usage,
)
from majordomo.providers.anthropic import AnthropicWire
from majordomo.providers.faults import WireFault
from majordomo.providers.wire import ResponseMeta

TARGET = Target("team", "claude-opus-5-5")
META = ResponseMeta(target=TARGET, request_id="req_1", raw=b"raw")

TEXT = {"type": "text", "text": "ok"}
CALL = {"type": "tool_use", "id": "t1", "name": "lookup", "input": {"q": [1, "é"]}}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "Sig=="}
HIDDEN = {"type": "thinking", "thinking": "", "signature": "Sig=="}
REDACTED = {"type": "redacted_thinking", "data": "abc"}
NEW = {"type": "brand_new", "payload": {"deep": [1.5]}}

TEXT_PART = TextPart("ok")
CALL_PART = ToolCallPart(id="t1", name="lookup", arguments='{"q":[1,"é"]}')


def opaque(block):
    data = json.dumps(block, separators=(",", ":"))
    return OpaquePart(provider="anthropic", kind=block["type"], data=data)


def decode(*content, stop_reason="end_turn", usage=None):
    body = {"model": "claude-x", "content": list(content), "stop_reason": stop_reason}
    return AnthropicWire().decode({**body, "usage": usage}, META)


@pytest.mark.parametrize(
    ("blocks", "parts", "state"),
    [
        ([], (), None),
        ([TEXT], (TEXT_PART,), None),
        ([{"type": "text", "text": ""}, TEXT], (TEXT_PART,), None),
        ([TEXT, CALL], (TEXT_PART, CALL_PART), None),
        ([THOUGHT, TEXT, CALL], (ThinkingPart("hm"), TEXT_PART, CALL_PART), [THOUGHT, TEXT, CALL]),
        ([HIDDEN, CALL], (CALL_PART,), [HIDDEN, CALL]),
        ([REDACTED, TEXT], (opaque(REDACTED), TEXT_PART), [REDACTED, TEXT]),
        ([NEW], (opaque(NEW),), [NEW]),
        # White space alone is produced, but refused when it is sent back.
        (
            [THOUGHT, {"type": "text", "text": "\n\n"}, CALL],
            (ThinkingPart("hm"), TextPart("\n\n"), CALL_PART),
            [THOUGHT, CALL],
        ),
        ([THOUGHT, {"type": "text", "text": None}], (ThinkingPart("hm"),), [THOUGHT]),
    ],
)
def test_blocks(blocks, parts, state):
    message = decode(*blocks).message
    assert message.parts == parts
    if state is None:
        assert message.state is None
    else:
        assert json.loads(message.state.data) == state
        assert message.state == ProviderState(
            wire="anthropic", provider="team", model=TARGET.model, data=message.state.data
        )


@pytest.mark.parametrize(
    ("input", "arguments", "kept"),
    [
        ({}, "{}", {}),
        (None, "{}", {}),
        ([1], "[1]", {"invalid_arguments": "[1]"}),
        ("x", '"x"', {"invalid_arguments": "x"}),
        (0, "0", {"invalid_arguments": "0"}),
    ],
)
def test_input_of_any_type(input, arguments, kept):
    message = decode(THOUGHT, {**CALL, "input": input}).message
    assert message.tool_calls[0].arguments == arguments
    assert json.loads(message.state.data)[1]["input"] == kept


@pytest.mark.parametrize(
    ("stop_reason", "plain", "with_call"),
    [
        ("end_turn", FinishReason.STOP, FinishReason.TOOL_CALLS),
        ("stop_sequence", FinishReason.STOP, FinishReason.TOOL_CALLS),
        ("tool_use", FinishReason.TOOL_CALLS, FinishReason.TOOL_CALLS),
        ("max_tokens", FinishReason.LENGTH, FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH, FinishReason.LENGTH),
        ("refusal", FinishReason.REFUSAL, FinishReason.REFUSAL),
        ("pause_turn", FinishReason.PAUSE, FinishReason.TOOL_CALLS),
        ("compaction", FinishReason.OTHER, FinishReason.TOOL_CALLS),
        (None, FinishReason.OTHER, FinishReason.TOOL_CALLS),
    ],
)
def test_reasons(stop_reason, plain, with_call):
    assert decode(TEXT, stop_reason=stop_reason).finish_reason is plain
    assert decode(TEXT, CALL, stop_reason=stop_reason).finish_reason is with_call


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, {}),
        ({}, {}),
        ({"input_tokens": 12, "output_tokens": 3}, {"input": 12, "output": 3}),
        (
            {
                "input_tokens": 12,
                "cache_creation_input_tokens": 5,
                "cache_read_input_tokens": 900,
                "output_tokens": 80,
                "output_tokens_details": {"thinking_tokens": 40},
            },
            {"input": 917, "output": 80, "cache_read": 900, "cache_write": 5, "reasoning": 40},
        ),
        (
            {
                "input_tokens": 0,
                "cache_creation_input_tokens": None,
                "cache_read_input_tokens": 0,
                "output_tokens_details": {"thinking_tokens": None},
            },
            {"input": 0, "cache_read": 0},
        ),
        ({"cache_read_input_tokens": 7}, {"cache_read": 7}),
        ({"input_tokens": True, "output_tokens": "3", "output_tokens_details": 4}, {}),
    ],
)
def test_counts(usage, expected):
    assert decode(TEXT, usage=usage).usage == Usage(requests=1, **expected)


def test_what_is_known_of_the_call_is_on_the_response():
    response = decode(TEXT)
    assert (response.target, response.served_model) == (TARGET, "claude-x")
    assert (response.request_id, response.raw) == ("req_1", b"raw")


def test_an_error_in_a_good_answer_is_an_error():
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(WireFault) as caught:
        AnthropicWire().decode(body, META)
    assert (caught.value.fault.status, caught.value.fault.message) == (529, "Overloaded")


@pytest.mark.parametrize("body", [{}, [], "text", None, {"content": "text"}, {"content": ["text"]}])
def test_bodies_of_another_shape_are_malformed(body):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        AnthropicWire().decode(body, META)
