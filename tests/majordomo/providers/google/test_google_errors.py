"""What the vendor's errors mean, by status, details and wording."""

import pytest

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault, find_fault, kind_of_status
from majordomo.providers.google import GoogleWire

INVALID, EXHAUSTED = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"
PERMANENT, TRANSIENT, AUTH = ErrorKind.PERMANENT, ErrorKind.TRANSIENT, ErrorKind.AUTH
QUOTA, UNSUPPORTED = ErrorKind.QUOTA, ErrorKind.UNSUPPORTED
REJECTED = ErrorKind.HISTORY_REJECTED


def info(reason):
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}


def retry(delay):
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota(*violations):
    failure = "type.googleapis.com/google.rpc.QuotaFailure"
    return {"@type": failure, "violations": list(violations)}


PER_DAY = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "20"}
PER_MINUTE = {"quotaId": "GenerateRequestsPerMinutePerProjectPerModel", "quotaValue": "5"}
NONE_AT_ALL = {"quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier", "quotaValue": "0"}

# (status, name, message, details), (kind, code, retry_after_s)
CASES = [
    ((400, INVALID, "bad", []), (PERMANENT, INVALID, None)),
    (
        (
            400,
            INVALID,
            "API key not valid. Please pass a valid API key.",
            [info("API_KEY_INVALID")],
        ),
        (AUTH, "API_KEY_INVALID", None),
    ),
    ((400, INVALID, "API key not valid.", []), (AUTH, INVALID, None)),
    ((400, INVALID, "API key expired. Please renew the API key.", []), (AUTH, INVALID, None)),
    ((400, INVALID, "no", [info("API_KEY_INVALID")]), (AUTH, "API_KEY_INVALID", None)),
    (
        (
            400,
            INVALID,
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1).",
            [],
        ),
        (ErrorKind.CONTEXT_OVERFLOW, INVALID, None),
    ),
    (
        (400, INVALID, "Function call is missing a thought_signature in functionCall parts.", []),
        (REJECTED, INVALID, None),
    ),
    ((400, INVALID, "Corrupted thought signature.", []), (REJECTED, INVALID, None)),
    ((400, INVALID, "Thought signature is not valid", []), (REJECTED, INVALID, None)),
    (
        (
            400,
            INVALID,
            "Function calling with a response mime type: 'application/json' is unsupported",
            [],
        ),
        (UNSUPPORTED, INVALID, None),
    ),
    (
        (400, INVALID, "The specified schema produces a constraint that has too many states", []),
        (UNSUPPORTED, INVALID, None),
    ),
    ((400, INVALID, "Unsupported MIME type: image/gif", []), (UNSUPPORTED, INVALID, None)),
    ((400, INVALID, "Unable to process input image", []), (PERMANENT, INVALID, None)),
    (
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", []),
        (PERMANENT, "FAILED_PRECONDITION", None),
    ),
    ((401, "UNAUTHENTICATED", "no", []), (AUTH, "UNAUTHENTICATED", None)),
    ((402, EXHAUSTED, "prepaid credit is empty", []), (QUOTA, EXHAUSTED, None)),
    (
        (403, "PERMISSION_DENIED", "off", [info("SERVICE_DISABLED")]),
        (AUTH, "SERVICE_DISABLED", None),
    ),
    ((404, "NOT_FOUND", "models/x is not found", []), (ErrorKind.NOT_FOUND, "NOT_FOUND", None)),
    ((408, "UNKNOWN", "slow", []), (TRANSIENT, "UNKNOWN", None)),
    ((413, INVALID, "big", []), (PERMANENT, INVALID, None)),
    ((429, EXHAUSTED, "slow down", []), (TRANSIENT, EXHAUSTED, None)),
    ((429, EXHAUSTED, "slow down", [retry("34s")]), (TRANSIENT, EXHAUSTED, 34.0)),
    ((429, EXHAUSTED, "slow down", [retry("1.5s")]), (TRANSIENT, EXHAUSTED, 1.5)),
    ((429, EXHAUSTED, "slow", [quota(PER_MINUTE), retry("3s")]), (TRANSIENT, EXHAUSTED, 3.0)),
    ((429, EXHAUSTED, "slow", [retry("soon")]), (TRANSIENT, EXHAUSTED, None)),
    ((429, EXHAUSTED, "slow", [quota(PER_DAY), retry("34s")]), (QUOTA, EXHAUSTED, 34.0)),
    ((429, EXHAUSTED, "slow", [quota(PER_MINUTE, PER_DAY)]), (QUOTA, EXHAUSTED, None)),
    ((429, EXHAUSTED, "slow", [quota(NONE_AT_ALL)]), (QUOTA, EXHAUSTED, None)),
    ((429, EXHAUSTED, "exceeded, limit: 0, model: x", []), (QUOTA, EXHAUSTED, None)),
    ((429, EXHAUSTED, "exceeded, limit: 0.5", []), (TRANSIENT, EXHAUSTED, None)),
    ((429, EXHAUSTED, "exceeded, limit: 20", []), (TRANSIENT, EXHAUSTED, None)),
    ((429, EXHAUSTED, "Requests per day exceeded", []), (QUOTA, EXHAUSTED, None)),
    ((429, EXHAUSTED, "see limits per day", [quota(PER_MINUTE)]), (TRANSIENT, EXHAUSTED, None)),
    ((429, EXHAUSTED, "odd", ["x", {"violations": 3}, quota("x")]), (TRANSIENT, EXHAUSTED, None)),
    ((500, "INTERNAL", "oops", []), (TRANSIENT, "INTERNAL", None)),
    ((503, "UNAVAILABLE", "The model is overloaded.", []), (TRANSIENT, "UNAVAILABLE", None)),
    ((504, "DEADLINE_EXCEEDED", "slow", []), (TRANSIENT, "DEADLINE_EXCEEDED", None)),
]


def refined(given, *, in_stream=False):
    status, name, message, details = given
    error = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = details
    fault = find_fault([{"error": error}])
    assert (fault.message, fault.type) == (message, name)
    return GoogleWire().refine(fault, 0 if in_stream else status)


@pytest.mark.parametrize(("given", "expected"), CASES)
@pytest.mark.parametrize("in_stream", [False, True])
def test_kinds(given, expected, in_stream):
    fault = refined(given, in_stream=in_stream)
    # What the vendor's words leave open is the status's to say, as in `Reporter`.
    kind = fault.kind or kind_of_status(fault.status, fault.message)
    assert (kind, fault.code, fault.retry_after_s) == expected
    assert fault.status == given[0]


@pytest.mark.parametrize(("given", "expected"), CASES)
def test_refining_twice_changes_nothing_more(given, expected):
    del expected
    once = refined(given)
    assert GoogleWire().refine(once, once.status) == once


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("INVALID_ARGUMENT", 400),
        ("UNAUTHENTICATED", 401),
        ("PERMISSION_DENIED", 403),
        ("NOT_FOUND", 404),
        ("RESOURCE_EXHAUSTED", 429),
        ("INTERNAL", 500),
        ("UNAVAILABLE", 503),
        ("DEADLINE_EXCEEDED", 504),
        ("BRAND_NEW", None),
    ],
)
def test_an_error_without_a_code_has_the_status_of_its_name(name, status):
    fault = GoogleWire().refine(find_fault({"error": {"message": "x", "status": name}}), 0)
    assert (fault.status, fault.code) == (status, name)


def test_words_of_a_refusal_mean_nothing_at_other_statuses():
    fault = Fault(message="thought signature", type="INTERNAL")
    assert GoogleWire().refine(fault, 500).kind is None


def test_a_kind_that_is_known_is_kept():
    fault = Fault(message="thought signature", kind=ErrorKind.TRANSIENT)
    assert GoogleWire().refine(fault, 400).kind is ErrorKind.TRANSIENT


def test_details_are_not_shown():
    fault = find_fault({"error": {"code": 400, "message": "x", "details": [info("A")]}})
    assert fault.details == (info("A"),)
    assert "ErrorInfo" not in repr(fault)
