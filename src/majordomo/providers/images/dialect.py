"""What a server that makes images deviates in: data, not code (wire/openai §10)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ImageDialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDialect:
    """Requests as one server takes them; the defaults are api.openai.com's.

    Attributes:
        path: Appended to the endpoint's base URL.
        base64_unasked: Parts of the ids of models that always answer in base64 and refuse
            `response_format`; all others are asked for base64.
        prompt_tag: Name of a tag by which the server reads further arguments out of the prompt.
            They are given as `ImageRequest.extra[prompt_tag]`, and only there: a prompt that brings
            the tag itself is refused, for models write prompts too. Empty for none.
    """

    path: str = "/images/generations"
    base64_unasked: tuple[str, ...] = ("gpt-image",)
    prompt_tag: str = ""
