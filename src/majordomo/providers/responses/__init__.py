"""OpenAI's Responses API, and servers that speak it."""

from __future__ import annotations

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import Transport
from majordomo.providers.client import DEFAULT_TRANSPORT, WireProvider
from majordomo.providers.openai_endpoint import OPENAI_URL, openai_endpoint
from majordomo.providers.responses.options import ResponsesOptions
from majordomo.providers.responses.wire import ResponsesWire
from majordomo.providers.wire import DEFAULT_TIMEOUT_S, KeySource

__all__ = ["ResponsesOptions", "ResponsesWire", "responses_provider"]


def responses_provider(
    api_key: KeySource | None = None,
    *,
    base_url: str | None = OPENAI_URL,
    name: str = "openai-responses",
    options: ResponsesOptions = ResponsesOptions(),
    organization: str | None = None,
    project: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    needs_key: bool = True,
    key_hint: str | None = None,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    transport: Transport = DEFAULT_TRANSPORT,
    clock: Clock = SYSTEM_CLOCK,
) -> WireProvider:
    """A provider for OpenAI's Responses API, or a server that speaks it.

    Args:
        api_key: Key, or a function that gives one when it is needed.
        base_url: Up to and including `/v1`.
        name: Name it is registered under.
        options: How the endpoint is asked.
        organization: Sent as `openai-organization`.
        project: Sent as `openai-project`.
        headers: More headers, names in lower case.
        needs_key: Refuse to dial without a key.
        key_hint: What an error says about a missing key; "set OPENAI_API_KEY" for the vendor's own
            names, general otherwise.
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
    return WireProvider(ResponsesWire(options), endpoint, transport=transport, clock=clock)
