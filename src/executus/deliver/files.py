"""Answers as files in a folder."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path

from executus.deliver.errors import DeliveryFailed
from executus.deliver.parcel import Parcel
from majordomo.threads import call_in_thread

__all__ = ["FileDeliverer"]

_PLAIN_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
# Names that mean a device on Windows, whatever follows their first dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9])", re.I)
_MOST_NAME_BYTES = 100
_PASSING = frozenset(
    (errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.EMFILE, errno.ENFILE, errno.ETIMEDOUT)
)


class FileDeliverer:
    """Writes `<key>.txt` and beside it `<key>.<number>.<name>` for each attachment.

    A key that is no plain file name is turned into one, with a digest so that no two keys share it.
    The same key replaces the same files: a parcel delivered twice is there once. Each file appears
    whole or not at all, the text last, and can be read by its owner only.

    Args:
        folder: Made when it is missing, with those above it.

    Example:
        >>> import anyio, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     anyio.run(FileDeliverer(folder).deliver, Parcel(key="r1", text="It is 42."))
        ...     (Path(folder) / "r1.txt").read_text()
        'It is 42.'
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    async def deliver(self, parcel: Parcel) -> None:
        """Write the files, in a worker thread; a cancelled delivery may still come to its end.

        Raises:
            DeliveryFailed: The folder or a file cannot be written; the message says why.
        """
        try:
            await call_in_thread(self._write_all, parcel)
        except OSError as error:
            raise DeliveryFailed(
                f"could not write into {str(self._folder)!r}: {error.strerror or error}",
                retryable=error.errno in _PASSING,
            ) from error

    def _write_all(self, parcel: Parcel) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        stem = _stem(parcel.key)
        for number, one in enumerate(parcel.attachments, start=1):
            self._write(f"{stem}.{number}.{_plain_name(one.name)}", one.data)
        self._write(f"{stem}.txt", parcel.text.encode("utf-8", "replace"))

    def _write(self, name: str, data: bytes) -> None:
        handle, path = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(path).replace(self._folder / name)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise


def _stem(key: str) -> str:
    """A file name without dots that stands for one key alone."""
    if _PLAIN_KEY.fullmatch(key) and not _DEVICES.fullmatch(key):
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    start = re.sub(r"[^a-z0-9_]+", "-", key.lower()).strip("-")[:60]
    return f"{start or 'key'}-{digest}"


def _plain_name(name: str) -> str:
    """The last part of a name, of characters every file system takes, its extension kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c if c.isalnum() or c in "._- " else "_" for c in last).strip(". ")
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension.encode()) > _MOST_NAME_BYTES // 2:
        stem, dot, extension = kept, "", ""
    room = _MOST_NAME_BYTES - len((dot + extension).encode())
    return (stem.encode()[:room].decode(errors="ignore") + dot + extension) or "attachment"
