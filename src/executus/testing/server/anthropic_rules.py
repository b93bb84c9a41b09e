"""What Anthropic Messages refuses in a request. Source: wire/anthropic.md §2-§4, §6.1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from executus.testing.server.turn import Turn

__all__ = ["find_broken_rule"]


def find_broken_rule(body: Any, turns: Sequence[Turn]) -> str | None:
    """The vendor's complaint about a request body, or None.

    Args:
        body: Parsed JSON.
        turns: The script, whose thinking blocks must come back as they were issued.
    """
    if not isinstance(body, dict):
        return "The request body is not valid JSON."
    body = cast("dict[str, Any]", body)
    for name in ("model", "max_tokens", "messages"):
        if not body.get(name):
            return f"{name}: Field required"
    messages: list[dict[str, Any]] = body["messages"]
    if messages[0].get("role") != "user":
        return 'messages: first message must use the "user" role'
    checks = (_bad_results(messages), _bad_thinking(messages, turns))
    return next(filter(None, checks), None)


def _blocks(message: dict[str, Any], type_: str) -> list[dict[str, Any]]:
    content = message.get("content")
    if not isinstance(content, list):
        return []
    blocks = cast("list[dict[str, Any]]", content)
    return [block for block in blocks if block.get("type") == type_]


def _bad_results(messages: list[dict[str, Any]]) -> str | None:
    """Every use is answered by one result at the start of the very next message."""
    seen: set[str] = set()
    asked: list[str] = []
    for at, message in enumerate(messages):
        given = [block["tool_use_id"] for block in _blocks(message, "tool_result")]
        complaint = _mismatch(asked, given) or _late_result(message, len(given))
        if complaint:
            return f"messages.{at}: {complaint}"
        asked = [block["id"] for block in _blocks(message, "tool_use")]
        if len(set(asked)) < len(asked) or seen & set(asked):
            return f"messages.{at}: `tool_use` ids must be unique"
        seen.update(asked)
    return _mismatch(asked, [])


def _mismatch(asked: list[str], given: list[str]) -> str | None:
    if missing := [id_ for id_ in asked if id_ not in given]:
        return (
            "`tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(missing)}"
        )
    if foreign := [id_ for id_ in given if id_ not in asked]:
        return f"unexpected `tool_use_id` found in `tool_result` blocks: {', '.join(foreign)}"
    if len(set(given)) < len(given):
        return "each tool_use must have a single result. Found multiple `tool_result` blocks"
    return None


def _late_result(message: dict[str, Any], count: int) -> str | None:
    content: list[dict[str, Any]] = message["content"] if count else []
    if any(block["type"] != "tool_result" for block in content[:count]):
        return "`tool_result` blocks must come first in the content"
    return None


def _bad_thinking(messages: list[dict[str, Any]], turns: Sequence[Turn]) -> str | None:
    issued = {turn.signature: turn.thinking for turn in turns if turn.thinking or turn.signature}
    for at, block in _thinking(messages):
        text = issued.get(block.get("signature", ""))
        if text is None:
            return f"messages.{at}: Invalid `signature` in `thinking` block"
        if text != block.get("thinking"):
            return f"messages.{at}: `thinking` blocks cannot be modified"
    return None


def _thinking(messages: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, message in enumerate(messages):
        for number, block in enumerate(_blocks(message, "thinking")):
            yield f"{at}.content.{number}", block
