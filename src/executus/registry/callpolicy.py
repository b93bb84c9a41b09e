"""The third stage of permission: may this call, with these arguments, be executed?"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

from pydantic_core import from_json

from executus.identity import Caller
from executus.registry.registeredtool import RegisteredTool
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import BadArguments, ToolCallPart

__all__ = [
    "ALLOW",
    "ALLOW_GRANTED",
    "Allow",
    "Ask",
    "CallPolicy",
    "CallRequest",
    "Decision",
    "Deny",
    "all_of",
    "decide_call",
]

logger = logging.getLogger("executus.registry")

DECISION_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Allow:
    """Execute the call."""


@dataclass(frozen=True, slots=True)
class Deny:
    """Do not execute the call.

    Attributes:
        reason: One clause that the model reads and can act on.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Execute the call if someone approves.

    Attributes:
        question: What they are asked.
    """

    question: str


Decision: TypeAlias = Allow | Deny | Ask

ALLOW = Allow()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """A call that waits for a decision.

    Attributes:
        run_id: The run it belongs to.
        agent: The agent's name.
        caller: On whose behalf the run is made.
        tool: The tool, offered to the agent.
        call: The call as the model wrote it.
    """

    run_id: str
    agent: str
    caller: Caller
    tool: RegisteredTool
    call: ToolCallPart

    def arguments(self) -> Mapping[str, Any]:
        """The arguments as the model wrote them: not validated, defaults not filled in.

        Of a key written twice the last counts, as it does for the tool.

        Raises:
            BadArguments: They are not a JSON object.
        """
        try:
            parsed: object = from_json(self.call.arguments or "{}")
        except ValueError as error:
            raise BadArguments("its arguments are not valid JSON") from error
        if not isinstance(parsed, dict):
            raise BadArguments("its arguments are not a JSON object")
        return cast("dict[str, Any]", parsed)


class CallPolicy(Protocol):
    """Decides on calls; asked before each one. One that raises or hangs denies."""

    async def decide(self, request: CallRequest) -> Decision:
        """Allow, deny or ask."""
        ...


class _AllowGranted:
    async def decide(self, request: CallRequest) -> Decision:
        del request
        return ALLOW


ALLOW_GRANTED: CallPolicy = _AllowGranted()
"""What was granted may be called."""


class _AllOf:
    def __init__(self, policies: tuple[CallPolicy, ...]) -> None:
        self._policies = policies

    async def decide(self, request: CallRequest) -> Decision:
        questions: list[str] = []
        for policy in self._policies:
            decision = cast("object", await policy.decide(request))
            if isinstance(decision, Deny):
                return decision
            if isinstance(decision, Ask):
                questions.append(decision.question)
            elif not isinstance(decision, Allow):  # raises, and so denies: a gate closes in doubt
                raise TypeError(f"a call policy answered {type(decision).__name__}")
        return Ask("\n".join(dict.fromkeys(questions))) if questions else ALLOW


def all_of(*policies: CallPolicy) -> CallPolicy:
    """A policy that is as strict as the strictest of several: deny, then ask, then allow.

    They are asked in order, up to the first that denies; several questions become one. None at all
    allow.
    """
    return _AllOf(policies)


async def decide_call(
    policy: CallPolicy,
    request: CallRequest,
    *,
    clock: Clock = SYSTEM_CLOCK,
    timeout_s: float = DECISION_TIMEOUT_S,
) -> Decision:
    """Ask a policy within its time. One that raises, hangs or answers nonsense denies."""
    if policy is ALLOW_GRANTED:
        return ALLOW
    name = request.tool.name
    try:
        with clock.deadline(timeout_s):
            decision = cast("object", await policy.decide(request))
            if isinstance(decision, Allow | Deny | Ask):
                return decision
            logger.error("the call policy answered %s about %s", type(decision).__name__, name)
            return Deny("the host's rules for calls gave no decision, so nothing was done")
    except BadArguments as error:
        return Deny(str(error))
    except Exception:
        logger.exception("the call policy failed on %s, so the call was denied", name)
        return Deny("the host's rules for calls failed, so nothing was done")
    logger.error("the call policy gave no decision about %s within %g s", name, timeout_s)
    return Deny(f"the host's rules for calls gave no decision within {timeout_s:g} s")
