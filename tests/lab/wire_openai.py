"""OpenAI Chat Completions in the lab (wire/openai §7-§9, §11)."""

from labwire import BOTH, CANARY, TEXT, TURN, Odd, Wire, dumped, up_to

from executus.testing.server import openai_answer, openai_error, openai_stream
from majordomo.providers.openai import openai_provider

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


_OPENAI_ODD = (
    _openai_odd(
        "two calls under one index",
        _call('{"a": 1}', index=0, id="c1", name="one"),
        _call('{"b": 2}', index=0, id="c2", name="two"),
        calls=BOTH,
    ),
    _openai_odd(
        "indices out of order",
        _call('{"a": 1}', index=1, id="c1", name="one"),
        _call('{"b"', index=0, id="c2", name="two"),
        _call(": 2}", index=0),
        calls=BOTH,
    ),
    _openai_odd(
        "huge and negative indices",
        _call('{"a": 1}', index=10**18, id="c1", name="one"),
        _call('{"b"', index=-5, id="c2", name="two"),
        _call(": 2}", index=-5),
        calls=BOTH,
    ),
    _openai_odd(
        "calls without ids",
        _call('{"a": 1}', index=0, name="one"),
        _call('{"b": 2}', index=1, name="two"),
        calls=BOTH,
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


def openai():
    stream = tuple(openai_stream(TURN).chunks)
    whole = openai_answer(TURN).body
    usage = b'"usage": {"prompt_tokens": NaN, "completion_tokens": 1e999, "total_tokens": 1%s}'
    numbers = dumped({**whole, "usage": "U"}).replace(b'"usage": "U"', usage % (b"0" * 4000))
    return Wire(
        name="openai",
        make=openai_provider,
        whole=dumped(whole),
        stream=stream,
        before_content=up_to(stream, b'"content": "Hello"') - 1,
        first_content=up_to(stream, b'"content": "Hello"'),
        in_arguments=up_to(stream, b'"arguments"', 3),
        before_finish=up_to(stream, b'"finish_reason": "tool_calls"') - 1,
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
