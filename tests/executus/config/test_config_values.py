"""How the text of a setting is read."""

import pytest

from executus.config import parse_duration
from executus.config.values import looks_secret, parse_bool, parse_float, parse_int, parse_list


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("250ms", 0.25),
        ("2d", 172_800),
        ("1d2h3m4s5ms", 93_784.005),
        ("1.5h", 5400),
        ("90", 90),
        ("0.5", 0.5),
        (" 1H30M ", 5400),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_in_seconds(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "s", "5 m", "-5s", "30m1h", "5m5m", "inf", "nan", "1e3", "5x", "٣s", "1h 30m", "9" * 400],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("read", "text", "wanted"),
    [
        (lambda t: parse_int(t, 1, 8), "0", "at least 1"),
        (lambda t: parse_int(t, 1, 8), "9", "at most 8"),
        (parse_int, "1.5", "a whole number"),
        (parse_int, "9" * 5000, "a whole number"),
        (lambda t: parse_float(t, 0.5), "0.4", "at least 0.5"),
        (parse_float, "nan", "a finite number"),
        (parse_float, "much", "a number"),
        (lambda t: parse_duration(t, maximum=60), "2m", "at most 60"),
        (lambda t: parse_duration(t, minimum=60), "59", "at least 60"),
        (parse_bool, "maybe", "1, true, yes, on"),
    ],
)
def test_a_refusal_says_what_would_fit_and_not_what_was_there(read, text, wanted):
    with pytest.raises(ValueError, match=wanted) as caught:
        read(text)
    if len(text) > 3:
        assert text not in str(caught.value)


def test_the_ends_of_a_range_belong_to_it():
    assert [parse_int("1", 1, 8), parse_int("8", 1, 8)] == [1, 8]
    assert parse_duration("1m", 60, 60) == 60


def test_switches_and_lists():
    assert [parse_bool(t) for t in ("1", "TRUE", "yes", "On")] == [True] * 4
    assert [parse_bool(t) for t in ("0", "False", "no", "off")] == [False] * 4
    assert parse_list(" a, b ,,c,") == ("a", "b", "c")


def test_what_may_be_a_secret_is_known_by_key_or_value():
    assert looks_secret("search.api_key", "x")
    assert looks_secret("db", "postgres://me:pw@host/x")
    assert not looks_secret("tier.fast", "openai/x")
