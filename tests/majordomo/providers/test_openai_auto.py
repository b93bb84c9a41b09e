"""OpenAI's two wires as one provider: which requests go where, and one transcript over both."""

import logging
from dataclasses import replace

import pytest

from executus.testing import (
    FakeClock,
    JSONAnswer,
    LoopbackServer,
    OpenAIServer,
    ResponsesServer,
    Turn,
)
from executus.testing.server import PNG, openai_error
from majordomo.errors import APIError, ErrorKind, UnsupportedRequest
from majordomo.http import HttpxTransport
from majordomo.llm import (
    FinishReason,
    Fragments,
    ImagePart,
    Provider,
    Request,
    Settings,
    dump_messages,
    load_messages,
    tool,
    tool_result,
    user,
)
from majordomo.providers.client import WireProvider
from majordomo.providers.openai_auto import OpenAIRule, openai_auto_provider
from majordomo.providers.switch import SwitchingProvider

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
REFUSAL = {
    "message": "Function tools with reasoning_effort are not supported for m in "
    "/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to "
    "'none'.",
    "type": "invalid_request_error",
    "param": "reasoning_effort",
    "code": None,
}


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


def asks(*, tools=(add,), effort=None, **extra):
    settings = Settings(reasoning_effort=effort, extra=extra)
    return Request(messages=[user("hi")], tools=tools, settings=settings)


class Rewired:
    """A transport that takes api.openai.com to a loopback server."""

    def __init__(self, server):
        self._server, self._inner = server, HttpxTransport()
        self.aclose = self._inner.aclose

    async def open(self, request):
        assert request.url.startswith("https://api.openai.com/")
        url = request.url.replace("https://api.openai.com", self._server.url)
        return await self._inner.open(replace(request, url=url))


class Vendor(LoopbackServer):
    """Both endpoints of one vendor, whose chat refuses tools with reasoning as the vendor's does.

    Args:
        turns: The script, for either endpoint.
        strict: Whether the chat endpoint refuses tools unless the effort is "none".
    """

    def __init__(self, turns, *, strict=True):
        super().__init__()
        self._chat, self._responses = OpenAIServer(turns), ResponsesServer(turns)
        self._strict = strict

    def respond(self, request):
        if request.path == RESPONSES:
            return self._responses.respond(request)
        reasons = request.json.get("reasoning_effort") != "none"
        if self._strict and reasons and request.json.get("tools"):
            return JSONAnswer(400, {"error": REFUSAL})
        return self._chat.respond(request)

    @property
    def paths(self):
        return [request.path for request in self.requests]


@pytest.fixture
async def connect():
    """Makes providers of a vendor that close their connections afterwards."""
    transports = []

    def connect(server, **options):
        transports.append(Rewired(server))
        return openai_auto_provider("sk-secret", transport=transports[-1], **options)

    yield connect
    for transport in transports:
        await transport.aclose()


async def complete(model, request):
    return await model.complete(request)


async def stream(model, request):
    async with model.stream(request) as opened:
        return await opened.response()


both_ways = pytest.mark.parametrize("ask", [complete, stream])

EFFORTS = (None, "none", "minimal", "low", "high", "max")
# model: efforts with which tools need the Responses wire
NEEDS = {
    "gpt-4o": ("max",),
    "gpt-4.1-mini": ("max",),
    "gpt-3.5-turbo": ("max",),
    "o3": ("max",),
    "gpt-oss-120b": ("max",),
    "gpt-5": ("max",),
    "gpt-5-mini-2025-08-07": ("max",),
    "gpt-5.1": ("max",),
    "gpt-5.2": ("minimal", "low", "high", "max"),
    "gpt-5.4-nano": ("minimal", "low", "high", "max"),
    "ft:gpt-5.4:org:x": ("minimal", "low", "high", "max"),
    "gpt-5.5": (None, "minimal", "low", "high", "max"),
    "gpt-5.6-luna": (None, "minimal", "low", "high", "max"),
    "gpt-6-sol-2026-09-01": (None, "minimal", "low", "high", "max"),
    "gpt-6.2-astra": (None, "minimal", "low", "high", "max"),
    "gpt-7": (None, "minimal", "low", "high", "max"),
    "gpt-10.1-x": (None, "minimal", "low", "high", "max"),
}


@pytest.mark.parametrize(("model", "needs"), NEEDS.items())
def test_tools_with_reasoning_need_the_other_wire_from_a_version_on(model, needs):
    rule = OpenAIRule()
    found = tuple(effort for effort in EFFORTS if rule.before(asks(effort=effort), model))
    assert found == needs
    bare = [effort for effort in EFFORTS if rule.before(asks(tools=(), effort=effort), model)]
    assert bare == ["max"]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (asks(tools=(), reasoning={"mode": "pro"}), "only it has the field reasoning"),
        (asks(text={"verbosity": "low"}, include=[]), "only it has the field include"),
        (asks(verbosity="low"), ""),
        (asks(effort="max", logprobs=True), ""),
        (asks(tools=(), tools_=1), ""),
        (asks(prompt_cache_key="k"), "tools with reasoning"),
        (Request(messages=[], settings=Settings(extra={"tools": [{}]})), "tools with reasoning"),
    ],
)
def test_a_field_of_one_wire_decides_for_it(request_, reason):
    assert OpenAIRule().before(request_, "gpt-6-sol") == reason


@both_ways
async def test_a_request_goes_over_the_wire_that_takes_it_and_says_so(connect, ask, caplog):
    caplog.set_level(logging.INFO, "majordomo.http")
    async with Vendor([Turn.text("x", thinking="hm", signature="s")]) as server:
        model = connect(server).model("gpt-6-sol")
        plain = await ask(model, asks(tools=()))
        tooled = await ask(model, asks())
        quiet = await ask(model, asks(effort="none"))
    assert server.paths == [CHAT, RESPONSES, CHAT]
    assert (plain.text, tooled.text, quiet.text) == ("x", "x", "x")
    wires = [r.message.state and r.message.state.wire for r in (plain, tooled, quiet)]
    assert wires == [None, "openai-responses", None]
    assert {r.target.provider for r in (plain, tooled, quiet)} == {"openai"}
    said = [record.message for record in caplog.records if record.levelno == logging.INFO]
    assert said == [
        "openai/gpt-6-sol is asked over the wire openai-responses: tools with reasoning"
    ]


@both_ways
async def test_a_refusal_of_the_server_switches_once_and_is_remembered(connect, ask, caplog):
    caplog.set_level(logging.INFO, "majordomo.http")
    async with Vendor([Turn.text("x")]) as server:
        provider = connect(server)
        assert (await ask(provider.model("new"), asks())).text == "x"
        assert (await ask(provider.model("new"), asks())).text == "x"
        assert (await ask(provider.model("new"), asks(effort="none"))).text == "x"
        assert (await ask(provider.model("other"), asks(effort="low"))).text == "x"
    assert server.paths == [CHAT, RESPONSES, RESPONSES, CHAT, CHAT, RESPONSES]
    said = [record.message for record in caplog.records if record.levelno == logging.INFO]
    assert [line.rpartition(": ")[2] for line in said] == [
        "tools with reasoning were refused",
        "tools with reasoning were refused before",
        "tools with reasoning were refused",
    ]


@both_ways
@pytest.mark.parametrize(
    ("answer", "request_"),
    [
        (openai_error(400, "Unsupported value: 'max'.", code="unsupported_value"), asks()),
        (openai_error(429, "slow", code="rate_limit_exceeded"), asks()),
        (openai_error(500, "no"), asks()),
        (JSONAnswer(400, {"error": REFUSAL}), asks(verbosity="low")),
    ],
)
async def test_other_errors_and_requests_written_for_chat_do_not_switch(
    connect, ask, answer, request_
):
    async with Vendor([Turn.text("x")]) as server:
        server.enqueue(answer)
        with pytest.raises(APIError) as caught:
            await ask(connect(server).model("new"), request_)
    assert server.paths == [CHAT]
    assert caught.value.__cause__ is None


@both_ways
async def test_an_error_of_the_second_wire_is_not_tried_again(connect, ask):
    async with Vendor([]) as server:
        with pytest.raises(APIError) as caught:
            await ask(connect(server).model("new"), asks())
    assert server.paths == [CHAT, RESPONSES]
    assert (caught.value.kind, caught.value.__context__) == (ErrorKind.TRANSIENT, None)


async def test_an_error_in_the_callers_block_is_the_callers(connect):
    async with Vendor([Turn.text("x")]) as server:
        error = APIError("mine", provider="", model="", kind=ErrorKind.UNSUPPORTED)
        error.param = "reasoning_effort"
        with pytest.raises(APIError, match="mine"):
            async with connect(server).model("new").stream(asks(effort="none")):
                raise error
    assert server.paths == [CHAT]


async def test_stop_texts_cannot_go_where_they_are_not_known(connect):
    async with Vendor([Turn.text("x")]) as server:
        request = replace(asks(), settings=Settings(stop=("END",)))
        with pytest.raises(UnsupportedRequest, match="no stop texts"):
            await connect(server).model("gpt-6-sol").complete(request)
    assert server.paths == []


@both_ways
@pytest.mark.parametrize("of_request", [None, 30.0])
async def test_both_attempts_share_one_bound_of_time(connect, ask, of_request):
    clock, seen = FakeClock(), []

    async with Vendor([Turn.text("x")]) as server:
        provider = connect(server, clock=clock, timeout_s=20.0)
        model = provider.model("new")
        real = model._second._timeout_s
        model._second._timeout_s = lambda request: seen.append(real(request)) or real(request)
        respond = server.respond

        def slow(request):
            clock.advance(8.0)
            return respond(request)

        server.respond = slow
        request = replace(asks(), settings=Settings(timeout_s=of_request))
        await ask(model, request)
    assert seen == [(of_request or 20.0) - 8.0]


TURNS = [
    *(
        Turn.calls(
            *[("add", {"a": turn, "b": at}) for at in range(1 + turn % 2)],
            content="Adding. " if turn % 3 else "",
            thinking=f"Step {turn}",
            signature=f"gAAA{turn}",
        )
        for turn in range(9)
    ),
    Turn.text("Done.", thinking="At last.", signature="gLast"),
]
ORDERS = {
    "turn about": [None, "none"],
    "chat first": ["none", "none", None],
    "responses first": [None, None, "none"],
}


@both_ways
@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("efforts", ORDERS.values(), ids=ORDERS)
async def test_a_transcript_survives_alternation_between_the_wires(connect, ask, efforts, stored):
    """Either server checks what it gets; reasoning stays with the turns that had it."""
    png = ImagePart(data=PNG, mime="image/png")
    messages, fragments = [user("go")], Fragments()
    async with Vendor(TURNS) as server:
        model = connect(server).model("gpt-6-sol")
        for at in range(len(TURNS)):
            request = replace(asks(effort=efforts[at % len(efforts)]), messages=messages)
            response = await ask(model, replace(request, fragments=fragments))
            messages.append(response.message)
            messages += [tool_result(call, "3", png) for call in response.tool_calls]
            if stored:
                messages, fragments = load_messages(dump_messages(messages)), Fragments()
    assert response.finish_reason is FinishReason.STOP
    assert response.text == "Done."
    over = [CHAT if efforts[at % len(efforts)] else RESPONSES for at in range(len(TURNS))]
    assert server.paths == over
    last = next(r for r in reversed(server.requests) if r.path == RESPONSES)
    thoughts = [i["id"] for i in last.json["input"] if i.get("type") == "reasoning"]
    before = over[: max(at for at, path in enumerate(over) if path == RESPONSES)]
    assert thoughts == [f"rs_{at}" for at, path in enumerate(before) if path == RESPONSES]


@pytest.mark.parametrize(
    ("options", "type_", "wire"),
    [
        ({}, SwitchingProvider, None),
        ({"base_url": "https://eu.api.openai.com/v1/"}, SwitchingProvider, None),
        ({"base_url": "https://api.openai.com.evil.example/v1"}, WireProvider, "openai"),
        ({"base_url": "http://127.0.0.1:1/v1"}, WireProvider, "openai"),
        ({"base_url": None}, WireProvider, "openai"),
        ({"wire": "chat"}, WireProvider, "openai"),
        ({"wire": "responses"}, WireProvider, "openai-responses"),
        (
            {"wire": "responses", "base_url": "http://127.0.0.1:1/v1"},
            WireProvider,
            "openai-responses",
        ),
    ],
)
def test_only_the_vendor_is_switched_and_either_wire_can_be_forced(options, type_, wire):
    provider = openai_auto_provider("k", **options)
    assert isinstance(provider, type_)
    assert (provider.name, not provider.access.missing) == (
        "openai",
        options.get("base_url", 1) is not None,
    )
    if wire:
        assert provider.wire.name == wire


async def test_a_forced_wire_is_kept_whatever_is_asked(connect):
    async with Vendor([Turn.text("x")], strict=False) as server:
        await connect(server, wire="chat").model("gpt-6-sol").complete(asks())
        await connect(server, wire="responses").model("gpt-4o").complete(asks(tools=()))
    assert server.paths == [CHAT, RESPONSES]


async def test_the_switching_provider_is_a_provider(connect):
    provider: Provider = openai_auto_provider(None)
    model = provider.model("gpt-6-sol")
    assert provider.access.missing == "set OPENAI_API_KEY"
    assert str(provider.image_model("gpt-image-2").target) == "openai/gpt-image-2"
    assert str(model.target) == "openai/gpt-6-sol"
    assert repr(model) == "<SwitchingModel openai/gpt-6-sol>"
    assert model.capabilities.tools
    assert provider.endpoint.base_url == "https://api.openai.com/v1"
    for request in (asks(), asks(tools=())):
        with pytest.raises(APIError, match="set OPENAI_API_KEY"):
            await model.complete(request)
