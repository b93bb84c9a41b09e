"""A peer: the OpenAI Agents SDK. Its synchronous tools run in threads; those of w3 are async."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false, reportCallIssue=false
from __future__ import annotations

from typing import Any

from agents import (
    Agent,
    ModelResponse,
    OpenAIChatCompletionsModel,
    Runner,
    Usage,
    function_tool,
    set_tracing_disabled,
)
from agents.models.interface import Model
from agents.tool_context import ToolContext
from openai import AsyncOpenAI
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from ._api import ADD_ARGS, KEY, PROMPT, SYSTEM, TEXT, Base, add, add_inline, book

REQUIRES = ["openai-agents"]
set_tracing_disabled(True)  # it would send traces to the vendor


class Fake(Model):
    turns = asked = 0

    async def get_response(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        return ModelResponse(output=[self.item()], usage=Usage(requests=1), response_id=None)

    def item(self) -> Any:
        if self.asked <= self.turns:
            return ResponseFunctionToolCall(
                type="function_call", call_id=f"call_{self.asked}", name="add", arguments=ADD_ARGS
            )
        text = ResponseOutputText(type="output_text", text=TEXT, annotations=[])
        return ResponseOutputMessage(
            id="m", type="message", role="assistant", status="completed", content=[text]
        )

    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


class Contestant(Base):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.client = AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0, timeout=600)
        self.agents: dict[tuple[str, bool], Any] = {}
        self.fake = Fake()
        self.inline = function_tool(add_inline, name_override="add")
        self.threaded = function_tool(add)
        self.agent("plain")

    def agent(self, model: str, tools: bool = False) -> Any:
        agent = self.agents.get((model, tools))
        if agent is None:
            served = OpenAIChatCompletionsModel(model, self.client)
            given = [self.inline] if tools else []
            agent = Agent("a", instructions=SYSTEM, tools=given, model=served)
            self.agents[model, tools] = agent
        return agent

    async def complete(self, model: str) -> str:
        return (await Runner.run(self.agent(model), PROMPT)).final_output

    async def agent_run(self, model: str) -> str:
        return (await Runner.run(self.agent(model, True), PROMPT, max_turns=1000)).final_output

    async def stream(self, model: str) -> tuple[int, int]:
        count = chars = 0
        async for event in Runner.run_streamed(self.agent(model), PROMPT).stream_events():
            if event.type == "raw_response_event" and event.data.type.endswith("text.delta"):
                count += 1
                chars += len(event.data.delta)
        return count, chars

    def make_agent(self) -> Any:
        return Agent("a", instructions=SYSTEM, tools=[function_tool(add)], model=self.fake)

    async def on_fake(self, turns: int, tool: Any) -> str:
        self.fake.asked, self.fake.turns = 0, turns
        agent = Agent("fake", instructions=SYSTEM, tools=[tool], model=self.fake)
        return (await Runner.run(agent, PROMPT, max_turns=1000)).final_output

    async def inproc_run(self, turns: int) -> str:
        return await self.on_fake(turns, self.inline)

    async def inproc_threaded(self, turns: int) -> str:
        return await self.on_fake(turns, self.threaded)

    def tool_build(self) -> Any:
        return function_tool(book)

    async def tool_call(self, tool: Any, arguments: str) -> object:
        context = ToolContext(None, tool_name="book", tool_call_id="c", tool_arguments=arguments)
        return await tool.on_invoke_tool(context, arguments)

    def history(self, messages: list[dict[str, str]]) -> Any:
        return messages

    async def large(self, history: Any) -> str:
        return (await Runner.run(self.agent("plain"), history)).final_output
