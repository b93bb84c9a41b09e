"""What to draw, how often and how large; free of any provider's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ImageRequest"]

_SIZE = re.compile(r"auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One call of an image model.

    Attributes:
        prompt: What the images show.
        n: How many are wanted, 1 or more; a provider has its own most (OpenAI: 10).
        size: `WIDTHxHEIGHT` in pixels, or `auto`; None leaves it to the provider. Which sizes a
            model draws is the provider's to say.
        timeout_s: Total seconds for the call; None for the provider's own bound.
        extra: Fields put into the request body as they are (`quality`, `output_format`, …); they
            win over ours, and None takes a field out.
        keep_raw: Keep the response body on `ImageResult.raw`.

    Raises:
        ValueError: The prompt is blank, or `n`, `size` or `timeout_s` is out of range.
    """

    prompt: str
    n: int = 1
    size: str | None = None
    timeout_s: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keep_raw: bool = False

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise ValueError("the prompt is blank; say what the image shows")
        if self.n < 1:
            raise ValueError(f"n must be 1 or more, not {self.n}")
        if self.size is not None and not _SIZE.fullmatch(self.size):
            raise ValueError(f"size must be like '1024x1024', or 'auto', not {self.size!r}")
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise ValueError(f"timeout_s must be above 0 s, not {self.timeout_s:g} s")
