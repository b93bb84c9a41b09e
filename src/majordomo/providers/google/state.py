"""What a Gemini model wants back of its own turns: its parts, each with its thought signature.

Source: wire/google §5.1, §6.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pydantic_core import from_json, to_json

from majordomo.llm.message import Message, ProviderState, Role
from majordomo.llm.response import Target
from majordomo.providers.google.models import bare_id
from majordomo.providers.wire import own_state

__all__ = ["WIRE", "continuation", "is_call", "make_state", "own_turn"]

WIRE = "google"

Json = dict[str, Any]

_PLAIN_CALL = frozenset({"name", "args"})


def make_state(parts: Sequence[Json], token: str | None, target: Target) -> ProviderState | None:
    """The parts to send back, when the message's own would lose something of them.

    Args:
        parts: As received. Empty texts and summaries of thoughts are left out, unless signed.
        token: What continues a turn that is not finished.
        target: Who wrote the turn; nobody else gets it back.
    """
    kept = [part for part in parts if _is_wanted(part)]
    if token is None and all(map(_is_plain, kept)):
        return None
    state: Json = {"parts": kept} if token is None else {"parts": kept, "continuationToken": token}
    return ProviderState(
        wire=WIRE, provider=target.provider, model=target.model, data=to_json(state).decode()
    )


def own_turn(message: Message, target: Target) -> list[Json]:
    """The parts of a turn of this very target; none when the message's own are to be sent.

    Also none when the message has been changed since: its results could not be matched any more.
    """
    parts: object = _read(message, target).get("parts")
    items = cast("list[object]", parts) if isinstance(parts, list) else []
    found = [cast("Json", item) for item in items if isinstance(item, dict)]
    calls: list[Json] = [part["functionCall"] for part in found if is_call(part)]
    if [call.get("name") for call in calls] != [call.name for call in message.tool_calls]:
        return []
    return found if len(found) == len(items) else []


def is_call(part: Json) -> bool:
    """Whether a part asks for a tool."""
    return isinstance(part.get("functionCall"), dict)


def continuation(messages: Sequence[Message], target: Target) -> tuple[Sequence[Message], str]:
    """The conversation to repeat, and the token that continues its unfinished last turn.

    The request must be the one that was left unfinished, so the pieces received since are not in
    it. Without an unfinished turn the conversation is whole and the token empty.
    """
    end, token = len(messages), ""
    while end and messages[end - 1].role is Role.ASSISTANT:
        found = _read(messages[end - 1], target).get("continuationToken")
        if not isinstance(found, str) or not found:
            break
        end, token = end - 1, token or found
    return (messages[:end], token) if token else (messages, "")


def _read(message: Message, target: Target) -> Json:
    """A state's content; empty when it is another's, or storage has damaged it."""
    state = own_state(message, WIRE, target, family=bare_id)
    if state is None:
        return {}
    try:
        found: object = from_json(state.encode("utf-8", "replace"))
    except ValueError:
        return {}
    return cast("Json", found) if isinstance(found, dict) else {}


def _is_wanted(part: Json) -> bool:
    if "thoughtSignature" in part or "text" not in part:
        return True
    return bool(part["text"]) and not part.get("thought")


def _is_plain(part: Json) -> bool:
    """Whether the message's own part says all of it."""
    if part.keys() == {"functionCall"}:
        call: Json = part["functionCall"]
        return call.keys() <= _PLAIN_CALL
    return part.keys() == {"text"}
