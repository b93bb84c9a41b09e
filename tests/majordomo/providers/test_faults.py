import json

import pytest

from majordomo.errors import ErrorKind
from majordomo.providers.faults import (
    Fault,
    WireFault,
    find_fault,
    kind_of_status,
    parse_json,
    text_fault,
)

TRANSIENT, PERMANENT = ErrorKind.TRANSIENT, ErrorKind.PERMANENT


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, TRANSIENT) for status in (408, 409, 425, 429, 500, 502, 503, 504, 520, 529)),
        *((status, PERMANENT) for status in (301, 400, 405, 410, 413, 415, 422, 501, 505, 530)),
        *((status, ErrorKind.AUTH) for status in (401, 403)),
        (402, ErrorKind.QUOTA),
        (404, ErrorKind.NOT_FOUND),
    ],
)
def test_a_status_says_whether_to_try_again(status, kind):
    assert kind_of_status(status) is kind


OVERFLOWS = [
    "context_length_exceeded None This model's…",
    "This model's Maximum context length is 8192 tokens",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
    "400 exceed_context_size_error the request exceeds the available context size",
    "The input token count (1200000) exceeds the maximum number of tokens allowed",
]


@pytest.mark.parametrize("text", OVERFLOWS)
def test_a_context_overflow_is_told_by_its_words(text):
    for status in (400, 413, 422, 500):
        assert kind_of_status(status, text) is ErrorKind.CONTEXT_OVERFLOW
    assert kind_of_status(429, text) is TRANSIENT
    assert kind_of_status(401, text) is ErrorKind.AUTH


@pytest.mark.parametrize("text", ["", "input token count is fine", "context", "too long a name"])
def test_other_words_are_no_overflow(text):
    assert kind_of_status(400, text) is PERMANENT


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        ('"é😀"'.encode(), "é😀"),
        (b"\xef\xbb\xbf[1]", [1]),
        (b'"caf\xe9"', "caf\ufffd"),
        (b'\xef\xbb\xbf"\xff"', "\ufffd"),
        (b' \n"x" ', "x"),
    ],
)
def test_json_is_parsed_whatever_its_bytes(data, value):
    assert parse_json(data) == value


@pytest.mark.parametrize("data", [b"", b"{", b"<html>", b"[DONE]", b'{"a"\xff}', b"{} {}"])
def test_what_is_no_json_is_a_value_error(data):
    with pytest.raises(ValueError, match="line 1"):
        parse_json(data)


def error(**fields):
    return {"error": {"message": "bad", **fields}}


# body, fault
FOUND = {
    "OpenAI": (
        error(type="invalid_request_error", param="messages[1]", code="unsupported_value"),
        Fault(
            message="bad",
            type="invalid_request_error",
            param="messages[1]",
            code="unsupported_value",
        ),
    ),
    "nulls": (error(type=None, param=None, code=None), Fault(message="bad")),
    "empty strings": (error(type="", code=""), Fault(message="bad")),
    "OpenRouter": (
        error(code=429, metadata={"raw": "x", "provider_name": "p"}),
        Fault(message="bad", code="429", status=429),
    ),
    "Groq": (
        error(code="tool_use_failed", status_code=400),
        Fault(message="bad", code="tool_use_failed", status=400),
    ),
    "a null status": (
        error(code=503, status_code=None),
        Fault(message="bad", code="503", status=503),
    ),
    "a code that is no status": (error(code=7), Fault(message="bad", code="7")),
    "a good status": (error(code=200), Fault(message="bad", code="200")),
    "Anthropic": (
        {"type": "error", "error": {"type": "overloaded_error", "message": "bad"}},
        Fault(message="bad", type="overloaded_error"),
    ),
    "Anthropic, details": (
        error(type="rate_limit_error", details={"error_code": "spend_limit"}, code="x"),
        Fault(message="bad", type="rate_limit_error", code="spend_limit"),
    ),
    "odd details": (error(details=["x"], code="y"), Fault(message="bad", code="y")),
    "no message": (
        {"error": {"code": "x"}},
        Fault(message="the provider gave no message", code="x"),
    ),
    "a message that is no text": (
        {"error": {"message": {"a": 1}}},
        Fault(message="{'a': 1}"),
    ),
    "a string": ({"error": "model\n  not loaded"}, Fault(message="model not loaded")),
    "a string beside its message": (
        {"error": "server_error", "message": "no memory left"},
        Fault(message="server_error: no memory left"),
    ),
    "a list": ([error(code=400)], Fault(message="bad", code="400", status=400)),
    "a list of lists": ([[error()]], Fault(message="bad")),
}


@pytest.mark.parametrize(("body", "fault"), FOUND.values(), ids=FOUND)
def test_an_error_is_found_in_any_shape(body, fault):
    assert find_fault(body) == fault
    assert text_fault(json.dumps(body).encode(), 400) == fault


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        [[]],
        {},
        {"error": None},
        {"error": ""},
        {"error": []},
        {"message": "x"},
        {"detail": "x"},
        {"choices": [{"message": {"content": "error"}}]},
        "error",
        7,
    ],
)
def test_what_holds_no_error_is_none(body):
    assert find_fault(body) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"message": "sorry"}', "sorry"),
        (b'{"error": null, "message": "sorry"}', "sorry"),
        (b'{"error": true, "message": "sorry", "detail": "no"}', "sorry"),
        (b'[{"message": "sorry"}]', "sorry"),
        (b'{"detail": "no such route"}', "no such route"),
        (b'{"detail": [{"msg": "a", "loc": []}, "b", {"msg": null}, {}]}', "a; b"),
        (b"upstream  connect\nerror", "upstream connect error"),
        (b"caf\xe9", "caf\ufffd"),
        (b"", "HTTP 502 without a message"),
        (b" \n ", "HTTP 502 without a message"),
        (b"<html><h1>Bad Gateway</h1></html>", "HTTP 502 without a message"),
        (b"\n<!DOCTYPE html>", "HTTP 502 without a message"),
        (b'{"ok": false}', '{"ok": false}'),
        (b"[]", "[]"),
    ],
)
def test_the_best_sentence_of_a_body_is_taken(body, message):
    assert text_fault(body, 502).message == message


def test_the_code_beside_a_bare_message_is_kept():
    assert text_fault(b'{"message": "sorry", "code": 7}', 400).code == "7"


@pytest.mark.parametrize(
    "make",
    [
        lambda text: {"error": {"message": text}},
        lambda text: {"error": text},
        lambda text: {"message": text},
        lambda text: {"detail": text},
        lambda text: text,
    ],
)
def test_a_message_is_cut_to_500_characters(make):
    long = text_fault(json.dumps(make("x" * 9000)).encode(), 400).message
    assert len(long) == 500
    assert long.endswith("x…")
    exact = text_fault(json.dumps({"error": "x" * 500}).encode(), 400).message
    assert exact == "x" * 500


def test_a_wire_fault_shows_the_vendors_words():
    fault = Fault(message="bad")
    assert str(WireFault(fault)) == "bad"
    assert WireFault(fault).fault is fault
