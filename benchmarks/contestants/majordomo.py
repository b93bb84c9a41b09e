"""The ground floor: one provider, its models, their chains, and the agent loop."""

from __future__ import annotations

from collections.abc import Sequence

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

NEVER = 10**9  # failures in a row that bench


def failing_over(models: Sequence[Model], *, cooldown: bool) -> Model:
    """A chain that asks each target once; benched at the first failure, or never."""
    from majordomo.chain import Chain, ChainPolicy  # noqa: PLC0415 - not charged to w1
    from majordomo.health import HealthPolicy, HealthTracker  # noqa: PLC0415

    health = HealthTracker(policy=HealthPolicy(failure_threshold=1 if cooldown else NEVER))
    return Chain(models, health=health, policy=ChainPolicy(transient_retries=0))


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

    def failover_new(self, cooldown: bool) -> Model:
        return failing_over([self.model("f503"), self.model("plain")], cooldown=cooldown)

    async def failover_call(self, chain: Model) -> str:
        request = Request(messages=(user(PROMPT),), system=SYSTEM)
        return (await chain.complete(request)).text

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
