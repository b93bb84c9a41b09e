"""Tools: a name, a schema and a handler; `@tool` makes one from a typed function."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast, overload

from pydantic_core import ValidationError, from_json

from majordomo.errors import ToolDefinitionError
from majordomo.llm.signature import Signature
from majordomo.llm.toolcontext import ToolContext
from majordomo.threads import call_in_thread

__all__ = ["BadArguments", "CallSuspended", "Tool", "tool"]

Invoke: TypeAlias = Callable[[str, ToolContext[Any]], Awaitable[object]]

Begin: TypeAlias = Callable[[str, ToolContext[Any]], object]
"""Validates the arguments and calls the function; its value may have to be awaited."""

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")  # portable: wire/README §8


class BadArguments(ValueError):
    """The model's arguments do not fit the tool; the message is written for the model."""


class CallSuspended(Exception):
    """This call is answered later, perhaps in another process: the run stops here for now.

    Raised by a tool, or by whoever executes calls for a loop. The loop finishes the other calls of
    the step and then raises `LoopSuspended`.
    """


class InlineCall:
    """`Tool.invoke` of a synchronous function that runs on the event loop.

    Nothing can interrupt it while it computes, so a toolbox calls `begin` outside of the deadline,
    which costs more than most such functions.
    """

    __slots__ = ("begin",)

    def __init__(self, begin: Begin) -> None:
        self.begin = begin

    async def __call__(self, arguments: str, context: ToolContext[Any]) -> object:
        """Validate, call, and wait for what a wrapper around an async function returns."""
        return await _awaited(self.begin(arguments, context))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Tool:
    """Something a model may call.

    Attributes:
        name: `[a-zA-Z_][a-zA-Z0-9_-]{0,63}`, which every provider takes.
        description: What it does, for the model.
        parameters: JSON Schema of the arguments, an object at its root.
        invoke: Called with the argument text and the context; returns anything `Toolbox` can
            turn into a result. Raises `BadArguments` for arguments that do not fit.
        timeout_s: Seconds a call may take; None leaves that to the run.
        fn: The function it was made from, for direct calls in tests.
        metadata: What a harness notes about it; no model sees this.

    Raises:
        ToolDefinitionError: The name is not portable, or the schema's root is not an object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    invoke: Invoke
    timeout_s: float | None = None
    fn: Callable[..., Any] | None = None
    metadata: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ToolDefinitionError(
                f"tool name {self.name!r} is not portable; use letters, digits, _ and -, "
                "at most 64, not starting with a digit or -"
            )
        if self.parameters.get("type") != "object":
            raise ToolDefinitionError(
                f"tool {self.name!r}: the schema's root must have type 'object'"
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function it was made from, as if it were undecorated.

        Raises:
            TypeError: It was made from a schema.
        """
        if self.fn is None:
            raise TypeError(f"tool {self.name!r} was made from a schema; use `invoke`")
        return self.fn(*args, **kwargs)

    @classmethod
    def from_schema(
        cls,
        name: str,
        description: str,
        parameters: Mapping[str, Any],
        handler: Callable[[dict[str, Any]], Awaitable[object]],
        *,
        timeout_s: float | None = None,
    ) -> Tool:
        """A tool whose schema is known already; the handler gets the parsed arguments.

        The arguments are parsed, not validated against the schema.
        """

        async def invoke(arguments: str, _context: ToolContext[Any]) -> object:
            return await handler(_parse_object(arguments))

        return cls(
            name=name,
            description=description,
            parameters=parameters,
            invoke=invoke,
            timeout_s=timeout_s,
        )


def _parse_object(arguments: str) -> dict[str, Any]:
    try:
        parsed: object = from_json(arguments or "{}")
    except ValueError as error:
        raise BadArguments(f"the arguments are not valid JSON ({error})") from error
    if not isinstance(parsed, dict):
        raise BadArguments(f"the arguments must be a JSON object, not {type(parsed).__name__}")
    return cast("dict[str, Any]", parsed)


@overload
def tool(fn: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    inline: bool = False,
    timeout_s: float | None = None,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    inline: bool = False,
    timeout_s: float | None = None,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool from a typed function: `@tool`, or `@tool(timeout_s=5)`.

    The schema comes from the signature, parameter descriptions from the docstring's Args section or
    from `Annotated[…, Field(description=…)]`. A first parameter annotated `ToolContext[Deps]` is
    injected and hidden from the model. Synchronous functions run in a worker thread.

    Args:
        fn: The function.
        name: Name for the model; the function's own by default.
        description: Description for the model; the docstring's prose by default.
        inline: Run a synchronous function on the event loop, for one that returns at once.
        timeout_s: Seconds a call may take.

    Raises:
        ToolDefinitionError: It is no function, or a parameter is untyped, variadic or
            positional-only; named in the message.

    Example:
        >>> @tool(inline=True)
        ... def add(a: int, b: int) -> int:
        ...     '''Add two integers.'''
        ...     return a + b
        >>> add.name, add.parameters["required"]
        ('add', ['a', 'b'])
    """

    def make(function: Callable[..., Any]) -> Tool:
        return _from_function(
            function,
            name=name,
            description=description,
            inline=inline,
            timeout_s=timeout_s,
        )

    return make if fn is None else make(fn)


def _from_function(
    fn: Callable[..., Any],
    *,
    name: str | None,
    description: str | None,
    inline: bool,
    timeout_s: float | None,
) -> Tool:
    if not callable(fn):
        raise ToolDefinitionError(f"a tool is a typed function or a Tool, not {fn!r:.100}")
    own_name = name or getattr(fn, "__name__", type(fn).__name__)
    signature = Signature(fn, own_name)
    waits = _is_async(fn)
    call = fn if waits or inline else _threaded(fn)

    def begin(arguments: str, context: ToolContext[Any]) -> object:
        try:
            values = signature.adapter.validate_json(arguments or "{}")
        except ValidationError as error:
            raise BadArguments(explain_validation(error)) from error
        return call(context, **values) if signature.takes_context else call(**values)

    return Tool(
        name=own_name,
        description=description if description is not None else signature.description,
        parameters=signature.schema(),
        invoke=InlineCall(begin) if inline and not waits else _awaiting(begin),
        timeout_s=timeout_s,
        fn=fn,
    )


def _is_async(fn: Callable[..., Any]) -> bool:
    call_method = getattr(fn, "__call__", None)  # noqa: B004 - an object's async __call__
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(call_method)


def _awaiting(begin: Begin) -> Invoke:
    async def invoke(arguments: str, context: ToolContext[Any]) -> object:
        return await cast("Awaitable[object]", begin(arguments, context))

    return invoke


def _threaded(fn: Callable[..., Any]) -> Callable[..., Awaitable[object]]:
    async def call_threaded(*args: object, **values: object) -> object:
        return await _awaited(await call_in_thread(functools.partial(fn, *args, **values)))

    return call_threaded


async def _awaited(value: object) -> object:
    """What a synchronous wrapper around an async function stands for."""
    return await cast("Awaitable[object]", value) if inspect.isawaitable(value) else value


def explain_validation(error: ValidationError) -> str:
    """One line a model can act on: which argument, what is wrong, what it sent."""
    faults: list[str] = []
    for fault in error.errors(include_url=False, include_context=False)[:8]:
        where = ".".join(str(step) for step in fault["loc"])
        got = "" if fault["type"] in ("missing", "extra_forbidden") else _shown(fault["input"])
        faults.append(f"{where}: {fault['msg']}{got}" if where else f"{fault['msg']}{got}")
    return "; ".join(faults)


def _shown(value: object) -> str:
    text = repr(value)
    return f" (got {text if len(text) <= 80 else text[:77] + '...'})"
