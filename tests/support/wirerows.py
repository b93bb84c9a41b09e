"""The wires with their vendors' servers: one row each, for tests that hold for every wire."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from executus.testing import (
    AnthropicServer,
    GoogleServer,
    LlamaSwapServer,
    OllamaServer,
    OpenAIServer,
    ResponsesServer,
)
from majordomo.llm import Model
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.google import google_provider
from majordomo.providers.llamaswap import llama_swap_provider
from majordomo.providers.ollama import (
    foreman_provider,
    ollama_cloud_provider,
    ollama_provider,
)
from majordomo.providers.openai import openai_provider
from majordomo.providers.responses import responses_provider

KEY = "sk-canary-51d"


@dataclass(frozen=True, kw_only=True)
class WireRow:
    """One wire.

    Attributes:
        name: Of the provider.
        server: Makes the vendor's server of turns; it refuses what the vendor refuses.
        model: Makes a model at that server.
        keeps_thinking: Its turns may think, and the thinking has to come back signed.
        like: The row it shares its wire with; it is paired with that one and itself. Empty when it
            is paired with all.
    """

    name: str
    server: Callable[..., Any]
    model: Callable[[Any], Model]
    keeps_thinking: bool = False
    like: str = ""


WIRE_ROWS = (
    WireRow(
        name="openai",
        server=OpenAIServer,
        model=lambda server: openai_provider(KEY, base_url=server.base_url).model("gpt-6-sol"),
    ),
    WireRow(
        name="anthropic",
        server=AnthropicServer,
        model=lambda server: anthropic_provider(KEY, base_url=server.base_url).model(
            "claude-opus-5-5"
        ),
        keeps_thinking=True,
    ),
    WireRow(
        name="openai-responses",
        server=ResponsesServer,
        model=lambda server: responses_provider(KEY, base_url=server.base_url).model("gpt-6-sol"),
        keeps_thinking=True,
    ),
    WireRow(
        name="google",
        server=GoogleServer,
        model=lambda server: google_provider(KEY, base_url=server.base_url).model("gemini-3-pro"),
        keeps_thinking=True,
    ),
    WireRow(
        name="ollama-cloud",
        server=OllamaServer,
        model=lambda server: ollama_cloud_provider(KEY, base_url=server.base_url).model("qwen3:8b"),
    ),
    WireRow(
        name="ollama",
        server=OllamaServer,
        model=lambda server: ollama_provider(KEY, base_url=server.base_url).model("qwen3:8b"),
        like="ollama-cloud",
    ),
    WireRow(
        name="foreman",
        server=partial(OllamaServer, buffered=True, ids=False),
        model=lambda server: foreman_provider(KEY, base_url=server.base_url).model("qwen3:8b"),
        like="ollama-cloud",
    ),
    WireRow(
        name="llama-swap",
        server=partial(LlamaSwapServer, loading_state=True),
        model=lambda server: llama_swap_provider(KEY, base_url=server.base_url).model("qwen3-8b"),
        like="openai",
    ),
)
