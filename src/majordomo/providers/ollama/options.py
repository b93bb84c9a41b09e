"""How an Ollama endpoint is asked: options of one endpoint."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OllamaOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaOptions:
    """Options of one endpoint; None leaves the matter to the server (wire/ollama §2).

    Attributes:
        num_ctx: Context window in tokens. The server's own may be as small as 4,096; asking for
            another one reloads the model. Means nothing to Ollama Cloud.
        keep_alive: How long the model stays loaded: seconds, or a text such as "10m"; negative for
            ever, 0 to unload it after the answer.
        truncate: False makes a conversation that overflows the context an error, so that a chain
            can ask a larger model; True lets the server drop the oldest messages without a word.
        constrained: Whether answers are held to an output schema; the schema is stated in words
            in any case.
    """

    num_ctx: int | None = None
    keep_alive: str | float | None = None
    truncate: bool | None = None
    constrained: bool | None = None
