"""Streams: the same events for every way to cut a body, and the answer a whole body would give."""

import base64
import itertools
import json
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.errors import ErrorKind
from majordomo.http import SSEReader
from majordomo.llm import (
    FinishEvent,
    FinishReason,
    ImagePart,
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
from majordomo.providers.faults import WireFault
from majordomo.providers.google import GoogleWire
from majordomo.providers.wire import ResponseMeta

WIRE = GoogleWire()
META = ResponseMeta(target=Target("google", "gemini-3.8-flash"))
COUNTS = {"promptTokenCount": 9, "candidatesTokenCount": 12, "thoughtsTokenCount": 30}
PNG = b"\x89PNG\r\n\x1a\n"


def chunk(*parts, reason=None, counts=COUNTS, **fields):
    candidate = {"index": 0}
    if parts:
        candidate["content"] = {"role": "model", "parts": list(parts)}
    if reason:
        candidate["finishReason"] = reason
    known = {"modelVersion": "gemini-3.8-flash-001", "responseId": "r1", **fields}
    return {"candidates": [candidate], "usageMetadata": counts, **known}


def text(value, **fields):
    return {"text": value, **fields}


def thought(value, **fields):
    return {"text": value, "thought": True, **fields}


def call(name="lookup", args=None, id=None, **fields):
    made = {
        "name": name,
        **({"args": args} if args is not None else {}),
        **({"id": id} if id else {}),
    }
    return {"functionCall": made, **fields}


def sse(*chunks, newline="\r\n"):
    return "".join(
        f"data: {json.dumps(c, ensure_ascii=False)}{newline}{newline}" for c in chunks
    ).encode()


END = chunk(text(""), reason="STOP")
SIGNED = {"thoughtSignature": "EsQB/+=="}
LOOKUP = call(args={"q": "x é"}, **SIGNED)
PICTURE = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}}
SEARCH = {"toolCall": {"name": "google_search", "args": {"q": "é"}}, "thoughtSignature": "T1"}

# name: (chunks, the whole answer's parts, its reason)
BODIES = {
    "plain text": (
        [chunk(text("Hel")), chunk(text("lo, wörld 🎈")), END],
        [text("Hello, wörld 🎈")],
        "STOP",
    ),
    "thoughts, text and a call": (
        [
            chunk(thought("Let me")),
            chunk(thought(" see.")),
            chunk(text("Check")),
            chunk(text("ing.")),
            chunk(LOOKUP),
            END,
        ],
        [thought("Let me see."), text("Checking."), LOOKUP],
        "STOP",
    ),
    "parallel calls in one chunk and in several": (
        [chunk(LOOKUP, call("count", {"n": [1, 2.5, None]})), chunk(call("clock")), END],
        [LOOKUP, call("count", {"n": [1, 2.5, None]}), call("clock")],
        "STOP",
    ),
    "calls with ids": (
        [chunk(call(args={}, id="fc_1")), chunk(call(args={"q": 1}, id="fc_2")), END],
        [call(args={}, id="fc_1"), call(args={"q": 1}, id="fc_2")],
        "STOP",
    ),
    "a signature at the very end": (
        [chunk(text("Hel")), chunk(text("lo")), chunk(text("", **SIGNED), reason="STOP")],
        [text("Hello"), text("", **SIGNED)],
        "STOP",
    ),
    "signed texts stay apart": (
        [
            chunk(text("a")),
            chunk(text("b", **SIGNED)),
            chunk(text("c")),
            chunk(text("d")),
            chunk(thought("e", thoughtSignature="S2")),
            chunk(thought("f")),
            END,
        ],
        [
            text("a"),
            text("b", **SIGNED),
            text("cd"),
            thought("e", thoughtSignature="S2"),
            thought("f"),
        ],
        "STOP",
    ),
    "thinking between texts": (
        [chunk(text("a")), chunk(thought("b")), chunk(thought("")), chunk(text("c")), END],
        [text("a"), thought("b"), text("c")],
        "STOP",
    ),
    "an empty text does not cut": (
        [chunk(text("a")), chunk(text("")), chunk(text("b")), END],
        [text("ab")],
        "STOP",
    ),
    "parts of the server": (
        [
            chunk({"executableCode": {"language": "PYTHON", "code": "1"}}),
            chunk({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}),
            chunk(SEARCH),
            chunk({"brandNew": {"a": None}}),
            chunk(text("so")),
            END,
        ],
        [
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            SEARCH,
            {"brandNew": {"a": None}},
            text("so"),
        ],
        "STOP",
    ),
    "a picture": (
        [chunk(text("Here:")), chunk({**PICTURE, **SIGNED}), END],
        [text("Here:"), {**PICTURE, **SIGNED}],
        "STOP",
    ),
    "no content at the end": (
        [
            chunk(text("ok")),
            chunk(reason="STOP", counts={"candidatesTokenCount": 12, "thoughtsTokenCount": None}),
        ],
        [text("ok")],
        "STOP",
    ),
    "counts after the end": (
        [
            chunk(text("ok"), counts={"promptTokenCount": 2}),
            chunk(reason="STOP", counts={}),
            {"usageMetadata": COUNTS},
        ],
        [text("ok")],
        "STOP",
    ),
    "a null reason erases nothing": (
        [chunk(text("ok"), reason="STOP"), {**chunk(), "candidates": [{"finishReason": None}]}],
        [text("ok")],
        "STOP",
    ),
    "thoughts ate the budget": (
        [chunk(thought("hm")), chunk(reason="MAX_TOKENS")],
        [thought("hm")],
        "MAX_TOKENS",
    ),
    "cut after a call": ([chunk(LOOKUP), chunk(reason="MAX_TOKENS")], [LOOKUP], "MAX_TOKENS"),
    "unsafe": ([chunk(text("I can")), chunk(reason="SAFETY")], [text("I can")], "SAFETY"),
    "other candidates are ignored": (
        [
            {
                **chunk(text("ok")),
                "candidates": [
                    {"index": 1, "content": {"parts": [text("no")]}, "finishReason": "OTHER"},
                    {"index": 0, "content": {"parts": [text("ok")]}},
                ],
            },
            END,
        ],
        [text("ok")],
        "STOP",
    ),
    "nothing said": ([END], [], "STOP"),
}
EVERY_BODY = pytest.mark.parametrize("name", BODIES)


def whole(name):
    _, parts, reason = BODIES[name]
    return chunk(*parts, reason=reason)


def same_ids():
    """Ids of calls the server gave none, the same in every answer."""
    numbers = itertools.count()

    class Numbered:
        def __init__(self):
            self.hex = f"{next(numbers):032d}"[::-1]

    return patch("majordomo.providers.callids.uuid.uuid4", Numbered)


def decode(body):
    with same_ids():
        return WIRE.decode(body, META)


def play(chunks):
    """What a client reads: events, then the response."""
    with same_ids():
        reader, decoder, events = SSEReader(), WIRE.decoder(), []
        for piece in chunks:
            for payload in reader.feed(piece):
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
    assert play([sse(*BODIES[name][0])])[1] == decode(whole(name))


@EVERY_BODY
def test_an_answer_in_a_list_of_chunks_is_read_too(name):
    assert decode(BODIES[name][0]) == decode(whole(name))


@EVERY_BODY
def test_every_cut_in_two_gives_the_same(name):
    body = sse(*BODIES[name][0])
    expected = play([body])
    for at in range(len(body)):
        assert play([body[:at], body[at:]]) == expected


@EVERY_BODY
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_byte_by_byte_gives_the_same_for_every_line_end(name, newline):
    chunks = BODIES[name][0]
    body = sse(*chunks, newline=newline)
    assert play(body[at : at + 1] for at in range(len(body))) == play([sse(*chunks)])


@given(name=st.sampled_from(sorted(BODIES)), data=st.data())
def test_any_chunking_gives_the_same(name, data):
    body = sse(*BODIES[name][0])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=40)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert play(chunks) == play([body])


pieces = st.lists(
    st.tuples(st.text(max_size=3), st.booleans(), st.sampled_from(["", "", "", "S1", "S2"])),
    max_size=8,
)


@given(pieces)
def test_pieces_of_text_join_as_far_as_signatures_allow(given_pieces):
    parts = [
        {
            "text": said,
            **({"thought": True} if is_thought else {}),
            **({"thoughtSignature": signature} if signature else {}),
        }
        for said, is_thought, signature in given_pieces
    ]
    streamed = play([sse(*(chunk(part) for part in parts), END)])[1]
    assert streamed == decode(chunk(*parts, reason="STOP"))
    assert streamed.text == "".join(said for said, is_thought, _ in given_pieces if not is_thought)
    state = streamed.message.state
    sent = json.loads(state.data)["parts"] if state else []
    signatures = [(p["text"], p["thoughtSignature"]) for p in parts if "thoughtSignature" in p]
    assert [
        (p["text"], p["thoughtSignature"]) for p in sent if "thoughtSignature" in p
    ] == signatures


@EVERY_BODY
def test_every_prefix_without_a_reason_is_truncated(name):
    chunks = BODIES[name][0]
    body = sse(*chunks)
    ends = next(
        at
        for at, c in enumerate(chunks)
        if any(o.get("finishReason") and not o.get("index") for o in c["candidates"])
    )
    complete = len(sse(*chunks[: ends + 1]).rstrip())
    for at in range(complete):
        fault = fault_of([body[:at]])
        assert (fault.code, fault.kind) == ("truncated_stream", ErrorKind.TRANSIENT)
    play([body[:complete]])


@EVERY_BODY
def test_the_last_events_agree_with_the_response(name):
    events, response = play([sse(*BODIES[name][0])])
    assert events[-1] == FinishEvent(response.finish_reason)
    assert [e for e in events if isinstance(e, UsageEvent)][-1] == UsageEvent(response.usage)
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == response.text
    thoughts = "".join(e.text for e in events if isinstance(e, ThinkingDelta))
    assert thoughts == response.message.thinking
    ended = [e for e in events if isinstance(e, ToolCallEnd)]
    assert [(e.id, e.name, e.arguments) for e in ended] == [
        (c.id, c.name, c.arguments) for c in response.message.tool_calls
    ]


def test_the_events_of_thoughts_text_and_a_call():
    events, response = play([sse(*BODIES["thoughts, text and a call"][0])])
    call_id = response.message.tool_calls[0].id
    assert events == [
        ThinkingDelta("Let me"),
        UsageEvent(Usage(input=9, output=42, reasoning=30, requests=1)),
        ThinkingDelta(" see."),
        TextDelta("Check"),
        TextDelta("ing."),
        ToolCallStart(0, call_id, "lookup"),
        ToolCallDelta(0, '{"q":"x é"}'),
        ToolCallEnd(0, call_id, "lookup", '{"q":"x é"}'),
        FinishEvent(FinishReason.TOOL_CALLS),
    ]
    assert response.message.parts == (
        ThinkingPart("Let me see."),
        TextPart("Checking."),
        ToolCallPart(id=call_id, name="lookup", arguments='{"q":"x é"}'),
    )
    # The summary of the thoughts is not sent back: what binds is the signature.
    assert json.loads(response.message.state.data) == {"parts": [text("Checking."), LOOKUP]}
    assert (response.request_id, response.served_model) == ("r1", "gemini-3.8-flash-001")


def test_calls_without_an_id_get_one_each():
    body = sse(chunk(call(), call()), chunk(call()), END)
    decoder = WIRE.decoder()
    for _ in range(2):
        for payload in SSEReader().feed(body):
            decoder.feed(payload)
    ids = {c.id for c in decoder.response(META).message.tool_calls}
    assert len(ids) == 6
    assert all(ids)


def test_an_id_of_the_server_s_is_kept():
    _, response = play([sse(*BODIES["calls with ids"][0])])
    assert [c.id for c in response.tool_calls] == ["fc_1", "fc_2"]
    assert [c.arguments for c in response.tool_calls] == ["{}", '{"q":1}']
    assert json.loads(response.message.state.data)["parts"] == BODIES["calls with ids"][1]


def test_missing_arguments_are_none():
    for args in (None, {}):
        assert decode(chunk(call(args=args), reason="STOP")).tool_calls[0].arguments == "{}"


def test_parts_of_the_server_are_kept_as_they_came():
    _, response = play([sse(*BODIES["parts of the server"][0])])
    kinds = [p.kind for p in response.message.parts if isinstance(p, OpaquePart)]
    assert kinds == ["executableCode", "codeExecutionResult", "toolCall", "brandNew"]
    assert json.loads(response.message.state.data)["parts"] == BODIES["parts of the server"][1]
    assert response.finish_reason is FinishReason.STOP


def test_a_picture_is_an_image():
    _, response = play([sse(*BODIES["a picture"][0])])
    assert response.message.parts == (TextPart("Here:"), ImagePart(data=PNG, mime="image/png"))
    assert json.loads(response.message.state.data)["parts"][1] == {**PICTURE, **SIGNED}


def test_a_draft_among_the_thoughts_is_no_image():
    parts = decode(chunk({**PICTURE, "thought": True}, reason="STOP")).message.parts
    assert [type(part) for part in parts] == [OpaquePart]


def test_a_turn_the_parts_say_completely_has_no_state():
    for parts in ([text("a"), call(args={"q": 1})], [thought("hm"), text("a")], [text("")], []):
        assert decode(chunk(*parts, reason="STOP")).message.state is None


def test_a_call_cut_by_the_token_limit_is_not_to_be_executed():
    _, response = play([sse(*BODIES["cut after a call"][0])])
    assert response.finish_reason is FinishReason.LENGTH
    assert response.tool_calls == ()


ERROR = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}


def test_an_error_in_the_stream_is_an_error_for_every_cut():
    body = sse(chunk(text("some")), ERROR)
    for at in range(len(body)):
        fault = fault_of([body[:at], body[at:]])
        assert (fault.message, fault.status, fault.code) == ("overloaded", 503, "UNAVAILABLE")


def test_an_error_in_a_list_is_found():
    assert fault_of([sse([ERROR])]).status == 503


@pytest.mark.parametrize("error", ["no", {}, {"message": ""}, 7, []])
def test_an_error_of_any_form_is_an_error(error):
    assert fault_of([sse({"error": error})]).message


def test_a_blocked_prompt_is_a_permanent_error():
    fault = fault_of([sse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})])
    assert (fault.code, fault.kind) == ("PROHIBITED_CONTENT", ErrorKind.PERMANENT)


@pytest.mark.parametrize("body", [b"", b"\r\n", b": ping\r\n\r\n", b"data: \r\n\r\n"])
def test_an_empty_stream_is_truncated(body):
    assert fault_of([body]).code == "truncated_stream"


def test_a_done_marker_some_proxies_add_says_nothing():
    body = sse(*BODIES["plain text"][0])
    assert play([body + b"data: [DONE]\r\n\r\n"]) == play([body])


def test_what_was_received_before_a_break_can_be_read():
    decoder = WIRE.decoder()
    for payload in SSEReader().feed(sse(chunk(text("a")), chunk(LOOKUP), chunk(text("b")))):
        decoder.feed(payload)
    partial = decoder.response(META)
    assert partial.text == "ab"
    assert partial.usage.input == 9
    assert json.loads(partial.message.state.data)["parts"] == [text("a"), LOOKUP, text("b")]


def test_only_the_last_payload_may_be_cut():
    decoder = WIRE.decoder()
    assert list(decoder.feed(b'{"candidates":[{"cont')) == []
    with pytest.raises(ValueError, match="EOF"):
        decoder.feed(json.dumps(END).encode())


def test_a_cut_payload_after_the_reason_is_still_a_cut():
    assert fault_of([sse(END) + b'data: {"usageMeta']).code == "truncated_stream"


def test_broken_utf_8_is_replaced():
    decoder = WIRE.decoder()
    payload = json.dumps(chunk(text("a?"))).encode().replace(b"?", b"\xff")
    assert decoder.feed(payload)[0] == TextDelta("a\ufffd")


@pytest.mark.parametrize(
    "body",
    [
        7,
        "x",
        {"candidates": [{"content": {"parts": ["x"]}}]},
        {"candidates": [{"content": []}, 3]},
        {"candidates": 3},
        chunk({"text": 5}),
        chunk({"functionCall": {"args": {}}}),
        chunk({"functionCall": {"name": ""}}),
        chunk({"functionCall": {"name": 5}}),
        chunk(call(args=["x"])),
        chunk(call(args="{}")),
    ],
)
def test_payloads_of_another_shape_are_malformed(body):
    decoder = WIRE.decoder()
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        decoder.feed(json.dumps(body).encode())


def test_arguments_are_bounded():
    big = chunk(call(args={"q": "x" * 300_000}), reason="STOP")
    with pytest.raises(ArgumentsTooLong):
        WIRE.decoder().feed(json.dumps(big).encode())
    with pytest.raises(ArgumentsTooLong):
        decode(big)
