"""Ollama's native API: a local server, Ollama Cloud, and foreman, which speaks the same."""

from __future__ import annotations

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import Transport
from majordomo.providers.client import DEFAULT_TRANSPORT
from majordomo.providers.ollama.host import OLLAMA_CLOUD_URL, OLLAMA_URL, ollama_url
from majordomo.providers.ollama.listing import InstalledModel
from majordomo.providers.ollama.options import OllamaOptions
from majordomo.providers.ollama.provider import OllamaProvider
from majordomo.providers.ollama.wire import OllamaWire
from majordomo.providers.wire import DEFAULT_TIMEOUT_S, Endpoint, KeySource

__all__ = [
    "OLLAMA_CLOUD_URL",
    "OLLAMA_URL",
    "InstalledModel",
    "OllamaOptions",
    "OllamaProvider",
    "OllamaWire",
    "foreman_provider",
    "ollama_cloud_provider",
    "ollama_provider",
    "ollama_url",
]

LOCAL_OPTIONS = OllamaOptions(truncate=False, constrained=True)
CLOUD_OPTIONS = OllamaOptions(constrained=False)
FOREMAN_OPTIONS = OllamaOptions()


def ollama_provider(
    api_key: KeySource | None = None,
    *,
    base_url: str | None = OLLAMA_URL,
    name: str = "ollama",
    options: OllamaOptions = LOCAL_OPTIONS,
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = False,
    key_hint: str = "set OLLAMA_HOST",
    timeout_s: float | None = None,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> OllamaProvider:
    """A provider for an Ollama server of one's own.

    Args:
        api_key: For a proxy in front of it; the server itself asks for none.
        base_url: Without `/api`; also a host as `OLLAMA_HOST` writes it, see `ollama_url`.
        name: Name it is registered under.
        options: How the endpoint is asked. By default a conversation that overflows the context is
            an error.
        headers: More headers, names in lower case.
        needs_key: Refuse to dial without a key.
        key_hint: What an error says about what is missing.
        timeout_s: Total seconds for one model call. None leaves that to the caller: a model may
            take minutes to load.
        transport: What carries the bytes.
        clock: Limits calls.

    Raises:
        ConfigError: The URL is none; see `ollama_url`.
    """
    endpoint = Endpoint(
        provider=name,
        base_url=ollama_url(base_url) if base_url is not None else None,
        api_key=api_key,
        needs_key=needs_key,
        key_hint=key_hint,
        headers=headers,
        timeout_s=timeout_s,
    )
    return OllamaProvider(OllamaWire(options), endpoint, transport=transport, clock=clock)


def ollama_cloud_provider(
    api_key: KeySource | None = None,
    *,
    base_url: str | None = OLLAMA_CLOUD_URL,
    name: str = "ollama-cloud",
    options: OllamaOptions = CLOUD_OPTIONS,
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = True,
    key_hint: str = "set OLLAMA_API_KEY",
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> OllamaProvider:
    """A provider for Ollama Cloud; for the arguments see `ollama_provider`.

    It ignores `format`, so an output schema rests on the words that state it.
    """
    endpoint = Endpoint(
        provider=name,
        base_url=base_url.rstrip("/") if base_url else None,
        api_key=api_key,
        needs_key=needs_key,
        key_hint=key_hint,
        headers=headers,
        timeout_s=timeout_s,
    )
    return OllamaProvider(OllamaWire(options), endpoint, transport=transport, clock=clock)


def foreman_provider(
    api_key: KeySource | None = None,
    *,
    base_url: str | None = None,
    name: str = "foreman",
    options: OllamaOptions = FOREMAN_OPTIONS,
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = True,
    key_hint: str = "configure its URL and token",
    timeout_s: float | None = None,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> OllamaProvider:
    """A provider for foreman; for the arguments see `ollama_provider`.

    There is no usual place for it: without a URL it can be made, and using it is an error. It may
    answer a streaming request with one object, which then arrives as one piece of text.
    """
    endpoint = Endpoint(
        provider=name,
        base_url=base_url.rstrip("/") if base_url else None,
        api_key=api_key,
        needs_key=needs_key,
        key_hint=key_hint,
        headers=headers,
        timeout_s=timeout_s,
    )
    return OllamaProvider(OllamaWire(options), endpoint, transport=transport, clock=clock)
