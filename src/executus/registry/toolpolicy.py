"""What a harness must know of a tool before it lets a model call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypedDict, TypeVar, cast

from typing_extensions import Unpack

from executus.errors import SetupError
from majordomo.agent import as_tool
from majordomo.llm import Tool

__all__ = ["Effect", "PolicyChanges", "ToolPolicy", "own_policy", "policy", "with_policy"]

DEFAULT_TIMEOUT_S = 60.0
DEFAULT_RESULT_BYTES = 64 * 1024
MIN_RESULT_BYTES = 256
_KEY = "executus_policy"


class Effect(StrEnum):
    """What a call may change."""

    READ = "read"
    """Nothing; it may be repeated and run beside others."""
    WRITE = "write"
    """Something of the host's."""
    EXTERNAL = "external"
    """Something beyond the host, seen by others: a message sent, an order placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPolicy:
    """What a tool does, needs and may cost. What is not declared is taken for the worse.

    Attributes:
        effect: What a call may change.
        idempotent: Calling twice with the same arguments does no more than calling once.
        timeout_s: Seconds a call may take, above 0.
        max_result_bytes: Size of a result's text in UTF-8, at least 256; a longer one is cut.
        keep_overflow: Whether what was cut off stays readable for the model through the tool
            `read_more`. False for a tool whose results are never long: a run that has only such
            tools is not offered `read_more`.
        secrets: Names of the secrets a call is given (`ToolContext.secrets`).
        roles: A caller needs one of these to be offered the tool; empty: everyone.
        cost: What one call costs, in the host's currency, 0 or more.

    Raises:
        SetupError: A value is out of its range.
    """

    effect: Effect = Effect.WRITE
    idempotent: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_result_bytes: int = DEFAULT_RESULT_BYTES
    keep_overflow: bool = True
    secrets: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    cost: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        _set(self, "effect", _effect(self.effect))
        _set(self, "secrets", tuple(_names("secrets", self.secrets)))
        _set(self, "roles", frozenset(_names("roles", self.roles)))
        _set(self, "cost", _cost(self.cost))
        if not _is_above_nought(self.timeout_s):
            raise SetupError(
                f"a tool's timeout_s must be a number of seconds above 0, not {self.timeout_s!r}"
            )
        if self.max_result_bytes < MIN_RESULT_BYTES:
            raise SetupError(
                f"a tool's max_result_bytes must be at least {MIN_RESULT_BYTES}, "
                f"not {self.max_result_bytes}"
            )


class PolicyChanges(TypedDict, total=False):
    """The fields of a `ToolPolicy` that are declared; the others keep their defaults."""

    effect: Effect | str
    idempotent: bool
    timeout_s: float
    max_result_bytes: int
    keep_overflow: bool
    secrets: tuple[str, ...]
    roles: frozenset[str] | set[str]
    cost: Decimal | int | str


def _set(policy: ToolPolicy, name: str, value: object) -> None:
    object.__setattr__(policy, name, value)


def _effect(value: str) -> Effect:
    try:
        return Effect(value)
    except ValueError as error:
        raise SetupError(f"effect {value!r}: use 'read', 'write' or 'external'") from error


def _is_above_nought(value: object) -> bool:
    return isinstance(value, (int, float)) and value > 0


def _names(field: str, value: object) -> tuple[str, ...]:
    names = () if isinstance(value, str) else tuple(cast("tuple[object, ...]", value))
    if isinstance(value, str) or not all(isinstance(name, str) and name for name in names):
        raise SetupError(f"a tool's {field} are a collection of names, not {value!r}")
    return cast("tuple[str, ...]", names)


def _cost(value: Decimal | float | str) -> Decimal:
    try:
        cost = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation as error:
        raise SetupError(f"a tool's cost must be a number, not {value!r}") from error
    if not cost.is_finite() or cost < 0:
        raise SetupError(f"a tool's cost must be 0 or more, not {value}")
    return cost


Item = TypeVar("Item", bound=Callable[..., Any])


def policy(**changes: Unpack[PolicyChanges]) -> Callable[[Item], Item]:
    """Declare a tool's policy where the tool is defined; above or below `@tool`.

    Args:
        changes: Fields of `ToolPolicy`.

    Raises:
        SetupError: A value is out of its range.

    Example:
        >>> from majordomo.llm import tool
        >>> @policy(effect="read", idempotent=True)
        ... @tool
        ... def look(where: str) -> str:
        ...     '''Look somewhere.'''
        ...     return "nothing"
        >>> own_policy(look).effect
        <Effect.READ: 'read'>
    """
    _checked(changes)

    def declare(item: Item) -> Item:
        if isinstance(item, Tool):
            return cast("Item", with_policy(item, **changes))
        setattr(item, _KEY, {**getattr(item, _KEY, {}), **changes})
        return item

    return declare


def with_policy(item: Tool | Callable[..., Any], **changes: Unpack[PolicyChanges]) -> Tool:
    """A copy of a tool, or a tool of a function, with a policy declared over its own.

    Raises:
        SetupError: A value is out of its range.
    """
    _checked(changes)
    tool = as_tool(item)
    return replace(tool, metadata={**tool.metadata, _KEY: {**_declared(tool), **changes}})


def own_policy(tool: Tool, **defaults: Unpack[PolicyChanges]) -> ToolPolicy:
    """What was declared where the tool is defined, over these defaults and those of `ToolPolicy`.

    The tool's own `timeout_s` counts where no policy names one.
    """
    changes = cast("PolicyChanges", {**defaults, **_declared(tool)})
    if "timeout_s" not in changes and tool.timeout_s is not None:
        changes["timeout_s"] = tool.timeout_s
    return _checked(changes)


def _declared(tool: Tool) -> PolicyChanges:
    at_function = getattr(tool.fn, _KEY, {})
    at_tool = cast("Mapping[str, Any]", tool.metadata.get(_KEY, {}))
    return cast("PolicyChanges", {**at_function, **at_tool})


def _checked(changes: PolicyChanges) -> ToolPolicy:
    return ToolPolicy(**cast("dict[str, Any]", changes))
