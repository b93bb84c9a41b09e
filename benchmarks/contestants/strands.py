"""A peer: Strands. An agent keeps its conversation, so each run gets a fresh one."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false, reportCallIssue=false
from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from strands import Agent, tool
from strands.models.model import Model
from strands.models.openai import OpenAIModel

from ._api import ADD_ARGS, KEY, PROMPT, SYSTEM, TEXT, Base, add, add_inline, book

REQUIRES = ["strands-agents[openai]"]


class Fake(Model):
    turns = asked = 0

    def get_config(self) -> dict[str, Any]:
        return {}

    def update_config(self, **_: Any) -> None:
        pass

    def structured_output(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    async def stream(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        self.asked += 1
        calls = self.asked <= self.turns
        use = {"toolUse": {"name": "add", "toolUseId": f"call_{self.asked}"}}
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockStart": {"start": use if calls else {}}}
        delta = {"toolUse": {"input": ADD_ARGS}} if calls else {"text": TEXT}
        yield {"contentBlockDelta": {"delta": delta}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if calls else "end_turn"}}


class Contestant(Base):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.models: dict[str, Any] = {}
        self.fake = Fake()
        self.inline = tool(name="add")(add_inline)
        self.threaded = tool(add)
        self.agent(self.model("plain"))

    def model(self, name: str) -> Any:
        if name not in self.models:
            client = {"api_key": KEY, "base_url": self.base_url, "max_retries": 0, "timeout": 600}
            self.models[name] = OpenAIModel(model_id=name, client_args=client)
        return self.models[name]

    def agent(self, model: Any, tools: Sequence[Any] = (), **more: Any) -> Any:
        given = list(tools)
        return Agent(model, system_prompt=SYSTEM, tools=given, callback_handler=None, **more)

    async def complete(self, model: str) -> str:
        return str(await self.agent(self.model(model)).invoke_async(PROMPT))

    async def agent_run(self, model: str) -> str:
        return str(await self.agent(self.model(model), [self.inline]).invoke_async(PROMPT))

    async def stream(self, model: str) -> tuple[int, int]:
        count = chars = 0
        async for event in self.agent(self.model(model)).stream_async(PROMPT):
            if text := event.get("data"):
                count += 1
                chars += len(text)
        return count, chars

    def make_agent(self) -> Any:
        return self.agent(self.fake, [tool(add)])

    async def on_fake(self, turns: int, used: Any) -> str:
        self.fake.asked, self.fake.turns = 0, turns
        return str(await self.agent(self.fake, [used]).invoke_async(PROMPT))

    async def inproc_run(self, turns: int) -> str:
        return await self.on_fake(turns, self.inline)

    async def inproc_threaded(self, turns: int) -> str:
        return await self.on_fake(turns, self.threaded)

    def tool_build(self) -> Any:
        return tool(book)

    async def tool_call(self, tool: Any, arguments: str) -> object:
        use = {"toolUseId": "c", "name": "book", "input": json.loads(arguments)}
        return [event async for event in tool.stream(use, {})][-1]

    def history(self, messages: list[dict[str, str]]) -> Any:
        return [
            {"role": message["role"], "content": [{"text": message["content"]}]}
            for message in messages[:-1]
        ]

    async def large(self, history: Any) -> str:
        agent = self.agent(self.model("plain"), messages=list(history))
        return str(await agent.invoke_async(PROMPT))
