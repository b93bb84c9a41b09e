"""An HTTP library's exceptions as `TransportError`, by a table."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import NamedTuple, cast

from majordomo.errors import ErrorKind
from majordomo.http.transport import TransportError

__all__ = ["Row", "translate"]

_LOCAL_ERRNO = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Row(NamedTuple):
    """What a foreign exception means.

    Attributes:
        type: The exception; its subclasses too.
        code: Code of the `TransportError`.
        kind: Its kind.
        safe: Whether the request cannot have reached the server.
    """

    type: type[Exception]
    code: str
    kind: ErrorKind
    safe: bool


def translate(error: Exception, table: Sequence[Row], *, text: str = "") -> TransportError:
    """What a foreign exception means, by the first row that fits, else the last.

    Args:
        error: The exception.
        table: Subclasses stand before their parents.
        text: What to say instead of what the exception says.
    """
    row = next((row for row in table if isinstance(error, row.type)), table[-1])
    _, code, kind, safe = row
    if _errno(error) in _LOCAL_ERRNO:
        code, kind, safe = "out_of_resources", ErrorKind.LOCAL, True
    return TransportError(
        text or str(error) or type(error).__name__, code=code, kind=kind, safe_to_replay=safe
    )


def _errno(error: BaseException | None) -> int | None:
    """The system's own error number; the libraries in between wrap it in errors without one."""
    for _ in range(12):
        if error is None:
            return None
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        if isinstance(error, BaseExceptionGroup):
            error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
        else:
            error = error.__cause__ or error.__context__
    return None
