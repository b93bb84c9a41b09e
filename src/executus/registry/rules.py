"""Policies for calls that are written as data: a list of rules, and what to ask about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from executus.errors import SetupError
from executus.registry.callpolicy import ALLOW, Ask, CallRequest, Decision
from executus.registry.toolpolicy import Effect

__all__ = ["AskFor", "Rule", "Rules"]

MAX_SHOWN_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A decision, and the calls it is for: those that meet all conditions given.

    Attributes:
        decision: What becomes of such a call.
        tools: Globs over registered names; the tool matches one.
        effects: The tool's effect is one of these.
        roles: The caller has one of these.
        when: Called with the arguments as the model wrote them (`CallRequest.arguments`), once
            the other conditions are met. Arguments that are no JSON object, and a condition that
            raises, deny the call.

    Raises:
        SetupError: A condition is text where a collection belongs, or an effect is unknown.
    """

    decision: Decision
    tools: Sequence[str] | None = None
    effects: Collection[Effect | str] | None = None
    roles: Collection[str] | None = None
    when: Callable[[Mapping[str, Any]], bool] | None = None

    def __post_init__(self) -> None:
        _check(tools=self.tools, effects=self.effects, roles=self.roles)

    def fits(self, request: CallRequest) -> bool:
        """Whether the rule is for this call."""
        tool, caller = request.tool, request.caller
        return (
            (self.tools is None or any(fnmatchcase(tool.name, glob) for glob in self.tools))
            and (self.effects is None or tool.policy.effect in self.effects)
            and (self.roles is None or not caller.roles.isdisjoint(self.roles))
            and (self.when is None or bool(self.when(request.arguments())))
        )


class Rules:
    """Decides by the first rule that fits.

    Args:
        rules: In the order they are tried.
        otherwise: Decision when none fits.

    Example:
        >>> from executus.registry import ALLOW, Deny
        >>> only_admins_write = Rules(
        ...     [
        ...         Rule(decision=ALLOW, roles={"admin"}),
        ...         Rule(decision=Deny("only admins may change this"), effects={"write"}),
        ...     ]
        ... )
    """

    def __init__(self, rules: Sequence[Rule], *, otherwise: Decision = ALLOW) -> None:
        self._rules = tuple(rules)
        self._otherwise = otherwise

    async def decide(self, request: CallRequest) -> Decision:
        """The decision of the first rule that fits."""
        for rule in self._rules:
            if rule.fits(request):
                return rule.decision
        return self._otherwise


class AskFor:
    """Asks before calls of some tools, and allows the others.

    Args:
        effects: Ask when the tool's effect is one of these.
        tools: Ask when the tool's registered name matches one of these globs.

    Raises:
        SetupError: Text where a collection belongs, an unknown effect, or neither given.
    """

    def __init__(
        self, *, effects: Collection[Effect | str] = (), tools: Sequence[str] = ()
    ) -> None:
        _check(tools=tools, effects=effects)
        if not effects and not tools:
            raise SetupError("AskFor(): name effects or tools to ask for; it would ask for nothing")
        self._effects = frozenset(effects)
        self._tools = tuple(tools)

    async def decide(self, request: CallRequest) -> Decision:
        """Ask, or allow."""
        tool = request.tool
        if tool.policy.effect in self._effects or any(
            fnmatchcase(tool.name, glob) for glob in self._tools
        ):
            return Ask(_question(request))
        return ALLOW


def _check(
    *,
    tools: Sequence[str] | None,
    effects: Collection[Effect | str] | None,
    roles: Collection[str] | None = None,
) -> None:
    for name, value in (("tools", tools), ("effects", effects), ("roles", roles)):
        if isinstance(value, str):
            raise SetupError(f"{name} must be a collection such as [{value!r}], not one text")
    unknown = set(effects or ()) - set(Effect)
    if unknown:
        raise SetupError(f"effects {unknown}: use 'read', 'write' or 'external'")


def _question(request: CallRequest) -> str:
    """What a person is asked, in one line. The model wrote the arguments: show no control codes."""
    arguments = request.call.arguments
    shown = "".join(c if c.isprintable() else " " for c in arguments[:MAX_SHOWN_CHARS])
    if len(arguments) > MAX_SHOWN_CHARS:
        shown += f"… ({len(arguments) - MAX_SHOWN_CHARS} more characters)"
    effect = request.tool.policy.effect
    return f"May {request.agent} call {request.tool.name} ({effect}) with {shown}?"
