"""How long a server asks to wait (wire/README §6)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["rate_reset_s", "retry_after_s"]

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, or None when no header says so in a form we trust.

    Reads `retry-after-ms`, then `retry-after` as float seconds or HTTP date. Negative, NaN and
    infinite values count as not said; a date in the past means 0. Of a repeated header the first
    value counts.

    Args:
        headers: Response headers, names in lower case.
        now: The current time, aware.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    return seconds if seconds is not None else _until(value, now)


def rate_reset_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until each limit that is used up begins anew, as a 429 without a delay tells it.

    Reads `anthropic-ratelimit-…-reset` (a time) and `x-ratelimit-reset-…` (such as `6m0s`). A limit
    of which something is left says nothing about the refusal, and does not count.

    Args:
        headers: Response headers, names in lower case.
        now: The current time, aware.
    """
    resets = [_reset(value, now) for value in _used_up(headers)]
    return max((reset for reset in resets if reset is not None), default=None)


def _used_up(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        if name.startswith("anthropic-ratelimit-") and name.endswith("-reset"):
            left = name.removesuffix("reset") + "remaining"
        elif name.startswith("x-ratelimit-reset-"):
            left = name.replace("-reset-", "-remaining-", 1)
        else:
            continue
        if _number(headers.get(left)) == 0:
            yield value


def _reset(value: str, now: datetime) -> float | None:
    if _DURATION.fullmatch(value):
        return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))
    try:
        return max(0.0, (datetime.fromisoformat(value) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: a time without its zone
        return None


def _number(value: str | None) -> float | None:
    try:
        number = float((value or "").split(",")[0])
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(value: str | None, now: datetime) -> float | None:
    try:
        when = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())
