"""Ollama's native API and the SDK `ollama` (wire/ollama)."""

import json

import ollama
import shapes
from shapes import HELLO, PARSED, SYSTEM
from vendor import KEY, NO_TLS, Refusal, Served, Shape, Vendor, seen, usage

from executus.testing.server import JSONAnswer, SSEAnswer
from majordomo.errors import ErrorKind
from majordomo.providers.ollama import ollama_provider

MODEL = "qwen3:8b"
LINES = {"content-type": "application/x-ndjson"}


def _provider(*, url, transport):
    return ollama_provider(KEY, base_url=url, transport=transport)


def _client(*, url, retries=0):
    del retries  # it never tries again
    return ollama.AsyncClient(
        host=url, headers={"authorization": f"Bearer {KEY}"}, trust_env=False, verify=NO_TLS
    )


# -- Requests -----------------------------------------------------------------------------------

ASKED = {"role": "user", "content": HELLO}


def _function(name, description, parameters):
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


# The server keeps little of a schema (wire/ollama §4): a careful caller says the rest in words.
_PLAIN = {
    **shapes.LOOKUP,
    "properties": {
        **shapes.LOOKUP["properties"],
        "days": {"type": "integer", "description": "(minimum: 1, maximum: 7)"},
    },
}
TOOLS = [
    _function("lookup", shapes.LOOKUP_TEXT, _PLAIN),
    _function("clock", shapes.CLOCK_TEXT, shapes.CLOCK),
]
_WISH = "Answer by calling one of the tools."
_ONE_WISH = "Answer by calling the tool lookup."


def _call(name, arguments):
    return {"function": {"name": name, "arguments": arguments}}


CALLED = _call("lookup", PARSED)


def _turn(*calls, text=""):
    return {"role": "assistant", "content": text, "tool_calls": list(calls)}


def _result(name, text):
    return {"role": "tool", "tool_name": name, "content": text}


def _system(text):
    return {"role": "system", "content": text}


def _says(*messages, **fields):
    """One request with these messages; the question alone without any."""

    async def call(client):
        return await client.chat(model=MODEL, messages=list(messages) or [ASKED], **fields)

    return call


def _streams(*messages, **fields):
    async def call(client):
        stream = await client.chat(
            model=MODEL, messages=list(messages) or [ASKED], stream=True, **fields
        )
        return [line async for line in stream]

    return call


async def _replays(client):
    first = await client.chat(model=MODEL, messages=[ASKED], tools=TOOLS)
    own = first.message
    results = [_result(call.function.name, "sunny") for call in own.tool_calls]
    tomorrow = {"role": "user", "content": "And tomorrow?"}
    await client.chat(model=MODEL, messages=[ASKED, own, *results, tomorrow], tools=TOOLS)


async def _replays_in_loop(client):
    first = await client.chat(model=MODEL, messages=[ASKED], tools=TOOLS)
    own = first.message
    results = [_result(call.function.name, "sunny") for call in own.tool_calls]
    await client.chat(model=MODEL, messages=[ASKED, own, *results], tools=TOOLS)


_WEATHER = {"format": shapes.Weather.model_json_schema()}
_BOUNDED = {"format": shapes.Bounded.model_json_schema()}

CALLS = {
    "plain text": _says(),
    "plain text, streamed": _streams(),
    "odd characters": _says(_system(shapes.TEXT), {"role": "user", "content": shapes.TEXT}),
    "system": _says(_system(SYSTEM), ASKED),
    "several system messages": _says(_system("One.\n\nTwo."), ASKED),
    "several turns": _says(
        {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}, ASKED
    ),
    "tools": _says(tools=TOOLS),
    "tools, streamed": _streams(tools=TOOLS),
    # The wire has no choice of tools: it is made in words, and by what is offered.
    "some tool forced": _says(_system(_WISH), ASKED, tools=TOOLS),
    "one tool forced": _says(_system(_ONE_WISH), ASKED, tools=TOOLS[:1]),
    "tools forbidden": _says(),
    "tool results": _says(
        ASKED,
        _turn(CALLED, _call("clock", {}), text="Let me see."),
        _result("lookup", "sunny"),
        _result("clock", "12:00"),
        tools=TOOLS,
    ),
    "tool error": _says(
        ASKED, _turn(CALLED), _result("lookup", "Error: no such city"), tools=TOOLS
    ),
    "image in a tool result": _says(
        ASKED,
        _turn(CALLED),
        _result("lookup", "a picture\n(1 image in the next user message)"),
        {
            "role": "user",
            "content": f"Image 1: result of lookup ({shapes.CALL_A})",
            "images": [shapes.PNG],
        },
        tools=TOOLS,
    ),
    "image": _says({"role": "user", "content": "What is this?", "images": [shapes.PNG]}),
    "images among text": _says(
        {
            "role": "user",
            "content": "First:second:compare.",
            "images": [shapes.PNG, shapes.OTHER_PNG],
        }
    ),
    "output type": _says(**_WEATHER),
    "output type, streamed": _streams(**_WEATHER),
    "output type with constraints": _says(**_BOUNDED),
    "output type and tools": _says(tools=TOOLS),
    "most tokens": _says(options={"num_predict": 77}),
    "sampling": _says(options={"temperature": 0.2, "top_p": 0.9}),
    "stop texts": _says(options={"stop": ["END", "###"]}),
    "seed": _says(options={"seed": 7}),
    "effort high": _says(think="high"),
    "effort none": _says(think=False),
    "prompt caching": _says(),
    "service tier": _says(),
    "own answer replayed": _replays,
    "own answer replayed in its tool loop": _replays_in_loop,
}

OWN = (
    Shape(
        name="own answer replayed in its tool loop",
        request=shapes.TOOLED,
        then=shapes.replay_in_loop,
    ),
)


# -- Answers ------------------------------------------------------------------------------------

_NAMES = {"model": "qwen3:8b", "created_at": "2026-11-21T10:00:00.1Z"}
_COUNTS = {
    "total_duration": 900,
    "load_duration": 100,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 130,
    "eval_count": 12,
    "eval_duration": 400,
}


def _body(message, *, done=True, reason="stop", counts=_COUNTS):
    end = {"done_reason": reason, **counts} if done else {}
    return {**_NAMES, "message": {"role": "assistant", **message}, "done": done, **end}


def _line(body):
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def _lines(*messages, **end):
    lines = [_line(_body({"content": "", **message}, done=False)) for message in messages]
    return (*lines, _line(_body({"content": ""}, **end)))


def _called(id_, name, arguments):
    return {"id": id_, "function": {"index": 0, "name": name, "arguments": arguments}}


_A = _called("call_9f2k1x7a", "lookup", PARSED)
_B = _called("call_8e1j0w6b", "clock", {})

ANSWERS = (
    Served(
        name="text",
        whole=_body({"content": "Hello, wörld 😀."}),
        stream=_lines({"content": "Hello, "}, {"content": "wörld"}, {"content": " 😀."}),
    ),
    Served(
        name="two calls",
        whole=_body({"content": "", "tool_calls": [_A, _B]}),
        stream=_lines({"tool_calls": [_A]}, {"tool_calls": [_B]}),
    ),
    Served(
        name="thinking, text and a call",
        whole=_body({"content": "Wait.", "thinking": "Let me see.", "tool_calls": [_A]}),
        stream=_lines(
            {"thinking": "Let "},
            {"thinking": "me see."},
            {"content": "Wait."},
            {"tool_calls": [_A]},
        ),
    ),
    Served(
        name="cut short",
        whole=_body({"content": "Once upon"}, reason="length"),
        stream=_lines({"content": "Once "}, {"content": "upon"}, reason="length"),
    ),
    Served(
        name="no usage",
        whole=_body({"content": "Hi"}, counts={}),
        stream=_lines({"content": "Hi"}, counts={}),
    ),
    Served(
        name="fields nobody knows",
        whole={**_body({"content": "Hi", "mood": 1}), "remote_model": "x"},
        stream=_lines({"content": "Hi", "mood": 1}),
    ),
    Served(name="a stream in one line", stream=(_line(_body({"content": "Hi"})),)),
)


async def _ask(client, *, streaming):
    if not streaming:
        return _read([await client.chat(model=MODEL, messages=[ASKED])])
    stream = await client.chat(model=MODEL, messages=[ASKED], stream=True)
    return _read([line async for line in stream])


def _read(lines):
    """Their SDK gives the lines; putting them together is the caller's business."""
    last, messages = lines[-1], [line.message for line in lines]
    calls = [call.function for message in messages for call in message.tool_calls or ()]
    return seen(
        text="".join(message.content or "" for message in messages),
        thinking="".join(message.thinking or "" for message in messages),
        calls=[(None, call.name, dict(call.arguments)) for call in calls],
        finish="tool_calls" if calls else last.done_reason,
        usage=usage(input=last.prompt_eval_count, output=last.eval_count),
        model=last.model,
    )


def _answer(request):
    body = request.json
    fields = (body.get("format") or {}).get("properties", ())
    text = shapes.WEATHER if "celsius" in fields else "Sunny."
    text = shapes.BOUNDED if "share" in fields else text
    calls = body.get("tools") and len(body["messages"]) == 1
    said = {"content": "Wait.", "thinking": "Let me see.", "tool_calls": [_A]}
    message = said if calls else {"content": text}
    if body["stream"]:
        return SSEAnswer(_lines(message), headers=LINES)
    return JSONAnswer(200, _body(message))


# -- Errors -------------------------------------------------------------------------------------


def _refusal(name, status, message):
    return Refusal(name=name, status=status, body={"error": message})


REFUSALS = (
    _refusal("400", 400, "invalid think value"),
    _refusal("400 tools", 400, '"x" does not support tools'),
    _refusal("401", 401, "unauthorized"),
    _refusal("403", 403, "cloud is disabled"),
    _refusal("404", 404, "model 'x' not found"),
    _refusal("429", 429, "too many requests"),
    _refusal("500", 500, "model runner has unexpectedly stopped"),
    _refusal("500 memory", 500, "model requires more system memory (9 GiB)"),
    _refusal("503", 503, "server busy, please try again."),
    Refusal(name="502 as text", status=502, body=b"bad gateway"),
    Refusal(
        name="in a stream",
        stream=(
            *_lines({"content": "Hel"})[:1],
            _line({"error": "model runner has unexpectedly stopped"}),
        ),
    ),
)

_KINDS = {
    400: {"permanent", "unsupported", "context_overflow"},
    401: {"auth"},
    403: {"auth", "quota"},
    404: {"not_found"},
    429: {"transient"},
    500: {"transient", "permanent"},
    502: {"transient"},
    503: {"transient"},
}


def _failure(error):
    """They give the status and the sentence, and leave it at that."""
    status = error.status_code if error.status_code > 0 else None
    return {"status": status, "kinds": _KINDS.get(status, set(ErrorKind))}


VENDOR = Vendor(
    name="ollama",
    model=MODEL,
    provider=_provider,
    client=_client,
    calls=CALLS,
    lacks={
        "one call at a time": "the wire has no switch for it",
        "PDF": "the wire takes none, so ours refuses it",
    },
    own=OWN,
    answer=_answer,
    ask=_ask,
    answers=ANSWERS,
    refusals=REFUSALS,
    failure=_failure,
    request_id="",
    stream_headers=LINES,
    raises=ollama.ResponseError,
    retries=False,
)
