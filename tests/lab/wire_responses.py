"""OpenAI's Responses API in the lab (wire/responses §4-§6)."""

from labwire import BOTH, CANARY, TEXT, TURN, Odd, Wire, dumped, up_to

from executus.testing.server import responses_answer, responses_error, responses_stream
from majordomo.providers.responses import responses_provider

_ERRORS = {
    "rate": (429, "slow down", "rate_limit_error", "rate_limit_exceeded"),
    "quota": (429, "no money left", "insufficient_quota", "insufficient_quota"),
    "server": (500, "it broke", "server_error", None),
    "overloaded": (503, "busy", "server_error", "server_is_overloaded"),
    "auth": (401, "wrong key", "invalid_request_error", "invalid_api_key"),
    "missing": (404, "no such model", "invalid_request_error", "model_not_found"),
    "bad": (400, "bad field", "invalid_request_error", "invalid_value"),
    "echo": (401, f"wrong key {CANARY}", "invalid_request_error", "invalid_api_key"),
}


def _error(what):
    status, message, type_, code = _ERRORS[what]
    return dumped(responses_error(status, message, type=type_, code=code).body)


def _event(name, **fields):
    data = dumped({"type": name, "sequence_number": 0, **fields})
    return f"event: {name}\n".encode() + b"data: " + data + b"\n\n"


def _message(text):
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": "msg", "role": "assistant", "content": content}


def _call(name, arguments, id="c", **fields):
    item = {"type": "function_call", "id": f"fc_{id}", "call_id": id, "name": name}
    return {**item, "arguments": arguments, "status": "completed", **fields}


def _added(index, item):
    return _event("response.output_item.added", output_index=index, item=item)


def _done(index, item):
    return _event("response.output_item.done", output_index=index, item=item)


def _text_delta(text):
    return _event(
        "response.output_text.delta", item_id="msg", output_index=0, content_index=0, delta=text
    )


def _completed(*output):
    response = {"id": "resp", "model": "m", "status": "completed", "output": list(output)}
    return _event("response.completed", response=response)


def _odd(name, *events, calls=(), output=()):
    stream = (_text_delta(TEXT), *events, _completed(_message(TEXT), *output))
    return Odd(name=name, stream=stream, text=TEXT if calls else None, calls=calls)


_ONE, _TWO = _call("one", '{"a": 1}', "c1"), _call("two", '{"b": 2}', "c2")
_ODD = (
    _odd("calls that only the end tells of", calls=BOTH, output=(_ONE, _TWO)),
    _odd(
        "indices out of order",
        _added(7, _ONE),
        _done(7, _ONE),
        _added(3, _TWO),
        _done(3, _TWO),
        calls=BOTH,
        output=(_TWO, _ONE),
    ),
    _odd("a call without a name", output=({**_ONE, "name": None},)),
    _odd("a name that is a number", output=({**_ONE, "name": 7},)),
    _odd("an item that is a number", output=(7,)),
    _odd("a text that is a number", output=(_message(7),)),
    Odd(
        name="an output that is a number",
        stream=(
            _text_delta(TEXT),
            _event("response.completed", response={"status": "completed", "output": 7}),
        ),
    ),
    Odd(
        name="a delta that is a list",
        stream=(_text_delta(TEXT), _text_delta([1]), _completed(_message(TEXT))),
    ),
)


def responses():
    stream = tuple(responses_stream(TURN).chunks)
    stream = tuple(part + b"\n\n" for chunk in stream for part in chunk.split(b"\n\n") if part)
    whole = responses_answer(TURN).body
    usage = b'"usage": {"input_tokens": NaN, "output_tokens": 1e999, "total_tokens": 1%s}'
    numbers = dumped({**whole, "usage": "U"}).replace(b'"usage": "U"', usage % (b"0" * 4000))
    body = b'{"status": "completed", "output": [%s]}'
    return Wire(
        name="openai-responses",
        make=responses_provider,
        whole=dumped(whole),
        stream=stream,
        before_content=up_to(stream, b'"delta": "Hello"') - 1,
        first_content=up_to(stream, b'"delta": "Hello"'),
        in_arguments=up_to(stream, b"event: response.function_call_arguments.delta", 3),
        before_finish=len(stream) - 1,
        before_end=len(stream) - 1,
        ends_without_marker=False,
        error=_error,
        stream_error=_event("error", code="server_is_overloaded", message="busy", param=None),
        no_answer={
            "an empty object": b"{}",
            "an output that is a number": b'{"status": "completed", "output": 7}',
            "an item that is a number": body % b"7",
            "a text that is a number": body % dumped(_message(7)),
            "a call without a name": body % dumped({**_ONE, "name": None}),
            "a name that is a number": body % dumped({**_ONE, "name": 7}),
            "an id that is a list": body % dumped({**_ONE, "call_id": [1]}),
        },
        odd_numbers=numbers,
        more_text=_text_delta("x" * 4096),
        noise=_event("response.queued", response={"status": "queued"}),
        odd=_ODD,
    )
