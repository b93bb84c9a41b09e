"""Values as a page says them: times, JSON, long texts cut where nobody reads on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from typing import Any

from pydantic_core import from_json, to_json

from executus.runpage import duration, moment

__all__ = ["first_line", "iso", "pretty", "pretty_json", "took", "when"]

MAX_LINE = 120


def when(at_ms: int, zone: tzinfo | None = None) -> str:
    """A time to the second; None is this machine's zone. Empty for never."""
    return moment(_at(at_ms), zone) if at_ms else ""


def iso(at_ms: int) -> str:
    """A time for machines, in UTC.

    >>> iso(1_000)
    '1970-01-01T00:00:01+00:00'
    """
    return _at(at_ms).isoformat()


def took(begin_ms: int, end_ms: int) -> str:
    """How long something took; empty while it lasts.

    >>> took(1_000, 3_500), took(1_000, 0)
    ('2.5 s', '')
    """
    return duration((end_ms - begin_ms) / 1000) if end_ms else ""


def pretty(value: Any) -> str:
    """A JSON value over several lines.

    >>> print(pretty({"name": "Rex"}))
    {
      "name": "Rex"
    }
    """
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return to_json(value, fallback=str).decode("utf-8", "replace")


def pretty_json(text: str) -> str:
    """JSON text over several lines; what is none, or no longer one, as it is."""
    try:
        return pretty(from_json(text))
    except ValueError:
        return text


def first_line(text: str) -> str:
    """The first line that says something, cut where it gets long."""
    line = next((found for line in text.splitlines() if (found := line.strip())), "")
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…"


def _at(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
