"""The clock skill, at a fixed time."""

import zoneinfo
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from majordomo.llm import BadArguments
from majordomo.skill import clock, clock_skill

NOON = datetime(2026, 1, 31, 12, 0, 5, 999, tzinfo=UTC)


def tools(moment=NOON):
    skill = clock_skill(SimpleNamespace(wall=lambda: moment))
    return {tool.name: tool.fn for tool in skill.tools}


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({}, "2026-01-31T12:00:05+00:00"),
        ({"timezone": "utc"}, "2026-01-31T12:00:05+00:00"),
        ({"timezone": "Europe/Oslo"}, "2026-01-31T13:00:05+01:00"),
        ({"timezone": " Asia/Kathmandu "}, "2026-01-31T17:45:05+05:45"),
    ],
)
def test_time_now_is_told_in_the_zone(arguments, shown):
    assert tools()["time_now"](**arguments) == shown


@pytest.mark.parametrize(
    ("text", "source", "target", "shown"),
    [
        ("2026-07-01T12:00", "Europe/Oslo", "UTC", "2026-07-01T10:00:00+00:00"),
        ("2026-01-01T12:00:30", "Europe/Oslo", "Asia/Tokyo", "2026-01-01T20:00:30+09:00"),
        ("2026-01-01 12:00", "UTC", "Europe/Oslo", "2026-01-01T13:00:00+01:00"),
        ("2026-01-01T12:00Z", "Asia/Tokyo", "Europe/Oslo", "2026-01-01T13:00:00+01:00"),
        ("14:30", "Europe/Oslo", "UTC", "2026-01-31T13:30:00+00:00"),
    ],
)
def test_time_convert_goes_from_zone_to_zone(text, source, target, shown):
    assert tools()["time_convert"](text, source, target) == shown


def test_a_time_of_today_is_of_today_in_its_own_zone():
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    convert = tools(late)["time_convert"]
    assert convert("08:00", "Asia/Tokyo", "UTC") == "2026-01-31T23:00:00+00:00"


@pytest.mark.parametrize("text", ["", "tomorrow", "25:00", "2026-02-30T10:00", "12:3x"])
def test_a_bad_time_is_refused_with_the_form_wanted(text):
    with pytest.raises(BadArguments, match="is not an ISO 8601 time; write 2026-01-31T14:30"):
        tools()["time_convert"](text, "UTC", "UTC")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Europe/Olso", "did you mean 'Europe/Oslo'"),
        ("europe/berlin ", "'Europe/Berlin'"),
        ("oslo", "did you mean 'Europe/Oslo'"),
        ("New York", "did you mean 'America/New_York'"),
        ("Europe", "there is no time zone 'Europe'"),
        ("../etc/passwd", "there is no time zone"),
        ("", "use an IANA name such as Europe/Oslo"),
    ],
)
def test_an_unknown_zone_is_refused_with_a_suggestion(name, said):
    if name == "europe/berlin ":
        pytest.skip("case-insensitive file systems know it") if _knows("europe/berlin") else None
    with pytest.raises(BadArguments) as caught:
        tools()["time_now"](name)
    assert said in str(caught.value)


def _knows(name):
    try:
        zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError:
        return False
    return True


def test_a_machine_without_zone_data_says_what_to_install(monkeypatch):
    monkeypatch.setattr(clock, "_zones", frozenset)
    with pytest.raises(BadArguments, match="pip install tzdata"):
        tools()["time_now"]("Nowhere/City")


def test_utc_needs_no_zone_data(monkeypatch):
    def missing(name):
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(clock, "ZoneInfo", missing)
    assert tools()["time_now"]("UTC") == "2026-01-31T12:00:05+00:00"
