"""OpenAI Chat Completions, and every server that speaks it."""

from __future__ import annotations

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import Transport
from majordomo.providers.client import DEFAULT_TRANSPORT
from majordomo.providers.images import ImagingProvider
from majordomo.providers.openai.dialect import Dialect
from majordomo.providers.openai.wire import OpenAIWire
from majordomo.providers.openai_endpoint import OPENAI_URL, openai_endpoint
from majordomo.providers.wire import DEFAULT_TIMEOUT_S, KeySource

__all__ = ["Dialect", "OpenAIWire", "openai_provider"]


def openai_provider(
    api_key: KeySource | None = None,
    *,
    base_url: str | None = OPENAI_URL,
    name: str = "openai",
    dialect: Dialect = Dialect(),
    organization: str | None = None,
    project: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = True,
    key_hint: str | None = None,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> ImagingProvider:
    """A provider for OpenAI or a compatible server; it makes images too.

    Args:
        api_key: Key, or a function that gives one when it is needed.
        base_url: Up to and including `/v1`.
        name: Name it is registered under.
        dialect: What the server deviates in.
        organization: Sent as `openai-organization`.
        project: Sent as `openai-project`.
        headers: More headers, names in lower case.
        needs_key: Refuse to dial without a key.
        key_hint: What an error says about a missing key; "set OPENAI_API_KEY" for the name
            `openai`, general otherwise.
        timeout_s: Total seconds for one model call; None for no bound but the caller's.
        transport: What carries the bytes.
        clock: Limits calls.
    """
    endpoint = openai_endpoint(
        api_key,
        base_url=base_url,
        name=name,
        organization=organization,
        project=project,
        headers=headers,
        needs_key=needs_key,
        key_hint=key_hint,
        timeout_s=timeout_s,
    )
    return ImagingProvider(OpenAIWire(dialect), endpoint, transport=transport, clock=clock)
