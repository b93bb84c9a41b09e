"""What OpenAI's Responses API refuses in a request. Source: wire/responses.md §2, §3, §6."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from executus.testing.server.turn import Turn

__all__ = ["Complaint", "find_broken_rule", "group_turns"]

Json = dict[str, Any]
Complaint = tuple[str, str | None]
"""The vendor's words, and the field they are about."""

_FOREIGN = ("messages", "stop", "seed", "n", "max_tokens", "max_completion_tokens")
_PREFIXES = {"reasoning": "rs_", "message": "msg_", "function_call": "fc_"}


def find_broken_rule(body: Any, turns: Sequence[Turn]) -> Complaint | None:
    """The vendor's complaint about a request body, or None.

    Args:
        body: Parsed JSON.
        turns: The script, whose reasoning must come back as it was issued.
    """
    if not isinstance(body, dict):
        return "We could not parse the JSON body of your request.", None
    body = cast("Json", body)
    for name in ("model", "input"):
        if not body.get(name):
            return f"Missing required parameter: '{name}'.", name
    complaint = _bad_fields(body)
    if complaint or isinstance(body["input"], str):
        return complaint
    items: list[Json] = body["input"]
    stored = body.get("store") is not False
    checks = (_bad_ids(items), _bad_pairs(items), _bad_reasoning(items, turns, stored=stored))
    return next(((text, "input") for text in checks if text), None)


def group_turns(items: Sequence[Json]) -> Iterator[list[Json]]:
    """The model's turns in an input: runs of items that it said."""
    turn: list[Json] = []
    for item in items:
        if _by_model(item):
            turn.append(item)
        elif turn:
            yield turn
            turn = []
    if turn:
        yield turn


def _by_model(item: Json) -> bool:
    kind = item.get("type", "message")
    return item.get("role") == "assistant" or kind in ("reasoning", "function_call")


def _bad_fields(body: Json) -> Complaint | None:
    for name in _FOREIGN:
        if name in body:
            return f"Unsupported parameter: '{name}'.", name
    cap = body.get("max_output_tokens")
    if cap is not None and cap < 16:
        return "Expected a value >= 16.", "max_output_tokens"
    for at, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") == "function" and not {"name", "parameters", "strict"} <= tool.keys():
            return f"Missing required parameter: 'tools[{at}].name'.", "tools"
    text: Json = body.get("text") or {}
    form: Json = text.get("format") or {}
    if form.get("type") == "json_schema" and not {"name", "schema"} <= form.keys():
        return "Missing required parameter: 'text.format.name'.", "text.format.name"
    return None


def _bad_ids(items: list[Json]) -> str | None:
    for at, item in enumerate(items):
        prefix = _PREFIXES.get(item.get("type", ""), "")
        if "id" in item and not str(item["id"]).startswith(prefix):
            return (
                f"Invalid 'input[{at}].id': '{item['id']}'. Expected an ID that begins with "
                f"'{prefix.removesuffix('_')}'."
            )
        if len(item.get("call_id", "")) > 64:
            return f"Invalid 'input[{at}].call_id': string too long. Expected at most 64."
    return None


def _bad_pairs(items: list[Json]) -> str | None:
    """Every call has one output behind it, and every output its call before it."""
    open_ids: list[str] = []
    seen: set[str] = set()
    for item in items:
        call_id = item.get("call_id", "")
        if item.get("type") == "function_call":
            if call_id in seen:
                return f"Duplicate call_id {call_id}."
            seen.add(call_id)
            open_ids.append(call_id)
        elif item.get("type") == "function_call_output":
            if call_id not in open_ids:
                return f"No tool call found for function call output with call_id {call_id}."
            open_ids.remove(call_id)
        elif open_ids and item.get("role") == "user":
            break
    return f"No tool output found for function call {open_ids[0]}." if open_ids else None


def _bad_reasoning(items: list[Json], turns: Sequence[Turn], *, stored: bool) -> str | None:
    """Reasoning comes back whole, before the item it led to, and that item not without it."""
    issued = {turn.signature: turn for turn in turns if turn.thinking or turn.signature}
    for item, after in zip(items, [*items[1:], {}], strict=True):
        if item.get("type") != "reasoning":
            continue
        if "id" not in item or not _by_model(after):
            return (
                f"Item '{item.get('id')}' of type 'reasoning' was provided without its required "
                "following item."
            )
        if not stored and item.get("encrypted_content") not in issued:
            return (
                f"Item with id '{item['id']}' not found. Items are not persisted when `store` is "
                "set to false."
            )
    return next((text for turn in group_turns(items) if (text := _orphan(turn, turns))), None)


def _orphan(items: list[Json], turns: Sequence[Turn]) -> str | None:
    named = [item for item in items if "id" in item]
    if not named or named[0].get("type") == "reasoning":
        return None
    index = int(str(named[0]["id"]).split("_")[1])
    turn = turns[index] if index < len(turns) else Turn()
    if not (turn.thinking or turn.signature):
        return None
    kind = named[0].get("type")
    return (
        f"Item '{named[0]['id']}' of type '{kind}' was provided without its required 'reasoning' "
        f"item: 'rs_{index}'."
    )
