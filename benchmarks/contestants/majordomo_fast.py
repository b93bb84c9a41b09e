"""majordomo on the transport of the extra `fast`."""

from __future__ import annotations

from majordomo.http.aiohttp_transport import AiohttpTransport
from majordomo.providers.openai import openai_provider

from . import majordomo
from ._api import KEY

REQUIRES = ["CHECKOUT", "aiohttp"]


class Contestant(majordomo.Contestant):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.provider = openai_provider(KEY, base_url=base_url, transport=AiohttpTransport())
        self.models = {"plain": self.provider.model("plain")}
