"""How an entry is kept: with the version of this form, and a seal when there is a key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from executus.errors import ExecutusError, SetupError

__all__ = ["SEAL_VERSION", "JournalRefused", "Sealer"]

SEAL_VERSION = 1
_MIN_KEY_BYTES = 16
_UNSEALED = "-"


class JournalRefused(ExecutusError):
    """A journal is not what this process, with these keys, has written; it is not gone on with."""


class Sealer:
    """Wraps entries: `version:seal:entry`.

    The seal is HMAC-SHA256 over the run id, the position and the entry: an entry that was changed,
    moved or put into another run's journal is refused. Entries cut off at the end are not noticed.

    Args:
        keys: The first one seals, all of them open; none: entries are not sealed.

    Raises:
        SetupError: A key is shorter than 16 bytes.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[bytes]) -> None:
        if any(len(key) < _MIN_KEY_BYTES for key in keys):
            raise SetupError(f"a journal's key must have at least {_MIN_KEY_BYTES} bytes")
        self._keys = tuple(keys)

    def wrap(self, run_id: str, position: int, entry: str) -> str:
        """The text to keep."""
        seal = _seal(self._keys[0], run_id, position, entry) if self._keys else _UNSEALED
        return f"{SEAL_VERSION}:{seal}:{entry}"

    def unwrap(self, run_id: str, position: int, kept: str) -> str:
        """The entry.

        Raises:
            JournalRefused: It is of another version, sealed and no key is given, not sealed and one
                is, or not as it was written.
        """
        version, _, rest = kept.partition(":")
        seal, separator, entry = rest.partition(":")
        where = f"entry {position} of the journal of run {run_id}"
        if version != str(SEAL_VERSION) or not separator:
            raise JournalRefused(
                f"{where} is of version {version[:20]!r}, this release reads {SEAL_VERSION}: "
                "resume with the release that wrote it"
            )
        if not self._keys:
            if seal != _UNSEALED:
                raise JournalRefused(f"{where} is sealed: give the checkpointer the key")
            return entry
        found = seal.encode()
        seals = [_seal(key, run_id, position, entry).encode() for key in self._keys]
        if not any(hmac.compare_digest(each, found) for each in seals):
            raise JournalRefused(
                f"{where} was changed, or sealed with another key: it is not gone on with"
            )
        return entry


def _seal(key: bytes, run_id: str, position: int, entry: str) -> str:
    told = run_id.encode("utf-8", "surrogatepass")
    message = b"%d:%d:%b:%b" % (
        position,
        len(told),
        told,
        entry.encode("utf-8", "surrogatepass"),
    )
    return hmac.new(key, message, hashlib.sha256).hexdigest()
