"""Thinking as state: plain text that the server wants back within a tool loop (wire/ollama §3)."""

from __future__ import annotations

from typing import Any, cast

from pydantic_core import from_json, to_json

from majordomo.llm.message import Message, ProviderState
from majordomo.llm.response import Target
from majordomo.providers.ollama.models import family_of
from majordomo.providers.wire import own_state

__all__ = ["WIRE", "make_state", "own_thinking"]

WIRE = "ollama"


def make_state(thinking: str, target: Target) -> ProviderState | None:
    """What the target may want back of a turn it wrote; None without thinking."""
    if not thinking:
        return None
    data = to_json({"thinking": thinking}).decode()
    return ProviderState(wire=WIRE, provider=target.provider, model=target.model, data=data)


def own_thinking(message: Message, target: Target) -> str:
    """The thinking of a turn the target's family wrote; empty for any other."""
    state = own_state(message, WIRE, target, family=family_of)
    try:
        found: object = from_json(state) if state else None
    except ValueError:
        return ""  # storage has damaged it: the turn is understood without
    thinking = cast("dict[str, Any]", found).get("thinking") if isinstance(found, dict) else None
    return thinking if isinstance(thinking, str) else ""
