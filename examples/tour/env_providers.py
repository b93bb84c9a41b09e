"""Providers from variables: `LLM_FM=foreman://token@host` makes `fm/qwen3:30b` a model.

The foreman here is a loopback server of the test kit. Prints:

    fm: from LLM_FM, at http://127.0.0.1:…
    Hello from the foreman.
    asked /api/chat for qwen3:30b with Bearer token
"""

import anyio

from executus import Executor, RunnableAgent
from executus.testing import OllamaServer, Turn
from majordomo.builtin import default_registry


async def main() -> None:
    """Declare a foreman, and ask it."""
    async with OllamaServer([Turn.text("Hello from the foreman.")]) as foreman:
        host = foreman.url.removeprefix("http://")
        models = default_registry({"LLM_FM": f"foreman://token@{host}?tls=0"})
        for listing in models.describe():
            if listing.variable:
                print(f"{listing.name}: from {listing.variable}, at {listing.access.base_url}")
        result = await Executor(models=models).run(RunnableAgent(model="fm/qwen3:30b"), "hello")
        print(result.answer)
        asked = foreman.requests[0]
        print(f"asked {asked.path} for {asked.json['model']} with {asked.headers['authorization']}")


anyio.run(main)
