"""What a delta of a streamed answer costs, counted: the same however long the answer."""

import sys
from pathlib import Path

import majordomo
from executus.testing import LoopbackServer
from executus.testing.server import Turn, openai_stream
from majordomo.llm import Request, TextDelta, user
from majordomo.providers.openai import openai_provider

OURS = str(Path(majordomo.__file__).parent)


async def calls_for(words):
    """Calls of our functions for the second answer of that length, and how many deltas it has."""
    text = " ".join(["word"] * words)
    async with LoopbackServer(lambda _: openai_stream(Turn.text(text))) as server:
        model = openai_provider("key", base_url=server.url).model("m")

        async def read():
            async with model.stream(Request(messages=(user("go"),))) as stream:
                said = [event.text async for event in stream if isinstance(event, TextDelta)]
            assert "".join(said) == text
            return len(said)

        deltas, count = await read(), 0

        def note(frame, event, _argument):
            nonlocal count
            count += event == "call" and frame.f_code.co_filename.startswith(OURS)

        sys.setprofile(note)
        try:
            await read()
        finally:
            sys.setprofile(None)
        return count, deltas


async def test_a_delta_costs_the_same_however_long_the_answer():
    (none, one), (few, some), (many, most) = [await calls_for(words) for words in (1, 100, 10_000)]
    assert most > 100 * one
    assert (many - few) / (most - some) <= 1.1 * (few - none) / (some - one)
