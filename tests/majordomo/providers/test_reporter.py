import pickle

import pytest

from executus.testing import FakeClock
from majordomo.errors import APIError, ErrorKind
from majordomo.http import TransportError
from majordomo.llm.response import Target
from majordomo.providers.faults import Fault
from majordomo.providers.openai import OpenAIWire
from majordomo.providers.reporter import Reporter, request_id

TRANSIENT, PERMANENT = ErrorKind.TRANSIENT, ErrorKind.PERMANENT


class PlainWire(OpenAIWire):
    """Knows no codes; remembers what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def refine(self, fault, status):
        self.asked.append((fault, status))
        return fault


@pytest.fixture
def wire():
    return PlainWire()


@pytest.fixture
def reporter(wire):
    return Reporter(Target("acme", "m"), wire, FakeClock())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, ""),
        ({"x-request-id": "a"}, "a"),
        ({"request-id": "b"}, "b"),
        ({"x-request-id": "a", "request-id": "b"}, "a"),
        ({"x-request-id": "", "request-id": "b"}, "b"),
    ],
)
def test_the_vendors_id_of_a_request(headers, expected):
    assert request_id(headers) == expected


def test_what_is_not_configured_is_a_401_of_our_own(reporter):
    error = reporter.not_configured("missing_key", "no API key; set ACME_KEY")
    assert (error.kind, error.status, error.code) == (ErrorKind.AUTH, 401, "missing_key")
    assert error.safe_to_replay
    assert str(error) == "acme/m: 401 missing_key: no API key; set ACME_KEY"


@pytest.mark.parametrize(("seconds", "shown"), [(600.0, "600 s"), (0.25, "0.25 s")])
def test_a_deadline_may_be_met_next_time(reporter, seconds, shown):
    error = reporter.timed_out(seconds)
    assert (error.kind, error.code, error.status) == (TRANSIENT, "timeout", None)
    assert error.message == f"no complete answer within {shown}"
    assert not error.safe_to_replay


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("kind", [TRANSIENT, ErrorKind.LOCAL])
def test_a_transport_error_keeps_what_it_knows(reporter, kind, safe):
    failure = TransportError("refused", code="connect_failed", kind=kind, safe_to_replay=safe)
    error = reporter.transport_failed(failure)
    assert (error.kind, error.code, error.message) == (kind, "connect_failed", "refused")
    assert error.safe_to_replay is safe
    assert error.status is None


@pytest.mark.parametrize(
    ("status", "kind", "safe"),
    [
        (400, PERMANENT, False),
        (401, ErrorKind.AUTH, False),
        (404, ErrorKind.NOT_FOUND, False),
        (429, TRANSIENT, True),
        (500, TRANSIENT, False),
        (502, TRANSIENT, False),
        (503, TRANSIENT, True),
        (529, TRANSIENT, True),
    ],
)
def test_a_refusal_has_its_status_and_the_vendors_words(reporter, wire, status, kind, safe):
    body = b'{"error": {"message": "no", "code": 418, "type": "t", "param": "p"}}'
    error = reporter.refused(status, {"request-id": "r"}, body)
    assert (error.status, error.kind, error.safe_to_replay) == (status, kind, safe)
    assert (error.message, error.code, error.param) == ("no", "418", "p")
    assert (error.provider, error.model, error.request_id) == ("acme", "m", "r")
    assert error.body == body.decode()
    assert [asked for _, asked in wire.asked] == [status]


def test_a_type_stands_in_for_a_missing_code(reporter):
    assert (
        reporter.failed(Fault(message="x", type="overloaded_error"), {}).code == "overloaded_error"
    )


def test_an_error_in_a_good_answer_counts_as_one_of_the_server(reporter, wire):
    error = reporter.failed(Fault(message="x"), {})
    assert (error.kind, error.status, error.safe_to_replay) == (TRANSIENT, None, False)
    assert [asked for _, asked in wire.asked] == [0]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(message="prompt is too long", status=400),
        Fault(message="x", code="context_length_exceeded", status=400),
        Fault(message="x", type="exceed_context_size_error", status=400),
    ],
)
def test_an_overflow_is_told_by_message_code_or_type(reporter, fault):
    assert reporter.failed(fault, {}).kind is ErrorKind.CONTEXT_OVERFLOW


def test_what_the_wire_says_beats_the_status(reporter):
    fault = Fault(message="x", status=429, kind=ErrorKind.QUOTA)
    assert reporter.failed(fault, {}).kind is ErrorKind.QUOTA


@pytest.mark.parametrize(
    ("status", "verdict", "kind"),
    [
        (400, "true", TRANSIENT),
        (500, "false", PERMANENT),
        (500, "true", TRANSIENT),
        (400, "false", PERMANENT),
        (500, "maybe", TRANSIENT),
        (401, "true", ErrorKind.AUTH),
    ],
)
def test_the_server_decides_whether_to_try_again(reporter, status, verdict, kind):
    error = reporter.refused(status, {"x-should-retry": verdict}, b"")
    assert error.kind is kind


@pytest.mark.parametrize(
    ("headers", "in_body", "expected"),
    [
        ({}, None, None),
        ({}, 34.0, 34.0),
        ({"retry-after": "2.5"}, 34.0, 2.5),
        ({"retry-after": "0"}, 34.0, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, None, 0.25),
        ({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, None, 60.0),
        ({"retry-after": "soon"}, 34.0, 34.0),
    ],
)
def test_the_wait_the_server_asks_for(reporter, headers, in_body, expected):
    fault = Fault(message="x", status=429, retry_after_s=in_body)
    assert reporter.failed(fault, headers).retry_after_s == expected


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyError("function"), "the answer is malformed: missing field 'function'"),
        (ValueError("x" * 999), "the answer is malformed: " + "x" * 200),
    ],
)
def test_an_answer_of_another_shape_may_be_right_next_time(reporter, error, message):
    found = reporter.malformed(error, {"x-request-id": "r"}, b"\xff{}")
    assert (found.kind, found.code, found.request_id) == (TRANSIENT, "malformed_response", "r")
    assert (found.message, found.body) == (message, "\ufffd{}")


def test_an_answer_past_a_cap_will_be_so_again(reporter):
    found = reporter.too_large(ValueError("over 9 bytes"), {})
    assert (found.kind, found.code, found.request_id) == (PERMANENT, "answer_too_large", None)
    assert found.message == "over 9 bytes"


def test_a_body_is_an_excerpt_and_headers_are_never_shown(reporter):
    headers = {"set-cookie": "session=secret", "authorization": "Bearer secret"}
    error = reporter.refused(500, headers, b"x" * 10_000)
    assert len(error.body) == 2048
    assert len(error.message) == 500
    assert "secret" not in f"{error} {error!r} {vars(error)}"


def test_an_error_survives_pickling(reporter):
    error = reporter.refused(429, {"retry-after": "1"}, b"slow")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is APIError
    assert vars(again) == vars(error)
