"""Six checks of a real model: tiers, chat, a tool, a typed answer, failover, a skill.

Asks the endpoint the environment names, as `demo.py` does: `EXECUTUS_MODEL`, `LLM_BASE_URL` with
`LLM_MODEL` (and `LLM_API_KEY`), or a provider's key. Without one it says so and checks nothing.
Prints a line per check. Exit codes: 0 all passed, or nothing to ask; 1 a check failed; 2 not set
up.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from executus import Executor, RunnableAgent
from majordomo import Agent, MajordomoError, ModelRegistry, Request, generate, tool, user
from majordomo.builtin import default_registry
from majordomo.chain import Attempt, ChainEvent, observing
from majordomo.providers.openai import openai_provider
from majordomo.skill import calc_skill

KEYS = {"ANTHROPIC_API_KEY": "anthropic/claude-sonnet-5-5", "OPENAI_API_KEY": "openai/gpt-6-sol"}
DEAD = "openai-compatible://token@127.0.0.1:9?tls=0"  # nobody listens on the discard port
CODE = "AZURE-7431"


@dataclass
class City:
    """A city."""

    name: str
    country: str
    population: int


@tool(inline=True)
def get_launch_code() -> str:
    """Tell today's launch code."""
    return f"The launch code is {CODE}."


class CheckFailed(Exception):
    """The model answered, and not as asked."""


class Live:
    """The checks, over one registry in which the endpoint is called `live`."""

    def __init__(self, models: ModelRegistry) -> None:
        self._models = models
        self._live = models.parse("live")

    async def tiers_resolve(self) -> str:
        """An alias resolves, alone and as the last element of a chain."""
        self._models.alias("tier", "live")
        alone = await self._models.resolve("tier")
        last = await self._models.resolve("dead/m,tier")
        _require(len(last.models) == 1 + len(alone.models), f"{last} has not all of {alone}")
        return f"{alone}, {last}"

    async def chat(self) -> str:
        """A plain question gets an answer."""
        response = await self._live.complete(Request(messages=[user("Say hello in one word.")]))
        _require(response.text.strip(), "the answer is empty")
        usage = response.usage
        return f"{response.target}, {usage.input} tokens in, {usage.output} out"

    async def tool(self) -> str:
        """An agent calls a tool and answers from its result."""
        agent = Agent(self._live, "Use the tools.", tools=[get_launch_code])
        result = await agent.run("What is the launch code? Get it with the tool.")
        _require(CODE in result.output, f"the answer is {result.output!r}")
        return f"{len(result.steps)} steps"

    async def structured(self) -> str:
        """A question for a type gets a value of it."""
        return str(await generate(self._live, City, "The capital of Japan."))

    async def failover(self) -> str:
        """A dead head is tried again, benched, and not dialled by the second request."""
        chain, events = self._models.parse("dead/m,live"), list[ChainEvent]()
        ask = Request(messages=[user("Say hello in one word.")])
        with observing(events.append):
            await chain.complete(ask)
            first = _dialled(events)
            await chain.complete(ask)
        second = _dialled(events)[len(first) :]
        _require(first.count("dead") == 2, f"the first request dialled {first}")
        _require("dead" not in second, f"the second request dialled {second}")
        return "benched after 2 tries, then skipped"

    async def skill(self) -> str:
        """A run with the skill calc gets a product right."""
        agent = RunnableAgent(model="live", skills=[calc_skill()])
        result = await Executor(models=self._models).run(agent, "What is 791 * 71?")
        answer = result.answer
        _require("56161" in answer.replace(",", "").replace("\u202f", ""), f"it is {answer!r}")
        return f"{result.tool_calls} tool calls"

    @property
    def checks(self) -> tuple[Callable[[], Awaitable[str]], ...]:
        """All of them, in order."""
        return (
            self.tiers_resolve, self.chat, self.tool, self.structured, self.failover, self.skill,
        )  # fmt: skip


def _dialled(events: list[ChainEvent]) -> list[str]:
    return [event.target.provider for event in events if isinstance(event, Attempt)]


def _require(condition: object, otherwise: str) -> None:
    if not condition:
        raise CheckFailed(otherwise)


def find_endpoint() -> ModelRegistry | None:
    """Names to models, with the endpoint as `live`; None when the environment names none."""
    models = default_registry({**os.environ, "LLM_DEAD": DEAD})
    if spec := os.environ.get("EXECUTUS_MODEL"):
        models.alias("live", spec)
        return models
    if (url := os.environ.get("LLM_BASE_URL")) and (model := os.environ.get("LLM_MODEL")):
        key = os.environ.get("LLM_API_KEY")
        provider = openai_provider(key, name="live", base_url=url.rstrip("/"), needs_key=False)
        models.register("live", provider, default_model=model)
        return models
    spec = next((name for variable, name in KEYS.items() if os.environ.get(variable)), None)
    if spec is None:
        return None
    models.alias("live", spec)
    return models


async def run_checks(live: Live) -> int:
    """Run them one after another; the exit code."""
    failed = 0
    for check in live.checks:
        try:
            line = f"PASS  {await check()}"
        except (MajordomoError, CheckFailed) as error:
            failed += 1
            line = f"FAIL  {error}"
        print(f"{check.__name__.replace('_', ' '):14}{line}", flush=True)
    return 1 if failed else 0


def main() -> int:
    """Find the endpoint and check it."""
    try:
        models = find_endpoint()
        live = Live(models) if models else None
    except MajordomoError as error:
        print(f"live: {error}", file=sys.stderr)
        return 2
    if live is None:
        print(
            "live: no endpoint, nothing is checked; set EXECUTUS_MODEL, LLM_BASE_URL and "
            f"LLM_MODEL, or {' or '.join(KEYS)}"
        )
        return 0
    return anyio.run(run_checks, live)


if __name__ == "__main__":
    sys.exit(main())
