"""Streams: the same events for every way to cut a body, and the answer a whole body would give."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executus.testing import Turn
from executus.testing.server import ollama_answer, ollama_stream
from majordomo.errors import ErrorKind
from majordomo.http import LineTooLong, NDJSONReader
from majordomo.llm import (
    FinishEvent,
    FinishReason,
    Target,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
    UsageEvent,
)
from majordomo.llm.assembler import MAX_ARGUMENT_CHARS, ArgumentsTooLong
from majordomo.providers.faults import WireFault
from majordomo.providers.ollama import OllamaWire
from majordomo.providers.ollama import lines as lines_module
from majordomo.providers.wire import ResponseMeta

WIRE = OllamaWire()
META = ResponseMeta(target=Target("ollama", "qwen3:8b"), request_id="req_1")
COUNTS = {"prompt_eval_count": 26, "eval_count": 12}
COUNTED = Usage(input=26, output=12, requests=1)


def line(content=None, done=False, **fields):
    message = {"role": "assistant", "content": content or "", **fields.pop("message", {})}
    known = {"model": "qwen3:8b", "created_at": "2026-11-21T10:00:00.1Z", "message": message}
    return {**known, "done": done, **fields}


def ending(**fields):
    return line(done=True, done_reason="stop", total_duration=900, **COUNTS, **fields)


def call(q, id="call_9f2k1x7a", name="lookup", **fields):
    function = {"index": 0, "name": name, "arguments": q}
    return {"id": id, "function": function, **fields}


def calls(*raw):
    return {"message": {"tool_calls": list(raw)}}


def ndjson(*lines, newline="\n", last="\n"):
    return newline.join(json.dumps(each, ensure_ascii=False) for each in lines).encode() + (
        last.encode()
    )


ONE, TWO = call({"q": 'é\n"}{'}), call({}, "call_2", "clock")
RICH = [
    line(message={"thinking": "Wörld"}),
    line(message={"thinking": " 😀"}),
    line("Let "),
    line(""),
    line("me {see…"),
    line(**calls(ONE)),
    line(**calls(TWO)),
    ending(),
]
RICH_WHOLE = ending(
    message={"content": "Let me {see…", "thinking": "Wörld 😀", "tool_calls": [ONE, TWO]}
)
# name: (lines, the whole answer)
BODIES = {
    "rich": (RICH, RICH_WHOLE),
    "calls on the last line": (
        [line("Hm"), ending(**calls(ONE, TWO))],
        ending(message={"content": "Hm", "tool_calls": [ONE, TWO]}),
    ),
    "all on one line": ([RICH_WHOLE], RICH_WHOLE),
    "no message at the end": (
        [line("Hi"), {"model": "qwen3:8b", "done": True, "done_reason": "stop", **COUNTS}],
        ending(message={"content": "Hi"}),
    ),
    "null for nothing": (
        [
            line("Hi", message={"thinking": None, "tool_calls": None}),
            {**ending(), "message": None},
        ],
        ending(message={"content": "Hi"}),
    ),
    "cut": (
        [line("Hel"), {**ending(), "done_reason": "length"}],
        {**ending(message={"content": "Hel"}), "done_reason": "length"},
    ),
    "no reason": (
        [line("Hi"), {**ending(), "done_reason": ""}],
        {**ending(message={"content": "Hi"}), "done_reason": None},
    ),
    "no usage": (
        [line("Hi"), line(done=True, done_reason="stop")],
        line("Hi", done=True, done_reason="stop"),
    ),
    "proxied to the cloud": (
        [line("Hi"), ending(remote_model="qwen3:480b", remote_host="https://ollama.com:443")],
        ending(message={"content": "Hi"}, remote_model="qwen3:480b"),
    ),
    "loaded": ([line(done=True, done_reason="load")], line(done=True, done_reason="load")),
    **{
        f"scripted: {name}": (
            [json.loads(chunk) for chunk in ollama_stream(turn).chunks],
            ollama_answer(turn).body,
        )
        for name, turn in {
            "text": Turn.text("Hello, Wörld 😀", thinking="hm, what"),
            "calls": Turn.calls(("add", {"a": 1}), ("clock", {}), content="Let me see."),
            "length": Turn.text("Hello", stop="length"),
        }.items()
    },
}
EVERY_BODY = pytest.mark.parametrize("name", BODIES)


def play(chunks):
    """What a client reads: events, then the response."""
    reader, decoder, events = NDJSONReader(), WIRE.decoder(), []
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
    lines, whole = BODIES[name]
    assert play([ndjson(*lines)])[1] == WIRE.decode(whole, META)


def test_the_events_of_a_rich_answer():
    events, response = play([ndjson(*RICH)])
    arguments = r'{"q":"é\n\"}{"}'
    assert events == [
        ThinkingDelta("Wörld"),
        ThinkingDelta(" 😀"),
        TextDelta("Let "),
        TextDelta("me {see…"),
        ToolCallStart(0, "call_9f2k1x7a", "lookup"),
        ToolCallDelta(0, arguments),
        ToolCallEnd(0, "call_9f2k1x7a", "lookup", arguments),
        ToolCallStart(1, "call_2", "clock"),
        ToolCallDelta(1, "{}"),
        ToolCallEnd(1, "call_2", "clock", "{}"),
        UsageEvent(COUNTED),
        FinishEvent(FinishReason.TOOL_CALLS),
    ]
    assert json.loads(response.message.state.data) == {"thinking": "Wörld 😀"}


@pytest.mark.parametrize("name", ["rich", "cut", "calls on the last line"])
def test_every_cut_in_two_gives_the_same(name):
    stream = ndjson(*BODIES[name][0])
    expected = play([stream])
    for at in range(len(stream)):
        assert play([stream[:at], stream[at:]]) == expected


@EVERY_BODY
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n", " \n\ndata: ", "\n\ufeff"])
def test_byte_by_byte_gives_the_same_however_lines_are_set(name, newline):
    lines = BODIES[name][0]
    stream = ndjson(*lines, newline=newline)
    assert play(stream[at : at + 1] for at in range(len(stream))) == play([ndjson(*lines)])


FORMS = {
    "no newline at the end": {"last": ""},
    "a prefix": {"newline": "\ndata:", "last": "\n\n"},
}


@EVERY_BODY
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_frame_does_not_matter(name, form):
    lines = BODIES[name][0]
    assert play([ndjson(*lines, **form)]) == play([ndjson(*lines)])


@EVERY_BODY
@pytest.mark.parametrize("indent", [0, 2, "\t"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\r\n\n"])
def test_a_lone_pretty_printed_object_is_an_answer(name, indent, last):
    whole = BODIES[name][1]
    body = json.dumps(whole, ensure_ascii=False, indent=indent).encode() + last
    events, response = play(body[at : at + 7] for at in range(0, len(body), 7))
    assert response == WIRE.decode(whole, META)
    assert sum(isinstance(event, TextDelta) for event in events) <= 1
    assert events[-1] == FinishEvent(response.finish_reason)


def test_several_pretty_printed_objects_are_a_stream():
    stream = b"\n".join(json.dumps(each, indent=1).encode() for each in RICH)
    assert play([stream]) == play([ndjson(*RICH)])


@settings(deadline=None)
@given(name=st.sampled_from(sorted(BODIES)), indent=st.sampled_from([None, 1]), data=st.data())
def test_any_chunking_gives_the_same(name, indent, data):
    stream = b"\n".join(json.dumps(each, indent=indent).encode() for each in BODIES[name][0])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=40)))
    chunks = [stream[a:b] for a, b in pairwise([0, *cuts, len(stream)])]
    assert play(chunks) == play([stream])


@pytest.mark.parametrize("name", ["rich", "cut", "all on one line"])
@pytest.mark.parametrize("indent", [None, 2])
def test_every_strict_prefix_is_truncated(name, indent):
    lines = BODIES[name][0]
    stream = b"\n".join(json.dumps(e, ensure_ascii=False, indent=indent).encode() for e in lines)
    for at in range(0, len(stream), 3):
        fault = fault_of([stream[:at]])
        assert (fault.code, fault.kind) == ("truncated_stream", ErrorKind.TRANSIENT)


@EVERY_BODY
def test_the_events_agree_with_the_response(name):
    events, response = play([ndjson(*BODIES[name][0])])
    assert events[-1] == FinishEvent(response.finish_reason)
    usage = [event.usage for event in events if isinstance(event, UsageEvent)]
    assert usage == ([response.usage] if response.usage != Usage(requests=1) else [])
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == response.text
    thought = "".join(e.text for e in events if isinstance(e, ThinkingDelta))
    assert thought == response.message.thinking
    ended = [(e.id, e.name, e.arguments) for e in events if isinstance(e, ToolCallEnd)]
    assert ended == [(c.id, c.name, c.arguments) for c in response.message.tool_calls]


@pytest.mark.parametrize("done", [{}, {"done": True}])
def test_a_lone_object_need_not_say_that_it_is_done(done):
    body = {name: value for name, value in line("Hi").items() if name != "done"}
    events, response = play([ndjson({**body, **done})])
    assert events == [TextDelta("Hi"), FinishEvent(FinishReason.STOP)]
    assert response == WIRE.decode(body, META)


@pytest.mark.parametrize(
    "lines",
    [
        [line("Hi")],
        [line("Hi"), {"message": {"content": "x"}}],
        [{"message": {"content": "Hi"}}, {"message": {"content": "x"}}],
        [{}, {}],
        [],
    ],
)
def test_what_says_that_it_is_not_done_or_nothing_is_truncated(lines):
    assert fault_of([ndjson(*lines)]).code == "truncated_stream"


@pytest.mark.parametrize("body", [{}, {"message": {"content": ""}}, {"status": "ok"}])
def test_a_lone_object_without_content_is_no_answer(body):
    assert fault_of([ndjson(body)]).code == "malformed_response"


def test_what_follows_the_end_is_not_read():
    decoder = WIRE.decoder()
    decoder.feed(ndjson(ending()))
    assert decoder.done
    assert decoder.feed(b'{"error":"late"}') == ()


def test_calls_without_ids_get_ids_of_their_own():
    raw = [{"function": {"name": "look", "arguments": {}}} for _ in range(3)]
    _, response = play([ndjson(line(**calls(*raw[:2])), ending(**calls(raw[2])))])
    ids = [each.id for each in response.tool_calls]
    assert len(set(ids)) == 3
    assert all(id_.startswith("call_") for id_ in ids)


def test_an_id_that_comes_twice_is_replaced():
    _, response = play([ndjson(ending(**calls(call({}), call({}))))])
    first, second = response.tool_calls
    assert first.id == "call_9f2k1x7a"
    assert second.id not in ("", first.id)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [({"a": [1]}, '{"a":[1]}'), ('{"a": 1}', '{"a": 1}'), (None, "{}"), ("", "{}"), ({}, "{}")],
)
def test_arguments_come_in_many_forms(arguments, expected):
    events, response = play([ndjson(ending(**calls(call(arguments))))])
    assert response.tool_calls[0].arguments == expected
    assert ToolCallDelta(0, expected) in events


def test_calls_of_a_cut_answer_are_not_executed():
    _, response = play([ndjson({**ending(**calls(ONE)), "done_reason": "length"})])
    assert response.finish_reason is FinishReason.LENGTH
    assert response.tool_calls == ()


@pytest.mark.parametrize(
    "error",
    [
        {"error": "it broke"},
        {"error": {"message": "it broke"}},
        {"error": "it broke", "status_code": 503},
        {**line("x"), "error": "it broke"},
        {**ending(), "error": "it broke"},
    ],
)
def test_an_error_ends_a_stream_whatever_stands_beside_it(error):
    for indent in (None, 2):
        stream = ndjson(*RICH[:3]) + json.dumps(error, indent=indent).encode()
        fault = fault_of([stream])
        assert (fault.message, fault.status) == ("it broke", error.get("status_code"))


@pytest.mark.parametrize("error", [None, "", {}])
def test_an_empty_error_is_none(error):
    assert play([ndjson(line("Hi"), {**ending(), "error": error})])[1].text == "Hi"


MALFORMED = {
    "no JSON": b"upstream is down\n",
    "garbage between lines": b'{"a":1}}\n',
    "a list": b"[1]\n",
    "a number": b"5\n",
    "a message that is text": b'{"message":"hi","done":true}\n',
    "text that is a list": b'{"message":{"content":["hi"]},"done":true}\n',
    "thinking that is a number": b'{"message":{"thinking":5},"done":true}\n',
    "a call without a function": b'{"message":{"tool_calls":[{"id":"a"}]},"done":true}\n',
    "a call without a name": b'{"message":{"tool_calls":[{"function":{"arguments":{}}}]}}\n',
    "a call whose id is a number": (
        b'{"message":{"tool_calls":[{"id":5,"function":{"name":"a","arguments":{}}}]}}\n'
    ),
}


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED)
def test_a_line_of_another_shape_is_malformed(payload):
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
        play([ndjson(line("Hi")) + payload + ndjson(ending())])


def test_broken_utf8_is_not_fatal():
    stream = ndjson(line("Hi"), ending()).replace(b"Hi", b"H\xff")
    assert play([stream])[1].text == "H\ufffd"


def test_arguments_have_a_cap():
    raw = call({"q": "x" * MAX_ARGUMENT_CHARS})
    with pytest.raises(ArgumentsTooLong, match="'lookup'"):
        play([ndjson(ending(**calls(raw)))])
    with pytest.raises(ArgumentsTooLong, match="'lookup'"):
        WIRE.decode(ending(**calls(raw)), META)


def test_lines_that_never_become_an_object_have_a_cap(monkeypatch):
    monkeypatch.setattr(lines_module, "MAX_LINE_BYTES", 100)
    with pytest.raises(LineTooLong, match="over 100 bytes"):
        play([b"{\n" + b'"a": 1,\n' * 100])


def test_a_long_pretty_printed_answer_is_parsed_once(monkeypatch):
    """Trying for every line would be quadratic."""
    tries = []
    real = lines_module.parse_json
    monkeypatch.setattr(lines_module, "parse_json", lambda data: tries.append(1) or real(data))
    many = [call({"n": n, "deep": [{"x": "}"}]}, f"c{n}") for n in range(2000)]
    body = json.dumps(ending(**calls(*many)), indent=2).encode()
    assert len(play([body])[1].tool_calls) == 2000
    assert len(tries) == 1


def test_an_interrupted_answer_keeps_what_came():
    decoder = WIRE.decoder()
    for each in RICH[:6]:
        decoder.feed(json.dumps(each).encode())
    partial = decoder.response(META)
    assert (partial.text, partial.message.thinking) == ("Let me {see…", "Wörld 😀")
    assert [c.name for c in partial.tool_calls] == ["lookup"]
    assert partial.finish_reason is FinishReason.OTHER
    assert partial.message.state is None
    assert partial.served_model == "qwen3:8b"
