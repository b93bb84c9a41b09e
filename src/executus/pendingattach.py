"""Attachments that wait for delivery: shared by a tree of runs, each content given out once."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self, TypeAlias

from executus.errors import ExecutusError, SetupError
from majordomo.llm import ImagePart, sniff_mime

__all__ = ["Attachment", "AttachmentBound", "AttachmentRefused", "Outbox", "PendingAttachments"]

AttachmentBound: TypeAlias = Literal["count", "bytes"]

_TYPES = mimetypes.MimeTypes()  # Python's own table, so that every machine answers the same
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+( *; *[!-~]+)*", re.ASCII)
_UNKNOWN = "application/octet-stream"


class AttachmentRefused(ExecutusError):
    """A tree of runs has as many attachments as it may; the message is one a model can act on.

    Args:
        sentence: What was refused, why, and what would help.
        bound: Which bound it met.
    """

    def __init__(self, sentence: str, *, bound: AttachmentBound) -> None:
        self.bound: AttachmentBound = bound
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes out with an answer.

    Attributes:
        data: Its content.
        media_type: As `image/png`, parameters allowed.
        name: File name for people; nothing says that a file system can take it.
        digest: SHA-256 of the content, in hexadecimal.

    Raises:
        ValueError: The media type is none.
    """

    data: bytes = field(repr=False)
    media_type: str
    name: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError(f"{self.media_type!r} is no media type; write one such as text/plain")
        object.__setattr__(self, "digest", hashlib.sha256(self.data).hexdigest())

    @property
    def size(self) -> int:
        """Bytes of content."""
        return len(self.data)

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str = "", media_type: str = "") -> Self:
        """Wrap bytes.

        Args:
            data: The content.
            name: Without one it is `attachment`, with the extension of the type.
            media_type: Without one it is what the first bytes of an image say, or else the
                extension of the name, or else `application/octet-stream`.
        """
        found = media_type or sniff_mime(data) or _TYPES.guess_type(name)[0] or _UNKNOWN
        plain = found.partition(";")[0].strip()
        return cls(
            data=data,
            media_type=found,
            name=name or f"attachment{_TYPES.guess_extension(plain) or '.bin'}",
        )

    @classmethod
    def from_path(cls, path: str | Path, *, media_type: str = "") -> Self:
        """Read a file; its name is the path's last part.

        Raises:
            OSError: It cannot be read.
        """
        file = Path(path)
        return cls.from_bytes(file.read_bytes(), name=file.name, media_type=media_type)

    @classmethod
    def from_image(cls, image: ImagePart, *, name: str = "") -> Self:
        """Take an image of a message, its type as it is declared there."""
        return cls.from_bytes(image.data, name=name, media_type=image.mime)


class Outbox(Protocol):
    """Holds what a tree of runs will deliver. Called from any thread; must answer at once."""

    def add(self, attachment: Attachment) -> bool:
        """Take one; False when its content is, or was, there already.

        Raises:
            AttachmentRefused: There are as many as may be.
        """
        ...

    def take(self) -> tuple[Attachment, ...]:
        """Give out what nobody has been given yet, in the order it was added."""
        ...

    def put_back(self, attachments: Iterable[Attachment]) -> None:
        """Take back what was given out and could not be delivered."""
        ...


class PendingAttachments:
    """The shipped outbox, in memory: make one per root run, share it with all runs below.

    Two attachments of the same content are one, whatever their names. Thread-safe: when two runs
    take at the same time, each attachment goes to one of them.

    Args:
        max_count: Most attachments ever added.
        max_bytes: Most bytes ever added.

    Raises:
        SetupError: A bound is negative.

    Example:
        >>> pending = PendingAttachments()
        >>> note = Attachment.from_bytes(b"hello", name="note.txt")
        >>> pending.add(note), pending.add(note)
        (True, False)
        >>> [one.name for one in pending.take()], pending.take()
        (['note.txt'], ())
    """

    def __init__(self, *, max_count: int = 32, max_bytes: int = 32 * 1024 * 1024) -> None:
        if min(max_count, max_bytes) < 0:
            raise SetupError("max_count and max_bytes of attachments must be at least 0")
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}  # of every digest ever added, in order
        self._waiting: dict[int, Attachment] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def add(self, attachment: Attachment) -> bool:
        """Take one; False when its content is there already, or has been given out.

        Raises:
            AttachmentRefused: It would be one too many, or too many bytes.
        """
        with self._lock:
            if attachment.digest in self._places:
                return False
            self._check(attachment)
            place = self._places[attachment.digest] = len(self._places)
            self._waiting[place] = attachment
            self._bytes += attachment.size
            return True

    def _check(self, attachment: Attachment) -> None:
        if len(self._places) >= self._max_count:
            raise AttachmentRefused(
                f"{attachment.name!r} was not attached: {self._max_count} attachments are all an "
                "answer may have; say in the text what it shows",
                bound="count",
            )
        left = self._max_bytes - self._bytes
        if attachment.size > left:
            raise AttachmentRefused(
                f"{attachment.name!r} was not attached: it has {attachment.size:,} bytes and only "
                f"{left:,} of {self._max_bytes:,} are left; attach something smaller",
                bound="bytes",
            )

    def take(self) -> tuple[Attachment, ...]:
        """Give out what waits, in the order it was added; each is given once, to one caller."""
        with self._lock:
            taken = tuple(self._waiting[place] for place in sorted(self._waiting))
            self._waiting.clear()
            return taken

    def put_back(self, attachments: Iterable[Attachment]) -> None:
        """Let what could not be delivered wait again, in its old place.

        Raises:
            ValueError: One was never added here; none is taken back.
        """
        with self._lock:
            returned: dict[int, Attachment] = {}
            for one in attachments:
                if one.digest not in self._places:
                    raise ValueError(f"{one.name!r} was not given out here")
                returned[self._places[one.digest]] = one
            self._waiting.update(returned)
