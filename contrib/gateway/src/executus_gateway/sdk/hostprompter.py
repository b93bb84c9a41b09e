"""A host's callback as a way to ask people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from executus_gateway.schema import Answer, Interaction

__all__ = ["HostPrompter", "OnInputRequest"]

OnInputRequest: TypeAlias = Callable[[Interaction], Awaitable[Answer | None]]
"""Answers a question, or gives None: it then waits in the inbox. Never a model's tool."""


class HostPrompter:
    """A `Prompter`.

    Args:
        callback: The host's.
    """

    def __init__(self, callback: OnInputRequest) -> None:
        self._callback = callback

    def reaches(self, interaction: Interaction) -> bool:
        """It is asked everything."""
        del interaction
        return True

    async def ask(self, interaction: Interaction) -> Answer | None:
        """Ask it."""
        return await self._callback(interaction)
