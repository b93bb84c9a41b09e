"""An agent with a toolbox: typed functions become tools, and every step can be seen.

Prints:

    step 1: convert({"amount":120,"currency":"EUR"})
    step 2: 120 USD are 110.4 EUR
    2 model calls, 1 tool call
"""

from typing import Literal

from majordomo import Agent, tool

RATES = {"EUR": 0.92, "GBP": 0.79}


@tool(inline=True)
def convert(amount: int, currency: Literal["EUR", "GBP"]) -> str:
    """Convert US dollars to another currency.

    Args:
        amount: US dollars.
        currency: What to convert to.
    """
    return f"{amount} USD are {amount * RATES[currency]:g} {currency}"


agent = Agent("fake", "Use the tools for every amount.", tools=[convert], max_steps=4)
result = agent.run_sync("Convert 120 dollars to EUR, please.")
for number, step in enumerate(result.steps, start=1):
    calls = [f"{call.name}({call.arguments})" for call in step.response.message.tool_calls]
    print(f"step {number}: {', '.join(calls) or step.response.text}")
calls = sum(len(step.response.message.tool_calls) for step in result.steps)
print(f"{len(result.steps)} model calls, {calls} tool call")
