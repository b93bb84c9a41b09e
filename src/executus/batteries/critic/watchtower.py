"""Looks at a run now and then, and knows what has changed since, and how fast it spends."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from executus.batteries.critic.view import RunView
from executus.run import RunWatch

__all__ = ["Watchtower"]

_WINDOW_S = 60.0


class Watchtower:
    """Makes the views of one run.

    Args:
        watch: The run.
    """

    def __init__(self, watch: RunWatch) -> None:
        self._watch = watch
        self._last: tuple[int, int, int] = (0, 0, 0)
        self._changed_s = watch.tally.elapsed_s
        self._samples: deque[tuple[float, int | None, Decimal | None]] = deque()
        self._samples.append((self._changed_s, 0, Decimal(0)))

    def view(self) -> RunView:
        """The run at this moment."""
        tally, messages = self._watch.tally, self._watch.messages
        elapsed = tally.elapsed_s
        mark = (tally.steps, tally.tool_calls, len(messages))
        if mark != self._last:
            self._last, self._changed_s = mark, elapsed
        cost = tally.cost
        tokens_rate, cost_rate = self._rates(
            elapsed, tally.usage.total if tally.steps else 0, cost.amount if cost else None
        )
        return RunView(
            info=self._watch.info,
            messages=messages,
            steps=tally.steps,
            tool_calls=tally.tool_calls,
            usage=tally.usage,
            cost=cost,
            elapsed_s=elapsed,
            idle_s=elapsed - self._changed_s,
            tokens_per_minute=tokens_rate,
            cost_per_minute=cost_rate,
        )

    def _rates(
        self, now: float, tokens: int | None, cost: Decimal | None
    ) -> tuple[float | None, Decimal | None]:
        """What was spent in the last minute; less time counts as a whole one."""
        self._samples.append((now, tokens, cost))
        while len(self._samples) > 2 and self._samples[1][0] <= now - _WINDOW_S:
            self._samples.popleft()
        begin_s, begin_tokens, begin_cost = self._samples[0]
        minutes = max(now - begin_s, _WINDOW_S) / _WINDOW_S
        tokens_rate = cost_rate = None
        if tokens is not None and begin_tokens is not None:
            tokens_rate = (tokens - begin_tokens) / minutes
        if cost is not None and begin_cost is not None:
            cost_rate = (cost - begin_cost) / Decimal(str(minutes))
        return tokens_rate, cost_rate
