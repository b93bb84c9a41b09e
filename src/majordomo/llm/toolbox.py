"""Tools by name, and the one place where a tool's own fault becomes a result for the model."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import replace
from typing import Any, cast

from pydantic_core import to_json

from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import ToolDefinitionError
from majordomo.llm.parts import ImagePart, TextPart, ToolCallPart, ToolResultPart
from majordomo.llm.secrets import Secrets
from majordomo.llm.tool import BadArguments, CallSuspended, InlineCall, Tool
from majordomo.llm.toolcontext import ToolContext
from majordomo.threads import call_in_thread

__all__ = ["Toolbox"]

logger = logging.getLogger("majordomo.tools")

MAX_ERROR_CHARS = 2000
MAX_NAMES_SHOWN = 40
MAX_SCRUBBED_INLINE = 16 * 1024
_NO_SECRETS = Secrets()


class Toolbox:
    """A set of tools with unique names, in the order they were given.

    Args:
        tools: The tools.
        clock: Limits calls of tools that have a timeout.

    Raises:
        ToolDefinitionError: Two tools have the same name.
    """

    __slots__ = ("_clock", "_tools")

    def __init__(self, tools: Iterable[Tool] = (), *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if tool.name in self._tools:
                raise ToolDefinitionError(
                    f"two tools are named {tool.name!r}; rename one with @tool(name=…)"
                )
            self._tools[tool.name] = tool

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def get(self, name: str) -> Tool | None:
        """The tool of that name, or None."""
        return self._tools.get(name)

    async def execute(
        self,
        call: ToolCallPart,
        *,
        deps: object = None,
        run: object = None,
        secrets: Secrets = _NO_SECRETS,
    ) -> ToolResultPart:
        """Answer a call. Never raises for the tool's or the model's fault.

        An unknown name, arguments that do not fit, an exception and a timeout all come back as an
        `is_error` result that says what to change. Cancellation passes through. What the secrets
        know is taken out of the text and of what is logged, before anything is cut.

        Raises:
            CallSuspended: The tool's answer comes later.
        """
        tool = self._tools.get(call.name.strip())
        if tool is None:
            return _error(call, self._unknown(call.name))
        context = ToolContext(deps=deps, call=call, run=run, secrets=secrets)
        try:
            result = as_result(call, await self._invoke(tool, call, context))
        except CallSuspended:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - sys.exit() is its fault too
            raised = error
        else:
            if not secrets.guards:
                return result
            text = await _scrubbed(result.text, secrets)
            return result if text is result.text else replace(result, text=text)
        try:  # outside the handler: a cancellation from here must not carry the error as context
            return await _failed(call, raised, secrets)
        finally:
            del raised  # it refers to this frame, and this frame to it

    async def _invoke(self, tool: Tool, call: ToolCallPart, context: ToolContext[Any]) -> object:
        if isinstance(tool.invoke, InlineCall):
            value = tool.invoke.begin(call.arguments, context)
            if not inspect.isawaitable(value):
                return value
            waiting = cast("Awaitable[object]", value)
        else:
            waiting = tool.invoke(call.arguments, context)
        if tool.timeout_s is None:
            return await waiting
        with self._clock.deadline(tool.timeout_s) as scope:
            return await waiting
        assert scope.cancelled_caught  # noqa: S101 - the only way out of the block without a value
        return _error(call, f"{call.name} gave no answer within {tool.timeout_s:g} s")

    def _unknown(self, name: str) -> str:
        if not self._tools:
            return f"there is no tool named {name!r}; no tools are available, answer in text"
        names = list(self._tools)[:MAX_NAMES_SHOWN]
        more = len(self._tools) - len(names)
        listed = ", ".join(names) + (f" and {more} more" if more else "")
        return f"there is no tool named {name!r}; available: {listed}"


async def _scrubbed(text: str, secrets: Secrets) -> str:
    if len(text) <= MAX_SCRUBBED_INLINE or not secrets.guards:
        return secrets.scrub(text)
    return await call_in_thread(secrets.scrub, text)  # a long text must not stop the event loop


async def _failed(call: ToolCallPart, error: BaseException, secrets: Secrets) -> ToolResultPart:
    if isinstance(error, BadArguments):
        text = f"invalid arguments for {call.name}: {error}"
    else:
        text = f"{call.name} failed: {type(error).__name__}: {error}"
        await _log(call, error, secrets)
    return _error(call, await _scrubbed(text, secrets))


async def _log(call: ToolCallPart, error: BaseException, secrets: Secrets) -> None:
    if not secrets.guards:
        logger.debug("tool %s raised", call.name, exc_info=error)
    elif logger.isEnabledFor(logging.DEBUG):  # a handler would format the exception unscrubbed
        trace = await _scrubbed("".join(traceback.format_exception(error)), secrets)
        logger.debug("tool %s raised\n%s", call.name, trace)


def _error(call: ToolCallPart, text: str) -> ToolResultPart:
    return ToolResultPart(
        call_id=call.id, name=call.name, text=text[:MAX_ERROR_CHARS], is_error=True
    )


def as_result(call: ToolCallPart, value: object) -> ToolResultPart:
    """Turn what a tool returned into its result.

    Text stays text, images become images, a list of texts and images both; a `ToolResultPart` is
    addressed to the call; anything else becomes JSON.
    """
    match value:
        case str():
            return ToolResultPart(call_id=call.id, name=call.name, text=value)
        case None:
            return ToolResultPart(call_id=call.id, name=call.name, text="(no output)")
        case ToolResultPart():
            return replace(value, call_id=call.id, name=call.name)
        case ImagePart() | TextPart():
            return _mixed(call, [value])
        case list() | tuple() if any(
            isinstance(item, ImagePart | TextPart) for item in cast("list[object]", value)
        ):
            return _mixed(call, cast("list[object]", value))
        case _:
            text = to_json(value, fallback=str, inf_nan_mode="strings").decode()
            return ToolResultPart(call_id=call.id, name=call.name, text=text)


def _mixed(call: ToolCallPart, items: Iterable[object]) -> ToolResultPart:
    texts: list[str] = []
    images: list[ImagePart] = []
    for item in items:
        match item:
            case ImagePart():
                images.append(item)
            case TextPart():
                texts.append(item.text)
            case _:
                texts.append(str(item))
    return ToolResultPart(
        call_id=call.id, name=call.name, text="\n".join(texts), images=tuple(images)
    )
