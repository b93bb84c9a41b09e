"""The default compactor: folds a conversation when it nears its window, then sends the fold again.

Between two folds a turn costs what its new messages cost: they are weighed, nothing else is looked
at. Reasoning that a model wrote after a fold is bound to that fold, which does not change, and so
stays valid until the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from executus.compact.fold import Draft, fold
from executus.compact.seam import CompactionScope
from executus.compact.summary import ModelSummariser, Summarise, Summariser
from executus.compact.turns import Turn, find_task, split_turns
from executus.compact.weights import Gauge, Scale, Weight, fixed_tokens
from executus.errors import SetupError
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import Message, Model, Role, Usage

__all__ = ["DEFAULT_CONTEXT_TOKENS", "ContextCompactor", "ContextRun"]

logger = logging.getLogger("executus.compact")

DEFAULT_CONTEXT_TOKENS = 128_000
"""The window of a model that declares none: what today's hosted models have at least."""

_MOST_SUMMARY_TOKENS = 8_192  # reasoning included
_AFTER_OVERFLOW = 0.75
_LEAST_WINDOW = 256
_LEAST_ROOM = 0.1
_NOTHING = Usage()


class ContextCompactor:
    """Keeps what is sent below the model's context window.

    At `trigger` of the window the conversation is folded to `target` of it. System messages, the
    task and the recent turns stay; the middle is folded by tiers (`executus.compact.fold`). Where
    that is not enough, as with one message that alone is too long, those are cut in what is sent:
    only when the window is known, or a provider has refused what was sent. A failure is logged and
    ignored; the run then goes on with what it last sent. Safe to share between runs, tasks and
    threads.

    Args:
        context_tokens: The window in tokens; instead of what the model declares. Without either it
            is `DEFAULT_CONTEXT_TOKENS`; of a chain, the smallest one declared. Give it for servers
            that drop what is too long without a word (Ollama does).
        trigger: Share of the window at which is folded, above `target`, at most 1. The rest of the
            window is for the answer and for what the estimate misses.
        target: Share of the window that a fold comes down to, above 0.
        keep_recent: Turns at the end that are kept whole while half the target holds them, at least
            1; a turn is a message, or calls with their results.
        summarise: Answers a prompt with a summary, by a cheap model say; by default the run's own
            model is asked. `NO_SUMMARY` asks nobody: old turns are then dropped with a note.
        summary_timeout_s: Most seconds for one summary, above 0.
        clock: Limits that time.

    Raises:
        SetupError: A figure is out of its range.
    """

    def __init__(
        self,
        *,
        context_tokens: int | None = None,
        trigger: float = 0.75,
        target: float = 0.5,
        keep_recent: int = 10,
        summarise: Summarise | None = None,
        summary_timeout_s: float = 60.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if not 0 < target < trigger <= 1:
            raise SetupError(
                f"compaction needs 0 < target < trigger <= 1, not target={target:g} and "
                f"trigger={trigger:g}"
            )
        if keep_recent < 1 or not summary_timeout_s > 0:
            raise SetupError("compaction needs keep_recent of at least 1 and a timeout above 0")
        if context_tokens is not None and context_tokens < _LEAST_WINDOW:
            raise SetupError(f"context_tokens must be at least {_LEAST_WINDOW}")
        self.context_tokens = context_tokens
        self.trigger = trigger
        self.target = target
        self.keep_recent = keep_recent
        self.summarise = summarise
        self.summary_timeout_s = summary_timeout_s
        self.clock = clock

    def begin(self, scope: CompactionScope) -> ContextRun:
        """A compactor for a run that begins."""
        return ContextRun(self, scope, window=self.context_tokens or _declared_window(scope.model))


class ContextRun:
    """One run's compaction; made by `ContextCompactor.begin`.

    Attributes:
        folds: How often the conversation was folded.
    """

    def __init__(
        self, options: ContextCompactor, scope: CompactionScope, *, window: int | None
    ) -> None:
        self.folds = 0
        self._options = options
        self._scope = scope
        self._guessed = window is None
        self._window = window or DEFAULT_CONTEXT_TOKENS
        self._own: ModelSummariser | None = None
        self._scale = Scale()
        self._gauge = Gauge()
        self._fixed = fixed_tokens(scope.system, scope.tools)
        self._cap: float | None = None
        self._forced = False
        self._sent: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._turns: tuple[Turn, ...] = ()
        self._fold: tuple[Message, ...] | None = None
        self._folded = 0
        self._seen: tuple[int, Message | None, Message | None] = (0, None, None)
        self._weight = 0
        self._patience = 0.0

    @property
    def usage(self) -> Usage:
        """Tokens of the summaries the run's own model wrote."""
        return self._own.usage if self._own else _NOTHING

    def _summariser(self) -> Summariser:
        options = self._options
        if self._own is None:
            most_tokens = min(_MOST_SUMMARY_TOKENS, max(1, self._window // 8))
            self._own = ModelSummariser(self._scope.model, max_tokens=most_tokens)
        return Summariser(
            options.summarise or self._own,
            clock=options.clock,
            timeout_s=options.summary_timeout_s,
        )

    async def compact(
        self, messages: Sequence[Message], *, reported: Usage | None = None
    ) -> Sequence[Message]:
        """See `RunCompactor.compact`."""
        try:
            self._learn(reported)
            self._follow(messages)
            if self._is_due(messages):
                await self._fold_now(messages)
        except Exception:
            logger.exception("compaction failed and was ignored")
            self._wait_for_growth()
        self._sent = self._weight + self._fixed
        return self._as_sent(messages)

    def overflowed(self) -> None:
        """See `RunCompactor.overflowed`."""
        window = self._estimated_window()
        # In estimated tokens, as that is what was too much, whatever the ratio will prove to be.
        sent = window if self._sent is None else min(window, self._sent)
        self._guessed = False
        self._cap = max(_LEAST_WINDOW, sent * _AFTER_OVERFLOW)
        self._sent = None
        self._patience = 0.0
        self._forced = True

    def _learn(self, reported: Usage | None) -> None:
        if self._sent and reported is not None:
            self._gauge.learn(self._sent, reported)

    def _follow(self, messages: Sequence[Message]) -> None:
        """Weigh what was added; a transcript that is another one is begun anew."""
        count, first, last = self._seen
        if count and (
            len(messages) < count or messages[0] is not first or messages[count - 1] is not last
        ):
            self._begin()
            count = 0
        if not count:  # an earlier run may have weighed all but the last ones
            self._weight = self._scope.fragments.joined(Weight, messages, Weight).tokens
        elif len(messages) > count:
            self._weight += self._scale.weigh_all(messages[count:])
        if len(messages) > count:
            self._seen = (len(messages), messages[0], messages[-1])

    def _estimated_window(self) -> float:
        window = self._window / self._gauge.ratio
        return window if self._cap is None else min(window, self._cap)

    def _is_due(self, messages: Sequence[Message]) -> bool:
        if not messages or messages[-1].role is Role.ASSISTANT:
            return False  # an unfinished turn goes on only behind the history it began with
        limit = max(self._estimated_window() * self._options.trigger, self._patience)
        return self._forced or self._weight + self._fixed > limit

    async def _fold_now(self, messages: Sequence[Message]) -> None:
        options, window = self._options, self._estimated_window()
        task = find_task(messages, self._scope.keep) if self._fold is None else None
        draft = Draft(
            (*self._turns, *split_turns(messages[self._folded :], task=task)),
            room=self._room(window),
            keep_recent=options.keep_recent,
            scale=self._scale,
        )
        await fold(
            draft,
            self._summariser(),
            most_prompt_tokens=max(1, int(window * options.trigger)),
            squeeze=not self._guessed,
        )
        self._forced = False
        self._turns, self._fold = tuple(draft.turns), draft.messages
        self._folded = len(messages)
        self._weight = draft.weight
        self._scale.keep_only(message for turn in self._turns for message in turn.messages)
        self._patience = 0.0
        if self._weight + self._fixed > window * options.target:
            self._wait_for_growth()
        self.folds += 1

    def _room(self, window: float) -> int:
        """What a fold leaves for messages: not nothing, however long the instructions are."""
        below_target = window * self._options.target - self._fixed
        below_trigger = window * self._options.trigger - self._fixed
        return max(1, int(max(below_target, below_trigger / 2, window * _LEAST_ROOM)))

    def _wait_for_growth(self) -> None:
        """Try no more before the conversation has grown by half of what a fold should gain."""
        gain = self._options.trigger - self._options.target
        slack = self._estimated_window() * gain / 2
        self._patience = self._weight + self._fixed + slack
        self._forced = False

    def _as_sent(self, messages: Sequence[Message]) -> Sequence[Message]:
        if self._fold is None:
            return messages
        return (*self._fold, *messages[self._folded :])


def _declared_window(model: Model) -> int | None:
    """The smallest one, of a model that stands for several as a chain does."""
    models: Sequence[Model] = getattr(model, "models", (model,))
    known = [m.capabilities.context_tokens for m in models]
    return min((tokens for tokens in known if tokens), default=None)
