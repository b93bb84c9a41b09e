"""The wire at an endpoint, over loopback HTTP."""

import pytest

from executus.testing import OpenAIServer, Turn
from executus.testing.server import JSONAnswer
from majordomo.llm import (
    FinishEvent,
    FinishReason,
    OutputSchema,
    Request,
    TextDelta,
    tool,
    tool_result,
    user,
)
from majordomo.llm.output import OutputMode
from majordomo.providers.openai import Dialect, openai_provider

ASK = Request(messages=(user("hi"),))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
OUTPUT = OutputSchema(name="answer", schema=SCHEMA)


@tool(inline=True)
def lookup(q: str) -> str:
    """Look something up."""
    return q


TURNS = {
    "text": Turn.text("Hello, Wörld 😀"),
    "calls": Turn.calls(("add", {"a": 1, "b": 2}), ("clock", {}), content="Let me see."),
    "length": Turn.text("Hello", stop="length"),
}


def model_at(server, **options):
    return openai_provider("sk-1", base_url=server.base_url, **options).model("m")


async def streamed(model, request=ASK):
    async with model.stream(request) as stream:
        events = [event async for event in stream]
        return events, await stream.response()


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
async def test_streaming_or_not_the_response_is_the_same(turn):
    async with OpenAIServer([turn], require_key="sk-1") as server:
        whole = await model_at(server).complete(ASK)
        events, response = await streamed(model_at(server))
    assert response == whole
    assert whole.request_id == "req_0"
    assert (whole.text, len(whole.message.tool_calls)) == (turn.content, len(turn.tool_calls))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == turn.content
    assert events[-1] == FinishEvent(whole.finish_reason)
    assert [bool(request.json.get("stream")) for request in server.requests] == [False, True]


async def test_headers_name_organization_project_and_key():
    async with OpenAIServer([Turn.text("x")]) as server:
        options = {"organization": "org-1", "project": "proj-1", "headers": (("x-mine", "1"),)}
        await model_at(server, **options).complete(ASK)
    [request] = server.requests
    names = ("authorization", "openai-organization", "openai-project", "x-mine")
    sent = [request.headers.get(name) for name in names]
    assert sent == ["Bearer sk-1", "org-1", "proj-1", "1"]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("mode", OutputMode)
async def test_an_output_schema_in_every_mode(mode, streaming):
    turn = Turn.text('{"a":"b"}')
    if mode is OutputMode.TOOL:
        turn = Turn.calls(("final_answer", '{"a":"b"}'))
    request = Request(messages=(user("hi"),), output=OUTPUT)
    async with OpenAIServer([turn]) as server:
        model = model_at(server, dialect=Dialect(output=mode))
        response = (
            (await streamed(model, request))[1] if streaming else await model.complete(request)
        )
    body = server.requests[0].json
    assert response.text == '{"a":"b"}'
    assert response.finish_reason is FinishReason.STOP
    formats = {OutputMode.NATIVE: "json_schema", OutputMode.JSON_OBJECT: "json_object"}
    assert body.get("response_format", {}).get("type") == formats.get(mode)
    assert ("tools" in body) is (mode is OutputMode.TOOL)
    said = any("JSON Schema" in str(m["content"]) for m in body["messages"])
    assert said is (mode in (OutputMode.JSON_OBJECT, OutputMode.INSTRUCTION))


@pytest.mark.parametrize("others", [(), (lookup,)], ids=["alone", "beside"])
async def test_an_answer_tool_on_its_own_is_named(others):
    """Servers that constrain the arguments of a named call do not all know `required`."""
    request = Request(messages=(user("hi"),), output=OUTPUT, tools=others)
    async with OpenAIServer([Turn.calls(("final_answer", '{"a":"b"}'))]) as server:
        model = model_at(server, dialect=Dialect(output=OutputMode.TOOL))
        assert (await model.complete(request)).text == '{"a":"b"}'
    named = {"type": "function", "function": {"name": "final_answer"}}
    assert server.requests[0].json["tool_choice"] == ("required" if others else named)


@pytest.mark.parametrize(
    ("dialect", "vision", "structured"),
    [
        (Dialect(), None, True),
        (Dialect(vision=False, output=OutputMode.INSTRUCTION), False, False),
        (Dialect(vision=True, output=OutputMode.JSON_OBJECT), True, False),
    ],
)
def test_the_dialect_describes_the_model(dialect, vision, structured):
    found = openai_provider(dialect=dialect).model("m").capabilities
    assert (found.vision, found.structured_output) == (vision, structured)
    assert (found.tools, found.context_tokens, found.max_image_pixels) == (None, None, None)
    assert found.image_mimes == {"image/png", "image/jpeg", "image/webp", "image/gif"}
    assert found.max_image_bytes == 20_000_000


async def test_ids_made_for_calls_are_sent_back_with_their_results():
    """A server that names no ids gets a conversation in which they match."""
    message = {"content": None, "tool_calls": [{"function": {"name": "a"}}]}
    async with OpenAIServer([Turn.text("unused"), Turn.text("done")]) as server:
        server.enqueue(JSONAnswer(200, {"choices": [{"message": message}]}))
        model = model_at(server)
        first = await model.complete(ASK)
        [call] = first.tool_calls
        turns = (user("hi"), first.message, tool_result(call, "1"))
        assert (await model.complete(Request(messages=turns))).text == "done"
    sent = server.requests[-1].json["messages"]
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == call.id
