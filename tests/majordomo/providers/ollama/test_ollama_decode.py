"""Whole answers: parts, finish reasons, usage, state, and bodies that are none."""

import json

import pytest

from majordomo.errors import ErrorKind
from majordomo.llm import (
    FinishReason,
    ProviderState,
    Target,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    Usage,
)
from majordomo.providers.faults import WireFault
from majordomo.providers.ollama import OllamaWire
from majordomo.providers.wire import ResponseMeta

META = ResponseMeta(target=Target("ollama", "qwen3:8b"), request_id="req_7", raw=b"{}")
CALL = {"id": "call_1", "function": {"index": 0, "name": "look", "arguments": {"q": "é"}}}


def decode(message=None, **fields):
    known = {"model": "qwen3:8b", "created_at": "2026-11-21T10:00:00.1Z", "done": True}
    message = {"role": "assistant", "content": "", **(message or {})}
    body = {**known, "message": message, **fields}
    return OllamaWire().decode(body, META)


def test_parts_stand_in_order():
    response = decode({"tool_calls": [CALL], "content": "So.", "thinking": "hm"})
    assert response.message.parts == (
        ThinkingPart("hm"),
        TextPart("So."),
        ToolCallPart(id="call_1", name="look", arguments='{"q":"é"}'),
    )
    assert response.target == META.target
    assert (response.request_id, response.raw) == ("req_7", b"{}")


def test_thinking_is_kept_as_state_of_the_target():
    assert decode({"content": "x"}).message.state is None
    state = decode({"content": "x", "thinking": "hm é"}).message.state
    assert state == ProviderState(
        wire="ollama", provider="ollama", model="qwen3:8b", data=state.data
    )
    assert json.loads(state.data) == {"thinking": "hm é"}


@pytest.mark.parametrize(
    ("reported", "calls", "expected"),
    [
        ("stop", False, FinishReason.STOP),
        ("", False, FinishReason.STOP),
        (None, False, FinishReason.STOP),
        ("length", False, FinishReason.LENGTH),
        ("load", False, FinishReason.OTHER),
        ("unload", False, FinishReason.OTHER),
        ("brand_new", False, FinishReason.OTHER),
        (5, False, FinishReason.OTHER),
        ("stop", True, FinishReason.TOOL_CALLS),
        (None, True, FinishReason.TOOL_CALLS),
        ("brand_new", True, FinishReason.TOOL_CALLS),
        ("length", True, FinishReason.LENGTH),
    ],
)
def test_reasons_are_canonical(reported, calls, expected):
    message = {"tool_calls": [CALL]} if calls else {"content": "x"}
    assert decode(message, done_reason=reported).finish_reason is expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"prompt_eval_count": 26, "eval_count": 12}, Usage(input=26, output=12, requests=1)),
        ({"eval_count": 12}, Usage(output=12, requests=1)),
        ({"prompt_eval_count": 0, "eval_count": None}, Usage(input=0, requests=1)),
        ({"prompt_eval_count": -1, "eval_count": "12"}, Usage(requests=1)),
        ({}, Usage(requests=1)),
    ],
)
def test_counters_that_are_missing_stay_unknown(counts, expected):
    """The server leaves out zeros, and the prompt when all of it was cached."""
    assert decode({"content": "x"}, **counts).usage == expected


def test_the_model_that_served_is_named():
    assert decode({"content": "x"}).served_model == "qwen3:8b"
    remote = decode({"content": "x"}, model="x:cloud", remote_model="x", remote_host="https://h")
    assert remote.served_model == "x"
    assert decode({"content": "x"}, model=None).served_model == ""


def test_loading_a_model_is_an_empty_answer():
    body = {"model": "qwen3:8b", "done": True, "done_reason": "load"}
    response = OllamaWire().decode(body, META)
    assert (response.message.parts, response.finish_reason) == ((), FinishReason.OTHER)


@pytest.mark.parametrize("body", [{}, {"status": "ok"}, {"message": {"content": ""}}])
def test_a_body_without_an_answer_is_a_transient_fault(body):
    with pytest.raises(WireFault) as caught:
        OllamaWire().decode(body, META)
    fault = caught.value.fault
    assert (fault.code, fault.kind) == ("malformed_response", ErrorKind.TRANSIENT)


def test_an_answer_that_says_it_is_not_done_has_lost_its_rest():
    with pytest.raises(WireFault) as caught:
        decode({"content": "x"}, done=False)
    fault = caught.value.fault
    assert (fault.code, fault.kind) == ("truncated_stream", ErrorKind.TRANSIENT)


@pytest.mark.parametrize("body", [[], 5, "x", None])
def test_a_body_that_is_no_object_is_malformed(body):
    with pytest.raises(TypeError):
        OllamaWire().decode(body, META)


@pytest.mark.parametrize(
    ("body", "message", "status"),
    [
        ({"error": "no"}, "no", None),
        ({"error": {"message": "no"}}, "no", None),
        ({"error": "no", "status_code": 429}, "no", 429),
        ({"error": "no", "status_code": 200}, "no", None),
        ({"error": "no", "status_code": True}, "no", None),
        ({"error": ["no"]}, "['no']", None),
        ([{"error": "no"}], "no", None),
    ],
)
def test_an_error_in_a_good_answer_is_raised(body, message, status):
    with pytest.raises(WireFault) as caught:
        OllamaWire().decode(body, META)
    assert (caught.value.fault.message, caught.value.fault.status) == (message, status)
