"""How long a server asks to wait (wire/README §6)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["retry_after_s"]


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
