"""Failover: a dead head, and behind it an alias that stands for more models.

The head is tried twice, benched, and not dialled by the second question. Prints:

    <Chain box/qwen3-30b,fake/first,fake/second>
    hello
    box/qwen3-30b is benched
    hello again: skipped box/qwen3-30b, attempted fake/first
"""

from majordomo import Agent
from majordomo.builtin import default_registry
from majordomo.chain import Attempt, ChainEvent, Skip, observing

# Nobody listens on the discard port.
models = default_registry({"LLM_BOX": "openai-compatible://token@127.0.0.1:9?tls=0"})
models.alias("thinking", "fake/first,fake/second")
chain = models.parse("box/qwen3-30b,thinking")
print(chain)

agent = Agent(chain)
print(agent.run_sync("hello").output)
for health in models.health.snapshot():
    print(f"{health.target} is {health.state}")

events: list[ChainEvent] = []
with observing(events.append):
    answer = agent.run_sync("hello again").output
skipped = ", ".join(str(e.target) for e in events if isinstance(e, Skip))
tried = ", ".join(str(e.target) for e in events if isinstance(e, Attempt))
print(f"{answer}: skipped {skipped}, attempted {tried}")
