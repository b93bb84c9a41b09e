from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.http import rate_reset_s, retry_after_s

NOW = datetime(2026, 11, 21, 7, 28, tzinfo=UTC)

SAID = {
    "seconds": ("30", 30.0),
    "zero": ("0", 0.0),
    "float": ("1.5", 1.5),
    "spaces": (" 7 ", 7.0),
    "date": ("Sat, 21 Nov 2026 07:28:30 GMT", 30.0),
    "date without zone": ("Sat, 21 Nov 2026 07:29:00", 60.0),
    "date in another zone": ("Sat, 21 Nov 2026 08:29:00 +0100", 60.0),
    "date in the past": ("Sat, 21 Nov 2026 07:00:00 GMT", 0.0),
    "negative": ("-5", None),
    "nan": ("nan", None),
    "infinite": ("inf", None),
    "overflow": ("1e999", None),
    "huge": ("86400000", 86_400_000.0),
    "duplicate": ("3, 700", 3.0),
    "duplicate date": ("Sat, 21 Nov 2026 07:28:30 GMT, Sat, 21 Nov 2026 07:28:50 GMT", 30.0),
    "empty": ("", None),
    "words": ("soon", None),
    "impossible date": ("Sat, 99 Nov 2026 07:28:30 GMT", None),
}


@pytest.mark.parametrize(("value", "seconds"), SAID.values(), ids=SAID)
def test_retry_after_is_read(value, seconds):
    assert retry_after_s({"retry-after": value}, NOW) == seconds


def test_no_header_says_nothing():
    assert retry_after_s({}, NOW) is None


@pytest.mark.parametrize(
    ("milliseconds", "seconds"),
    [("1500", 1.5), ("0", 0.0), ("250.5", 0.2505), ("2000, 9", 2.0)],
)
def test_milliseconds_win(milliseconds, seconds):
    headers = {"retry-after-ms": milliseconds, "retry-after": "60"}
    assert retry_after_s(headers, NOW) == seconds


@pytest.mark.parametrize("milliseconds", ["-1", "nan", "soon", ""])
def test_broken_milliseconds_give_way_to_seconds(milliseconds):
    headers = {"retry-after-ms": milliseconds, "retry-after": "60"}
    assert retry_after_s(headers, NOW) == 60.0


@given(st.text(max_size=40))
def test_no_value_raises_and_no_answer_is_negative(value):
    seconds = retry_after_s({"retry-after": value, "retry-after-ms": value}, NOW)
    assert seconds is None or seconds >= 0


def openai(requests, tokens):
    return {
        "x-ratelimit-remaining-requests": requests[0],
        "x-ratelimit-reset-requests": requests[1],
        "x-ratelimit-remaining-tokens": tokens[0],
        "x-ratelimit-reset-tokens": tokens[1],
    }


def anthropic(left, reset):
    return {
        "anthropic-ratelimit-input-tokens-remaining": left,
        "anthropic-ratelimit-input-tokens-reset": reset,
    }


RESETS = {
    "minutes and seconds": (openai(("0", "6m0s"), ("9", "1h")), 360.0),
    "milliseconds": (openai(("0", "120ms"), ("9", "1h")), 0.12),
    "hours": (openai(("0", "1h2m3.5s"), ("9", "1ms")), 3723.5),
    "the later of two": (openai(("0", "1s"), ("0", "1m")), 60.0),
    "something is left of each": (openai(("1", "1s"), ("9000", "1m")), None),
    "a duration in words": (openai(("0", "soon"), ("0", "")), None),
    "a bare number": (openai(("0", "17"), ("0", "-5s")), None),
    "a time": (anthropic("0", "2026-11-21T07:28:30Z"), 30.0),
    "a time that is past": (anthropic("0", "2026-11-21T07:27:30Z"), 0.0),
    "a time without a zone": (anthropic("0", "2026-11-21T07:28:30"), None),
    "a time that is none": (anthropic("0", "2026-99-21T07:28:30Z"), None),
    "something is left": (anthropic("5", "2026-11-21T07:28:30Z"), None),
    "what is left is not said": ({"x-ratelimit-reset-requests": "5s"}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), RESETS.values(), ids=RESETS)
def test_the_reset_of_what_is_used_up_is_read(headers, seconds):
    assert rate_reset_s(headers, NOW) == pytest.approx(seconds)


@given(st.text(), st.text())
def test_any_reset_is_a_delay_or_nothing(requests, tokens):
    seconds = rate_reset_s(openai(("0", requests), ("0", tokens)), NOW)
    assert seconds is None or seconds >= 0
