"""Ten years of twenty time zones: every change of clocks, against the oracle.

`make soak` takes all of them with every expression, and whole years minute by minute; the short
form takes one year of each zone.
"""

import os
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from cronoracle import first_of, ticks

from executus.batteries.schedule import CronTime

ZONES = [
    "Africa/Cairo",  # took it up again in 2023
    "Africa/Casablanca",  # back for each Ramadan
    "America/Havana",  # at midnight
    "America/New_York",
    "America/Nuuk",  # at ten in the evening, and moved
    "America/Santiago",  # at midnight, south
    "America/Sao_Paulo",  # at midnight, until 2019
    "America/St_Johns",  # half an hour off
    "Antarctica/Troll",  # by two hours
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kolkata",  # never
    "Asia/Tehran",  # until 2022
    "Atlantic/Azores",
    "Australia/Lord_Howe",  # by half an hour
    "Europe/Berlin",
    "Europe/Dublin",  # winter is the exception
    "Europe/London",
    "Pacific/Chatham",  # three quarters off
    "Pacific/Easter",
]
CRONS = [
    "30 2 * * *",
    "0 0 * * *",
    "15,45 0-3 * * *",
    "59 23 * * *",
    "30 22 * * 6,0",
    "*/15 * * * *",
    "20 * * * *",
    "*/20 1-2 * * *",
]
SOAK = bool(os.environ.get("CRON_SOAK_ZONES"))
YEARS = range(2016, 2026)
WHOLE_CRON = "30 0,2 * * 1-6"


def changes(zone, years):
    """The days on which the clocks of a zone are changed."""
    place, day = ZoneInfo(zone), first_of(years[0], 1, 1)
    while day < first_of(years[-1] + 1, 1, 1):
        following = day + timedelta(days=1)
        if day.astimezone(place).utcoffset() != following.astimezone(place).utcoffset():
            yield day
        day = following


def walked(cron, zone, start, end):
    times, found = CronTime(cron, zone), []
    instant = times.after(start)
    while instant is not None and instant <= end:
        found.append(instant)
        instant = times.after(instant)
    return found


def test_the_zones_change_their_clocks_often_enough_to_tell():
    assert len(set(ZONES)) == 20
    assert sum(1 for zone in ZONES for _ in changes(zone, YEARS)) > 250


@pytest.mark.slow
@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_clocks_is_as_the_oracle_says(zone):
    year = YEARS[ZONES.index(zone) % len(YEARS)]
    years, crons = (YEARS, CRONS) if SOAK else ([year], CRONS[:1] + CRONS[5:6])
    for day in changes(zone, years):
        start, end = day - timedelta(hours=12), day + timedelta(hours=42 if SOAK else 30)
        for cron in crons:
            assert walked(cron, zone, start, end) == ticks(cron, zone, start, end), (day, cron)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SOAK, reason="set CRON_SOAK_ZONES=1; every minute of ten years takes long")
@pytest.mark.parametrize("zone", ZONES)
def test_every_minute_of_ten_years_is_as_the_oracle_says(zone):
    start, end = first_of(YEARS[0], 1, 1), first_of(YEARS[-1] + 1, 1, 1)
    assert walked(WHOLE_CRON, zone, start, end) == ticks(WHOLE_CRON, zone, start, end)
