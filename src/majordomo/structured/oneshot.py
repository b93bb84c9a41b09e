"""Ask once, get a typed value."""

from __future__ import annotations

from typing import TypeVar

from typing_extensions import TypeForm

from majordomo.builtin import resolve
from majordomo.llm.model import Model
from majordomo.llm.outputtype import OutputMismatch, OutputType
from majordomo.llm.request import Settings
from majordomo.structured.exchange import DEFAULT_SETTINGS, Exchange, Prompt
from majordomo.tasks import run_sync

__all__ = ["generate", "generate_sync"]

T = TypeVar("T")


async def generate(
    model: Model | str,
    output: TypeForm[T],
    prompt: Prompt,
    *,
    system: str = "",
    settings: Settings = DEFAULT_SETTINGS,
    retries: int = 1,
    name: str | None = None,
) -> T:
    """Ask a model for a value of a Python type.

    Args:
        model: Who is asked, or its name; how it is told the schema is its own business.
        output: A pydantic model, dataclass, TypedDict, enum, scalar, list or union; `str` for
            plain text.
        prompt: A text, the parts of one user message, or a conversation.
        system: Instructions that precede it.
        settings: How to answer.
        retries: Times the model may correct an answer that does not fit, told what is wrong.
        name: Name of the schema on the wire; the type's own by default.

    Raises:
        ConfigError: The type has no JSON Schema of bounded depth.
        OutputError: No answer fitted, or the model refused, or it ran out of tokens.
        APIError: A call failed.
    """
    output_type = OutputType(output, name=name)
    exchange = Exchange(output_type, prompt, system=system, settings=settings, retries=retries)
    model = resolve(model)
    while True:
        response = await model.complete(exchange.request())
        try:
            return exchange.accept(response)
        except OutputMismatch:
            continue  # the exchange has noted it, and counts the attempts


def generate_sync(
    model: Model | str,
    output: TypeForm[T],
    prompt: Prompt,
    *,
    system: str = "",
    settings: Settings = DEFAULT_SETTINGS,
    retries: int = 1,
    name: str | None = None,
) -> T:
    """Ask as `generate` does, from synchronous code; works inside a running loop, too."""

    async def ask() -> T:
        return await generate(
            model, output, prompt, system=system, settings=settings, retries=retries, name=name
        )

    return run_sync(ask)
