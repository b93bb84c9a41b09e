from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.http import retry_after_s

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
