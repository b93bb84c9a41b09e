"""Anthropic Messages in the lab (wire/anthropic §8-§9)."""

from labwire import BOTH, CANARY, TEXT, TURN, Odd, Wire, dumped, up_to

from executus.testing.server import anthropic_answer, anthropic_error, anthropic_stream
from majordomo.providers.anthropic import anthropic_provider

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
        calls=BOTH,
    ),
    _anthropic_odd("two texts under one index", *_text_block(0, " More."), more=" More."),
    _anthropic_odd("a text that begins as a number", _start(1, type="text", text=7)),
    _anthropic_odd(
        "indices out of order",
        *_use(2, "one", '{"a": 1}', "t1"),
        *_use(1, "two", '{"b": 2}', "t2"),
        calls=BOTH,
    ),
    _anthropic_odd(
        "huge and negative indices",
        *_use(10**18, "one", '{"a": 1}', "t1"),
        *_use(10**19, "two", '{"b": 2}', "t2"),
        calls=BOTH,
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
        calls=BOTH,
    ),
    _anthropic_odd(
        "a block that is a number", _event("content_block_start", index=1, content_block=7)
    ),
    _anthropic_odd("an id that is a list", *_use(1, "one", "{}", ["t"])),
    _anthropic_odd("a name that is a number", *_use(1, 7, "{}")),
    _anthropic_odd("input that is a number", *_use(1, "one", 7)),
    _anthropic_odd("an end for an unknown block", _event("content_block_stop", index=9)),
)


def anthropic():
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
        before_content=up_to(stream, b'"text": "Hello"') - 1,
        first_content=up_to(stream, b'"text": "Hello"'),
        in_arguments=up_to(stream, b'"partial_json"', 3),
        before_finish=up_to(stream, b"event: message_delta") - 1,
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
