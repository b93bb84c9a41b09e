"""The seam: what a run asks of a compactor, and the one that does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from majordomo.llm import Fragments, Message, Model, Tool, Usage

__all__ = ["NO_COMPACTION", "CompactionScope", "Compactor", "RunCompactor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionScope:
    """What a run's compaction knows of it.

    Attributes:
        model: The run's model; its capabilities give the window.
        system: Instructions sent before the messages.
        tools: Tools on offer; their schemas take room, too.
        keep: Messages at the start that the caller brought along; the run's task is the first
            user message behind them.
        fragments: Memory of what is known of the run's messages, which a later run that goes on
            with them may be given too.
    """

    model: Model
    system: str = ""
    tools: tuple[Tool, ...] = ()
    keep: int = 0
    fragments: Fragments = field(default_factory=Fragments, compare=False, repr=False)


class RunCompactor(Protocol):
    """Compacts one run's conversation and remembers what it folded. Used by one task at a time."""

    @property
    def usage(self) -> Usage:
        """Tokens its own model calls took so far; they are part of what the run costs."""
        ...

    @property
    def folds(self) -> int:
        """How often it has decided anew what to send; in between the same fold is sent again."""
        ...

    async def compact(
        self, messages: Sequence[Message], *, reported: Usage | None = None
    ) -> Sequence[Message]:
        """What to send instead of `messages`; `messages` itself when all of it can be sent.

        Never raises but for cancellation.

        Args:
            messages: The whole transcript; from call to call of a run it is only added to.
            reported: Usage of the model call made with what this returned last; None when there
                was none, or it said nothing.
        """
        ...

    def overflowed(self) -> None:
        """A provider refused what was sent last as too long (`ErrorKind.CONTEXT_OVERFLOW`).

        The next `compact` folds at once, and the window is believed to be smaller from now on.
        """
        ...


class Compactor(Protocol):
    """Makes a compactor for each run. One per executor; shared between tasks and threads."""

    def begin(self, scope: CompactionScope) -> RunCompactor:
        """A compactor for a run that begins."""
        ...


class _NoCompaction:
    """Compacts nothing, for any number of runs."""

    usage = Usage()
    folds = 0

    def begin(self, scope: CompactionScope) -> RunCompactor:
        del scope
        return self

    async def compact(
        self, messages: Sequence[Message], *, reported: Usage | None = None
    ) -> Sequence[Message]:
        del reported
        return messages

    def overflowed(self) -> None:
        return


NO_COMPACTION: Compactor = _NoCompaction()
