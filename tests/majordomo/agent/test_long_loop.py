"""A long loop encodes each message once: work per turn does not grow with the turn."""

import pytest

from executus.testing import AnthropicServer, GoogleServer, OpenAIServer, Turn
from majordomo.agent import Agent
from majordomo.llm import Message, Role, TextPart, tool
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.google import google_provider
from majordomo.providers.openai import openai_provider


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@pytest.mark.parametrize(
    ("server_class", "make"),
    [
        (OpenAIServer, openai_provider),
        (AnthropicServer, anthropic_provider),
        (GoogleServer, google_provider),
    ],
    ids=["openai", "anthropic", "google"],
)
async def test_work_on_the_first_message_does_not_grow_with_the_run(server_class, make):
    reads = []

    class Watched(TextPart):
        def __getattribute__(self, name):
            if name == "text":
                reads.append(name)
            return super().__getattribute__(name)

    async def count(turns):
        script = [Turn.calls(("add", {"a": n, "b": n})) for n in range(turns)]
        async with server_class([*script, Turn.text("done")]) as server:
            model = make("key", base_url=server.base_url).model("m")
            agent = Agent(model, tools=[add], max_steps=50)
            prompt = Message(role=Role.USER, parts=(Watched("go"),))
            reads.clear()
            assert (await agent.run(prompt)).output == "done"
            assert server.requests[-1].body.count(b'"go"') == 1
        return len(reads)

    few, many = await count(2), await count(30)
    assert few == many > 0
