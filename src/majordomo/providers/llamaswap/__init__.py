"""llama-swap: local models started on demand. Chat is OpenAI's wire; managing them is its own."""

from __future__ import annotations

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import Transport
from majordomo.providers.client import DEFAULT_TRANSPORT
from majordomo.providers.images import ImageDialect
from majordomo.providers.llamaswap.management import ListedModel, RunningModel
from majordomo.providers.llamaswap.provider import LlamaSwapProvider
from majordomo.providers.llamaswap.wire import LlamaSwapWire
from majordomo.providers.openai import Dialect
from majordomo.providers.wire import Endpoint, KeySource

__all__ = [
    "ListedModel",
    "LlamaSwapProvider",
    "LlamaSwapWire",
    "RunningModel",
    "llama_swap_provider",
]

LOCAL_CHAT = Dialect(legacy_max_tokens=True)
SD_SERVER_IMAGES = ImageDialect(base64_unasked=(), prompt_tag="sd_cpp_extra_args")

_KEY_HEADERS = frozenset({"authorization", "x-api-key"})


def llama_swap_provider(
    api_key: KeySource | None = None,
    *,
    base_url: str | None = None,
    name: str = "llama-swap",
    dialect: Dialect = LOCAL_CHAT,
    images: ImageDialect = SD_SERVER_IMAGES,
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = False,
    key_hint: str | None = None,
    timeout_s: float | None = None,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> LlamaSwapProvider:
    """A provider for one llama-swap instance. Source: wire/llama-swap §1, §7.

    Args:
        api_key: Key, or a function that gives one; most instances need none.
        base_url: Such as `http://127.0.0.1:8080`, with or without `/v1`. There is no default:
            without it, using the provider is a clear error.
        name: Name it is registered under.
        dialect: What the chat servers behind it deviate in.
        images: What the image server behind it deviates in; by default it is sd-server.
        headers: More headers, names in lower case.
        needs_key: Refuse to dial without a key.
        key_hint: What an error says about a missing URL or key; by default, which variable
            declares an instance.
        timeout_s: Total seconds for one call; None, the default, for no bound but the caller's: a
            cold start may take minutes.
        transport: What carries the bytes.
        clock: Limits calls.
    """
    if api_key is None and not needs_key and _KEY_HEADERS.isdisjoint(key for key, _ in headers):
        # Ignored by instances without keys; as a header, for it is no secret to hide in errors.
        headers = (("authorization", "Bearer no-key"), *headers)
    if key_hint is None:
        key_hint = "set LLM_<NAME>=llama-swap://host:port and ask for <name>/MODEL"
    endpoint = Endpoint(
        provider=name,
        base_url=_chat_url(base_url) if base_url else None,
        api_key=api_key,
        needs_key=needs_key,
        key_hint=key_hint,
        headers=headers,
        timeout_s=timeout_s,
    )
    return LlamaSwapProvider(
        LlamaSwapWire(dialect), endpoint, images=images, transport=transport, clock=clock
    )


def _chat_url(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix("/v1").rstrip("/") + "/v1"
