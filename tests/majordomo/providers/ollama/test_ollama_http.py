"""The wire over HTTP: errors, buffered and broken streams, tool loops, typed answers."""

import json

import pytest
from pydantic import BaseModel

from executus.testing import FakeClock, JSONAnswer, LoopbackServer, OllamaServer, RawAnswer, Turn
from executus.testing.server import (
    SSEAnswer,
    ollama_answer,
    ollama_calls,
    ollama_error,
    ollama_stream,
    ollama_text,
)
from majordomo.agent import Agent
from majordomo.chain import Chain
from majordomo.errors import APIError, ErrorKind
from majordomo.health import HealthTracker
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
from majordomo.providers.fake import FakeProvider
from majordomo.providers.ollama import foreman_provider, ollama_provider
from majordomo.structured import generate

KEY = "sk-very-secret"
MODEL = "qwen3:8b"
HI = Request(messages=[user("hi")])
# The least file that is one pixel.
PNG = ImagePart(
    data=bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
        "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
    ),
    mime="image/png",
)


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def make():
    """Makes models that close their connections afterwards."""
    transport = HttpxTransport()

    def make(server, key=KEY, *, factory=ollama_provider, **options):
        options = {"base_url": f"{server.url}/", "transport": transport, **options}
        return factory(key, **options).model(MODEL)

    yield make
    await transport.aclose()


async def complete(model, request=HI):
    return await model.complete(request)


async def stream(model, request=HI):
    async with model.stream(request) as opened:
        return await opened.response()


both_ways = pytest.mark.parametrize("ask", [complete, stream])
FORMS = {"streaming": {}, "buffered": {"buffered": True}, "old": {"ids": False}}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)

# (status, message, headers): (kind, retry_after_s, safe_to_replay)
STATUSES = {
    (400, '"x" does not support tools', ()): (ErrorKind.UNSUPPORTED, None, False),
    (401, "unauthorized", ()): (ErrorKind.AUTH, None, False),
    (404, "model 'x' not found", ()): (ErrorKind.NOT_FOUND, None, False),
    (429, "slow down", (("retry-after", "7"),)): (ErrorKind.TRANSIENT, 7.0, True),
    (500, "model runner has unexpectedly stopped", ()): (ErrorKind.TRANSIENT, None, False),
    (503, "server busy, please try again.", ()): (ErrorKind.TRANSIENT, None, True),
}


@both_ways
@pytest.mark.parametrize(("given", "expected"), STATUSES.items())
async def test_an_error_status_becomes_one_typed_error(server, make, ask, given, expected):
    status, message, headers = given
    server.enqueue(ollama_error(status, message, headers=dict(headers)))
    with pytest.raises(APIError) as caught:
        await ask(make(server, clock=FakeClock()))
    error = caught.value
    assert type(error) is APIError
    assert (error.kind, error.retry_after_s, error.safe_to_replay) == expected
    assert (error.status, error.message) == (status, message)
    assert (error.provider, error.model) == ("ollama", MODEL)
    assert KEY not in f"{error} {error!r} {vars(error)} {caught.getrepr(showlocals=False)}"


BODIES = {
    "an object": (b'{"error":{"message":"no room"}}', "no room"),
    "text": (b"no room", "no room"),
    "markup": (b"<html>no</html>", "HTTP 502 without a message"),
    "nothing": (b"", "HTTP 502 without a message"),
    "the key": (f'{{"error":"bad key {KEY}"}}'.encode(), "bad key [key]"),
}


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
async def test_a_proxy_may_answer_in_any_form(server, make, body, message):
    head = f"HTTP/1.1 502 Bad\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    server.enqueue(RawAnswer(head + body))
    with pytest.raises(APIError) as caught:
        await make(server).complete(HI)
    assert (caught.value.message, caught.value.kind) == (message, ErrorKind.TRANSIENT)


@both_ways
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"error": "it broke"}, (ErrorKind.TRANSIENT, None)),
        ({"error": "busy", "status_code": 503}, (ErrorKind.TRANSIENT, 503)),
        ({"error": "unauthorized", "status_code": 401}, (ErrorKind.AUTH, 401)),
        ({"error": "model 'x' not found"}, (ErrorKind.NOT_FOUND, 404)),
    ],
)
async def test_an_error_with_a_good_status_is_an_error(server, make, ask, line, expected):
    server.enqueue(JSONAnswer(200, line))
    with pytest.raises(APIError) as caught:
        await ask(make(server))
    assert type(caught.value) is APIError
    assert (caught.value.kind, caught.value.status) == expected


async def test_an_error_after_content_keeps_what_came(server, make):
    chunks = ollama_stream(Turn.text("Hello there")).chunks[:2]
    server.enqueue(SSEAnswer([*chunks, b'{"error":"out of memory"}\n']))
    seen = []

    async def read():
        async with make(server).stream(HI) as opened:
            while True:
                seen.append(await anext(opened))

    with pytest.raises(StreamInterrupted, match="out of memory") as caught:
        await read()
    assert seen == [TextDelta("Hello"), TextDelta(" ther")]
    assert caught.value.partial.text == "Hello ther"
    assert caught.value.kind is ErrorKind.TRANSIENT


async def test_a_stream_without_its_end_is_truncated(server, make):
    server.enqueue(SSEAnswer(ollama_stream(Turn.text("Hello")).chunks[:1]))
    with pytest.raises(StreamInterrupted, match="before its answer was complete") as caught:
        await stream(make(server))
    assert (caught.value.code, caught.value.kind) == ("truncated_stream", ErrorKind.TRANSIENT)


@pytest.mark.parametrize("type_", ["application/json", "application/x-ndjson", "text/event-stream"])
@pytest.mark.parametrize("indent", [None, 2])
async def test_one_object_is_a_stream_whatever_its_type_says(server, make, type_, indent):
    turn = Turn.calls(("add", {"a": 1, "b": 2}), content="So.", thinking="hm")
    whole = ollama_answer(turn, model=MODEL)
    body = json.dumps(whole.body, indent=indent).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {type_}\r\ncontent-length: {len(body)}\r\n\r\n"
    server.enqueue(RawAnswer(head.encode() + body), whole)
    model = make(server, factory=foreman_provider)
    assert await stream(model) == await complete(model)


async def test_lines_are_a_stream_whatever_their_type_says(server, make):
    chunks = ollama_stream(Turn.text("Hello there")).chunks
    server.enqueue(SSEAnswer(chunks, headers={"content-type": "application/json"}))
    async with make(server).stream(HI) as opened:
        texts = [event.text async for event in opened if isinstance(event, TextDelta)]
    assert texts == ["Hello", " ther", "e"]


async def test_what_is_sent_says_how_it_is_to_be_answered(make):
    async with OllamaServer([Turn.text("x")], require_key=KEY) as server:
        model = make(server, headers=(("x-mine", "1"),))
        assert await stream(model) == await complete(model)
        streamed, whole = server.requests
    assert (streamed.method, streamed.path) == ("POST", "/api/chat")
    assert streamed.headers["accept"] == "application/x-ndjson"
    assert whole.headers["accept"] == "application/json"
    assert whole.headers["x-mine"] == "1"
    assert (streamed.json["stream"], whole.json["stream"]) == (True, False)
    assert whole.json["truncate"] is False


async def test_a_local_server_is_asked_without_a_key(make):
    async with OllamaServer([Turn.text("x")]) as server:
        assert (await make(server, key=None).complete(HI)).text == "x"
        assert "authorization" not in server.requests[0].headers


async def test_a_request_without_messages_loads_the_model(make):
    async with OllamaServer() as server:
        for extra in ({}, {"keep_alive": 0}):
            request = Request(messages=[], settings=Settings(extra=extra))
            for ask in (complete, stream):
                response = await ask(make(server), request)
                assert response.finish_reason is FinishReason.OTHER
                assert response.message.parts == ()


async def test_a_chain_goes_on_where_the_model_cannot_take_it(make):
    other = FakeProvider()
    other.enqueue("m", "well again")
    async with OllamaServer([Turn.text("x")], lacking=["thinking"]) as server:
        chain = Chain([make(server), other.model("m")], health=HealthTracker(FakeClock()))
        request = Request(messages=[user("hi")], settings=Settings(reasoning_effort="high"))
        assert (await chain.complete(request)).text == "well again"
        assert len(server.requests) == 1


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
        )
        for turn in range(10)
    ),
    Turn.text("Done. ", thinking="At last."),
]


@both_ways
@every_form
@pytest.mark.parametrize("stored", [False, True])
async def test_a_long_tool_loop_with_thinking_is_accepted_in_every_turn(make, ask, form, stored):
    """The server refuses arguments that are text and results out of their place."""
    messages, fragments = [user("go")], Fragments()
    async with OllamaServer(TURNS, require_key=KEY, **form) as server:
        model = make(server)
        while True:
            request = Request(messages=messages, tools=[add], fragments=fragments)
            response = await ask(model, request)
            messages.append(response.message)
            if response.finish_reason is not FinishReason.TOOL_CALLS:
                break
            messages += [tool_result(call, "3", PNG) for call in response.tool_calls]
            if stored:
                messages, fragments = load_messages(dump_messages(messages)), Fragments()
    assert response.text == "Done. "
    assert len(server.requests) == len(TURNS)
    said = server.requests[-1].json["messages"]
    own = [message for message in said if message["role"] == "assistant"]
    assert [message.get("thinking", "") for message in own] == [t.thinking for t in TURNS[:-1]]
    ids = [call["id"] for message in own for call in message["tool_calls"]]
    assert len(set(ids)) == len(ids) == 19
    # What was sent once is sent the same within the loop: caches are bound to it.
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        sent = before.json["messages"]
        assert after.json["messages"][: len(sent)] == sent


@every_form
async def test_an_agent_runs_on_it(make, form):
    async with OllamaServer(TURNS[:5] + TURNS[-1:], **form) as server:
        result = await Agent(make(server), tools=[add]).run("go")
    assert result.output == "Done. "
    assert len(server.requests) == 6


class City(BaseModel):
    name: str
    population: int


FENCED = '```json\n{"name": "Chur", "population": 38000}\n```'


@pytest.mark.parametrize("said", [FENCED, FENCED[8:-4]])
async def test_a_typed_answer_comes_also_where_the_schema_is_ignored(make, said):
    async with OllamaServer([Turn.text(said)]) as server:
        city = await generate(make(server), City, "A city?")
    assert city == City(name="Chur", population=38000)
    body = server.requests[0].json
    assert body["format"]["required"] == ["name", "population"]
    assert '"population"' in body["messages"][0]["content"]


async def test_a_typed_answer_comes_after_tools(make):
    turns = [Turn.calls(("add", {"a": 1, "b": 2})), Turn.text(FENCED)]
    async with OllamaServer(turns) as server:
        result = await Agent(make(server), tools=[add], output=City).run("go")
    assert result.output.name == "Chur"
    assert all("format" not in request.json for request in server.requests)


async def test_whole_answers_of_the_test_kit_are_answers(server, make):
    server.enqueue(ollama_text("x"), ollama_calls([("add", "{}"), ("add", "{broken")]))
    model = make(server)
    assert (await model.complete(HI)).text == "x"
    calls = (await model.complete(HI)).tool_calls
    assert [call.arguments for call in calls] == ["{}", "{broken"]
