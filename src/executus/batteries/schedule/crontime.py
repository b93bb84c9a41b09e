"""The instants a cron expression means in a time zone, daylight saving included.

The fields are read by `croniter`; what happens when clocks are changed is cron(8)'s rule. A job at
fixed times (neither minute nor hour begin with `*`) fires once in an hour that comes twice, the
first time, and at once after an hour that is left out. Others go by the clock on the wall. Changes
of three hours and more are no daylight saving: what they leave out is left out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from executus.errors import SetupError
from majordomo.errors import MissingExtra

__all__ = ["CronTime"]

_SECOND, _HOUR, _WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(weeks=1)
_DAYLIGHT = timedelta(hours=3)
_ONE_TO_ITSELF = re.compile(r"\b(\w+)-\1(?:/\d+)?\b", re.IGNORECASE)
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class CronTime:
    """A cron expression in a time zone.

    Args:
        cron: Five fields (minute, hour, day of month, month, day of week), or `@daily` and the
            like. When both days are restricted, either one is enough.
        zone: A name of the time zone database, such as `Europe/Berlin`.

    Raises:
        SetupError: The expression or the zone cannot be read.
        MissingExtra: `croniter` is not installed.

    Example:
        >>> daily = CronTime("30 2 * * *", "Europe/Berlin")
        >>> print(daily.after(datetime(2026, 3, 29, tzinfo=UTC)))  # no half past two that night
        2026-03-29 01:00:00+00:00
    """

    def __init__(self, cron: str, zone: str = "UTC") -> None:
        fields = _MACROS.get(cron.strip(), cron).split()
        try:
            self._zone = ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise SetupError(
                f"the time zone {zone!r} is unknown; use a name such as Europe/Berlin"
            ) from error
        if len(fields) != 5:
            raise SetupError(f"the cron expression {cron!r} has not five fields")
        self._croniter = _load()
        # croniter reads 17-17 and mon-mon as every value.
        self._cron = _ONE_TO_ITSELF.sub(r"\1", " ".join(fields))
        self._fixed = not (fields[0].startswith("*") or fields[1].startswith("*"))
        try:
            self._croniter(self._cron, datetime(2026, 1, 1))  # noqa: DTZ001 - a time on the wall
        except (ValueError, TypeError) as error:
            raise SetupError(f"the cron expression {cron!r} cannot be read: {error}") from error

    def after(self, instant: datetime) -> datetime | None:
        """The first instant after this one, in UTC; None when there is none, as on 30 February."""
        now = instant.astimezone(UTC).replace(microsecond=0)
        wall = self._wall(now)
        if (last := self._change(now - _DAYLIGHT, now)) is not None:
            wall = max(wall, self._resumed(last))
        while (first := self._match(wall)) is not None:
            found = (first - self._offset(now)).replace(tzinfo=UTC)
            change = self._change(now, found)
            if change is None:
                return found
            end = self._wall(change)
            left_out = timedelta() < self._gained(change) < _DAYLIGHT
            if self._fixed and left_out and first < end:
                return change
            now, wall = change, max(end - _SECOND, self._resumed(change))
        return None

    def latest(self, begin: datetime, end: datetime) -> datetime | None:
        """The last instant after `begin` that is not after `end`; None when there is none."""
        back = _HOUR
        while True:
            start = max(begin, end - back)
            last, found = None, self.after(start)
            while found is not None and found <= end:
                last, found = found, self.after(found)
            if last is not None or start == begin:
                return last
            back *= 8

    def _resumed(self, change: datetime) -> datetime:
        """The time on the wall after which jobs fire again: not in an hour that comes twice."""
        gained = self._gained(change)
        if self._fixed and -_DAYLIGHT < gained < timedelta():
            return self._wall(change) - gained - _SECOND
        return self._wall(change) - _SECOND

    def _gained(self, change: datetime) -> timedelta:
        """By how much the clocks were put forward."""
        return self._offset(change) - self._offset(change - _SECOND)

    def _change(self, begin: datetime, end: datetime) -> datetime | None:
        """When clocks are first changed, after `begin` and up to `end`."""
        early = begin
        while early < end:
            late = min(early + _WEEK, end)
            if self._offset(late) != self._offset(early):
                return self._narrowed(early, late)
            early = late
        return None

    def _narrowed(self, early: datetime, late: datetime) -> datetime:
        before = self._offset(early)
        while late - early > _SECOND:
            middle = early + (late - early) // _SECOND // 2 * _SECOND
            if self._offset(middle) == before:
                early = middle
            else:
                late = middle
        return late

    def _match(self, wall: datetime) -> datetime | None:
        """The first time on the wall that matches, after one; None when none does for 50 years."""
        try:
            return self._croniter(self._cron, wall).get_next(datetime)
        except ValueError:
            return None

    def _offset(self, instant: datetime) -> timedelta:
        return instant.astimezone(self._zone).utcoffset() or timedelta()

    def _wall(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone).replace(tzinfo=None, fold=0)


def _load() -> Any:
    try:
        return import_module("croniter").croniter
    except ImportError as error:
        raise MissingExtra("reading cron expressions", extra="schedule") from error
