"""Providers whose wire is still to come: their names resolve, and using them says so."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from majordomo.errors import APIError, ErrorKind
from majordomo.llm import Access, Capabilities, Request, Response, Stream, Target

__all__ = ["PLANNED", "PlannedProvider"]

PLANNED = (
    "ollama",
    "ollama-cloud",
    "foreman",
)


class PlannedProvider:
    """Satisfies `Provider`; a chain skips its models as it skips one without a key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.access = Access(missing="not available in this version")

    def model(self, model_id: str) -> PlannedModel:
        """A model that refuses every request."""
        return PlannedModel(Target(self.name, model_id))


class PlannedModel:
    """Satisfies `Model`."""

    capabilities = Capabilities()

    def __init__(self, target: Target) -> None:
        self.target = target

    async def complete(self, request: Request) -> Response:
        """Refuse.

        Raises:
            APIError: Always, before any I/O.
        """
        del request
        raise self._error()

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[Stream]:
        """Refuse, as `complete` does."""
        del request
        raise self._error()
        yield  # the signature of a generator

    def _error(self) -> APIError:
        return APIError(
            f"the wire of {self.target.provider} is not available in this version; use another "
            "provider, or its OpenAI-compatible endpoint (LLM_<NAME>=openai-compatible://…)",
            provider=self.target.provider,
            model=self.target.model,
            kind=ErrorKind.AUTH,
            status=401,
            code="not_available",
            safe_to_replay=True,
        )
