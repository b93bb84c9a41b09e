"""The same answer, whole and streamed, means the same to ours and to the vendor's SDK."""

import json

import pytest
from sdks import need_sdks

need_sdks()

from comparison import judge
from differences import DIFFERENCES
from shapes import HELLO
from vendor import Shape, ask_ours, seen, usage
from vendors import VENDORS

from executus.testing import JSONAnswer, LoopbackServer
from executus.testing.server import SSEAnswer
from majordomo.llm.message import user
from majordomo.llm.request import Request

QUESTION = Request(messages=(user(HELLO),))
CASES = [
    pytest.param(vendor, served, streaming, id=f"{vendor.name}: {served.name}, {form}")
    for vendor in VENDORS
    for served in vendor.answers
    for streaming, form in ((False, "whole"), (True, "streamed"))
    if (served.stream if streaming else served.whole is not None)
]


def ours_seen(response):
    """Our answer, as both sides are compared."""
    counts = response.usage
    calls = response.message.tool_calls
    return seen(
        text=response.text,
        thinking=response.message.thinking,
        calls=[(call.id, call.name, json.loads(call.arguments)) for call in calls],
        finish=str(response.finish_reason),
        usage=usage(
            input=counts.input,
            output=counts.output,
            cache_read=counts.cache_read,
            cache_write=counts.cache_write,
            reasoning=counts.reasoning,
        ),
        model=response.served_model,
        request_id=response.request_id,
    )


def answer(vendor, served, *, streaming):
    headers = {vendor.request_id: "req_7"} if vendor.request_id else {}
    if not streaming:
        return JSONAnswer(200, served.whole, headers)
    return SSEAnswer(served.stream, headers=headers | vendor.stream_headers)


@pytest.mark.parametrize(("vendor", "served", "streaming"), CASES)
async def test_both_read_the_same_answer(vendor, served, streaming):
    async with LoopbackServer(lambda _: answer(vendor, served, streaming=streaming)) as server:
        shape = Shape(name="", request=QUESTION, streaming=streaming)
        ours = ours_seen(await ask_ours(vendor, server.url, shape))
        async with vendor.client(url=server.url) as client:
            theirs = await vendor.ask(client, streaming=streaming)
    form = "streamed" if streaming else "whole"
    problems = judge(vendor.name, f"answer/{served.name}, {form}", ours, theirs, DIFFERENCES)
    assert not problems, "\n".join(problems)
