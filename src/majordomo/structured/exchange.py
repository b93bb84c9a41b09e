"""One typed question and the attempts at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Generic, TypeAlias, TypeVar, cast

from majordomo.errors import MajordomoError
from majordomo.llm.message import Message, assistant, user
from majordomo.llm.output import raise_answer
from majordomo.llm.outputtype import OutputMismatch, OutputType
from majordomo.llm.parts import Part
from majordomo.llm.request import Request, Settings
from majordomo.llm.response import FinishReason, Response, Usage

__all__ = ["DEFAULT_SETTINGS", "Exchange", "OutputError", "Prompt"]

T = TypeVar("T")

Prompt: TypeAlias = str | Sequence[Part] | Sequence[Message]
"""A text, the parts of one user message, or a conversation."""

DEFAULT_SETTINGS = Settings()

_SHOWN_CHARS = 500
_FINAL = {
    FinishReason.REFUSAL: "refused to answer",
    FinishReason.CONTENT_FILTER: "was stopped by the provider's content filter",
    FinishReason.LENGTH: "was cut off by the token limit; raise max_tokens or ask for less",
}


class OutputError(MajordomoError):
    """A model gave no answer of the asked type.

    Args:
        message: Names the model, the attempt and what is wrong.
        text: The last answer's whole text.
        attempts: Model calls made.
        usage: Tokens of all attempts.
    """

    def __init__(self, message: str, *, text: str, attempts: int, usage: Usage) -> None:
        self.text = text
        self.attempts = attempts
        self.usage = usage
        super().__init__(message)


class Exchange(Generic[T]):
    """Keeps the conversation while a model tries to give a typed answer.

    Args:
        output: The type.
        prompt: The question.
        system: Instructions.
        settings: How to answer.
        retries: Times the model may correct itself.
    """

    def __init__(
        self,
        output: OutputType[T],
        prompt: Prompt,
        *,
        system: str,
        settings: Settings,
        retries: int,
    ) -> None:
        self.output = output
        self._retries = retries
        self._attempts = 0
        self._usage = Usage()
        self._request = Request(
            messages=_messages(prompt), system=system, output=output.schema, settings=settings
        )

    def request(self) -> Request:
        """What to ask next."""
        return self._request

    def accept(self, response: Response) -> T:
        """Take an answer.

        Raises:
            OutputMismatch: It does not fit; ask again with `request()`.
            OutputError: It does not fit and no attempt is left, or asking again would not help.
        """
        self._attempts += 1
        self._usage += response.usage
        if self._request.output is not None:
            response = raise_answer(response)
        if (why := _FINAL.get(response.finish_reason)) is not None:
            raise self._error(response, why)
        try:
            return self.output.parse(response.text)
        except OutputMismatch as error:
            if self._attempts > self._retries:
                raise self._error(response, f"gave no valid answer: {error}") from error
            self._ask_again(response, error)
            raise

    def _ask_again(self, response: Response, error: OutputMismatch) -> None:
        # An empty turn is refused by most providers: say that it was empty instead of showing it.
        answer = (assistant(response.text),) if response.text else ()
        correction = user(f"That answer does not fit: {error}. Answer again.")
        self._request = replace(
            self._request, messages=(*self._request.messages, *answer, correction)
        )

    def _error(self, response: Response, why: str) -> OutputError:
        shown = " ".join(response.text[:_SHOWN_CHARS].split())
        return OutputError(
            f"{response.target}, attempt {self._attempts}: the model {why}; its text: {shown!r}",
            text=response.text,
            attempts=self._attempts,
            usage=self._usage,
        )


def _messages(prompt: Prompt) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (user(prompt),)
    if prompt and all(isinstance(item, Message) for item in prompt):
        return tuple(cast("Sequence[Message]", prompt))
    return (user(*cast("Sequence[Part]", prompt)),)
