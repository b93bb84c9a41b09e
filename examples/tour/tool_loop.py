"""The raw tool loop: what an agent does, written out with requests, calls and results.

Prints:

    the model calls add({"a":2,"b":3})
    add answers 5
    the model answers 5
"""

import anyio

from majordomo import Message, Request, Toolbox, parse, tool, user
from majordomo.llm import Role


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


async def main() -> None:
    """Ask until there is no call left."""
    model, box = parse("fake"), Toolbox([add])
    messages = [user("What is 2+3?")]
    while True:
        response = await model.complete(Request(messages=messages, tools=tuple(box)))
        messages.append(response.message)
        if not response.message.tool_calls:
            print(f"the model answers {response.text}")
            return
        for call in response.message.tool_calls:
            print(f"the model calls {call.name}({call.arguments})")
            result = await box.execute(call)
            print(f"{call.name} answers {result.text}")
            messages.append(Message(role=Role.TOOL, parts=(result,)))


anyio.run(main)
