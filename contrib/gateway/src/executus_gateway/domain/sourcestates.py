"""How a source gets from one state to another; everything else is a fault of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from executus_gateway.errors import Refused
from executus_gateway.schema import AuthScheme, Source, SourceState

__all__ = ["TRANSITIONS", "moved"]

TRANSITIONS: Final[dict[SourceState, frozenset[SourceState]]] = {
    "draft": frozenset({"probing"}),
    "probing": frozenset({"auth_required", "connected", "error"}),
    "auth_required": frozenset({"probing", "connected", "error"}),
    "connected": frozenset({"probing", "auth_required", "error"}),
    "error": frozenset({"probing"}),
}


def moved(
    source: Source, state: SourceState, *, problem: str = "", wants: Sequence[AuthScheme] = ()
) -> Source:
    """The source in another state; its catalog stays what it was.

    Args:
        source: As it is.
        state: The new one.
        problem: One sentence, for `error` and `auth_required`.
        wants: The credentials that would do, for `auth_required`.

    Raises:
        Refused: The state machine knows no such way.
    """
    if state not in TRANSITIONS[source.state]:
        raise Refused(f"a source does not go from {source.state} to {state}")
    return source.model_copy(update={"state": state, "problem": problem, "wants": tuple(wants)})
