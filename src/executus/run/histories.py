"""What long conversations were encoded to, lent from run to run.

A host that goes on with a conversation gives the next run the message objects of the last one. What
those were encoded to is then not made anew (ADR 0129).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass

from majordomo.clock import Clock
from majordomo.llm import (
    DocumentPart,
    Fragments,
    ImagePart,
    Message,
    OpaquePart,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)

__all__ = ["EncodedHistories"]

_LEAST_MESSAGES = 32  # fewer are encoded in less time than it takes to remember them
_KEPT_S = 600.0
_AROUND_MESSAGE = 256  # the objects a message, or an encoding of it, is made of


@dataclass(frozen=True, slots=True)
class _Kept:
    """A memory nobody uses.

    Attributes:
        fragments: The memory.
        ends: Messages a history that continues it may end with: the last one of its run, and the
            last one its run began with. Held, so that no other message gets their ids.
        size: Bytes, about.
        until: Time on the clock from which it is forgotten.
    """

    fragments: Fragments
    ends: tuple[Message, ...]
    size: int
    until: float


class EncodedHistories:
    """Memories of encoded messages between runs, bounded in bytes and in time.

    A run that begins takes the memory of its history out, and puts it back when it has ended: no
    two runs ever use one at once, so several loops and threads may share this. Which memory a run
    gets decides only what it costs: messages are met again by identity, and only in the dialect
    they were encoded in.

    Args:
        clock: Tells how old a memory is.
        most_bytes: Bytes of all memories together, about; those put back first are forgotten first.
            0 remembers nothing.
    """

    def __init__(self, clock: Clock, *, most_bytes: int) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: dict[int, _Kept] = {}
        self._lock = threading.Lock()

    def take(self, history: Sequence[Message]) -> Fragments:
        """The memory of an earlier run that this history goes on from; else a new one."""
        if len(history) < _LEAST_MESSAGES:
            return Fragments()
        with self._lock:
            self._forget_old()
            kept = self._kept.get(id(history[-1]))
            if kept is None:
                return Fragments()
            self._forget(kept)
            return kept.fragments

    def put_back(
        self, fragments: Fragments, messages: Sequence[Message], *, history: int = 0
    ) -> None:
        """Remember what a run that has ended encoded; it must not use it any more.

        Args:
            fragments: The run's memory.
            messages: Its transcript.
            history: How many of them it began with.
        """
        if len(messages) < _LEAST_MESSAGES or not self._most_bytes:
            return
        fragments.keep_only(messages)
        # Remembered for the history alone: what a run adds to it is another thing each time.
        size = fragments.joined(_Size, messages[:history], _Size).with_more(messages[history:])
        held = size.bytes * (1 + max(1, fragments.dialects))
        if size.has_media or held > self._most_bytes:
            return
        ends = (messages[-1], messages[history - 1]) if history else (messages[-1],)
        kept = _Kept(fragments, ends, held, self._clock.monotonic() + _KEPT_S)
        with self._lock:
            self._keep(kept)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._kept.values())))
            self._forget_old()

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _keep(self, kept: _Kept) -> None:
        for end in kept.ends:
            before = self._kept.get(id(end))
            if before is not None:  # of a run beside this one, over the same history
                self._forget(before)
        for end in kept.ends:
            self._kept[id(end)] = kept
        self._bytes += kept.size

    def _forget(self, kept: _Kept) -> None:
        for end in kept.ends:
            self._kept.pop(id(end), None)
        self._bytes -= kept.size

    def _forget_old(self) -> None:
        """All are kept for the same time, so the oldest are those put back first."""
        now = self._clock.monotonic()
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if oldest.until > now:
                return
            self._forget(oldest)


class _Size:
    """What a conversation takes; see `majordomo.llm.fragments.Joiner`.

    Attributes:
        bytes: About; each encoding of it takes as many.
        has_media: Whether it holds images or documents, which do not outlive their run.
    """

    __slots__ = ("bytes", "has_media", "keep")

    def __init__(self) -> None:
        self.bytes = 0
        self.has_media = False
        self.keep = True

    def with_more(self, messages: Iterable[Message]) -> _Size:
        """Of these and further messages; this one stays as it is."""
        more = copy(self)
        for message in messages:
            more.add(message)
        return more

    def add(self, message: Message) -> None:
        """Count the next message."""
        state = sys.getsizeof(message.state.data) if message.state is not None else 0
        self.bytes += _AROUND_MESSAGE + state
        for part in message.parts:
            self.has_media = self.has_media or _is_media(part)
            self.bytes += sys.getsizeof(_text(part))


def _is_media(part: Part) -> bool:
    if isinstance(part, ToolResultPart):
        return bool(part.images)
    return isinstance(part, ImagePart | DocumentPart)


def _text(part: Part) -> str:
    match part:
        case TextPart() | ThinkingPart() | ToolResultPart():
            return part.text
        case ToolCallPart():
            return part.arguments
        case OpaquePart():
            return part.data
        case ImagePart() | DocumentPart():
            return ""
