"""Which reasoning may still be sent after the history before it has changed.

Most providers bind it to everything before it and refuse it, or drop it, afterwards
(wire/README §9.4, anthropic §6.2, responses §3). Some want it back within a tool loop and do not
look at what came before: there, taking it away is the fault (anthropic §6.1, openai §11,
ollama §3).
"""

from __future__ import annotations

from dataclasses import replace

from majordomo.llm import Message, ProviderState, ThinkingPart
from majordomo.providers.anthropic.models import family_of

__all__ = ["rebased", "with_parts"]


def rebased(message: Message) -> Message:
    """The message as it may follow another history than its own; itself when that is as it is."""
    if message.state is None or not _is_bound(message.state):
        return message
    spoken = tuple(part for part in message.parts if not isinstance(part, ThinkingPart))
    return replace(message, parts=spoken, state=None)


def with_parts(message: Message, changed: Message) -> Message:
    """`changed`, an edited `message`, without a state that would be sent in its place."""
    if changed is message or message.state is None or _is_beside(message.state):
        return changed
    return changed.without_state()


def _is_bound(state: ProviderState) -> bool:
    if state.wire == "anthropic":
        # Models whose thinking has a budget refuse a tool turn without it; newer ones bind it.
        return family_of(state.model).thinking != "budget"
    return not _is_beside(state)


def _is_beside(state: ProviderState) -> bool:
    """Plain text beside the turn; `reasoning_details` may hold another vendor's signatures."""
    if state.wire == "openai":
        return '"reasoning_details"' not in state.data
    return state.wire == "ollama"
