"""What the recorded bodies do not show: exact events, broken payloads, calls hard to tell apart."""

import json
import re

import pytest

from majordomo.errors import ErrorKind
from majordomo.http import SSEReader
from majordomo.llm import (
    FinishEvent,
    FinishReason,
    Target,
    TextDelta,
    TextPart,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
    UsageEvent,
)
from majordomo.llm.assembler import MAX_ARGUMENT_CHARS, ArgumentsTooLong
from majordomo.providers.faults import WireFault
from majordomo.providers.openai.decode import decode_response
from majordomo.providers.openai.stream import ChatDecoder
from majordomo.providers.wire import ResponseMeta

META = ResponseMeta(target=Target("host", "m"))
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
COUNTED = Usage(input=9, output=2, requests=1)


def chunk(delta=None, finish=None, **fields):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"model": "served", "choices": choices, **fields}


def piece(index=None, id=None, name=None, arguments=None):
    function = {k: v for k, v in (("name", name), ("arguments", arguments)) if v is not None}
    raw = {k: v for k, v in (("index", index), ("id", id)) if v is not None}
    return chunk({"tool_calls": [raw | {"function": function}]})


def encoded(*payloads):
    return [p if isinstance(p, bytes) else json.dumps(p).encode() for p in payloads]


def feed(*payloads):
    decoder = ChatDecoder()
    return decoder, [event for payload in encoded(*payloads) for event in decoder.feed(payload)]


def finish(*payloads):
    decoder, events = feed(*payloads)
    return [*events, *decoder.end()], decoder.response(META)


HEL, LO, STOP = chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk({}, "stop")
LAST = chunk(usage=USAGE)
LOOKUP = (piece(0, "call_A", "lookup", ""), piece(0, None, None, '{"q":'))
REST = piece(0, None, None, '"x"}')


def test_events_of_a_thought_a_text_and_usage():
    assert finish(chunk({"reasoning": "Hm"}), HEL, LO, STOP, LAST, b"[DONE]")[0] == [
        ThinkingDelta("Hm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageEvent(COUNTED),
        FinishEvent(FinishReason.STOP),
    ]


def test_a_call_ends_when_the_next_begins_or_the_answer_ends():
    clock = piece(1, "call_B", "clock", "")
    assert finish(*LOOKUP, REST, clock, LAST, chunk({}, "tool_calls"))[0] == [
        ToolCallStart(0, "call_A", "lookup"),
        ToolCallDelta(0, '{"q":'),
        ToolCallDelta(0, '"x"}'),
        ToolCallEnd(0, "call_A", "lookup", '{"q":"x"}'),
        ToolCallStart(1, "call_B", "clock"),
        UsageEvent(COUNTED),
        ToolCallEnd(1, "call_B", "clock", "{}"),
        FinishEvent(FinishReason.TOOL_CALLS),
    ]


# name: (fragments, the calls they make)
CALLS = {
    "another id on every fragment": (
        [piece(0, "call_A", "lookup", '{"q":'), piece(0, "x7", None, "1}")],
        [("lookup", '{"q":1}')],
    ),
    "no ids, always index 0": (
        [piece(0, "", "a", '{"q":1}'), piece(0, "", "b", "{}"), piece(0, "", "b", "{}")],
        [("a", '{"q":1}'), ("b", "{}"), ("b", "{}")],
    ),
    "no ids, no index, no arguments": (
        [piece(name="a"), piece(name="b")],
        [("a", "{}"), ("b", "{}")],
    ),
    "neither, name on every fragment": (
        [piece(name="a", arguments='{"q":'), piece(name="a", arguments="1}")],
        [("a", '{"q":1}')],
    ),
    "the same tool twice, no ids, no arguments": (
        [piece(0, None, "a"), piece(1, None, "a")],
        [("a", "{}"), ("a", "{}")],
    ),
    "an object inside is not the end": (
        [piece(0, None, "a", '{"q":{}'), piece(0, None, "a", "}")],
        [("a", '{"q":{}}')],
    ),
    "a fragment for an unknown place continues the last call": (
        [piece(0, "call_A", "a", '{"q":'), piece(7, None, None, "1}")],
        [("a", '{"q":1}')],
    ),
    "calls announced before any arguments": (
        [
            piece(0, "call_A", "a"),
            piece(1, "call_B", "b"),
            piece(0, None, None, '{"q":1}'),
            piece(1, None, None, '{"q":2}'),
        ],
        [("a", '{"q":1}'), ("b", '{"q":2}')],
    ),
}


@pytest.mark.parametrize(("fragments", "calls"), CALLS.values(), ids=CALLS)
def test_fragments_find_their_call(fragments, calls):
    events, response = finish(*fragments, b"[DONE]")
    assert [(c.name, c.arguments) for c in response.tool_calls] == calls
    assert response.finish_reason is FinishReason.TOOL_CALLS
    ends = {e.index: (e.name, e.arguments) for e in events if isinstance(e, ToolCallEnd)}
    assert [ends[index] for index in range(len(calls))] == calls


def test_ids_of_our_own_are_unique():
    ids = [
        c.id
        for _ in range(3)
        for c in finish(*CALLS["no ids, always index 0"][0], STOP)[1].tool_calls
    ]
    assert len(set(ids)) == len(ids) == 9
    assert all(re.fullmatch(r"call_[0-9a-f]{24}", id_) for id_ in ids)


def test_a_call_still_open_is_no_part_of_what_was_received():
    decoder, _ = feed(HEL, *LOOKUP)
    partial = decoder.response(META)
    assert partial.message.parts == (TextPart("Hel"),)
    assert partial.finish_reason is FinishReason.OTHER
    with pytest.raises(WireFault) as caught:
        decoder.end()
    assert (caught.value.fault.code, caught.value.fault.kind) == (
        "truncated_stream",
        ErrorKind.TRANSIENT,
    )


def test_calls_cut_by_length_are_kept_but_not_for_execution():
    response = finish(*LOOKUP, chunk({}, "length"))[1]
    assert response.tool_calls == ()
    assert response.message.tool_calls[0].arguments == '{"q":'


def test_unchanged_usage_is_told_once_and_never_erased():
    events, response = finish(
        HEL | {"usage": USAGE}, LAST, chunk(usage={}), chunk(usage={"total_tokens": 1}), STOP
    )
    assert [e for e in events if isinstance(e, UsageEvent)] == [UsageEvent(COUNTED)]
    assert response.usage == COUNTED


@pytest.mark.parametrize(
    ("payload", "message", "status"),
    [
        (
            {"choices": [{"finish_reason": "error", "error": {"code": 429, "message": "slow"}}]},
            "slow",
            429,
        ),
        (
            {"choices": [{"delta": {"content": "x"}, "finish_reason": "error"}]},
            "ended the answer",
            500,
        ),
        ({"error": ["odd"]}, "odd", None),
        ([{"error": {"message": "listed", "code": 503}}], "listed", 503),
        (chunk({"content": "x"}, error={"message": "plain"}), "plain", None),
        (
            {"error": {"message": "by field", "status_code": 400, "code": "tool_use_failed"}},
            "by field",
            400,
        ),
    ],
)
def test_an_error_is_raised_wherever_it_stands(payload, message, status):
    with pytest.raises(WireFault, match=message) as caught:
        finish(HEL, payload)
    assert caught.value.fault.status == status


@pytest.mark.parametrize("payloads", [(chunk(),), (), ({"choices": None},), (chunk({}),)])
def test_an_end_marker_after_nothing_is_a_truncated_stream(payloads):
    with pytest.raises(WireFault) as caught:
        finish(*payloads, b"[DONE]")
    assert (caught.value.fault.code, caught.value.fault.kind) == (
        "truncated_stream",
        ErrorKind.TRANSIENT,
    )


def test_an_end_marker_after_content_is_an_end_though_no_reason_came():
    """Some servers never give one (wire/openai §11); others then send no marker."""
    assert finish(HEL, LO, b"[DONE]")[1].finish_reason is FinishReason.STOP
    assert finish(*LOOKUP, REST, b"[DONE]")[1].finish_reason is FinishReason.TOOL_CALLS
    with pytest.raises(WireFault, match="before its answer was complete"):
        finish(HEL, LO)


def whole(reason, *calls):
    raw = [{"id": id_, "function": {"name": n, "arguments": a}} for id_, n, a in calls]
    choice = {"message": {"tool_calls": raw}, "finish_reason": reason}
    return decode_response({"model": "served", "choices": [choice]}, META)


def test_a_call_cut_by_the_token_limit_is_kept_and_not_ended():
    """Whole and streamed are the same: the loop answers the call and does not execute it."""
    first = piece(0, "call_A", "clock", '{"z":1}')
    cut = piece(1, "call_B", "lookup", '{"q": "sno')
    events, response = finish(first, cut, chunk({}, "length"), b"[DONE]")
    assert response == whole(
        "length", ("call_A", "clock", '{"z":1}'), ("call_B", "lookup", '{"q": "sno')
    )
    assert response.tool_calls == ()
    assert [call.arguments for call in response.message.tool_calls] == ['{"z":1}', '{"q": "sno']
    assert [e for e in events if isinstance(e, ToolCallEnd)] == [
        ToolCallEnd(0, "call_A", "clock", '{"z":1}')
    ]
    assert events[-1] == FinishEvent(FinishReason.LENGTH)


@pytest.mark.parametrize(
    "arguments", ["{", '{"q": "sno', '{"q": 1, ', '{"q": [1', '{"q": tru', '"x']
)
def test_a_call_that_breaks_off_for_no_reason_given_is_no_answer(arguments):
    with pytest.raises(WireFault) as caught:
        finish(HEL, piece(0, "call_A", "lookup", arguments), b"[DONE]")
    assert (caught.value.fault.code, caught.value.fault.kind) == (
        "truncated_stream",
        ErrorKind.TRANSIENT,
    )
    with pytest.raises(WireFault, match="breaks off within a tool call") as caught:
        whole(None, ("call_A", "lookup", arguments))
    assert caught.value.fault.kind is ErrorKind.TRANSIENT


@pytest.mark.parametrize("arguments", ["{q: 1}", '{"q": 1}}', "snow", "{'q': 1}"])
@pytest.mark.parametrize("reason", [None, "tool_calls"])
def test_a_call_written_wrongly_is_ended_as_it_is(reason, arguments):
    """It is whole, and wrong: the tool's own check tells the model so."""
    called = ("call_A", "lookup", arguments)
    end = [chunk({}, reason)] if reason else []
    events, response = finish(piece(0, *called), *end, b"[DONE]")
    assert response == whole(reason, called)
    assert ToolCallEnd(0, *called) in events


@pytest.mark.parametrize(
    "payloads",
    [
        (b"{broken", b"[DONE]"),
        (b"{broken", chunk()),
        (b"{broken", HEL),
        (b"{broken", {"choices": [{"delta": {"content": "x"}}]}),
        (b"{broken", b"{again"),
        (b'"text"',),
        (chunk({"content": 7}),),
        (chunk("x"),),
        ({"choices": "x"},),
        (piece(None, None, None, "x"),),
        (piece(0, "call_A", "", "x"),),
    ],
)
def test_malformed_payloads_are_told_as_such(payloads):
    *before, last = encoded(*payloads)
    decoder, events = feed(*before)
    assert events == []
    with pytest.raises((ValueError, TypeError, AttributeError, KeyError)):
        decoder.feed(last)


def test_a_stream_cut_after_its_finish_is_complete():
    body = b"".join(b"data: " + p + b"\n\n" for p in encoded(HEL, LO, STOP, LAST, b"[DONE]"))
    for at in range(body.index(b'"stop"') + 9, len(body)):
        reader, decoder = SSEReader(), ChatDecoder()
        payloads = [*reader.feed(body[:at]), *reader.flush()]
        events = [event for payload in payloads for event in decoder.feed(payload)]
        assert [*events, *decoder.end()][-1] == FinishEvent(FinishReason.STOP), body[at:]
        assert decoder.response(META).text == "Hello"


def test_arguments_without_end_are_refused():
    decoder, _ = feed(piece(0, "c", "a", "x" * MAX_ARGUMENT_CHARS))
    with pytest.raises(ArgumentsTooLong):
        decoder.feed(*encoded(piece(0, None, None, "x")))


def test_nothing_is_read_after_the_end():
    decoder, _ = feed(HEL)
    assert (decoder.done, decoder.feed(b" [DONE] "), decoder.done) == (False, (), True)
    after = encoded(LO, {"error": "x"}, b"{broken", b"[DONE]", STOP)
    assert [list(decoder.feed(payload)) for payload in after] == [[]] * 5
    assert decoder.end() == (FinishEvent(FinishReason.STOP),)
    assert decoder.response(META).text == "Hel"


def test_blank_data_is_nothing():
    assert finish(b"", HEL, b"  ", STOP)[1].text == "Hel"


def test_what_stands_beside_a_plain_piece_of_text_is_not_lost():
    first = HEL | {"usage": USAGE, "model": "told once"}
    rest = {"choices": [{"delta": {"content": "lo"}, "finish_reason": "length"}]}
    events, response = finish(first, rest)
    assert UsageEvent(COUNTED) in events
    assert (response.served_model, response.usage) == ("told once", COUNTED)
    plain = {"choices": [{"delta": {"content": "x"}}], "usage": USAGE}
    assert finish(plain, b"[DONE]")[1].usage == COUNTED
    plain_model = finish({"model": "m-1", "choices": [{"delta": {"content": "x"}}]}, b"[DONE]")[1]
    assert plain_model.served_model == "m-1"


def test_pieces_of_reasoning_details_make_the_text_the_whole_makes():
    entry = {"type": "reasoning.text", "index": 0}
    pieces = [{"text": "h", **entry}, {"signature": "s", **entry, "text": "m"}]
    deltas = [chunk({"reasoning_details": [detail]}) for detail in pieces]
    whole = chunk({"reasoning_details": [{"signature": "s", "text": "hm", **entry}]})
    states = [finish(*answer, HEL, STOP)[1].message.state for answer in (deltas, [whole])]
    assert states[0] is not None
    assert states[0] == states[1]
