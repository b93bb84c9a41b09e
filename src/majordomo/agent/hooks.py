"""Where a host looks into a run and bends it. A failing hook is logged and ignored."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from majordomo.llm import Message, Settings, Usage

if TYPE_CHECKING:
    from majordomo.agent.events import AgentEvent
    from majordomo.agent.result import Step

__all__ = ["Hooks", "LoopView", "ToolErrorLimits", "call_hook", "call_observer"]

logger = logging.getLogger("majordomo.agent")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopView:
    """What a hook may see of a run.

    Attributes:
        messages: The canonical transcript so far.
        steps: Finished steps.
        usage: Tokens so far.
    """

    messages: tuple[Message, ...]
    steps: tuple[Step, ...]
    usage: Usage


StepLimit: TypeAlias = Callable[[LoopView], int | Awaitable[int]]
Steer: TypeAlias = Callable[[LoopView], Sequence[Message] | Awaitable[Sequence[Message]]]
Compactor: TypeAlias = Callable[
    [Sequence[Message]], Sequence[Message] | Awaitable[Sequence[Message]]
]
StepSettings: TypeAlias = Callable[[LoopView], Settings | Awaitable[Settings]]
Observer: TypeAlias = "Callable[[AgentEvent], object]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Functions called between steps, synchronous or not.

    Attributes:
        max_steps: Replaces the fixed step limit; asked before every step, so it may extend it.
        steer: Messages to add to the transcript before the next model call.
        compactor: What to send instead of the transcript; the transcript itself never changes.
        step_settings: Settings for the next model call, over the run's.
        observers: Called with every event, at once and synchronously; they should only take note.
    """

    max_steps: StepLimit | None = None
    steer: Steer | None = None
    compactor: Compactor | None = None
    step_settings: StepSettings | None = None
    observers: tuple[Observer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolErrorLimits:
    """When failing tool calls end the run as a `ToolLoop`. None switches a limit off.

    Attributes:
        same_call: Failures in a row of a call with the same name and arguments.
        steps: Steps in a row in which every call failed.
    """

    same_call: int | None = 3
    steps: int | None = 5


async def call_hook(
    name: str,
    hook: Callable[..., T | Awaitable[T]],
    *args: Any,
    default: T,
) -> T:
    """Call a hook; when it fails, log that and return `default`."""
    try:
        value = hook(*args)
        return await value if inspect.isawaitable(value) else cast("T", value)
    except Exception:
        logger.exception("the %s hook failed and was ignored", name)
        return default


def call_observer(observer: Observer, event: AgentEvent) -> None:
    """Tell an observer; when it fails, log that."""
    try:
        observer(event)
    except Exception:
        logger.exception("an observer failed and was ignored")
