"""What an image model drew."""

from __future__ import annotations

from dataclasses import dataclass, field

from majordomo.llm.parts import ImagePart
from majordomo.llm.response import Target, Usage

__all__ = ["ImageResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """One image call's answer.

    Attributes:
        images: At least one, in the provider's order; some draw fewer than were asked for.
        target: Who drew them.
        usage: Tokens, where the provider counts any (`requests` is 1).
        revised_prompts: What the provider really drew, one text per image; "" where it did not say.
        request_id: The vendor's id of the request; empty when there was none.
        raw: The body as received, when the request asked for it (`keep_raw`), else None.
    """

    images: tuple[ImagePart, ...]
    target: Target
    usage: Usage = field(default_factory=Usage)
    revised_prompts: tuple[str, ...] = ()
    request_id: str = ""
    raw: bytes | None = field(default=None, repr=False)
