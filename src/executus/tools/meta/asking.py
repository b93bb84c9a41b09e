"""The tools of `meta` that ask other models and other agents."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import Field
from pydantic_core import to_json

from executus.errors import ExecutusError, RunStopped
from executus.llmmeta.prompts import TASKS, cut_at_word, cut_middle, framed
from executus.registry import policy
from executus.runservices import RunServices, services
from majordomo.clock import Clock
from majordomo.errors import MajordomoError, did_you_mean
from majordomo.llm import BadArguments, Tool, ToolContext, tool

__all__ = ["DispatchFailed", "ask_model_tool", "dispatch_tool", "summarise_tool"]

MAX_PROMPT_CHARS = 200_000
MAX_SUMMARISED_CHARS = 200_000
SUMMARY_TIMEOUT_S = 45.0
ANSWER_TIMEOUT_S = 300.0


class DispatchFailed(ExecutusError):
    """A dispatched agent gave no answer; the message says why."""


def summarise_tool(model: str, clock: Clock) -> Tool:
    """The tool `summarise`, which asks a cheap model and falls back to the text's beginning."""

    @policy(effect="read", idempotent=True, timeout_s=SUMMARY_TIMEOUT_S + 15)
    @tool
    async def summarise(
        context: ToolContext,
        text: str,
        max_chars: Annotated[int, Field(ge=100, le=20_000)] = 2000,
    ) -> str:
        """Summarise a text.

        Args:
            text: What to summarise.
            max_chars: Most characters of the summary.
        """
        if len(text) <= max_chars:
            return text
        run, summary = services(context), ""
        with clock.deadline(SUMMARY_TIMEOUT_S):
            summary = await _summary(run, text, max_chars, model)
        if summary.strip():
            return cut_at_word(summary, max_chars)
        note = f"\n[no summary could be made: this is the beginning of {len(text)} characters]"
        return cut_at_word(text, max_chars) + note

    return summarise


async def _summary(run: RunServices, text: str, max_chars: int, model: str) -> str:
    task = TASKS["summarise"].format(max_chars=max_chars)
    system, prompt = framed(task, text=cut_middle(text, MAX_SUMMARISED_CHARS))
    try:
        return await run.generate(prompt, model=model, system=system)
    except RunStopped:  # what may be spent is spent: no fault of the model
        raise
    except MajordomoError:
        return ""


def ask_model_tool(models: Collection[str]) -> Tool:
    """The tool `ask_model`, for these models alone."""
    shown = ", ".join(models)

    @policy(effect="read", idempotent=True, timeout_s=ANSWER_TIMEOUT_S)
    @tool(description=f"Ask another model a question. It sees only the prompt. Models: {shown}.")
    async def ask_model(context: ToolContext, prompt: str, model: str, system: str = "") -> str:
        """Ask another model a question.

        Args:
            prompt: The question, with all it needs to know.
            model: Which model.
            system: How it should answer.
        """
        if model not in models:
            hint = did_you_mean(model, models)
            raise BadArguments(f"model: {model!r} may not be asked{hint}; use one of: {shown}")
        if len(prompt) + len(system) > MAX_PROMPT_CHARS:
            raise BadArguments(f"prompt: at most {MAX_PROMPT_CHARS} characters")
        return await services(context).generate(prompt, model=model, system=system)

    return ask_model


def dispatch_tool(agents: Mapping[str, str] | None) -> Tool:
    """The tool `dispatch`, for these agents alone, told of in its description; None for all."""
    told = (agents or {}).items()
    listed = "; ".join(f"{name}: {what}" if what else name for name, what in told)
    return _dispatch_tool(f" Agents: {listed}." if listed else "", only=agents)


def _dispatch_tool(listed: str, only: Mapping[str, str] | None) -> Tool:
    # Its run is bounded by what is left of this one. It may write, so it is not repeated in doubt.
    @policy(effect="write", timeout_s=math.inf)
    @tool(
        description="Give a task to another agent and wait for its answer. It does not see this "
        f"conversation, so tell it all it needs.{listed}"
    )
    async def dispatch(
        context: ToolContext, agent: str, task: Annotated[str, Field(min_length=1)]
    ) -> str:
        """Give a task to another agent.

        Args:
            agent: Its name.
            task: What it should do, with all it needs to know.
        """
        run = services(context)
        names = [name for name in run.agents if only is None or name in only]
        if agent not in names:
            known = ", ".join(names) or "none"
            hint = did_you_mean(agent, names)
            raise BadArguments(f"agent: there is no {agent!r}{hint}; known: {known}")
        if len(task) > MAX_PROMPT_CHARS:
            raise BadArguments(f"task: at most {MAX_PROMPT_CHARS} characters")
        done = await run.dispatch(agent, task)
        if not done.ok:
            raise DispatchFailed(f"agent {agent!r} ended as {done.status}: {done.error or ''}")
        if isinstance(done.output, str):
            return done.output
        return to_json(done.output, fallback=str).decode()

    return dispatch
