"""A llama-swap instance: its chat and image models, and the means to manage them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from majordomo.errors import APIError
from majordomo.llm.response import Target
from majordomo.providers.exchange import Exchange
from majordomo.providers.images import ImagingProvider
from majordomo.providers.llamaswap.management import (
    ListedModel,
    RunningModel,
    read_models,
    read_running,
)

__all__ = ["LlamaSwapProvider"]


class LlamaSwapProvider(ImagingProvider):
    """A provider of local models. Management never starts one (wire/llama-swap §3).

    The endpoint's URL is that of chat, ending in `/v1`.
    """

    async def list_models(self) -> tuple[ListedModel, ...]:
        """The models on offer, loaded or not, by id; unlisted ones can be used all the same.

        Raises:
            APIError: The instance did not answer, or not well.
        """
        return await self._management().call("GET", "/v1/models", read=read_models)

    async def running(self) -> tuple[RunningModel, ...]:
        """The models whose servers run now.

        Raises:
            APIError: The instance did not answer, or not well.
        """
        return await self._management().call("GET", "/running", read=read_running)

    async def unload(self, model: str | None = None) -> None:
        """Free the memory of one model, or of all; returns when its server has stopped.

        Unloading a model that is not loaded is fine.

        Args:
            model: Id or alias; None for every model.

        Raises:
            APIError: The instance knows no such model, or is too old to unload a single one (both
                `NOT_FOUND`), or did not answer.
            ValueError: The id is empty or no id.
        """
        management = self._management()
        if model is not None:
            await management.send("POST", f"/api/models/unload/{_quoted(model)}")
            return
        try:
            await management.send("POST", "/api/models/unload")
        except APIError as error:
            if error.status != 404:
                raise
            await management.send("GET", "/unload")  # older releases

    def _management(self) -> Exchange:
        """Calls beside `/v1` that name no model."""
        url = self.endpoint.base_url
        root = replace(self.endpoint, base_url=url.removesuffix("/v1") if url else None)
        return Exchange(
            self.wire, root, Target(self.name, ""), transport=self.transport, clock=self.clock
        )


def _quoted(model: str) -> str:
    """An id as the end of a path: slashes stay, and no part of it may lead elsewhere."""
    if any(part in ("", ".", "..") for part in model.split("/")):
        raise ValueError(f"{model!r} is no model id; to unload every model, give none")
    return quote(model)
