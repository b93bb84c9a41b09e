"""OpenAI Responses and the SDK `openai` (wire/responses)."""

import json

import openai
import shapes
from openai_vendor import REFUSALS, client, failure, wait_s
from shapes import CALL_A, CALL_B, HELLO, SYSTEM
from vendor import KEY, Refusal, Served, Shape, Vendor, seen, usage

from executus.testing.server import JSONAnswer, SSEAnswer
from majordomo.llm.message import user
from majordomo.llm.request import Request, Settings
from majordomo.providers.responses import responses_provider

MODEL = "gpt-6.1-sol"

# What a client without a memory on the server sends with every request.
STATELESS = {"store": False, "include": ["reasoning.encrypted_content"]}


def _provider(*, url, transport):
    return responses_provider(KEY, base_url=f"{url}/v1", transport=transport)


# -- Requests -----------------------------------------------------------------------------------

ASKED = {"role": "user", "content": HELLO}


def _function(name, description, parameters, *, strict=False):
    found = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", **found, "strict": strict}


TOOLS = [
    _function("lookup", shapes.LOOKUP_TEXT, shapes.LOOKUP),
    _function("clock", shapes.CLOCK_TEXT, shapes.CLOCK),
]


def _call(id_, name, arguments):
    return {"type": "function_call", "call_id": id_, "name": name, "arguments": arguments}


CALLED = _call(CALL_A, "lookup", shapes.ARGUMENTS)


def _result(id_, output):
    return {"type": "function_call_output", "call_id": id_, "output": output}


def _text(text):
    return {"type": "input_text", "text": text}


def _image(url):
    return {"type": "input_image", "image_url": url, "detail": "auto"}


def _user(*parts):
    return {"role": "user", "content": list(parts)}


def _says(*items, **fields):
    """One request with these items; the question alone without any."""

    async def call(client):
        return await client.responses.create(
            model=MODEL, input=list(items) or [ASKED], **STATELESS, **fields
        )

    return call


def _streams(**fields):
    async def call(client):
        async with client.responses.stream(
            model=MODEL, input=[ASKED], **STATELESS, **fields
        ) as stream:
            await stream.until_done()

    return call


def _parses(tp, **fields):
    async def call(client):
        return await client.responses.parse(
            model=MODEL, input=[ASKED], text_format=tp, **STATELESS, **fields
        )

    return call


async def _replays(client):
    asked = [ASKED]
    first = await client.responses.create(model=MODEL, input=asked, tools=TOOLS, **STATELESS)
    calls = [item for item in first.output if item.type == "function_call"]
    results = [_result(call.call_id, "sunny") for call in calls]
    tomorrow = {"role": "user", "content": "And tomorrow?"}
    await client.responses.create(
        model=MODEL, input=[*asked, *first.output, *results, tomorrow], tools=TOOLS, **STATELESS
    )


CALLS = {
    "plain text": _says(),
    "plain text, streamed": _streams(),
    "odd characters": _says({"role": "user", "content": shapes.TEXT}, instructions=shapes.TEXT),
    "system": _says(instructions=SYSTEM),
    "several system messages": _says(instructions="One.\n\nTwo."),
    "several turns": _says(
        {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}, ASKED
    ),
    "tools": _says(tools=TOOLS),
    "tools, streamed": _streams(tools=TOOLS),
    "some tool forced": _says(tools=TOOLS, tool_choice="required"),
    "one tool forced": _says(tools=TOOLS, tool_choice={"type": "function", "name": "lookup"}),
    "tools forbidden": _says(tools=TOOLS, tool_choice="none"),
    "one call at a time": _says(tools=TOOLS, parallel_tool_calls=False),
    "tool results": _says(
        ASKED,
        {"role": "assistant", "content": "Let me see."},
        CALLED,
        _call(CALL_B, "clock", "{}"),
        _result(CALL_A, "sunny"),
        _result(CALL_B, "12:00"),
        tools=TOOLS,
    ),
    "tool error": _says(ASKED, CALLED, _result(CALL_A, "no such city"), tools=TOOLS),
    "image in a tool result": _says(
        ASKED,
        CALLED,
        _result(CALL_A, [_text("a picture"), _image(shapes.PNG_URL)]),
        tools=TOOLS,
    ),
    "image": _says(_user(_text("What is this?"), _image(shapes.PNG_URL))),
    "images among text": _says(
        _user(
            _text("First:"),
            _image(shapes.PNG_URL),
            _text("second:"),
            _image(shapes.OTHER_PNG_URL),
            _text("compare."),
        )
    ),
    "PDF": _says(
        _user(
            _text("Sum up."),
            {"type": "input_file", "filename": "a.pdf", "file_data": shapes.PDF_URL},
        )
    ),
    "output type": _parses(shapes.Weather),
    "output type, streamed": _streams(text_format=shapes.Weather),
    "output type with constraints": _parses(shapes.Bounded),
    "output type and tools": _parses(
        shapes.Weather, tools=[{**tool, "strict": True} for tool in TOOLS]
    ),
    "most tokens": _says(max_output_tokens=77),
    "sampling": _says(temperature=0.2, top_p=0.9),
    "effort high": _says(reasoning={"effort": "high"}),
    "effort none": _says(reasoning={"effort": "none"}),
    "prompt caching": _says(),
    "service tier": _says(service_tier="auto"),
    "own answer replayed": _replays,
    "fields of one's own": _says(
        metadata={"team": "a"}, prompt_cache_key="k", text={"verbosity": "low"}
    ),
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
                    "text": {"verbosity": "low"},
                }
            ),
        ),
    ),
)


# -- Answers ------------------------------------------------------------------------------------

_USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 8},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 32},
    "total_tokens": 150,
}
_NAMES = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1790000000,
    "model": "gpt-6.1-sol",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "error": None,
    "incomplete_details": None,
}


def _said(*texts, refusal=False, **fields):
    kind, name = ("refusal", "refusal") if refusal else ("output_text", "text")
    rest = {} if refusal else {"annotations": [], "logprobs": []}
    content = [{"type": kind, name: text, **rest} for text in texts]
    head = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    return {**head, "content": content, **fields}


def _called(number, name, arguments, **fields):
    ids = {"id": f"fc_{number}", "call_id": f"call_{number}"}
    rest = {"name": name, "arguments": arguments, "status": "completed"}
    return {"type": "function_call", **ids, **rest, **fields}


_THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Let me see."}],
    "encrypted_content": "gAAA+/=",
}


def _whole(*items, status="completed", usage=_USAGE, **fields):
    return {**_NAMES, "status": status, "output": list(items), "usage": usage, **fields}


def _stream(*items, end="completed", **fields):
    """A stream of the items, as the vendor cuts them."""
    events = [("created", {"response": {**_whole(usage=None), "status": "in_progress"}})]
    for index, item in enumerate(items):
        at = {"output_index": index, "item_id": item["id"]}
        added = {**item, "status": "in_progress"}
        middle = _item_events(item, at, added)
        events += [("output_item.added", {"output_index": index, "item": added}), *middle]
        events.append(("output_item.done", {"output_index": index, "item": item}))
    events.append((end, {"response": _whole(*items, status=end, **fields)}))
    return tuple(_event(n, f"response.{kind}", **rest) for n, (kind, rest) in enumerate(events))


def _event(number, kind, **fields):
    data = json.dumps({"type": kind, "sequence_number": number, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {data}\n\n".encode()


def _halves(text):
    return text[: len(text) // 2], text[len(text) // 2 :]


def _item_events(item, at, added):
    match item["type"]:
        case "message":
            added["content"] = []
            return [e for n, p in enumerate(item["content"]) for e in _part_events(n, p, at)]
        case "function_call":
            added["arguments"] = ""
            name = "function_call_arguments"
            pieces = [(f"{name}.delta", {**at, "delta": t}) for t in _halves(item["arguments"])]
            done = {"arguments": item["arguments"], "name": item["name"]}
            return [*pieces, (f"{name}.done", {**at, **done})]
        case "reasoning":
            added["summary"] = []
            return [e for n, p in enumerate(item["summary"]) for e in _summary_events(n, p, at)]
        case _:
            return []


def _part_events(number, part, at):
    at = {**at, "content_index": number}
    word = "refusal" if part["type"] == "refusal" else "text"
    name = "refusal" if word == "refusal" else "output_text"
    empty = {**part, word: ""}
    probs = {} if word == "refusal" else {"logprobs": []}
    deltas = [(f"{name}.delta", {**at, "delta": t, **probs}) for t in _halves(part[word])]
    return [
        ("content_part.added", {**at, "part": empty}),
        *deltas,
        (f"{name}.done", {**at, word: part[word], **probs}),
        ("content_part.done", {**at, "part": part}),
    ]


def _summary_events(number, part, at):
    at, name = {**at, "summary_index": number}, "reasoning_summary_text"
    empty = {**part, "text": ""}
    return [
        ("reasoning_summary_part.added", {**at, "part": empty}),
        *((f"{name}.delta", {**at, "delta": text}) for text in _halves(part["text"])),
        (f"{name}.done", {**at, "text": part["text"]}),
        ("reasoning_summary_part.done", {**at, "part": part}),
    ]


_LOOKED_UP = _called(1, "lookup", shapes.ARGUMENTS)
_REFUSED = _said("I cannot.", refusal=True)
_CUT = {"incomplete_details": {"reason": "max_output_tokens"}}
_FILTERED = {"incomplete_details": {"reason": "content_filter"}}
_NEW = {"type": "mood_call", "id": "md_1", "status": "completed", "value": [1]}


def _served(name, *items, end="completed", **fields):
    whole = _whole(*items, status=end, **fields)
    return Served(name=name, whole=whole, stream=_stream(*items, end=end, **fields))


ANSWERS = (
    _served("text", _said("Hello, wörld 😀.")),
    _served("several texts", _said("One. ", "Two.")),
    _served("two calls", _LOOKED_UP, _called(2, "clock", "{}")),
    _served("thinking, text and a call", _THOUGHT, _said("Looking."), _LOOKED_UP),
    _served("thinking nobody may read", {**_THOUGHT, "summary": []}, _said("Hi")),
    _served("a refusal", _REFUSED),
    _served("cut short", _said("Once upon", status="incomplete"), end="incomplete", **_CUT),
    _served("filtered", _said("Once", status="incomplete"), end="incomplete", **_FILTERED),
    _served(
        "usage without details",
        _said("Hi"),
        usage={"input_tokens": 9, "output_tokens": 2, "total_tokens": 11},
    ),
    _served("what nobody knows", _NEW, _said("Hi", mood=1)),
)

_INCOMPLETE = {"max_output_tokens": "length", "content_filter": "content_filter"}


async def _ask(client, *, streaming):
    wanted = {"model": MODEL, "input": [ASKED], **STATELESS}
    if not streaming:
        answer = await client.responses.create(**wanted)
        return _read(answer, answer._request_id)
    # Their `stream` gives the answer up unless it was completed; the events hold it always.
    last = None
    async with await client.responses.create(**wanted, stream=True) as stream:
        async for event in stream:
            last = getattr(event, "response", last)
            error = event if event.type == "error" else getattr(last, "error", None)
            if error is not None:  # their stream gives it as an event like any other
                raise openai.APIError(error.message, stream.response.request, body=dict(error))
        return _read(last, stream.response.headers["x-request-id"])


def _read(answer, request_id):
    items = answer.output
    calls = [item for item in items if item.type == "function_call"]
    parts = [part for item in items if item.type == "message" for part in item.content]
    refused = [part.refusal for part in parts if part.type == "refusal"]
    finish = "tool_calls" if calls else "refusal" if refused else "stop"
    if answer.status == "incomplete":
        finish = _INCOMPLETE[answer.incomplete_details.reason]
    thoughts = [part.text for i in items if i.type == "reasoning" for part in i.summary]
    return seen(
        text=answer.output_text + "".join(refused),
        thinking="\n\n".join(thoughts),
        calls=[(call.call_id, call.name, json.loads(call.arguments)) for call in calls],
        finish=finish,
        usage=_usage(answer.usage),
        model=answer.model,
        request_id=request_id,
    )


def _usage(counts):
    read, made = counts.input_tokens_details, counts.output_tokens_details
    return usage(
        input=counts.input_tokens,
        output=counts.output_tokens,
        cache_read=read and read.cached_tokens,
        cache_write=read and read.cache_write_tokens,
        reasoning=made and made.reasoning_tokens,
    )


_TURN = (_THOUGHT, _said("Looking.", phase="commentary"), _LOOKED_UP)


def _answer(request):
    body, headers = request.json, {"x-request-id": "req_7"}
    wanted = body.get("text", {}).get("format", {}).get("name", "")
    text = {"Weather": shapes.WEATHER, "Bounded": shapes.BOUNDED}.get(wanted, "Sunny.")
    calls = body.get("tools") and not wanted and len(body["input"]) == 1
    items = _TURN if calls else (_said(text),)
    if body.get("stream"):
        return SSEAnswer(_stream(*items), headers=headers)
    return JSONAnswer(200, _whole(*items), headers)


# -- Errors -------------------------------------------------------------------------------------

_BEGUN = _stream(_said("Hel"))[:4]

STREAM_REFUSALS = (
    Refusal(
        name="in a stream",
        stream=(
            *_BEGUN,
            _event(9, "error", code="rate_limit_exceeded", message="slow down", param=None),
        ),
    ),
    Refusal(
        name="failed in a stream",
        stream=_stream(
            _said("Hel"), end="failed", error={"code": "server_error", "message": "it broke"}
        ),
    ),
    Refusal(
        name="a bad image in a stream",
        stream=_stream(end="failed", error={"code": "image_too_large", "message": "too large"}),
    ),
)

VENDOR = Vendor(
    name="responses",
    model=MODEL,
    provider=_provider,
    client=client,
    calls=CALLS,
    lacks={
        "stop texts": "the wire has none, so ours refuses them",
        "seed": "the wire has none",
    },
    own=OWN,
    answer=_answer,
    ask=_ask,
    answers=ANSWERS,
    refusals=(*REFUSALS, *STREAM_REFUSALS),
    failure=failure,
    raises=openai.APIError,
    wait_s=wait_s,
)
