"""One scripted answer of a model, free of any vendor's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["Turn"]

_PIECE_CHARS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the scripted model answers; made by `Turn.text` and `Turn.calls`.

    Attributes:
        content: Visible text.
        tool_calls: Names and JSON arguments.
        thinking: Thinking text (Anthropic, Ollama), or a summary of it (Responses).
        signature: What binds the thinking; a thinking block is sent when this or `thinking` is set.
        stop: The wire's own word for why the answer ended; "" for the one that fits.
        input_tokens: Reported usage.
        output_tokens: Reported usage.
    """

    content: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()
    thinking: str = ""
    signature: str = ""
    stop: str = ""
    input_tokens: int = 10
    output_tokens: int = 5

    @classmethod
    def text(cls, content: str, *, thinking: str = "", signature: str = "", stop: str = "") -> Self:
        """An answer in words."""
        return cls(content=content, thinking=thinking, signature=signature, stop=stop)

    @classmethod
    def calls(
        cls,
        *calls: tuple[str, Mapping[str, Any] | str],
        content: str = "",
        thinking: str = "",
        signature: str = "",
    ) -> Self:
        """Tool calls: names and arguments, the latter also as a JSON text (a broken one, say)."""
        return cls(
            content=content,
            tool_calls=tuple((name, _as_json(arguments)) for name, arguments in calls),
            thinking=thinking,
            signature=signature,
        )


def _as_json(arguments: Mapping[str, Any] | str) -> str:
    if isinstance(arguments, str):
        return arguments
    return json.dumps(dict(arguments), ensure_ascii=False)


def pieces(text: str) -> list[str]:
    """A text cut as a vendor's stream cuts it: into small pieces, without regard to words."""
    return [text[at : at + _PIECE_CHARS] for at in range(0, len(text), _PIECE_CHARS)]


def pick_turn(turns: tuple[Turn, ...], messages: list[Any]) -> tuple[int, Turn]:
    """The turn a conversation is at, by its assistant messages, so that runs do not interfere.

    Raises:
        IndexError: The script is over.
    """
    index = sum(message.get("role") == "assistant" for message in messages)
    if index >= len(turns):
        raise IndexError(
            f"the script has {len(turns)} turns, the request asks for turn {index + 1}"
        )
    return index, turns[index]
