"""Pieces of a stream become the parts of a message."""

import pytest

from majordomo.llm import (
    OpaquePart,
    TextPart,
    ThinkingPart,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallPart,
    ToolCallStart,
)
from majordomo.llm.assembler import MAX_ARGUMENT_CHARS, ArgumentsTooLong, Assembler, Kind


def test_parts_come_in_key_order_not_in_order_of_arrival():
    pieces = Assembler()
    pieces.piece((2,), Kind.TEXT).chunks.append("answer")
    pieces.piece((1,), Kind.THINKING).chunks.append("hmm")
    pieces.piece((1, 5), Kind.TEXT).chunks.append("between")
    assert pieces.parts() == (ThinkingPart("hmm"), TextPart("between"), TextPart("answer"))


def test_chunks_under_one_key_are_joined():
    pieces = Assembler()
    for chunk in ("a", "", "b"):
        pieces.piece((0,), Kind.TEXT).chunks.append(chunk)
    assert pieces.parts() == (TextPart("ab"),)


def test_empty_texts_are_left_out():
    pieces = Assembler()
    pieces.piece((0,), Kind.TEXT)
    pieces.piece((1,), Kind.THINKING)
    assert pieces.parts() == ()


def test_a_call_makes_its_three_events_and_a_part():
    pieces = Assembler()
    call, start = pieces.start_call((0,), "id", "add")
    events = [start, pieces.add_arguments(call, '{"a"'), pieces.add_arguments(call, ":1}")]
    events.append(pieces.end_call(call))
    assert events == [
        ToolCallStart(0, "id", "add"),
        ToolCallDelta(0, '{"a"'),
        ToolCallDelta(0, ":1}"),
        ToolCallEnd(0, "id", "add", '{"a":1}'),
    ]
    assert pieces.parts() == (ToolCallPart(id="id", name="add", arguments='{"a":1}'),)


def test_interleaved_calls_keep_their_own_arguments():
    pieces = Assembler()
    assert pieces.has_calls is False
    first, _ = pieces.start_call((0,), "1", "a")
    second, start = pieces.start_call((1,), "2", "b")
    assert start.index == 1
    pieces.add_arguments(second, "2")
    pieces.add_arguments(first, "1")
    assert pieces.open_calls == [first, second]
    pieces.end_call(first)
    assert pieces.open_calls == [second]
    assert pieces.has_calls is True
    assert pieces.parts() == (ToolCallPart(id="1", name="a", arguments="1"),)


def test_a_call_without_arguments_has_an_empty_object():
    pieces = Assembler()
    call, _ = pieces.start_call((0,), "1", "now")
    assert pieces.end_call(call).arguments == "{}"
    assert pieces.parts() == (ToolCallPart(id="1", name="now", arguments="{}"),)


def test_an_opaque_piece_keeps_its_kind_and_data():
    pieces = Assembler()
    piece = pieces.piece((0,), Kind.OPAQUE)
    piece.id, piece.name = "wire", "block"
    piece.chunks.append("{}")
    assert pieces.parts() == (OpaquePart(provider="wire", kind="block", data="{}"),)


def test_arguments_have_a_limit():
    pieces = Assembler()
    call, _ = pieces.start_call((0,), "1", "write")
    pieces.add_arguments(call, "x" * MAX_ARGUMENT_CHARS)
    with pytest.raises(ArgumentsTooLong, match="'write' are over 262144 characters"):
        pieces.add_arguments(call, "x")
