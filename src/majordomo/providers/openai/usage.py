"""Token counts in the spellings of OpenAI and its compatibles (wire/README §4, wire/openai §11)."""

from __future__ import annotations

from typing import Any, cast

from majordomo.llm.response import Usage

__all__ = ["find_usage"]

_NOTHING_SAID = Usage(requests=1)


def find_usage(body: dict[str, Any]) -> Usage | None:
    """The usage a body or a chunk carries, wherever it puts it; None when it says nothing.

    Looks at `usage`, then at Groq's `x_groq.usage`. A counter that is missing or null stays None.
    """
    found = _object(body, "usage") or _object(_object(body, "x_groq"), "usage")
    if not found:
        return None
    usage = _read(found)
    return None if usage == _NOTHING_SAID else usage


def _read(usage: dict[str, Any]) -> Usage:
    prompt = _object(usage, "prompt_tokens_details")
    cached = (
        _count(prompt, "cached_tokens"),
        _count(usage, "prompt_cache_hit_tokens"),  # DeepSeek
        _count(usage, "cached_tokens"),  # Moonshot, Together
    )
    return Usage(
        input=_count(usage, "prompt_tokens"),
        output=_count(usage, "completion_tokens"),
        cache_read=next((count for count in cached if count is not None), None),
        cache_write=_count(prompt, "cache_write_tokens"),
        reasoning=_count(_object(usage, "completion_tokens_details"), "reasoning_tokens"),
        requests=1,
    )


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    found = holder.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
