"""What OpenAI's types and codes mean, whether they come with a status or inside a stream."""

import pytest

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault, kind_of_status
from majordomo.providers.openai import OpenAIWire


def refine(status, **fields):
    return OpenAIWire().refine(Fault(**{"message": "no", **fields}), status)


QUOTA_CODES = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_usage_limit_exceeded",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
]
TOOLS_AND_EFFORT = (
    "Function tools with reasoning_effort are not supported for gpt-6-sol in /v1/chat/completions."
)


@pytest.mark.parametrize("code", QUOTA_CODES)
@pytest.mark.parametrize("status", [429, 0])
def test_an_empty_account_is_not_worth_waiting_for(code, status):
    assert refine(status, type="insufficient_quota", code=code).kind is ErrorKind.QUOTA
    assert refine(status, code=code).kind is ErrorKind.QUOTA


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (400, {"code": "context_length_exceeded"}, ErrorKind.CONTEXT_OVERFLOW),
        (400, {"type": "exceed_context_size_error"}, ErrorKind.CONTEXT_OVERFLOW),
        (404, {"code": "model_not_found"}, ErrorKind.NOT_FOUND),
        (400, {"code": "model_not_found", "param": "model"}, ErrorKind.NOT_FOUND),
        (401, {"code": "invalid_api_key"}, ErrorKind.AUTH),
        (400, {"param": "reasoning_effort", "message": TOOLS_AND_EFFORT}, ErrorKind.UNSUPPORTED),
        (400, {"param": "reasoning_effort", "message": "Unsupported value: 'max'."}, None),
        (400, {"param": "tools", "message": TOOLS_AND_EFFORT}, None),
        (400, {"type": "invalid_request_error", "code": "unsupported_value"}, None),
        (429, {"type": "rate_limit_error", "code": "slow_down"}, None),
        (429, {}, None),
        (503, {"type": "service_unavailable_error", "code": "server_is_overloaded"}, None),
    ],
)
def test_codes_say_what_the_status_does_not(status, fields, kind):
    fault = refine(status, **fields)
    assert fault.kind is kind
    assert all(getattr(fault, name) == value for name, value in fields.items())


BAD_TEMPERATURE = (
    "1 validation error:\n  {'type': 'float_parsing', 'loc': ('body', 'temperature'), 'msg': "
    "'Input should be a valid number, unable to parse string as a number', 'input': 'x'}"
)
BAD_FORMAT = (
    "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), "
    "'msg': \"Input should be 'text' or 'json_object'\", 'input': 'json_schema'}"
)


@pytest.mark.parametrize(
    ("message", "kind", "param"),
    [
        (BAD_TEMPERATURE, ErrorKind.PERMANENT, "temperature"),
        (BAD_FORMAT, ErrorKind.UNSUPPORTED, "response_format"),
        ("Tool choice 'nope' not found in tools.", None, None),
    ],
)
def test_a_field_a_server_cannot_read_is_no_passing_failure(message, kind, param):
    """llama-cpp-python refuses such requests with a 500."""
    fault = refine(500, message=message, type="internal_server_error")
    assert (fault.kind, fault.param) == (kind, param)


@pytest.mark.parametrize(
    ("fields", "status", "kind"),
    [
        ({"code": "rate_limit_exceeded", "type": "tokens"}, 429, ErrorKind.TRANSIENT),
        ({"type": "rate_limit_error"}, 429, ErrorKind.TRANSIENT),
        ({"code": "resource_unavailable"}, 429, ErrorKind.TRANSIENT),
        ({"type": "insufficient_quota"}, 429, ErrorKind.QUOTA),
        ({"type": "server_error"}, 500, ErrorKind.TRANSIENT),
        ({"code": "server_is_overloaded"}, 503, ErrorKind.TRANSIENT),
        ({"type": "invalid_request_error", "code": "unsupported_value"}, 400, ErrorKind.PERMANENT),
        (
            {"type": "invalid_request_error", "code": "model_not_found"},
            404,
            ErrorKind.NOT_FOUND,
        ),
        (
            {"type": "invalid_request_error", "code": "context_length_exceeded"},
            400,
            ErrorKind.CONTEXT_OVERFLOW,
        ),
        ({"type": "authentication_error"}, 401, ErrorKind.AUTH),
        ({"type": "permission_error"}, 403, ErrorKind.AUTH),
        ({"type": "never_seen"}, None, ErrorKind.TRANSIENT),
        ({}, None, ErrorKind.TRANSIENT),
    ],
)
def test_an_error_in_a_good_answer_gets_its_status_from_its_words(fields, status, kind):
    fault = refine(0, **fields)
    assert fault.status == status
    assert (fault.kind or kind_of_status(status or 500)) is kind


@pytest.mark.parametrize("given", [0, 502])
def test_a_status_that_is_known_stays(given):
    fault = Fault(message="no", status=502, type="invalid_request_error")
    assert OpenAIWire().refine(fault, given).status == 502


def test_a_kind_that_is_known_stays():
    assert refine(0, kind=ErrorKind.TRANSIENT, code="truncated_stream").kind is ErrorKind.TRANSIENT
