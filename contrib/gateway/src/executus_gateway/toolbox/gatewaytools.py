"""`execute` as a tool of an executus agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from pydantic_core import to_json

from executus.registry import Effect, policy
from executus_gateway.domain import cut_printed, cut_value
from executus_gateway.sdk import Client
from majordomo.llm import Tool, tool

__all__ = ["gateway_tools"]


def gateway_tools(client: Client) -> Sequence[Tool]:
    """The toolset of one gateway, its one tool being `execute`.

    Register it as `registry.add("gateway", gateway_tools(client))`. The gateway applies its own
    policies and asks its own people, so the harness need not.

    Args:
        client: Of any target.
    """

    @tool
    @policy(effect=Effect.EXTERNAL, timeout_s=3600.0)
    async def execute(
        code: Annotated[str, Field(description="Python; `return` gives the result")],
    ) -> str:
        """Run Python in a sandbox in which `tools.*` are services.

        tools.search('words') finds tools, tools.describe('path') gives their arguments, a call is
        tools.<source>.<name>(key=value) and gives {'ok', 'data'} or {'ok', 'error'}.
        """
        run = await client.execute(code)
        outcome = run.outcome
        if outcome is None:
            return f"the run is {run.state}"
        if outcome.problem is not None:
            return f"failed: {outcome.problem.message}"
        text = cut_value(run, to_json(outcome.value).decode())
        return f"{text}\n[printed]\n{cut_printed(outcome.printed)}" if outcome.printed else text

    return (execute,)
