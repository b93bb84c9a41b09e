"""Anthropic Messages and the SDK `anthropic` (wire/anthropic)."""

import json

import anthropic
import shapes
from shapes import CALL_A, CALL_B, HELLO, PARSED, SYSTEM
from vendor import KEY, NO_TLS, Refusal, Served, Shape, Vendor, seen, usage

from executus.testing.server import JSONAnswer, SSEAnswer
from majordomo.errors import ErrorKind
from majordomo.llm.message import user
from majordomo.llm.request import Request, Settings
from majordomo.providers.anthropic import AnthropicOptions, anthropic_provider

# Of the generation that takes forced tools, and thinking or none (wire/anthropic §5, §6).
MODEL = "claude-opus-4-8"
OLDER = "claude-haiku-4-5"
MOST = 1024


def _provider(*, url, transport):
    options = AnthropicOptions(default_max_tokens=MOST)
    return anthropic_provider(KEY, base_url=url, options=options, transport=transport)


def _client(*, url, retries=0):
    return anthropic.AsyncAnthropic(
        api_key=KEY,
        base_url=url,
        max_retries=retries,
        http_client=anthropic.DefaultAsyncHttpxClient(trust_env=False, verify=NO_TLS),
    )


# -- Requests -----------------------------------------------------------------------------------

ASKED = {"role": "user", "content": HELLO}
TOOLS = [
    {"name": "lookup", "description": shapes.LOOKUP_TEXT, "input_schema": shapes.LOOKUP},
    {"name": "clock", "description": shapes.CLOCK_TEXT, "input_schema": shapes.CLOCK},
]


def _text(text):
    return {"type": "text", "text": text}


def _use(id_, name, given):
    return {"type": "tool_use", "id": id_, "name": name, "input": given}


USED = _use(CALL_A, "lookup", PARSED)


def _turn(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def _user(*blocks):
    return {"role": "user", "content": list(blocks)}


def _result(id_, content, **fields):
    return {"type": "tool_result", "tool_use_id": id_, "content": content, **fields}


def _image(data):
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return {"type": "image", "source": source}


_PDF = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": shapes.PDF_64},
    "title": "a.pdf",
}


def _says(*messages, model=MODEL, max_tokens=MOST, **fields):
    """One request with these messages; the question alone without any."""

    async def call(client):
        return await client.messages.create(
            model=model, max_tokens=max_tokens, messages=list(messages) or [ASKED], **fields
        )

    return call


def _streams(**fields):
    async def call(client):
        async with client.messages.stream(
            model=MODEL, max_tokens=MOST, messages=[ASKED], **fields
        ) as stream:
            await stream.until_done()

    return call


def _parses(tp, **fields):
    async def call(client):
        return await client.messages.parse(
            model=MODEL, max_tokens=MOST, messages=[ASKED], output_format=tp, **fields
        )

    return call


async def _replays(client):
    first = await client.messages.create(
        model=MODEL, max_tokens=MOST, messages=[ASKED], tools=TOOLS
    )
    results = [_result(block.id, "sunny") for block in first.content if block.type == "tool_use"]
    await client.messages.create(
        model=MODEL,
        max_tokens=MOST,
        messages=[ASKED, _turn(*first.content), _user(*results, _text("And tomorrow?"))],
        tools=TOOLS,
    )


async def _replays_streamed(client):
    async with client.messages.stream(
        model=MODEL, max_tokens=MOST, messages=[ASKED], tools=TOOLS
    ) as stream:
        first = await stream.get_final_message()
    results = [_result(block.id, "sunny") for block in first.content if block.type == "tool_use"]
    async with client.messages.stream(
        model=MODEL,
        max_tokens=MOST,
        messages=[ASKED, _turn(*first.content), _user(*results, _text("And tomorrow?"))],
        tools=TOOLS,
    ) as stream:
        await stream.until_done()


_NAMED = {"type": "tool", "name": "lookup"}

CALLS = {
    "plain text": _says(),
    "plain text, streamed": _streams(),
    "odd characters": _says({"role": "user", "content": shapes.TEXT}, system=shapes.TEXT),
    "system": _says(system=SYSTEM),
    "several system messages": _says(system="One.\n\nTwo."),
    "several turns": _says(
        {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}, ASKED
    ),
    "tools": _says(tools=TOOLS),
    "tools, streamed": _streams(tools=TOOLS),
    "some tool forced": _says(tools=TOOLS, tool_choice={"type": "any"}),
    "one tool forced": _says(tools=TOOLS, tool_choice=_NAMED),
    "tools forbidden": _says(tools=TOOLS, tool_choice={"type": "none"}),
    "one call at a time": _says(
        tools=TOOLS, tool_choice={"type": "auto", "disable_parallel_tool_use": True}
    ),
    "tool results": _says(
        ASKED,
        _turn(_text("Let me see."), USED, _use(CALL_B, "clock", {})),
        _user(_result(CALL_A, "sunny"), _result(CALL_B, "12:00")),
        tools=TOOLS,
    ),
    "tool error": _says(
        ASKED, _turn(USED), _user(_result(CALL_A, "no such city", is_error=True)), tools=TOOLS
    ),
    "image in a tool result": _says(
        ASKED,
        _turn(USED),
        _user(_result(CALL_A, [_text("a picture"), _image(shapes.PNG_64)])),
        tools=TOOLS,
    ),
    "image": _says(_user(_text("What is this?"), _image(shapes.PNG_64))),
    "images among text": _says(
        _user(
            _text("First:"),
            _image(shapes.PNG_64),
            _text("second:"),
            _image(shapes.OTHER_PNG_64),
            _text("compare."),
        )
    ),
    "PDF": _says(_user(_text("Sum up."), _PDF)),
    "output type": _parses(shapes.Weather),
    "output type, streamed": _streams(output_format=shapes.Weather),
    "output type with constraints": _parses(shapes.Bounded),
    "output type and tools": _parses(shapes.Weather, tools=TOOLS),
    "most tokens": _says(max_tokens=77),
    # Their types follow a version of the API that has no sampling; older models know it.
    "sampling": _says(extra_body={"temperature": 0.2, "top_p": 0.9}),
    "stop texts": _says(stop_sequences=["END", "###"]),
    "effort high": _says(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
    "effort none": _says(thinking={"type": "disabled"}),
    "prompt caching": _says(cache_control={"type": "ephemeral"}),
    "service tier": _says(service_tier="auto"),
    "own answer replayed": _replays,
    "own answer replayed, streamed": _replays_streamed,
    "effort as a budget": _says(
        model=OLDER, max_tokens=5096, thinking={"type": "enabled", "budget_tokens": 4096}
    ),
    "one tool forced, one call at a time": _says(
        tools=TOOLS, tool_choice={**_NAMED, "disable_parallel_tool_use": True}
    ),
    "fields of one's own": _says(
        metadata={"user_id": "u1"}, cache_control={"type": "ephemeral", "ttl": "1h"}
    ),
    "results, images and a question": _says(
        ASKED,
        _turn(USED),
        _user(_result(CALL_A, "sunny"), _text("And this?"), _image(shapes.PNG_64)),
        tools=TOOLS,
    ),
}

_QUESTION = (user(HELLO),)
OWN = (
    Shape(
        name="own answer replayed, streamed",
        request=shapes.TOOLED,
        streaming=True,
        then=shapes.replay,
    ),
    Shape(
        name="effort as a budget",
        model=OLDER,
        request=Request(
            messages=_QUESTION, settings=Settings(reasoning_effort="medium", max_tokens=1000)
        ),
    ),
    Shape(
        name="one tool forced, one call at a time",
        request=Request(
            messages=_QUESTION,
            tools=shapes.TOOLED.tools,
            tool_choice=shapes.TOOLED.tools[0],
            settings=Settings(parallel_tool_calls=False),
        ),
    ),
    Shape(
        name="fields of one's own",
        request=Request(
            messages=_QUESTION,
            settings=Settings(
                extra={
                    "metadata": {"user_id": "u1"},
                    "cache_control": {"type": "ephemeral", "ttl": "1h"},
                }
            ),
        ),
    ),
    Shape(name="results, images and a question", request=shapes.RESULT_AND_QUESTION),
)


# -- Answers ------------------------------------------------------------------------------------

_NAMES = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-8"}
_USAGE = {
    "input_tokens": 12,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 900,
    "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 80,
    "output_tokens_details": {"thinking_tokens": 40},
    "service_tier": "standard",
}
_THOUGHT = {"type": "thinking", "thinking": "Let me see.", "signature": "EqSig+/="}
_HIDDEN = {"type": "thinking", "thinking": "", "signature": "EqHidden"}
_REDACTED = {"type": "redacted_thinking", "data": "EmwK"}
_NEW = {"type": "mood", "value": [1, {"a": None}]}


def _whole(*blocks, stop="end_turn", usage=_USAGE, **fields):
    rest = {"stop_reason": stop, "stop_sequence": None, "usage": usage}
    return {**_NAMES, "content": list(blocks), **rest, **fields}


def _event(name, **fields):
    data = json.dumps({"type": name, **fields}, ensure_ascii=False)
    return f"event: {name}\ndata: {data}\n\n".encode()


_STARTED = {**_USAGE, "output_tokens": 1, "output_tokens_details": None}


def _begin(usage=_STARTED):
    empty = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    return _event("message_start", message={**_NAMES, **empty})


def _block(index, start, *deltas):
    return (
        _event("content_block_start", index=index, content_block=start),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    )


def _said(index, *texts):
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return _block(index, {"type": "text", "text": ""}, *deltas)


def _used(index, id_, name, *texts):
    deltas = [{"type": "input_json_delta", "partial_json": text} for text in texts]
    return _block(index, _use(id_, name, {}), *deltas)


def _thought(index, *texts, signature):
    deltas = [{"type": "thinking_delta", "thinking": text} for text in texts]
    sign = {"type": "signature_delta", "signature": signature}
    return _block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas, sign)


def _end(stop="end_turn", usage=None, **delta):
    counts = usage or {"output_tokens": 80, "output_tokens_details": {"thinking_tokens": 40}}
    return (
        _event(
            "message_delta",
            delta={"stop_reason": stop, "stop_sequence": None, **delta},
            usage=counts,
        ),
        _event("message_stop"),
    )


_PIECES = ("", '{"ci', 'ty": "Ro', 'me", "days', '": 2}')
_PING = _event("ping")

ANSWERS = (
    Served(
        name="text",
        whole=_whole(_text("Hello, wörld 😀.")),
        stream=(_begin(), _PING, *_said(0, "Hello, ", "wörld", " 😀."), *_end()),
    ),
    Served(name="nothing", whole=_whole(), stream=(_begin(), *_end())),
    Served(
        name="several texts",
        whole=_whole(_text("One. "), _text("Two.")),
        stream=(_begin(), *_said(0, "One. "), *_said(1, "Two."), *_end()),
    ),
    Served(
        name="two calls",
        whole=_whole(USED, _use(CALL_B, "clock", {}), stop="tool_use"),
        stream=(
            _begin(),
            *_used(0, CALL_A, "lookup", *_PIECES),
            *_used(1, CALL_B, "clock"),
            *_end("tool_use"),
        ),
    ),
    Served(
        name="a call with an empty piece of input",
        stream=(_begin(), *_used(0, CALL_B, "clock", ""), *_end("tool_use")),
    ),
    Served(
        name="thinking, text and a call",
        whole=_whole(_THOUGHT, _text("Checking."), USED, stop="tool_use"),
        stream=(
            _begin(),
            *_thought(0, "Let ", "me see.", signature="EqSig+/="),
            *_said(1, "Checking."),
            *_used(2, CALL_A, "lookup", *_PIECES),
            *_end("tool_use"),
        ),
    ),
    Served(
        name="thinking nobody may read",
        whole=_whole(_HIDDEN, _REDACTED, _text("Hi")),
        stream=(
            _begin(),
            *_thought(0, signature="EqHidden"),
            *_block(1, _REDACTED),
            *_said(2, "Hi"),
            *_end(),
        ),
    ),
    Served(
        name="a refusal",
        whole=_whole(
            stop="refusal",
            stop_details={"type": "refusal", "category": "cyber", "explanation": "No."},
        ),
        stream=(_begin(), *_said(0, "I "), *_end("refusal")),
    ),
    Served(
        name="cut short",
        whole=_whole(_text("Once upon"), stop="max_tokens"),
        stream=(_begin(), *_said(0, "Once ", "upon"), *_end("max_tokens")),
    ),
    Served(
        name="cut by the context",
        whole=_whole(_text("Once"), stop="model_context_window_exceeded"),
        stream=(_begin(), *_said(0, "Once"), *_end("model_context_window_exceeded")),
    ),
    Served(
        name="stopped by a text",
        whole=_whole(_text("One"), stop="stop_sequence", stop_sequence="END"),
        stream=(_begin(), *_said(0, "One"), *_end("stop_sequence", stop_sequence="END")),
    ),
    Served(
        name="paused",
        whole=_whole(_text("Wait"), stop="pause_turn"),
        stream=(_begin(), *_said(0, "Wait"), *_end("pause_turn")),
    ),
    Served(
        name="usage without a cache",
        whole=_whole(_text("Hi"), usage={"input_tokens": 12, "output_tokens": 3}),
        stream=(
            _begin({"input_tokens": 12, "output_tokens": 1}),
            *_said(0, "Hi"),
            *_end(usage={"output_tokens": 3}),
        ),
    ),
    Served(
        name="usage said again at the end",
        stream=(
            _begin({"input_tokens": 1, "cache_read_input_tokens": 1, "output_tokens": 1}),
            *_said(0, "Hi"),
            *_end(
                usage={
                    "input_tokens": 12,
                    "cache_creation_input_tokens": None,
                    "cache_read_input_tokens": 900,
                    "output_tokens": 3,
                }
            ),
        ),
    ),
    Served(
        name="what nobody knows",
        whole=_whole(_NEW, _text("Hi"), stop="mystery", mood=1),
        stream=(
            _begin(),
            _event("weather", value=1),
            *_block(0, _NEW, {"type": "mood_delta", "value": 2}),
            *_said(1, "Hi"),
            *_end("mystery"),
        ),
    ),
)

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "pause_turn": "pause",
}


async def _ask(client, *, streaming):
    wanted = {"model": MODEL, "max_tokens": MOST, "messages": [ASKED]}
    if not streaming:
        answer = await client.messages.create(**wanted)
        return _read(answer, answer._request_id)
    async with client.messages.stream(**wanted) as stream:
        return _read(await stream.get_final_message(), stream.request_id)


def _read(answer, request_id):
    blocks = answer.content
    return seen(
        text="".join(block.text for block in blocks if block.type == "text"),
        thinking="".join(block.thinking for block in blocks if block.type == "thinking"),
        calls=[(b.id, b.name, b.input) for b in blocks if b.type == "tool_use"],
        finish=_FINISH.get(answer.stop_reason, "other"),
        usage=_usage(answer.usage),
        model=answer.model,
        request_id=request_id,
    )


def _usage(counts):
    read, written = counts.cache_read_input_tokens, counts.cache_creation_input_tokens
    details = counts.output_tokens_details
    return usage(
        input=counts.input_tokens + (read or 0) + (written or 0),
        output=counts.output_tokens,
        cache_read=read,
        cache_write=written,
        reasoning=details and details.thinking_tokens,
    )


_REPLAYED = (
    _begin(),
    *_thought(0, "Let ", "me see.", signature="EqSig+/="),
    *_block(1, _REDACTED),
    *_said(2, "Checking."),
    *_used(3, CALL_A, "lookup", *_PIECES),
    *_end("tool_use"),
)


def _answer(request):
    body = request.json
    headers = {"request-id": "req_7"}
    fields = body.get("output_config", {}).get("format", {}).get("schema", {}).get("properties", ())
    text = shapes.WEATHER if "celsius" in fields else "Sunny."
    text = shapes.BOUNDED if "share" in fields else text
    calls = body.get("tools") and not fields and len(body["messages"]) == 1
    if body.get("stream"):
        events = _REPLAYED if calls else (_begin(), *_said(0, text), *_end())
        return SSEAnswer(events, headers=headers)
    if calls:
        whole = _whole(_THOUGHT, _REDACTED, _text("Checking."), USED, stop="tool_use")
        return JSONAnswer(200, whole, headers)
    return JSONAnswer(200, _whole(_text(text)), headers)


# -- Errors -------------------------------------------------------------------------------------


def _error(type_, message, code=None):
    found = {"type": type_, "message": message}
    if code:
        found["details"] = {"error_code": code}
    return {"type": "error", "error": found, "request_id": "req_7"}


_LIMITED = _error("rate_limit_error", "slow down")


def _in_stream(type_, *before):
    return (
        *before,
        _event("error", **{k: v for k, v in _error(type_, "No").items() if k != "type"}),
    )


_SIGNATURE = "messages.1.content.0: Invalid `signature` in `thinking` block."

REFUSALS = (
    Refusal(name="400", status=400, body=_error("invalid_request_error", "bad")),
    Refusal(
        name="400 context",
        status=400,
        body=_error("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
    ),
    Refusal(name="400 history", status=400, body=_error("invalid_request_error", _SIGNATURE)),
    Refusal(
        name="400 field",
        status=400,
        body=_error("invalid_request_error", "temperature: Extra inputs are not permitted"),
    ),
    Refusal(
        name="400 money",
        status=400,
        body=_error("invalid_request_error", "Your credit balance is too low"),
    ),
    Refusal(name="401", status=401, body=_error("authentication_error", "invalid x-api-key")),
    Refusal(name="402", status=402, body=_error("billing_error", "pay")),
    Refusal(name="403", status=403, body=_error("permission_error", "not you")),
    Refusal(name="404", status=404, body=_error("not_found_error", "model: x")),
    Refusal(name="408", status=408, body=_error("timeout_error", "too slow")),
    Refusal(name="409", status=409, body=_error("conflict_error", "locked")),
    Refusal(name="413", status=413, body=_error("request_too_large", "too large")),
    Refusal(name="422", status=422, body=_error("invalid_request_error", "unprocessable")),
    Refusal(name="429", status=429, body=_LIMITED, headers={"retry-after-ms": "1"}),
    Refusal(
        name="429 limit of spending",
        status=429,
        body=_error("rate_limit_error", "limit", "enforced_spend_limit_reached"),
    ),
    Refusal(
        name="429 that should not be retried",
        status=429,
        body=_LIMITED,
        headers={"x-should-retry": "false"},
    ),
    Refusal(name="500", status=500, body=_error("api_error", "it broke")),
    Refusal(name="502 as text", status=502, body=b"<html>bad gateway</html>"),
    Refusal(name="503", status=503, body=_error("api_error", "busy")),
    Refusal(name="504", status=504, body=_error("timeout_error", "late")),
    Refusal(name="529", status=529, body=_error("overloaded_error", "Overloaded")),
    Refusal(name="first in a stream", stream=_in_stream("overloaded_error")),
    *(
        Refusal(name=f"{type_} in a stream", stream=_in_stream(type_, _begin(), *_said(0, "Hel")))
        for type_ in (
            "overloaded_error",
            "rate_limit_error",
            "api_error",
            "timeout_error",
            "invalid_request_error",
            "authentication_error",
            "permission_error",
            "not_found_error",
            "billing_error",
        )
    ),
)

_BAD = {"permanent", "context_overflow", "unsupported", "history_rejected", "quota"}
# Most derived first.
_KINDS = (
    (anthropic.BadRequestError, _BAD),
    (anthropic.AuthenticationError, {"auth"}),
    (anthropic.PermissionDeniedError, {"auth"}),
    (anthropic.NotFoundError, {"not_found"}),
    (anthropic.ConflictError, {"transient"}),
    (anthropic.UnprocessableEntityError, {"permanent"}),
    (anthropic.RateLimitError, {"transient", "quota"}),
    (anthropic.InternalServerError, {"transient"}),
    (anthropic.PaymentRequiredError, {"quota"}),
    (anthropic.RequestTimeoutError, {"transient"}),
    (anthropic.ContentTooLargeError, {"permanent", "context_overflow"}),
)


def _failure(error):
    assert isinstance(error, anthropic.APIStatusError), repr(error)
    kinds = next((kinds for kind, kinds in _KINDS if isinstance(error, kind)), {"permanent"})
    if error.status_code == 200:  # in a stream: they have no class for it, but its type
        kinds = set(ErrorKind)
    return {
        "status": error.status_code,
        "kinds": kinds,
        "request_id": error.request_id,
        "code": error.error_code or error.type,
    }


def _wait_s(client, error):
    return client._parse_retry_after_header(error.response.headers)


VENDOR = Vendor(
    name="anthropic",
    model=MODEL,
    provider=_provider,
    client=_client,
    calls=CALLS,
    lacks={"seed": "the wire has none"},
    own=OWN,
    headers=("authorization", "x-api-key", "anthropic-version", "content-type", "accept"),
    answer=_answer,
    ask=_ask,
    answers=ANSWERS,
    refusals=REFUSALS,
    failure=_failure,
    request_id="request-id",
    raises=anthropic.APIError,
    wait_s=_wait_s,
)
