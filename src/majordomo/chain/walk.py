"""One request's way along a chain: who is asked next, and what an outcome means for that.

Decides and keeps the score; asking is the business of `Chain` and `ChainStream`, so that both go
by the same table.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from majordomo.chain.errors import (
    ChainDeadline,
    ChainExhausted,
    TargetOutcome,
    skipped_while_benched,
)
from majordomo.chain.events import (
    Advance,
    Attempt,
    Bench,
    ChainEvent,
    Retry,
    Skip,
    Success,
    notify,
    observers_of,
)
from majordomo.chain.fitness import mismatch, unconfigured, without_state
from majordomo.chain.plan import Plan
from majordomo.errors import APIError, ErrorKind
from majordomo.health import MAX_BENCH_S, Admission, Verdict
from majordomo.llm.model import Model
from majordomo.llm.request import Request

__all__ = ["Try", "Walk"]


class Try:
    """One attempt at one target. Its verdict is reported to the tracker at most once."""

    __slots__ = ("admission", "model", "number", "request", "settled", "started", "target")

    def __init__(
        self, model: Model, request: Request, admission: Admission, *, number: int, started: float
    ) -> None:
        self.model = model
        self.target = model.target
        self.request = request
        self.admission = admission
        self.number = number
        self.started = started
        self.settled = False


class Walk:
    """The state of one request."""

    def __init__(self, plan: Plan, request: Request) -> None:
        self._plan = plan
        self._request = request
        self._observers = observers_of(plan.observer)
        self._started = plan.clock.monotonic()
        self.ends = self._started + (plan.policy.deadline_s or math.inf)
        self._outcomes = [TargetOutcome(target=model.target) for model in plan.models]
        self._order = list(range(len(plan.models)))
        self._place = 0  # in _order
        self._last_resort = plan.policy.all_benched == "probe"
        self._window: int | None = None  # a target needs a larger one since a context overflow
        self._last_error: Exception | None = None
        self._begin()

    def _begin(self) -> None:
        """Nothing has happened yet at the target of this place."""
        self._sent = self._request
        self._retries = 0
        self._wait_s = 0.0

    # -- asking -----------------------------------------------------------------------------------

    async def next(self) -> Try:
        """The next attempt to make; waits first when it is a retry.

        Raises:
            ChainExhausted: There is none.
        """
        if self._wait_s > 0:
            await self._plan.clock.sleep(self._wait_s)
            self._wait_s = 0.0
        while True:
            while self._place < len(self._order):
                tried = self._admit()
                if tried is not None:
                    return tried
                self._move()
            if not self._add_last_resort():
                raise ChainExhausted(self._outcomes) from self._last_error

    def _admit(self) -> Try | None:
        index = self._order[self._place]
        model = self._plan.models[index]
        reason = self._unfit(model)
        if reason:
            self._skip(index, f"skipped, {reason}")
            return None
        early = self._place >= len(self._plan.models)
        admission = self._plan.health.admit(model.target, early=early)
        if admission.verdict is Verdict.BENCHED:
            self._skip_benched(index, admission)
            return None
        return self._try(index, model, admission)

    def _try(self, index: int, model: Model, admission: Admission) -> Try:
        number = self._outcomes[index].attempts + 1
        self._outcomes[index] = TargetOutcome(target=model.target, attempts=number)
        now = self._plan.clock.monotonic()
        if self._observers:  # most requests have none, and each is an attempt and a success
            probe = admission.verdict is Verdict.PROBE
            elapsed_s = now - self._started
            self._tell(
                Attempt(target=model.target, elapsed_s=elapsed_s, number=number, probe=probe)
            )
        return Try(model, self._sent, admission, number=number, started=now)

    def _unfit(self, model: Model) -> str:
        if self._window is not None and not _is_larger(model, self._window):
            return f"no context window over {self._window} tokens is declared for it"
        return mismatch(self._request, model.capabilities)

    def _skip_benched(self, index: int, admission: Admission) -> None:
        self._skip(
            index,
            skipped_while_benched(admission.until, admission.left_s),
            benched_until=admission.until,
            benched_s=admission.left_s,
        )

    def _skip(
        self,
        index: int,
        reason: str,
        *,
        benched_until: datetime | None = None,
        benched_s: float = 0.0,
    ) -> None:
        before = self._outcomes[index]
        self._outcomes[index] = TargetOutcome(
            target=before.target,
            attempts=before.attempts,
            error=before.error,
            skipped=reason,
            benched_until=benched_until,
            benched_s=benched_s,
        )
        if self._observers:
            self._tell(
                Skip(
                    target=before.target,
                    elapsed_s=self._elapsed_s(),
                    reason=reason,
                    benched_until=benched_until,
                )
            )

    def _move(self) -> None:
        self._place += 1
        self._begin()

    def _add_last_resort(self) -> bool:
        """With `all_benched="probe"`, go back once to the benched target that is due first."""
        benched = [i for i, o in enumerate(self._outcomes) if o.benched_until and not o.attempts]
        if not self._last_resort or not benched:
            return False
        self._last_resort = False
        self._order.append(min(benched, key=lambda i: self._outcomes[i].benched_s))
        return True

    # -- judging ----------------------------------------------------------------------------------

    def succeeded(self, tried: Try) -> None:
        """The target answered."""
        if tried.settled:
            return
        tried.settled = True
        self._plan.health.record_success(tried.target, tried.admission)
        if self._observers:
            now = self._plan.clock.monotonic()
            self._tell(
                Success(
                    target=tried.target,
                    elapsed_s=now - self._started,
                    number=tried.number,
                    took_s=now - tried.started,
                )
            )

    def abandon(self, tried: Try) -> None:
        """The attempt ended without a verdict, or had one: a probe is free for the next caller."""
        if not tried.settled:
            tried.settled = True
            self._plan.health.release(tried.target, tried.admission)

    def broke(self, tried: Try, error: Exception) -> None:
        """A stream failed after its first content: charged like any failure, never retried."""
        if not tried.settled and self._plan.classifier(error) is ErrorKind.TRANSIENT:
            self._charge(tried, error)
        self.abandon(tried)

    def goes_on(self, tried: Try, error: Exception) -> bool:
        """Note a failed attempt.

        Returns:
            Whether `next` has something to say; otherwise the error is the request's end.
        """
        if isinstance(error, APIError):
            error.with_attempt(tried.number)
        lacks = unconfigured(error)
        if lacks:
            return self._unconfigured(error, lacks)
        self._last_error = error
        index = self._order[self._place]
        self._outcomes[index] = replace(self._outcomes[index], error=error)
        return self._judge(tried, error)

    def _judge(self, tried: Try, error: Exception) -> bool:
        match self._plan.classifier(error):
            case ErrorKind.TRANSIENT:
                return self._transient(tried, error)
            case ErrorKind.NOT_FOUND | ErrorKind.UNSUPPORTED:
                return self._advance(error)
            case ErrorKind.CONTEXT_OVERFLOW:
                return self._overflow(tried, error)
            case ErrorKind.HISTORY_REJECTED:
                return self._strip(tried, error) or self._permanent(error)
            case ErrorKind.LOCAL:
                # Another target may have a free pool; a defect of the program has no second try.
                return isinstance(error, APIError) and self._advance(error)
            case ErrorKind.AUTH | ErrorKind.QUOTA | ErrorKind.PERMANENT:
                return self._permanent(error)

    def _unconfigured(self, error: Exception, lacks: str) -> bool:
        if len(self._plan.models) == 1:
            return False  # its own words say best what to set
        index = self._order[self._place]
        self._last_error = self._last_error or error
        self._outcomes[index] = TargetOutcome(target=self._outcomes[index].target)
        self._skip(index, f"skipped, {lacks}")
        self._move()
        return True

    def _transient(self, tried: Try, error: Exception) -> bool:
        policy = self._plan.policy
        retry_after_s = _retry_after_s(error)
        self._charge(tried, error)
        if self._retries >= policy.transient_retries or self._plan.health.benched_s(tried.target):
            return self._advance(error)
        wait_s = policy.backoff(self._retries + 1, retry_after_s, self._plan.random())
        if self._plan.clock.monotonic() + wait_s >= self.ends:
            return self._advance(error)  # the deadline would end the wait: another may answer now
        self._retries += 1
        self._retry(tried, error, wait_s)
        return True

    def _charge(self, tried: Try, error: Exception) -> None:
        """Report a failure of the target; bench it when the server asks for a long pause."""
        health, target = self._plan.health, tried.target
        retry_after_s = _retry_after_s(error)
        tried.settled = True
        benched = health.record_failure(target, retry_after_s, tried.admission)
        if retry_after_s is not None and retry_after_s > self._plan.policy.max_retry_after_s:
            benched = benched or not health.benched_s(target)
            health.bench(target, min(retry_after_s, MAX_BENCH_S))
        if benched:
            left_s = health.benched_s(target)
            self._tell(
                Bench(target=target, elapsed_s=self._elapsed_s(), cause=error, left_s=left_s)
            )

    def _strip(self, tried: Try, error: Exception) -> bool:
        stripped = without_state(self._sent)
        if stripped is None:
            return False
        self._sent = stripped
        self._retry(tried, error, 0.0, without_state=True)
        return True

    def _retry(
        self, tried: Try, error: Exception, wait_s: float, *, without_state: bool = False
    ) -> None:
        self._wait_s = wait_s
        self._tell(
            Retry(
                target=tried.target,
                elapsed_s=self._elapsed_s(),
                number=tried.number + 1,
                cause=error,
                wait_s=wait_s,
                without_state=without_state,
            )
        )

    def _overflow(self, tried: Try, error: Exception) -> bool:
        window = tried.model.capabilities.context_tokens
        rest = self._plan.models[self._place + 1 :]
        if window is None or not any(_is_larger(model, window) for model in rest):
            return False
        self._window = window
        return self._advance(error)

    def _permanent(self, error: Exception) -> bool:
        return self._plan.policy.advance_on_permanent and self._advance(error)

    def _advance(self, error: Exception) -> bool:
        target = self._outcomes[self._order[self._place]].target
        self._move()
        after = self._order[self._place : self._place + 1]
        to = self._plan.models[after[0]].target if after else None
        self._tell(Advance(target=target, elapsed_s=self._elapsed_s(), cause=error, to=to))
        return True

    # -- ending -----------------------------------------------------------------------------------

    def out_of_time(self) -> ChainDeadline:
        """The error for a request that reached the chain's deadline."""
        index = self._order[self._place]
        asked = [o for o in self._outcomes if o.attempts or o.skipped]
        return ChainDeadline(
            self._plan.policy.deadline_s or 0.0,
            target=self._outcomes[index].target,
            attempts=asked,
        )

    def share_s(self) -> float | None:
        """Seconds this attempt has to begin its answer, so that the targets after it get a turn.

        None for the last target, and without a deadline: then only what is left bounds it.
        """
        remaining = len(self._order) - self._place
        left_s = self.left_s()
        return None if left_s is None or remaining < 2 else left_s / remaining

    def overdue(self, tried: Try, share_s: float) -> APIError:
        """The failure of a target that used up its share of the time."""
        return APIError(
            f"no answer within {share_s:g} s, its share of the chain's time",
            provider=tried.target.provider,
            model=tried.target.model,
            kind=ErrorKind.TRANSIENT,
            code="timeout",
        )

    def left_s(self) -> float | None:
        """Seconds until the deadline; None when there is none."""
        if self.ends == math.inf:
            return None
        return max(0.0, self.ends - self._plan.clock.monotonic())

    def _elapsed_s(self) -> float:
        return self._plan.clock.monotonic() - self._started

    def _tell(self, event: ChainEvent) -> None:
        notify(self._observers, event)


def _is_larger(model: Model, window: int) -> bool:
    return (model.capabilities.context_tokens or 0) > window


def _retry_after_s(error: Exception) -> float | None:
    return error.retry_after_s if isinstance(error, APIError) else None
