"""Puts the fragments of streamed tool calls together (wire/openai §8, §11)."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from majordomo.llm.assembler import Assembler, Piece
from majordomo.llm.stream import StreamEvent
from majordomo.providers.callids import new_call_id
from majordomo.providers.members import call_id, call_name
from majordomo.providers.openai.decode import arguments_text

__all__ = ["CallFragments"]

Json = dict[str, Any]


class CallFragments:
    """The calls of one streamed answer.

    Args:
        pieces: Where the calls are kept.
        order: First element of their keys.
    """

    __slots__ = ("_by_index", "_calls", "_order", "_pieces", "extras")

    def __init__(self, pieces: Assembler, order: int) -> None:
        self._pieces = pieces
        self._order = order
        self._calls: list[Piece] = []
        self._by_index: dict[object, Piece] = {}
        self.extras: Json = {}
        """`extra_content` by call id."""

    def add(self, raw: Json, events: list[StreamEvent]) -> None:
        """Take one element of a delta's `tool_calls`; add what it means to `events`.

        Raises:
            ValueError: It belongs to no call and has no name to begin one.
        """
        function: Json = raw.get("function") or {}
        arguments = arguments_text(function.get("arguments"))
        name = function.get("name")
        call = self._find(raw)
        if call is None or (name and _begins_another(call, raw, name, arguments)):
            call = self._start(raw, call_name(function), events)
        elif name and name != call.name and not raw.get("id"):
            call.name += name
        if raw.get("extra_content") is not None:
            self.extras[call.id] = raw["extra_content"]
        if arguments:
            events.append(self._pieces.add_arguments(call, arguments))

    def _find(self, raw: Json) -> Piece | None:
        """The call a fragment seems to continue; None when it can only begin one."""
        index, call_id = raw.get("index"), raw.get("id")
        if index is not None and index in self._by_index:
            return self._by_index[index]
        function: Json = raw.get("function") or {}
        named = bool(function.get("name"))
        if index is not None and named:
            return None
        if call_id:
            found = next((call for call in self._calls if call.id == call_id), None)
            if found is not None or named:
                return found
        return self._calls[-1] if self._calls else None

    def _start(self, raw: Json, name: str, events: list[StreamEvent]) -> Piece:
        # Servers send calls one after the other, so a new one completes those before it. One
        # whose arguments are not whole yet may still get more: it stays open until the end.
        events.extend(self._pieces.end_call(c) for c in self._pieces.open_calls if _is_whole(c))
        number = len(self._calls)
        key = (self._order, number)
        call, event = self._pieces.start_call(key, call_id(raw) or new_call_id(), name)
        self._calls.append(call)
        if raw.get("index") is not None:
            self._by_index[raw["index"]] = call
        events.append(event)
        return call


def _begins_another(call: Piece, raw: Json, name: str, arguments: str) -> bool:
    """Whether a named fragment for a known place begins a new call there.

    Some servers give every call the index 0 or none, some leave out the ids, some repeat name and
    id on every fragment, and some cut the name to pieces, before any arguments.
    """
    call_id = raw.get("id")
    if call_id:
        return call_id != call.id
    if name != call.name:
        return bool(call.chunks) or raw.get("index") is None
    return bool(arguments) and _is_whole(call)


def _is_whole(call: Piece) -> bool:
    """Whether the arguments so far are a JSON value; without any, more may come."""
    if not call.chunks or not call.chunks[-1].rstrip().endswith("}"):
        return False
    try:
        from_json(call.text)
    except ValueError:
        return False
    return True
