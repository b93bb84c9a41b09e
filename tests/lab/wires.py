"""The wires under test: one entry each, with everything a case needs to know of its bytes.

A new wire is one more entry in `WIRES`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from executus.testing.server import (
    Turn,
    anthropic_answer,
    anthropic_error,
    anthropic_stream,
    ollama_answer,
    ollama_error,
    ollama_stream,
    openai_answer,
    openai_error,
    openai_stream,
)
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.ollama import foreman_provider
from majordomo.providers.openai import openai_provider

TEXT = "Hello, wörld: 😀."
ARGUMENTS = {"q": "snow in é", "n": 2}
CANARY = "sk-canary-5f0e17c2"
TURN = Turn.calls(("look", ARGUMENTS), content=TEXT)


def dumped(value):
    return json.dumps(value, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A stream that is well-formed as HTTP and odd as an answer.

    Attributes:
        name: What is odd about it, as part of a sentence.
        stream: Its events.
        text: The text it must give; None when it must be refused as malformed.
        calls: Names and arguments of the calls it must give.
    """

    name: str
    stream: tuple[bytes, ...]
    text: str | None = None
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One wire.

    Attributes:
        name: Name of its provider.
        make: Makes the provider from `api_key`, `base_url`, `transport`, `clock`, `timeout_s`.
        whole: A good answer: `TEXT`, and a call of `look` with `ARGUMENTS`.
        stream: The same as events.
        before_content: How many events come before the first content.
        first_content: How many there are up to the first content, with it.
        in_arguments: How many there are up to the middle of the arguments.
        before_finish: How many there are before the one that tells why the answer ended.
        before_end: How many there are before the end marker, or all when it has none.
        ends_without_marker: Whether the answer is complete without that marker.
        error: Makes an error's body from "rate", "quota", "server", "overloaded", "auth",
            "missing", "bad" or "echo" (repeats the key).
        stream_error: An "overloaded" error as an event in a stream.
        no_answer: JSON values that are no answer, by name.
        odd_numbers: A good answer whose numbers are NaN, infinite and huge.
        noise: An event that says nothing, as this wire's servers send it to keep a line open.
        broken: An event that is no JSON.
        more_text: An event with 4,096 characters more of the text, after the first content.
        endless_line: The start of a line that never ends, in the midst of a stream.
        line_ends: Ends of lines that mean the same as LF.
        json_lines: A line of a stream is a JSON value, without a frame around it.
        tells_quota: A 429 can say that waiting does not help.
        odd: Odd streams of its own.
    """

    name: str
    make: Callable[..., Any]
    whole: bytes
    stream: tuple[bytes, ...]
    before_content: int
    first_content: int
    in_arguments: int
    before_finish: int
    before_end: int
    ends_without_marker: bool
    error: Callable[[str], bytes]
    stream_error: bytes
    no_answer: Mapping[str, bytes]
    odd_numbers: bytes
    noise: bytes
    more_text: bytes
    broken: bytes = b"data: {broken\n\n"
    endless_line: bytes = b"data: "
    content_type: str = "text/event-stream"
    line_ends: tuple[bytes, ...] = (b"\r\n", b"\r")
    json_lines: bool = False
    tells_quota: bool = True
    odd: tuple[Odd, ...] = field(default=())


def _up_to(events, needle, nth=1):
    """How many events there are up to the nth that holds the needle, with it."""
    found = [at for at, event in enumerate(events, 1) if needle in event]
    return found[nth - 1]


# -- OpenAI Chat Completions (wire/openai §7-§9, §11) -------------------------------------------

_OPENAI_ERRORS = {
    "rate": (429, "slow down", "rate_limit_error", "rate_limit_exceeded"),
    "quota": (429, "no money left", "insufficient_quota", "insufficient_quota"),
    "server": (500, "it broke", "server_error", None),
    "overloaded": (503, "busy", "server_error", "server_is_overloaded"),
    "auth": (401, "wrong key", "invalid_request_error", "invalid_api_key"),
    "missing": (404, "no such model", "invalid_request_error", "model_not_found"),
    "bad": (400, "bad field", "invalid_request_error", "invalid_value"),
    "echo": (401, f"wrong key {CANARY}", "invalid_request_error", "invalid_api_key"),
}


def _openai_error(what):
    status, message, type_, code = _OPENAI_ERRORS[what]
    return dumped(openai_error(status, message, type=type_, code=code).body)


def _chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + dumped({"model": "m", "choices": [choice]}) + b"\n\n"


def _call(arguments, *, name=None, **fields):
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return _chunk({"tool_calls": [{"function": function, **fields}]})


def _openai_odd(name, *events, calls=()):
    text = TEXT if calls else None
    done = (_chunk({}, "tool_calls"), b"data: [DONE]\n\n")
    return Odd(
        name=name, stream=(_chunk({"content": TEXT}), *events, *done), text=text, calls=calls
    )


_A, _B = {"a": 1}, {"b": 2}
_BOTH = (("one", _A), ("two", _B))
_OPENAI_ODD = (
    _openai_odd(
        "two calls under one index",
        _call('{"a": 1}', index=0, id="c1", name="one"),
        _call('{"b": 2}', index=0, id="c2", name="two"),
        calls=_BOTH,
    ),
    _openai_odd(
        "indices out of order",
        _call('{"a": 1}', index=1, id="c1", name="one"),
        _call('{"b"', index=0, id="c2", name="two"),
        _call(": 2}", index=0),
        calls=_BOTH,
    ),
    _openai_odd(
        "huge and negative indices",
        _call('{"a": 1}', index=10**18, id="c1", name="one"),
        _call('{"b"', index=-5, id="c2", name="two"),
        _call(": 2}", index=-5),
        calls=_BOTH,
    ),
    _openai_odd(
        "calls without ids",
        _call('{"a": 1}', index=0, name="one"),
        _call('{"b": 2}', index=1, name="two"),
        calls=_BOTH,
    ),
    _openai_odd("a call without a name", _call('{"a": 1}', index=0, id="c1")),
    _openai_odd("an index that is a list", _call('{"a": 1}', index=[0], id="c1", name="one")),
    _openai_odd("a call that is a number", _chunk({"tool_calls": [7]})),
    _openai_odd("calls that are a number", _chunk({"tool_calls": 7})),
    _openai_odd("a delta that is a list", _chunk([1])),
    _openai_odd("a text that is a number", _chunk({"content": 7})),
    _openai_odd("a text that is an object", _chunk({"content": {"a": 1}})),
    _openai_odd("an id that is a list", _call("{}", index=0, id=["x"], name="one")),
    _openai_odd("a name that is a number", _call("{}", index=0, id="c", name=7)),
)


def _openai():
    stream = tuple(openai_stream(TURN).chunks)
    whole = openai_answer(TURN).body
    usage = b'"usage": {"prompt_tokens": NaN, "completion_tokens": 1e999, "total_tokens": 1%s}'
    numbers = dumped({**whole, "usage": "U"}).replace(b'"usage": "U"', usage % (b"0" * 4000))
    return Wire(
        name="openai",
        make=openai_provider,
        whole=dumped(whole),
        stream=stream,
        before_content=_up_to(stream, b'"content": "Hello"') - 1,
        first_content=_up_to(stream, b'"content": "Hello"'),
        in_arguments=_up_to(stream, b'"arguments"', 3),
        before_finish=_up_to(stream, b'"finish_reason": "tool_calls"') - 1,
        before_end=len(stream) - 1,
        ends_without_marker=True,
        error=_openai_error,
        stream_error=b"data: " + _openai_error("overloaded") + b"\n\n",
        no_answer={
            "an empty object": b"{}",
            "no choices": b'{"choices": []}',
            "choices that are null": b'{"choices": null}',
            "choices that are a number": b'{"choices": 7}',
            "a choice that is a text": b'{"choices": ["x"]}',
            "a message that is a list": b'{"choices": [{"message": [1]}]}',
            "a text that is a number": b'{"choices": [{"message": {"content": 7}}]}',
            "a text that is an object": b'{"choices": [{"message": {"content": {"a": 1}}}]}',
            "a call without a name": dumped(
                {"choices": [{"message": {"tool_calls": [{"id": "c", "function": {}}]}}]}
            ),
            "a name that is a number": dumped(
                {"choices": [{"message": {"tool_calls": [{"id": "c", "function": {"name": 7}}]}}]}
            ),
            "an id that is a list": dumped(
                {"choices": [{"message": {"tool_calls": [{"id": [1], "function": {"name": "x"}}]}}]}
            ),
        },
        odd_numbers=numbers,
        more_text=_chunk({"content": "x" * 4096}),
        noise=b": keep-alive\n\n",
        odd=_OPENAI_ODD,
    )


# -- Anthropic Messages (wire/anthropic §8-§9) --------------------------------------------------

_ANTHROPIC_ERRORS = {
    "rate": (429, "slow down", "rate_limit_error", None),
    "quota": (429, "limit reached", "rate_limit_error", "enforced_spend_limit_reached"),
    "server": (500, "it broke", "api_error", None),
    "overloaded": (529, "busy", "overloaded_error", None),
    "auth": (401, "invalid x-api-key", "authentication_error", None),
    "missing": (404, "model: nothing", "not_found_error", None),
    "bad": (400, "bad field", "invalid_request_error", None),
    "echo": (401, f"invalid x-api-key {CANARY}", "authentication_error", None),
}


def _anthropic_error(what):
    status, message, type_, code = _ANTHROPIC_ERRORS[what]
    return dumped(anthropic_error(status, message, type=type_, code=code).body)


def _event(name, **fields):
    return f"event: {name}\n".encode() + b"data: " + dumped({"type": name, **fields}) + b"\n\n"


def _start(index, **block):
    return _event("content_block_start", index=index, content_block=block)


def _text_block(index, text):
    return (
        _start(index, type="text", text=""),
        _event("content_block_delta", index=index, delta={"type": "text_delta", "text": text}),
        _event("content_block_stop", index=index),
    )


def _input(index, text):
    delta = {"type": "input_json_delta", "partial_json": text}
    return _event("content_block_delta", index=index, delta=delta)


def _use(index, name, text, id="t"):
    return (
        _start(index, type="tool_use", id=id, name=name, input={}),
        _input(index, text),
        _event("content_block_stop", index=index),
    )


def _anthropic_odd(name, *events, calls=(), at=0, more=""):
    usage = {"input_tokens": 3, "output_tokens": 1}
    head = _event("message_start", message={"model": "m", "usage": usage})
    end = _event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 5})
    stream = (head, *_text_block(at, TEXT), *events, end, _event("message_stop"))
    return Odd(name=name, stream=stream, text=TEXT + more if calls or more else None, calls=calls)


_ANTHROPIC_ODD = (
    _anthropic_odd(
        "two blocks under one index",
        *_use(0, "one", '{"a": 1}', "t1"),
        *_use(0, "two", '{"b": 2}', "t2"),
        calls=_BOTH,
    ),
    _anthropic_odd("two texts under one index", *_text_block(0, " More."), more=" More."),
    _anthropic_odd("a text that begins as a number", _start(1, type="text", text=7)),
    _anthropic_odd(
        "indices out of order",
        *_use(2, "one", '{"a": 1}', "t1"),
        *_use(1, "two", '{"b": 2}', "t2"),
        calls=_BOTH,
    ),
    _anthropic_odd(
        "huge and negative indices",
        *_use(10**18, "one", '{"a": 1}', "t1"),
        *_use(10**19, "two", '{"b": 2}', "t2"),
        calls=_BOTH,
        at=-5,
    ),
    _anthropic_odd("a call without an id", _start(1, type="tool_use", name="one", input={})),
    _anthropic_odd("a call without a name", _start(1, type="tool_use", id="t", input={})),
    _anthropic_odd("a delta for an unknown block", _input(9, "{}")),
    _anthropic_odd("an index that is a list", _start([1], type="text", text="")),
    _anthropic_odd(
        "an index that is a text",
        *_use("x", "one", '{"a": 1}', "t1"),
        *_use("y", "two", '{"b": 2}', "t2"),
        calls=_BOTH,
    ),
    _anthropic_odd(
        "a block that is a number", _event("content_block_start", index=1, content_block=7)
    ),
    _anthropic_odd("an id that is a list", *_use(1, "one", "{}", ["t"])),
    _anthropic_odd("a name that is a number", *_use(1, 7, "{}")),
    _anthropic_odd("input that is a number", *_use(1, "one", 7)),
    _anthropic_odd("an end for an unknown block", _event("content_block_stop", index=9)),
)


def _anthropic():
    stream = tuple(anthropic_stream(TURN).chunks)
    whole = anthropic_answer(TURN).body
    usage = b'"usage": {"input_tokens": NaN, "output_tokens": 1e999, "server_tool_use": 1%s}'
    numbers = dumped({**whole, "usage": "U"}).replace(b'"usage": "U"', usage % (b"0" * 4000))
    block = b'{"content": [%s], "stop_reason": "end_turn"}'
    return Wire(
        name="anthropic",
        make=anthropic_provider,
        whole=dumped(whole),
        stream=stream,
        before_content=_up_to(stream, b'"text": "Hello"') - 1,
        first_content=_up_to(stream, b'"text": "Hello"'),
        in_arguments=_up_to(stream, b'"partial_json"', 3),
        before_finish=_up_to(stream, b"event: message_delta") - 1,
        before_end=len(stream) - 1,
        ends_without_marker=False,
        error=_anthropic_error,
        stream_error=b"event: error\ndata: " + _anthropic_error("overloaded") + b"\n\n",
        no_answer={
            "an empty object": b"{}",
            "content that is a number": b'{"content": 7}',
            "a block that is a number": block % b"7",
            "a text that is a number": block % b'{"type": "text", "text": 7}',
            "a call without an id": block % b'{"type": "tool_use", "name": "x", "input": {}}',
            "a call without a name": block % b'{"type": "tool_use", "id": "t", "input": {}}',
            "an id that is a list": block
            % b'{"type": "tool_use", "id": [1], "name": "x", "input": {}}',
            "a name that is a number": block
            % b'{"type": "tool_use", "id": "t", "name": 7, "input": {}}',
        },
        odd_numbers=numbers,
        more_text=_event(
            "content_block_delta", index=0, delta={"type": "text_delta", "text": "x" * 4096}
        ),
        noise=b'event: ping\ndata: {"type": "ping"}\n\n',
        odd=_ANTHROPIC_ODD,
    )


# -- Ollama's own (wire/ollama §5, §8) ----------------------------------------------------------

_OLLAMA_ERRORS = {
    "rate": (429, "slow down"),
    "quota": (402, "no money left"),
    "server": (500, "it broke"),
    "overloaded": (503, "server busy, please try again"),
    "auth": (401, "unauthorized"),
    "missing": (404, "model 'm' not found"),
    "bad": (400, "bad field"),
    "echo": (401, f"wrong key {CANARY}"),
}


def _ollama_error(what):
    return dumped(ollama_error(*_OLLAMA_ERRORS[what]).body)


def _line(**fields):
    message = {"role": "assistant", "content": "", **fields}
    return dumped({"model": "m", "message": message, "done": False}) + b"\n"


def _ollama_calls(*calls):
    raw = [{"function": {"name": name, "arguments": arguments}} for name, arguments in calls]
    return _line(tool_calls=raw)


def _ollama_odd(name, *lines, calls=()):
    end = dumped({"model": "m", "done": True}) + b"\n"
    stream = (_line(content=TEXT), *lines, end)
    return Odd(name=name, stream=stream, text=TEXT if calls else None, calls=calls)


_OLLAMA_ODD = (
    _ollama_odd("calls without ids", _ollama_calls(*_BOTH), calls=_BOTH),
    _ollama_odd("calls in lines of their own", *map(_ollama_calls, _BOTH), calls=_BOTH),
    _ollama_odd(
        "arguments that are text", _ollama_calls(("one", '{"a": 1}'), ("two", _B)), calls=_BOTH
    ),
    _ollama_odd("a call without a name", _ollama_calls((None, _A))),
    _ollama_odd("a name that is a number", _ollama_calls((7, _A))),
    _ollama_odd("an id that is a list", _line(tool_calls=[{"id": [1], "function": {"name": "x"}}])),
    _ollama_odd("a call that is a number", _line(tool_calls=[7])),
    _ollama_odd("calls that are a number", _line(tool_calls=7)),
    _ollama_odd("a text that is a number", _line(content=7)),
    _ollama_odd("a text that is an object", _line(content={"a": 1})),
    _ollama_odd("a message that is a list", b'{"message": [1]}\n'),
)


def _ollama():
    stream = tuple(ollama_stream(TURN).chunks)
    whole = ollama_answer(TURN).body
    counts = b'"prompt_eval_count": NaN, "eval_count": 1e999, "total_duration": 1%s' % (b"0" * 4000)
    numbers = dumped({**whole, "C": "C"}).replace(b'"C": "C"', counts)
    message = b'{"message": {"content": %s}, "done": true}'
    call = b'{"message": {"tool_calls": [%s]}, "done": true}'
    return Wire(
        name="foreman",
        make=foreman_provider,
        whole=dumped(whole),
        stream=stream,
        before_content=0,
        first_content=1,
        in_arguments=_up_to(stream, b'"arguments"') - 1,
        before_finish=len(stream) - 1,
        before_end=len(stream) - 1,
        ends_without_marker=False,
        error=_ollama_error,
        stream_error=_ollama_error("overloaded") + b"\n",
        no_answer={
            "an empty object": b"{}",
            "a message that is a list": b'{"message": [1], "done": true}',
            "a text that is a number": message % b"7",
            "a text that is an object": message % b'{"a": 1}',
            "a call without a name": call % b'{"function": {}}',
            "a name that is a number": call % b'{"function": {"name": 7}}',
            "an id that is a list": call % b'{"id": [1], "function": {"name": "x"}}',
        },
        odd_numbers=numbers,
        more_text=_line(content="x" * 4096),
        noise=b"\n",
        broken=b"{broken]]\n",
        endless_line=b'{"message": "',
        content_type="application/x-ndjson",
        line_ends=(b"\r\n", b"\n\n"),
        json_lines=True,
        tells_quota=False,
        odd=_OLLAMA_ODD,
    )


WIRES = (_openai(), _anthropic(), _ollama())
