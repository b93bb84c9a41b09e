"""A foreman endpoint over real TLS: the certificate is checked, the bearer arrives."""

import socket
import ssl
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
import trustme
from peer import HungUp, Line

from executus.testing import OllamaServer, Turn
from majordomo.agent import Agent
from majordomo.builtin import default_registry
from majordomo.chain import ChainExhausted, ChainPolicy
from majordomo.errors import APIError, ErrorKind
from majordomo.http import HttpxTransport
from majordomo.llm import Request, TextDelta, tool, user
from majordomo.providers.ollama import foreman_provider

TOKEN = "sk-foreman-canary"
ONCE = ChainPolicy(transient_retries=0)
TURNS = [Turn.calls(("add", {"a": 2, "b": 3}), thinking="hm"), Turn.text("It is 5.")]


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def server_context(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def copy(source, sink):
    while True:
        await sink.send(await source.receive())


async def relay(outer, port):
    """One connection, out of TLS and back into it, until either side hangs up."""
    inner = Line(socket.create_connection(("127.0.0.1", port)), None)
    try:
        await outer.greet()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(until_hung_up, tasks.cancel_scope, outer, inner)
            tasks.start_soon(until_hung_up, tasks.cancel_scope, inner, outer)
    except HungUp:
        return  # the client does not trust the certificate
    finally:
        inner.close()
        outer.close()


async def until_hung_up(scope, source, sink):
    try:
        await copy(source, sink)
    except HungUp:
        scope.cancel()


@asynccontextmanager
async def with_tls(server, context):
    """The server's URL behind TLS."""
    port = int(server.url.rpartition(":")[2])
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(accept, listener, context, port, tasks)
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
            tasks.cancel_scope.cancel()
    finally:
        listener.close()


async def accept(listener, context, port, tasks):
    while True:
        await anyio.wait_readable(listener)
        tasks.start_soon(relay, Line(listener.accept()[0], context), port)


@asynccontextmanager
async def trusting(authority):
    """A transport that trusts this authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is not None:
        authority.configure_trust(context)
    async with httpx2.AsyncClient(verify=context, trust_env=False) as client:
        yield HttpxTransport(client)


@pytest.mark.parametrize("buffered", [True, False], ids=["buffered", "streaming"])
async def test_an_agent_talks_to_foreman_over_tls(authority, buffered):
    async with (
        OllamaServer(TURNS, require_key=TOKEN, buffered=buffered) as server,
        with_tls(server, server_context(authority)) as url,
        trusting(authority) as transport,
    ):
        provider = foreman_provider(TOKEN, base_url=url, transport=transport)
        agent = Agent(provider.model("qwen3:8b"), tools=[add])
        assert (await agent.run("2+3?")).output == "It is 5."
        async with agent.stream("2+3?") as run:
            async for _ in run:
                pass
            assert (await run.result()).output == "It is 5."
        sent = [request.headers["authorization"] for request in server.requests]
        assert sent == [f"Bearer {TOKEN}"] * 4
        assert server.requests[1].json["messages"][-1]["content"] == "5"


async def test_a_stream_arrives_over_tls_as_it_is_said(authority):
    async with (
        OllamaServer([Turn.text("Hello there")], require_key=TOKEN) as server,
        with_tls(server, server_context(authority)) as url,
        trusting(authority) as transport,
    ):
        model = foreman_provider(TOKEN, base_url=url, transport=transport).model("m")
        async with model.stream(Request(messages=[user("hi")])) as stream:
            texts = [event.text async for event in stream if isinstance(event, TextDelta)]
        assert texts == ["Hello", " ther", "e"]


async def test_a_wrong_token_is_refused_and_not_repeated(authority):
    async with (
        OllamaServer(TURNS, require_key=TOKEN) as server,
        with_tls(server, server_context(authority)) as url,
        trusting(authority) as transport,
    ):
        model = foreman_provider("sk-wrong", base_url=url, transport=transport).model("m")
        with pytest.raises(APIError, match="unauthorized") as caught:
            await model.complete(Request(messages=[user("hi")]))
        assert (caught.value.kind, caught.value.status) == (ErrorKind.AUTH, 401)
        assert "sk-wrong" not in f"{caught.value!r} {vars(caught.value)}"


async def test_a_certificate_nobody_vouches_for_gets_no_token(authority):
    async with (
        OllamaServer(TURNS, require_key=TOKEN) as server,
        with_tls(server, server_context(authority)) as url,
        trusting(None) as transport,
    ):
        model = foreman_provider(TOKEN, base_url=url, transport=transport).model("m")
        with pytest.raises(APIError) as caught:
            await model.complete(Request(messages=[user("hi")]))
        assert caught.value.code == "connect_failed"
        assert server.requests == []


@pytest.mark.parametrize("buffered", [True, False], ids=["buffered", "streaming"])
async def test_a_foreman_declared_in_a_variable_is_parsed_and_asked_over_tls(authority, buffered):
    async with (
        OllamaServer([Turn.text("Hello there")], require_key=TOKEN, buffered=buffered) as server,
        with_tls(server, server_context(authority)) as url,
        trusting(authority) as transport,
    ):
        declared = {"LLM_FM": f"foreman://{TOKEN}@{url.removeprefix('https://')}"}
        model = default_registry(environ=declared, transport=transport).parse("fm/qwen3:30b")
        request = Request(messages=[user("hi")])
        whole = await model.complete(request)
        async with model.stream(request) as stream:
            texts = [event.text async for event in stream if isinstance(event, TextDelta)]
            streamed = await stream.response()
        assert whole.text == streamed.text == "".join(texts) == "Hello there"
        assert str(whole.target) == str(streamed.target) == "fm/qwen3:30b"
        assert [r.headers["authorization"] for r in server.requests] == [f"Bearer {TOKEN}"] * 2
        assert [(r.json["model"], r.json["stream"]) for r in server.requests] == [
            ("qwen3:30b", False),
            ("qwen3:30b", True),
        ]


async def test_a_declared_foreman_keeps_its_token_from_a_server_nobody_vouches_for(authority):
    async with (
        OllamaServer(TURNS, require_key=TOKEN) as server,
        with_tls(server, server_context(authority)) as url,
        trusting(None) as transport,
    ):
        declared = {"LLM_FM": f"foreman://{TOKEN}@{url.removeprefix('https://')}"}
        registry = default_registry(environ=declared, transport=transport, policy=ONCE)
        with pytest.raises(ChainExhausted) as caught:
            await registry.parse("fm/qwen3:30b").complete(Request(messages=[user("hi")]))
        error = caught.value.__cause__
        assert error.code == "connect_failed"
        assert TOKEN not in f"{caught.value!r} {vars(caught.value)} {error!r} {vars(error)}"
        assert server.requests == []
