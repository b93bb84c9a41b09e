"""Token counts in the spellings of OpenAI and its compatibles (wire/README §4, wire/openai §11)."""

from __future__ import annotations

from typing import Any, cast

from majordomo.llm.response import Usage

__all__ = ["find_usage", "read_usage"]


def find_usage(body: dict[str, Any]) -> Usage | None:
    """The usage a body or a chunk carries, wherever it puts it; None when it carries none."""
    usage = body.get("usage")
    if not isinstance(usage, dict):
        groq = body.get("x_groq")
        usage = cast("dict[str, Any]", groq).get("usage") if isinstance(groq, dict) else None
    return read_usage(cast("dict[str, Any]", usage)) if isinstance(usage, dict) else None


def read_usage(usage: dict[str, Any]) -> Usage:
    """One usage object; a counter that is missing or null stays unknown."""
    prompt = _details(usage, "prompt_tokens_details")
    completion = _details(usage, "completion_tokens_details")
    cached = _count(prompt, "cached_tokens")
    if cached is None:
        cached = _count(usage, "prompt_cache_hit_tokens")
    if cached is None:
        cached = _count(usage, "cached_tokens")
    return Usage(
        input=_count(usage, "prompt_tokens"),
        output=_count(usage, "completion_tokens"),
        cache_read=cached,
        cache_write=_count(prompt, "cache_write_tokens"),
        reasoning=_count(completion, "reasoning_tokens"),
        requests=1,
    )


def _details(usage: dict[str, Any], name: str) -> dict[str, Any]:
    found = usage.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
