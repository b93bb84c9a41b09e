"""Who asks for a run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANONYMOUS", "Caller"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone on whose behalf a run is made.

    Attributes:
        id: Stable and unique within the host; budgets, lanes and stores key on it.
        name: For people to read.
        roles: Host-defined; permissions look at them.
    """

    id: str
    name: str = ""
    roles: frozenset[str] = frozenset()


ANONYMOUS = Caller(id="anonymous")
