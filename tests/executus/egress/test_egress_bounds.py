"""Nothing a server sends can be too much: bombs, drips, heads, framing; all end in one error."""

import gzip
import tracemalloc
import zlib

import anyio
import pytest
from egressnet import PUBLIC, PUBLIC_TOO, Names, Tape, Wire, redirect, reply
from hypothesis import given, settings
from hypothesis import strategies as st

from executus.egress import Egress, EgressFailed, EgressRefused
from executus.egress.decoding import BodyReader
from executus.testing import FakeClock

MIB = 1024 * 1024
NAMES = Names().set("a.example", PUBLIC)


def egress(answer, **settings):
    return Egress(resolver=NAMES, connector=Wire(lambda asked: answer), **settings)


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACK = {
    "": lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    "deflate": zlib.compress,
    " Deflate ": raw_deflate,
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
    "identity, gzip": gzip.compress,
}


@settings(max_examples=40, deadline=None)
@given(
    data=st.binary(max_size=300) | st.integers(0, 200_000).map(bytes),
    name=st.sampled_from(sorted(PACK)),
    size=st.integers(1, 400),
)
def test_a_body_is_the_same_for_every_way_to_cut_it(data, name, size):
    sent = PACK[name](data)
    reader = BodyReader(
        name, host="h", max_bytes=len(data), max_encoded_bytes=MIB, oversize="error"
    )
    for start in range(0, len(sent), size):
        assert reader.feed(sent[start : start + size])
    assert reader.finish() == data
    assert not reader.truncated


def test_output_that_waits_in_the_decoder_is_not_left_there():
    """Raw deflate has no trailer: its last byte may be read before its last output is given."""
    for size in range(65_500, 66_500):
        sent = raw_deflate(bytes(size))
        reader = BodyReader(
            "deflate", host="h", max_bytes=size, max_encoded_bytes=MIB, oversize="error"
        )
        assert reader.feed(sent)
        assert len(reader.finish()) == size


@pytest.mark.parametrize("name", sorted(PACK))
@pytest.mark.parametrize("size", [1000, 200_000])
async def test_the_bound_of_a_decoded_body_is_exact(name, size):
    answer = reply(200, PACK[name](b"x" * size), content_encoding=name)
    assert (
        len((await egress(answer).fetch("GET", "http://a.example/", max_bytes=size)).body) == size
    )
    with pytest.raises(EgressRefused) as caught:
        await egress(answer).fetch("GET", "http://a.example/", max_bytes=size - 1)
    assert caught.value.reason == "size"
    assert "raise max_bytes" in str(caught.value)
    cut = await egress(answer).fetch("GET", "http://a.example/", max_bytes=size - 1, oversize="cut")
    assert (cut.body, cut.truncated) == (b"x" * (size - 1), True)


def bomb(layers):
    data = bytes(60 * MIB)
    for _ in range(layers):
        data = gzip.compress(data, 6)
    return reply(200, data, content_encoding=", ".join(["gzip"] * layers))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("oversize", ["error", "cut"])
async def test_a_bomb_takes_no_more_memory_than_the_bound(layers, oversize):
    client = egress(bomb(layers), max_bytes=MIB)
    tracemalloc.start()
    try:
        if oversize == "error":
            with pytest.raises(EgressRefused):
                await client.fetch("GET", "http://a.example/")
        else:
            answer = await client.fetch("GET", "http://a.example/", oversize="cut")
            assert len(answer.body) == MIB
            assert answer.truncated
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


async def test_a_layer_between_is_bounded_as_well():
    """The innermost data is tiny; what stands between is not."""
    inner = gzip.compress(b"hello")
    padded = inner + bytes(20 * MIB)
    answer = reply(200, gzip.compress(padded), content_encoding="gzip, gzip")
    with pytest.raises(EgressRefused) as caught:
        await egress(answer, max_bytes=MIB).fetch("GET", "http://a.example/")
    assert "max_encoded_bytes" in str(caught.value)


async def test_the_body_as_sent_has_a_bound_of_its_own():
    answer = reply(200, b"x" * 5000)
    with pytest.raises(EgressRefused) as caught:
        await egress(answer, max_encoded_bytes=4000).fetch("GET", "http://a.example/")
    assert "max_encoded_bytes" in str(caught.value)
    cut = await egress(answer, max_encoded_bytes=4000).fetch(
        "GET", "http://a.example/", oversize="cut"
    )
    assert (len(cut.body), cut.truncated) == (4000, True)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "gzip, gzip, gzip", "compress"])
async def test_an_encoding_that_was_not_asked_for_fails(encoding):
    with pytest.raises(EgressFailed) as caught:
        await egress(reply(200, b"x", content_encoding=encoding)).fetch("GET", "http://a.example/")
    assert caught.value.reason == "encoding"


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"x" * 999)[:-9], gzip.compress(b"x")[:5]],
    ids=["none", "cut at the end", "cut in the head"],  # gzip writes the time into its head
)
async def test_broken_compression_fails(body):
    with pytest.raises(EgressFailed) as caught:
        await egress(reply(200, body, content_encoding="gzip")).fetch("GET", "http://a.example/")
    assert caught.value.reason == "encoding"


async def test_several_gzip_members_and_padding_are_one_body():
    sent = gzip.compress(b"one") + gzip.compress(b"two") + bytes(8)
    got = await egress(reply(200, sent, content_encoding="gzip")).fetch("GET", "http://a.example/")
    assert got.body == b"onetwo"


@pytest.mark.parametrize("padding", [b"", b"\0", bytes(9), b"\x1f", b"\x1fx", b"\x1fxx"])
def test_gzip_members_are_found_however_the_body_is_cut(padding):
    sent = gzip.compress(b"one") + gzip.compress(b"") + gzip.compress(b"two") + padding
    for size in range(1, len(sent)):
        read = BodyReader("gzip", host="a", max_bytes=99, max_encoded_bytes=999, oversize="error")
        for at in range(0, len(sent), size):
            assert read.feed(sent[at : at + size])
        assert read.finish() == b"onetwo", size


async def test_a_body_of_countless_empty_members_fails():
    sent = gzip.compress(gzip.compress(b"") * 100_000)
    with pytest.raises(EgressFailed, match="parts") as caught:
        await egress(reply(200, sent, content_encoding="gzip, gzip")).fetch(
            "GET", "http://a.example/"
        )
    assert caught.value.reason == "encoding"


async def test_an_empty_body_needs_no_compression():
    got = await egress(reply(200, b"", content_encoding="gzip")).fetch("HEAD", "http://a.example/")
    assert got.body == b""


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000 + b"\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 14_000 + b"content-length: 0\r\n\r\n",
    ],
)
async def test_headers_are_bounded(head):
    with pytest.raises(EgressRefused) as caught:
        await egress(head).fetch("GET", "http://a.example/")
    assert caught.value.reason == "size"


async def test_a_head_without_end_is_bounded():
    class Endless:
        dialled = 0

        async def connect(self, address, port):
            return EndlessTape(Wire(), str(address), port)

    class EndlessTape(Tape):
        async def read(self, max_bytes, timeout=None):
            return b"HTTP/1.1 100 Continue\r\n\r\n" * 1000

        async def aclose(self):
            pass

    with pytest.raises(EgressRefused) as caught:
        await Egress(resolver=NAMES, connector=Endless(), max_bytes=1000).fetch(
            "GET", "http://a.example/"
        )
    assert caught.value.reason == "size"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_framing_is_counted(scheme):
    """One byte per chunk, each with a kilobyte of extension."""
    chunk = b"1;" + b"e" * 1000 + b"\r\nx\r\n"
    answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk * 500
    with pytest.raises(EgressRefused) as caught:
        await egress(answer, max_bytes=1000).fetch("GET", f"{scheme}://a.example/")
    assert caught.value.reason == "size"


@pytest.mark.parametrize("status", [101, 100])
async def test_leaving_http_is_refused(status):
    head = f"HTTP/1.1 {status} X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n".encode()
    with pytest.raises(EgressFailed) as caught:
        await egress(head).fetch("GET", "http://a.example/")
    assert caught.value.reason == "protocol"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.internal ESMTP secret-banner\r\n",
        b"-ERR unknown command 'GET'\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nx\r\n\r\n",
    ],
)
async def test_what_is_not_http_fails_without_repeating_it(answer):
    with pytest.raises(EgressFailed) as caught:
        await egress(answer).fetch("GET", "http://a.example/")
    assert caught.value.reason == "protocol"
    assert "secret-banner" not in str(caught.value)


class Dripping:
    """A server of which every byte takes a second, on a connector of the host's own."""

    def __init__(self, clock, answer):
        self.clock, self.answer = clock, answer
        self.tapes = []

    async def connect(self, address, port):
        tape = DrippingTape(self, str(address), port)
        self.tapes.append(tape)
        return tape


class DrippingTape(Tape):
    def __init__(self, server, address, port):
        super().__init__(Wire(), address, port)
        self.server = server
        self.wire.open = 1
        self.at = 0

    async def read(self, max_bytes, timeout=None):
        await self.server.clock.sleep(1.0)
        await anyio.lowlevel.checkpoint()
        self.at += 1
        return self.server.answer[self.at - 1 : self.at]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n" + b"x" * 9000,
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 900,
    ],
)
async def test_a_drip_ends_at_the_deadline(answer):
    clock = FakeClock()
    server = Dripping(clock, answer)
    with pytest.raises(EgressFailed) as caught:
        await Egress(resolver=NAMES, connector=server, clock=clock, timeout_s=60).fetch(
            "GET", "http://a.example/"
        )
    assert caught.value.reason == "time"
    assert 60 <= clock.monotonic() <= 62
    assert [tape.closed for tape in server.tapes] == [True]


async def test_time_is_for_all_hops_together():
    clock = FakeClock()

    class Slow(Wire):
        async def connect(self, address, port):
            await clock.sleep(7.0)
            return await super().connect(address, port)

    wire = Slow(lambda asked: redirect(302, "/again"))
    with pytest.raises(EgressFailed) as caught:
        await Egress(resolver=NAMES, connector=wire, clock=clock).fetch(
            "GET", "http://a.example/", timeout_s=20
        )
    assert caught.value.reason == "time"
    assert len(wire.asked) == 2
    assert wire.open == 0


async def test_a_lookup_counts_against_the_time():
    clock = FakeClock(auto_advance=False)

    class Stuck:
        async def resolve(self, host, port):
            clock.advance(31)
            await anyio.sleep_forever()

    with pytest.raises(EgressFailed) as caught:
        await Egress(resolver=Stuck(), connector=Wire(), clock=clock).fetch("GET", "http://a.test/")
    assert caught.value.reason == "time"


async def test_an_address_that_swallows_packets_leaves_time_for_the_next():
    clock = FakeClock()

    class Swallowing(Wire):
        async def connect(self, address, port):
            if str(address) == PUBLIC:
                self.dialled.append(PUBLIC)
                clock.advance(4.5)
                await anyio.sleep_forever()
            return await super().connect(address, port)

    wire = Swallowing()
    names = Names().set("a.example", f"{PUBLIC} {PUBLIC_TOO}")
    answer = await Egress(resolver=names, connector=wire, clock=clock).fetch(
        "GET", "http://a.example/"
    )
    assert answer.address == PUBLIC_TOO
    assert wire.dialled == [PUBLIC, PUBLIC_TOO]


async def test_a_handshake_that_hangs_is_closed_at_the_deadline():
    clock = FakeClock()

    class Hanging(Wire):
        async def connect(self, address, port):
            tape = await super().connect(address, port)
            tape.start_tls = self.start_tls
            return tape

        async def start_tls(self, *args, **kwargs):
            clock.advance(31)
            await anyio.sleep_forever()

    wire = Hanging()
    with pytest.raises(EgressFailed) as caught:
        await Egress(resolver=NAMES, connector=wire, clock=clock).fetch("GET", "https://a.example/")
    assert caught.value.reason == "time"
    assert (wire.dialled, wire.open) == ([PUBLIC], 0)


async def test_a_cancelled_request_closes_its_connection():
    clock = FakeClock(auto_advance=False)
    server = Dripping(clock, b"HTTP/1.1 200 OK\r\n\r\n")
    async with anyio.create_task_group() as group:
        group.start_soon(
            Egress(resolver=NAMES, connector=server, clock=clock).fetch, "GET", "http://a.example/"
        )
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert [tape.closed for tape in server.tapes] == [True]
