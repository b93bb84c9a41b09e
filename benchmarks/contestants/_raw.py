"""What a user would write by hand on a bare HTTP client: dict messages, JSON in, JSON out.

Subclasses add `post(payload)` → (status, decoded body) and an async generator `events(payload)`
of SSE data payloads without the final "[DONE]".
"""

from __future__ import annotations

import inspect
import json
import time
import typing
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from ._api import ADD_ARGS, PROMPT, SYSTEM, TEXT, Base, add, book

TYPES: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
ADD_SPEC = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two integers.",
        "parameters": {
            "type": "object",
            "additionalProperties": False,
            "required": ["a", "b"],
            "properties": {
                "a": {"type": "integer", "description": "The first number."},
                "b": {"type": "integer", "description": "The second number."},
            },
        },
    },
}

Post = Callable[[dict[str, Any]], Awaitable[Any]]


def messages() -> list[dict[str, Any]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]


def kind_and_schema(hint: Any) -> tuple[Any, dict[str, Any]]:
    """What isinstance() accepts for an annotation, and its JSON Schema."""
    options = [arg for arg in typing.get_args(hint) if arg is not type(None)]
    if type(None) in typing.get_args(hint):
        kind, schema = kind_and_schema(options[0])
        return (*(kind if isinstance(kind, tuple) else (kind,)), type(None)), schema
    if typing.get_origin(hint) is list:
        return list, {"type": "array", "items": {"type": TYPES[options[0]]}}
    return (int, float) if hint is float else hint, {"type": TYPES[hint]}


class Tool:
    """The smallest honest typed tool: schema from the signature, isinstance validation, call."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        hints = typing.get_type_hints(fn)
        self.fn = fn
        self.kinds: dict[str, Any] = {}
        self.required: list[str] = []
        properties: dict[str, Any] = {}
        for name, parameter in inspect.signature(fn).parameters.items():
            self.kinds[name], properties[name] = kind_and_schema(hints[name])
            if parameter.default is inspect.Parameter.empty:
                self.required.append(name)
        parameters = {"type": "object", "properties": properties, "required": self.required}
        self.spec = {
            "type": "function",
            "function": {
                "name": fn.__name__,
                "description": (inspect.getdoc(fn) or "").split("\n")[0],
                "parameters": {**parameters, "additionalProperties": False},
            },
        }

    def call(self, text: str) -> Any:
        arguments, kinds = json.loads(text), self.kinds
        for name, value in arguments.items():
            if not isinstance(value, kinds[name]):
                raise TypeError(name)
        for name in self.required:
            if name not in arguments:
                raise TypeError(name)
        return self.fn(**arguments)


async def agent_loop(
    post: Post, model: str, in_thread: Callable[..., Awaitable[Any]] | None = None
) -> str:
    """Ask, call the tools, answer, until there is a text."""
    transcript, tools, specs = messages(), {"add": add}, [ADD_SPEC]
    while True:
        data = await post({"model": model, "messages": transcript, "tools": specs})
        message = data["choices"][0]["message"]
        transcript.append(message)
        calls = message.get("tool_calls")
        if not calls:
            return message["content"]
        for call in calls:
            fn, arguments = tools[call["function"]["name"]], call["function"]["arguments"]
            values = json.loads(arguments)
            result = fn(**values) if in_thread is None else await in_thread(fn, **values)
            transcript.append({"role": "tool", "tool_call_id": call["id"], "content": str(result)})


class FakePost:
    """Decoded bodies without a server: the floor of any agent loop."""

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.calls = 0

    async def __call__(self, payload: dict[str, Any]) -> Any:
        self.calls += 1
        message: dict[str, Any] = {"role": "assistant", "content": TEXT}
        if self.calls <= self.turns:
            function = {"name": "add", "arguments": ADD_ARGS}
            call = {"id": f"call_{self.calls}", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return {"choices": [{"message": message}]}


class Raw(Base):
    """The workloads by hand."""

    async def post(self, payload: dict[str, Any]) -> tuple[int, Any]:
        raise NotImplementedError

    def events(self, payload: dict[str, Any]) -> AsyncIterator[str]:
        raise NotImplementedError

    async def ok(self, payload: dict[str, Any]) -> Any:
        status, data = await self.post(payload)
        if status != 200:
            raise RuntimeError(status)
        return data

    async def complete(self, model: str) -> str:
        data = await self.ok({"model": model, "messages": messages()})
        return data["choices"][0]["message"]["content"]

    async def agent_run(self, model: str) -> str:
        return await agent_loop(self.ok, model)

    async def stream(self, model: str) -> tuple[int, int]:
        count, parts = 0, list[str]()
        payload = {"model": model, "messages": messages(), "stream": True}
        async for data in self.events(payload):
            for choice in json.loads(data)["choices"]:
                text = choice["delta"].get("content")
                if text:
                    count += 1
                    parts.append(text)
        return count, len("".join(parts))

    def failover_new(self, cooldown: bool) -> Any:
        return 60 if cooldown else 0, [["f503", 0.0], ["plain", 0.0]]  # [model, benched until]

    async def failover_call(self, chain: Any) -> str:
        cooldown, targets = chain
        now = time.monotonic()  # noqa: TID251 - by hand
        for target in targets:
            if target[1] > now:
                continue
            status, data = await self.post({"model": target[0], "messages": messages()})
            if status == 200:
                return data["choices"][0]["message"]["content"]
            target[1] = now + cooldown
        raise RuntimeError("all targets failed")

    def make_agent(self) -> Any:
        return {"tools": {"add": add}, "specs": [Tool(add).spec]}

    async def inproc_run(self, turns: int) -> str:
        return await agent_loop(FakePost(turns), "fake")

    async def inproc_threaded(self, turns: int) -> str:
        from asyncio import to_thread  # noqa: PLC0415, TID251 - w1 does not need it

        return await agent_loop(FakePost(turns), "fake", to_thread)

    def history(self, messages: list[dict[str, str]]) -> Any:
        return messages

    async def large(self, history: Any) -> str:
        data = await self.ok({"model": "plain", "messages": history})
        return data["choices"][0]["message"]["content"]

    def tool_build(self) -> Tool:
        return Tool(book)

    async def tool_call(self, tool: Any, arguments: str) -> object:
        return tool.call(arguments)
