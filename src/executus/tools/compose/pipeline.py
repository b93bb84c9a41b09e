"""A pipeline: calls of other tools one after another, each with what earlier ones answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NotRequired, cast

from pydantic import Field
from pydantic_core import from_json, to_json
from typing_extensions import TypedDict

from executus.errors import ExecutusError
from executus.registry import wire_name
from executus.runservices import RunServices
from executus.tools.compose.conditions import Condition, holds
from executus.tools.compose.references import as_list, as_text, check_size, names_in, resolve
from majordomo.errors import did_you_mean
from majordomo.llm import BadArguments, ImagePart, ToolResultPart

__all__ = ["Condition", "Pipeline", "PipelineFailed", "Step"]

MAX_STEPS = 16
MAX_CALLS = 64
MAX_HELD_CHARS = 4 * 1024 * 1024
MAX_IMAGES = 8


class Step(TypedDict):
    """One step of a pipeline."""

    tool: NotRequired[
        Annotated[str, Field(description="Tool to call; left out: the items pass as they are.")]
    ]
    arguments: NotRequired[
        Annotated[
            dict[str, Any],
            Field(description="Its arguments; $1 is step 1's result, $1.field a part of it, $item "
                  "the item of for_each; ${1.field} works inside a text."),
        ]
    ]  # fmt: skip
    for_each: NotRequired[
        Annotated[Any, Field(description="A list, or a reference to one: one call per item.")]
    ]
    filter: NotRequired[
        Annotated[Condition, Field(description="Keep only the items of for_each that meet this.")]
    ]
    first: NotRequired[
        Annotated[int, Field(ge=0, description="Keep at most so many of the items left.")]
    ]
    skip_failed: NotRequired[
        Annotated[bool, Field(description="With for_each: leave out items whose call fails.")]
    ]


class PipelineFailed(ExecutusError):
    """A step of a pipeline failed; the message names it and what was done before.

    Args:
        sentence: What happened, for the model.
        step: Number of the step, from 1.
    """

    def __init__(self, sentence: str, *, step: int) -> None:
        self.step = step
        super().__init__(sentence)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (str(self), self.step)


def _rebuilt(sentence: str, step: int) -> PipelineFailed:
    return PipelineFailed(sentence, step=step)


class Pipeline:
    """One pipeline in progress. Calls are made one at a time, in the order written.

    After a resumption the same calls come in the same order, so that none is made twice.

    Args:
        run: Makes the calls, past all that a call by the model passes.
        own_name: Name of the tool that runs it, which it may not call.
        steps: What to do.

    Raises:
        BadArguments: The steps cannot work, whatever the tools answer.
    """

    def __init__(self, run: RunServices, own_name: str, steps: Sequence[Step]) -> None:
        if not 1 <= len(steps) <= MAX_STEPS:
            raise BadArguments(f"steps: give 1 to {MAX_STEPS}, not {len(steps)}")
        self._run = run
        self._steps = steps
        self._scope: dict[str, Any] = {}
        self._calls = self._held = 0
        self._failed: list[str] = []
        self._images: list[ImagePart] = []
        known = {wire_name(tool.name): tool.name for tool in run.tools()}
        for number, step in enumerate(steps, start=1):
            _check(number, step, own_name, known)

    async def result(self) -> str | ToolResultPart:
        """Run all steps; the last one's result, and what was skipped.

        Raises:
            PipelineFailed: A step failed.
            CallSuspended: A person's answer comes later.
        """
        value: Any = None
        for number, step in enumerate(self._steps, start=1):
            self._images.clear()
            try:
                value = await self._step(number, step)
            except BadArguments as error:
                raise self._error(number, str(error)) from error
            self._scope[str(number)] = value
        text = "\n".join([as_text(value), *self._failed])
        if not self._images:
            return text
        return ToolResultPart(call_id="", name="", text=text, images=tuple(self._images))

    async def _step(self, number: int, step: Step) -> Any:
        if "for_each" not in step:
            found, failure = await self._call(step, self._scope)
            if failure:
                raise self._error(number, failure)
            return found
        items = self._items(step)
        results: list[Any] = []
        for index, item in enumerate(items):
            found, failure = await self._call(step, {**self._scope, "item": item})
            if not failure:
                results.append(found)
                continue
            if not step.get("skip_failed"):
                raise self._error(number, failure, f", item {index}")
            self._failed.append(f"[step {number}, item {index} left out: {failure[:200]}]")
        return results

    def _items(self, step: Step) -> Sequence[Any]:
        items = as_list(resolve(step.get("for_each"), self._scope), "for_each")
        condition = step.get("filter")
        if condition is not None:
            wanted = resolve(condition.get("value"), self._scope)
            checked: Condition = {**condition, "value": wanted}
            items = [item for item in items if holds(checked, item)]
        return items[: step["first"]] if "first" in step else items

    async def _call(self, step: Step, scope: dict[str, Any]) -> tuple[Any, str]:
        """What a call gave, or else why it failed."""
        name = step.get("tool", "")
        if not name:
            return scope["item"], ""
        if self._calls >= MAX_CALLS:
            raise BadArguments(
                f"a pipeline makes {MAX_CALLS} calls at most; keep fewer items with first or filter"
            )
        resolved = resolve(step.get("arguments", {}), scope)
        check_size(resolved)
        self._calls += 1
        arguments = to_json(resolved, inf_nan_mode="strings")
        result = await self._run.call(name, arguments.decode())
        if result.is_error:
            return None, result.text
        self._hold(result)
        return _parsed(result.text), ""

    def _hold(self, result: ToolResultPart) -> None:
        self._held += len(result.text)
        if self._held > MAX_HELD_CHARS:
            raise BadArguments(
                f"the results together exceed {MAX_HELD_CHARS} characters; ask the tools for less"
            )
        self._images += result.images[: MAX_IMAGES - len(self._images)]

    def _error(self, number: int, text: str, item: str = "") -> PipelineFailed:
        name = self._steps[number - 1].get("tool", "")
        at = f"step {number}{f' ({name})' if name else ''}{item}: {text}"
        if self._calls > 1:
            at += f" [{self._calls} calls were made; what they changed stays]"
        return PipelineFailed(at, step=number)


def _check(number: int, step: Step, own_name: str, known: dict[str, str]) -> None:
    """Refuse a step that cannot work, before any call is made."""
    at, name = f"step {number}", step.get("tool", "")
    if name:
        _check_name(at, name, own_name, known)
    if "for_each" not in step:
        extra = [key for key in ("filter", "first", "skip_failed") if key in step]
        if extra or not name:
            raise BadArguments(
                f"{at}: {extra[0] if extra else 'a step without tool'} needs for_each"
            )
    refers = {
        *names_in(step.get("for_each")),
        *names_in(cast("dict[str, Any]", step.get("filter", {})).get("value")),
    }
    if "item" in refers:
        raise BadArguments(f"{at}: $item is known in arguments only")
    inner = {*names_in(step.get("arguments", {}))}
    if "item" in inner and "for_each" not in step:
        raise BadArguments(f"{at}: $item needs for_each")
    for one in (refers | inner) - {"item"}:
        if not 1 <= int(one) < number:
            raise BadArguments(
                f"{at}: ${one} is no earlier step's result; "
                "for a text that begins with a dollar sign write $$"
            )


def _check_name(at: str, name: str, own_name: str, known: dict[str, str]) -> None:
    if wire_name(name) == own_name:
        raise BadArguments(f"{at}: a pipeline cannot call itself; write its steps here")
    if wire_name(name) not in known:
        hint = did_you_mean(name, known.values())
        raise BadArguments(f"{at}: there is no tool named {name!r} to call{hint}")


def _parsed(text: str) -> Any:
    """A JSON object or list as such; anything else, also a number, as the text it is."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return from_json(text, allow_inf_nan=False)
        except ValueError:
            return text
    return text
