"""A host's callback as a way to ask people."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from executus_gateway.schema import Answer, Interaction

__all__ = ["HostPrompter", "OnInputRequest"]

logger = logging.getLogger("executus_gateway.sdk")

OnInputRequest: TypeAlias = Callable[[Interaction], Awaitable[Answer | None]]
"""Answers a question, or gives None: it then waits in the inbox. Never a model's tool.

One that raises has given none; the error is logged.
"""


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
        try:
            return await self._callback(interaction)
        except Exception:
            logger.exception("the host's callback failed; %s waits in the inbox", interaction.id)
            return None
