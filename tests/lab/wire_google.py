"""Gemini's generateContent in the lab (wire/google §4-§6)."""

from labwire import BOTH, CANARY, TEXT, TURN, Odd, Wire, dumped, up_to

from executus.testing.server import google_answer, google_error, google_stream
from majordomo.providers.google import google_provider

_DAILY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}],
}
_ERRORS = {
    "rate": (429, "slow down", ()),
    "quota": (429, "You exceeded your current quota.", (_DAILY,)),
    "server": (500, "it broke", ()),
    "overloaded": (503, "The model is overloaded.", ()),
    "auth": (401, "wrong key", ()),
    "missing": (404, "models/m is not found", ()),
    "bad": (400, "bad field", ()),
    "echo": (401, f"wrong key {CANARY}", ()),
}


def _error(what):
    status, message, details = _ERRORS[what]
    return dumped(google_error(status, message, details=details).body)


def _chunk(*parts, finish=None):
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    candidate |= {"finishReason": finish} if finish else {}
    return b"data: " + dumped({"candidates": [candidate], "modelVersion": "m"}) + b"\n\n"


def _call(name, args, **fields):
    return {"functionCall": {"name": name, "args": args, **fields}}


def _odd(name, *events, calls=()):
    stream = (_chunk({"text": TEXT}), *events, _chunk({"text": ""}, finish="STOP"))
    return Odd(name=name, stream=stream, text=TEXT if calls else None, calls=calls)


_ODD = (
    _odd("calls without ids", _chunk(_call("one", {"a": 1}), _call("two", {"b": 2})), calls=BOTH),
    _odd(
        "two calls under one id",
        _chunk(_call("one", {"a": 1}, id="c")),
        _chunk(_call("two", {"b": 2}, id="c")),
        calls=BOTH,
    ),
    _odd("a call without a name", _chunk({"functionCall": {"args": {}}})),
    _odd("a name that is a number", _chunk(_call(7, {}))),
    _odd("an id that is a list", _chunk(_call("one", {}, id=[1]))),
    _odd("arguments that are a number", _chunk(_call("one", 7))),
    _odd("a text that is a number", _chunk({"text": 7})),
    _odd("a part that is a number", _chunk(7)),
    _odd("parts that are a number", b'data: {"candidates": [{"content": {"parts": 7}}]}\n\n'),
    _odd("candidates that are a number", b'data: {"candidates": 7}\n\n'),
)


def google():
    stream = tuple(chunk.replace(b"\r\n", b"\n") for chunk in google_stream(TURN).chunks)
    whole = google_answer(TURN).body
    usage = b'"usageMetadata": {"promptTokenCount": NaN, "candidatesTokenCount": 1e999, "t": 1%s}'
    numbers = dumped({**whole, "usageMetadata": "U"}).replace(
        b'"usageMetadata": "U"', usage % (b"0" * 4000)
    )
    body = b'{"candidates": [{"content": {"parts": [%s]}, "finishReason": "STOP"}]}'
    call = up_to(stream, b"functionCall")
    return Wire(
        name="google",
        make=google_provider,
        whole=dumped(whole),
        stream=stream,
        before_content=0,
        first_content=1,
        in_arguments=call - 1,  # calls come whole
        before_finish=up_to(stream, b"finishReason") - 1,
        before_end=len(stream),
        ends_without_marker=True,
        error=_error,
        stream_error=b"data: " + _error("overloaded") + b"\n\n",
        no_answer={
            "an empty object": b"{}",
            "candidates that are a number": b'{"candidates": 7}',
            "a candidate that is a number": b'{"candidates": [7]}',
            "a part that is a number": body % b"7",
            "a text that is a number": body % b'{"text": 7}',
            "a call without a name": body % b'{"functionCall": {"args": {}}}',
            "a name that is a number": body % b'{"functionCall": {"name": 7}}',
            "an id that is a list": body % b'{"functionCall": {"name": "x", "id": [1]}}',
        },
        odd_numbers=numbers,
        more_text=_chunk({"text": "x" * 4096}),
        noise=b": keep-alive\n\n",
        odd=_ODD,
    )
