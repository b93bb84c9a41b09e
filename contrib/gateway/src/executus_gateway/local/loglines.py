"""The log's text: a line per event with its checksum, read back with every doubt named. No I/O."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from executus_gateway.errors import StateDamaged
from executus_gateway.schema import FORMAT_VERSION, Event, Snapshot

__all__ = ["ReadLog", "decode_log", "decode_snapshot", "encode_event", "encode_snapshot"]

CHECK_CHARS = 8


@dataclass(frozen=True, slots=True)
class ReadLog:
    """A log that was read.

    Attributes:
        events: Its events, those of the snapshot left out.
        good_bytes: Where it ends; what is behind was never acknowledged.
        torn_bytes: How much that is.
    """

    events: Sequence[Event]
    good_bytes: int
    torn_bytes: int


def encode_event(event: Event) -> bytes:
    """One line, its end included."""
    return _line(event.model_dump_json().encode())


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """One line as well."""
    return _line(snapshot.model_dump_json().encode())


def decode_snapshot(data: bytes, name: str) -> Snapshot:
    """Read a snapshot's file.

    Args:
        data: All of it.
        name: Of the file, for messages.

    Raises:
        StateDamaged: It is not whole, or of a newer version.
    """
    if not data.endswith(b"\n"):
        raise StateDamaged(f"{name} is cut off: restore it from a backup, or move it away")
    body = _checked(data[:-1], name, 1)
    try:
        snapshot = Snapshot.model_validate_json(body)
    except ValidationError as error:
        raise StateDamaged(f"{name} is of another version: update executus-gateway") from error
    if snapshot.version > FORMAT_VERSION:
        raise StateDamaged(
            f"{name} has format {snapshot.version}, this version reads up to {FORMAT_VERSION}: "
            "update executus-gateway"
        )
    return snapshot


def decode_log(data: bytes, name: str, after: int) -> ReadLog:
    """Read a log's file.

    Args:
        data: All of it.
        name: Of the file, for messages.
        after: Sequence of the snapshot; events up to it are skipped.

    Raises:
        StateDamaged: A line other than a cut-off last one does not fit; names it.
    """
    events: list[Event] = []
    start = 0
    number = 0
    last: int | None = None
    while (end := data.find(b"\n", start)) >= 0:
        number += 1
        event = _event(data[start:end], name, number)
        _follows(event, last, after, f"{name}, line {number}")
        last = event.sequence
        if event.sequence > after:
            events.append(event)
        start = end + 1
    return ReadLog(events, start, len(data) - start)


def _line(body: bytes) -> bytes:
    return b"%08x " % zlib.crc32(body) + body + b"\n"


def _event(line: bytes, name: str, number: int) -> Event:
    body = _checked(line, name, number)
    try:
        return Event.model_validate_json(body)
    except ValidationError as error:
        raise StateDamaged(
            f"{name}, line {number}, is of another version: update executus-gateway"
        ) from error


def _checked(line: bytes, name: str, number: int) -> bytes:
    check, body = line[:CHECK_CHARS], line[CHECK_CHARS + 1 :]
    if line[CHECK_CHARS : CHECK_CHARS + 1] != b" " or check != b"%08x" % zlib.crc32(body):
        raise StateDamaged(
            f"{name}, line {number}, was changed: its checksum does not fit; restore the folder "
            "from a backup"
        )
    return body


def _follows(event: Event, last: int | None, after: int, where: str) -> None:
    expected = after + 1 if last is None else last + 1
    late = event.sequence > expected if last is None else event.sequence != expected
    if late:
        raise StateDamaged(
            f"{where}, has event {event.sequence} where {expected} belongs: lines are missing; "
            "restore the folder from a backup"
        )
