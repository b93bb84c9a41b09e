"""A call that the token limit cut is kept, answered and not executed, at every provider."""

from dataclasses import replace

import pytest
from featurewires import FEATURE_WIRES

from executus.testing import Turn
from majordomo.agent import Agent
from majordomo.llm import ToolCallEnd, tool

CUT = '{"animal":"ca'
# Arguments are no text on the wires of Google and Ollama: what is cut there is a whole object.
WORDS = {
    "openai": ("length", CUT),
    "openai-responses": ("max_output_tokens", CUT),
    "anthropic": ("max_tokens", CUT),
    "google": ("MAX_TOKENS", '{"animal":"ca"}'),
    "ollama": ("length", '{"animal":"ca"}'),
    "llama-swap": ("length", CUT),
}


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_the_model_is_told_and_goes_on(name, streaming):
    asked = []

    @tool(inline=True)
    def count(animal: str) -> str:
        """Count animals."""
        asked.append(animal)
        return f"two {animal}s"

    wire, (stop, arguments) = FEATURE_WIRES[name], WORDS[name]
    cut = replace(Turn.calls(("count", arguments)), stop=stop)
    turns = [cut, Turn.calls(("count", {"animal": "cat"})), Turn.text("Two.")]
    ended = []
    async with wire.server(turns) as server:
        agent = Agent(wire.model(server), tools=[count])
        async with (agent.stream if streaming else agent.start)("go") as run:
            if streaming:
                ended = [event async for event in run if isinstance(event, ToolCallEnd)]
            result = await run.result()
    assert (result.output, asked) == ("Two.", ["cat"])
    [answer] = result.messages[2].tool_results
    assert "cut off by the token limit" in answer.text
    assert result.messages[1].tool_calls[0].id == answer.call_id
    assert "cut off by the token limit" in server.requests[1].body.decode()
    if arguments is CUT:
        assert all(event.arguments != CUT for event in ended)
