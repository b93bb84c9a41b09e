"""Ollama's own API in the lab: foreman in full, local servers and the cloud in what may differ.

Source: wire/ollama §5, §8.
"""

from dataclasses import replace

from labwire import BOTH, CANARY, TEXT, TURN, Odd, Wire, dumped, up_to

from executus.testing.server import ollama_answer, ollama_error, ollama_stream
from majordomo.providers.ollama import foreman_provider, ollama_cloud_provider, ollama_provider

_ERRORS = {
    "rate": (429, "slow down"),
    "quota": (402, "no money left"),
    "server": (500, "it broke"),
    "overloaded": (503, "server busy, please try again"),
    "auth": (401, "unauthorized"),
    "missing": (404, "model 'm' not found"),
    "bad": (400, "bad field"),
    "echo": (401, f"wrong key {CANARY}"),
}


def _error(what):
    return dumped(ollama_error(*_ERRORS[what]).body)


def _line(**fields):
    message = {"role": "assistant", "content": "", **fields}
    return dumped({"model": "m", "message": message, "done": False}) + b"\n"


def _calls(*calls):
    raw = [{"function": {"name": name, "arguments": arguments}} for name, arguments in calls]
    return _line(tool_calls=raw)


def _odd(name, *lines, calls=()):
    end = dumped({"model": "m", "done": True}) + b"\n"
    stream = (_line(content=TEXT), *lines, end)
    return Odd(name=name, stream=stream, text=TEXT if calls else None, calls=calls)


_ODD = (
    _odd("calls without ids", _calls(*BOTH), calls=BOTH),
    _odd("calls in lines of their own", *map(_calls, BOTH), calls=BOTH),
    _odd("arguments that are text", _calls(("one", '{"a": 1}'), ("two", {"b": 2})), calls=BOTH),
    _odd("a call without a name", _calls((None, {}))),
    _odd("a name that is a number", _calls((7, {}))),
    _odd("an id that is a list", _line(tool_calls=[{"id": [1], "function": {"name": "x"}}])),
    _odd("a call that is a number", _line(tool_calls=[7])),
    _odd("calls that are a number", _line(tool_calls=7)),
    _odd("a text that is a number", _line(content=7)),
    _odd("a text that is an object", _line(content={"a": 1})),
    _odd("a message that is a list", b'{"message": [1]}\n'),
)


def foreman():
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
        in_arguments=up_to(stream, b'"arguments"') - 1,
        before_finish=len(stream) - 1,
        before_end=len(stream) - 1,
        ends_without_marker=False,
        error=_error,
        stream_error=_error("overloaded") + b"\n",
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
        odd=_ODD,
    )


def _endpoint(name, make):
    """Foreman's wire at another endpoint: how it reads odd lines is shown by foreman."""
    return replace(
        foreman(), name=name, make=make, like="foreman", no_answer={}, odd=(), line_ends=()
    )


def ollama():
    return _endpoint("ollama", ollama_provider)


def ollama_cloud():
    return _endpoint("ollama-cloud", ollama_cloud_provider)
