"""Chat through llama-swap is OpenAI's chat, from a model that may have to be loaded first."""

import json

import pytest

from executus.testing import FakeClock, LlamaSwapServer, LoopbackServer, Turn
from executus.testing.server import Close, JSONAnswer, Reset, SSEAnswer, loading_chunks
from majordomo import Agent, tool
from majordomo.chain import Chain
from majordomo.errors import APIError, ErrorKind
from majordomo.health import HealthTracker
from majordomo.llm import FinishEvent, Request, Settings, TextDelta, ThinkingDelta, user
from majordomo.llm.stream import StreamInterrupted
from majordomo.providers.llamaswap import llama_swap_provider
from majordomo.providers.openai import Dialect

ASK = Request(messages=(user("hi"),))
HELLO = Turn.text("Hello, Wörld 😀")


def model_at(server, model="qwen3-8b", **options):
    return llama_swap_provider(base_url=server.url, **options).model(model)


async def streamed(model):
    async with model.stream(ASK) as stream:
        events = [event async for event in stream]
        return events, await stream.response()


def chunk(delta, **fields):
    body = {"id": "c", "object": "chat.completion.chunk", "choices": [{"delta": delta, **fields}]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


LOAD_FAILED = {
    "src": "llama-swap",
    "error": {
        "message": "unspecific error: process exited",
        "type": "server_error",
        "param": None,
        "code": "internal_error",
    },
}


@pytest.mark.parametrize("loading_state", [False, True])
async def test_streaming_or_not_the_response_is_the_same(loading_state):
    async with LlamaSwapServer([HELLO], loading_state=loading_state) as server:
        events, response = await streamed(model_at(server))
        whole = await model_at(server).complete(ASK)
    assert response == whole
    assert response.text == HELLO.content
    assert {type(event) for event in events} >= {TextDelta, FinishEvent}
    assert not any(isinstance(event, ThinkingDelta) for event in events)
    assert response.message.state is None
    assert [request.path for request in server.requests] == ["/v1/chat/completions"] * 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "Bearer no-key"),
        ({"api_key": "k-1"}, "Bearer k-1"),
        ({"headers": (("authorization", "Basic eDp5"),)}, "Basic eDp5"),
        ({"headers": (("x-api-key", "k-2"),)}, None),
    ],
)
async def test_a_key_or_its_placeholder_is_sent(options, expected):
    async with LlamaSwapServer([HELLO]) as server:
        await model_at(server, **options).complete(ASK)
    assert server.requests[0].headers.get("authorization") == expected


async def test_the_placeholder_is_no_secret_in_an_error():
    async with LoopbackServer() as server:
        server.enqueue(JSONAnswer(401, {"error": "the key no-key is not known"}))
        with pytest.raises(APIError) as caught:
            await model_at(server).complete(ASK)
    assert caught.value.message == "the key no-key is not known"


async def test_the_cap_of_the_answer_has_its_old_name():
    request = Request(messages=(user("hi"),), settings=Settings(max_tokens=7))
    async with LlamaSwapServer([HELLO]) as server:
        await model_at(server).complete(request)
        await model_at(server, dialect=Dialect()).complete(request)
    bodies = [request.json for request in server.requests]
    assert [body.get("max_tokens") for body in bodies] == [7, None]
    assert bodies[1]["max_completion_tokens"] == 7


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
async def test_a_url_means_the_same_with_or_without_its_version(end):
    async with LlamaSwapServer([HELLO]) as server:
        provider = llama_swap_provider(base_url=server.url + end)
        await provider.model("qwen3-8b").complete(ASK)
        await provider.running()
    assert [request.path for request in server.requests] == ["/v1/chat/completions", "/running"]


@pytest.mark.parametrize("url", [None, ""])
async def test_without_a_url_use_is_an_error_that_says_what_to_set(url):
    provider = llama_swap_provider(base_url=url)
    assert provider.access.missing
    for call in (provider.model("m").complete(ASK), provider.list_models(), provider.unload()):
        with pytest.raises(APIError) as caught:
            await call
        assert (caught.value.kind, caught.value.code) == (ErrorKind.AUTH, "missing_url")
        assert "set LLM_<NAME>=llama-swap://host:port" in caught.value.message


def test_a_url_is_all_it_needs():
    assert not llama_swap_provider(base_url="http://127.0.0.1:8080").access.missing
    assert llama_swap_provider(base_url="http://127.0.0.1:8080", needs_key=True).access.missing


async def test_a_cold_start_may_take_an_hour():
    clock = FakeClock()

    class Cold(LlamaSwapServer):
        def respond(self, request):
            clock.advance(3600)
            return super().respond(request)

    async with Cold([HELLO]) as server:
        assert (await model_at(server, clock=clock).complete(ASK)).text == HELLO.content


async def test_an_agent_uses_tools_of_a_model_that_loads():
    @tool
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    turns = [Turn.calls(("add", {"a": 2, "b": 3})), Turn.text("5")]
    async with LlamaSwapServer(turns, loading_state=True) as server:
        result = await Agent(model_at(server), tools=[add]).run("2+3?")
    assert result.output == "5"
    assert "llama-swap" not in json.dumps([request.json for request in server.requests])


async def test_a_model_nobody_serves_is_not_found():
    async with LlamaSwapServer([HELLO]) as server:
        with pytest.raises(APIError) as caught:
            await model_at(server, "gone").complete(ASK)
    assert (caught.value.kind, caught.value.status) == (ErrorKind.NOT_FOUND, 404)
    assert caught.value.message == "no router for requested model gone"


FAILURES = {
    "the envelope, raw": SSEAnswer([*loading_chunks(), json.dumps(LOAD_FAILED).encode()]),
    "the envelope, pretty": SSEAnswer(
        [*loading_chunks(), json.dumps(LOAD_FAILED, indent=1).encode()]
    ),
    "the end": SSEAnswer(loading_chunks()),
    "the end mark": SSEAnswer([*loading_chunks(), b"data: [DONE]\n\n"]),
    "a reset": Reset(answer=SSEAnswer(loading_chunks()), after_bytes=150),
    "a cut": Close(answer=SSEAnswer(loading_chunks()), after_bytes=150),
}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES)
async def test_a_load_that_fails_is_transient_and_nothing_was_streamed(answer):
    events = []

    async def read(server):
        async with model_at(server).stream(ASK) as stream:
            while True:
                events.append(await anext(stream))

    async with LoopbackServer() as server:
        server.enqueue(answer)
        with pytest.raises(APIError) as caught:
            await read(server)
    assert type(caught.value) is APIError
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert events == []


async def test_the_failed_loads_own_words_are_told():
    async with LoopbackServer() as server:
        server.enqueue(FAILURES["the envelope, raw"])
        with pytest.raises(APIError) as caught:
            await streamed(model_at(server))
    error = caught.value
    assert (error.status, error.code) == (500, "internal_error")
    assert error.message == "unspecific error: process exited"


async def test_a_chain_fails_over_from_a_load_that_fails():
    async with LoopbackServer() as broken, LlamaSwapServer([HELLO]) as good:
        broken.enqueue(*[FAILURES["the envelope, raw"]] * 2)
        models = [model_at(broken, name="first"), model_at(good, name="second")]
        clock = FakeClock()
        chain = Chain(models, health=HealthTracker(clock=clock), clock=clock)
        _, response = await streamed(chain)
    assert response.text == HELLO.content
    assert response.target.provider == "second"


async def test_a_model_that_dies_mid_answer_keeps_what_came():
    async with LoopbackServer() as server:
        server.enqueue(SSEAnswer([*loading_chunks(), chunk({"content": "Hel"})]))
        with pytest.raises(StreamInterrupted) as caught:
            await streamed(model_at(server))
    assert caught.value.partial.text == "Hel"
    assert caught.value.kind is ErrorKind.TRANSIENT


async def test_the_models_own_reasoning_is_kept():
    pieces = [
        *loading_chunks(),
        chunk({"role": "assistant", "content": None}),
        chunk({"reasoning_content": "Hm."}),
        chunk({"content": "Yes"}),
        chunk({}, finish_reason="stop"),
        b"data: [DONE]\n\n",
    ]
    async with LoopbackServer() as server:
        server.enqueue(SSEAnswer(pieces))
        events, response = await streamed(model_at(server))
    assert [event.text for event in events if isinstance(event, ThinkingDelta)] == ["Hm."]
    assert json.loads(response.message.state.data) == {"reasoning_content": "Hm."}
