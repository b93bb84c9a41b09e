"""How a question reaches the person of one client, where that client has a way."""

from __future__ import annotations

from typing import Protocol

from executus_gateway.schema import Answer, Interaction

__all__ = ["NO_PROMPTER", "Prompter"]


class Prompter(Protocol):
    """One client's own way to ask: MCP elicitation, a callback of the SDK's host."""

    def reaches(self, interaction: Interaction) -> bool:
        """Whether it can put this question."""
        ...

    async def ask(self, interaction: Interaction) -> Answer | None:
        """Put it. None when the person could not be reached: the question stays open elsewhere."""
        ...


class _NoPrompter:
    def reaches(self, interaction: Interaction) -> bool:
        del interaction
        return False

    async def ask(self, interaction: Interaction) -> Answer | None:
        del interaction


NO_PROMPTER: Prompter = _NoPrompter()
"""Reaches nobody; questions wait in the inbox."""
