"""Tags of the model calls made within a block: whose they are, and of which run."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType, TracebackType

__all__ = ["CALLER_TAG", "current_tags", "tagging"]

CALLER_TAG = "caller"
"""The tag whose value shares a provider's lane fairly."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_TAGS: ContextVar[Mapping[str, str]] = ContextVar("executus_model_tags", default=_NOTHING)


class tagging:  # noqa: N801 - reads like a function where it is used
    """Add tags to what sinks are told of model calls within the block.

    Holds for this task and those it starts; inner tags win over outer ones of the same name.

    Example:
        >>> with tagging(run="r1"), tagging(caller="ann"):
        ...     dict(current_tags())
        {'run': 'r1', 'caller': 'ann'}
    """

    __slots__ = ("_tags", "_token")

    def __init__(self, **tags: str) -> None:
        self._tags = tags
        self._token: Token[Mapping[str, str]] | None = None

    def __enter__(self) -> None:
        self._token = _TAGS.set(MappingProxyType({**_TAGS.get(), **self._tags}))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._token is not None  # noqa: S101 - set by __enter__
        _TAGS.reset(self._token)


def current_tags() -> Mapping[str, str]:
    """The tags that hold here; read-only."""
    return _TAGS.get()
