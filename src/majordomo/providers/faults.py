"""What an error answer says: extraction and classification shared by all wires.

Source: wire/README §6. Wires refine the result with their vendor's own codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic_core import from_json

from majordomo.errors import ErrorKind

__all__ = [
    "TRUNCATED",
    "Fault",
    "WireFault",
    "find_fault",
    "kind_of_status",
    "parse_json",
    "text_fault",
]

MAX_MESSAGE_CHARS = 500

_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, *range(520, 530)})
_OVERFLOW = re.compile(
    r"context_length_exceeded|prompt is too long|exceed context limit|exceed_context_size"
    r"|maximum context length|input token count.{0,40}exceeds",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A vendor's error, before it is known which attempt it belongs to.

    Attributes:
        message: The vendor's words, at most 500 characters.
        type: The vendor's error type, such as `overloaded_error`.
        code: The vendor's error code, such as `context_length_exceeded`.
        param: The request field it names.
        status: HTTP status it stands for, when it came inside a 200 answer.
        kind: What it means; None leaves that to the status.
        retry_after_s: Seconds to wait, when the body says so.
        details: The error's list of further objects, for the wire to read (Google).
    """

    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None
    kind: ErrorKind | None = None
    retry_after_s: float | None = None
    details: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


TRUNCATED = Fault(
    message="the stream ended before its answer was complete",
    code="truncated_stream",
    kind=ErrorKind.TRANSIENT,
)
"""A stream without its end; what was received may still be shown."""


class WireFault(Exception):
    """Raised by a wire's decoder when the answer is an error."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.message)


def kind_of_status(status: int, text: str = "") -> ErrorKind:
    """What a status means when the vendor's code says nothing more.

    Args:
        status: HTTP status.
        text: Message and codes, searched for signs of a context overflow.
    """
    if status in (400, 413, 422, 500) and _OVERFLOW.search(text):
        return ErrorKind.CONTEXT_OVERFLOW
    if status in (401, 403):
        return ErrorKind.AUTH
    if status == 402:
        return ErrorKind.QUOTA
    if status == 404:
        return ErrorKind.NOT_FOUND
    return ErrorKind.TRANSIENT if status in _TRANSIENT else ErrorKind.PERMANENT


def parse_json(data: bytes) -> object:
    """Parse JSON bytes; a byte-order mark is dropped, broken UTF-8 replaced: neither is fatal.

    Raises:
        ValueError: It is not JSON.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return from_json(data)
    except ValueError:
        return from_json(data.decode("utf-8", "replace"))


def find_fault(body: object) -> Fault | None:
    """The error an answer's body holds, or None when it holds none.

    Looks at `error` (object or string), also in the first element of a list.
    """
    body = _first(body)
    if not isinstance(body, dict):
        return None
    found = cast("Mapping[str, Any]", body)
    error = found.get("error")
    if isinstance(error, Mapping):
        return _from_object(cast("Mapping[str, Any]", error))
    if isinstance(error, str) and error:
        said = found.get("message")  # sd-server: {"error":"server_error","message":"…"}
        return Fault(message=_cut(f"{error}: {said}" if isinstance(said, str) and said else error))
    return None


def text_fault(body: bytes, status: int) -> Fault:
    """The best sentence an error answer's body offers, whatever its form."""
    try:
        parsed = parse_json(body)
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        if not text or text.startswith("<"):
            return Fault(message=f"HTTP {status} without a message")
        return Fault(message=_cut(text))
    fault = find_fault(parsed)
    if fault is not None:
        return fault
    parsed = _first(parsed)
    if isinstance(parsed, dict):
        found = cast("Mapping[str, Any]", parsed)
        said = found.get("message") or _detail(found.get("detail"))
        if said:
            return Fault(message=_cut(str(said)), code=_text(found.get("code")))
    return Fault(message=_cut(body.decode("utf-8", "replace")) or f"HTTP {status}")


def _first(body: object) -> object:
    """A body, or of a list of them the first."""
    while isinstance(body, list):
        items = cast("list[object]", body)
        body = items[0] if items else None
    return body


def _detail(detail: object) -> str:
    if isinstance(detail, list):
        items = cast("list[object]", detail)
        texts = [
            cast("Mapping[str, Any]", i).get("msg") if isinstance(i, Mapping) else i for i in items
        ]
        return "; ".join(str(text) for text in texts if text)
    return str(detail) if detail else ""


def _from_object(error: Mapping[str, Any]) -> Fault:
    code = error.get("code")
    status = code if error.get("status_code") is None else error["status_code"]
    # bool is an int, and OpenRouter's code is an int status.
    is_status = isinstance(status, int) and not isinstance(status, bool) and 400 <= status < 600
    details = error.get("details")
    inner = (
        cast("Mapping[str, Any]", details).get("error_code")
        if isinstance(details, Mapping)
        else None
    )
    message = error.get("message")
    return Fault(
        message=_cut(str(message)) if message else "the provider gave no message",
        type=_text(error.get("type")) or _name(error.get("status")),
        code=_text(inner) or _text(code),
        param=_text(error.get("param")),
        status=status if is_status else None,
        details=_objects(error.get("details")),
    )


def _name(status: object) -> str | None:
    """A status in a word, as Google has it; a number is none."""
    return status if isinstance(status, str) and status else None


def _objects(details: object) -> tuple[Mapping[str, Any], ...]:
    items = cast("list[object]", details) if isinstance(details, list) else []
    return tuple(cast("Mapping[str, Any]", item) for item in items if isinstance(item, Mapping))


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_MESSAGE_CHARS else text[: MAX_MESSAGE_CHARS - 1] + "…"
