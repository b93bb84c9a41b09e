"""Google Gemini and the SDK `google-genai` (wire/google)."""

import json
from contextlib import asynccontextmanager

import httpx2
import shapes
from google import genai
from google.genai import errors, types
from shapes import HELLO, PARSED, SYSTEM
from vendor import KEY, NO_TLS, Refusal, Served, Shape, Vendor, seen, usage

from executus.testing.server import JSONAnswer, SSEAnswer
from majordomo.errors import ErrorKind
from majordomo.llm.message import user
from majordomo.llm.request import Request, Settings
from majordomo.providers.google import google_provider

MODEL = "gemini-3.8-flash"
OLDER = "gemini-2.5-flash"


def _provider(*, url, transport):
    return google_provider(KEY, base_url=url, transport=transport)


@asynccontextmanager
async def _client(*, url, retries=0):
    retry = types.HttpRetryOptions(
        attempts=1 + retries, initial_delay=0.001, max_delay=0.001, jitter=0
    )
    http = httpx2.AsyncClient(trust_env=False, verify=NO_TLS)
    options = types.HttpOptions(
        base_url=url,
        api_version="v1beta",  # ours; theirs is v1, which lacks some models (wire/google §1)
        httpx_async_client=http,  # else it takes aiohttp where that is installed, on trio too
        client_args={"verify": NO_TLS},
        retry_options=retry if retries else None,
    )
    client = genai.Client(api_key=KEY, http_options=options)
    async with client.aio as aio:
        yield aio
    client.close()
    await http.aclose()


# -- Requests -----------------------------------------------------------------------------------


def _declared(name, description, parameters=None):
    return types.FunctionDeclaration(
        name=name, description=description, parameters_json_schema=parameters
    )


TOOLS = [
    types.Tool(
        function_declarations=[
            _declared("lookup", shapes.LOOKUP_TEXT, shapes.LOOKUP),
            _declared("clock", shapes.CLOCK_TEXT),
        ]
    )
]


def _text(text):
    return types.Part.from_text(text=text)


def _image(data):
    return types.Part.from_bytes(data=data, mime_type="image/png")


# A call this model did not write says so (wire/google §5.1).
_FOREIGN = b"skip_thought_signature_validator"


def _call(name, args, signature=None):
    call = types.FunctionCall(name=name, args=args)
    return types.Part(function_call=call, thought_signature=signature)


CALLED = _call("lookup", PARSED, _FOREIGN)


def _result(name, response, **fields):
    found = types.FunctionResponse(name=name, response=response, **fields)
    return types.Part(function_response=found)


def _user(*parts):
    return types.UserContent(parts=list(parts))


def _model(*parts):
    return types.ModelContent(parts=list(parts))


ASKED = _user(_text(HELLO))
_BLOB = types.FunctionResponseBlob(mime_type="image/png", data=shapes.PNG)


def _config(fields):
    return types.GenerateContentConfig(**fields) if fields else None


def _says(*contents, model=MODEL, **fields):
    """One request with these contents; the question alone without any."""

    async def call(client):
        return await client.models.generate_content(
            model=model, contents=list(contents) or HELLO, config=_config(fields)
        )

    return call


def _streams(**fields):
    async def call(client):
        chunks = await client.models.generate_content_stream(
            model=MODEL, contents=HELLO, config=_config(fields)
        )
        return [chunk async for chunk in chunks]

    return call


def _typed(tp, **fields):
    return {
        "response_mime_type": "application/json",
        "response_json_schema": tp.model_json_schema(),
        **fields,
    }


def _choice(mode, *names):
    config = types.FunctionCallingConfig(mode=mode, allowed_function_names=list(names) or None)
    return types.ToolConfig(function_calling_config=config)


async def _replays(client):
    config = _config({"tools": TOOLS})
    first = await client.models.generate_content(model=MODEL, contents=HELLO, config=config)
    own = first.candidates[0].content
    calls = [part.function_call for part in own.parts if part.function_call]
    results = [_result(call.name, {"output": "sunny"}, id=call.id) for call in calls]
    await client.models.generate_content(
        model=MODEL,
        contents=[ASKED, own, _user(*results, _text("And tomorrow?"))],
        config=config,
    )


async def _replays_streamed(client):
    config = _config({"tools": TOOLS})
    stream = client.models.generate_content_stream
    chunks = [chunk async for chunk in await stream(model=MODEL, contents=HELLO, config=config)]
    own = _model(*(part for chunk in chunks for part in chunk.candidates[0].content.parts))
    calls = [part.function_call for part in own.parts if part.function_call]
    results = [_result(call.name, {"output": "sunny"}, id=call.id) for call in calls]
    contents = [ASKED, own, _user(*results, _text("And tomorrow?"))]
    async for _ in await stream(model=MODEL, contents=contents, config=config):
        pass


CALLS = {
    "plain text": _says(),
    "plain text, streamed": _streams(),
    "odd characters": _says(shapes.TEXT, system_instruction=shapes.TEXT),
    "system": _says(system_instruction=SYSTEM),
    "several system messages": _says(system_instruction="One.\n\nTwo."),
    "several turns": _says(_user(_text("Hi.")), _model(_text("Hello!")), ASKED),
    "tools": _says(tools=TOOLS),
    "tools, streamed": _streams(tools=TOOLS),
    "some tool forced": _says(tools=TOOLS, tool_config=_choice("ANY")),
    "one tool forced": _says(tools=TOOLS, tool_config=_choice("ANY", "lookup")),
    "tools forbidden": _says(tools=TOOLS, tool_config=_choice("NONE")),
    "tool results": _says(
        ASKED,
        _model(_text("Let me see."), CALLED, _call("clock", {})),
        _user(_result("lookup", {"output": "sunny"}), _result("clock", {"output": "12:00"})),
        tools=TOOLS,
    ),
    "tool error": _says(
        ASKED, _model(CALLED), _user(_result("lookup", {"error": "no such city"})), tools=TOOLS
    ),
    "image in a tool result": _says(
        ASKED,
        _model(CALLED),
        _user(
            _result(
                "lookup",
                {"output": "a picture"},
                parts=[types.FunctionResponsePart(inline_data=_BLOB)],
            )
        ),
        tools=TOOLS,
    ),
    "image": _says(_user(_text("What is this?"), _image(shapes.PNG))),
    "images among text": _says(
        _user(
            _text("First:"),
            _image(shapes.PNG),
            _text("second:"),
            _image(shapes.OTHER_PNG),
            _text("compare."),
        )
    ),
    "PDF": _says(
        _user(
            _text("Sum up."),
            _text("a.pdf:"),  # the wire has no place for a file's name
            types.Part.from_bytes(data=shapes.PDF, mime_type="application/pdf"),
        )
    ),
    "output type": _says(**_typed(shapes.Weather)),
    "output type, streamed": _streams(**_typed(shapes.Weather)),
    "output type with constraints": _says(**_typed(shapes.Bounded)),
    "output type and tools": _says(**_typed(shapes.Weather, tools=TOOLS)),
    "most tokens": _says(max_output_tokens=77),
    "sampling": _says(temperature=0.2, top_p=0.9),
    "stop texts": _says(stop_sequences=["END", "###"]),
    "seed": _says(seed=7),
    "effort high": _says(
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_level="HIGH")
    ),
    "effort none": _says(thinking_config=types.ThinkingConfig(thinking_level="LOW")),
    "prompt caching": _says(),
    "service tier": _says(http_options=types.HttpOptions(extra_body={"serviceTier": "auto"})),
    "own answer replayed": _replays,
    "own answer replayed, streamed": _replays_streamed,
    "effort as a budget": _says(
        model=OLDER,
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=8192),
    ),
    "thinking switched off": _says(
        model=OLDER, thinking_config=types.ThinkingConfig(thinking_budget=0)
    ),
    "calls, to an older model": _says(
        ASKED,
        _model(_call("lookup", PARSED)),
        _user(_result("lookup", {"output": "sunny"}), _text("And this?"), _image(shapes.PNG)),
        model=OLDER,
        tools=TOOLS,
    ),
    "fields of one's own": _says(
        top_k=5,
        safety_settings=[
            types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_NONE")
        ],
        labels=None,
    ),
}

_QUESTION = (user(HELLO),)
_SAFETY = {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}


def _effort(effort):
    return Request(messages=_QUESTION, settings=Settings(reasoning_effort=effort))


OWN = (
    Shape(
        name="own answer replayed, streamed",
        request=shapes.TOOLED,
        streaming=True,
        then=shapes.replay,
    ),
    Shape(name="effort as a budget", model=OLDER, request=_effort("medium")),
    Shape(name="thinking switched off", model=OLDER, request=_effort("none")),
    Shape(name="calls, to an older model", model=OLDER, request=shapes.RESULT_AND_QUESTION),
    Shape(
        name="fields of one's own",
        request=Request(
            messages=_QUESTION,
            settings=Settings(extra={"generationConfig": {"topK": 5}, "safetySettings": [_SAFETY]}),
        ),
    ),
)


# -- Answers ------------------------------------------------------------------------------------

_USAGE = {
    "promptTokenCount": 20,
    "cachedContentTokenCount": 8,
    "candidatesTokenCount": 12,
    "thoughtsTokenCount": 40,
    "toolUsePromptTokenCount": 3,
    "totalTokenCount": 75,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
}
_NAMES = {"modelVersion": "gemini-3.8-flash", "responseId": "abc"}


def _whole(*parts, finish="STOP", usage=_USAGE, **fields):
    content = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    candidate = {"index": 0, **content, **({"finishReason": finish} if finish else {}), **fields}
    return {"candidates": [candidate], **({"usageMetadata": usage} if usage else {}), **_NAMES}


def _event(body):
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\r\n\r\n"


def _stream(*chunks, finish="STOP", usage=_USAGE):
    early = {"promptTokenCount": 9, "totalTokenCount": 9} if usage else None
    events = [_event(_whole(*parts, finish="", usage=early)) for parts in chunks]
    return (*events, _event(_whole({"text": ""}, finish=finish, usage=usage)))


def _said(*texts):
    return [[{"text": text}] for text in texts]


def _called(name, args, id=None, signature=None):
    call = {"name": name, **({"args": args} if args is not None else {})}
    call |= {"id": id} if id else {}
    return {"functionCall": call} | ({"thoughtSignature": signature} if signature else {})


_A = _called("lookup", PARSED, "fc_1", "EsQBc2ln")
_B = _called("clock", {}, "fc_2")
_THOUGHT = {"text": "Let me see.", "thought": True}
_SIGNED = {"text": "Done.", "thoughtSignature": "EsQBdHh0"}


def _served(name, *parts, **fields):
    """The parts, whole and one a chunk."""
    return Served(
        name=name,
        whole=_whole(*parts, **fields),
        stream=_stream(*([part] for part in parts), **fields),
    )


ANSWERS = (
    Served(
        name="text",
        whole=_whole({"text": "Hello, wörld 😀."}),
        stream=_stream(*_said("Hello, ", "wörld", " 😀.")),
    ),
    _served("two calls", _A, _B),
    _served("thinking, text and a call", _THOUGHT, {"text": "Checking."}, _A),
    _served("signed text", {"text": "Well. "}, _SIGNED),
    _served("a call without arguments", _called("clock", None, "fc_1")),
    _served("calls without ids", _called("lookup", PARSED), _called("clock", {})),
    _served("cut short", {"text": "Once upon"}, finish="MAX_TOKENS"),
    _served("cut before it began", finish="MAX_TOKENS"),
    _served("filtered", {"text": "Once"}, finish="SAFETY"),
    _served("recited", {"text": "Once"}, finish="RECITATION"),
    _served("ended for other reasons", {"text": "Hm"}, finish="OTHER"),
    _served(
        "usage without details",
        {"text": "Hi"},
        usage={"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 11},
    ),
    _served("no usage", {"text": "Hi"}, usage=None),
    _served(
        "what nobody knows",
        {"text": "Hi"},
        {"executableCode": {"language": "PYTHON", "code": "1"}},
    ),
)

_FILTERED = {"SAFETY", "RECITATION"}


async def _ask(client, *, streaming):
    if not streaming:
        return _read([await client.models.generate_content(model=MODEL, contents=HELLO)])
    chunks = await client.models.generate_content_stream(model=MODEL, contents=HELLO)
    return _read([chunk async for chunk in chunks])


def _read(chunks):
    """Their SDK gives the chunks; putting them together is the caller's business."""
    candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
    parts = [p for c in candidates if c.content for p in c.content.parts or ()]
    calls = [part.function_call for part in parts if part.function_call]
    reason = next((c.finish_reason for c in reversed(candidates) if c.finish_reason), None)
    texts = [part for part in parts if part.text]
    return seen(
        text="".join(part.text for part in texts if not part.thought),
        thinking="".join(part.text for part in texts if part.thought),
        calls=[(call.id, call.name, call.args or {}) for call in calls],
        finish=_finish(reason and reason.name, calls),
        usage=_usage(chunks[-1].usage_metadata),
        model=chunks[-1].model_version,
        request_id=chunks[-1].response_id,
    )


def _finish(reason, calls):
    if reason == "STOP":
        return "tool_calls" if calls else "stop"
    if reason == "MAX_TOKENS":
        return "length"
    return "content_filter" if reason in _FILTERED else "other"


def _usage(counts):
    if counts is None:
        return usage()
    return usage(
        input=counts.prompt_token_count + (counts.tool_use_prompt_token_count or 0),
        output=(counts.candidates_token_count or 0) + (counts.thoughts_token_count or 0),
        cache_read=counts.cached_content_token_count,
        reasoning=counts.thoughts_token_count,
    )


_TURN = (_THOUGHT, {"text": "Checking."}, _A, _B, _SIGNED)


def _answer(request):
    body = request.json
    schema = body.get("generationConfig", {}).get("responseJsonSchema", {})
    fields = schema.get("properties", ())
    text = shapes.WEATHER if "celsius" in fields else "Sunny."
    text = shapes.BOUNDED if "share" in fields else text
    calls = body.get("tools") and not fields and len(body["contents"]) == 1
    parts = _TURN if calls else ({"text": text},)
    if "stream" in request.path:
        return SSEAnswer(_stream(*([part] for part in parts)))
    return JSONAnswer(200, _whole(*parts))


# -- Errors -------------------------------------------------------------------------------------


def _error(code, status, message="no", *details):
    found = {"code": code, "message": message, "status": status}
    return {"error": {**found, **({"details": list(details)} if details else {})}}


_GOOGLE = "type.googleapis.com/google.rpc."
_BAD_KEY = {"@type": f"{_GOOGLE}ErrorInfo", "reason": "API_KEY_INVALID"}
_DAILY = {
    "@type": f"{_GOOGLE}QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
}
_OVERFLOW = "The input token count (9) exceeds the maximum number of tokens allowed (8)."

REFUSALS = (
    Refusal(name="400", status=400, body=_error(400, "INVALID_ARGUMENT", "bad")),
    Refusal(name="400 context", status=400, body=_error(400, "INVALID_ARGUMENT", _OVERFLOW)),
    Refusal(name="400 key", status=400, body=_error(400, "INVALID_ARGUMENT", "no", _BAD_KEY)),
    Refusal(name="400 precondition", status=400, body=_error(400, "FAILED_PRECONDITION")),
    Refusal(name="401", status=401, body=_error(401, "UNAUTHENTICATED")),
    Refusal(name="403", status=403, body=_error(403, "PERMISSION_DENIED")),
    Refusal(name="404", status=404, body=_error(404, "NOT_FOUND")),
    Refusal(name="429", status=429, body=_error(429, "RESOURCE_EXHAUSTED")),
    Refusal(
        name="429 for the day", status=429, body=_error(429, "RESOURCE_EXHAUSTED", "no", _DAILY)
    ),
    Refusal(name="a list", status=429, body=[_error(429, "RESOURCE_EXHAUSTED")]),
    Refusal(name="500", status=500, body=_error(500, "INTERNAL")),
    Refusal(name="502 as text", status=502, body=b"<html>bad gateway</html>"),
    Refusal(name="503", status=503, body=_error(503, "UNAVAILABLE")),
    Refusal(name="504", status=504, body=_error(504, "DEADLINE_EXCEEDED")),
    Refusal(
        name="in a stream",
        stream=(*_stream(*_said("Hel"))[:1], _event(_error(503, "UNAVAILABLE"))),
    ),
    Refusal(
        name="raw in a stream",
        stream=(
            *_stream(*_said("Hel"))[:1],
            json.dumps(_error(503, "UNAVAILABLE"), indent=2).encode(),
        ),
    ),
)

_BAD = {"permanent", "context_overflow", "unsupported", "history_rejected", "quota", "auth"}
_KINDS = {
    400: _BAD,
    401: {"auth"},
    403: {"auth"},
    404: {"not_found"},
    429: {"transient", "quota"},
}


def _failure(error):
    assert isinstance(error, errors.APIError), repr(error)
    server = isinstance(error, errors.ServerError)
    kinds = {"transient"} if server else _KINDS.get(error.code, set(ErrorKind))
    return {"status": error.code, "kinds": kinds, "code": error.status or None}


VENDOR = Vendor(
    name="google",
    model=MODEL,
    provider=_provider,
    client=_client,
    calls=CALLS,
    lacks={"one call at a time": "the wire has no switch for it"},
    own=OWN,
    headers=("x-goog-api-key", "authorization", "content-type", "accept"),
    answer=_answer,
    ask=_ask,
    answers=ANSWERS,
    refusals=REFUSALS,
    failure=_failure,
    request_id="",
    raises=errors.APIError,
)
