"""The payloads of a stream as JSON: one that is none is malformed, unless it is the last one."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from majordomo.providers.faults import parse_json

__all__ = ["Payloads"]

_SAY_NOTHING = (b"", b"[DONE]")  # the marker is OpenAI's; some proxies add it to any stream


class Payloads:
    """Parses the payloads of one stream, in order.

    Attributes:
        broken: What was wrong with the last payload. It may only be cut off, which the end of the
            stream tells; that another one follows shows that it was malformed.
    """

    __slots__ = ("broken",)

    def __init__(self) -> None:
        self.broken: ValueError | None = None

    def parse(self, payload: bytes) -> Any:
        """The next payload's value; `{}` for one that says nothing or that is broken.

        Raises:
            ValueError: The payload before this one was malformed.
        """
        if self.broken is not None:
            raise self.broken
        try:
            return from_json(payload)
        except ValueError:
            return self._parse_odd(payload)

    def _parse_odd(self, payload: bytes) -> Any:
        """A payload with broken UTF-8 or a byte-order mark, a marker, or no JSON."""
        if payload.strip() in _SAY_NOTHING:
            return {}
        try:
            return parse_json(payload)
        except ValueError as error:
            self.broken = error
            return {}
