"""The first floor: the same work as bounded runs of an executor with shipped defaults."""

from __future__ import annotations

from executus import Executor, Invocation, Limits, RunnableAgent
from executus.events import TextDelta
from executus.run import Grant
from majordomo.llm import Message, Model, Tool, assistant, tool, user
from majordomo.providers.openai import openai_provider

from ._api import KEY, PROMPT, SYSTEM, Base, add
from ._inprocess import counting_model
from .majordomo import failing_over

REQUIRES = ["CHECKOUT"]

LIMITS = Limits(max_steps=1000, max_tool_calls=1000)
ADD = tool(inline=True)(add)
THREADED_ADD = tool(add)


def make(model: Model, *tools: Grant) -> RunnableAgent:
    return RunnableAgent(model=model, instructions=SYSTEM, tools=tools, limits=LIMITS)


class Contestant(Base):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.executor = Executor()
        self.provider = openai_provider(KEY, base_url=base_url)
        self.plain = self.provider.model("plain")
        # A window that holds the history of w9: what compaction does is another matter.
        self.wide = Executor(context_tokens=1_000_000)
        self.agents: dict[tuple[str | int, Tool | None], RunnableAgent] = {}

    def agent(self, model: str | int, add_tool: Tool | None = None) -> RunnableAgent:
        """The agent for a model: by name on the mock server, by turns in this process."""
        agent = self.agents.get((model, add_tool))
        if agent is None:
            made = counting_model(model) if isinstance(model, int) else self.provider.model(model)
            agent = make(made, *([add_tool] if add_tool else []))
            self.agents[model, add_tool] = agent
        return agent

    async def run(self, agent: RunnableAgent) -> str:
        result = await self.executor.run(agent, PROMPT)
        return result.raise_for_error().output or ""

    async def complete(self, model: str) -> str:
        return await self.run(self.agent(model))

    async def agent_run(self, model: str) -> str:
        return await self.run(self.agent(model, ADD))

    async def stream(self, model: str) -> tuple[int, int]:
        count = chars = 0
        async with self.executor.stream(self.agent(model), PROMPT) as run:
            async for event in run:
                if isinstance(event, TextDelta):
                    count += 1
                    chars += len(event.text)
            (await run.wait()).raise_for_error()
        return count, chars

    def failover_new(self, cooldown: bool) -> RunnableAgent:
        models = [self.provider.model("f503"), self.provider.model("plain")]
        return make(failing_over(models, cooldown=cooldown))

    async def failover_call(self, chain: RunnableAgent) -> str:
        return await self.run(chain)

    async def inproc_run(self, turns: int) -> str:
        return await self.run(self.agent(turns, ADD))

    async def inproc_threaded(self, turns: int) -> str:
        return await self.run(self.agent(turns, THREADED_ADD))

    def history(self, messages: list[dict[str, str]]) -> tuple[Message, ...]:
        said = {"user": user, "assistant": assistant}
        return tuple(said[message["role"]](message["content"]) for message in messages[:-1])

    async def large(self, history: tuple[Message, ...]) -> str:
        invocation = Invocation(PROMPT, history=history)
        result = await self.wide.run(self.agent("plain"), invocation)
        return result.raise_for_error().output or ""

    def make_agent(self) -> RunnableAgent:
        return make(self.plain, add)
