"""Reads of the shipped transport are limited where they wait, and nowhere else."""

import ssl
from contextlib import contextmanager

import anyio
import httpcore2
import httpx2
import pytest
import trustme

from executus.testing import FakeClock, LoopbackServer, SSEAnswer
from majordomo.errors import APIError
from majordomo.http import HTTPRequest, HttpxTransport, LimitsReads, TransportError, httpx_transport
from majordomo.http.corepool import CorePool, LimitedStream
from majordomo.llm import Request, user
from majordomo.providers.openai import openai_provider

pytestmark = pytest.mark.filterwarnings("error")

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WORDS = 300


class CountingClock(FakeClock):
    """Counts the scopes it was asked for."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def deadline(self, seconds):
        self.asked += 1
        return super().deadline(seconds)


class Limits:
    """Counts the scopes entered and ends the one it is told to."""

    def __init__(self):
        self.entered = 0
        self.scope = None

    @contextmanager
    def __call__(self):
        self.entered += 1
        with anyio.CancelScope() as self.scope:
            yield self.scope


@pytest.fixture
async def server():
    async with LoopbackServer() as server:
        yield server


@pytest.fixture
async def transport():
    transport = HttpxTransport()
    yield transport
    await transport.aclose()


async def body(response):
    parts = []
    while chunk := await response.read_chunk():
        parts.append(chunk)
    return parts


async def never(index):
    if index:
        await anyio.sleep_forever()


async def test_chunks_that_have_come_already_cost_no_scope(server, transport):
    server.enqueue(SSEAnswer([EVENT] * WORDS + [END]))
    response = await transport.open(HTTPRequest(url=server.url))
    limits = Limits()
    assert response.limit_reads(limits)
    await anyio.wait_all_tasks_blocked()  # until all of it has come
    parts = await body(response)
    await response.aclose()
    assert len(parts) == WORDS + 1
    assert limits.entered < WORDS / 2


async def test_a_limit_that_ends_a_wait_is_a_timeout(server, transport):
    server.enqueue(SSEAnswer([EVENT, END], never))
    response = await transport.open(HTTPRequest(url=server.url))
    limits, caught = Limits(), []
    assert response.limit_reads(limits)
    assert await response.read_chunk() == EVENT

    async def wait():
        with pytest.raises(TransportError) as error:
            await response.read_chunk()
        caught.append(error.value.code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        limits.scope.cancel()
    assert caught == ["timeout"]
    await response.aclose()
    await server.idle()


async def test_a_limit_goes_with_its_answer(server, transport):
    limits = Limits()
    for _ in range(2):
        server.enqueue(SSEAnswer([EVENT, END]))
    response = await transport.open(HTTPRequest(url=server.url))
    assert response.limit_reads(limits)
    await body(response)
    await response.aclose()
    entered = limits.entered
    response = await transport.open(HTTPRequest(url=server.url))
    assert await body(response) == [EVENT, END]
    await response.aclose()
    assert server.connections == 1
    assert limits.entered == entered


async def test_closing_an_answer_again_leaves_the_next_ones_limit_alone(server, transport):
    server.enqueue(SSEAnswer([EVENT, END]))
    server.enqueue(SSEAnswer([EVENT, END], never))
    first = await transport.open(HTTPRequest(url=server.url))
    assert first.limit_reads(Limits())
    await body(first)
    await first.aclose()
    limits = Limits()
    second = await transport.open(HTTPRequest(url=server.url))
    assert server.connections == 1
    assert second.limit_reads(limits)
    await first.aclose()
    assert await second.read_chunk() == EVENT
    assert limits.entered == 1
    await second.aclose()


async def test_the_callers_own_cancellation_is_no_timeout(server, transport):
    server.enqueue(SSEAnswer([EVENT, END], never))
    response = await transport.open(HTTPRequest(url=server.url))
    assert response.limit_reads(Limits())
    assert await response.read_chunk() == EVENT
    with anyio.CancelScope() as scope:
        scope.cancel()
        await response.read_chunk()
    assert scope.cancelled_caught
    await response.aclose()
    await server.idle()


async def test_a_client_of_the_hosts_leaves_the_limit_to_the_reader(server):
    server.enqueue(SSEAnswer([EVENT, END], never))
    clock, found = FakeClock(), []
    async with httpx2.AsyncClient(trust_env=False) as client:
        transport = HttpxTransport(client)
        response = await transport.open(HTTPRequest(url=server.url))
        assert not response.limit_reads(Limits())
        await response.aclose()
        server.enqueue(SSEAnswer([EVENT, END], never))
        provider = openai_provider("k", base_url=server.url, transport=transport, clock=clock)

        async def consume():
            async with provider.model("m").stream(Request(messages=[user("hi")])) as stream:
                with pytest.raises(APIError) as caught:
                    await stream.response()
                found.append(caught.value.message)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(consume)
            await anyio.wait_all_tasks_blocked()
            clock.advance(600)
    assert found == ["no complete answer within 600 s"]


async def test_a_stream_in_a_burst_asks_the_clock_for_few_deadlines(server, transport):
    server.enqueue(SSEAnswer([EVENT] * WORDS + [END]))
    clock = CountingClock()
    provider = openai_provider("k", base_url=server.url, transport=transport, clock=clock)
    async with provider.model("m").stream(Request(messages=[user("hi")])) as stream:
        await anyio.wait_all_tasks_blocked()  # until all of it has come
        clock.asked = 0
        assert (await stream.response()).text == "word " * WORDS
    assert clock.asked < WORDS / 2


async def test_inside_tls_reads_are_limited_too(server, monkeypatch):
    """The encrypted stream is another one than the socket's."""
    authority, trusted = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusted)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    monkeypatch.setattr(httpx_transport, "tls_context", lambda: trusted)
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

    async def serve(stream):
        async with stream:
            await stream.receive()
            await stream.send(answer)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    tls = anyio.streams.tls.TLSListener(listener, context, standard_compatible=False)
    limits, transport = Limits(), HttpxTransport()
    async with tls, anyio.create_task_group() as tasks:
        tasks.start_soon(tls.serve, serve)
        response = await transport.open(HTTPRequest(url=f"https://127.0.0.1:{port}/"))
        assert response.limit_reads(limits)
        assert b"".join(await body(response)) == b"hello"
        await response.aclose()
        await transport.aclose()
        tasks.cancel_scope.cancel()


def test_the_shipped_answer_may_limit_its_reads():
    assert issubclass(httpx_transport.HttpxResponse, LimitsReads)


async def test_a_stream_without_a_limit_reads_as_it_would():
    stream = LimitedStream(httpcore2.AsyncMockStream([b"a", b"b"]))
    assert await stream.read(10) == b"a"
    limits = Limits()
    stream.limit = limits
    assert await stream.read(10) == b"b"
    assert limits.entered == 1
    await stream.aclose()


async def test_a_pool_says_when_nobody_listens():
    pool = CorePool(ssl.create_default_context(), connections=1, keepalive_s=1.0)
    with pytest.raises(httpcore2.ConnectError):
        await pool.handle_async_request(httpx2.Request("GET", "http://127.0.0.1:9/"))
    await pool.aclose()
