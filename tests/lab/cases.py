"""The cases: what the peer does, and what must come of it, for every wire.

A new case is one more entry in `CASES`; it runs on every wire, whole and streamed, on both event
loops, by itself and in a chain.
"""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from labwire import ARGUMENTS, TEXT, Wire
from peer import Close, Drip, Flood, Greet, HalfClose, Hang, Read, Reset, Send, Settle
from wires import WIRES

from majordomo.errors import ErrorKind

TIMEOUT_S = 10.0
KiB, MiB = 1024, 1024 * 1024
STREAM_CAP_BYTES = MiB
FLOODED = "Hello" + "x" * STREAM_CAP_BYTES
SOCKETS_BYTES = 16 * MiB  # what kernel buffers of both sides may hold that nobody asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What must come of a case.

    Attributes:
        kind: What the error means; None when the answer must be right.
        code: Its code; None for whatever the vendor says.
        status: Its status.
        content: Content was delivered before it, so it is a `StreamInterrupted`.
        retry_after_s: What it says of waiting.
        safe: Whether it is safe to replay; None for either.
        text: The text of a right answer.
        calls: Names and arguments of the calls of one.
    """

    kind: ErrorKind | None = None
    code: str | None = None
    status: int | None = None
    content: bool = False
    retry_after_s: float | None = None
    safe: bool | None = None
    text: str = TEXT
    calls: tuple[tuple[str, object], ...] = (("look", ARGUMENTS),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a script is made for.

    Attributes:
        wire: The wire.
        streamed: Whether a stream is asked for.
        other: Address of a second peer, which must not be dialled.
    """

    wire: Wire
    streamed: bool
    other: str

    def good(self, **options):
        """The bytes of a good answer, as asked for."""
        body = b"".join(self.wire.stream) if self.streamed else self.wire.whole
        return reply(body, content_type=self.content_type, **options)

    def marked(self, mark):
        """The bytes of a good answer with something before its body."""
        body = b"".join(self.wire.stream) if self.streamed else self.wire.whole
        return reply(mark + body, content_type=self.content_type)

    @property
    def content_type(self):
        """What a good answer says that it is."""
        return self.wire.content_type if self.streamed else "application/json"

    def json(self, body, **options):
        """An answer of JSON, asked for or not."""
        return reply(body, content_type="application/json", **options)

    def events(self, *events, **options):
        """An answer of some events."""
        options.setdefault("content_type", self.wire.content_type)
        return reply(b"".join(events), **options)


Reach = Literal[
    "plain", "refused", "tls", "tls-over-plain", "tls-expired", "tls-other-host", "tls-untrusted"
]
Script = Callable[[Scene], Sequence[object]]
Wanted = Expect | Callable[[Wire], Expect] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to fail, or to be odd.

    Attributes:
        name: A sentence's subject.
        script: Makes what the peer does.
        whole: What must come of it when the answer is asked for whole; None for no such case.
        streamed: The same for a stream.
        reach: How the client is told to dial, and what it finds there.
        warm: A request went well before, on the same connections.
        most_bytes: Bytes the peer may send, at the most.
        most_memory: Bytes of memory the answer may take at its peak.
        stream_cap: Lowers the cap of a stream's bytes to this, to reach it soon.
        only: The one wire it is for; "" for all.
        on_aiohttp: What must come of it there, when that is another error.
    """

    name: str
    script: Script
    whole: Wanted = None
    streamed: Wanted = None
    reach: Reach = "plain"
    warm: bool = False
    most_bytes: int | None = None
    most_memory: int | None = None
    stream_cap: int | None = None
    only: str = ""
    on_aiohttp: Expect | None = None


def head(status=200, *headers, content_type="application/json"):
    """A response's head."""
    rows = [f"HTTP/1.1 {status} Whatever", "x-request-id: req_lab", *headers]
    if content_type:
        rows.append(f"content-type: {content_type}")
    return "\r\n".join([*rows, "", ""]).encode("latin-1")


def chunked(*pieces, end=True):
    """A body in HTTP chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece)
    return body + (b"0\r\n\r\n" if end else b"")


def reply(body, status=200, headers=(), *, content_type="", length=None, framing="length"):
    """An answer: by its length (or a false one), in chunks, or up to the end of the connection."""
    if framing == "chunked":
        rows = (*headers, "transfer-encoding: chunked")
        return head(status, *rows, content_type=content_type) + chunked(body)
    if framing == "close":
        return head(status, *headers, "connection: close", content_type=content_type) + body
    rows = (*headers, f"content-length: {len(body) if length is None else length}")
    return head(status, *rows, content_type=content_type) + body


BOMB = gzip.compress(b" " * 64 * MiB, 1)
LINE_BOMB = gzip.compress(b"x" * 64 * MiB, 1)
HTML = b"<!doctype html><title>Sign in</title>"
HTML_200 = reply(HTML, content_type="text/html")
HTML_502 = reply(HTML, 502, content_type="text/html")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
UNASKED = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"


# -- what must come of it -----------------------------------------------------------------------

TRANSIENT, PERMANENT = ErrorKind.TRANSIENT, ErrorKind.PERMANENT
OK = Expect()
LOST = Expect(kind=TRANSIENT, code="connection_lost", safe=False)
REFUSED = Expect(kind=TRANSIENT, code="connect_failed", safe=True)
TIMED_OUT = Expect(kind=TRANSIENT, code="timeout", safe=False)
MALFORMED = Expect(kind=TRANSIENT, code="malformed_response")
TRUNCATED = Expect(kind=TRANSIENT, code="truncated_stream")
TOO_LARGE = Expect(kind=PERMANENT, code="answer_too_large")
BODY_TOO_LARGE = Expect(kind=PERMANENT, code="body_too_large")
BAD_CODING = Expect(kind=PERMANENT, code="bad_encoding")
BUSY = Expect(kind=TRANSIENT, safe=True)
HEAD_TOO_LARGE = Expect(kind=PERMANENT, code="headers_too_large")


def _late(expect):
    """The same, after the first content."""
    return replace(expect, content=True)


def _refusal(status, kind, **fields):
    return Expect(kind=kind, status=status, **fields)


def _unmarked(wire):
    """What becomes of a stream that ends well, but for its end marker."""
    return OK if wire.ends_without_marker else _late(TRUNCATED)


def _half_a_value(wire):
    """What becomes of a stream that is the beginning of a JSON value."""
    return TRUNCATED if wire.json_lines else MALFORMED


def _no_event(wire):
    """What becomes of a stream of text that is no event."""
    return MALFORMED if wire.json_lines else TRUNCATED


def _used_up(wire):
    """What a quota's error is with status 429."""
    if wire.tells_quota:
        return _refusal(429, ErrorKind.QUOTA)
    return _refusal(429, TRANSIENT, safe=True)


def _broken_end(wire):
    """What becomes of a connection that breaks after the answer: without a marker, it is missed."""
    return OK if wire.before_end < len(wire.stream) else _late(LOST)


# -- how it is done -----------------------------------------------------------------------------


def send(make: Callable[[Scene], bytes], *after, size=0) -> Script:
    """Read the request, send what `make` gives, then the rest."""
    return lambda scene: [Read(), Send(make(scene), size), *after]


def cut_stream(place, *after) -> Script:
    """Send a stream in chunks up to a place of its wire, then the rest."""

    def script(scene):
        events = scene.wire.stream[: getattr(scene.wire, place)]
        sent = head(200, "transfer-encoding: chunked", content_type=scene.wire.content_type)
        return [Read(), Send(sent + chunked(*events, end=False)), Settle(), *after]

    return script


def ended_stream(place) -> Script:
    """Send a stream up to a place of its wire, in good order as HTTP."""

    def script(scene):
        return [Read(), Send(scene.events(*scene.wire.stream[: getattr(scene.wire, place)]))]

    return script


def failed_stream(place) -> Script:
    """Send a stream up to a place of its wire, then an error as an event."""

    def script(scene):
        events = scene.wire.stream[: getattr(scene.wire, place)]
        return [Read(), Send(scene.events(*events, scene.wire.stream_error))]

    return script


def refuse(what, status, *headers) -> Script:
    """Answer with a status and the vendor's error."""
    return send(lambda scene: scene.json(scene.wire.error(what), status=status, headers=headers))


def same(name, script, expect, **fields):
    """A case that means the same however the answer is asked for."""
    return Case(name=name, script=script, whole=expect, streamed=expect, **fields)


def apart(name, script, whole, streamed, **fields):
    """A case that means one thing for a whole answer and another for a stream."""
    return Case(name=name, script=script, whole=whole, streamed=streamed, **fields)


_CONNECTIONS = (
    same("a refused connection", lambda _: [], REFUSED, reach="refused"),
    same("a connection closed after accept", lambda _: [Close()], LOST),
    same("a connection reset after accept", lambda _: [Reset()], LOST),
    same("a connection closed after the request", lambda _: [Read(), Close()], LOST),
    same("a connection reset after the request", lambda _: [Read(), Reset()], LOST),
    same("a half closed connection", lambda _: [Read(), HalfClose()], LOST),
    same("a head cut by a close", send(lambda s: s.good()[:30]), LOST),
    same("a head cut by a reset", send(lambda s: s.good()[:30], Settle(), Reset()), LOST),
    same(
        "a keep-alive connection closed while idle",
        lambda s: [Read(), Send(s.good()), Settle(), Close()],
        OK,
        warm=True,
    ),
    same(
        "a keep-alive connection reset while idle",
        lambda s: [Read(), Send(s.good()), Settle(), Reset()],
        OK,
        warm=True,
    ),
    same(
        "a keep-alive connection closed at the next request",
        lambda s: [Read(), Send(s.good()), Read(), Close()],
        LOST,
        warm=True,
    ),
    same(
        "a keep-alive connection with an answer nobody asked for",
        lambda s: [Read(), Send(s.good()), Settle(), Send(UNASKED), Read(), Close()],
        OK,
        warm=True,
    ),
    same(
        "a keep-alive connection with bytes nobody asked for",
        lambda s: [Read(), Send(s.good() + b"HTTP/1.1 200 OK\r\n\r\nsurprise"), Settle()],
        OK,
        warm=True,
    ),
)

_TLS = (
    same("a good answer over TLS", lambda s: [Greet(), Read(), Send(s.good())], OK, reach="tls"),
    same(
        "plain text where TLS is expected",
        lambda _: [Send(reply(b"{}", 400)), HalfClose()],
        REFUSED,
        reach="tls-over-plain",
    ),
    same(
        "a certificate that nobody known vouches for",
        lambda _: [Greet()],
        REFUSED,
        reach="tls-untrusted",
    ),
    same("a certificate that has expired", lambda _: [Greet()], REFUSED, reach="tls-expired"),
    same("a certificate of another host", lambda _: [Greet()], REFUSED, reach="tls-other-host"),
    same("a TLS handshake cut by a close", lambda _: [Settle(), Close()], REFUSED, reach="tls"),
    same("a TLS handshake cut by a reset", lambda _: [Settle(), Reset()], REFUSED, reach="tls"),
    same("a TLS handshake that hangs", lambda _: [Hang()], TIMED_OUT, reach="tls"),
    same(
        "a head over TLS cut without a goodbye",
        lambda s: [Greet(), Read(), Send(s.good()[:30])],
        LOST,
        reach="tls",
    ),
    Case(
        name="a body over TLS cut by a reset",
        script=lambda s: [Greet(), Read(), Send(s.good()[:-40]), Settle(), Reset()],
        whole=LOST,
        streamed=_late(LOST),
        reach="tls",
    ),
)

_FRAMING = (
    Case(
        name="a body cut by a close",
        script=send(lambda s: s.good()[:-40]),
        whole=LOST,
        streamed=_late(LOST),
    ),
    Case(
        name="a body cut by a reset",
        script=send(lambda s: s.good()[:-40], Settle(), Reset()),
        whole=LOST,
        streamed=_late(LOST),
    ),
    Case(
        name="a body without a length cut by a reset",
        script=send(lambda s: s.good(framing="close")[:-40], Settle(), Reset()),
        whole=LOST,
        streamed=_late(LOST),
    ),
    Case(
        name="a body shorter than its length",
        script=send(lambda s: s.good(length=99_999)),
        whole=LOST,
        streamed=_broken_end,
    ),
    Case(
        name="a body longer than its length",
        script=send(lambda s: s.good(length=40)),
        whole=MALFORMED,
        streamed=TRUNCATED,
        on_aiohttp=LOST,  # its parser refuses all that arrived together with what is no HTTP
    ),
    Case(
        name="a chunked body without its last chunk",
        script=send(lambda s: s.good(framing="chunked")[:-5]),
        whole=LOST,
        streamed=_broken_end,
    ),
    same(
        "a chunk size that is no number",
        send(lambda s: head(200, "transfer-encoding: chunked") + b"zz\r\n{}\r\n"),
        LOST,
    ),
    Case(
        name="a chunk size that is no number after the first content",
        script=cut_stream("first_content", Send(b"zz\r\n{}\r\n"), Read()),
        streamed=_late(LOST),
    ),
    Case(
        name="a chunk that is longer than its size",
        script=cut_stream("first_content", Send(b"2\r\n{}{}{}\r\n"), Read()),
        streamed=_late(LOST),
    ),
    same(
        "two lengths that disagree",
        send(lambda s: head(200, "content-length: 3", "content-length: 4") + b"{}12"),
        LOST,
    ),
    same("a negative length", send(lambda s: head(200, "content-length: -1")), LOST),
    same("a first line that is no status", send(lambda s: b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), LOST),
    same("a body that ends with its connection", send(lambda s: s.good(framing="close")), OK),
    same("an answer in single bytes", send(lambda s: s.good(framing="chunked"), size=1), OK),
    same("a 100 before the answer", send(lambda s: CONTINUE * 3 + s.good()), OK),
    apart("a 204", send(lambda s: head(204, content_type="")), MALFORMED, TRUNCATED),
    apart("an empty body", send(lambda s: reply(b"", content_type="")), MALFORMED, TRUNCATED),
    same(
        "a redirect to another host",
        send(lambda s: reply(b"", 302, (f"location: http://{s.other}/v1/x",))),
        _refusal(302, PERMANENT),
    ),
    same(
        "a redirect over TLS to another host",
        lambda s: [Greet(), Read(), Send(reply(b"", 307, (f"location: http://{s.other}/v1/x",)))],
        _refusal(307, PERMANENT),
        reach="tls",
    ),
    same(
        "a redirect that keeps the method",
        send(lambda s: reply(b"", 307, (f"location: http://{s.other}/v1/x",))),
        _refusal(307, PERMANENT),
    ),
    same(
        "a redirect to a URL with credentials",
        send(lambda s: reply(b"", 308, (f"location: http://user:password@{s.other}/v1/x",))),
        _refusal(308, PERMANENT),
    ),
    same(
        "a redirect to nowhere",
        send(lambda s: reply(b"", 301)),
        _refusal(301, PERMANENT),
    ),
    same("a switch of protocols", send(lambda s: SWITCH), LOST),
)

_TIME = (
    same("a server that never reads", lambda _: [Hang()], TIMED_OUT),
    same("a server that never answers", lambda _: [Read(), Hang()], TIMED_OUT),
    same("a head that stops", send(lambda s: s.good()[:30], Hang()), TIMED_OUT),
    same(
        "a body that never begins",
        send(lambda s: head(200, "content-length: 9"), Hang()),
        TIMED_OUT,
    ),
    Case(name="a body that stops", script=send(lambda s: s.good()[:-40], Hang()), whole=TIMED_OUT),
    Case(
        name="a stream that stops before its content",
        script=cut_stream("before_content", Hang()),
        streamed=TIMED_OUT,
    ),
    Case(
        name="a stream that stops after its first content",
        script=cut_stream("first_content", Hang()),
        streamed=_late(TIMED_OUT),
    ),
    Case(
        name="a stream that stops in a call's arguments",
        script=cut_stream("in_arguments", Hang()),
        streamed=_late(TIMED_OUT),
    ),
    same("a head that drips", lambda s: [Read(), Drip(s.good())], TIMED_OUT),
    same(
        "a body that drips",
        lambda s: [Read(), Send(head(200, "content-length: 9999")), Drip(b" " * 9999)],
        TIMED_OUT,
    ),
    same(
        "informational answers for ever", lambda _: [Read(), Flood(CONTINUE, times=50)], TIMED_OUT
    ),
    Case(
        name="signs of life for ever",
        script=lambda s: [
            Read(),
            Send(head(200, "transfer-encoding: chunked", content_type=s.wire.content_type)),
            Flood(chunked(s.wire.noise, end=False), times=50),
        ],
        streamed=TIMED_OUT,
    ),
    Case(
        name="signs of life for ever after the first content",
        script=lambda s: [
            *cut_stream("first_content")(s),
            Flood(chunked(s.wire.noise, end=False), times=50),
        ],
        streamed=_late(TIMED_OUT),
    ),
    same(
        "an error whose body never comes",
        send(lambda s: head(503, "content-length: 9"), Hang()),
        TIMED_OUT,
    ),
)

_FLOODS = (
    same(
        "a header that never ends",
        lambda _: [Read(), Send(b"HTTP/1.1 200 OK\r\nx-flood: "), Flood(b"x" * 16 * KiB)],
        LOST,
        most_bytes=SOCKETS_BYTES,
        most_memory=4 * MiB,
    ),
    same(
        "headers without end",
        lambda _: [Read(), Send(b"HTTP/1.1 200 OK\r\n"), Flood(b"x-flood: 1\r\n" * 1000)],
        LOST,
        most_bytes=SOCKETS_BYTES,
        most_memory=4 * MiB,
    ),
    same(
        "headers over 64 KiB",
        send(lambda s: s.good(headers=("x-big: " + "x" * 65 * KiB,))),
        HEAD_TOO_LARGE,
    ),
    same("headers under 64 KiB", send(lambda s: s.good(headers=("x-big: " + "x" * 60 * KiB,))), OK),
    Case(
        name="a body without end",
        script=lambda _: [Read(), Send(head(200)), Flood(b" " * 64 * KiB)],
        whole=BODY_TOO_LARGE,
        streamed=TOO_LARGE,
        most_bytes=32 * MiB + SOCKETS_BYTES,
        most_memory=100 * MiB,
    ),
    same(
        "an error whose body has no end",
        lambda _: [Read(), Send(head(503)), Flood(b"x" * 64 * KiB)],
        _refusal(503, TRANSIENT),
        most_bytes=SOCKETS_BYTES,
        most_memory=4 * MiB,
    ),
    Case(
        name="a body that unpacks a thousandfold",
        script=send(lambda s: s.json(BOMB, headers=("content-encoding: gzip",))),
        whole=BODY_TOO_LARGE,
        streamed=TOO_LARGE,
        most_memory=100 * MiB,
    ),
    Case(
        name="a stream that unpacks a thousandfold",
        script=send(lambda s: s.events(LINE_BOMB, headers=("content-encoding: gzip",))),
        streamed=TOO_LARGE,
        most_memory=24 * MiB,
    ),
    Case(
        name="an answer without end",
        script=lambda s: [
            *cut_stream("first_content")(s),
            Flood(chunked(s.wire.more_text, end=False)),
        ],
        streamed=replace(_late(BODY_TOO_LARGE), text=FLOODED),
        stream_cap=STREAM_CAP_BYTES,
        most_bytes=STREAM_CAP_BYTES + SOCKETS_BYTES,
        most_memory=8 * STREAM_CAP_BYTES,
    ),
    Case(
        name="white space without end",
        script=lambda s: [
            Read(),
            Send(head(200, content_type=s.wire.content_type)),
            Flood((b" " * 1023 + b"\n") * 16),
        ],
        streamed=BODY_TOO_LARGE,
        stream_cap=STREAM_CAP_BYTES,
        most_bytes=STREAM_CAP_BYTES + SOCKETS_BYTES,
        most_memory=8 * STREAM_CAP_BYTES,
    ),
    Case(
        name="a line without end",
        script=lambda s: [
            *cut_stream("first_content")(s),
            Flood(chunked(s.wire.endless_line, b"x" * 64 * KiB, end=False)),
        ],
        streamed=_late(TOO_LARGE),
        most_bytes=17 * MiB + SOCKETS_BYTES,
        most_memory=40 * MiB,
    ),
    same(
        "an unasked encoding", send(lambda s: s.good(headers=("content-encoding: br",))), BAD_CODING
    ),
    same(
        "an unasked encoding of a body that never comes",
        send(lambda s: head(200, "content-encoding: br", "content-length: 9"), HalfClose()),
        BAD_CODING,
    ),
    same(
        "a compressed body that is broken",
        send(lambda s: s.good(headers=("content-encoding: gzip",))),
        Expect(kind=TRANSIENT, code="bad_encoding"),
    ),
    Case(
        name="a compressed body that is cut",
        script=send(
            lambda s: s.json(gzip.compress(s.wire.whole)[:-20], headers=("content-encoding: gzip",))
        ),
        whole=MALFORMED,
        streamed=_half_a_value,
    ),
)

_BODIES = (
    apart("JSON that is cut", send(lambda s: s.json(s.wire.whole[:-9])), MALFORMED, _half_a_value),
    Case(
        name="a whole answer to a request for a stream",
        script=send(lambda s: s.json(s.wire.whole)),
        streamed=OK,
    ),
    Case(
        name="a stream to a request for a whole answer",
        script=send(lambda s: s.events(*s.wire.stream)),
        whole=MALFORMED,
    ),
    same("a byte-order mark", send(lambda s: s.marked(b"\xef\xbb\xbf")), OK),
    same("white space before the answer", send(lambda s: s.marked(b" \r\n\n")), OK),
    same("UTF-8 that is broken", send(lambda s: s.json(b'\xff\xfe{"\x80": 1}')), MALFORMED),
    same("a body of null", send(lambda s: s.json(b"null")), MALFORMED),
    same("a body of true", send(lambda s: s.json(b"true")), MALFORMED),
    same("a body that is a text", send(lambda s: s.json(b'"no"')), MALFORMED),
    same("a body that is a number", send(lambda s: s.json(b"7")), MALFORMED),
    same("a body that is a list", send(lambda s: s.json(b"[1, 2]")), MALFORMED),
    same("a body that is an empty list", send(lambda s: s.json(b"[]")), MALFORMED),
    same("a body that is NaN", send(lambda s: s.json(b"NaN")), MALFORMED),
    same("a body that is a huge number", send(lambda s: s.json(b"1" + b"0" * 9999)), MALFORMED),
    apart(
        "lists in lists, 100,000 deep",
        send(lambda s: s.json(b"[" * 100_000)),
        MALFORMED,
        _half_a_value,
    ),
    same(
        "objects in objects, 100,000 deep",
        send(lambda s: s.json(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)),
        MALFORMED,
    ),
    same(
        "an error 100,000 deep",
        send(lambda s: s.json(b'{"error":' * 100_000, status=503)),
        _refusal(503, TRANSIENT),
    ),
    same("numbers that are none", send(lambda s: s.json(s.wire.odd_numbers)), OK),
    apart("a page of HTML with 200", send(lambda s: HTML_200), MALFORMED, _no_event),
    same("a page of HTML with 502", send(lambda s: HTML_502), _refusal(502, TRANSIENT)),
    same("an error with 200", send(lambda s: s.json(s.wire.error("overloaded"))), BUSY),
    same(
        "an error in a list", send(lambda s: s.json(b"[" + s.wire.error("overloaded") + b"]")), BUSY
    ),
    same(
        "an error that is a text",
        send(lambda s: s.json(b'{"error": "no"}')),
        Expect(kind=TRANSIENT),
    ),
)

_STATUSES = (
    same("a wrong key", refuse("auth", 401), _refusal(401, ErrorKind.AUTH)),
    same("a wrong key that is repeated", refuse("echo", 401), _refusal(401, ErrorKind.AUTH)),
    same("an unknown model", refuse("missing", 404), _refusal(404, ErrorKind.NOT_FOUND)),
    same("a request that is refused", refuse("bad", 400), _refusal(400, PERMANENT)),
    same("a server error", refuse("server", 500), _refusal(500, TRANSIENT)),
    same("a 503", refuse("overloaded", 503), _refusal(503, TRANSIENT, safe=True)),
    same("a 529", refuse("overloaded", 529), _refusal(529, TRANSIENT, safe=True)),
    same("a 500 without a body", send(lambda s: reply(b"", 500)), _refusal(500, TRANSIENT)),
    same("a 500 of garbage", send(lambda s: reply(b"\xff\x00\xfe", 500)), _refusal(500, TRANSIENT)),
    same(
        "a 500 whose body is cut",
        send(lambda s: reply(b"{", 500, length=99)),
        _refusal(500, TRANSIENT),
    ),
    same("a status nobody knows", send(lambda s: reply(b"{}", 799)), _refusal(799, PERMANENT)),
    same("a used-up quota", refuse("quota", 429), _used_up),
    same("a 429", refuse("rate", 429), _refusal(429, TRANSIENT, safe=True)),
    *(
        same(
            f"a 429 with {what}",
            refuse("rate", 429, *rows),
            _refusal(429, TRANSIENT, retry_after_s=wait_s, safe=True),
        )
        for what, rows, wait_s in (
            ("seconds to wait", ("retry-after: 7",), 7.0),
            ("half seconds to wait", ("retry-after: 0.5",), 0.5),
            ("milliseconds to wait", ("retry-after-ms: 250", "retry-after: 9"), 0.25),
            ("a date to wait for", ("retry-after: Thu, 01 Jan 2026 00:00:30 GMT",), 30.0),
            ("a date in the past", ("retry-after: Wed, 31 Dec 2025 00:00:00 GMT",), 0.0),
            ("a negative wait", ("retry-after: -5",), None),
            ("a wait of NaN", ("retry-after: nan",), None),
            ("an infinite wait", ("retry-after: inf",), None),
            ("a wait that is no number", ("retry-after: soon",), None),
            ("an empty wait", ("retry-after: ",), None),
            ("a huge wait", ("retry-after: 999999999",), 999999999.0),
            ("two waits", ("retry-after: 3", "retry-after: 4"), 3.0),
            ("a wait beyond all numbers", ("retry-after: 1e999",), None),
            ("milliseconds of NaN", ("retry-after-ms: nan", "retry-after: 9"), 9.0),
            ("negative milliseconds", ("retry-after-ms: -250", "retry-after: 9"), 9.0),
            ("milliseconds that are no number", ("retry-after-ms: soon",), None),
        )
    ),
)

_STREAMS = (
    *(
        Case(name=f"a stream {how} {where}", script=cut_stream(place, *ending), streamed=expect)
        for how, ending in (("closed", (Close(),)), ("reset", (Reset(),)))
        for where, place, expect in (
            ("before its content", "before_content", LOST),
            ("after its first content", "first_content", _late(LOST)),
            ("in a call's arguments", "in_arguments", _late(LOST)),
            ("before its reason to finish", "before_finish", _late(LOST)),
            ("before its end marker", "before_end", _late(LOST)),
        )
    ),
    *(
        Case(name=f"a stream that ends {where}", script=ended_stream(place), streamed=expect)
        for where, place, expect in (
            ("before its content", "before_content", TRUNCATED),
            ("after its first content", "first_content", _late(TRUNCATED)),
            ("in a call's arguments", "in_arguments", _late(TRUNCATED)),
            ("before its reason to finish", "before_finish", _late(TRUNCATED)),
            ("before its end marker", "before_end", _unmarked),
        )
    ),
    *(
        Case(name=f"a stream with an error {where}", script=failed_stream(place), streamed=expect)
        for where, place, expect in (
            ("before its content", "before_content", BUSY),
            ("after its first content", "first_content", _late(BUSY)),
            ("in a call's arguments", "in_arguments", _late(BUSY)),
        )
    ),
    Case(
        name="a stream with an event that is no JSON",
        script=send(lambda s: s.events(*s.wire.stream[:-1], s.wire.broken, *s.wire.stream[-1:])),
        streamed=_late(MALFORMED),
    ),
    Case(
        name="a stream with raw bytes in a text",
        script=send(lambda s: s.events(*s.wire.stream).replace(b"Hello", b"Hell\xff")),
        streamed=Expect(text=TEXT.replace("Hello", "Hell\ufffd")),
    ),
)

_OF_ONE_WIRE = (
    *(
        Case(
            name=f"a stream whose lines end in {end!r}{how}",
            script=send(
                lambda s, end=end: s.events(b"".join(s.wire.stream).replace(b"\n", end)), size=size
            ),
            streamed=OK,
            only=wire.name,
        )
        for wire in WIRES
        for end in wire.line_ends
        for how, size in (("", 0), (", three bytes at a time", 3))
    ),
    *(
        Case(
            name=f"an answer with {name}",
            script=send(lambda s, body=body: s.json(body)),
            whole=MALFORMED,
            streamed=MALFORMED,
            only=wire.name,
        )
        for wire in WIRES
        for name, body in wire.no_answer.items()
    ),
    *(
        Case(
            name=f"a stream with {odd.name}",
            script=send(lambda s, odd=odd: s.events(*odd.stream)),
            streamed=(
                _late(MALFORMED) if odd.text is None else Expect(text=odd.text, calls=odd.calls)
            ),
            only=wire.name,
        )
        for wire in WIRES
        for odd in wire.odd
    ),
)

BELOW_THE_WIRE = frozenset(
    case.name for case in (*_CONNECTIONS, *_TLS, *_FRAMING, *_TIME, *_FLOODS)
)
"""Cases that are over before a decoder has anything to say; see `Wire.like`."""

OF_THE_STREAM = frozenset(
    case.name for case in _STREAMS if case.name.startswith(("a stream closed", "a stream reset"))
)
"""Cases in which the connection breaks in the midst of what a decoder reads."""

CASES = (
    *_CONNECTIONS,
    *_TLS,
    *_FRAMING,
    *_TIME,
    *_FLOODS,
    *_BODIES,
    *_STATUSES,
    *_STREAMS,
    *_OF_ONE_WIRE,
)
