"""How the Messages API is asked: options of one endpoint."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AnthropicOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnthropicOptions:
    """Options of one Anthropic endpoint.

    Attributes:
        api_version: The required `anthropic-version` header (wire/anthropic §1.1).
        betas: Values of `anthropic-beta`.
        default_max_tokens: Sent when the request names none: the wire requires the field. Counts
            thinking and visible text together.
        bearer: Send the key as a bearer token instead of `x-api-key`.
    """

    api_version: str = "2023-06-01"
    betas: tuple[str, ...] = ()
    default_max_tokens: int = 16_384
    bearer: bool = False
