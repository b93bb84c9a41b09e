"""Another try, when a delivery failed in a way that may pass."""

from __future__ import annotations

import random
from collections.abc import Callable

from executus.deliver.errors import DeliveryFailed
from executus.deliver.parcel import Deliverer, Parcel
from executus.errors import SetupError
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["Retrying"]


class Retrying:
    """Tries again after a `DeliveryFailed` that is retryable; anything else is raised at once.

    Every attempt has the same key. Of a parcel that arrived in part only what is missing is sent
    again, and each piece has its own attempts. The wait between attempts doubles, with jitter; a
    receiver that names a time is waited for, unless that is longer than the time there is.

    Args:
        deliverer: Asked for each attempt.
        attempts: Most for one parcel or piece, at least 1.
        timeout_s: Most seconds for all attempts and waits together, above 0.
        backoff_s: Seconds of the first wait, at least 0.
        max_backoff_s: Most seconds the doubling gets to.
        clock: Waits, and ends an attempt that hangs.
        jitter: From 0 to 1, anew for each wait, which it shortens by up to half.

    Raises:
        SetupError: A figure is out of its range.
    """

    def __init__(
        self,
        deliverer: Deliverer,
        *,
        attempts: int = 3,
        timeout_s: float = 30.0,
        backoff_s: float = 0.5,
        max_backoff_s: float = 8.0,
        clock: Clock = SYSTEM_CLOCK,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if attempts < 1 or not timeout_s > 0 or not 0 <= backoff_s <= max_backoff_s:
            raise SetupError(
                "attempts must be at least 1, timeout_s above 0, and backoff_s from 0 to "
                "max_backoff_s"
            )
        self._deliverer = deliverer
        self._attempts = attempts
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s
        self._max_backoff_s = max_backoff_s
        self._clock = clock
        self._jitter = jitter

    async def deliver(self, parcel: Parcel) -> None:
        """Deliver, in as many attempts as it may take.

        Raises:
            DeliveryFailed: It did not arrive, or not all of it: `missing`, empty for the whole.
            Exception: What the deliverer raised that is no `DeliveryFailed`.
        """
        left = [parcel]
        ends_s = self._clock.monotonic() + self._timeout_s
        with self._clock.deadline(self._timeout_s):
            await self._deliver_all(left, ends_s)
            return
        raise DeliveryFailed(
            f"it had not arrived after {self._timeout_s:g} s",
            retryable=True,
            missing=_part(left, parcel),
        )

    async def _deliver_all(self, left: list[Parcel], ends_s: float) -> None:
        """Deliver what is left, taking away what has arrived."""
        failures, parcel = 0, left[0]
        while left:
            first = left[0]
            try:
                await self._deliverer.deliver(first)
            except DeliveryFailed as error:
                left[:1] = error.missing or (first,)
                failures += 1
                wait_s = self._wait_s(error, failures)
                time_s = ends_s - self._clock.monotonic()
                if not error.retryable or failures >= self._attempts or wait_s >= time_s:
                    raise DeliveryFailed(
                        str(error) if failures == 1 else f"{failures} attempts failed: {error}",
                        retryable=error.retryable,
                        retry_after_s=error.retry_after_s,
                        missing=_part(left, parcel),
                    ) from error
                await self._clock.sleep(wait_s)
            else:
                del left[0]
                failures = 0

    def _wait_s(self, error: DeliveryFailed, failures: int) -> float:
        if error.retry_after_s is not None:
            return max(0.0, error.retry_after_s)
        longest = min(self._max_backoff_s, self._backoff_s * 2.0 ** min(failures - 1, 60))
        return longest * (1 - self._jitter() / 2)


def _part(left: list[Parcel], parcel: Parcel) -> tuple[Parcel, ...]:
    """What is missing, or nothing when that is the whole parcel."""
    return () if left and left[0] is parcel else tuple(left)
