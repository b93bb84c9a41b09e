"""What llama-swap's own errors mean, in both ages of their form."""

import pytest

from executus.testing import JSONAnswer, LoopbackServer, RawAnswer
from executus.testing.server import llama_swap_error
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import Request, user
from majordomo.providers.faults import Fault
from majordomo.providers.llamaswap import LlamaSwapWire, llama_swap_provider

ASK = Request(messages=(user("hi"),))
TRANSIENT, PERMANENT = ErrorKind.TRANSIENT, ErrorKind.PERMANENT
INVALID, SERVER = "invalid_request_error", "server_error"

TABLE = [
    (400, "bad_request", INVALID, PERMANENT),
    (401, "unauthorized", "authentication_error", ErrorKind.AUTH),
    (404, "not_found", INVALID, ErrorKind.NOT_FOUND),
    (409, "conflict", INVALID, PERMANENT),
    (429, "concurrency_limit", "rate_limit_error", TRANSIENT),
    (500, "internal_error", SERVER, TRANSIENT),
    (502, "bad_gateway", SERVER, TRANSIENT),
    (503, "service_unavailable", SERVER, TRANSIENT),
    (504, "gateway_timeout", SERVER, TRANSIENT),
]


async def failure(answer):
    async with LoopbackServer() as server:
        server.enqueue(answer)
        with pytest.raises(APIError) as caught:
            await llama_swap_provider(base_url=server.url).model("m").complete(ASK)
    return caught.value


@pytest.mark.parametrize(("status", "code", "type_", "kind"), TABLE)
async def test_a_code_means_the_same_with_its_status_and_inside_a_good_one(
    status, code, type_, kind
):
    answer = llama_swap_error(status, code, "so it is", type=type_)
    for sent in (answer, JSONAnswer(200, answer.body)):
        error = await failure(sent)
        assert (error.kind, error.status, error.code) == (kind, status, code)
        assert error.message == "so it is"


def test_an_upstreams_status_is_not_overruled():
    fault = LlamaSwapWire().refine(Fault(message="x", code="not_found", status=400), 400)
    assert fault.status == 400


OLDER = {
    "a string": (JSONAnswer(500, {"error": "process exited"}), TRANSIENT, "process exited"),
    "plain text": (
        RawAnswer(b"HTTP/1.1 404 X\r\ncontent-length: 16\r\n\r\nllama-swap: gone"),
        ErrorKind.NOT_FOUND,
        "llama-swap: gone",
    ),
    "llama-server": (
        JSONAnswer(
            503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
        ),
        TRANSIENT,
        "Loading model",
    ),
    "overflow": (
        JSONAnswer(
            400, {"error": {"code": 400, "message": "x", "type": "exceed_context_size_error"}}
        ),
        ErrorKind.CONTEXT_OVERFLOW,
        "x",
    ),
    "no tools": (
        JSONAnswer(
            500,
            {"error": {"code": 500, "message": "tools param requires --jinja flag", "type": "x"}},
        ),
        ErrorKind.UNSUPPORTED,
        "tools param requires --jinja flag",
    ),
    "no images": (
        JSONAnswer(
            500,
            {"error": {"message": "image input is not supported - hint: mmproj", "type": "x"}},
        ),
        ErrorKind.UNSUPPORTED,
        "image input is not supported - hint: mmproj",
    ),
}


@pytest.mark.parametrize(("answer", "kind", "message"), OLDER.values(), ids=OLDER)
async def test_older_forms_and_upstreams_errors_are_understood(answer, kind, message):
    error = await failure(answer)
    assert (error.kind, error.message) == (kind, message)


async def test_the_wait_for_a_free_place_is_told():
    answer = llama_swap_error(429, "concurrency_limit", "busy", type="rate_limit_error")
    error = await failure(JSONAnswer(429, answer.body, {"retry-after": "1"}))
    assert (error.retry_after_s, error.safe_to_replay) == (1, True)


async def test_nobody_at_the_address_is_transient():
    model = llama_swap_provider(base_url="http://127.0.0.1:1").model("m")
    with pytest.raises(APIError) as caught:
        await model.complete(ASK)
    assert (caught.value.kind, caught.value.safe_to_replay) == (TRANSIENT, True)
