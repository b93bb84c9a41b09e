from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.http import LineTooLong, SSEReader

BOM = b"\xef\xbb\xbf"

BODIES = {
    "one event": (b"data: one\n\n", [b"one"]),
    "two events": (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
    "no space": (b"data:one\n\n", [b"one"]),
    "only one space is taken": (b"data:  one \n\n", [b" one "]),
    "CRLF": (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
    "CR": (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
    "CRLF then LF": (b"data: one\r\n\ndata: two\n\r\n", [b"one", b"two"]),
    "CR then CRLF": (b"data: one\r\r\ndata: two\r\n\r", [b"one", b"two"]),
    "several lines": (b"data: a\ndata:\ndata: b\n\n", [b"a\n\nb"]),
    "several lines, CRLF": (b"data: a\r\ndata: b\r\n\r\n", [b"a\nb"]),
    "several lines, CR": (b"data: a\rdata: b\r\r", [b"a\nb"]),
    "empty data": (b"data:\n\ndata: x\n\n", [b"", b"x"]),
    "comments": (b": keep-alive\n\ndata: a\n: inside\ndata: b\n\n:\n\n", [b"a\nb"]),
    "other fields": (b"event: ping\nid: 7\nretry: 3\ndata: x\nunknown\n\n", [b"x"]),
    "blank lines only": (b"\n\n\r\n\r\r", []),
    "a mark": (BOM + b"data: x\n\n", [b"x"]),
    "a mark and a comment": (BOM + b": hi\n\ndata: x\n\n", [b"x"]),
    "a mark inside": (b"data: " + BOM + b"\n\n", [BOM]),
    "no final blank line": (b"data: x\n", [b"x"]),
    "no final line end": (b"data: x\n\ndata: y", [b"x", b"y"]),
    "ends in CR": (b"data: x\r", [b"x"]),
    "unicode line separators": (
        "data: a\u2028b\u2029c\x85d\x0be\x0cf\n\n".encode(),
        ["a\u2028b\u2029c\x85d\x0be\x0cf".encode()],
    ),
    "multi-byte": ("data: ü€😀\n\n".encode(), ["ü€😀".encode()]),
    "nothing": (b"", []),
}


def read(chunks, **options):
    reader = SSEReader(**options)
    payloads = [payload for chunk in chunks for payload in reader.feed(chunk)]
    return payloads + reader.flush()


@pytest.mark.parametrize(("body", "payloads"), BODIES.values(), ids=BODIES)
def test_a_body_gives_its_payloads(body, payloads):
    assert read([body]) == payloads


@pytest.mark.parametrize(("body", "payloads"), BODIES.values(), ids=BODIES)
def test_payloads_are_the_same_for_every_cut_in_three(body, payloads):
    for first in range(len(body) + 1):
        for second in range(first, len(body) + 1):
            chunks = [body[:first], body[first:second], body[second:]]
            assert read(chunks) == payloads, chunks


@pytest.mark.parametrize(("body", "payloads"), BODIES.values(), ids=BODIES)
def test_payloads_are_the_same_byte_by_byte(body, payloads):
    assert read([body[at : at + 1] for at in range(len(body))]) == payloads


pieces = st.sampled_from([b"\r", b"\n", b"\r\n", b"data:", b"data: ", b" ", b"a", b":", b"{", BOM])


@given(st.lists(pieces, max_size=25), st.lists(st.integers(0, 60), max_size=8))
def test_any_body_reads_the_same_for_any_cut(parts, cuts):
    body = b"".join(parts)
    bounds = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:end] for start, end in pairwise(bounds)]
    expected = reference(body)
    assert read([body]) == expected
    assert read(chunks) == expected
    assert read([body[at : at + 1] for at in range(len(body))]) == expected


def reference(body):
    """The specification, on a whole body; bytes.splitlines knows CR, LF and CRLF only."""
    payloads, data = [], []
    for line in [*body.removeprefix(BOM).splitlines(), b""]:
        name, _, value = line.partition(b":")
        if line.startswith(b"data:") and name == b"data":
            data.append(value.removeprefix(b" "))
        elif not line and data:
            payloads.append(b"\n".join(data))
            data = []
    return payloads


def test_an_event_is_given_as_soon_as_it_is_complete():
    reader = SSEReader()
    assert reader.feed(b"data: x\n") == []
    assert reader.feed(b"\n") == [b"x"]
    assert reader.feed(b"data: y\r") == []
    assert reader.feed(b"\r") == [b"y"]
    assert reader.feed(b"\n") == []
    assert reader.flush() == []


def test_raw_json_is_kept_aside():
    reader = SSEReader()
    assert reader.feed(b'data: x\n\n{"error":\n') == [b"x"]
    assert reader.feed(b'"boom"}') == []
    assert reader.flush() == []
    assert reader.stray == b'{"error":\n"boom"}'


def test_other_text_is_not_kept_aside():
    reader = SSEReader()
    reader.feed(b"event: x\n: {\nid: {\nhello\n\n")
    assert reader.stray == b""


def test_what_is_kept_aside_is_bounded():
    reader = SSEReader(max_line_bytes=10)
    for _ in range(100):
        reader.feed(b"{1234567\n")
    assert len(reader.stray) < 30


LONG = {
    "whole data line": [b"data: 1234567\n\n"],
    "unfinished line": [b"data: 12", b"34567"],
    "whole comment": [b":12345678901\n"],
    "data over several lines": [b"data: 1234\n", b"data: 1234\n", b"data: 1234\n"],
    "empty data lines": [b"data:\n" * 11],
}


@pytest.mark.parametrize("chunks", LONG.values(), ids=LONG)
def test_a_line_or_event_over_the_cap_is_an_error(chunks):
    with pytest.raises(LineTooLong):
        read(chunks, max_line_bytes=10)


def test_the_cap_itself_is_allowed_and_counts_per_event():
    assert read([b"data: 1234\n\n" * 5], max_line_bytes=10) == [b"1234"] * 5
    assert read([b"data: 1", b"234"], max_line_bytes=10) == [b"1234"]
