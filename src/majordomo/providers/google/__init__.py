"""Google Gemini, over REST."""

from __future__ import annotations

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import Transport
from majordomo.providers.client import DEFAULT_TRANSPORT, WireProvider
from majordomo.providers.google.wire import GoogleWire
from majordomo.providers.wire import DEFAULT_TIMEOUT_S, Endpoint, KeySource

__all__ = ["GoogleWire", "google_provider"]

GOOGLE_URL = "https://generativelanguage.googleapis.com"


def google_provider(
    api_key: KeySource | None = None,
    *,
    base_url: str | None = GOOGLE_URL,
    name: str = "google",
    version: str = "v1beta",
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = True,
    key_hint: str = "set GOOGLE_API_KEY or GEMINI_API_KEY",
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> WireProvider:
    """A provider for Gemini, or a server that speaks its `generateContent`.

    Args:
        api_key: Key, or a function that gives one when it is needed.
        base_url: Without the API version.
        name: Name it is registered under.
        version: Of the API; see `GoogleWire`.
        headers: More headers, names in lower case.
        needs_key: Refuse to dial without a key.
        key_hint: What an error says about a missing key.
        timeout_s: Total seconds for one model call; None for no bound but the caller's.
        transport: What carries the bytes.
        clock: Limits calls.
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
    return WireProvider(GoogleWire(version), endpoint, transport=transport, clock=clock)
