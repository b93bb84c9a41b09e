"""How values are written: records whole as JSON, moments as microseconds, any text as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["blob", "from_blob", "json_text", "microseconds", "moment", "values_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def json_text(values: Mapping[str, Any]) -> str:
    """A record as JSON, in ASCII: models write texts that UTF-8 cannot hold."""
    return json.dumps(values, separators=(",", ":"), default=str)


def values_of(text: str) -> Any:
    """What `json_text` wrote."""
    return json.loads(text)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(at_us: int) -> datetime:
    """The moment, in UTC."""
    return _EPOCH + timedelta(microseconds=at_us)


def blob(text: str) -> bytes:
    """Any text, also one that UTF-8 cannot hold."""
    return text.encode("utf-8", "surrogatepass")


def from_blob(value: bytes) -> str:
    """What `blob` wrote."""
    return value.decode("utf-8", "surrogatepass")
