"""Output items, and what they are as parts (wire/responses §3, §4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm.parts import OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from majordomo.providers.callids import new_call_id
from majordomo.providers.members import call_name

__all__ = [
    "WIRE",
    "arguments_of",
    "as_text",
    "is_call",
    "is_refusal",
    "item_parts",
    "said_by",
    "with_call_id",
]

WIRE = "openai-responses"

Json = dict[str, Any]


def item_parts(items: Sequence[Json], *, cut: bool = False) -> tuple[Part, ...]:
    """The parts of an answer.

    Commentary beside a final answer in the same turn counts as thinking, so that the text of the
    turn is the answer.

    Args:
        items: Its output.
        cut: The token limit ended the answer. A call that it cut is a part then, as on every wire:
            none of such an answer is executed, and the loop tells the model why. In any other
            answer it is no part, for it would be executed.
    """
    answered = any(item.get("phase") == "final_answer" for item in items)
    return tuple(part for item in items for part in _parts(item, answered=answered, cut=cut))


def _parts(item: Json, *, answered: bool, cut: bool) -> Iterator[Part]:
    match item.get("type"):
        case "message":
            aside = answered and item.get("phase") == "commentary"
            for text in _texts(item):
                yield ThinkingPart(text) if aside else TextPart(text)
        case "reasoning":
            if text := said_by(item):
                yield ThinkingPart(text)
        case "function_call":
            if cut or is_call(item):
                arguments = arguments_of(item) or "{}"
                yield ToolCallPart(id=item["call_id"], name=call_name(item), arguments=arguments)
        case kind:
            yield OpaquePart(provider=WIRE, kind=str(kind), data=to_json(item).decode())


def said_by(item: Json) -> str:
    """All text of a message, a call's arguments, or reasoning in words; else empty."""
    match item.get("type"):
        case "message":
            return "".join(_texts(item))
        case "function_call":
            return arguments_of(item)
        case "reasoning":
            thoughts: list[Json] = [*(item.get("summary") or ()), *(item.get("content") or ())]
            return "\n\n".join(text for thought in thoughts if (text := thought.get("text")))
        case _:
            return ""


def _texts(message: Json) -> Iterator[str]:
    content: object = message.get("content")
    if isinstance(content, str):  # some compatible servers
        content = [{"type": "output_text", "text": content}]
    for part in cast("list[Json]", content or []):
        text: object = part.get("refusal" if part.get("type") == "refusal" else "text")
        if text:
            yield as_text(text)


def is_call(item: Json) -> bool:
    """A call of one of our tools, with all its arguments."""
    return item.get("type") == "function_call" and item.get("status") != "incomplete"


def as_text(value: object) -> str:
    """A value that has to be text.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def is_refusal(item: Json) -> bool:
    """A message that refuses."""
    content = item.get("content")
    if item.get("type") != "message" or not isinstance(content, list):
        return False
    return any(part.get("type") == "refusal" for part in cast("list[Json]", content))


def arguments_of(call: Json) -> str:
    """A call's arguments as JSON text; some servers send the object itself, or null."""
    given: object = call.get("arguments")
    if isinstance(given, str):
        return given
    return "" if given is None else to_json(given).decode()


def with_call_id(item: Json) -> Json:
    """The item; a call whose server gave no id to answer to gets one."""
    if item.get("type") != "function_call":
        return item
    if found := item.get("call_id"):
        as_text(found)
        return item
    return {**item, "call_id": item.get("id") or new_call_id()}
