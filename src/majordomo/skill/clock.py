"""The skill that knows what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import did_you_mean
from majordomo.llm import BadArguments, tool
from majordomo.skill.skill import Skill

__all__ = ["clock_skill"]

_INSTRUCTIONS = (
    "You do not know the current time: ask time_now. Use time_convert for times in other zones. "
    "Zones are IANA names such as Europe/Oslo."
)


def clock_skill(clock: Clock = SYSTEM_CLOCK) -> Skill:
    """The tools `time_now` and `time_convert`.

    Args:
        clock: Tells the time.
    """

    @tool(inline=True)
    def time_now(timezone: str = "UTC") -> str:
        """Tell the current date and time, in ISO 8601.

        Args:
            timezone: IANA name of the zone, such as Europe/Oslo.
        """
        return _shown(clock.wall().astimezone(_zone(timezone)))

    @tool(inline=True)
    def time_convert(time: str, from_timezone: str, to_timezone: str) -> str:
        """Convert a time from one time zone to another, in ISO 8601.

        Args:
            time: ISO 8601 date and time, or a time of today such as 14:30. An offset in it wins
                over from_timezone.
            from_timezone: IANA name of the zone the time is in.
            to_timezone: IANA name of the zone to convert to.
        """
        source, target = _zone(from_timezone), _zone(to_timezone)
        return _shown(_moment(time, source, clock).astimezone(target))

    return Skill(name="clock", instructions=_INSTRUCTIONS, tools=(time_now, time_convert))


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _moment(text: str, zone: tzinfo, clock: Clock) -> datetime:
    """Read a time; one without a date is of the clock's today in its zone."""
    text = text.strip()
    try:
        if len(text) <= 8 and ":" in text:
            today = clock.wall().astimezone(zone).date()
            found = datetime.combine(today, time.fromisoformat(text))
        else:
            found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    except ValueError as error:
        raise BadArguments(
            f"{text[:80]!r} is not an ISO 8601 time; write 2026-01-31T14:30 or 14:30"
        ) from error


def _zone(name: str) -> tzinfo:
    name = name.strip()
    if name.upper() in ("UTC", "Z"):
        return UTC  # known without any time zone data
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: "Europe" is a folder
        raise BadArguments(_unknown_zone(name[:80])) from error


def _unknown_zone(name: str) -> str:
    zones = _zones()
    if not zones:
        return "this machine has no time zone data, only UTC works; fix: pip install tzdata"
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(zones)}
    city = cities.get(name.lower().replace(" ", "_"))
    hint = f"; did you mean {city!r}?" if city else did_you_mean(name, zones)
    return f"there is no time zone {name!r}{hint or '; use an IANA name such as Europe/Oslo'}"


@cache
def _zones() -> frozenset[str]:
    """All zone names; found by walking the file system, so only once."""
    return frozenset(available_timezones())
