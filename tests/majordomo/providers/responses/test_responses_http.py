"""The wire over HTTP: every status as one typed error, broken streams, and a long tool loop."""

import json

import pytest

from executus.testing import FakeClock, JSONAnswer, LoopbackServer, ResponsesServer, Turn
from executus.testing.server import SSEAnswer, responses_answer, responses_error, responses_stream
from majordomo.agent import Agent
from majordomo.errors import APIError, ErrorKind
from majordomo.http import HttpxTransport
from majordomo.llm import (
    FinishReason,
    Fragments,
    ImagePart,
    Request,
    Settings,
    StreamInterrupted,
    TextDelta,
    dump_messages,
    load_messages,
    tool,
    tool_result,
    user,
)
from majordomo.providers.faults import Fault
from majordomo.providers.responses import ResponsesWire, responses_provider
from majordomo.structured import generate

KEY = "sk-very-secret"
MODEL = "gpt-6.1-sol"
HI = Request(messages=[user("hi")])
REQUEST_ID = {"x-request-id": "req_7"}
INVALID = "invalid_request_error"


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def make():
    """Makes models that close their connections afterwards."""
    transport = HttpxTransport()

    def make(server, key=KEY, **options):
        options = {"base_url": f"{server.url}/v1/", "transport": transport, **options}
        return responses_provider(key, **options).model(MODEL)

    yield make
    await transport.aclose()


async def complete(model, request=HI):
    return await model.complete(request)


async def stream(model, request=HI):
    async with model.stream(request) as opened:
        return await opened.response()


both_ways = pytest.mark.parametrize("ask", [complete, stream])

PAIR = "Item 'rs_1' of type 'reasoning' was provided without its required following item."
ORPHAN = "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item."
UNKNOWN = "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."
# (status, fields of the error, headers), (kind, code, retry_after_s, safe_to_replay)
STATUSES = {
    "400": ((400, {}, {}), (ErrorKind.PERMANENT, INVALID, None, False)),
    "400, no such model": (
        (400, {"code": "model_not_found", "param": "model"}, {}),
        (ErrorKind.NOT_FOUND, "model_not_found", None, False),
    ),
    "400, too long": (
        (400, {"code": "context_length_exceeded"}, {}),
        (ErrorKind.CONTEXT_OVERFLOW, "context_length_exceeded", None, False),
    ),
    "400, sampling": (
        (400, {"code": "unsupported_parameter", "param": "temperature"}, {}),
        (ErrorKind.PERMANENT, "unsupported_parameter", None, False),
    ),
    "400, thinking without what it led to": (
        (400, {"message": PAIR}, {}),
        (ErrorKind.HISTORY_REJECTED, INVALID, None, False),
    ),
    "400, a call without its thinking": (
        (400, {"message": ORPHAN}, {}),
        (ErrorKind.HISTORY_REJECTED, INVALID, None, False),
    ),
    "404, thinking nobody kept": (
        (404, {"message": UNKNOWN}, {}),
        (ErrorKind.HISTORY_REJECTED, INVALID, None, False),
    ),
    "400, thinking that cannot be read": (
        (400, {"message": "The encrypted content gAAA… could not be verified."}, {}),
        (ErrorKind.HISTORY_REJECTED, INVALID, None, False),
    ),
    "401": (
        (401, {"code": "invalid_api_key"}, {}),
        (ErrorKind.AUTH, "invalid_api_key", None, False),
    ),
    "404": ((404, {}, {}), (ErrorKind.NOT_FOUND, INVALID, None, False)),
    "429": (
        (429, {"code": "rate_limit_exceeded"}, {"retry-after-ms": "250"}),
        (ErrorKind.TRANSIENT, "rate_limit_exceeded", 0.25, True),
    ),
    "429, broke": (
        (429, {"type": "insufficient_quota", "code": "insufficient_quota"}, {}),
        (ErrorKind.QUOTA, "insufficient_quota", None, True),
    ),
    "500": (
        (500, {"type": "server_error", "message": PAIR}, {}),
        (ErrorKind.TRANSIENT, "server_error", None, False),
    ),
    "503": (
        (503, {"code": "server_is_overloaded"}, {"retry-after": "7"}),
        (ErrorKind.TRANSIENT, "server_is_overloaded", 7.0, True),
    ),
}


@both_ways
@pytest.mark.parametrize(("given", "expected"), STATUSES.values(), ids=STATUSES)
async def test_an_error_status_becomes_one_typed_error(server, make, ask, given, expected):
    status, fields, headers = given
    fields = {"message": "no", **fields}
    server.enqueue(responses_error(status, headers={**REQUEST_ID, **headers}, **fields))
    with pytest.raises(APIError) as caught:
        await ask(make(server, clock=FakeClock()))
    error = caught.value
    assert type(error) is APIError
    assert (error.kind, error.code, error.retry_after_s, error.safe_to_replay) == expected
    assert (error.status, error.request_id, error.message) == (status, "req_7", fields["message"])
    assert (error.provider, error.model) == ("openai-responses", MODEL)
    assert KEY not in f"{error} {error!r} {vars(error)} {caught.getrepr(showlocals=False)}"


# code of a failed answer: (status, kind)
FAILURES = {
    "server_error": (500, ErrorKind.TRANSIENT),
    "rate_limit_exceeded": (429, ErrorKind.TRANSIENT),
    "vector_store_timeout": (None, ErrorKind.TRANSIENT),
    "never_seen": (None, ErrorKind.TRANSIENT),
    "invalid_prompt": (400, ErrorKind.PERMANENT),
    "bio_policy": (400, ErrorKind.PERMANENT),
    "image_too_large": (400, ErrorKind.PERMANENT),
    "failed_to_download_image": (400, ErrorKind.PERMANENT),
    "insufficient_quota": (429, ErrorKind.QUOTA),
    "context_length_exceeded": (400, ErrorKind.CONTEXT_OVERFLOW),
}


def failed(code):
    error = {"code": code, "message": "sorry"}
    return {"id": "resp_1", "status": "failed", "error": error, "output": []}


def sse(*events):
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


@pytest.mark.parametrize(("code", "expected"), FAILURES.items())
async def test_a_failed_answer_is_the_same_error_whole_and_streamed(server, make, code, expected):
    answers = [
        JSONAnswer(200, failed(code), REQUEST_ID),
        SSEAnswer(sse({"type": "response.failed", "response": failed(code)}), headers=REQUEST_ID),
        SSEAnswer(sse({"type": "error", "code": code, "message": "sorry"}), headers=REQUEST_ID),
        JSONAnswer(200, failed(code), REQUEST_ID),
    ]
    server.enqueue(*answers)
    for ask in [complete, stream, stream, stream]:
        with pytest.raises(APIError, match="sorry") as caught:
            await ask(make(server))
        error = caught.value
        assert (error.status, error.kind) == expected
        assert (error.code, error.request_id) == (code, "req_7")


async def test_an_error_after_content_keeps_what_came(server, make):
    chunks = responses_stream(Turn.text("Hello there")).chunks[:6]
    error = {"type": "error", "code": "server_error", "message": "sorry"}
    server.enqueue(SSEAnswer([*chunks, *sse(error)], headers=REQUEST_ID))
    seen = []

    async def read():
        async with make(server).stream(HI) as opened:
            while True:
                seen.append(await anext(opened))

    with pytest.raises(StreamInterrupted, match="sorry") as caught:
        await read()
    assert seen == [TextDelta("Hello"), TextDelta(" ther")]
    assert caught.value.partial.text == "Hello ther"
    assert caught.value.partial.message.state is None
    assert not caught.value.safe_to_replay


async def test_a_json_answer_to_a_streaming_request_is_streamed_all_the_same(make):
    async with ResponsesServer([Turn.text("Hello")]) as server:
        whole = await make(server).complete(HI)
        body = server.requests[0].json
        assert "stream" not in body
    async with LoopbackServer() as other:
        other.enqueue(responses_answer(Turn.text("Hello"), model=MODEL))
        assert await stream(make(other)) == whole


async def test_a_missing_key_is_a_401_before_anything_is_dialled(server, make):
    with pytest.raises(APIError, match="set OPENAI_API_KEY") as caught:
        await make(server, key=None).complete(HI)
    assert (caught.value.kind, caught.value.status) == (ErrorKind.AUTH, 401)
    assert server.requests == []


async def test_headers_name_organization_project_and_key(make):
    async with ResponsesServer([Turn.text("x")], require_key=KEY) as server:
        model = make(server, organization="org-1", project="proj-1", headers=(("x-mine", "1"),))
        assert (await model.complete(HI)).text == "x"
    [request] = server.requests
    names = ("openai-organization", "openai-project", "x-mine", "accept")
    sent = [request.headers.get(name) for name in names]
    assert sent == ["org-1", "proj-1", "1", "application/json"]
    assert (request.method, request.path) == ("POST", "/v1/responses")


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


TURNS = [
    *(
        Turn.calls(
            *[("add", {"a": turn, "b": at}) for at in range(1 + turn % 3)],
            content="Adding. " if turn % 2 else "",
            thinking="" if turn % 4 == 3 else f'Step "{turn}"\n é🎈 ',
            signature=f"gAAA{turn}/+==",
        )
        for turn in range(10)
    ),
    Turn.text("Done. ", thinking="At last.", signature="gLast"),
]


@both_ways
@pytest.mark.parametrize("stored", [False, True])
async def test_a_long_tool_loop_with_thinking_is_accepted_in_every_turn(make, ask, stored):
    """The server refuses thinking it did not issue or that lost its place, and unpaired calls."""
    png = ImagePart(data=b"\x89PNG", mime="image/png")
    messages, fragments = [user("go")], Fragments()
    async with ResponsesServer(TURNS, require_key=KEY) as server:
        model = make(server)
        while True:
            request = Request(
                messages=messages,
                tools=[add],
                settings=Settings(reasoning_effort="high"),
                fragments=fragments,
            )
            response = await ask(model, request)
            messages.append(response.message)
            if response.finish_reason is not FinishReason.TOOL_CALLS:
                break
            messages += [tool_result(call, "3", png) for call in response.tool_calls]
            if stored:
                messages, fragments = load_messages(dump_messages(messages)), Fragments()
    assert response.text == "Done. "
    assert len(server.requests) == len(TURNS)
    items = server.requests[-1].json["input"]
    thoughts = [item for item in items if item.get("type") == "reasoning"]
    assert [(t["id"], t["encrypted_content"]) for t in thoughts] == [
        (f"rs_{at}", turn.signature) for at, turn in enumerate(TURNS[:-1])
    ]
    assert [i["phase"] for i in items if i.get("type") == "message"] == ["commentary"] * 5
    # What was sent once is sent the same ever after: caches and reasoning are bound to it.
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        sent = before.json["input"]
        assert after.json["input"][: len(sent)] == sent


async def test_an_agent_runs_on_it(make):
    async with ResponsesServer(TURNS[:5] + TURNS[-1:]) as server:
        result = await Agent(make(server), tools=[add]).run("go")
    assert result.output == "Done. "
    assert len(server.requests) == 6


async def test_structured_output_is_asked_for_natively(make):
    async with ResponsesServer([Turn.text('{"value": 5}')]) as server:
        assert await generate(make(server), int, "2 + 3?") == 5
    [request] = server.requests
    form = request.json["text"]["format"]
    assert (form["type"], form["strict"]) == ("json_schema", True)


async def test_stripping_the_state_mends_a_rejected_history(make):
    """What the chain does once with `HISTORY_REJECTED` is accepted by the server."""
    async with ResponsesServer([TURNS[0], TURNS[-1]]) as server:
        model = make(server)
        asked = await model.complete(HI)
        result = tool_result(asked.tool_calls[0], "3")
        server.turns = (Turn.text("forgotten"), TURNS[-1])
        request = Request(messages=[user("hi"), asked.message, result])
        with pytest.raises(APIError) as caught:
            await model.complete(request)
        assert caught.value.kind is ErrorKind.HISTORY_REJECTED
        stripped = [m.without_state() for m in request.messages]
        assert (await model.complete(Request(messages=stripped))).text == "Done. "


@pytest.mark.parametrize("given", [0, 502])
def test_a_status_that_is_known_stays(given):
    fault = Fault(message="no", status=502, code="invalid_prompt")
    assert ResponsesWire().refine(fault, given).status == 502
