"""What the vendor's errors mean, by status, type, code and wording."""

import pytest

from majordomo.errors import ErrorKind
from majordomo.providers.anthropic import AnthropicWire
from majordomo.providers.faults import Fault, find_fault, kind_of_status

INVALID = "invalid_request_error"
BOUND = (
    "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a "
    'different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch"…'
)
CASES = [
    (400, INVALID, "bad", None, ErrorKind.PERMANENT),
    (400, INVALID, BOUND, None, ErrorKind.HISTORY_REJECTED),
    (
        400,
        INVALID,
        "Expected `thinking` or `redacted_thinking`, but found `tool_use`",
        None,
        ErrorKind.HISTORY_REJECTED,
    ),
    (
        400,
        INVALID,
        "`thinking` or `redacted_thinking` blocks in the latest message cannot be modified",
        None,
        ErrorKind.HISTORY_REJECTED,
    ),
    (
        400,
        INVALID,
        "prompt is too long: 210000 tokens > 200000 maximum",
        None,
        ErrorKind.CONTEXT_OVERFLOW,
    ),
    (
        400,
        INVALID,
        "input length and `max_tokens` exceed context limit: 1 + 2 > 3",
        None,
        ErrorKind.CONTEXT_OVERFLOW,
    ),
    (400, INVALID, "Your credit balance is too low to access the API", None, ErrorKind.QUOTA),
    (400, INVALID, "You have reached your specified API usage limits.", None, ErrorKind.QUOTA),
    (
        400,
        INVALID,
        "temperature: Extra inputs are not permitted",
        None,
        ErrorKind.UNSUPPORTED,
    ),
    (
        400,
        INVALID,
        '"thinking.type.disabled" is not supported for this model.',
        None,
        ErrorKind.UNSUPPORTED,
    ),
    (400, INVALID, "The compiled grammar is too large", None, ErrorKind.UNSUPPORTED),
    (400, INVALID, "held", "organization_on_hold", ErrorKind.PERMANENT),
    (401, "authentication_error", "invalid x-api-key", None, ErrorKind.AUTH),
    (400, "authentication_error", "invalid key", None, ErrorKind.AUTH),
    (402, "billing_error", "pay", "linked_organization_spend_limit_reached", ErrorKind.QUOTA),
    (403, "permission_error", "no", None, ErrorKind.AUTH),
    (404, "not_found_error", "model: claude-nope", None, ErrorKind.NOT_FOUND),
    (408, "timeout_error", "slow", None, ErrorKind.TRANSIENT),
    (409, "conflict_error", "again", None, ErrorKind.TRANSIENT),
    (413, "request_too_large", "over 32 MB", None, ErrorKind.PERMANENT),
    (422, INVALID, "unprocessable", None, ErrorKind.PERMANENT),
    (429, "rate_limit_error", "slow down", None, ErrorKind.TRANSIENT),
    (429, "rate_limit_error", "growing", "ramp_limit_exceeded", ErrorKind.TRANSIENT),
    (429, "rate_limit_error", "tier", "enforced_spend_limit_reached", ErrorKind.QUOTA),
    (429, "rate_limit_error", "contract", "contract_spend_limit_reached", ErrorKind.QUOTA),
    (429, "rate_limit_error", "You reached your monthly spend limit", None, ErrorKind.QUOTA),
    (500, "api_error", "oops", None, ErrorKind.TRANSIENT),
    (503, "api_error", "key", "cmek_key_unreachable", ErrorKind.TRANSIENT),
    (504, "timeout_error", "slow", None, ErrorKind.TRANSIENT),
    (529, "overloaded_error", "Overloaded", None, ErrorKind.TRANSIENT),
    (500, "overloaded_error", "Overloaded", None, ErrorKind.TRANSIENT),
]


def refined(status, type_, message, code):
    error = {
        "type": type_,
        "message": message,
        **({"details": {"error_code": code}} if code else {}),
    }
    fault = find_fault({"type": "error", "error": error, "request_id": "req_1"})
    assert (fault.type, fault.code) == (type_, code)
    return AnthropicWire().refine(fault, status)


@pytest.mark.parametrize(("status", "type_", "message", "code", "kind"), CASES)
def test_kinds(status, type_, message, code, kind):
    fault = refined(status, type_, message, code)
    # What the vendor's words leave open is the status's to say, as in `Reporter`.
    assert (fault.kind or kind_of_status(status)) is kind


@pytest.mark.parametrize(("status", "type_", "message", "code", "kind"), CASES)
def test_refining_twice_changes_nothing_more(status, type_, message, code, kind):
    once = refined(0, type_, message, code)
    assert AnthropicWire().refine(once, once.status or 0) == once


def test_the_refused_field_is_named():
    fault = refined(400, INVALID, "temperature: Extra inputs are not permitted", None)
    assert fault.param == "temperature"


def test_words_of_a_refusal_mean_nothing_at_other_statuses():
    fault = AnthropicWire().refine(Fault(message=BOUND, type="api_error"), 500)
    assert fault.kind is None


def test_a_status_the_body_gave_is_kept():
    fault = Fault(message="no", type="api_error", status=503)
    assert AnthropicWire().refine(fault, 0).status == 503
