"""Tags of the model calls made within a block: whose they are, and of which run."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

__all__ = ["CALLER_TAG", "current_tags", "tagging"]

CALLER_TAG = "caller"
"""The tag whose value shares a provider's lane fairly."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_TAGS: ContextVar[Mapping[str, str]] = ContextVar("executus_model_tags", default=_NOTHING)


@contextmanager
def tagging(**tags: str) -> Generator[None]:
    """Add tags to what sinks are told of model calls within the block.

    Holds for this task and those it starts; inner tags win over outer ones of the same name.

    Example:
        >>> with tagging(run="r1"), tagging(caller="ann"):
        ...     dict(current_tags())
        {'run': 'r1', 'caller': 'ann'}
    """
    token = _TAGS.set(MappingProxyType({**_TAGS.get(), **tags}))
    try:
        yield
    finally:
        _TAGS.reset(token)


def current_tags() -> Mapping[str, str]:
    """The tags that hold here; read-only."""
    return _TAGS.get()
