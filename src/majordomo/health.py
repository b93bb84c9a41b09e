"""Which targets are worth asking now: failures in a row bench a target for a cooldown.

Per target, in the words of a circuit breaker:

    ok ──(N failures in a row)──▶ benched ──(cooldown over)──▶ half open ──(probe answers)──▶ ok
                                     ▲                              │
                                     └──────(the probe fails)───────┘

In the half-open state one caller at a time is let through; the others still skip the target, so
that a server that comes back is not met by everyone at once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm.response import Target

__all__ = [
    "MAX_BENCH_S",
    "Admission",
    "HealthPolicy",
    "HealthState",
    "HealthTracker",
    "TargetHealth",
    "Verdict",
]

MAX_BENCH_S = 86_400.0
"""Longest a target is benched at once: one day. A server that asks for more is asked again then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPolicy:
    """When a target is benched, and for how long.

    Attributes:
        failure_threshold: Failures in a row that bench a target, at least 1.
        cooldown_s: Seconds of the first bench; doubles with every further one until a success.
        max_cooldown_s: Most seconds the doubling gets to; a server may ask for more.

    Raises:
        ValueError: A figure is out of its range.
    """

    failure_threshold: int = 2
    cooldown_s: float = 30.0
    max_cooldown_s: float = 600.0

    def __post_init__(self) -> None:
        if self.failure_threshold < 1:
            raise ValueError(f"failure_threshold must be at least 1, not {self.failure_threshold}")
        if not 0 < self.cooldown_s <= self.max_cooldown_s <= MAX_BENCH_S:
            raise ValueError(
                "cooldown_s must be above 0 s and at most max_cooldown_s, and that at most "
                f"{MAX_BENCH_S:g} s; they are {self.cooldown_s:g} s and {self.max_cooldown_s:g} s"
            )


class HealthState(StrEnum):
    """How a target stands."""

    OK = "ok"
    BENCHED = "benched"
    HALF_OPEN = "half_open"
    """The cooldown is over, or a probe is out; no success has been seen yet."""


class Verdict(StrEnum):
    """Whether a caller may ask a target."""

    OK = "ok"
    PROBE = "probe"
    """Yes, as the only one: the caller must report how it went, or `release` the probe."""
    BENCHED = "benched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The answer to one caller.

    Attributes:
        verdict: Whether it may ask.
        until: When the bench ends, in UTC; None unless benched, and None while another caller's
            probe is what there is to wait for.
        left_s: Seconds until then; 0 without a time.
        probe: Number of the probe, from 1; 0 without one.
    """

    verdict: Verdict
    until: datetime | None = None
    left_s: float = 0.0
    probe: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHealth:
    """One target in a snapshot.

    Attributes:
        target: Which.
        state: How it stands.
        failures: Failures in a row.
        benched_until: When the bench ends or ended, in UTC; None when it is not benched.
        left_s: Seconds until then, 0 when that is past.
    """

    target: Target
    state: HealthState
    failures: int
    benched_until: datetime | None
    left_s: float


_ADMITTED = Admission(verdict=Verdict.OK)


class _Record:
    """What is known against one target. Times are on the clock's monotonic scale."""

    __slots__ = ("failures", "next_cooldown_s", "not_before", "probe", "until")

    def __init__(self, cooldown_s: float) -> None:
        self.failures = 0
        self.next_cooldown_s = cooldown_s
        self.not_before = 0.0  # the latest time a server asked to wait for
        self.until: float | None = None  # end of the bench; None when there is none
        self.probe = 0


class HealthTracker:
    """The health of targets, shared by all chains that ask them. Thread-safe.

    Every operation but `snapshot` takes constant time. A target nothing is held against takes no
    memory.

    Args:
        clock: Tells the time.
        policy: When to bench, and for how long.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK, policy: HealthPolicy = HealthPolicy()) -> None:
        self._clock = clock
        self._policy = policy
        self._lock = threading.Lock()
        self._records: dict[Target, _Record] = {}
        self._probes = 0

    def admit(self, target: Target, *, early: bool = False) -> Admission:
        """Ask whether to ask a target.

        Args:
            target: Which.
            early: Probe a benched target before its cooldown is over.

        Returns:
            `OK`; or `PROBE` to one caller when the cooldown is over; else `BENCHED`.
        """
        with self._lock:
            record = self._records.get(target)
            if record is None or record.until is None:
                return _ADMITTED
            left_s = record.until - self._clock.monotonic()
            if not record.probe and (early or left_s <= 0):
                self._probes += 1
                record.probe = self._probes
                return Admission(verdict=Verdict.PROBE, probe=record.probe)
            if left_s <= 0:
                return Admission(verdict=Verdict.BENCHED)
            until = self._clock.wall() + timedelta(seconds=left_s)
            return Admission(verdict=Verdict.BENCHED, until=until, left_s=left_s)

    def release(self, target: Target, admission: Admission) -> None:
        """Give a probe back that ended without a verdict: the next caller may probe.

        Does nothing when the admission was no probe, or its verdict is known already.
        """
        with self._lock:
            record = self._records.get(target)
            if record is not None and record.probe == admission.probe:
                record.probe = 0

    def record_success(self, target: Target, admission: Admission | None = None) -> None:
        """An attempt was answered: failures and cooldown start anew, a half-open target is ok.

        An answer to an attempt from before the bench does not end the bench: what the server, or
        whoever called `bench`, said later counts.

        Args:
            target: Which.
            admission: What the attempt was let in by; without it, the attempt counts as a new one.
        """
        with self._lock:
            record = self._records.get(target)
            if record is None or _is_late(record, admission):
                return
            running = record.until is not None and record.until > self._clock.monotonic()
            if running and not record.probe:
                record.failures = 0
                record.next_cooldown_s = self._policy.cooldown_s
            else:
                del self._records[target]

    def record_failure(
        self,
        target: Target,
        retry_after_s: float | None = None,
        admission: Admission | None = None,
    ) -> bool:
        """An attempt failed for a reason that is the target's.

        Args:
            target: Which.
            retry_after_s: Seconds the server asked to wait. Lengthens the cooldown, also one that
                runs already; at most `MAX_BENCH_S` of them count.
            admission: What the attempt was let in by; without it, the attempt counts as a new one.

        Returns:
            Whether this failure benched the target. Those that come in while it is benched do not
            bench it again: they are of attempts that began before.
        """
        with self._lock:
            now = self._clock.monotonic()
            record = self._record(target)
            record.failures += 1
            wait_s = min(retry_after_s or 0.0, MAX_BENCH_S)
            record.not_before = max(record.not_before, now + wait_s)
            if record.until is None:
                if record.failures < self._policy.failure_threshold:
                    return False
            elif _is_late(record, admission) or (not record.probe and now < record.until):
                record.until = max(record.until, record.not_before)
                return False
            cooldown_s = record.next_cooldown_s
            record.next_cooldown_s = min(2 * cooldown_s, self._policy.max_cooldown_s)
            record.until = max(record.until or 0.0, now + cooldown_s, record.not_before)
            record.probe = 0
            return True

    def bench(self, target: Target, seconds: float) -> None:
        """Take a target out for a time; never shortens a bench that runs.

        Args:
            target: Which.
            seconds: 0 to `MAX_BENCH_S`.

        Raises:
            ValueError: `seconds` is out of that range.
        """
        if not 0 <= seconds <= MAX_BENCH_S:
            raise ValueError(f"a bench lasts 0 to {MAX_BENCH_S:g} s, not {seconds:g} s")
        with self._lock:
            record = self._record(target)
            record.until = max(record.until or 0.0, self._clock.monotonic() + seconds)
            record.probe = 0

    def unbench(self, target: Target) -> None:
        """Forget everything held against a target."""
        with self._lock:
            self._records.pop(target, None)

    def benched_s(self, target: Target) -> float:
        """Seconds until a bench ends; 0 when the target is not benched or may be probed."""
        with self._lock:
            record = self._records.get(target)
            if record is None or record.until is None:
                return 0.0
            return max(0.0, record.until - self._clock.monotonic())

    def snapshot(self) -> tuple[TargetHealth, ...]:
        """How every target stands that something is held against; the others are ok."""
        with self._lock:
            now, wall = self._clock.monotonic(), self._clock.wall()
            return tuple(_describe(t, r, now, wall) for t, r in self._records.items())

    def _record(self, target: Target) -> _Record:
        record = self._records.get(target)
        if record is None:
            record = self._records[target] = _Record(self._policy.cooldown_s)
        return record


def _is_late(record: _Record, admission: Admission | None) -> bool:
    """Whether a verdict is of an attempt from before the bench: the probe's alone counts now."""
    if admission is None or record.until is None:
        return False
    return admission.probe == 0 or admission.probe != record.probe


def _describe(target: Target, record: _Record, now: float, wall: datetime) -> TargetHealth:
    if record.until is None:
        return TargetHealth(
            target=target,
            state=HealthState.OK,
            failures=record.failures,
            benched_until=None,
            left_s=0.0,
        )
    running = record.until > now and not record.probe
    return TargetHealth(
        target=target,
        state=HealthState.BENCHED if running else HealthState.HALF_OPEN,
        failures=record.failures,
        benched_until=wall + timedelta(seconds=record.until - now),
        left_s=max(0.0, record.until - now),
    )
