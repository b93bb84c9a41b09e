"""Token counts in the spellings of OpenAI and its compatibles (wire/README §4, wire/openai §11)."""

from __future__ import annotations

from typing import Any

from majordomo.llm.response import Usage
from majordomo.providers.members import count_of, object_of

__all__ = ["find_usage"]

_NOTHING_SAID = Usage(requests=1)


def find_usage(body: dict[str, Any]) -> Usage | None:
    """The usage a body or a chunk carries, wherever it puts it; None when it says nothing.

    Looks at `usage`, then at Groq's `x_groq.usage`. A counter that is missing or null stays None.
    """
    found = object_of(body, "usage") or object_of(object_of(body, "x_groq"), "usage")
    if not found:
        return None
    usage = _read(found)
    return None if usage == _NOTHING_SAID else usage


def _read(usage: dict[str, Any]) -> Usage:
    prompt = object_of(usage, "prompt_tokens_details")
    cached = (
        count_of(prompt, "cached_tokens"),
        count_of(usage, "prompt_cache_hit_tokens"),  # DeepSeek
        count_of(usage, "cached_tokens"),  # Moonshot, Together
    )
    return Usage(
        input=count_of(usage, "prompt_tokens"),
        output=count_of(usage, "completion_tokens"),
        cache_read=next((count for count in cached if count is not None), None),
        cache_write=count_of(prompt, "cache_write_tokens"),
        reasoning=count_of(object_of(usage, "completion_tokens_details"), "reasoning_tokens"),
        requests=1,
    )
