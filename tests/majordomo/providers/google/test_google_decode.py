"""Whole answers: reasons, counts, blocked prompts, and models that went wrong."""

import json

import pytest

from majordomo.errors import ErrorKind
from majordomo.llm import FinishReason, Target, ToolCallPart, Usage
from majordomo.providers.faults import WireFault
from majordomo.providers.google import GoogleWire
from majordomo.providers.wire import ResponseMeta

WIRE = GoogleWire()
META = ResponseMeta(target=Target("google", "gemini-3.8-flash"))
CALL = {"functionCall": {"name": "lookup", "args": {"q": "x"}}}
STOP, CALLS, LENGTH = FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.LENGTH
FILTER, OTHER, PAUSE = FinishReason.CONTENT_FILTER, FinishReason.OTHER, FinishReason.PAUSE


def decode(*parts, meta=META, usage=None, **candidate):
    content = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
    return WIRE.decode({"candidates": [{**content, **candidate}], "usageMetadata": usage}, meta)


def fault_of(body):
    with pytest.raises(WireFault) as caught:
        WIRE.decode(body, META)
    return caught.value.fault


REASONS = {
    "STOP": STOP,
    "MAX_TOKENS": LENGTH,
    "SAFETY": FILTER,
    "RECITATION": FILTER,
    "BLOCKLIST": FILTER,
    "PROHIBITED_CONTENT": FILTER,
    "SPII": FILTER,
    "IMAGE_SAFETY": FILTER,
    "IMAGE_PROHIBITED_CONTENT": FILTER,
    "IMAGE_RECITATION": FILTER,
    "ESCALATION": FILTER,
    "MODEL_ARMOR": FILTER,
    "PUP_LIMITED_DISABLED": FILTER,
    "LANGUAGE": OTHER,
    "OTHER": OTHER,
    "IMAGE_OTHER": OTHER,
    "NO_IMAGE": OTHER,
    "FINISH_REASON_UNSPECIFIED": OTHER,
    "BRAND_NEW": OTHER,
    "CONTINUATION": PAUSE,
}


@pytest.mark.parametrize(("reported", "reason"), REASONS.items())
def test_reasons(reported, reason):
    assert decode({"text": "a"}, finishReason=reported).finish_reason is reason
    assert decode(finishReason=reported).finish_reason is reason


@pytest.mark.parametrize(("reported", "reason"), REASONS.items())
def test_calls_beat_every_reason_but_the_token_limit(reported, reason):
    response = decode(CALL, finishReason=reported)
    assert response.finish_reason is (LENGTH if reason is LENGTH else CALLS)


def test_without_a_reason_it_is_another_one():
    assert decode({"text": "a"}).finish_reason is OTHER
    assert decode(CALL).finish_reason is CALLS


MISHAPS = (
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MALFORMED_RESPONSE",
)


@pytest.mark.parametrize("reported", MISHAPS)
@pytest.mark.parametrize("parts", [(), ({"text": "Let me"},)])
def test_a_model_that_went_wrong_is_worth_another_try(reported, parts):
    content = {"content": {"parts": list(parts)}}
    candidate = {**content, "finishReason": reported, "finishMessage": "call:foo{"}
    fault = fault_of({"candidates": [candidate]})
    assert (fault.code, fault.kind) == (reported, ErrorKind.TRANSIENT)
    assert fault.message == "call:foo{"
    assert reported in fault_of({"candidates": [{"finishReason": reported}]}).message


@pytest.mark.parametrize("reported", MISHAPS)
def test_calls_of_a_model_that_went_wrong_later_are_calls(reported):
    assert decode(CALL, finishReason=reported).finish_reason is CALLS


@pytest.mark.parametrize("parts", [[], [CALL]])
def test_a_missing_signature_is_our_history_s_fault(parts):
    candidate = {"content": {"parts": parts}, "finishReason": "MISSING_THOUGHT_SIGNATURE"}
    fault = fault_of({"candidates": [candidate]})
    assert fault.kind is ErrorKind.HISTORY_REJECTED


@pytest.mark.parametrize(
    "reason",
    [
        "SAFETY",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "IMAGE_SAFETY",
        "MODEL_ARMOR",
        "JAILBREAK",
        "BLOCKED_REASON_UNSPECIFIED",
    ],
)
def test_a_blocked_prompt_is_a_permanent_error(reason):
    fault = fault_of({"promptFeedback": {"blockReason": reason}, "usageMetadata": {}})
    assert (fault.code, fault.kind) == (reason, ErrorKind.PERMANENT)
    assert reason in fault.message


def test_a_feedback_that_blocks_nothing_says_nothing():
    body = {"candidates": [{"finishReason": "STOP"}], "promptFeedback": {"safetyRatings": []}}
    assert WIRE.decode(body, META).finish_reason is STOP


@pytest.mark.parametrize("body", [{}, [], [{}], {"candidates": []}, {"usageMetadata": {}}])
def test_without_a_candidate_there_is_no_answer(body):
    fault = fault_of(body)
    assert (fault.code, fault.kind) == ("malformed_response", ErrorKind.TRANSIENT)


def test_an_error_in_a_good_answer():
    error = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}
    for body in (error, [error]):
        fault = fault_of(body)
        assert (fault.status, fault.code, fault.message) == (429, "RESOURCE_EXHAUSTED", "slow")


USAGES = {
    "all": (
        {
            "promptTokenCount": 20,
            "cachedContentTokenCount": 8,
            "candidatesTokenCount": 12,
            "thoughtsTokenCount": 40,
            "toolUsePromptTokenCount": 3,
            "totalTokenCount": 75,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
            "serviceTier": "standard",
        },
        Usage(input=23, output=52, cache_read=8, reasoning=40, requests=1),
    ),
    "zeros are left out": ({"promptTokenCount": 20}, Usage(input=20, output=0, requests=1)),
    "thoughts only": (
        {"promptTokenCount": 20, "thoughtsTokenCount": 7},
        Usage(input=20, output=7, reasoning=7, requests=1),
    ),
    "nulls": (
        {"promptTokenCount": 20, "candidatesTokenCount": None, "cachedContentTokenCount": None},
        Usage(input=20, output=0, requests=1),
    ),
    "nothing": ({}, Usage(requests=1)),
    "null": (None, Usage(requests=1)),
    "no numbers": ({"promptTokenCount": True, "candidatesTokenCount": "3"}, Usage(requests=1)),
}


@pytest.mark.parametrize(("counts", "usage"), USAGES.values(), ids=USAGES)
def test_usage(counts, usage):
    assert decode({"text": "a"}, usage=counts, finishReason="STOP").usage == usage


def test_what_is_known_of_the_call_is_on_the_response():
    meta = ResponseMeta(target=META.target, request_id="header", raw=b"raw")
    body = {"candidates": [{"finishReason": "STOP"}], "responseId": "abc"}
    assert WIRE.decode(body, meta).request_id == "header"
    assert WIRE.decode(body, meta).raw == b"raw"
    assert WIRE.decode(body, META).request_id == "abc"
    assert WIRE.decode(body, META).served_model == ""


def test_arguments_are_json_text():
    response = decode({"functionCall": {"name": "f", "args": {"é": [1.0, "🎈"]}}})
    (call,) = response.tool_calls
    assert call == ToolCallPart(id=call.id, name="f", arguments='{"é":[1.0,"🎈"]}')


def test_an_unfinished_turn_keeps_its_token():
    response = decode({"text": "a"}, finishReason="CONTINUATION", continuationToken="t1")
    assert response.finish_reason is PAUSE
    assert json.loads(response.message.state.data) == {
        "parts": [{"text": "a"}],
        "continuationToken": "t1",
    }


def test_a_token_beside_another_reason_is_nothing():
    assert decode({"text": "a"}, finishReason="STOP", continuationToken="t1").message.state is None
