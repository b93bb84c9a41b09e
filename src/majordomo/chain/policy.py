"""How long a chain tries, and when it goes on to the next target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from majordomo.health import MAX_BENCH_S

__all__ = ["ChainPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPolicy:
    """The figures of a chain.

    Attributes:
        transient_retries: Further attempts at the same target after a transient failure.
        backoff_s: Seconds before the first retry; doubles with each, and is jittered by up to half
            of it downwards.
        max_backoff_s: Most seconds the doubling gets to.
        max_retry_after_s: Most seconds of a server's `Retry-After` that are waited for. When it
            asks for more, the target is benched that long and the next one asked.
        deadline_s: Total seconds of one request: dialling, all attempts, waiting and the body.
            None leaves that to the caller. `Settings.timeout_s` bounds each attempt by itself.
        advance_on_permanent: Go on to the next target after a refusal that another target might
            not share (bad key, bad request, used-up quota) instead of raising it at once.
        all_benched: What to do when no target answered and some were skipped as benched: `fail`,
            or `probe` the one that is due first.

    Raises:
        ValueError: A figure is out of its range.
    """

    transient_retries: int = 1
    backoff_s: float = 0.5
    max_backoff_s: float = 8.0
    max_retry_after_s: float = 60.0
    deadline_s: float | None = 600.0
    advance_on_permanent: bool = False
    all_benched: Literal["fail", "probe"] = "fail"

    def __post_init__(self) -> None:
        if self.transient_retries < 0:
            raise ValueError(f"transient_retries must be 0 or more, not {self.transient_retries}")
        if not 0 <= self.backoff_s <= self.max_backoff_s:
            raise ValueError(
                "backoff_s must be 0 s or more and at most max_backoff_s; they are "
                f"{self.backoff_s:g} s and {self.max_backoff_s:g} s"
            )
        if not 0 <= self.max_retry_after_s <= MAX_BENCH_S:
            raise ValueError(
                f"max_retry_after_s must be 0 to {MAX_BENCH_S:g} s, not {self.max_retry_after_s:g}"
            )
        if self.deadline_s is not None and not self.deadline_s > 0:
            raise ValueError(
                f"deadline_s must be above 0 s, or None for none; not {self.deadline_s:g} s"
            )

    def backoff(self, retry: int, retry_after_s: float | None, jitter: float) -> float:
        """Seconds to wait before a retry.

        Args:
            retry: Which retry at this target it will be, from 1.
            retry_after_s: What the server asked for; the backoff is then added to it, so that
                callers who were told the same do not come back at once.
            jitter: 0 to 1, at random.
        """
        # The exponent is bounded: a float overflows at 1024, long after max_backoff_s counts.
        full_s = min(self.backoff_s * 2.0 ** min(retry - 1, 64), self.max_backoff_s)
        return (retry_after_s or 0.0) + full_s * (1 - jitter / 2)
