"""Where OpenAI and its compatibles are, and how to get in: the same for both of its wires."""

from __future__ import annotations

from majordomo.providers.wire import Endpoint, KeySource

__all__ = ["OPENAI_URL", "openai_endpoint"]

OPENAI_URL = "https://api.openai.com/v1"


def openai_endpoint(
    api_key: KeySource | None,
    *,
    base_url: str | None,
    name: str,
    organization: str | None,
    project: str | None,
    headers: tuple[tuple[str, str], ...],
    needs_key: bool,
    key_hint: str | None,
    timeout_s: float | None,
) -> Endpoint:
    """The endpoint of a provider's options; see `openai_provider` (wire/openai §1)."""
    if key_hint is None:
        vendor = name in ("openai", "openai-responses")
        key_hint = "set OPENAI_API_KEY" if vendor else f"configure one for {name!r}"
    own = (("openai-organization", organization), ("openai-project", project))
    return Endpoint(
        provider=name,
        base_url=base_url.rstrip("/") if base_url else None,
        api_key=api_key,
        needs_key=needs_key,
        key_hint=key_hint,
        headers=(*((key, value) for key, value in own if value), *headers),
        timeout_s=timeout_s,
    )
