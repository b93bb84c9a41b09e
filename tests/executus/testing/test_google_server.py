"""The scripted Gemini: what it sends, and what it refuses as the vendor does."""

import json

import pytest

from executus.testing import GoogleServer, JSONAnswer, Turn
from executus.testing.server import google_calls, google_error, google_text
from executus.testing.server.google_rules import find_broken_rule
from majordomo.http import HTTPRequest, HttpxTransport, SSEReader, read_body

NEW, OLD = "gemini-3.8-flash", "gemini-2.5-flash"
DUMMY = "skip_thought_signature_validator"
USER = {"role": "user", "parts": [{"text": "add"}]}
SCRIPT = [
    Turn.calls(
        ("add", {"a": "ü", "b": 2}), ("now", {}), content="Adding.", thinking="Hm.", signature="S1"
    ),
    Turn.text("It is done.", signature="S2"),
]
THINKING = {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}


@pytest.fixture
async def ask():
    transport = HttpxTransport()
    async with GoogleServer(SCRIPT, require_key="key") as server:

        async def ask(*contents, model=NEW, method="generateContent", key="key", **fields):
            body = json.dumps({"contents": [USER, *contents], **fields}).encode()
            url = f"{server.base_url}/v1beta/models/{model}:{method}"
            message = HTTPRequest(url=url, headers=(("x-goog-api-key", key),), body=body)
            response = await transport.open(message)
            data = await read_body(response)
            await response.aclose()
            return response.status, data

        yield ask
    await transport.aclose()


def part(name="add", args=None, **fields):
    return {"functionCall": {"name": name, "args": args or {}}, **fields}


def model(*parts):
    return {"role": "model", "parts": list(parts)}


def results(*names, **fields):
    answers = [{"functionResponse": {"name": n, "response": {"output": "3"}}} for n in names]
    return {"role": "user", "parts": [*answers, *fields.get("more", [])]}


async def test_it_follows_its_script_by_the_model_s_contents(ask):
    for _ in range(2):  # concurrent runs see the same turn
        status, data = await ask()
        body = json.loads(data)
        assert status == 200
        assert body["candidates"][0]["content"]["parts"] == [
            {"text": "Adding."},
            part("add", {"a": "ü", "b": 2}, thoughtSignature="S1"),
            part("now"),
        ]
    status, data = await ask(body["candidates"][0]["content"], results("add", "now"))
    second = json.loads(data)
    assert second["candidates"][0]["content"]["parts"] == [
        {"text": "It is done.", "thoughtSignature": "S2"}
    ]
    assert second["candidates"][0]["finishReason"] == "STOP"
    assert (second["modelVersion"], second["responseId"]) == (NEW, "resp_1")
    assert second["usageMetadata"]["totalTokenCount"] == 15


async def test_thoughts_are_shown_when_they_are_asked_for(ask):
    _, data = await ask(**THINKING)
    first = json.loads(data)["candidates"][0]["content"]["parts"][0]
    assert first == {"text": "Hm.", "thought": True}


async def test_it_streams_the_same_turn_in_pieces(ask):
    _, data = await ask(method="streamGenerateContent?alt=sse", **THINKING)
    assert b"\r\n\r\n" in data
    assert b"[DONE]" not in data
    reader = SSEReader()
    chunks = [json.loads(payload) for payload in reader.feed(data) + reader.flush()]
    parts = [p for c in chunks for p in c["candidates"][0]["content"]["parts"]]
    assert "".join(p["text"] for p in parts if "text" in p and "thought" not in p) == "Adding."
    assert [p for p in parts if "functionCall" in p] == [
        part("add", {"a": "ü", "b": 2}, thoughtSignature="S1"),
        part("now"),
    ]
    assert parts[-1] == {"text": ""}
    assert ["finishReason" in c["candidates"][0] for c in chunks] == [False] * 5 + [True]


async def test_a_text_s_signature_comes_with_the_last_chunk(ask):
    signed = model(part("add", thoughtSignature="S1"))
    _, data = await ask(signed, results("add"), method="streamGenerateContent?alt=sse")
    last = json.loads(data.strip().splitlines()[-1][6:])
    assert last["candidates"][0]["content"]["parts"] == [{"text": "", "thoughtSignature": "S2"}]


async def test_a_wrong_key_is_a_400(ask):
    status, data = await ask(key="other")
    assert status == 400
    assert json.loads(data)["error"]["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize("method", ["streamGenerateContent", "countTokens", "generateContent?x=1"])
async def test_other_paths_are_unknown(ask, method):
    status, data = await ask(method=method)
    assert (status, json.loads(data)["error"]["status"]) == (404, "NOT_FOUND")


async def test_a_script_that_is_over_is_an_error(ask):
    status, data = await ask(model({"text": "a"}), USER, model({"text": "b"}), USER)
    assert status == 500
    assert "the script has 2 turns" in json.loads(data)["error"]["message"]


async def test_what_it_refuses_is_a_400(ask):
    status, data = await ask(model(part()))
    error = json.loads(data)["error"]
    assert (status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")


SIGNED = part(thoughtSignature="S1")
PNG = {"inlineData": {"mimeType": "image/png", "data": ""}}
GIF = {"inlineData": {"mimeType": "image/gif", "data": ""}}
SCHEMA = {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}}


def tools(**fields):
    return [{"functionDeclarations": [{"name": "f", **fields}]}]


def thinking(**fields):
    return {"contents": [USER], "generationConfig": {"thinkingConfig": fields}}


def said(*contents, **fields):
    return {"contents": list(contents), **fields}


def shown(*parts):
    response = {"name": "add", "response": {}, "parts": list(parts)}
    return said(USER, model(SIGNED), {"role": "user", "parts": [{"functionResponse": response}]})


# name: (body, model, a phrase of the complaint)
REFUSED = {
    "no JSON": (None, NEW, "Invalid JSON"),
    "unknown field": (said(USER, stream=True), NEW, 'Unknown name "stream"'),
    "unknown setting": (said(USER, generationConfig={"top_p": 1}), NEW, 'Unknown name "top_p"'),
    "no contents": (said(), NEW, "contents is not specified"),
    "another role": (said({"role": "assistant", "parts": [{"text": "a"}]}), NEW, "valid role"),
    "no parts": (said({"role": "user", "parts": []}), NEW, "must not be empty"),
    "empty text": (said({"role": "user", "parts": [{"text": ""}]}), NEW, "empty text"),
    "two fields": (said({"role": "user", "parts": [{"text": "a", **PNG}]}), NEW, "one initialized"),
    "no field": (said({"role": "user", "parts": [{"thought": True}]}), NEW, "one initialized"),
    "unknown part": (said({"role": "user", "parts": [{"image": 1}]}), NEW, 'Unknown name "image"'),
    "empty system": (said(USER, systemInstruction={"parts": [{"text": ""}]}), NEW, "empty"),
    "arguments": (said(USER, model(part(args=["x"])), results("add")), NEW, "cannot start list"),
    "neighbours": (said(USER, USER), NEW, "alternate"),
    "calls first": (said(model(SIGNED), results("add")), NEW, "immediately after a user turn"),
    "unanswered": (said(USER, model(SIGNED)), NEW, "must be answered"),
    "answered by words": (said(USER, model(SIGNED), USER), NEW, "number of function response"),
    "too few": (said(USER, model(SIGNED, part()), results("add")), NEW, "number of function"),
    "too many": (said(USER, model(SIGNED), results("add", "add")), NEW, "number of function"),
    "another name": (said(USER, model(SIGNED), results("now")), NEW, "does not match"),
    "an id too few": (
        said(
            USER,
            model({**SIGNED, "functionCall": {"name": "add", "id": "1"}}),
            results("add"),
        ),
        NEW,
        "does not match",
    ),
    "words first": (
        said(
            USER,
            model(SIGNED),
            {"role": "user", "parts": [{"text": "a"}, *results("add")["parts"]]},
        ),
        NEW,
        "must come first",
    ),
    "no signature": (said(USER, model(part()), results("add")), NEW, "missing a thought_sig"),
    "no signature on the first": (
        said(USER, model(part(), SIGNED), results("add", "add")),
        NEW,
        "missing a thought_sig",
    ),
    "another signature": (
        said(USER, model(part(thoughtSignature="S9")), results("add")),
        NEW,
        "not valid",
    ),
    "a moved signature": (
        said(USER, model({"text": "a", "thoughtSignature": "S1"}), USER),
        NEW,
        "not valid",
    ),
    "a gif": (said({"role": "user", "parts": [GIF]}), NEW, "Unsupported MIME type"),
    "a gif in a result": (shown(GIF), NEW, "Unsupported MIME type"),
    "an image in an older model's result": (shown(PNG), OLD, "not supported"),
    "level and budget": (thinking(thinkingLevel="LOW", thinkingBudget=1), NEW, "only one"),
    "a level for 2.5": (thinking(thinkingLevel="LOW"), OLD, "level is not supported"),
    "minimal": (thinking(thinkingLevel="MINIMAL"), NEW, "MINIMAL"),
    "off": (thinking(thinkingBudget=0), "gemini-2.5-pro", "Budget 0"),
    "thinking": (thinking(thinkingBudget=0), "gemini-2.0-flash", "not supported"),
    "six stops": (said(USER, generationConfig={"stopSequences": list("abcdef")}), NEW, "at most 5"),
    "a bad name": (said(USER, tools=tools(name="1 f")), NEW, "Invalid function name"),
    "both schemas": (
        said(USER, tools=tools(parameters={}, parametersJsonSchema={})),
        NEW,
        "exclude each other",
    ),
    "a keyword": (
        said(USER, tools=tools(parametersJsonSchema={"items": {"const": 1}})),
        NEW,
        'Unknown name "const"',
    ),
    "beside a reference": (
        said(USER, tools=tools(parametersJsonSchema={"$ref": "#", "type": "object"})),
        NEW,
        "may have no other",
    ),
    "schema without mime type": (
        said(USER, generationConfig={"responseJsonSchema": {}}),
        NEW,
        "must be application/json",
    ),
    "schema beside tools": (
        said(USER, generationConfig=SCHEMA, tools=tools()),
        OLD,
        "is unsupported",
    ),
    "schema beside a forced call": (
        said(
            USER,
            generationConfig=SCHEMA,
            tools=tools(),
            toolConfig={"functionCallingConfig": {"mode": "ANY"}},
        ),
        NEW,
        "Forced function calling",
    ),
}
TAKEN = {
    "a text": (said(USER), NEW),
    "a signed step": (said(USER, model(SIGNED), results("add")), NEW),
    "the dummy": (said(USER, model(part(thoughtSignature=DUMMY)), results("add")), NEW),
    "parallel calls": (said(USER, model(SIGNED, part()), results("add", "add")), NEW),
    "an earlier turn": (said(USER, model(part()), results("add"), model({"text": "a"}), USER), NEW),
    "an older model": (said(USER, model(part()), results("add")), OLD),
    "words after results": (
        said(USER, model(SIGNED), results("add", more=[{"text": "so"}, PNG])),
        NEW,
    ),
    "an image in a result": (shown(PNG), NEW),
    "schema and tools": (said(USER, generationConfig=SCHEMA, tools=tools()), NEW),
    "an empty text with a signature": (
        said(USER, model({"text": "", "thoughtSignature": "S2"}), USER),
        NEW,
    ),
}


@pytest.mark.parametrize(("body", "model_id", "phrase"), REFUSED.values(), ids=REFUSED)
def test_refused(body, model_id, phrase):
    assert phrase in find_broken_rule(body, model_id, SCRIPT)


@pytest.mark.parametrize(("body", "model_id"), TAKEN.values(), ids=TAKEN)
def test_taken(body, model_id):
    assert find_broken_rule(body, model_id, SCRIPT) is None


def test_answers_outside_of_a_script():
    usage = {"promptTokenCount": 1}
    text = google_text("hi", usage=usage, model="m").body
    assert text["candidates"][0]["content"]["parts"] == [{"text": "hi"}]
    assert (text["usageMetadata"], text["modelVersion"]) == (usage, "m")
    calls = google_calls([("f", '{"a":1}'), ("g", "{oops")]).body
    assert calls["candidates"][0]["content"]["parts"] == [part("f", {"a": 1}), part("g")]
    assert google_error(429, "slow", details=[{"a": 1}], headers={"x": "y"}) == JSONAnswer(
        429,
        {
            "error": {
                "code": 429,
                "message": "slow",
                "status": "RESOURCE_EXHAUSTED",
                "details": [{"a": 1}],
            }
        },
        {"x": "y"},
    )
