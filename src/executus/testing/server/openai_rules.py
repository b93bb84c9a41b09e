"""What OpenAI Chat Completions refuses in a request. Source: wire/openai.md §4."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["find_broken_rule"]


def find_broken_rule(body: Any) -> str | None:
    """The vendor's complaint about a request body, or None."""
    if not isinstance(body, dict):
        return "We could not parse the JSON body of your request."
    body = cast("dict[str, Any]", body)
    for name in ("model", "messages"):
        if not body.get(name):
            return f"Missing required parameter: '{name}'."
    return _unanswered_call(body["messages"])


def _unanswered_call(messages: list[dict[str, Any]]) -> str | None:
    """Every call is answered by one tool message, directly after, before anything else."""
    open_ids: list[str] = []
    for message in messages:
        if message.get("role") == "tool":
            id_ = message.get("tool_call_id")
            if id_ not in open_ids:
                return (
                    "messages with role 'tool' must be a response to a preceding message with "
                    f"'tool_calls': {id_}"
                )
            open_ids.remove(id_)
            continue
        if open_ids:
            break
        open_ids = [call["id"] for call in message.get("tool_calls") or ()]
        if len(set(open_ids)) < len(open_ids):
            return f"Duplicate tool call ids: {', '.join(open_ids)}"
    if not open_ids:
        return None
    return (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        f"each 'tool_call_id'. The following did not have response messages: {', '.join(open_ids)}"
    )
