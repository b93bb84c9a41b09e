"""The pieces a conversation is folded by: turns, which are kept or dropped as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from majordomo.llm import Message, Role

__all__ = ["Note", "Turn", "find_task", "split_turns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a turn of ours stands for.

    Attributes:
        body: Its text without the head line.
        replaced: How many messages of the transcript it stands for.
    """

    body: str
    replaced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message, or an assistant's calls together with their results.

    Attributes:
        messages: In order.
        fixed: Never dropped: a system message, or the task.
        note: Set when the turn is ours and stands for others.
    """

    messages: tuple[Message, ...]
    fixed: bool = False
    note: Note | None = None

    @property
    def stands_for(self) -> int:
        """Messages of the transcript that are lost with it."""
        return len(self.messages) if self.note is None else self.note.replaced

    def rewritten(self, change: Callable[[Message], Message]) -> Turn:
        """The turn with every message changed; itself when none is."""
        changed = tuple(map(change, self.messages))
        same = all(new is old for new, old in zip(changed, self.messages, strict=True))
        return self if same else replace(self, messages=changed)


def find_task(messages: Sequence[Message], start: int) -> int | None:
    """Index of the task: the first user message from `start`, else of all; None without any."""
    spoken = (at for at in range(start, len(messages)) if messages[at].role is Role.USER)
    found = next(spoken, None)
    return found if found is not None or not start else find_task(messages, 0)


def split_turns(messages: Iterable[Message], *, task: int | None = None) -> list[Turn]:
    """Cut a conversation where it may be cut: never between calls and their results.

    Args:
        messages: A conversation, or the rest of one.
        task: Index of the message that is the task.
    """
    groups: list[tuple[list[Message], bool]] = []
    for at, message in enumerate(messages):
        if message.role is Role.TOOL and groups:
            groups[-1][0].append(message)
        else:
            groups.append(([message], at == task or message.role is Role.SYSTEM))
    return [Turn(messages=tuple(group), fixed=fixed) for group, fixed in groups]
