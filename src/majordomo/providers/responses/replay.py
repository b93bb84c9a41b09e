"""A turn this target wrote, as items it takes back (wire/responses §3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from pydantic_core import from_json

from majordomo.llm.message import Message
from majordomo.llm.response import Target
from majordomo.providers.responses.items import WIRE, arguments_of, is_call
from majordomo.providers.responses.models import family_of
from majordomo.providers.text import arguments_object
from majordomo.providers.wire import own_state

__all__ = ["own_items"]

Json = dict[str, Any]

_NAMED = frozenset({"message", "function_call"})


def own_items(message: Message, target: Target, *, stored: bool) -> list[Json]:
    """The turn's items to send back; none when another wrote it or its state is of no use.

    They go back as received, except that reasoning stays only directly before the item it led to:
    where some has to go, the ids of the others go too, for the server would miss it.

    Args:
        message: The assistant's turn.
        target: Who is asked.
        stored: The server keeps items, so that reasoning is known to it by its id alone.
    """
    state = own_state(message, WIRE, target, family=family_of)
    items = _parsed(state) if state else []
    said = [call.id for call in message.tool_calls]
    if said != [item.get("call_id") for item in items if is_call(item) or _is_cut(item, said)]:
        return []  # the turn was edited since
    return _replayable(items, said, stored=stored)


def _parsed(state: str) -> list[Json]:
    """The state's items; none when storage has damaged it: then the parts are sent."""
    try:
        found: object = from_json(state.encode("utf-8", "replace"), allow_inf_nan=False)
    except ValueError:
        return []
    items = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Json", item) for item in items if isinstance(item, dict)]


def _is_cut(item: Json, said: Sequence[str]) -> bool:
    """A call that the token limit cut, which is a part of the turn, and is answered."""
    is_cut = item.get("type") == "function_call" and not is_call(item)
    return is_cut and item.get("call_id") in said


def _replayable(items: Iterable[Json], said: Sequence[str], *, stored: bool) -> list[Json]:
    kept: list[Json] = []
    waiting: list[Json] = []
    lost = False
    for item in items:
        if item.get("type") == "reasoning":
            waiting.append(item)
            continue
        usable = [thought for thought in waiting if stored or _is_portable(thought)]
        if _is_cut(item, said):
            usable = []  # what it led to did not come whole
            kept.append(_without(_accepted(item), "id", "status"))
        elif not _is_accepted(item):
            usable = []
        else:
            kept += [*usable, _accepted(item)]
        lost = lost or len(usable) < len(waiting)
        waiting = []
    return [_nameless(item) for item in kept] if lost else kept


def _is_portable(reasoning: Json) -> bool:
    """It holds its own content: a server that stores nothing knows no ids."""
    return bool(reasoning.get("encrypted_content") or reasoning.get("content"))


def _is_accepted(item: Json) -> bool:
    """Nobody answers calls that were cut and left out, or calls of custom tools."""
    kind = item.get("type")
    return is_call(item) if kind == "function_call" else kind != "custom_tool_call"


def _accepted(item: Json) -> Json:
    """The item; of a call, arguments that are no JSON object are put into one."""
    if item.get("type") != "function_call":
        return item
    return {**item, "arguments": arguments_object(arguments_of(item))}


def _nameless(item: Json) -> Json:
    if item.get("type") not in _NAMED:
        return item
    return _without(item, "id")


def _without(item: Json, *names: str) -> Json:
    return {name: value for name, value in item.items() if name not in names}
