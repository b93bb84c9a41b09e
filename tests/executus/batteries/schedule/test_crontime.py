"""When cron expressions mean, against an oracle that steps through every minute."""

import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cronoracle import first_of, ticks

from executus import SetupError
from executus.batteries.schedule import CronTime

CHANGES = [
    ("Europe/Berlin", first_of(2026, 3, 29)),
    ("Europe/Berlin", first_of(2026, 10, 25)),
    ("America/New_York", first_of(2026, 3, 8)),
    ("America/New_York", first_of(2026, 11, 1)),
    ("Australia/Lord_Howe", first_of(2026, 4, 4)),  # by half an hour
    ("Australia/Lord_Howe", first_of(2026, 10, 3)),
    ("America/Sao_Paulo", first_of(2018, 11, 4)),  # at midnight: the day begins at one
    ("America/Sao_Paulo", first_of(2019, 2, 17)),
    ("Asia/Kolkata", first_of(2026, 3, 1)),
]
CRONS = [
    "30 2 * * *",
    "0 2 * * *",
    "15,45 1,2 * * *",
    "0 3 * * *",
    "0 0 * * *",
    "59 1-3 * * *",
    "30 0 * * 0",
    "*/15 * * * *",
    "30 * * * *",
    "*/20 2 * * *",
    "5 */2 * * *",
    "0 12 1,29 * 0",
    "30 1 25 10 *",
    "*/30 2-2 * * *",
    "30 2-2/1,22 * * *",
]


def walked(cron, zone, start, end):
    times, found = CronTime(cron, zone), []
    instant = times.after(start)
    while instant is not None and instant <= end:
        found.append(instant)
        instant = times.after(instant)
    return found


@pytest.mark.parametrize("cron", CRONS)
@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_ticks_are_those_of_the_oracle(zone, day, cron):
    start, end = day - timedelta(hours=18), day + timedelta(hours=36)
    assert walked(cron, zone, start, end) == ticks(cron, zone, start, end)


@pytest.mark.parametrize("cron", ["30 1 * * *", "30 2 * * *", "*/30 * * * *", "59 0-3 * * *"])
@pytest.mark.parametrize(("zone", "day"), CHANGES[:4])
def test_it_does_not_matter_from_when_one_asks(zone, day, cron):
    expected = ticks(cron, zone, day - timedelta(hours=12), day + timedelta(hours=60))
    times = CronTime(cron, zone)
    for minutes in range(0, 24 * 60, 13):
        instant = day - timedelta(hours=6) + timedelta(minutes=minutes, seconds=minutes % 60)
        assert times.after(instant) == next(one for one in expected if one > instant)


def random_cron(chance):
    def field(low, high):
        kind = chance.random()
        if kind < 0.3:
            return "*"
        if kind < 0.45:
            return f"*/{chance.randint(2, max(2, high // 3))}"
        if kind < 0.6:
            first = chance.randint(low, high - 1)
            return f"{first}-{chance.randint(first, high)}"
        return ",".join(str(chance.randint(low, high)) for _ in range(chance.randint(1, 3)))

    hour = field(0, 23) if chance.random() < 0.5 else field(0, 4)
    day, month, week = field(1, 28), "*", field(0, 6)
    return " ".join([field(0, 59), hour, day if chance.random() < 0.3 else "*", month, week])


@pytest.mark.slow
@pytest.mark.timeout(int(os.environ.get("CRON_SOAK_S", "120")))
def test_random_expressions_agree_with_the_oracle():
    """`CRON_SOAK` is the number of expressions; `make soak` takes many."""
    chance = random.Random(7)
    for _ in range(int(os.environ.get("CRON_SOAK", "60"))):
        zone, day = chance.choice(CHANGES)
        cron = random_cron(chance)
        start, end = day - timedelta(hours=10), day + timedelta(hours=20)
        assert walked(cron, zone, start, end) == ticks(cron, zone, start, end), (cron, zone, day)


def test_a_day_that_is_left_out_whole_is_left_out():
    """Samoa had no 30 December 2011: a change of a day is no daylight saving."""
    found = walked(
        "0 12 * * *", "Pacific/Apia", datetime(2011, 12, 28, tzinfo=UTC), first_of(2012, 1, 2)
    )
    walls = [str(one) for one in found]
    assert walls == [
        "2011-12-28 22:00:00+00:00",
        "2011-12-29 22:00:00+00:00",
        "2011-12-30 22:00:00+00:00",
        "2011-12-31 22:00:00+00:00",
        "2012-01-01 22:00:00+00:00",
    ]


def test_what_never_comes_is_none():
    assert CronTime("0 0 30 2 *").after(first_of(2026, 1, 1)) is None


def test_the_latest_tick_is_found_however_long_nobody_looked():
    begin = first_of(2020, 1, 1)
    assert CronTime("* * * * *").latest(begin, first_of(2026, 1, 1)) == first_of(2026, 1, 1)
    assert CronTime("0 0 1 7 *").latest(begin, first_of(2026, 1, 1)) == first_of(2025, 7, 1)
    assert CronTime("0 0 1 7 *").latest(begin, first_of(2020, 2, 1)) is None


@pytest.mark.parametrize("macro", ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"])
def test_macros_are_read(macro):
    assert CronTime(macro).after(datetime(2026, 1, 1, 0, 30, tzinfo=UTC)).minute == 0


@pytest.mark.parametrize(
    ("cron", "zone"),
    [
        ("* * * *", "UTC"),
        ("* * * * * *", "UTC"),
        ("61 * * * *", "UTC"),
        ("x * * * *", "UTC"),
        ("@reboot", "UTC"),
        ("", "UTC"),
        ("* * * * *", "Mars/Base"),
        ("* * * * *", "../etc/passwd"),
        ("* * * * *", ""),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(cron, zone):
    with pytest.raises(SetupError):
        CronTime(cron, zone)


def test_without_the_extra_importing_works_and_using_names_the_cure():
    code = """
import sys
sys.modules["croniter"] = None
from executus.batteries.schedule import CronTime, Job
Job(id="x", cron="@daily")
try:
    CronTime("@daily")
except Exception as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "executus[schedule]" in done.stdout


@pytest.mark.parametrize(
    ("cron", "same"), [("0 0 * * mon-MON", "0 0 * * 1"), ("0 0 * feb-feb *", "0 0 * 2 *")]
)
def test_a_range_from_a_name_to_itself_is_that_one(cron, same):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert CronTime(cron).after(at) == CronTime(same).after(at)
