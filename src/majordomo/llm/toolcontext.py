"""What a tool may know of the run that calls it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from typing_extensions import TypeVar

from majordomo.llm.parts import ToolCallPart

__all__ = ["ToolContext"]

Deps = TypeVar("Deps", default=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext(Generic[Deps]):
    """Injected as a tool's first parameter when that is annotated `ToolContext[Deps]`.

    Attributes:
        deps: What the caller of the run passed as `deps`.
        call: The call being answered.
        run: The harness's live, read-only view of the run; None in a bare loop.
    """

    deps: Deps
    call: ToolCallPart
    run: object = None
