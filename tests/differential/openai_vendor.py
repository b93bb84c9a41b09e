"""OpenAI Chat Completions and the SDK `openai` (wire/openai)."""

import json

import openai
import shapes
from shapes import CALL_A, CALL_B, HELLO, SYSTEM
from vendor import KEY, NO_TLS, Refusal, Served, Shape, Vendor, seen, usage

from executus.testing.server import JSONAnswer, SSEAnswer
from majordomo.errors import ErrorKind
from majordomo.llm.message import user
from majordomo.llm.request import Request, Settings
from majordomo.providers.openai import openai_provider

MODEL = "gpt-6-sol"


def _provider(*, url, transport):
    return openai_provider(KEY, base_url=f"{url}/v1", transport=transport)


def client(*, url, retries=0):
    """Their client, as both of OpenAI's wires use it."""
    return openai.AsyncOpenAI(
        api_key=KEY,
        base_url=f"{url}/v1",
        max_retries=retries,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False, verify=NO_TLS),
    )


# -- Requests -----------------------------------------------------------------------------------

ASKED = {"role": "user", "content": HELLO}


def _function(name, description, parameters):
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


TOOLS = [
    _function("lookup", shapes.LOOKUP_TEXT, shapes.LOOKUP),
    _function("clock", shapes.CLOCK_TEXT, shapes.CLOCK),
]


def _call(id_, name, arguments):
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


CALLED = _call(CALL_A, "lookup", shapes.ARGUMENTS)


def _turn(*calls, text=None):
    return {"role": "assistant", "content": text, "tool_calls": list(calls)}


def _result(id_, text):
    return {"role": "tool", "tool_call_id": id_, "content": text}


def _image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def _text(text):
    return {"type": "text", "text": text}


def _says(*messages, **fields):
    """One request with these messages; the question alone without any."""

    async def call(client):
        return await client.chat.completions.create(
            model=MODEL, messages=list(messages) or [ASKED], **fields
        )

    return call


def _streams(**fields):
    async def call(client):
        options = {"include_usage": True}
        async with client.chat.completions.stream(
            model=MODEL, messages=[ASKED], stream_options=options, **fields
        ) as stream:
            await stream.until_done()

    return call


def _parses(tp, **fields):
    async def call(client):
        return await client.chat.completions.parse(
            model=MODEL, messages=[ASKED], response_format=tp, **fields
        )

    return call


async def _replays(client):
    first = await client.chat.completions.create(model=MODEL, messages=[ASKED], tools=TOOLS)
    own = first.choices[0].message
    results = [_result(call.id, "sunny") for call in own.tool_calls]
    tomorrow = {"role": "user", "content": "And tomorrow?"}
    await client.chat.completions.create(
        model=MODEL, messages=[ASKED, own, *results, tomorrow], tools=TOOLS
    )


async def _streams_parsed(client):
    options = {"include_usage": True}
    async with client.chat.completions.stream(
        model=MODEL, messages=[ASKED], response_format=shapes.Weather, stream_options=options
    ) as stream:
        await stream.get_final_completion()


CALLS = {
    "plain text": _says(),
    "plain text, streamed": _streams(),
    "odd characters": _says(
        {"role": "system", "content": shapes.TEXT}, {"role": "user", "content": shapes.TEXT}
    ),
    "system": _says({"role": "system", "content": SYSTEM}, ASKED),
    "several system messages": _says({"role": "system", "content": "One.\n\nTwo."}, ASKED),
    "several turns": _says(
        {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}, ASKED
    ),
    "tools": _says(tools=TOOLS),
    "tools, streamed": _streams(tools=TOOLS),
    "some tool forced": _says(tools=TOOLS, tool_choice="required"),
    "one tool forced": _says(
        tools=TOOLS, tool_choice={"type": "function", "function": {"name": "lookup"}}
    ),
    "tools forbidden": _says(tools=TOOLS, tool_choice="none"),
    "one call at a time": _says(tools=TOOLS, parallel_tool_calls=False),
    "tool results": _says(
        ASKED,
        _turn(CALLED, _call(CALL_B, "clock", "{}"), text="Let me see."),
        _result(CALL_A, "sunny"),
        _result(CALL_B, "12:00"),
        tools=TOOLS,
    ),
    "tool error": _says(ASKED, _turn(CALLED), _result(CALL_A, "no such city"), tools=TOOLS),
    "image in a tool result": _says(
        ASKED,
        _turn(CALLED),
        # A tool message takes no image: it points to one that follows (wire/openai §4).
        _result(CALL_A, "a picture\n(image in the next user message)"),
        {
            "role": "user",
            "content": [_text(f"Result of lookup ({CALL_A}), image:"), _image(shapes.PNG_URL)],
        },
        tools=TOOLS,
    ),
    "image": _says({"role": "user", "content": [_text("What is this?"), _image(shapes.PNG_URL)]}),
    "images among text": _says(
        {
            "role": "user",
            "content": [
                _text("First:"),
                _image(shapes.PNG_URL),
                _text("second:"),
                _image(shapes.OTHER_PNG_URL),
                _text("compare."),
            ],
        }
    ),
    "PDF": _says(
        {
            "role": "user",
            "content": [
                _text("Sum up."),
                {"type": "file", "file": {"filename": "a.pdf", "file_data": shapes.PDF_URL}},
            ],
        }
    ),
    "output type": _parses(shapes.Weather),
    "output type, streamed": _streams_parsed,
    "output type with constraints": _parses(shapes.Bounded),
    "output type and tools": _parses(
        shapes.Weather,
        tools=[{**tool, "function": {**tool["function"], "strict": True}} for tool in TOOLS],
    ),
    "most tokens": _says(max_completion_tokens=77),
    "sampling": _says(temperature=0.2, top_p=0.9),
    "stop texts": _says(stop=["END", "###"]),
    "seed": _says(seed=7),
    "effort high": _says(reasoning_effort="high"),
    "effort none": _says(reasoning_effort="none"),
    "prompt caching": _says(),
    "service tier": _says(service_tier="auto"),
    "own answer replayed": _replays,
    "fields of one's own": _says(
        metadata={"team": "a"}, prompt_cache_key="k", verbosity="low", store=False
    ),
    "most tokens, the old field": _says(max_tokens=77),
}

OWN = (
    Shape(
        name="fields of one's own",
        request=Request(
            messages=(user(HELLO),),
            settings=Settings(
                extra={
                    "metadata": {"team": "a"},
                    "prompt_cache_key": "k",
                    "verbosity": "low",
                    "store": False,
                }
            ),
        ),
    ),
    Shape(
        name="most tokens, the old field",
        request=Request(
            messages=(user(HELLO),), settings=Settings(max_tokens=5, extra={"max_tokens": 77})
        ),
    ),
)


# -- Answers ------------------------------------------------------------------------------------

_NAMES = {"id": "chatcmpl-1", "created": 1790000000, "model": "gpt-6-sol-2026-09-01"}
_USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 60,
    "total_tokens": 180,
    "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 8, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 32,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
_HEADERS = {"x-request-id": "req_7"}


def _whole(message, finish, usage=_USAGE):
    message = {"role": "assistant", "content": None, "refusal": None, "annotations": [], **message}
    choice = {"index": 0, "finish_reason": finish, "logprobs": None, "message": message}
    rest = {"usage": usage, "service_tier": "default", "system_fingerprint": "fp_1"}
    return {**_NAMES, "object": "chat.completion", "choices": [choice], **rest}


def _event(fields):
    fields = {**_NAMES, "object": "chat.completion.chunk", **fields}
    return b"data: " + json.dumps(fields, ensure_ascii=False).encode() + b"\n\n"


def _chunk(delta, finish=None, **fields):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _event({"choices": [choice], "usage": None, **fields})


_BEGIN = _chunk({"role": "assistant", "content": "", "refusal": None}, obfuscation="x9")
_DONE = b"data: [DONE]\n\n"


def _events(*deltas, finish="stop", usage=_USAGE):
    chunks = [_chunk(delta) for delta in deltas]
    last = (_event({"choices": [], "usage": usage}), _DONE)
    return (_BEGIN, *chunks, _chunk({}, finish), *last)


def _piece(index, arguments, **fields):
    name = {"name": fields.pop("name")} if "name" in fields else {}
    call = {"index": index, "function": {**name, "arguments": arguments}, **fields}
    return {"tool_calls": [call]}


def _begun(index, id_, name):
    return _piece(index, "", id=id_, type="function", name=name)


_TWO = [_call("call_A", "lookup", shapes.ARGUMENTS), _call("call_B", "clock", "{}")]

ANSWERS = (
    Served(
        name="text",
        whole=_whole({"content": "Hello, wörld 😀."}, "stop"),
        stream=_events({"content": "Hello, "}, {"content": "wörld"}, {"content": " 😀."}),
    ),
    Served(
        name="no content",
        whole=_whole({"content": ""}, "stop"),
        stream=_events({}),
    ),
    Served(
        name="two calls",
        whole=_whole({"tool_calls": _TWO}, "tool_calls"),
        stream=_events(
            _begun(0, "call_A", "lookup"),
            *(_piece(0, piece) for piece in ('{"ci', 'ty": "Ro', 'me", ', '"days": ', "2}")),
            _begun(1, "call_B", "clock"),
            _piece(1, "{}"),
            finish="tool_calls",
        ),
    ),
    Served(
        name="a call in one piece, and text",
        whole=_whole({"content": "Wait.", "tool_calls": _TWO[:1]}, "tool_calls"),
        stream=_events(
            {"content": "Wait."},
            _piece(0, shapes.ARGUMENTS, id="call_A", type="function", name="lookup"),
            finish="tool_calls",
        ),
    ),
    Served(
        name="calls in turn",
        stream=_events(
            _begun(0, "call_A", "lookup"),
            _begun(1, "call_B", "lookup"),
            _piece(0, '{"city": "'),
            _piece(1, '{"city": "'),
            _piece(0, 'Rome"}'),
            _piece(1, 'Oslo"}'),
            finish="tool_calls",
        ),
    ),
    Served(
        name="a forced call",
        whole=_whole({"tool_calls": _TWO[:1]}, "stop"),
        stream=_events(_begun(0, "call_A", "lookup"), _piece(0, shapes.ARGUMENTS), finish="stop"),
    ),
    Served(
        name="a refusal",
        whole=_whole({"refusal": "I cannot."}, "stop"),
        stream=_events({"refusal": "I "}, {"refusal": "cannot."}),
    ),
    Served(
        name="cut short",
        whole=_whole({"content": "Once upon"}, "length"),
        stream=_events({"content": "Once "}, {"content": "upon"}, finish="length"),
    ),
    Served(
        name="filtered",
        whole=_whole({"content": "Once"}, "content_filter"),
        stream=_events({"content": "Once"}, finish="content_filter"),
    ),
    Served(
        name="usage without details",
        whole=_whole(
            {"content": "Hi"},
            "stop",
            {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
        ),
        stream=_events(
            {"content": "Hi"},
            usage={
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 11,
                "prompt_tokens_details": None,
            },
        ),
    ),
    Served(
        name="no usage",
        stream=(_BEGIN, _chunk({"content": "Hi"}), _chunk({}, "stop"), _DONE),
    ),
    Served(
        name="fields nobody knows",
        whole={**_whole({"content": "Hi", "mood": [1]}, "stop"), "moderation": {"x": 1}},
        stream=(
            b": keep-alive\n\n",
            _BEGIN,
            _chunk({"content": "Hi", "mood": 1}),
            _chunk({}, "stop"),
            _event({"choices": [], "usage": _USAGE}),
            _event({"choices": [], "moderation": {"flagged": False}}),
            _DONE,
        ),
    ),
    Served(
        name="line ends of all kinds",
        stream=tuple(
            event.replace(b"\n", end)
            for event, end in zip(
                _events({"content": "A\u2028B"}, {"content": "C"}),
                [b"\r\n", b"\n", b"\r\n", b"\n", b"\r\n", b"\n"],
                strict=True,
            )
        ),
    ),
)


async def _ask(client, *, streaming):
    create = client.chat.completions.create
    if not streaming:
        answer = await create(model=MODEL, messages=[ASKED])
        return _read(answer, answer._request_id)
    options = {"include_usage": True}
    async with client.chat.completions.stream(
        model=MODEL, messages=[ASKED], stream_options=options
    ) as stream:
        await stream.until_done()
        id_ = stream._response.headers["x-request-id"]
        return _read(stream.current_completion_snapshot, id_)


def _read(answer, request_id):
    message, finish = answer.choices[0].message, answer.choices[0].finish_reason
    calls = message.tool_calls or ()
    if calls and finish == "stop":
        finish = "tool_calls"  # a forced call; whoever runs tools looks at the calls
    if message.refusal and finish == "stop":
        finish = "refusal"
    return seen(
        text=(message.content or "") + (message.refusal or ""),
        calls=[(c.id, c.function.name, json.loads(c.function.arguments)) for c in calls],
        finish=finish,
        usage=_usage(answer.usage),
        model=answer.model,
        request_id=request_id,
    )


def _usage(counts):
    if counts is None:
        return usage()
    prompt, completion = counts.prompt_tokens_details, counts.completion_tokens_details
    return usage(
        input=counts.prompt_tokens,
        output=counts.completion_tokens,
        cache_read=prompt and prompt.cached_tokens,
        cache_write=prompt and prompt.cache_write_tokens,
        reasoning=completion and completion.reasoning_tokens,
    )


_ARGUED = _whole({"tool_calls": [CALLED]}, "tool_calls")


def _answer(request):
    body = request.json
    wanted = body.get("response_format", {}).get("json_schema", {}).get("name", "")
    text = {"Weather": shapes.WEATHER, "Bounded": shapes.BOUNDED}.get(wanted, "Sunny.")
    if body.get("stream"):
        return SSEAnswer(_events({"content": text}), headers=_HEADERS)
    if body.get("tools") and not wanted and len(body["messages"]) == 1:
        return JSONAnswer(200, _ARGUED, _HEADERS)
    return JSONAnswer(200, _whole({"content": text}, "stop"), _HEADERS)


# -- Errors -------------------------------------------------------------------------------------


def error(message, type="invalid_request_error", code=None, param=None):
    """An error's body."""
    return {"error": {"message": message, "type": type, "param": param, "code": code}}


_LIMITED = error("slow down", "rate_limit_error", "rate_limit_exceeded")

REFUSALS = (
    Refusal(name="400", status=400, body=error("bad", code="invalid_value", param="messages[1]")),
    Refusal(
        name="400 context",
        status=400,
        body=error("maximum context length is 9", code="context_length_exceeded", param="messages"),
    ),
    Refusal(
        name="400 tools and reasoning",
        status=400,
        body=error(
            "Function tools with reasoning_effort are not supported for gpt-6-sol in "
            "/v1/chat/completions.",
            param="reasoning_effort",
        ),
    ),
    Refusal(name="401", status=401, body=error("wrong key", code="invalid_api_key")),
    Refusal(name="403", status=403, body=error("not here", code="unsupported_country")),
    Refusal(name="404", status=404, body=error("no such model", code="model_not_found")),
    Refusal(name="408", status=408, body=error("too slow", "timeout")),
    Refusal(name="409", status=409, body=error("locked", "conflict")),
    Refusal(name="413", status=413, body=error("too large")),
    Refusal(name="422", status=422, body=error("unprocessable")),
    Refusal(name="429", status=429, body=_LIMITED, headers={"retry-after-ms": "1"}),
    Refusal(name="429 seconds", status=429, body=_LIMITED, headers={"retry-after": "0.002"}),
    Refusal(
        name="429 quota",
        status=429,
        body=error("no money left", "insufficient_quota", "insufficient_quota"),
        headers={"retry-after-ms": "1"},
    ),
    Refusal(
        name="429 that should not be retried",
        status=429,
        body=_LIMITED,
        headers={"x-should-retry": "false", "retry-after-ms": "1"},
    ),
    Refusal(
        name="400 that should be retried",
        status=400,
        body=error("bad"),
        headers={"x-should-retry": "true", "retry-after-ms": "1"},
    ),
    Refusal(name="500", status=500, body=error("it broke", "server_error")),
    Refusal(name="500 as text", status=500, body=b"<html>oops</html>"),
    Refusal(name="502", status=502, body=b""),
    Refusal(
        name="503",
        status=503,
        body=error("busy", "service_unavailable_error", "server_is_overloaded"),
    ),
    Refusal(name="504", status=504, body=error("late", "server_error")),
    Refusal(name="520", status=520, body=b"error code: 520"),
)
"""HTTP errors are the same on both of OpenAI's wires."""

STREAM_REFUSALS = (
    Refusal(
        name="in a stream",
        stream=(
            _BEGIN,
            _chunk({"content": "Hel"}),
            b"data: " + json.dumps(error("it broke", "server_error")).encode() + b"\n\n",
        ),
    ),
    Refusal(
        name="first in a stream",
        stream=(b"data: " + json.dumps(_LIMITED).encode() + b"\n\n",),
    ),
)

_BAD = {"permanent", "context_overflow", "unsupported", "history_rejected", "quota"}
# Most derived first.
KINDS = (
    (openai.BadRequestError, _BAD),
    (openai.AuthenticationError, {"auth"}),
    (openai.PermissionDeniedError, {"auth"}),
    (openai.NotFoundError, {"not_found"}),
    (openai.ConflictError, {"transient"}),
    (openai.UnprocessableEntityError, {"permanent"}),
    (openai.RateLimitError, {"transient", "quota"}),
    (openai.InternalServerError, {"transient"}),
    (openai.APIStatusError, {"permanent", "transient"}),
    (openai.APIError, set(ErrorKind)),  # in a stream: they have no class for it, but a code
)


def failure(error):
    """What one of their exceptions says."""
    assert isinstance(error, openai.APIError), repr(error)
    status = isinstance(error, openai.APIStatusError)
    return {
        "status": error.status_code if status else None,
        "kinds": next(kinds for kind, kinds in KINDS if isinstance(error, kind)),
        "request_id": error.request_id if status else None,
        "code": error.code or error.type,
        "param": error.param,
    }


def wait_s(client, error):
    """The wait they read from an answer's headers."""
    return client._parse_retry_after_header(error.response.headers)


VENDOR = Vendor(
    name="openai",
    model=MODEL,
    provider=_provider,
    client=client,
    calls=CALLS,
    own=OWN,
    answer=_answer,
    ask=_ask,
    answers=ANSWERS,
    refusals=(*REFUSALS, *STREAM_REFUSALS),
    failure=failure,
    raises=openai.APIError,
    wait_s=wait_s,
)
