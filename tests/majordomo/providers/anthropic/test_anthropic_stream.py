"""Streams: the same events for every way to cut a body, and the answer a whole body would give."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.errors import ErrorKind
from majordomo.http import SSEReader
from majordomo.llm import (
    FinishEvent,
    FinishReason,
    OpaquePart,
    Target,
    TextDelta,
    TextPart,
    ThinkingDelta,
    ThinkingPart,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallPart,
    ToolCallStart,
    Usage,
    UsageEvent,
)
from majordomo.llm.assembler import ArgumentsTooLong
from majordomo.providers.anthropic import AnthropicWire
from majordomo.providers.faults import WireFault
from majordomo.providers.wire import ResponseMeta

WIRE = AnthropicWire()
META = ResponseMeta(target=Target("anthropic", "claude-opus-5-5"), request_id="req_1")
USAGE = {"input_tokens": 12, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 900}
PING = {"type": "ping"}


def sse(*events, newline="\n"):
    lines = [
        line
        for event in events
        for line in (
            f"event: {event['type']}",
            f"data: {json.dumps(event, ensure_ascii=False)}",
            "",
        )
    ]
    return newline.join([*lines, ""]).encode()


def start(**message):
    usage = {**USAGE, "output_tokens": 1}
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5"}
    return {
        "type": "message_start",
        "message": {**body, "content": [], "stop_reason": None, "usage": usage, **message},
    }


def block(index, content_block, *deltas):
    return [
        {"type": "content_block_start", "index": index, "content_block": content_block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text(index, *pieces):
    deltas = ({"type": "text_delta", "text": piece} for piece in pieces)
    return block(index, {"type": "text", "text": ""}, *deltas)


def thinking(index, *pieces, signature="EqSig"):
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    if signature:
        deltas.append({"type": "signature_delta", "signature": signature})
    return block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)


def call(index, *pieces, id="toolu_1", name="lookup", input=None):
    deltas = ({"type": "input_json_delta", "partial_json": piece} for piece in pieces)
    return block(index, {"type": "tool_use", "id": id, "name": name, "input": input or {}}, *deltas)


def stop(reason, **usage):
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": {"output_tokens": 80, **usage},
    }


END = {"type": "message_stop"}


def whole(*content, reason="end_turn", **usage):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": list(content),
        "stop_reason": reason,
        "usage": {**USAGE, "output_tokens": 80, **usage},
    }


THOUGHT = {"type": "thinking", "thinking": "Let me see.", "signature": "EqSig"}
HIDDEN = {"type": "thinking", "thinking": "", "signature": "EqSig"}
REDACTED = {"type": "redacted_thinking", "data": "b64data=="}
LOOKUP = {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"q": "x é"}}
SEARCH = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "é"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"url": "u"}]}
CITED = {"type": "char_location", "cited_text": "so", "document_index": 0}

BODIES = {
    "plain text": (
        [start(), *text(0, "Hel", "lo, wörld 🎈", ""), stop("end_turn"), END],
        whole({"type": "text", "text": "Hello, wörld 🎈"}),
    ),
    "thinking, text and a call": (
        [
            start(),
            *thinking(0, "Let me", " see."),
            *text(1, "Checking."),
            *call(2, "", '{"q":', ' "x é"}'),
            stop("tool_use"),
            END,
        ],
        whole(THOUGHT, {"type": "text", "text": "Checking."}, LOOKUP, reason="tool_use"),
    ),
    "display omitted": (
        [start(), *thinking(0), *call(1, '{"q":"x é"}'), stop("tool_use"), END],
        whole(HIDDEN, LOOKUP, reason="tool_use"),
    ),
    "signature in two pieces": (
        [
            start(),
            *block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": "Let me see."},
                {"type": "signature_delta", "signature": "Eq"},
                {"type": "signature_delta", "signature": "Sig"},
            ),
            *text(1, "ok"),
            stop("end_turn"),
            END,
        ],
        whole(THOUGHT, {"type": "text", "text": "ok"}),
    ),
    "redacted thinking": (
        [start(), *block(0, REDACTED), *text(1, "ok"), stop("end_turn"), END],
        whole(REDACTED, {"type": "text", "text": "ok"}),
    ),
    "parallel calls": (
        [
            start(),
            *call(0, '{"q":"x é"}'),
            *call(1, '{"n"', ":2}", id="toolu_2", name="count"),
            stop("tool_use"),
            END,
        ],
        whole(
            LOOKUP,
            {"type": "tool_use", "id": "toolu_2", "name": "count", "input": {"n": 2}},
            reason="tool_use",
        ),
    ),
    "no input deltas": (
        [
            start(),
            *call(0),
            *call(1, input={"n": 2}, id="toolu_2"),
            *call(2, "", id="toolu_3"),
            stop("tool_use"),
            END,
        ],
        whole(
            {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {}},
            {"type": "tool_use", "id": "toolu_2", "name": "lookup", "input": {"n": 2}},
            {"type": "tool_use", "id": "toolu_3", "name": "lookup", "input": {}},
            reason="tool_use",
        ),
    ),
    "input that is not an object": (
        [start(), *thinking(0, "Let me see."), *call(1, '["x"]'), stop("tool_use"), END],
        whole(THOUGHT, {**LOOKUP, "input": ["x"]}, reason="tool_use"),
    ),
    "pings and unknown events everywhere": (
        [
            part
            for event in [
                start(),
                *thinking(0, "Let me see."),
                *text(1, "a", "b"),
                stop("end_turn"),
            ]
            for part in (PING, event, {"type": "brand_new", "index": 0})
        ]
        + [END],
        whole(THOUGHT, {"type": "text", "text": "ab"}),
    ),
    "unknown deltas and fields": (
        [
            start(container=None),
            *block(
                0,
                {"type": "text", "text": ""},
                {"type": "text_delta", "text": "so", "extra": 1},
                {"type": "brand_new_delta", "text": "no"},
                {"type": "text_delta", "text": "!"},
            ),
            stop("end_turn"),
            END,
        ],
        whole({"type": "text", "text": "so!"}),
    ),
    "citations": (
        [
            start(),
            *thinking(0, "Let me see."),
            *block(
                1,
                {"type": "text", "text": ""},
                {"type": "citations_delta", "citation": CITED},
                {"type": "text_delta", "text": "so"},
            ),
            stop("end_turn"),
            END,
        ],
        whole(THOUGHT, {"type": "text", "text": "so", "citations": [CITED]}),
    ),
    "the server's own tools": (
        [
            start(),
            *block(
                0,
                {**SEARCH, "input": {}},
                {"type": "input_json_delta", "partial_json": '{"query":'},
                {"type": "input_json_delta", "partial_json": '"é"}'},
            ),
            *block(1, FOUND),
            stop("pause_turn"),
            END,
        ],
        whole(SEARCH, FOUND, reason="pause_turn"),
    ),
    "text in the start, stops left out": (
        [
            start(),
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": "A"},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "B"},
            },
            {"type": "content_block_start", "index": 1, "content_block": LOOKUP},
            stop("tool_use"),
            END,
        ],
        whole({"type": "text", "text": "AB"}, LOOKUP, reason="tool_use"),
    ),
    "thinking in the start": (
        [
            start(),
            *block(
                0,
                {**THOUGHT, "thinking": "Let me", "signature": "Eq"},
                *[
                    {"type": "thinking_delta", "thinking": " see."},
                    {"type": "signature_delta", "signature": "Sig"},
                ],
            ),
            stop("end_turn"),
            END,
        ],
        whole(THOUGHT),
    ),
    "refusal": (
        [
            start(),
            *text(0, "I can"),
            {
                "type": "message_delta",
                "delta": {"stop_reason": "refusal", "stop_details": {"type": "refusal"}},
                "usage": {"output_tokens": 80},
            },
            END,
        ],
        whole({"type": "text", "text": "I can"}, reason="refusal"),
    ),
    "nothing said": ([start(), stop("end_turn"), END], whole()),
    "several message deltas": (
        [
            start(),
            *text(0, "ok"),
            stop("end_turn", output_tokens=40, input_tokens=None),
            stop(
                None,
                input_tokens=20,
                cache_read_input_tokens=None,
                output_tokens_details={"thinking_tokens": 30},
            ),
            END,
        ],
        whole(
            {"type": "text", "text": "ok"},
            input_tokens=20,
            output_tokens_details={"thinking_tokens": 30},
        ),
    ),
    "no counts at all": (
        [start(usage=None), *text(0, "ok"), {"type": "message_delta", "delta": {}}, END],
        {"content": [{"type": "text", "text": "ok"}], "model": "claude-opus-5-5", "usage": None},
    ),
}
EVERY_BODY = pytest.mark.parametrize("name", BODIES)


def play(chunks):
    """What a client reads: events, then the response."""
    reader, decoder, events = SSEReader(), WIRE.decoder(), []
    for chunk in chunks:
        for payload in reader.feed(chunk):
            events.extend(decoder.feed(payload))
    for payload in reader.flush():
        events.extend(decoder.feed(payload))
    events.extend(decoder.end())
    return events, decoder.response(META)


def fault_of(chunks):
    with pytest.raises(WireFault) as caught:
        play(chunks)
    return caught.value.fault


@EVERY_BODY
def test_a_streamed_answer_equals_the_whole_one(name):
    events, body = BODIES[name]
    assert play([sse(*events)])[1] == WIRE.decode(body, META)


@EVERY_BODY
def test_every_cut_in_two_gives_the_same(name):
    body = sse(*BODIES[name][0])
    expected = play([body])
    for at in range(len(body)):
        assert play([body[:at], body[at:]]) == expected


@EVERY_BODY
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_byte_by_byte_gives_the_same_for_every_line_end(name, newline):
    events = BODIES[name][0]
    body = sse(*events, newline=newline)
    assert play(body[at : at + 1] for at in range(len(body))) == play([sse(*events)])


@given(name=st.sampled_from(sorted(BODIES)), data=st.data())
def test_any_chunking_gives_the_same(name, data):
    body = sse(*BODIES[name][0])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=40)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert play(chunks) == play([body])


@EVERY_BODY
def test_every_strict_prefix_is_truncated(name):
    body = sse(*BODIES[name][0])
    # The closing brace of message_stop makes it complete; line ends after it say nothing more.
    for at in range(len(body.rstrip())):
        fault = fault_of([body[:at]])
        assert (fault.code, fault.kind) == ("truncated_stream", ErrorKind.TRANSIENT)


@EVERY_BODY
def test_the_last_events_agree_with_the_response(name):
    events, response = play([sse(*BODIES[name][0])])
    assert events[-1] == FinishEvent(response.finish_reason)
    assert [e for e in events if isinstance(e, UsageEvent)][-1] == UsageEvent(response.usage)
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == response.text
    thought = "".join(e.text for e in events if isinstance(e, ThinkingDelta))
    assert thought == response.message.thinking
    ended = [e for e in events if isinstance(e, ToolCallEnd)]
    assert [(e.id, e.name, json.loads(e.arguments)) for e in ended] == [
        (c.id, c.name, json.loads(c.arguments)) for c in response.message.tool_calls
    ]


def test_the_events_of_thinking_text_and_a_call():
    events, response = play([sse(*BODIES["thinking, text and a call"][0])])
    usage = {"input": 917, "cache_read": 900, "cache_write": 5, "requests": 1}
    assert events == [
        UsageEvent(Usage(output=1, **usage)),
        ThinkingDelta("Let me"),
        ThinkingDelta(" see."),
        TextDelta("Checking."),
        ToolCallStart(0, "toolu_1", "lookup"),
        ToolCallDelta(0, '{"q":'),
        ToolCallDelta(0, ' "x é"}'),
        ToolCallEnd(0, "toolu_1", "lookup", '{"q": "x é"}'),
        UsageEvent(Usage(output=80, **usage)),
        FinishEvent(FinishReason.TOOL_CALLS),
    ]
    assert response.message.parts == (
        ThinkingPart("Let me see."),
        TextPart("Checking."),
        ToolCallPart(id="toolu_1", name="lookup", arguments='{"q":"x é"}'),
    )
    assert json.loads(response.message.state.data) == [
        THOUGHT,
        {"type": "text", "text": "Checking."},
        LOOKUP,
    ]
    assert (response.request_id, response.served_model) == ("req_1", "claude-opus-5-5")


def test_the_server_s_own_tools_are_no_calls():
    events, response = play([sse(*BODIES["the server's own tools"][0])])
    assert not [e for e in events if isinstance(e, ToolCallStart | ToolCallDelta | ToolCallEnd)]
    assert [part.kind for part in response.message.parts if isinstance(part, OpaquePart)] == [
        "server_tool_use",
        "web_search_tool_result",
    ]
    assert response.finish_reason is FinishReason.PAUSE


def test_thinking_without_text_is_kept_as_state_only():
    _, response = play([sse(*BODIES["display omitted"][0])])
    assert [type(part) for part in response.message.parts] == [ToolCallPart]
    assert json.loads(response.message.state.data) == [HIDDEN, LOOKUP]


@pytest.mark.parametrize("broken", ['{"q": ', '{"q": NaN}', "no", "  {]"])
def test_broken_input_reaches_the_tool_as_written_and_the_server_as_an_object(broken):
    body = sse(start(), *thinking(0, "hm"), *call(1, broken), stop("tool_use"), END)
    events, response = play([body])
    assert response.message.tool_calls[0].arguments == broken
    assert ToolCallEnd(0, "toolu_1", "lookup", broken) in events
    sent = json.loads(response.message.state.data)
    assert sent[1]["input"] == {"invalid_arguments": broken}


def test_a_call_cut_by_the_token_limit_is_not_to_be_executed():
    body = sse(start(), *call(0, '{"q": "x'), stop("max_tokens"), END)
    events, response = play([body])
    assert response.finish_reason is FinishReason.LENGTH
    assert response.tool_calls == ()
    assert [c.arguments for c in response.message.tool_calls] == ['{"q": "x']
    assert not any(isinstance(event, ToolCallEnd) for event in events)


def test_a_call_that_was_whole_before_the_token_limit_is_ended():
    body = sse(start(), *call(0, '{"q": 1}'), *text(1, "and"), stop("max_tokens"), END)
    events, response = play([body])
    assert response.tool_calls == ()
    assert ToolCallEnd(0, "toolu_1", "lookup", '{"q": 1}') in events


@pytest.mark.parametrize(
    ("type_", "status", "kind"),
    [
        ("overloaded_error", 529, ErrorKind.TRANSIENT),
        ("rate_limit_error", 429, None),
        ("api_error", 500, None),
        ("timeout_error", 504, None),
        ("invalid_request_error", 400, None),
        ("authentication_error", 401, ErrorKind.AUTH),
        ("permission_error", 403, ErrorKind.AUTH),
        ("not_found_error", 404, ErrorKind.NOT_FOUND),
        ("billing_error", 402, ErrorKind.QUOTA),
        ("brand_new_error", None, None),
    ],
)
def test_an_error_in_the_stream_has_the_status_of_its_type(type_, status, kind):
    error = {"type": "error", "error": {"type": type_, "message": "no"}, "request_id": "req_1"}
    body = sse(start(), *text(0, "some"), error)
    for at in range(len(body)):
        fault = fault_of([body[:at], body[at:]])
        assert (fault.type, fault.message, fault.status, fault.kind) == (type_, "no", status, kind)


def test_an_error_without_a_type_of_event_is_an_error_all_the_same():
    fault = fault_of([b'data: {"error": {"message": "proxy says no"}}\n\n'])
    assert fault.message == "proxy says no"


def test_what_was_received_before_a_break_can_be_read():
    decoder = WIRE.decoder()
    events = [start(), *thinking(0, "done"), *thinking(1, "half")[:-2], *call(2, '{"q":1}')[:-1]]
    for payload in SSEReader().feed(sse(*events, *text(3, "some")[:-1])):
        decoder.feed(payload)
    partial = decoder.response(META)
    assert partial.message.parts == (ThinkingPart("done"), ThinkingPart("half"), TextPart("some"))
    # What has no signature yet would be refused when it is sent back.
    assert json.loads(partial.message.state.data) == [
        {"type": "thinking", "thinking": "done", "signature": "EqSig"},
        {"type": "text", "text": "some"},
    ]


def test_only_the_last_payload_may_be_cut():
    decoder = WIRE.decoder()
    assert list(decoder.feed(b'{"type":"content_bl')) == []
    with pytest.raises(ValueError, match="EOF"):
        decoder.feed(json.dumps(PING).encode())


def test_broken_utf_8_is_replaced():
    decoder = WIRE.decoder()
    decoder.feed(json.dumps(text(0)[0]).encode())
    payload = json.dumps(text(0, "a?")[1]).encode().replace(b"?", b"\xff")
    assert list(decoder.feed(payload)) == [TextDelta("a\ufffd")]


@pytest.mark.parametrize("payload", [b"", b"  ", b'{"type":"ping"}   ', b"{}", b'{"type":"new"}'])
def test_payloads_without_meaning_say_nothing(payload):
    decoder = WIRE.decoder()
    assert list(decoder.feed(payload)) == []
    assert list(decoder.feed(payload)) == []


@pytest.mark.parametrize(
    "event",
    [
        [],
        {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 5}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}},
        {"type": "message_start"},
    ],
)
def test_payloads_of_another_shape_are_malformed(event):
    decoder = WIRE.decoder()
    for opening in (start(), text(0, "x")[0]):
        decoder.feed(json.dumps(opening).encode())
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        decoder.feed(json.dumps(event).encode())


def test_argument_text_is_bounded():
    decoder = WIRE.decoder()
    decoder.feed(json.dumps(call(0)[0]).encode())
    delta = {"type": "input_json_delta", "partial_json": "x" * 200_000}
    payload = json.dumps({"type": "content_block_delta", "index": 0, "delta": delta}).encode()
    decoder.feed(payload)
    with pytest.raises(ArgumentsTooLong):
        decoder.feed(payload)
