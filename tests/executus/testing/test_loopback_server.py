import json
import socket

import anyio
import pytest

from executus.testing import (
    Close,
    Hang,
    JSONAnswer,
    LoopbackServer,
    RawAnswer,
    Reset,
    SSEAnswer,
)


class Client:
    """A bare socket, so that no HTTP library hides what the server sends."""

    def __init__(self, server):
        self.port = int(server.url.rpartition(":")[2])

    async def __aenter__(self):
        self.stream = await anyio.connect_tcp("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        await self.stream.aclose()

    async def send(self, data):
        await self.stream.send(data)

    async def post(self, body=b"{}", path="/x"):
        await self.send(b"POST %s HTTP/1.1\r\n" % path.encode() + length(body) + body)

    async def read_to(self, mark):
        data = b""
        while not data.endswith(mark):
            data += await self.stream.receive()
        return data

    async def read_all(self):
        data = b""
        try:
            while True:
                data += await self.stream.receive()
        except anyio.EndOfStream:
            return data


def length(body):
    return b"Content-Length: %d\r\n\r\n" % len(body)


async def test_a_request_is_recorded_and_answered():
    async with LoopbackServer() as server, Client(server) as client:
        server.enqueue(JSONAnswer(201, {"ü": 1}, {"x-two": "2"}))
        await client.send(
            b"PUT /a?b HTTP/1.1\r\nX-One: 1\r\nx-one:  2 \r\n" + length(b"[1]") + b"[1]"
        )
        answer = await client.read_to(b"}")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201 Created\r\n")
        assert b"content-type: application/json" in head
        assert b"x-two: 2" in head
        assert f"content-length: {len(body)}".encode() in head
        assert body == '{"ü": 1}'.encode()
    [request] = server.requests
    assert (request.method, request.path, request.body) == ("PUT", "/a?b", b"[1]")
    assert request.json == [1]
    assert request.headers["x-one"] == "1, 2"


async def test_a_chunked_request_cut_anywhere_is_put_together():
    data = (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'4\r\n{"a"\r\n3;x=y\r\n: 1\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n'
    )
    async with LoopbackServer(lambda request: JSONAnswer(200, "ok")) as server:
        async with Client(server) as client:
            for at in range(len(data)):
                await client.send(data[at : at + 1])
            await client.read_to(b'"ok"')
            await client.post()  # nothing of the first is left in the way
            await client.read_to(b'"ok"')
        assert [request.json for request in server.requests] == [{"a": 1}, {}]
        assert server.connections == 1


async def test_a_body_that_is_no_json_is_recorded_raw():
    async with LoopbackServer() as server, Client(server) as client:
        server.enqueue(JSONAnswer())
        await client.post(b"\xff\x00")
        await client.read_to(b"null")
    assert (server.requests[0].body, server.requests[0].json) == (b"\xff\x00", None)


async def test_connection_close_is_honoured():
    async with LoopbackServer() as server, Client(server) as client:
        server.enqueue(JSONAnswer())
        await client.send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert (await client.read_all()).endswith(b"null")


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\nwhat\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused(data):
    async with LoopbackServer() as server, Client(server) as client:
        await client.send(data)
        assert (await client.read_all()).startswith(b"HTTP/1.1 400 ")
    assert server.requests == []


async def test_the_queue_goes_before_respond():
    async with LoopbackServer(lambda request: JSONAnswer(200, request.path)) as server:
        server.enqueue(JSONAnswer(200, 1), JSONAnswer(200, 2))
        async with Client(server) as client:
            for expected in (b"1", b"2", b'"/x"'):
                await client.post()
                assert (await client.read_to(expected)).endswith(b"\r\n\r\n" + expected)


async def test_an_exhausted_script_says_so():
    async with LoopbackServer() as server, Client(server) as client:
        await client.post()
        answer = await client.read_to(b"}}")
        assert answer.startswith(b"HTTP/1.1 500 ")
        error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
        assert "no answer for request 1" in error["message"]


async def test_respond_may_wait_and_may_answer_with_pieces():
    async def respond(request):
        await anyio.lowlevel.checkpoint()
        return [b"a", b"bc"]

    async with LoopbackServer(respond) as server, Client(server) as client:
        await client.post()
        answer = await client.read_to(b"0\r\n\r\n")
        assert b"text/event-stream" in answer
        assert answer.endswith(b"\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")


async def test_what_respond_raises_is_told_to_the_client():
    def respond(request):
        raise KeyError("lost")

    async with LoopbackServer(respond) as server, Client(server) as client:
        await client.post()
        answer = await client.read_to(b"}}")
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"respond() raised KeyError: 'lost'" in answer


async def test_a_stream_goes_on_when_the_test_says_so():
    gates = [anyio.Event() for _ in range(3)]
    async with LoopbackServer() as server, Client(server) as client:
        server.enqueue(SSEAnswer([b"one", b"two"], before=lambda at: gates[at].wait()))
        await client.post()
        assert (await client.read_to(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        for gate, piece in zip(
            gates, [b"3\r\none\r\n", b"3\r\ntwo\r\n", b"0\r\n\r\n"], strict=True
        ):
            gate.set()
            assert await client.stream.receive() == piece


async def test_a_failing_pace_is_raised_when_the_server_is_left():
    async def fail(index):
        raise KeyError("pace")

    server = LoopbackServer()
    with pytest.raises(KeyError, match="pace"):
        await read_broken_stream(server, SSEAnswer([b"x"], before=fail))


async def read_broken_stream(server, answer):
    async with server, Client(server) as client:
        server.enqueue(answer)
        await client.post()
        await client.read_all()


async def test_a_client_that_leaves_a_paused_stream_is_noticed():
    async def never(index):
        await anyio.sleep_forever()

    async with LoopbackServer() as server:
        server.enqueue(SSEAnswer([b"x"], before=never))
        async with Client(server) as client:
            await client.post()
            await client.read_to(b"\r\n\r\n")
            assert server.open_connections == 1
        await server.idle()
        assert server.open_connections == 0


async def test_a_hanging_server_answers_nothing_until_the_client_leaves():
    async with LoopbackServer() as server:
        server.enqueue(Hang())
        async with Client(server) as client:
            await client.post()
            assert (await server.received()).path == "/x"
            await anyio.wait_all_tasks_blocked()
            assert server.open_connections == 1
        await server.idle()


async def test_leaving_the_block_ends_a_hanging_connection():
    async with LoopbackServer() as server:
        server.enqueue(Hang())
        client = await Client(server).__aenter__()
        await client.post()
        await server.received()
    assert await client.read_all() == b""
    await client.__aexit__()


async def test_raw_bytes_are_sent_as_they_are_and_the_connection_closed():
    async with LoopbackServer() as server, Client(server) as client:
        server.enqueue(RawAnswer(b"no http at all"))
        await client.post()
        assert await client.read_all() == b"no http at all"


@pytest.mark.parametrize(
    ("after_bytes", "answer", "body"),
    [
        (0, None, None),
        (4, None, b'"xxx'),
        (0, JSONAnswer(200, 12345), b""),
        (3, JSONAnswer(200, 12345), b"123"),
        (4, SSEAnswer([b"one", b"two", b"three"]), b"3\r\none\r\n1\r\nt\r\n"),
        (0, SSEAnswer([b"one"]), b""),
    ],
)
async def test_a_closed_answer_sends_that_much_of_its_body(after_bytes, answer, body):
    async with LoopbackServer() as server, Client(server) as client:
        server.enqueue(Close(after_bytes, answer))
        await client.post()
        head, separator, sent = (await client.read_all()).partition(b"\r\n\r\n")
        assert (sent if separator else None) == body
        assert head.startswith(b"HTTP/1.1 200 OK") or body is None


async def test_a_reset_is_a_real_reset():
    async with LoopbackServer() as server:
        server.enqueue(Reset(after_bytes=3))
        async with Client(server) as client:
            await client.post()
            with pytest.raises(anyio.BrokenResourceError) as caught:
                await client.read_all()
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_the_blocks_own_error_comes_out_unwrapped():
    with pytest.raises(ZeroDivisionError):
        await fail_inside()


async def fail_inside():
    async with LoopbackServer():
        raise ZeroDivisionError


async def test_a_closed_server_has_no_url_and_no_port():
    async with LoopbackServer() as server:
        port = int(server.url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match="async with"):
        _ = server.url
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", port)) != 0
