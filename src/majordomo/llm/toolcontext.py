"""What a tool may know of the run that calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic

from typing_extensions import TypeVar

from majordomo.llm.parts import ToolCallPart
from majordomo.llm.secrets import Secrets

__all__ = ["ToolContext"]

Deps = TypeVar("Deps", default=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext(Generic[Deps]):
    """Injected as a tool's first parameter when that is annotated `ToolContext[Deps]`.

    Attributes:
        deps: What the caller of the run passed as `deps`.
        call: The call being answered.
        run: The harness's live, read-only view of the run; None in a bare loop.
        secrets: Those the tool was declared to need, by name. Their values are taken out of what
            the tool answers or raises; `repr` shows the names, and they are not pickled.
    """

    deps: Deps
    call: ToolCallPart
    run: object = None
    secrets: Mapping[str, str] = field(default_factory=Secrets)

    def __post_init__(self) -> None:
        if not isinstance(self.secrets, Secrets):  # a plain mapping would show its values
            object.__setattr__(self, "secrets", Secrets(self.secrets))
