"""A key reaches the server that needs it and nothing else: bytes are searched, not fields."""

import logging
import pickle
import traceback

import pytest

from executus import Executor, Ports, RunnableAgent
from executus.testing import AnthropicServer, JSONAnswer, LoopbackServer, OpenAIServer, Turn
from majordomo.llm import dump_messages
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.openai import openai_provider

KEY = "sk-canary-31c9e0"


class Everything:
    """An audit that keeps all it is told, as text."""

    def __init__(self):
        from executus.events import EVENT_KINDS

        self.wants = frozenset(EVENT_KINDS)
        self.seen = []

    async def start_run(self, info):
        self.seen.append(repr(info))

    def emit(self, event):
        self.seen.append(repr(event))

    async def close_run(self, info, result):
        self.seen += [repr(result), dump_messages(result.messages)]


@pytest.mark.parametrize("make", [openai_provider, anthropic_provider])
@pytest.mark.parametrize("answer", ["good", "refused", "garbage", "gone"])
async def test_a_key_never_leaks(make, answer, caplog):
    caplog.set_level(logging.DEBUG)
    server_class = OpenAIServer if make is openai_provider else AnthropicServer
    if answer == "good":
        server = server_class([Turn.text("hello")])
    else:
        server = LoopbackServer()
        bodies = {
            "refused": (401, {"error": {"message": f"bad key {KEY}", "type": "t"}}),
            "garbage": (200, []),
        }
        if answer in bodies:
            status, body = bodies[answer]
            server.enqueue(JSONAnswer(status, body))
    audit = Everything()
    executor = Executor(ports=Ports(audit=audit))
    async with server:
        base = server.base_url if answer == "good" else server.url
        model = make(KEY, base_url=base).model("m")
        if answer != "gone":
            result = await executor.run(RunnableAgent(model=model), "go")
    if answer == "gone":
        result = await executor.run(RunnableAgent(model=model), "go")
    if answer == "good":
        assert any(KEY in value for value in server.requests[0].headers.values())
    told = [*audit.seen, repr(result), str(result.error), repr(model), caplog.text]
    if result.error is not None:
        told.append("".join(traceback.format_exception(result.error)))
        told.append(repr(pickle.dumps(result.error)))
    assert result.ok is (answer == "good")
    assert not [text for text in told if KEY in text]


@pytest.mark.parametrize("make", [openai_provider, anthropic_provider])
async def test_a_key_no_header_can_carry_is_refused_without_showing_it(make):
    key = "sk-canary-\u2019quoted"
    model = make(key, base_url="http://127.0.0.1:9").model("m")
    result = await Executor().run(RunnableAgent(model=model), "go")
    assert "character no header can carry" in str(result.error)
    assert "canary" not in repr(result) + repr(result.error.__cause__)


def test_an_endpoint_does_not_show_its_key():
    provider = openai_provider(KEY, headers=(("x-extra", KEY),))
    assert KEY not in repr(provider.endpoint)
