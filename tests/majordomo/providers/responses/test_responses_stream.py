"""Streams: the same events for every way to cut a body, and the answer a whole body would give."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executus.testing import Turn
from executus.testing.server import responses_answer, responses_stream
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
from majordomo.providers.faults import WireFault
from majordomo.providers.responses import ResponsesWire
from majordomo.providers.wire import ResponseMeta

WIRE = ResponsesWire()
META = ResponseMeta(target=Target("openai-responses", "gpt-6.1-sol"), request_id="req_1")
USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 1},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 32},
    "total_tokens": 150,
}
COUNTED = Usage(input=100, output=50, cache_read=64, cache_write=1, reasoning=32, requests=1)


def sse(*events, newline="\n", named=True):
    lines = []
    for number, event in enumerate(events):
        data = {"type": event["type"], "sequence_number": number, **event}
        name = [f"event: {event['type']}"] if named else []
        lines += [*name, f"data: {json.dumps(data, ensure_ascii=False)}", ""]
    return newline.join([*lines, ""]).encode()


def event(kind, **fields):
    return {"type": f"response.{kind}", **fields}


def body(*items, status="completed", **fields):
    known = {"id": "resp_1", "object": "response", "model": "gpt-6.1-sol", "error": None}
    return {**known, "status": status, "output": list(items), "usage": USAGE, **fields}


def created():
    return event("created", response=body(status="in_progress", usage=None))


def terminal(whole):
    return event(whole["status"], response=whole)


def added(at, item):
    return event("output_item.added", output_index=at, item=item)


def done(at, item):
    return event("output_item.done", output_index=at, item=item)


def part(text):
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message(*content, **fields):
    known = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    return {**known, "content": list(content), **fields}


def call(arguments, at=1, **fields):
    known = {"type": "function_call", "id": f"fc_{at}", "call_id": f"call_{at}", "name": "lookup"}
    return {**known, "arguments": arguments, "status": "completed", **fields}


def reasoning(*texts, **fields):
    summary = [{"type": "summary_text", "text": text} for text in texts]
    return {"type": "reasoning", "id": "rs_1", "summary": summary, **fields}


def text_deltas(at, *deltas, content=0, kind="output_text"):
    where = {"item_id": "msg_1", "output_index": at, "content_index": content}
    return [
        event(f"{kind}.delta", **where, delta=delta, logprobs=[], obfuscation="x9")
        for delta in deltas
    ]


def argument_deltas(at, *deltas):
    return [
        event("function_call_arguments.delta", item_id="fc", output_index=at, delta=delta)
        for delta in deltas
    ]


def thought_deltas(at, *deltas, part=0):
    where = {"item_id": "rs_1", "output_index": at, "summary_index": part}
    return [event("reasoning_summary_text.delta", **where, delta=delta) for delta in deltas]


THOUGHT = reasoning("Wörld 😀", "two", encrypted_content="gAAAA…")
SAID = message(part("Let me "), part("see…"), phase="commentary")
ASKED = call('{"q":"x"}')
RICH = body(THOUGHT, SAID, ASKED, call("{}", 2))
RICH_EVENTS = [
    event("queued", response=body(status="queued")),
    created(),
    event("in_progress", response=body(status="in_progress")),
    added(0, reasoning(encrypted_content="gA")),
    event("reasoning_summary_part.added", output_index=0, summary_index=0, part={}),
    *thought_deltas(0, "Wörld", " 😀"),
    event("reasoning_summary_text.done", output_index=0, summary_index=0, text="Wörld 😀"),
    *thought_deltas(0, "tw", "o", part=1),
    done(0, THOUGHT),
    added(1, message(status="in_progress", phase="commentary")),
    event("content_part.added", output_index=1, content_index=0, part=part("")),
    *text_deltas(1, "Let", " me "),
    event("output_text.done", output_index=1, content_index=0, text="Let me "),
    event("output_text.annotation.added", output_index=1, annotation={}),
    *text_deltas(1, "see…", "", content=1),
    event("content_part.done", output_index=1, content_index=0, part=part("Let me ")),
    done(1, SAID),
    added(2, call("", status="in_progress")),
    *argument_deltas(2, '{"q":', '"x"}'),
    event("function_call_arguments.done", output_index=2, arguments='{"q":"x"}'),
    done(2, ASKED),
    added(3, call("", 2, status="in_progress")),
    event("function_call_arguments.done", output_index=3, arguments="{}"),
    done(3, call("{}", 2)),
    terminal(RICH),
]
REFUSED = body(message({"type": "refusal", "refusal": "I won't."}))
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"q": "é"}}
OPEN = reasoning(content=[{"type": "reasoning_text", "text": "Hm. So"}])
CUT = body(
    message(part("Hel"), status="incomplete"),
    call('{"q":"x', status="incomplete"),
    status="incomplete",
    incomplete_details={"reason": "max_output_tokens"},
)
BOTH = body(message(part("Hm…"), phase="commentary"), message(part("4"), phase="final_answer"))

# name: (events, the whole answer)
BODIES = {
    "rich": (RICH_EVENTS, RICH),
    "refusal": (
        [
            created(),
            added(0, message()),
            *text_deltas(0, "I w", "on't.", kind="refusal"),
            event("refusal.done", output_index=0, content_index=0, refusal="I won't."),
            done(0, REFUSED["output"][0]),
            terminal(REFUSED),
        ],
        REFUSED,
    ),
    "interleaved": (
        [
            added(0, call("", 0)),
            added(1, call("", 1)),
            *argument_deltas(1, '{"a"'),
            *argument_deltas(0, "{"),
            *argument_deltas(1, ":1}"),
            *argument_deltas(0, "}"),
            done(1, call('{"a":1}', 1)),
            done(0, call("{}", 0)),
            terminal(body(call("{}", 0), call('{"a":1}', 1))),
        ],
        body(call("{}", 0), call('{"a":1}', 1)),
    ),
    "hosted tools and unknown events": (
        [
            created(),
            event("web_search_call.searching", output_index=0),
            {"type": "keepalive"},
            {"type": "brand.new", "output_index": 7, "delta": 5},
            added(0, {**SEARCH, "status": "in_progress"}),
            done(0, SEARCH),
            added(1, message()),
            *text_deltas(1, "é"),
            done(1, message(part("é"))),
            terminal(body(SEARCH, message(part("é")))),
        ],
        body(SEARCH, message(part("é"))),
    ),
    "open weights": (
        [
            added(0, reasoning()),
            event("reasoning_text.delta", output_index=0, content_index=0, delta="Hm. "),
            event("reasoning_text.delta", output_index=0, content_index=0, delta="So"),
            done(0, OPEN),
            added(1, message()),
            *text_deltas(1, "x"),
            done(1, message(part("x"))),
            terminal(body(OPEN, message(part("x")))),
        ],
        body(OPEN, message(part("x"))),
    ),
    "cut": (
        [
            created(),
            added(0, message(status="in_progress")),
            *text_deltas(0, "Hel"),
            done(0, CUT["output"][0]),
            added(1, call("", status="in_progress")),
            *argument_deltas(1, '{"q":"x'),
            done(1, CUT["output"][1]),
            terminal(CUT),
        ],
        CUT,
    ),
    "only the end": ([terminal(RICH)], RICH),
    "no deltas": (
        [
            *(make(at, item) for at, item in enumerate(RICH["output"]) for make in (added, done)),
            terminal({**RICH, "output": []}),
        ],
        RICH,
    ),
    "nothing announced": (
        [*(done(at, item) for at, item in enumerate(RICH["output"])), terminal(RICH)],
        RICH,
    ),
    "no items completed": (
        [e for e in RICH_EVENTS if e["type"] != "response.output_item.done"],
        RICH,
    ),
    "gaps in the places": (
        [
            added(3, message()),
            *text_deltas(3, "a"),
            added(8, call("")),
            *argument_deltas(8, "{}"),
            terminal(body(message(part("a")), call("{}"))),
        ],
        body(message(part("a")), call("{}")),
    ),
    "no items at all": ([created(), terminal(body())], body()),
    **{
        f"scripted: {name}": (
            [json.loads(c.split(b"data: ")[1]) for c in responses_stream(turn).chunks],
            responses_answer(turn).body,
        )
        for name, turn in {
            "text": Turn.text("Hello, Wörld 😀", thinking="hm", signature="s"),
            "calls": Turn.calls(("add", {"a": 1}), ("clock", {}), content="Let me see."),
            "length": Turn.text("Hello", stop="max_output_tokens"),
        }.items()
    },
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
    events, whole = BODIES[name]
    assert play([sse(*events)])[1] == WIRE.decode(whole, META)


@EVERY_BODY
def test_events_need_no_names(name):
    events, _ = BODIES[name]
    assert play([sse(*events, named=False)]) == play([sse(*events)])


@pytest.mark.parametrize("share", range(6))  # all of them take seconds
@pytest.mark.parametrize("name", ["rich", "cut", "refusal"])
def test_every_cut_in_two_gives_the_same(name, share):
    stream = sse(*BODIES[name][0])
    expected = play([stream])
    for at in range(share, len(stream), 6):
        assert play([stream[:at], stream[at:]]) == expected


@EVERY_BODY
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_byte_by_byte_gives_the_same_for_every_line_end(name, newline):
    events = BODIES[name][0]
    stream = sse(*events, newline=newline)
    assert play(stream[at : at + 1] for at in range(len(stream))) == play([sse(*events)])


@given(name=st.sampled_from(sorted(BODIES)), data=st.data())
def test_any_chunking_gives_the_same(name, data):
    stream = sse(*BODIES[name][0])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=40)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert play(chunks) == play([stream])


@pytest.mark.parametrize("name", ["rich", "cut", "only the end"])
def test_every_strict_prefix_is_truncated(name):
    stream = sse(*BODIES[name][0])
    for at in range(0, len(stream.rstrip()), 7):
        fault = fault_of([stream[:at]])
        assert (fault.code, fault.kind) == ("truncated_stream", ErrorKind.TRANSIENT)


@EVERY_BODY
def test_the_events_agree_with_the_response(name):
    events, response = play([sse(*BODIES[name][0])])
    assert events[-1] == FinishEvent(response.finish_reason)
    assert [e for e in events if isinstance(e, UsageEvent)] == [UsageEvent(response.usage)]
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == response.text
    thought = "".join(e.text for e in events if isinstance(e, ThinkingDelta))
    assert thought == response.message.thinking
    ended = sorted((e.index, e.id, e.name, e.arguments) for e in events if is_end(e))
    # Of an answer that the token limit cut, the last call is kept and did not end.
    calls = response.message.tool_calls[: len(ended) if name == "cut" else None]
    assert ended == [(at, c.id, c.name, c.arguments) for at, c in enumerate(calls)]
    for index, _, _, arguments in ended:
        pieces = [e.arguments for e in events if isinstance(e, ToolCallDelta) and e.index == index]
        assert "".join(pieces) == arguments


def is_end(event):
    return isinstance(event, ToolCallEnd)


def test_the_events_of_a_rich_stream():
    events, response = play([sse(*RICH_EVENTS)])
    assert events == [
        ThinkingDelta("Wörld"),
        ThinkingDelta(" 😀"),
        ThinkingDelta("\n\ntw"),
        ThinkingDelta("o"),
        TextDelta("Let"),
        TextDelta(" me "),
        TextDelta("see…"),
        ToolCallStart(0, "call_1", "lookup"),
        ToolCallDelta(0, '{"q":'),
        ToolCallDelta(0, '"x"}'),
        ToolCallEnd(0, "call_1", "lookup", '{"q":"x"}'),
        ToolCallStart(1, "call_2", "lookup"),
        ToolCallDelta(1, "{}"),
        ToolCallEnd(1, "call_2", "lookup", "{}"),
        UsageEvent(COUNTED),
        FinishEvent(FinishReason.TOOL_CALLS),
    ]
    # The copy that was added held only a part of what is encrypted.
    assert json.loads(response.message.state.data) == RICH["output"]


def test_commentary_is_streamed_as_text_and_is_not_the_answer():
    stream = [
        added(0, message(phase="commentary")),
        *text_deltas(0, "Hm…"),
        done(0, BOTH["output"][0]),
        added(1, message(phase="final_answer")),
        *text_deltas(1, "4"),
        done(1, BOTH["output"][1]),
        terminal(BOTH),
    ]
    events, response = play([sse(*stream)])
    assert events[:2] == [TextDelta("Hm…"), TextDelta("4")]
    assert response == WIRE.decode(BOTH, META)
    assert response.message.parts == (ThinkingPart("Hm…"), TextPart("4"))


def test_hosted_tools_are_no_calls():
    events, response = play([sse(*BODIES["hosted tools and unknown events"][0])])
    assert not [e for e in events if isinstance(e, ToolCallStart | ToolCallEnd)]
    [part_, _] = response.message.parts
    assert isinstance(part_, OpaquePart)


def test_a_cut_call_is_begun_and_never_ended():
    events, response = play([sse(*BODIES["cut"][0])])
    assert [type(e) for e in events if not isinstance(e, TextDelta | UsageEvent)] == [
        ToolCallStart,
        ToolCallDelta,
        FinishEvent,
    ]
    cut = ToolCallPart(id="call_1", name="lookup", arguments='{"q":"x')
    assert response.message.parts == (TextPart("Hel"), cut)
    assert response.tool_calls == ()


def test_an_empty_list_at_the_end_leaves_what_was_streamed():
    open_ = [e for e in RICH_EVENTS if e["type"] != "response.output_item.done"][:-1]
    events, response = play([sse(*open_, terminal({**RICH, "output": []}))])
    assert response.message.parts == WIRE.decode(RICH, META).message.parts
    assert [e.arguments for e in events if is_end(e)] == ['{"q":"x"}', "{}"]
    thought, said, *calls = json.loads(response.message.state.data)
    assert "encrypted_content" not in thought
    assert (said["phase"], [c["status"] for c in calls]) == ("commentary", ["completed"] * 2)


def test_of_a_cut_answer_without_items_an_open_call_is_not_complete():
    stream = [added(0, call("")), *argument_deltas(0, '{"q"'), terminal({**CUT, "output": []})]
    events, response = play([sse(*stream)])
    [cut] = response.message.parts
    assert (cut.arguments, response.tool_calls) == ('{"q"', ())
    assert not list(filter(is_end, events))


def test_complete_arguments_count_more_than_their_pieces():
    stream = [added(0, call("")), *argument_deltas(0, '{"b":'), done(0, call('{"a":1}'))]
    events, response = play([sse(*stream, terminal(body(call('{"a":1}'))))])
    assert ToolCallEnd(0, "call_1", "lookup", '{"a":1}') in events
    assert response.tool_calls[0].arguments == '{"a":1}'


def test_a_call_keeps_the_id_it_began_with():
    nameless = call("{}", call_id="", id="")
    stream = [added(0, nameless), done(0, nameless), terminal(body(nameless))]
    events, response = play([sse(*stream)])
    assert events[0].id
    assert events[0].id == response.tool_calls[0].id


def test_the_end_mark_of_another_wire_is_tolerated():
    stream = sse(*RICH_EVENTS)
    assert play([stream + b"data: [DONE]\n\n"]) == play([stream])
    assert fault_of([sse(created()) + b"data: [DONE]\n\n"]).code == "truncated_stream"


def test_nothing_is_read_after_the_end():
    decoder = WIRE.decoder()
    decoder.feed(json.dumps(terminal(RICH)).encode())
    assert decoder.done
    assert list(decoder.feed(b'{"type":"error","message":"x"}')) == []


@pytest.mark.parametrize(
    ("failure", "message_", "code", "param"),
    [
        (
            {"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": None},
            "slow",
            "rate_limit_exceeded",
            None,
        ),
        ({"type": "error", "error": {"message": "no", "code": "x", "param": "p"}}, "no", "x", "p"),
        ({"type": "error"}, "the provider gave no message", None, None),
        ({"type": "odd", "error": {"message": "proxy says no"}}, "proxy says no", None, None),
        (
            terminal(body(status="failed", error={"code": "server_error", "message": "sorry"})),
            "sorry",
            "server_error",
            None,
        ),
        (
            terminal(body(status="failed")),
            "the answer failed; the provider did not say why",
            None,
            None,
        ),
        (
            event("failed", response=None),
            "the answer failed; the provider did not say why",
            None,
            None,
        ),
    ],
)
def test_an_error_in_the_stream_ends_it(failure, message_, code, param):
    stream = sse(*RICH_EVENTS[:-1], failure)
    fault = fault_of([stream])
    assert (fault.message, fault.code, fault.param, fault.type) == (message_, code, param, None)


def test_what_was_received_before_a_break_can_be_read_and_is_not_sent_back_as_it_is():
    decoder = WIRE.decoder()
    events = [
        *RICH_EVENTS[:-4],
        added(4, message()),
        *text_deltas(4, "so"),
        added(5, call("", 5)),
        *argument_deltas(5, '{"q'),
    ]
    for payload in SSEReader().feed(sse(*events)):
        decoder.feed(payload)
    partial = decoder.response(META)
    assert partial.message.parts == (
        ThinkingPart("Wörld 😀\n\ntwo"),
        TextPart("Let me "),
        TextPart("see…"),
        ToolCallPart(id="call_1", name="lookup", arguments='{"q":"x"}'),
        TextPart("so"),
    )
    assert partial.message.state is None
    assert (partial.finish_reason, partial.served_model) == (FinishReason.OTHER, "gpt-6.1-sol")


def test_only_the_last_payload_may_be_cut():
    decoder = WIRE.decoder()
    assert list(decoder.feed(b'{"type":"response.outp')) == []
    with pytest.raises(ValueError, match="EOF"):
        decoder.feed(json.dumps(created()).encode())


def test_broken_utf_8_is_replaced():
    payload = json.dumps(text_deltas(0, "a?")[0] | {"obfuscation": ""}).encode()
    assert list(WIRE.decoder().feed(payload.replace(b"a?", b"a\xff"))) == [TextDelta("a\ufffd")]


@pytest.mark.parametrize("payload", [b"", b"  ", b"{}", b'{"type":"new"}', b"[DONE]"])
def test_payloads_without_meaning_say_nothing(payload):
    decoder = WIRE.decoder()
    assert list(decoder.feed(payload)) == []
    assert list(decoder.feed(payload)) == []


@pytest.mark.parametrize(
    "given_",
    [
        [],
        event("output_text.delta", output_index=0),
        event("output_text.delta", output_index=0, delta=5),
        event("output_text.delta", delta="x"),
        event("function_call_arguments.delta", output_index=7, delta="{}"),
        event("output_item.added", output_index=1, item={"type": "function_call"}),
        event("output_item.done", output_index=1, item=None),
    ],
)
def test_payloads_of_another_shape_are_malformed(given_):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        WIRE.decoder().feed(json.dumps(given_).encode())


@pytest.mark.parametrize("streamed", [True, False])
def test_argument_text_is_bounded(streamed):
    decoder = WIRE.decoder()
    decoder.feed(json.dumps(added(0, call(""))).encode())
    piece = "x" * 200_000
    more = argument_deltas(0, piece)[0] if streamed else done(0, call("y" + 2 * piece))
    decoder.feed(json.dumps(argument_deltas(0, piece)[0]).encode())
    with pytest.raises(ArgumentsTooLong):
        decoder.feed(json.dumps(more).encode())
