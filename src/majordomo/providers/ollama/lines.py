"""JSON objects from the lines of a stream, also when one object is spread over several.

Some servers answer a streaming request with one pretty-printed object, or put `data:` before
each line (wire/ollama §5.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic_core import from_json

from majordomo.http import LineTooLong
from majordomo.http.ndjson import MAX_LINE_BYTES
from majordomo.providers.faults import parse_json

__all__ = ["ObjectLines"]

_PREFIX = b"data:"
# A string of JSON, or one that the line does not end.
_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*(?:"|\\?\Z)', re.DOTALL)


class ObjectLines:
    """Joins lines until they are a JSON value; each line is looked at once."""

    __slots__ = ("_depth", "_lines", "_size")

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._depth = 0
        self._size = 0

    @property
    def pending(self) -> bool:
        """Whether a value has begun and not ended."""
        return bool(self._lines)

    def take(self, line: bytes) -> Sequence[object]:
        """Take the next line; return the one value it completes, or none.

        Raises:
            ValueError: It cannot belong to a value.
            LineTooLong: The lines of one value passed the cap of a line.
        """
        if not self._lines:
            try:
                return (from_json(line),)
            except ValueError:
                line = line.strip()
        return self._join(line.removeprefix(_PREFIX).strip())

    def _join(self, line: bytes) -> Sequence[object]:
        if not line:
            return ()
        self._size += len(line)
        if self._size > MAX_LINE_BYTES:
            raise LineTooLong(f"an object of the stream is over {MAX_LINE_BYTES} bytes")
        self._lines.append(line)
        # Brackets tell when a try is worth it: parsing all of it for every line would be quadratic.
        bare = _STRING.sub(b"", line)
        self._depth += sum(map(bare.count, (b"{", b"["))) - sum(map(bare.count, (b"}", b"]")))
        if self._depth > 0:
            return ()
        whole = b"\n".join(self._lines)
        self._lines, self._depth, self._size = [], 0, 0
        return (parse_json(whole),)
