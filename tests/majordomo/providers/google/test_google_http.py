"""The wire over HTTP: every status as one typed error, broken streams, and long tool loops."""

import json

import pytest

from executus.invocation import Limits
from executus.run import Executor
from executus.testing import FakeClock, GoogleServer, JSONAnswer, LoopbackServer, SSEAnswer, Turn
from executus.testing.server import google_error
from majordomo.agent import Agent
from majordomo.chain import Chain
from majordomo.errors import APIError, ErrorKind
from majordomo.health import HealthTracker
from majordomo.http import HttpxTransport
from majordomo.llm import (
    FinishReason,
    Fragments,
    ProviderState,
    Request,
    Settings,
    StreamInterrupted,
    TextDelta,
    ToolCallPart,
    assistant,
    dump_messages,
    load_messages,
    tool,
    tool_result,
    user,
)
from majordomo.providers.google import google_provider

KEY = "AIza-very-secret"
MODEL = "gemini-3.8-flash"
HI = Request(messages=[user("hi")])
INVALID, EXHAUSTED = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
DAILY = {"@type": "x.QuotaFailure", "violations": [{"quotaId": "RequestsPerDay-FreeTier"}]}
BAD_KEY = {"@type": "x.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def make():
    """Makes models that close their connections afterwards."""
    transport = HttpxTransport()

    def make(server, key=KEY, *, model=MODEL, **options):
        options = {"base_url": server.url, "transport": transport, **options}
        return google_provider(key, **options).model(model)

    yield make
    await transport.aclose()


async def complete(model, request=HI):
    return await model.complete(request)


async def stream(model, request=HI):
    async with model.stream(request) as opened:
        return await opened.response()


both_ways = pytest.mark.parametrize("ask", [complete, stream])

# name: (status, type, message, details, headers), (kind, code, retry_after_s, safe_to_replay)
STATUSES = {
    "400": ((400, INVALID, "bad", [], {}), (ErrorKind.PERMANENT, INVALID, None, False)),
    "400, a bad key": (
        (400, INVALID, "API key not valid.", [BAD_KEY], {}),
        (ErrorKind.AUTH, "API_KEY_INVALID", None, False),
    ),
    "400, too long": (
        (400, INVALID, "The input token count (9) exceeds the maximum (8).", [], {}),
        (ErrorKind.CONTEXT_OVERFLOW, INVALID, None, False),
    ),
    "400, a signature": (
        (400, INVALID, "Thought signature is not valid", [], {}),
        (ErrorKind.HISTORY_REJECTED, INVALID, None, False),
    ),
    "401": (
        (401, "UNAUTHENTICATED", "no", [], {}),
        (ErrorKind.AUTH, "UNAUTHENTICATED", None, False),
    ),
    "402": ((402, EXHAUSTED, "no credit", [], {}), (ErrorKind.QUOTA, EXHAUSTED, None, False)),
    "403": (
        (403, "PERMISSION_DENIED", "leaked key", [], {}),
        (ErrorKind.AUTH, "PERMISSION_DENIED", None, False),
    ),
    "404": ((404, "NOT_FOUND", "gone", [], {}), (ErrorKind.NOT_FOUND, "NOT_FOUND", None, False)),
    "413": ((413, INVALID, "big", [], {}), (ErrorKind.PERMANENT, INVALID, None, False)),
    "429": (
        (429, EXHAUSTED, "slow", [RETRY], {}),
        (ErrorKind.TRANSIENT, EXHAUSTED, 34.0, True),
    ),
    "429, a header": (
        (429, EXHAUSTED, "slow", [], {"retry-after": "7"}),
        (ErrorKind.TRANSIENT, EXHAUSTED, 7.0, True),
    ),
    "429, for the day": (
        (429, EXHAUSTED, "quota", [DAILY, RETRY], {}),
        (ErrorKind.QUOTA, EXHAUSTED, 34.0, True),
    ),
    "500": (
        (500, "INTERNAL", "oops", [], {}),
        (ErrorKind.TRANSIENT, "INTERNAL", None, False),
    ),
    "503": (
        (503, "UNAVAILABLE", "overloaded", [], {}),
        (ErrorKind.TRANSIENT, "UNAVAILABLE", None, True),
    ),
    "504": (
        (504, "DEADLINE_EXCEEDED", "slow", [], {}),
        (ErrorKind.TRANSIENT, "DEADLINE_EXCEEDED", None, False),
    ),
}


@both_ways
@pytest.mark.parametrize("listed", [False, True], ids=["object", "list"])
@pytest.mark.parametrize(("given", "expected"), STATUSES.values(), ids=STATUSES)
async def test_an_error_status_becomes_one_typed_error(server, make, ask, given, expected, listed):
    status, type_, message, details, headers = given
    answer = google_error(status, message, type=type_, details=details, headers=headers)
    server.enqueue(JSONAnswer(status, [answer.body], headers) if listed else answer)
    with pytest.raises(APIError) as caught:
        await ask(make(server, clock=FakeClock()))
    error = caught.value
    assert type(error) is APIError
    assert (error.kind, error.code, error.retry_after_s, error.safe_to_replay) == expected
    assert (error.status, error.message) == (status, message)
    assert (error.provider, error.model) == ("google", MODEL)
    assert KEY not in f"{error} {error!r} {vars(error)}"
    assert len(server.requests) == 1


@both_ways
async def test_an_error_in_a_good_answer_is_an_error(server, make, ask):
    server.enqueue(JSONAnswer(200, [google_error(503, "overloaded").body]))
    with pytest.raises(APIError) as caught:
        await ask(make(server))
    error = caught.value
    assert (error.status, error.kind) == (503, ErrorKind.TRANSIENT)
    assert (error.code, error.message) == ("UNAVAILABLE", "overloaded")


@both_ways
async def test_a_blocked_prompt_is_a_permanent_error(server, make, ask):
    server.enqueue(JSONAnswer(200, {"promptFeedback": {"blockReason": "SAFETY"}}))
    with pytest.raises(APIError, match="blocked") as caught:
        await ask(make(server))
    assert (caught.value.code, caught.value.kind) == ("SAFETY", ErrorKind.PERMANENT)


@both_ways
async def test_a_missing_key_is_a_401_before_anything_is_dialled(server, make, ask):
    with pytest.raises(APIError, match="set GOOGLE_API_KEY") as caught:
        await ask(make(server, None))
    error = caught.value
    assert (error.status, error.code, error.kind) == (401, "missing_key", ErrorKind.AUTH)
    assert server.connections == 0


@both_ways
async def test_the_key_is_sent_in_a_header_only(server, make, ask):
    server.enqueue(google_error(500, "enough seen"))
    with pytest.raises(APIError, match="enough seen"):
        await ask(make(server))
    (request,) = server.requests
    assert request.headers["x-goog-api-key"] == KEY
    assert "authorization" not in request.headers
    assert KEY not in request.path
    assert KEY.encode() not in request.body


def event(*parts, **candidate):
    content = {"content": {"parts": list(parts), "role": "model"}}
    chunk = {"candidates": [{**content, **candidate}], "usageMetadata": {"promptTokenCount": 3}}
    return f"data: {json.dumps(chunk)}\r\n\r\n".encode()


HELLO = event({"text": "Hello"})
ERROR = google_error(503, "sorry").body
FRAMED = b"data: " + json.dumps(ERROR).encode() + b"\r\n\r\n"
# As some front ends write it: over several lines and in no frame.
RAW = json.dumps(ERROR, indent=2).replace("\n", "\r\n").encode()
RAW_LIST = json.dumps([ERROR], indent=2).encode()


@pytest.mark.parametrize("error", [FRAMED, RAW, RAW_LIST], ids=["framed", "raw", "raw list"])
async def test_an_error_before_content_is_a_plain_error(server, make, error):
    server.enqueue(SSEAnswer([error]))
    with pytest.raises(APIError, match="sorry") as caught:
        await stream(make(server))
    assert type(caught.value) is APIError
    assert (caught.value.status, caught.value.code) == (503, "UNAVAILABLE")
    assert caught.value.kind is ErrorKind.TRANSIENT


@pytest.mark.parametrize("error", [FRAMED, RAW, RAW_LIST], ids=["framed", "raw", "raw list"])
async def test_an_error_after_content_keeps_what_came(server, make, error):
    server.enqueue(SSEAnswer([HELLO, error]))
    seen = []

    async def read():
        async with make(server).stream(HI) as opened:
            while True:
                seen.append(await anext(opened))

    with pytest.raises(StreamInterrupted, match="sorry") as caught:
        await read()
    assert seen[0] == TextDelta("Hello")
    assert (caught.value.status, caught.value.kind) == (503, ErrorKind.TRANSIENT)
    assert caught.value.partial.text == "Hello"
    assert caught.value.partial.usage.input == 3
    assert not caught.value.safe_to_replay


@pytest.mark.parametrize("chunks", [[], [b"\r\n"], [HELLO], [HELLO[:-9]]])
async def test_a_stream_without_a_reason_was_cut(server, make, chunks):
    server.enqueue(SSEAnswer(chunks))
    with pytest.raises(APIError, match="ended before its answer") as caught:
        await stream(make(server))
    assert (caught.value.code, caught.value.kind) == ("truncated_stream", ErrorKind.TRANSIENT)


async def test_a_stream_a_server_gives_as_one_list_is_read(server, make):
    chunks = [HELLO, event({"text": " you"}, finishReason="STOP")]
    body = [json.loads(chunk[6:]) for chunk in chunks]
    server.enqueue(JSONAnswer(200, body))
    response = await stream(make(server))
    assert (response.text, response.finish_reason) == ("Hello you", FinishReason.STOP)


@both_ways
async def test_oversized_arguments_are_a_permanent_error(server, make, ask):
    call = {"functionCall": {"name": "f", "args": {"q": "x" * 300_000}}}
    server.enqueue(
        SSEAnswer([event(call, finishReason="STOP")])
        if ask is stream
        else JSONAnswer(200, json.loads(event(call, finishReason="STOP")[6:]))
    )
    with pytest.raises(APIError) as caught:
        await ask(make(server))
    assert (caught.value.code, caught.value.kind) == ("answer_too_large", ErrorKind.PERMANENT)


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
            signature=f"CqSig{turn}/+==",
        )
        for turn in range(10)
    ),
    Turn.text("Done. ", thinking="At last.", signature="CqLast"),
]


@both_ways
@pytest.mark.parametrize("stored", [False, True])
async def test_a_long_tool_loop_with_signatures_is_accepted_in_every_turn(make, ask, stored):
    """The server refuses signatures that are missing or moved, and calls that are not answered."""
    messages, fragments = [user("go")], Fragments()
    async with GoogleServer(TURNS, require_key=KEY) as server:
        model = make(server)
        while True:
            settings = Settings(reasoning_effort="high")
            request = Request(
                messages=messages, tools=[add], settings=settings, fragments=fragments
            )
            response = await ask(model, request)
            messages.append(response.message)
            if response.finish_reason is not FinishReason.TOOL_CALLS:
                break
            messages += [tool_result(call, "3") for call in response.tool_calls]
            if stored:
                messages, fragments = load_messages(dump_messages(messages)), Fragments()
        again = Request(messages=[*messages, user("and?")], fragments=fragments)
        with pytest.raises(APIError, match="the script has 11 turns"):
            await ask(model, again)
    assert (response.text, response.message.thinking) == ("Done. ", "At last.")
    assert len(server.requests) == len(TURNS) + 1
    own = [c for c in server.requests[-1].json["contents"] if c["role"] == "model"]
    signed = [p["thoughtSignature"] for c in own for p in c["parts"] if "thoughtSignature" in p]
    assert signed == [turn.signature for turn in TURNS]
    # What was sent once is sent the same ever after: implicit caching is by prefix.
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        sent = before.json["contents"]
        assert after.json["contents"][: len(sent)] == sent


@pytest.mark.parametrize("model_id", [MODEL, "gemini-2.5-flash", "gemini-3.5-flash"])
async def test_ten_tool_turns_of_an_executor(make, model_id):
    async with GoogleServer(TURNS, require_key=KEY) as server:
        settings = Settings(reasoning_effort="minimal")
        agent = Agent(make(server, model=model_id), tools=[add], max_steps=20, settings=settings)
        result = await agent.run("go")
        assert result.output == "Done. "
        assert len(result.steps) == len(TURNS)
        executed = await Executor(defaults=Limits(max_steps=20)).run(agent, "go")
        assert executed.output == "Done. "


@both_ways
async def test_a_foreign_history_is_taken(make, ask):
    state = ProviderState(wire="anthropic", provider="anthropic", model="claude", data='[{"a":1}]')
    calls = [ToolCallPart(id=f"toolu_{at}!", name=name) for at, name in enumerate(["add", "a b"])]
    messages = [
        user("go"),
        assistant("Well.", *calls, state=state),
        *(tool_result(call, "3") for call in calls),
        assistant(ToolCallPart(id="toolu_0!", name="add", arguments="{oops")),
        user("never mind"),
    ]
    turns = [Turn.text("-"), Turn.text("-"), Turn.text("ok")]
    for model_id in (MODEL, "gemini-2.5-pro"):
        async with GoogleServer(turns) as server:
            request = Request(messages=messages, tools=[add])
            assert (await ask(make(server, model=model_id), request)).text == "ok"


@both_ways
async def test_a_rejected_signature_is_stripped_and_asked_for_once_more(make, ask):
    state = ProviderState(
        wire="google",
        provider="google",
        model=MODEL,
        data='{"parts":[{"functionCall":{"name":"add"},"thoughtSignature":"stale"}]}',
    )
    call = ToolCallPart(id="c1", name="add")
    messages = [user("go"), assistant(call, state=state), tool_result(call, "3")]
    async with GoogleServer([Turn.text("-"), Turn.text("ok")]) as server:
        chain = Chain([make(server)], health=HealthTracker(FakeClock()))
        response = await ask(chain, Request(messages=messages, tools=[add]))
    assert response.text == "ok"
    signatures = [r.json["contents"][1]["parts"][0]["thoughtSignature"] for r in server.requests]
    assert signatures[0] == "stale"
    assert len(signatures) == 2


async def test_an_unfinished_answer_is_continued(server, make):
    candidate = {"finishReason": "CONTINUATION", "continuationToken": "t1"}
    server.enqueue(JSONAnswer(200, json.loads(event({"text": "a"}, **candidate)[6:])))
    server.enqueue(JSONAnswer(200, json.loads(event({"text": "b"}, finishReason="STOP")[6:])))
    result = await Agent(make(server)).run("go")
    first, second = (request.json for request in server.requests)
    assert second == {**first, "continuationToken": "t1"}
    assert "".join(message.text for message in result.messages[1:]) == "ab"
