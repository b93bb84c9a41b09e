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

    Each bound counts where it is given most specifically: for the invocation, else for the agent,
    else for the executor, else in the configuration; else its default holds. None that is given is
    given: no bound. To change one of several, say `Limits(max_steps=5).over(limits)`; who copies
    with `dataclasses.replace` gives all of them.

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
        given: Names of those that were given; the others have their defaults.

    Raises:
        SetupError: A figure is below what makes sense, or of the wrong kind.

    Example:
        >>> Limits(max_steps=3).over(Limits(max_steps=5, max_tokens=20_000))
        Limits(max_steps=3, max_tokens=20000)
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
    given: frozenset[str] = field(init=False)

    def __new__(cls, **given: object) -> Self:
        """Note what is given: the fields cannot tell it from a default of the same value."""
        limits = object.__new__(cls)
        object.__setattr__(limits, "given", frozenset(given).intersection(_NAMES))
        return limits

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            _check(name, getattr(self, name), least)
        if self.max_cost is not None:
            _require(Money, self.max_cost, "max_cost must be an amount, such as Money('0.50')")

    def __repr__(self) -> str:
        told = (f"{name}={getattr(self, name)!r}" for name in _NAMES if name in self.given)
        return f"{type(self).__name__}({', '.join(told)})"

    def over(self, less_specific: Limits) -> Limits:
        """These, and of the less specific ones what is not given here."""
        if not self.given and not self.extra:
            return less_specific
        both = object.__new__(type(self))  # not made anew: the figures have been checked
        given, put = self.given, object.__setattr__
        for name in _NAMES:
            put(both, name, getattr(self if name in given else less_specific, name))
        put(both, "given", given | less_specific.given)
        put(both, "extra", {**less_specific.extra, **self.extra})
        return both

    @property
    def spending_bounded(self) -> bool:
        """Whether tokens or cost are bounded."""
        return self.max_tokens is not None or self.max_cost is not None

    def as_json(self) -> dict[str, Any]:
        """The bounds that are given, as plain JSON values."""
        ours = {name: getattr(self, name) for name in _NAMES if name in self.given}
        if self.max_cost is not None:
            ours["max_cost"] = self.max_cost.as_json()
        return {**self.extra, **ours}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote, also by a later release.

        Raises:
            SetupError: A figure is out of its range, or of the wrong kind.
        """
        known = {name: values[name] for name in _NAMES if name in values}
        if known.get("max_cost") is not None:
            known["max_cost"] = _money(known["max_cost"])
        extra = {name: value for name, value in values.items() if name not in _NAMES}
        return cls(**known, extra=extra)


_NAMES = tuple(one.name for one in fields(Limits) if one.name not in ("extra", "given"))


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


def _money(written: Any) -> Money:
    """An amount as `Money.as_json` writes it, or as people do: a text alone is in US dollars."""
    if isinstance(written, Mapping):
        given = cast("Mapping[str, Any]", written)
        if not {"amount"} <= given.keys() <= {"amount", "currency"}:
            raise SetupError(f"an amount of money has amount and currency, not {', '.join(given)}")
        return Money(**given)
    return Money(written)


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
        limits: Bounds of this run, over the agent's.
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
