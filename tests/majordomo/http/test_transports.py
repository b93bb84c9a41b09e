import gc
import gzip
import json
import socket

import aiohttp
import anyio
import pytest
from invariants import open_files
from peer import Close as Closes
from peer import Peer, Read, Send, settle
from transports import WAYS

from executus.testing.server import Close, JSONAnswer, LoopbackServer, RawAnswer, Reset, SSEAnswer
from majordomo.errors import ErrorKind
from majordomo.http import HTTPRequest, HttpxTransport, TransportError, read_body
from majordomo.http.aiohttp_transport import AiohttpTransport

pytestmark = pytest.mark.filterwarnings("error")

PAUSED = SSEAnswer([b"data: 1\n\n", b"data: 2\n\n"])


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    return request.param


@pytest.fixture
def anyio_backend(way):
    return way.backend


@pytest.fixture
def make(way):
    """The transport's class."""
    return way.make


@pytest.fixture
async def server():
    async with LoopbackServer(lambda request: JSONAnswer(200, {"path": request.path})) as server:
        yield server


@pytest.fixture
async def transport(make):
    transport = make()
    yield transport
    await transport.aclose()


def post(url, body=b"{}"):
    return HTTPRequest(url=url, headers=(("content-type", "application/json"),), body=body)


async def fetch(transport, url, **options):
    response = await transport.open(post(url))
    try:
        return await read_body(response, **options)
    finally:
        await response.aclose()


def raw(head, body):
    return RawAnswer(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body)


async def test_the_request_arrives_as_it_was_made(server, transport):
    response = await transport.open(
        HTTPRequest(url=f"{server.url}/v1/x?q=1", headers=(("x-one", "1"),), body=b'{"a":1}')
    )
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(await read_body(response)) == {"path": "/v1/x?q=1"}
    await response.aclose()
    [request] = server.requests
    assert (request.method, request.path, request.json) == ("POST", "/v1/x?q=1", {"a": 1})
    assert request.headers["x-one"] == "1"
    assert request.headers["content-length"] == "7"


async def test_a_connection_is_used_again(server, transport):
    for _ in range(5):
        await fetch(transport, server.url)
    assert server.connections == 1


async def test_a_connection_whose_answer_was_not_read_to_its_end_is_closed(server, transport):
    server.enqueue(SSEAnswer([b"data: 1\n\n", b"data: 2\n\n"], before=stop_at_second))
    response = await transport.open(post(server.url))
    assert await response.read_chunk() == b"data: 1\n\n"
    await response.aclose()
    del response
    gc.collect()
    await server.idle()
    await fetch(transport, server.url)
    assert server.connections == 2


async def stop_at_second(index):
    if index == 1:
        await anyio.sleep_forever()


async def test_a_cancelled_request_closes_its_connection(server, transport):
    async def never(index):
        await anyio.sleep_forever()

    server.enqueue(SSEAnswer([b"data: 1\n\n"], before=never))
    async with anyio.create_task_group() as group:
        group.start_soon(fetch, transport, server.url)
        await server.received()
        group.cancel_scope.cancel()
    await server.idle()
    await fetch(transport, server.url)


async def test_chunks_arrive_as_they_are_sent(server, transport):
    gates = [anyio.Event(), anyio.Event(), anyio.Event()]
    server.enqueue(SSEAnswer([b"data: 1\n\n", b"data: 2\n\n"], before=lambda at: gates[at].wait()))
    response = await transport.open(post(server.url))
    for gate, chunk in zip(gates, [b"data: 1\n\n", b"data: 2\n\n", b""], strict=True):
        gate.set()
        assert await response.read_chunk() == chunk
    assert await response.read_chunk() == b""
    await response.aclose()


@pytest.mark.parametrize(
    ("make", "backends"),
    [(HttpxTransport, ("asyncio", "trio", "asyncio")), (AiohttpTransport, ("asyncio",) * 2)],
)
def test_two_event_loops_share_one_transport_but_no_connection(make, backends):
    transport = make()

    async def main():
        async with LoopbackServer(lambda request: JSONAnswer(200, 1)) as server:
            answers = [await fetch(transport, server.url) for _ in range(2)]
            return answers, server.connections

    for backend in backends:
        assert anyio.run(main, backend=backend) == ([b"1", b"1"], 1)


@pytest.mark.parametrize("kept", [True, False])
def test_connections_nobody_closed_end_with_their_loop(way, kept):
    held = []

    async def main():
        transport = way.make()
        if kept:
            held.append(transport)
        all_open = anyio.Event()
        async with LoopbackServer() as server:
            server.enqueue(*[SSEAnswer([b"x"], before=lambda index: all_open.wait())] * 5)
            responses = [await transport.open(post(server.url)) for _ in range(5)]
            all_open.set()
            for response in responses:
                await read_body(response)
                await response.aclose()
            assert server.connections == 5

    anyio.run(main, backend=way.backend)
    gc.collect()  # an unclosed socket warns here, and a warning is an error


async def test_a_closed_transport_opens_new_connections(server, transport):
    await fetch(transport, server.url)
    await transport.aclose()
    await server.idle()
    await fetch(transport, server.url)
    assert server.connections == 2


async def test_closing_an_unused_transport_does_nothing(make):
    await make().aclose()


async def test_a_body_of_megabytes_arrives_whole(server, transport):
    body = json.dumps("x" * 3_000_000).encode()
    response = await transport.open(post(server.url, body))
    await read_body(response)
    await response.aclose()
    assert server.requests[0].body == body


async def test_a_repeated_header_is_joined(server, transport):
    server.enqueue(raw("x-a: 1\r\nX-B: 2\r\nX-A: 3\r\ncontent-length: 0", b""))
    response = await transport.open(post(server.url))
    assert (response.headers["x-a"], response.headers["X-B"]) == ("1, 3", "2")
    assert "x-c" not in response.headers
    await response.aclose()


async def test_nothing_is_sent_that_was_not_asked_for(server, transport):
    server.enqueue(raw("set-cookie: a=b; Path=/\r\ncontent-length: 0", b""))
    for method in ("POST", "GET"):
        response = await transport.open(HTTPRequest(method=method, url=f"{server.url}/x"))
        await read_body(response)
        await response.aclose()
    first, second = (set(request.headers) for request in server.requests)
    assert first - {"content-length", "connection"} == {"host"}
    assert second - {"connection"} == {"host"}


async def test_a_user_in_the_url_is_not_sent_beside_a_key(server, transport):
    url = server.url.replace("http://", "http://user:password@")
    headers = (("authorization", "Bearer key"),)
    response = await transport.open(HTTPRequest(url=url, headers=headers))
    await response.aclose()
    assert server.requests[0].headers["authorization"] == "Bearer key"
    assert server.requests[0].headers["host"] == server.url.removeprefix("http://")


async def test_closing_the_transport_ends_who_still_waits(server, transport):
    server.enqueue(SSEAnswer([b"data: 1\n\n", b"data: 2\n\n"], before=stop_at_second))
    response = await transport.open(post(server.url))
    assert await response.read_chunk() == b"data: 1\n\n"
    errors = []

    async def wait():
        with pytest.raises(TransportError) as caught:
            await response.read_chunk()
        errors.append((caught.value.code, caught.value.safe_to_replay))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await settle()
        await transport.aclose()
    await response.aclose()
    assert errors == [("connection_lost", False)]


class Deaf:
    """Accepts, and never reads."""

    async def play(self, line, peer):
        peer.stuck.set()
        await anyio.sleep_forever()


async def test_a_cancelled_upload_that_nobody_reads_closes_its_socket(transport):
    async with Peer([Deaf()]) as peer:
        before = len(open_files())
        async with anyio.create_task_group() as tasks:
            upload = post(f"http://{peer.address}", b"x" * 50_000_000)
            tasks.start_soon(transport.open, upload)
            await peer.stuck.wait()
            await settle(40)
            tasks.cancel_scope.cancel()
        await settle()
        assert len(open_files()) == before + 1  # the peer's end


# failures


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


async def failure(transport, url):
    with pytest.raises(TransportError) as caught:
        await fetch(transport, url)
    error = caught.value
    # aiohttp's own errors hold keys: only what lies beneath them is kept.
    assert error.__cause__ is not None or isinstance(transport, AiohttpTransport)
    assert not isinstance(error.__cause__ or error.__context__, aiohttp.ClientConnectorError)
    assert str(error)
    return error.code, error.kind, error.safe_to_replay


async def test_a_refused_connection_is_transient_and_safe_to_replay(transport):
    url = f"http://127.0.0.1:{free_port()}"
    assert await failure(transport, url) == ("connect_failed", ErrorKind.TRANSIENT, True)


@pytest.mark.parametrize(
    "fault",
    [
        Reset(),
        Close(),
        Reset(after_bytes=5),
        Close(after_bytes=5),
        Reset(after_bytes=12, answer=PAUSED),
        Close(after_bytes=12, answer=PAUSED),
    ],
    ids=["reset", "close", "reset in body", "close in body", "reset stream", "close stream"],
)
async def test_a_lost_connection_is_transient_but_may_have_arrived(server, transport, fault):
    server.enqueue(fault)
    assert await failure(transport, server.url) == ("connection_lost", ErrorKind.TRANSIENT, False)
    assert json.loads(await fetch(transport, server.url)) == {"path": "/"}


async def test_a_host_without_an_address_is_safe_to_replay(transport, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    url = "http://vendor.invalid/"
    assert await failure(transport, url) == ("connect_failed", ErrorKind.TRANSIENT, True)


async def test_what_came_before_a_connection_broke_is_given_first(transport):
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"
    async with Peer([Read(), Send(head + b"hello"), Closes()]) as peer:
        response = await transport.open(post(f"http://{peer.address}"))
        await settle(40)  # the connection has ended by now
        assert await response.read_chunk() == b"hello"
        for _ in range(2):
            with pytest.raises(TransportError) as caught:
                await response.read_chunk()
            assert (caught.value.code, caught.value.safe_to_replay) == ("connection_lost", False)
        await response.aclose()


async def test_an_answer_that_is_no_http_is_a_lost_connection(server, transport):
    server.enqueue(RawAnswer(b"what?\r\n\r\n"))
    assert await failure(transport, server.url) == ("connection_lost", ErrorKind.TRANSIENT, False)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "127.0.0.1/x", "http:///x", "http://127.0.0.1:99999/"]
)
async def test_a_bad_url_is_permanent(transport, url):
    assert await failure(transport, url) == ("bad_url", ErrorKind.PERMANENT, True)


async def test_a_header_that_cannot_be_sent_is_permanent(server, transport):
    request = HTTPRequest(url=server.url, headers=(("x-bad", "a\r\nb"),))
    with pytest.raises(TransportError) as caught:
        await transport.open(request)
    assert (caught.value.code, caught.value.kind) == ("bad_request", ErrorKind.PERMANENT)


async def test_running_out_of_file_descriptors_is_a_local_fault(server, transport, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    assert await failure(transport, server.url) == ("out_of_resources", ErrorKind.LOCAL, True)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_not_an_order(server, transport, status):
    server.enqueue(JSONAnswer(status, None, {"location": f"{server.url}/elsewhere"}))
    response = await transport.open(post(server.url))
    assert response.status == status
    await read_body(response)
    await response.aclose()
    assert len(server.requests) == 1


# bodies


async def test_a_compressed_body_is_inflated_although_not_asked_for(server, transport):
    body = gzip.compress(b'{"a": 1}')
    server.enqueue(raw(f"content-encoding: gzip\r\ncontent-length: {len(body)}", body))
    assert await fetch(transport, server.url) == b'{"a": 1}'


async def test_a_compression_bomb_is_stopped_at_the_bound(server, transport):
    bomb = gzip.compress(bytes(50_000_000), 9)
    server.enqueue(raw(f"content-encoding: gzip\r\ncontent-length: {len(bomb)}", bomb))
    with pytest.raises(TransportError) as caught:
        await fetch(transport, server.url, max_bytes=1_000_000)
    assert (caught.value.code, caught.value.kind) == ("body_too_large", ErrorKind.PERMANENT)


async def test_an_endless_body_is_stopped_at_the_bound(server, transport):
    server.enqueue(SSEAnswer([b"x" * 1000] * 100, before=stop_at_second_hundred))
    with pytest.raises(TransportError) as caught:
        await fetch(transport, server.url, max_bytes=99_999)
    assert caught.value.code == "body_too_large"


async def stop_at_second_hundred(index):
    if index == 100:
        await anyio.sleep_forever()


async def test_a_body_of_exactly_the_bound_is_read(server, transport):
    server.enqueue(SSEAnswer([b"x" * 1000] * 10))
    assert len(await fetch(transport, server.url, max_bytes=10_000)) == 10_000


async def test_a_body_that_ends_with_the_connection_is_read(server, transport):
    server.enqueue(raw("x: y", b"all of it"))
    assert await fetch(transport, server.url) == b"all of it"


async def test_a_proxy_from_the_environment_is_used_except_for_hosts_it_excludes(
    server, make, monkeypatch
):
    monkeypatch.setenv("HTTP_PROXY", server.url)
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    proxied = make()
    await fetch(proxied, "http://vendor.invalid/v1")
    assert server.requests[0].path == "http://vendor.invalid/v1"
    await proxied.aclose()

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    direct = make()
    await fetch(direct, f"{server.url}/v1")
    assert server.requests[1].path == "/v1"
    await direct.aclose()
