"""What is asked of an agent in one run, and how far it may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self, cast, get_args

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
        port_timeout_s: Seconds for one call of a port, but for the delivery.
        delivery_timeout_s: Seconds to deliver the answer, with all tries.
        extra: Bounds that a later release wrote; kept as they are.

    Raises:
        SetupError: A figure is below what makes sense, or of the wrong kind.
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
    delivery_timeout_s: float = 30.0
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False, repr=False)

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            _check(name, getattr(self, name), least)
        if self.max_cost is not None:
            _require(Money, self.max_cost, "max_cost must be an amount, such as Money('0.50')")

    @property
    def spending_bounded(self) -> bool:
        """Whether tokens or cost are bounded."""
        return self.max_tokens is not None or self.max_cost is not None

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
    "delivery_timeout_s": 0,
}


def _require(kind: type, value: object, sentence: str) -> None:
    if not isinstance(value, kind):
        raise SetupError(f"{sentence}, not {value!r:.100}")


def _check(name: str, value: object, least: float) -> None:
    if value is None and name == "max_tokens":
        return
    seconds = name.endswith("_s")
    if isinstance(value, bool) or not isinstance(value, (int, float) if seconds else int):
        kind = "number of seconds" if seconds else "whole number"
        raise SetupError(f"{name} must be a {kind}, not {value!r}")
    if not value >= least:  # not `value < least`: that lets nan through
        raise SetupError(f"{name} must be at least {least}, not {value}")


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

    Raises:
        SetupError: One of them is of the wrong kind, such as a caller's id instead of the caller.
    """

    input: str | Sequence[str | Part]
    caller: Caller = field(default=ANONYMOUS, kw_only=True)
    history: Sequence[Message] = field(default=(), kw_only=True)
    deps: Any = field(default=None, kw_only=True)
    limits: Limits | None = field(default=None, kw_only=True)
    parent: str | None = field(default=None, kw_only=True)
    run_id: str = field(default="", kw_only=True)
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any], kw_only=True)

    def __post_init__(self) -> None:
        _check_input(self.input)
        _require(Caller, self.caller, "caller must be a Caller, such as Caller(id='ann')")
        if self.limits is not None:
            _require(Limits, self.limits, "limits must be Limits, such as Limits(max_steps=5)")
        for message in self.history:
            if not isinstance(message, Message):  # pyright: ignore[reportUnnecessaryIsInstance]
                _require(Message, message, "history must be messages, such as an earlier run's")


_PARTS = (str, *get_args(Part))


def _check_input(said: object) -> None:
    if isinstance(said, str):
        return
    if not isinstance(said, Sequence) or isinstance(said, bytes):
        raise SetupError(
            f"the input must be a text, or a list of texts and parts, not {type(said).__name__}"
        )
    for part in cast("Sequence[object]", said):
        if not isinstance(part, _PARTS):
            raise SetupError(
                "each part of the input must be a text or a part, such as "
                f"ImagePart.from_bytes(…), not {type(part).__name__}"
            )
