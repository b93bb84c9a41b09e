"""What is asked of an agent in one run, and how far it may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from executus.errors import SetupError
from executus.identity import ANONYMOUS, Caller
from executus.money import Money
from majordomo.llm import Message, Part

__all__ = ["Invocation", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one run.

    The most specific ones given count as a whole: the invocation's, the agent's, the executor's.

    Attributes:
        max_steps: Model calls, over all phases.
        max_runtime_s: Seconds from admission to delivery, whatever hangs.
        max_tool_calls: Tool calls; further ones are answered with an error the model can act on.
        max_tokens: Input and output tokens of all model calls, those of dispatched runs included;
            checked before each. None: no bound.
        max_cost: What all of them may cost; checked before each. None: no bound.
        max_output_bytes: Size of a text answer in UTF-8; a longer one is cut, with a warning.
        max_parallel_tools: Tool calls of one step that may run at once.
        close_timeout_s: Seconds for the close stage, which no cancellation shortens.
        port_timeout_s: Seconds for one call of a port.
        extra: Bounds that a later release wrote; kept as they are.

    Raises:
        SetupError: A figure is below what makes sense.
    """

    max_steps: int = 10
    max_runtime_s: float = 600.0
    max_tool_calls: int = 100
    max_tokens: int | None = None
    max_cost: Money | None = None
    max_output_bytes: int = 1024 * 1024
    max_parallel_tools: int = 1
    close_timeout_s: float = 5.0
    port_timeout_s: float = 2.0
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False, repr=False)

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            # Not `value < least`: that lets nan through.
            if value is not None and not value >= least:
                raise SetupError(f"{name} must be at least {least}, not {value}")

    def as_json(self) -> dict[str, Any]:
        """The bounds as plain JSON values."""
        ours = {name: getattr(self, name) for name in _NAMES}
        return {**self.extra, **ours, "max_cost": self.max_cost and self.max_cost.as_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote, also by a later release.

        Raises:
            SetupError: A figure is out of its range.
        """
        known = {name: values[name] for name in _NAMES if name in values}
        if known.get("max_cost") is not None:
            known["max_cost"] = Money(**known["max_cost"])
        extra = {name: value for name, value in values.items() if name not in _NAMES}
        return cls(**known, extra=extra)


_NAMES = tuple(one.name for one in fields(Limits) if one.name != "extra")


_LEAST: dict[str, float] = {
    "max_steps": 1,
    "max_runtime_s": 0,
    "max_tool_calls": 0,
    "max_tokens": 1,
    "max_output_bytes": 0,
    "max_parallel_tools": 1,
    "close_timeout_s": 0,
    "port_timeout_s": 0,
}


@dataclass(frozen=True, slots=True)
class Invocation:
    """One request to an agent. Nothing is written on it.

    Attributes:
        input: What the user says: text, or texts and parts in order.
        caller: On whose behalf.
        history: Earlier messages of the conversation.
        deps: Given to tools that take a `ToolContext`.
        limits: Bounds of this run instead of the agent's.
        parent: Run id of the run that dispatched this one; it counts as that run's child while that
            run goes on in the same executor.
        run_id: Id to use; made when empty.
        metadata: The host's own facts; they reach the audit as they are. JSON values, if runs are
            checkpointed.
    """

    input: str | Sequence[str | Part]
    caller: Caller = field(default=ANONYMOUS, kw_only=True)
    history: Sequence[Message] = field(default=(), kw_only=True)
    deps: Any = field(default=None, kw_only=True)
    limits: Limits | None = field(default=None, kw_only=True)
    parent: str | None = field(default=None, kw_only=True)
    run_id: str = field(default="", kw_only=True)
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any], kw_only=True)
