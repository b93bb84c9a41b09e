"""Whole answers: items as parts, finish reasons, usage, state, and bodies that are none."""

import json

import pytest

from majordomo.llm import (
    FinishReason,
    OpaquePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    Usage,
)
from majordomo.llm.response import Target
from majordomo.providers.faults import WireFault
from majordomo.providers.responses import ResponsesWire
from majordomo.providers.wire import ResponseMeta

META = ResponseMeta(target=Target("openai-responses", "gpt-6.1-sol"), request_id="req_7", raw=b"{}")


def text_part(text):
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message(*content, **fields):
    known = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    return {**known, "content": list(content), **fields}


def call(**fields):
    known = {"type": "function_call", "id": "fc_1", "call_id": "call_A", "name": "lookup"}
    return {**known, "arguments": '{"q":"x"}', "status": "completed", **fields}


def reasoning(*summary, **fields):
    texts = [{"type": "summary_text", "text": text} for text in summary]
    return {"type": "reasoning", "id": "rs_1", "summary": texts, **fields}


def body(*items, **fields):
    known = {"id": "resp_1", "object": "response", "status": "completed", "error": None}
    return {**known, "model": "gpt-6.1-sol", "output": list(items), **fields}


def decode(*items, **fields):
    return ResponsesWire().decode(body(*items, **fields), META)


# As the vendor documents it (wire/responses §4).
DOCUMENTED = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1790000000,
    "model": "gpt-6.1-sol",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "service_tier": "default",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA…"},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "phase": "commentary",
            "content": [
                {"type": "output_text", "text": "Looking…", "annotations": [], "logprobs": []}
            ],
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_A",
            "name": "lookup",
            "arguments": '{"q":"x"}',
            "status": "completed",
        },
    ],
    "usage": {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 0},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 32},
        "total_tokens": 150,
    },
}


def test_a_whole_answer_as_the_vendor_documents_it():
    response = ResponsesWire().decode(DOCUMENTED, META)
    assert response.message.parts == (
        TextPart("Looking…"),
        ToolCallPart(id="call_A", name="lookup", arguments='{"q":"x"}'),
    )
    assert response.finish_reason is FinishReason.TOOL_CALLS
    assert response.usage == Usage(
        input=100, output=50, cache_read=64, cache_write=0, reasoning=32, requests=1
    )
    assert (response.served_model, response.request_id) == ("gpt-6.1-sol", "req_7")
    assert (response.target, response.raw) == (META.target, b"{}")
    state = response.message.state
    assert (state.wire, state.provider, state.model) == (
        "openai-responses",
        "openai-responses",
        "gpt-6.1-sol",
    )
    assert json.loads(state.data) == DOCUMENTED["output"]


LOOKUP = ToolCallPart(id="call_A", name="lookup", arguments='{"q":"x"}')
UNKNOWN = {"type": "web_search_call", "id": "ws_1", "action": {"q": "é"}}


@pytest.mark.parametrize(
    ("items", "parts"),
    [
        ([message(text_part("a"), text_part(""), text_part("b"))], [TextPart("a"), TextPart("b")]),
        ([message({"type": "refusal", "refusal": "no"})], [TextPart("no")]),
        ([message(content="plain")], [TextPart("plain")]),
        ([message(content=None)], []),
        ([reasoning("a", "", "b")], [ThinkingPart("a\n\nb")]),
        ([reasoning()], []),
        (
            [reasoning("s", content=[{"type": "reasoning_text", "text": "t"}])],
            [ThinkingPart("s\n\nt")],
        ),
        ([reasoning(summary=None)], []),
        ([call()], [LOOKUP]),
        ([call(arguments="")], [ToolCallPart(id="call_A", name="lookup", arguments="{}")]),
        ([call(arguments=None)], [ToolCallPart(id="call_A", name="lookup", arguments="{}")]),
        (
            [call(arguments={"q": 1})],
            [ToolCallPart(id="call_A", name="lookup", arguments='{"q":1}')],
        ),
        ([call(arguments="{oops")], [ToolCallPart(id="call_A", name="lookup", arguments="{oops")]),
        ([call(call_id=None)], [ToolCallPart(id="fc_1", name="lookup", arguments='{"q":"x"}')]),
        ([call(status="incomplete")], []),
        (
            [UNKNOWN],
            [
                OpaquePart(
                    provider="openai-responses",
                    kind="web_search_call",
                    data='{"type":"web_search_call","id":"ws_1","action":{"q":"é"}}',
                )
            ],
        ),
        # Only the answer is text; a commentary that is all there is, is text too.
        (
            [
                message(text_part("Hm…"), phase="commentary"),
                message(text_part('{"a":1}'), phase="final_answer"),
            ],
            [ThinkingPart("Hm…"), TextPart('{"a":1}')],
        ),
        ([message(text_part("Hm…"), phase="commentary")], [TextPart("Hm…")]),
        ([], []),
    ],
)
def test_items_as_parts(items, parts):
    assert list(decode(*items).message.parts) == parts


def test_a_call_without_any_id_gets_a_unique_one_that_is_kept():
    found = [decode(call(call_id=None, id=None)) for _ in range(2)]
    ids = [response.message.tool_calls[0].id for response in found]
    assert ids[0] != ids[1]
    assert [json.loads(r.message.state.data)[0]["call_id"] for r in found] == ids


def test_an_answer_without_items_has_no_state():
    assert decode().message.state is None


TEXT, CALL = message(text_part("x")), call()
REFUSAL = message({"type": "refusal", "refusal": "no"})


def incomplete(reason):
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}


@pytest.mark.parametrize(
    ("items", "fields", "reason"),
    [
        ([TEXT], {}, FinishReason.STOP),
        ([], {}, FinishReason.STOP),
        ([TEXT], {"status": None}, FinishReason.STOP),
        ([TEXT, CALL], {}, FinishReason.TOOL_CALLS),
        ([REFUSAL], {}, FinishReason.REFUSAL),
        ([REFUSAL, CALL], {}, FinishReason.TOOL_CALLS),
        ([TEXT], incomplete("max_output_tokens"), FinishReason.LENGTH),
        ([CALL], incomplete("max_output_tokens"), FinishReason.LENGTH),
        ([TEXT], incomplete("content_filter"), FinishReason.CONTENT_FILTER),
        ([REFUSAL], incomplete("content_filter"), FinishReason.CONTENT_FILTER),
        ([TEXT], incomplete("max_messages"), FinishReason.OTHER),
        ([TEXT], incomplete("steered"), FinishReason.OTHER),
        ([CALL], incomplete("steered"), FinishReason.TOOL_CALLS),
        ([call(status="incomplete")], incomplete("steered"), FinishReason.OTHER),
        ([TEXT], {"status": "incomplete", "incomplete_details": None}, FinishReason.OTHER),
    ],
)
def test_finish_reasons(items, fields, reason):
    response = decode(*items, **fields)
    assert response.finish_reason is reason
    if reason is FinishReason.LENGTH:
        assert response.tool_calls == ()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, Usage(requests=1)),
        ({}, Usage(requests=1)),
        ({"input_tokens": 0, "output_tokens": 3}, Usage(input=0, output=3, requests=1)),
        (
            {"input_tokens": None, "output_tokens": -1, "input_tokens_details": None},
            Usage(requests=1),
        ),
        (
            {
                "input_tokens": 9,
                "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
                "output_tokens": True,
                "output_tokens_details": {"reasoning_tokens": 1},
            },
            Usage(input=9, cache_read=4, cache_write=2, reasoning=1, requests=1),
        ),
    ],
)
def test_counts(usage, expected):
    assert decode(TEXT, usage=usage).usage == expected


@pytest.mark.parametrize(
    ("given", "message", "code"),
    [
        ({"error": {"message": "no", "code": "server_error"}}, "no", "server_error"),
        (
            body(status="failed", error={"code": "invalid_prompt", "message": "p"}),
            "p",
            "invalid_prompt",
        ),
        (body(status="failed"), "the answer failed", None),
        (body(status="queued"), "its status is 'queued'", "not_finished"),
        (body(status="in_progress"), "its status is 'in_progress'", "not_finished"),
        (body(status="cancelled"), "its status is 'cancelled'", "not_finished"),
    ],
)
def test_an_error_at_status_200_is_an_error(given, message, code):
    with pytest.raises(WireFault, match=message) as caught:
        ResponsesWire().decode(given, META)
    assert caught.value.fault.code == code


@pytest.mark.parametrize(
    "given", [{}, [], "x", None, 1, body() | {"output": 3}, body(call(name=None))]
)
def test_bodies_of_another_shape_are_malformed(given):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        ResponsesWire().decode(given, META)
