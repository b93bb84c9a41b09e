"""The ground floor: one provider, its models, and the agent loop. No failover yet (w6)."""

from __future__ import annotations

from majordomo.agent import Agent
from majordomo.llm import (
    Fragments,
    Model,
    Request,
    TextDelta,
    Tool,
    ToolCallPart,
    ToolContext,
    assistant,
    tool,
    user,
)
from majordomo.providers.openai import openai_provider

from ._api import BOOK_ARGS, KEY, PROMPT, SYSTEM, Base, add, book
from ._inprocess import counting_model

REQUIRES = ["CHECKOUT"]

ADD = tool(inline=True)(add)
THREADED_ADD = tool(add)
BOOK_CONTEXT = ToolContext(
    deps=None, call=ToolCallPart(id="call_1", name="book", arguments=BOOK_ARGS), run=None
)


class Contestant(Base):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.provider = openai_provider(KEY, base_url=base_url)
        self.models: dict[str, Model] = {"plain": self.provider.model("plain")}
        self.agents: dict[tuple[str, Tool], Agent] = {}

    def model(self, name: str) -> Model:
        if name not in self.models:
            self.models[name] = self.provider.model(name)
        return self.models[name]

    def in_process(self, turns: int) -> str:
        """The name of a model that needs no server."""
        name = f"in-process {turns}"
        if name not in self.models:
            self.models[name] = counting_model(turns)
        return name

    async def run(self, model: str, add_tool: Tool) -> str:
        agent = self.agents.get((model, add_tool))
        if agent is None:
            agent = Agent(self.model(model), SYSTEM, tools=[add_tool], max_steps=1000)
            self.agents[model, add_tool] = agent
        return (await agent.run(PROMPT)).output

    async def complete(self, model: str) -> str:
        request = Request(messages=(user(PROMPT),), system=SYSTEM)
        return (await self.model(model).complete(request)).text

    async def agent_run(self, model: str) -> str:
        return await self.run(model, ADD)

    async def stream(self, model: str) -> tuple[int, int]:
        count = chars = 0
        request = Request(messages=(user(PROMPT),), system=SYSTEM)
        async with self.model(model).stream(request) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    count += 1
                    chars += len(event.text)
        return count, chars

    async def inproc_run(self, turns: int) -> str:
        return await self.run(self.in_process(turns), ADD)

    async def inproc_threaded(self, turns: int) -> str:
        return await self.run(self.in_process(turns), THREADED_ADD)

    def make_agent(self) -> Agent:
        return Agent(self.models["plain"], SYSTEM, tools=[add])

    def history(self, messages: list[dict[str, str]]) -> Request:
        said = {"user": user, "assistant": assistant}
        turns = tuple(said[message["role"]](message["content"]) for message in messages)
        return Request(messages=turns, fragments=Fragments())

    async def large(self, history: Request) -> str:
        return (await self.models["plain"].complete(history)).text

    def tool_build(self) -> Tool:
        return tool(inline=True)(book)

    async def tool_call(self, tool: Tool, arguments: str) -> object:
        return await tool.invoke(arguments, BOOK_CONTEXT)
