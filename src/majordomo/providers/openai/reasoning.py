"""Reasoning in all its spellings: as text for people, and as fields its server wants back.

Source: wire/openai §11. The fields are kept in `Message.state`, as JSON: the assistant message's
own fields by name, `thinking` for thinking parts of content, and under `tool_calls` the
`extra_content` of calls by call id.
"""

from __future__ import annotations

from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm.message import ProviderState
from majordomo.llm.response import Target

__all__ = ["WIRE", "ReasoningFields", "make_state", "thinking_of", "thinking_parts"]

WIRE = "openai"

Json = dict[str, Any]

_TEXT_FIELDS = ("reasoning_content", "reasoning")
_GROWING = ("text", "summary", "data")


def thinking_of(message: Json) -> str:
    """Reasoning text of a message or of a delta, from the first spelling that holds any."""
    for name in _TEXT_FIELDS:
        found = message.get(name)
        if found and isinstance(found, str):
            return found
    content = message.get("content")
    if isinstance(content, list) and (text := thinking_parts(cast("list[Any]", content))):
        return text
    details = cast("list[Json]", message.get("reasoning_details") or [])
    return "".join(str(d.get("text") or d.get("summary") or "") for d in details)


def thinking_parts(content: list[Any]) -> str:
    """Text of the thinking parts in a content list (Mistral)."""
    return "".join(map(_thinking, content))


def _thinking(part: Any) -> str:
    if isinstance(part, str) or part.get("type") != "thinking":
        return ""
    said = part.get("thinking")
    if isinstance(said, list):
        return "".join(str(piece.get("text") or "") for piece in cast("list[Json]", said))
    return said if isinstance(said, str) else ""


class ReasoningFields:
    """Collects the fields of one answer, from the whole message or delta by delta."""

    __slots__ = ("_details", "_texts")

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._details: list[Json] = []

    def add(self, message: Json) -> None:
        """Take what a message or a delta holds."""
        for name in _TEXT_FIELDS:
            found = message.get(name)
            if found and isinstance(found, str):
                self._texts.setdefault(name, []).append(found)
        content = message.get("content")
        if isinstance(content, list) and (text := thinking_parts(cast("list[Any]", content))):
            self._texts.setdefault("thinking", []).append(text)
        for detail in message.get("reasoning_details") or ():
            _merge_detail(self._details, detail)

    @property
    def fields(self) -> Json:
        """The fields as the whole answer would have had them."""
        fields: Json = {name: "".join(texts) for name, texts in sorted(self._texts.items())}
        if self._details:
            fields.pop("reasoning", None)  # OpenRouter says the same in both
            # Pieces bring their keys in another order than the whole does.
            fields["reasoning_details"] = [dict(sorted(d.items())) for d in self._details]
        return fields


def _merge_detail(details: list[Json], piece: Json) -> None:
    """Add a piece of `reasoning_details` to the last entry if it has the same index and type."""
    last = details[-1] if details else {}
    if piece.get("index") is None or any(last.get(k) != piece.get(k) for k in ("index", "type")):
        details.append(dict(piece))
        return
    for name, value in piece.items():
        if name in _GROWING and isinstance(value, str):
            last[name] = (last.get(name) or "") + value
        elif value is not None:
            last[name] = value


def make_state(fields: Json, extras: Json, target: Target) -> ProviderState | None:
    """What the server may want back of its own turn, or None.

    Args:
        fields: See `ReasoningFields.fields`.
        extras: `extra_content` of calls, by call id.
        target: Who wrote the turn; nobody else gets it back.
    """
    if extras:
        fields = {**fields, "tool_calls": extras}
    if not fields:
        return None
    return ProviderState(
        wire=WIRE, provider=target.provider, model=target.model, data=to_json(fields).decode()
    )
