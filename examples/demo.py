"""The main job: an executor runs an agent with tools, and shows what happens while it does.

With a provider's key in the environment it asks that provider's model, else the embedded one.
"""

import os
import sys
from datetime import date

from executus import Executor, RunnableAgent
from executus.events import RunEvent, StepEnded, TextDelta, ToolAnswered, ToolCalled
from majordomo.llm import Model, tool
from majordomo.providers.openai import openai_provider

TASK = "What is 12*(3+4)? And how many days are there from 2026-01-31 to 2026-03-01?"
KEYS = {"ANTHROPIC_API_KEY": "anthropic/claude-sonnet-5-5", "OPENAI_API_KEY": "openai/gpt-6-sol"}


@tool(inline=True)
def days_between(start: date, end: date) -> str:
    """Count the days from one date to another.

    Args:
        start: First day, as YYYY-MM-DD.
        end: Last day, as YYYY-MM-DD.
    """
    return f"There are {(end - start).days} days from {start} to {end}."


def choose_model() -> tuple[Model | str, str]:
    """The model the environment asks for, and where that came from."""
    if name := os.environ.get("EXECUTUS_MODEL"):
        return name, "EXECUTUS_MODEL"
    if (url := os.environ.get("LLM_BASE_URL")) and (model := os.environ.get("LLM_MODEL")):
        key = os.environ.get("LLM_API_KEY")
        provider = openai_provider(key, name="llm", base_url=url.rstrip("/"), needs_key=False)
        return provider.model(model), "LLM_BASE_URL"
    for variable, name in KEYS.items():
        if os.environ.get(variable):
            return name, variable
    return "fake", "no key is set, so this is the embedded offline model, not a language model"


def show(event: RunEvent) -> None:
    """Print an event as it happens."""
    match event:
        case ToolCalled():
            print(f"\n  → {event.tool}({event.arguments})")
        case ToolAnswered():
            print(f"  ← {event.text}")
        case TextDelta():
            print(event.text, end="", flush=True)
        case StepEnded():
            tokens = f"{event.input_tokens} tokens in, {event.output_tokens} out"
            print(f"\n  [step {event.step + 1}: {event.model}, {tokens}]")
        case _:
            pass


def main() -> int:
    """Run the task and report."""
    model, why = choose_model()
    name = model if isinstance(model, str) else model.target
    print(f"model: {name} ({why})\ntask:  {TASK}\n")
    agent = RunnableAgent(
        name="demo",
        instructions="Answer in one or two sentences. Use the tools for arithmetic and dates.",
        model=model,
        tools=["calc.*", days_between],
    )
    result = Executor(on_event=show).run_sync(agent, TASK)
    if not result.ok:
        print(f"\n{result.status}: {result.error}", file=sys.stderr)
        return 1
    usage = result.usage
    print(
        f"\nanswer: {result.output}\n"
        f"{len(result.steps)} steps, {result.tool_calls} tool calls, "
        f"{usage.input} tokens in, {usage.output} out, {result.elapsed_s:.2f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
