"""A peer: LiteLLM, a client and a router. It has no agents: the loop is written by hand."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false, reportCallIssue=false
from __future__ import annotations

import json
import os
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # it would download one at import

import litellm
from litellm import Router

from ._api import KEY, Base, add
from ._raw import ADD_SPEC, messages

# Without the extra, a request with tools fails on a missing module.
REQUIRES = ["litellm[mcp]"]
litellm.suppress_debug_info = True


def as_dict(message: Any) -> dict[str, Any]:
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.function.name, "arguments": call.function.arguments},
        }
        for call in message.tool_calls
    ]
    return {"role": "assistant", "content": message.content, "tool_calls": calls}


class Contestant(Base):
    async def create(self, model: str, said: list[dict[str, Any]], **more: Any) -> Any:
        return await litellm.acompletion(
            model=f"openai/{model}",
            messages=said,
            api_base=self.base_url,
            api_key=KEY,
            num_retries=0,
            timeout=600,
            **more,
        )

    async def complete(self, model: str) -> str:
        return (await self.create(model, messages())).choices[0].message.content

    async def agent_run(self, model: str) -> str:
        said = messages()
        while True:
            answer = await self.create(model, said, tools=[ADD_SPEC])
            message = answer.choices[0].message
            if not message.tool_calls:
                return message.content
            said.append(as_dict(message))
            for call in message.tool_calls:
                result = str(add(**json.loads(call.function.arguments)))
                said.append({"role": "tool", "tool_call_id": call.id, "content": result})

    async def stream(self, model: str) -> tuple[int, int]:
        count = chars = 0
        async for chunk in await self.create(model, messages(), stream=True):
            if chunk.choices and (text := chunk.choices[0].delta.content):
                count += 1
                chars += len(text)
        return count, chars

    def deployment(self, name: str, model: str) -> dict[str, Any]:
        served = {"model": f"openai/{model}", "api_base": self.base_url, "api_key": KEY}
        return {"model_name": name, "litellm_params": {**served, "timeout": 600}}

    def failover_new(self, cooldown: bool) -> Any:
        return Router(
            model_list=[self.deployment("first", "f503"), self.deployment("second", "plain")],
            fallbacks=[{"first": ["second"]}],
            num_retries=0,
            allowed_fails=0,
            cooldown_time=60,
            disable_cooldowns=not cooldown,
        )

    async def failover_call(self, chain: Any) -> str:
        answer = await chain.acompletion(model="first", messages=messages())
        return answer.choices[0].message.content

    def history(self, messages: list[dict[str, str]]) -> Any:
        return messages

    async def large(self, history: Any) -> str:
        return (await self.create("plain", history)).choices[0].message.content

    async def close(self) -> None:
        await litellm.close_litellm_async_clients()
