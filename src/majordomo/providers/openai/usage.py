"""Token counts in the spellings of OpenAI and its compatibles (wire/README §4, wire/openai §11)."""

from __future__ import annotations

from typing import Any

from majordomo.llm.response import Usage
from majordomo.providers.tokens import token_count, token_object

__all__ = ["find_usage"]

_NOTHING_SAID = Usage(requests=1)


def find_usage(body: dict[str, Any]) -> Usage | None:
    """The usage a body or a chunk carries, wherever it puts it; None when it says nothing.

    Looks at `usage`, then at Groq's `x_groq.usage`. A counter that is missing or null stays None.
    """
    found = token_object(body, "usage") or token_object(token_object(body, "x_groq"), "usage")
    if not found:
        return None
    usage = _read(found)
    return None if usage == _NOTHING_SAID else usage


def _read(usage: dict[str, Any]) -> Usage:
    prompt = token_object(usage, "prompt_tokens_details")
    cached = (
        token_count(prompt, "cached_tokens"),
        token_count(usage, "prompt_cache_hit_tokens"),  # DeepSeek
        token_count(usage, "cached_tokens"),  # Moonshot, Together
    )
    return Usage(
        input=token_count(usage, "prompt_tokens"),
        output=token_count(usage, "completion_tokens"),
        cache_read=next((count for count in cached if count is not None), None),
        cache_write=token_count(prompt, "cache_write_tokens"),
        reasoning=token_count(token_object(usage, "completion_tokens_details"), "reasoning_tokens"),
        requests=1,
    )
