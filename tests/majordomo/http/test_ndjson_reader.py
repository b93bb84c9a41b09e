from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.http import LineTooLong, NDJSONReader

BOM = b"\xef\xbb\xbf"

BODIES = {
    "two lines": (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
    "CRLF": (b"1\r\n2\r\n", [b"1", b"2"]),
    "blank lines": (b"\n\n1\n \t\r\n2\n", [b"1", b"2"]),
    "no final newline": (b"1\n2", [b"1", b"2"]),
    "a mark": (BOM + b"1\n2\n", [b"1", b"2"]),
    "unicode line separators": ('"a\u2028b\x85"\n'.encode(), ['"a\u2028b\x85"'.encode()]),
    "multi-byte": ('"ü€😀"\n1'.encode(), ['"ü€😀"'.encode(), b"1"]),
    "nothing": (b"", []),
}


def read(chunks, **options):
    reader = NDJSONReader(**options)
    lines = [line for chunk in chunks for line in reader.feed(chunk)]
    return lines + reader.flush()


@pytest.mark.parametrize(("body", "lines"), BODIES.values(), ids=BODIES)
def test_lines_are_the_same_for_every_cut_in_three(body, lines):
    for first in range(len(body) + 1):
        for second in range(first, len(body) + 1):
            chunks = [body[:first], body[first:second], body[second:]]
            assert read(chunks) == lines, chunks


@given(st.lists(st.sampled_from([b"\n", b"\r\n", b"1", b"{}", b" ", BOM]), max_size=20), st.data())
def test_any_body_reads_the_same_for_any_cut(parts, data):
    body = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=6))
    bounds = [0, *sorted(cuts), len(body)]
    chunks = [body[start:end] for start, end in pairwise(bounds)]
    assert read(chunks) == read([body])


def test_a_line_is_given_as_soon_as_it_is_complete():
    reader = NDJSONReader()
    assert reader.feed(b"1\n2") == [b"1"]
    assert reader.feed(b"3") == []
    assert reader.feed(b"\n") == [b"23"]
    assert reader.flush() == []


@pytest.mark.parametrize(
    "chunks",
    [[b"12345678901"], [b"123456", b"78901"], [b"1\n12345678901\n"], [b"123456", b"78901\n"]],
)
def test_a_line_over_the_cap_is_an_error_for_every_cut(chunks):
    with pytest.raises(LineTooLong):
        read(chunks, max_line_bytes=10)


def test_the_cap_itself_is_allowed_and_counts_per_line():
    assert read([b"1234567890\n" * 3], max_line_bytes=10) == [b"1234567890"] * 3


def test_flush_leaves_nothing_behind():
    reader = NDJSONReader(max_line_bytes=4)
    for _ in range(3):
        reader.feed(b"1234")
        assert reader.flush() == [b"1234"]
    assert reader.flush() == []
