"""An Ollama server: its chat models, and the list of them."""

from __future__ import annotations

from majordomo.llm.response import Target
from majordomo.providers.client import WireProvider
from majordomo.providers.ollama.listing import InstalledModel, read_models

__all__ = ["OllamaProvider"]


class OllamaProvider(WireProvider):
    """A provider of Ollama's models: a server of one's own, Ollama Cloud or foreman."""

    async def list_models(self) -> tuple[InstalledModel, ...]:
        """The models on offer, loaded or not. Loads none.

        Raises:
            APIError: The server did not answer, or not well.
        """
        exchange = self.exchange(self.wire, Target(self.name, ""))
        return await exchange.call("GET", "/api/tags", read=read_models)
