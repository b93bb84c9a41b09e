"""A peer. Its synchronous tools run in threads, so the inline ones of w3 and w7 are async here."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false, reportCallIssue=false
from __future__ import annotations

from typing import Any

from openai import AsyncOpenAI
from pydantic_ai import Agent, Tool
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

from ._api import ADD_ARGS, KEY, PROMPT, SYSTEM, TEXT, Base, add, add_inline, book

REQUIRES = ["pydantic-ai-slim[openai]"]

LIMITS = UsageLimits(request_limit=None)


class Contestant(Base):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        client = AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0, timeout=600)
        self.provider = OpenAIProvider(openai_client=client)
        self.models: dict[str, Any] = {}
        inline = Tool(add_inline, name="add")
        fake = FunctionModel(self.answer)
        self.plain = Agent(self.model("plain"), instructions=SYSTEM)
        self.agent = Agent(self.model("plain"), instructions=SYSTEM, tools=[inline])
        self.fake = Agent(fake, instructions=SYSTEM, tools=[inline])
        self.fake_threaded = Agent(fake, instructions=SYSTEM, tools=[add])
        self.turns = 0

    def model(self, name: str) -> Any:
        if name not in self.models:
            self.models[name] = OpenAIChatModel(name, provider=self.provider)
        return self.models[name]

    async def complete(self, model: str) -> str:
        return (await self.plain.run(PROMPT, model=self.model(model))).output

    async def agent_run(self, model: str) -> str:
        run = await self.agent.run(PROMPT, model=self.model(model), usage_limits=LIMITS)
        return run.output

    async def stream(self, model: str) -> tuple[int, int]:
        count = chars = 0
        async with self.plain.run_stream(PROMPT, model=self.model(model)) as run:
            async for text in run.stream_text(delta=True, debounce_by=None):
                count += 1
                chars += len(text)
        return count, chars

    def failover_new(self, cooldown: bool) -> Any:  # it has no cooldown
        return Agent(FallbackModel(self.model("f503"), self.model("plain")), instructions=SYSTEM)

    async def failover_call(self, chain: Any) -> str:
        return (await chain.run(PROMPT)).output

    def make_agent(self) -> Any:
        return Agent(self.model("plain"), instructions=SYSTEM, tools=[add])

    async def answer(self, messages: list[Any], info: Any) -> ModelResponse:
        results = len(messages) // 2
        if results >= self.turns:
            return ModelResponse(parts=[TextPart(TEXT)])
        return ModelResponse(parts=[ToolCallPart("add", ADD_ARGS, f"call_{results}")])

    async def inproc_run(self, turns: int) -> str:
        self.turns = turns
        return (await self.fake.run(PROMPT, usage_limits=LIMITS)).output

    async def inproc_threaded(self, turns: int) -> str:
        self.turns = turns
        return (await self.fake_threaded.run(PROMPT, usage_limits=LIMITS)).output

    def history(self, messages: list[dict[str, str]]) -> Any:
        return [
            ModelRequest(parts=[UserPromptPart(message["content"])])
            if message["role"] == "user"
            else ModelResponse(parts=[TextPart(message["content"])])
            for message in messages[:-1]
        ]

    async def large(self, history: Any) -> str:
        return (await self.plain.run(PROMPT, message_history=history)).output

    def tool_build(self) -> Any:
        return Tool(book)

    async def tool_call(self, tool: Any, arguments: str) -> object:
        schema = tool.function_schema
        return await schema.call(schema.validator.validate_json(arguments), None)
