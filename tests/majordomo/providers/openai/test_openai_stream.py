import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.errors import ErrorKind
from majordomo.http import SSEReader
from majordomo.llm.parts import TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Target, Usage
from majordomo.llm.stream import FinishEvent, ToolCallEnd, ToolCallStart, UsageEvent
from majordomo.providers.faults import WireFault
from majordomo.providers.openai import OpenAIWire
from majordomo.providers.openai.stream import ChatDecoder
from majordomo.providers.wire import ResponseMeta

META = ResponseMeta(target=Target("openai", "m"), request_id="req_1")
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m-1"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
COUNTED = Usage(input=9, output=2, requests=1)
NOT_COUNTED = Usage(requests=1)
DONE = "[DONE]"
STOP, CALLED = FinishReason.STOP, FinishReason.TOOL_CALLS


def chunk(delta, finish=None, **fields):
    return {
        **CHUNK,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        "usage": None,
        **fields,
    }


def call(index=None, id=None, name=None, arguments=None, **fields):
    function = {"name": name, "arguments": arguments}
    piece = {"index": index, "id": id, "type": "function" if id else None, **fields}
    piece = {key: value for key, value in piece.items() if value is not None}
    return {**piece, "function": {k: v for k, v in function.items() if v is not None}}


def calls(*pieces, finish=None):
    return chunk({"tool_calls": list(pieces)}, finish)


def sse(*payloads, end="\n", done=True):
    texts = [p if isinstance(p, str) else json.dumps(p, ensure_ascii=False) for p in payloads]
    lines = [f"data: {text}{end}{end}" for text in (*texts, *([DONE] if done else []))]
    return "".join(lines).encode()


FIRST = chunk({"role": "assistant", "content": "", "refusal": None}, obfuscation="x9")
COUNT = {**CHUNK, "choices": [], "usage": USAGE}
END = chunk({}, "stop")
LOOK = ToolCallPart(id="call_A", name="look", arguments='{"q":"x"}')
CLOCK = ToolCallPart(id="call_B", name="clock", arguments="{}")
TEXT = (TextPart("Hél😀"),)
HEL, LO = chunk({"content": "Hé"}), chunk({"content": "l😀"})
LOOK_WHOLE = {"id": "call_A", "name": "look", "arguments": '{"q":"x"}'}


def reasoning(piece, **fields):
    return chunk({"content": "", "reasoning_details": [{"index": 0, **piece}], **fields})


# name: (body, parts, reason, usage)
BODIES = {
    "plain": (sse(FIRST, HEL, LO, END, COUNT), TEXT, STOP, COUNTED),
    "parallel calls": (
        sse(
            chunk(
                {"role": "assistant", "content": None}
                | calls(call(0, "call_A", "look", ""))["choices"][0]["delta"]
            ),
            calls(call(0, arguments='{"q":')),
            calls(call(0, arguments='"x"}')),
            calls(call(1, "call_B", "clock", "")),
            chunk({}, "tool_calls"),
            COUNT,
        ),
        (LOOK, CLOCK),
        CALLED,
        COUNTED,
    ),
    "calls interleaved": (
        sse(
            calls(call(0, "call_A", "look", ""), call(1, "call_B", "clock", "")),
            calls(call(0, arguments='{"q":'), call(1, arguments="{")),
            calls(call(1, arguments="}"), call(0, arguments='"x"}')),
            chunk({}, "tool_calls"),
        ),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "text before calls": (
        sse(HEL, LO, calls(call(0, **LOOK_WHOLE), finish="tool_calls")),
        (*TEXT, LOOK),
        CALLED,
        NOT_COUNTED,
    ),
    "reasoning_content": (
        sse(
            chunk({"role": "assistant", "content": None, "reasoning_content": "h"}),
            chunk({"content": None, "reasoning_content": "m"}),
            HEL,
            LO,
            END,
        ),
        (ThinkingPart("hm"), *TEXT),
        STOP,
        NOT_COUNTED,
    ),
    "reasoning": (
        sse(chunk({"reasoning": "h"}), chunk({"content": "Hé", "reasoning": "m"}), LO, END),
        (ThinkingPart("hm"), *TEXT),
        STOP,
        NOT_COUNTED,
    ),
    "reasoning_details in pieces": (
        sse(
            reasoning({"type": "reasoning.text", "text": "h"}, reasoning="h"),
            reasoning({"type": "reasoning.text", "text": "m"}, reasoning="m"),
            reasoning({"type": "reasoning.text", "signature": "s"}),
            HEL,
            LO,
            END,
        ),
        (ThinkingPart("hm"), *TEXT),
        STOP,
        NOT_COUNTED,
    ),
    "thinking parts": (
        sse(
            chunk({"content": [{"type": "thinking", "thinking": [{"text": "hm"}]}]}),
            chunk({"content": [{"type": "text", "text": "Hé"}]}),
            LO,
            END,
        ),
        (ThinkingPart("hm"), *TEXT),
        STOP,
        NOT_COUNTED,
    ),
    "refusal": (
        sse(FIRST, chunk({"refusal": "I w"}), chunk({"refusal": "on't"}), END),
        (TextPart("I won't"),),
        FinishReason.REFUSAL,
        NOT_COUNTED,
    ),
    "usage on the finish chunk": (
        sse(HEL, LO, chunk({}, "stop", usage=USAGE)),
        TEXT,
        STOP,
        COUNTED,
    ),
    "usage before the finish": (sse(HEL, COUNT, LO, END), TEXT, STOP, COUNTED),
    "usage on every chunk": (
        sse(
            chunk({"content": "Hé"}, usage={**USAGE, "completion_tokens": 1}),
            chunk({"content": "l😀"}, usage=USAGE),
            chunk({}, "stop", usage=USAGE),
        ),
        TEXT,
        STOP,
        COUNTED,
    ),
    "usage of groq": (
        sse(HEL, LO, chunk({}, "stop", x_groq={"usage": USAGE})),
        TEXT,
        STOP,
        COUNTED,
    ),
    "usage of groq beside text": (
        sse(HEL, chunk({"content": "l😀"}, x_groq={"usage": USAGE}), END),
        TEXT,
        STOP,
        COUNTED,
    ),
    "a moderation chunk": (
        sse(HEL, LO, END, COUNT, {**CHUNK, "choices": [], "moderation": {"x": 1}}),
        TEXT,
        STOP,
        COUNTED,
    ),
    "CRLF": (sse(HEL, LO, END, COUNT, end="\r\n"), TEXT, STOP, COUNTED),
    "CR": (sse(HEL, LO, END, end="\r"), TEXT, STOP, NOT_COUNTED),
    "comments": (
        b": OPENROUTER PROCESSING\n\n" + sse(HEL, done=False) + b":\n\n: x\n" + sse(LO, END),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "a BOM": (b"\xef\xbb\xbf" + sse(HEL, LO, END), TEXT, STOP, NOT_COUNTED),
    "no [DONE]": (sse(HEL, LO, END, done=False), TEXT, STOP, NOT_COUNTED),
    "no [DONE], no blank line": (
        sse(HEL, LO, END, done=False).rstrip(),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "no finish but [DONE]": (sse(HEL, LO), TEXT, STOP, NOT_COUNTED),
    "no finish but [DONE], calls": (
        sse(calls(call(0, **LOOK_WHOLE))),
        (LOOK,),
        CALLED,
        NOT_COUNTED,
    ),
    "no finish keys": (
        sse(
            {"choices": [{"delta": {"content": "Hé"}}]},
            {"choices": [{"delta": {"content": "l😀"}}]},
            {"choices": [{"delta": {}, "finish_reason": "stop"}]},
        ),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "null after a finish": (
        sse(HEL, LO, chunk({}, "length"), chunk({})),
        TEXT,
        FinishReason.LENGTH,
        NOT_COUNTED,
    ),
    "finish stop though calls": (
        sse(calls(call(0, **LOOK_WHOLE)), END),
        (LOOK,),
        CALLED,
        NOT_COUNTED,
    ),
    "finish with the last text": (
        sse(HEL, chunk({"content": "l😀"}, "eos")),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "role on every delta": (
        sse(
            chunk({"role": "assistant", "content": "Hé"}),
            chunk({"role": "assistant", "content": "l😀"}),
            chunk({"role": "assistant", "content": None}, "stop"),
        ),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "nothing in chunks": (
        sse(
            {},
            {"choices": None},
            {"choices": []},
            {"choices": [{}]},
            {"choices": [{"delta": None}]},
            HEL,
            "",
            LO,
            END,
        ),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "extra keys": (
        sse(
            chunk({"content": "Hé", "channel": "final", "token_id": 3}, text="Hé", timings={}),
            {**LO, "choices": [{**LO["choices"][0], "native_finish_reason": None, "text": "x"}]},
            END,
        ),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "same index, new id": (
        sse(
            calls(call(0, **LOOK_WHOLE)),
            calls(call(0, "call_B", "clock", "{")),
            calls(call(0, arguments="}")),
            END,
        ),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "no index": (
        sse(
            calls(call(None, "call_A", "look", "")),
            calls(call(arguments='{"q":')),
            calls(call(arguments='"x"}')),
            calls(call(None, "call_B", "clock")),
            END,
        ),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "no index, matched by id": (
        sse(
            calls(call(None, "call_A", "look"), call(None, "call_B", "clock")),
            calls(call(None, "call_A", arguments='{"q":')),
            calls(call(None, "call_B", arguments="{}")),
            calls(call(None, "call_A", arguments='"x"}')),
            END,
        ),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "no id": (
        sse(
            calls(call(0, None, "look", '{"q":')),
            calls(call(0, "", arguments='"x"}')),
            calls(call(1, "", "clock", "")),
            END,
        ),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "neither index nor id": (
        sse(
            calls(call(None, None, "look", '{"q":')),
            calls(call(arguments='"x"}')),
            calls(call(None, None, "clock", "{}")),
            END,
        ),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "whole calls in one chunk": (
        sse(calls(call(0, **LOOK_WHOLE), call(1, "call_B", "clock", "{}"), finish="stop")),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "whole calls in one chunk, all with index 0": (
        sse(calls(call(0, **LOOK_WHOLE), call(0, "call_B", "clock", "{}")), END),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "object and null arguments": (
        sse(
            calls(call(0, "call_A", "look", {"q": "x"})),
            calls({"index": 1, "id": "call_B", "function": {"name": "clock", "arguments": None}}),
            END,
        ),
        (LOOK, CLOCK),
        CALLED,
        NOT_COUNTED,
    ),
    "name on every fragment": (
        sse(
            calls(call(0, "call_A", "look", "")),
            calls(call(0, "call_A", "look", '{"q":')),
            calls(call(0, None, "look", '"x"}')),
            END,
        ),
        (LOOK,),
        CALLED,
        NOT_COUNTED,
    ),
    "name in pieces": (
        sse(
            calls(call(0, "call_A", "lo")),
            calls(call(0, None, "ok")),
            calls(call(0, None, None, '{"q":"x"}')),
            END,
        ),
        (LOOK,),
        CALLED,
        NOT_COUNTED,
    ),
    "null name after the first": (
        sse(
            calls(call(0, "call_A", "look", '{"q":')),
            calls({"index": 0, "id": None, "function": {"name": None, "arguments": '"x"}'}}),
            END,
        ),
        (LOOK,),
        CALLED,
        NOT_COUNTED,
    ),
    "message instead of delta": (
        sse(
            {
                **CHUNK,
                "choices": [
                    {
                        "message": {"content": "Hél😀", "tool_calls": [call(**LOOK_WHOLE)]},
                        "finish_reason": "tool_calls",
                    }
                ],
                "usage": USAGE,
            }
        ),
        (*TEXT, LOOK),
        CALLED,
        COUNTED,
    ),
    "the message repeated at the end": (
        sse(
            HEL,
            LO,
            {**CHUNK, "choices": [{"message": {"content": "Hél😀"}, "finish_reason": "stop"}]},
        ),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "data after [DONE]": (sse(HEL, LO, END) + sse(HEL, COUNT, "{broken"), TEXT, STOP, NOT_COUNTED),
    "an empty answer": (sse(FIRST, END), (), STOP, NOT_COUNTED),
    "a filtered answer": (
        sse(FIRST, chunk({}, "content_filter")),
        (),
        FinishReason.CONTENT_FILTER,
        NOT_COUNTED,
    ),
    "a second choice": (
        sse(
            {**HEL, "choices": [*HEL["choices"], {"index": 1, "delta": {"content": "no"}}]},
            LO,
            END,
        ),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "several data lines": (
        sse(HEL, LO, END).replace(b'"choices"', b'\ndata: "choices"'),
        TEXT,
        STOP,
        NOT_COUNTED,
    ),
    "usage beside text only": (
        sse(HEL, {**LO, "usage": USAGE}, END),
        TEXT,
        STOP,
        COUNTED,
    ),
    "length with the last text": (
        sse(HEL, chunk({"content": "l😀"}, "length")),
        TEXT,
        FinishReason.LENGTH,
        NOT_COUNTED,
    ),
    "one tool twice, no ids": (
        sse(calls(call(0, None, "look", '{"q":"x"}')), calls(call(1, None, "look", "")), END),
        (LOOK, replace(LOOK, arguments="{}")),
        CALLED,
        NOT_COUNTED,
    ),
    "one tool twice, neither index nor id": (
        sse(*[calls(call(None, None, "look", '{"q":"x"}'))] * 2, END),
        (LOOK, LOOK),
        CALLED,
        NOT_COUNTED,
    ),
    "cut inside a call": (
        sse(calls(call(0, "call_A", "look", '{"q":"x"}')), chunk({}, "length")),
        (LOOK,),
        FinishReason.LENGTH,
        NOT_COUNTED,
    ),
}

ERROR = {"message": "boom", "type": "server_error", "code": None}
# name: (body, message, status, text received before)
ERRORS = {
    "error event of groq": (
        sse(HEL, done=False)
        + b'event: error\ndata: {"error":{"message":"bad call","type":"invalid_request_error",'
        b'"code":"tool_use_failed","failed_generation":"<x>","status_code":400}}\n\n',
        ("bad call", "tool_use_failed", 400),
        "Hé",
    ),
    "error beside choices": (
        sse(
            HEL,
            {
                **chunk({"content": ""}, "error"),
                "error": {"code": 502, "message": "boom", "metadata": {"raw": "x"}},
            },
            LO,
            END,
        ),
        ("boom", "502", 502),
        "Hé",
    ),
    "error beside text": (
        sse(HEL, {**LO, "error": {"code": 429, "message": "slow"}}),
        ("slow", "429", 429),
        "Hé",
    ),
    "top-level error": (sse(HEL, {"error": ERROR}), ("boom", None, None), "Hé"),
    "bare string": (sse(HEL, {"error": "model unloaded"}), ("model unloaded", None, None), "Hé"),
    "error first": (sse({"error": ERROR}), ("boom", None, None), ""),
    "error as finish": (
        sse(HEL, chunk({}, "error")),
        ("the provider ended the answer with an error", None, 500),
        "Hé",
    ),
    "error after the finish": (sse(HEL, LO, END, {"error": ERROR}), ("boom", None, None), "Hél😀"),
    "only [DONE]": (
        sse(),
        ("the stream ended before its answer was complete", "truncated_stream", None),
        "",
    ),
}


def read(chunks):
    """What a body gives, cut like this: its events, and the response or the fault."""
    reader, decoder, events = SSEReader(), ChatDecoder(), []
    try:
        for piece in (*chunks, None):
            for payload in reader.flush() if piece is None else reader.feed(piece):
                events += decoder.feed(payload)
                if decoder.done:
                    break
            if decoder.done:
                break
        events += decoder.end()
        end = None
    except WireFault as error:
        end = error.fault
    return normal((events, decoder.response(META), end))


def normal(value):
    """The same with synthesised ids numbered in their order."""
    seen = {}
    found = re.sub(
        r"call_[0-9a-f]{24}", lambda m: seen.setdefault(m[0], f"#{len(seen)}"), repr(value)
    )
    return found, value


def same(chunks, expected):
    return read(chunks)[0] == expected


EVERY = {**{name: row[0] for name, row in BODIES.items()}, **{n: r[0] for n, r in ERRORS.items()}}


def unnamed(parts):
    """Parts without the ids of calls."""
    return [
        (part.name, part.arguments) if isinstance(part, ToolCallPart) else part for part in parts
    ]


@pytest.mark.parametrize(("body", "parts", "reason", "usage"), BODIES.values(), ids=BODIES)
def test_a_body_becomes_a_response(body, parts, reason, usage):
    _, (events, response, fault) = read([body])
    assert fault is None
    assert unnamed(response.message.parts) == unnamed(parts)
    if all(f'"{part.id}"'.encode() in body for part in (LOOK, CLOCK) if part in parts):
        assert response.message.parts == parts
    assert response.finish_reason is reason
    assert response.usage == usage
    assert events[-1] == FinishEvent(reason)
    assert (response.target, response.request_id) == (META.target, "req_1")


@pytest.mark.parametrize("body", [row[0] for row in BODIES.values()], ids=BODIES)
def test_events_add_up_to_the_response(body):
    _, (events, response, _) = read([body])
    text, thinking, arguments, ended = "", "", {}, []
    for event in events:
        match event:
            case ToolCallStart():
                assert event.index == len(arguments)
                arguments[event.index] = ""
            case ToolCallEnd():
                assert (arguments[event.index] or "{}") == event.arguments
                ended.append((event.index, event.id, event.name, event.arguments))
            case FinishEvent() | UsageEvent():
                pass
            case _ if hasattr(event, "index"):
                assert event.index not in {index for index, *_ in ended}
                arguments[event.index] += event.arguments
            case _ if type(event).__name__ == "ThinkingDelta":
                thinking += event.text
            case _:
                text += event.text
    assert (text, thinking) == (response.message.text, response.message.thinking)
    made = [(i, c.id, c.name, c.arguments) for i, c in enumerate(response.message.tool_calls)]
    assert sorted(ended) == made
    assert len({id_ for _, id_, *_ in made}) == len(made)
    usages = [event.usage for event in events if isinstance(event, UsageEvent)]
    assert (usages or [NOT_COUNTED])[-1] == response.usage
    assert all(before != after for before, after in pairwise(usages))
    assert [e for e in events if isinstance(e, FinishEvent)] == events[-1:]


@pytest.mark.parametrize(("body", "fault", "text"), ERRORS.values(), ids=ERRORS)
def test_an_error_in_a_stream_ends_it_and_keeps_what_came_before(body, fault, text):
    _, (events, response, found) = read([body])
    assert (found.message, found.code, found.status) == fault
    assert response.text == text
    assert not any(isinstance(event, FinishEvent) for event in events)


@pytest.mark.parametrize("body", EVERY.values(), ids=EVERY)
def test_every_cut_in_two_gives_the_same(body):
    expected = read([body])[0]
    for at in range(len(body) + 1):
        assert same([body[:at], body[at:]], expected), at


@pytest.mark.parametrize("body", EVERY.values(), ids=EVERY)
def test_byte_by_byte_gives_the_same(body):
    assert same([body[at : at + 1] for at in range(len(body))], read([body])[0])


@given(st.sampled_from(sorted(EVERY)), st.data())
def test_any_chunking_gives_the_same(name, data):
    body = EVERY[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert same(pieces, read([body])[0])


@pytest.mark.parametrize("body", [row[0] for row in BODIES.values()], ids=BODIES)
def test_every_prefix_without_an_end_is_a_truncated_stream(body):
    ends = [body.find(mark) for mark in (b'"finish_reason": "', b"[DONE]")]
    complete = min(at for at in ends if at >= 0)
    for at in range(complete):
        _, (_, _, fault) = read([body[:at]])
        assert fault is not None, at
        assert (fault.code, fault.kind) == ("truncated_stream", ErrorKind.TRANSIENT), at


@pytest.mark.parametrize("payload", [HEL, COUNT, {"error": ERROR}, "{broken", "", DONE])
def test_nothing_after_the_end_mark_is_read(payload):
    decoder = ChatDecoder()
    for item in (HEL, LO, END, DONE, payload):
        text = item if isinstance(item, str) else json.dumps(item)
        found = decoder.feed(text.encode())
    assert decoder.done
    assert not found
    assert decoder.response(META).text == "Hél😀"


def pair(message, stream, finish="stop", usage=USAGE):
    whole = {**CHUNK, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}
    return {**whole, "usage": usage}, sse(*stream, chunk({}, finish), {**COUNT, "usage": usage})


DETAILS = [
    {"type": "reasoning.text", "text": "hm", "signature": "s", "index": 0, "format": None},
    {"type": "reasoning.encrypted", "data": "gAAA", "id": "rs_1", "index": 1},
]
PAIRS = {
    "text": pair({"content": "Hél😀"}, [FIRST, HEL, LO]),
    "calls": pair(
        {"content": "a", "tool_calls": [call(**LOOK_WHOLE), call(None, "call_B", "clock", "")]},
        [
            chunk({"content": "a"}),
            calls(call(0, "call_A", "look", "")),
            calls(call(0, arguments='{"q":"x"}')),
            calls(call(1, "call_B", "clock", "")),
        ],
        "tool_calls",
    ),
    "calls before text": pair(
        {"content": "a", "tool_calls": [call(**LOOK_WHOLE)]},
        [calls(call(0, **LOOK_WHOLE)), chunk({"content": "a"})],
        "tool_calls",
    ),
    "reasoning_content": pair(
        {"content": "a", "reasoning_content": "hm"},
        [
            chunk({"reasoning_content": "h"}),
            chunk({"reasoning_content": "m"}),
            chunk({"content": "a"}),
        ],
    ),
    "reasoning_details": pair(
        {"content": "a", "reasoning": "hm", "reasoning_details": DETAILS},
        [
            reasoning({"type": "reasoning.text", "text": "h", "format": None}, reasoning="h"),
            reasoning({"type": "reasoning.text", "text": "m", "format": None}, reasoning="m"),
            reasoning({"type": "reasoning.text", "signature": "s", "format": None}),
            chunk({"reasoning_details": [DETAILS[1]]}),
            chunk({"content": "a"}),
        ],
    ),
    "thinking parts": pair(
        {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]},
        [
            chunk({"content": [{"type": "thinking", "thinking": "h"}]}),
            chunk({"content": [{"type": "thinking", "thinking": "m"}]}),
            chunk({"content": "a"}),
        ],
    ),
    "signed calls": pair(
        {"tool_calls": [{**call(**LOOK_WHOLE), "extra_content": {"google": {"s": "1"}}}]},
        [calls({**call(0, **LOOK_WHOLE), "extra_content": {"google": {"s": "1"}}})],
    ),
    "refusal": pair({"refusal": "no"}, [chunk({"refusal": "n"}), chunk({"refusal": "o"})]),
    "cut": pair({"content": "a"}, [chunk({"content": "a"})], "length"),
    "cut in a call": pair(
        {"tool_calls": [call(0, "call_A", "look", '{"q"')]},
        [calls(call(0, "call_A", "look", '{"q"'))],
        "length",
    ),
    "no usage": pair({"content": "a"}, [chunk({"content": "a"})], usage=None),
}


def without_state(response):
    """The response and its state, in which the order of keys means nothing."""
    state = response.message.state
    message = response.message.without_state()
    return replace(response, message=message), state and json.loads(state.data)


@pytest.mark.parametrize(("whole", "stream"), PAIRS.values(), ids=PAIRS)
def test_a_stream_ends_in_the_response_of_the_whole_answer(whole, stream):
    _, (_, response, fault) = read([stream])
    assert fault is None
    assert without_state(response) == without_state(OpenAIWire().decode(whole, META))
    assert response.served_model == "m-1"
