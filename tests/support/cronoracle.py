"""cron(8) by stepping through every minute: slow, plain, and nothing of the library's own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def values(field, low, high):
    found = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found.update(range(int(first), int(last or first) + 1, int(step or 1)))
    return found


def matcher(cron):
    fields = cron.split()
    sets = [values(field, *span) for field, span in zip(fields, RANGES, strict=True)]
    minutes, hours, days, months, weekdays = sets
    weekdays = {day % 7 for day in weekdays}

    def match(wall):
        day = wall.day in days
        weekday = wall.isoweekday() % 7 in weekdays
        either = fields[2] != "*" and fields[4] != "*"
        good_day = (day or weekday) if either else (day and weekday)
        return wall.minute in minutes and wall.hour in hours and wall.month in months and good_day

    return match


def ticks(cron, zone, start, end):
    """The instants, in UTC, after start and up to end."""
    match, place = matcher(cron), ZoneInfo(zone)
    fixed = not any(field.startswith("*") for field in cron.split()[:2])
    found, instant = [], start
    seen = start.astimezone(place).replace(tzinfo=None)
    for _ in range(180):  # how far the clock on the wall had come before
        earlier = start - (_ + 1) * MINUTE
        seen = max(seen, earlier.astimezone(place).replace(tzinfo=None))
    while instant < end:
        instant += MINUTE
        wall = instant.astimezone(place).replace(tzinfo=None)
        if not fixed:
            fires = match(wall)
        else:
            due = []
            step = seen + MINUTE
            while step <= wall:
                due.append(step)
                step += MINUTE
            fires = any(map(match, due))
        seen = max(seen, wall)
        if fires:
            found.append(instant)
    return found


def first_of(year, month, day):
    return datetime(year, month, day, tzinfo=UTC)
