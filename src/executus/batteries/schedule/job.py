"""What is to be done when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from executus.errors import SetupError

__all__ = ["Job", "Misfire", "Overlap", "ScheduledJob"]


class Misfire(StrEnum):
    """What happens to ticks that nobody was there to fire."""

    SKIP = "skip"
    """Nothing."""
    ONCE = "once"
    """The last of them is fired."""
    ALL = "all"
    """Each is fired, from the oldest; one after another with `Overlap.WAIT`."""


class Overlap(StrEnum):
    """What happens to a tick while an earlier one of the same job goes on."""

    SKIP = "skip"
    """It is left out."""
    WAIT = "wait"
    """It begins when the earlier ones have ended."""
    ALLOW = "allow"
    """It begins at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to do by the clock.

    Attributes:
        id: Unique in a store.
        cron: See `CronTime`.
        zone: Name of a time zone.
        payload: The host's own words about what to do; JSON values.
        key: Whose share of the lane it takes; its id when empty.
        misfire: What happens to ticks nobody was there for.
        overlap: What happens to a tick while an earlier one goes on in this process.
        jitter_s: Most seconds a tick is put off, by chance, so that not all begin at once.
        enabled: Whether it fires; ticks of a disabled job are left out.
        extra: Fields that a later release wrote; kept as they are.

    Raises:
        SetupError: The id is empty, a text is none, `jitter_s` is negative, or missed ticks are all
            to be fired (`Misfire.ALL`) and left out while one goes on (`Overlap.SKIP`).
    """

    id: str
    cron: str
    zone: str = "UTC"
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    key: str = ""
    misfire: Misfire = Misfire.ONCE
    overlap: Overlap = Overlap.SKIP
    jitter_s: float = 0.0
    enabled: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("id", "cron", "zone", "key"):
            if not isinstance(getattr(self, name), str):
                raise SetupError(f"a job's {name} must be a text, not {getattr(self, name)!r:.100}")
        if not self.id.strip():
            raise SetupError("a job needs an id")
        if not 0 <= self.jitter_s < float("inf"):
            raise SetupError(f"jitter_s must be at least 0, not {self.jitter_s}")
        object.__setattr__(self, "misfire", Misfire(self.misfire))
        object.__setattr__(self, "overlap", Overlap(self.overlap))
        if self.misfire is Misfire.ALL and self.overlap is Overlap.SKIP:
            raise SetupError(
                f"job {self.id!r}: misfire=all needs overlap=wait or allow, or ticks are left out"
            )

    def as_json(self) -> dict[str, Any]:
        """The job as plain JSON values."""
        values = {**self.extra, **{name: getattr(self, name) for name in _NAMES}}
        words = {"misfire": str(self.misfire), "overlap": str(self.overlap)}
        return {**values, **words, "payload": dict(self.payload)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote, also by a later release.

        Raises:
            SetupError: A value is out of its range, or of a kind only a later release knows.
        """
        known = {name: values[name] for name in _NAMES if name in values}
        extra = {name: value for name, value in values.items() if name not in _NAMES}
        try:
            return cls(**known, extra=extra)
        except (TypeError, ValueError, AttributeError) as error:
            raise SetupError(f"job {values.get('id')!r} cannot be read: {error}") from error


_NAMES = tuple(one.name for one in fields(Job) if one.name != "extra")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """A job in a store.

    Attributes:
        job: The job.
        next_fire: Its next tick, in UTC; None when there will be none.
    """

    job: Job
    next_fire: datetime | None
