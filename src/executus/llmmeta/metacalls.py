"""Small questions about texts, put to a cheap model: bounded, remembered, never a failure."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from typing import Annotated, Any, Generic, TypeAlias, TypeVar, cast

from pydantic import Field
from typing_extensions import TypeForm

from executus.llmmeta.cache import SharedAnswers
from executus.llmmeta.prompts import TASKS, cut_at_word, cut_middle, first_words, framed
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import MajordomoError
from majordomo.llm import Model, Settings
from majordomo.structured import OutputError, generate

__all__ = ["Judgement", "MetaAnswer", "MetaCalls", "ModelSource"]

logger = logging.getLogger("executus.llmmeta")

T = TypeVar("T")

ModelSource: TypeAlias = Model | Callable[[], Awaitable[Model]]
"""Who is asked, or how to find out, such as `partial(tiers.resolve, "fast")`."""

TITLE_CHARS = 80
REASON_CHARS = 500
_ROOM_TO_THINK = 2048  # tokens; a reasoning model thinks first, and its thinking counts


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaAnswer(Generic[T]):
    """What came of a meta-call.

    Attributes:
        value: The model's answer, or what stands in for it.
        degraded: The model gave none in time, and `value` stands in for it.
    """

    value: T
    degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How good an answer is.

    Attributes:
        score: From 0 (not at all) to 1 (fully).
        reason: Why, in a sentence or two.
    """

    score: Annotated[float, Field(ge=0, le=1)]
    reason: str


class MetaCalls:
    """Asks a cheap model about texts. Never raises but for cancellation of its caller.

    A question is bounded in time, input and output, and asked once: answers are remembered by
    content, and those who ask the same at once share one request. When there is no answer, that is
    logged, and what stands in for it is marked `degraded`: the beginning of the text, or None.
    Texts are given to the model as data, with the word not to follow what they say.

    Args:
        model: Who is asked, or a function that says so; asked anew for each request.
        clock: Limits the time.
        timeout_s: Most seconds for one question, corrections included.
        cache_size: Most answers remembered.
        max_input_chars: Most characters of one text; of a longer one, the middle is left out.

    Example:
        >>> import anyio
        >>> from executus.testing import FakeProvider
        >>> provider = FakeProvider()
        >>> provider.enqueue("small", "A walk in the park")
        >>> meta = MetaCalls(provider.model("small"))
        >>> anyio.run(meta.title, "We went to the park, saw ducks, and walked home.")
        MetaAnswer(value='A walk in the park', degraded=False)
    """

    def __init__(
        self,
        model: ModelSource,
        *,
        clock: Clock = SYSTEM_CLOCK,
        timeout_s: float = 30.0,
        cache_size: int = 256,
        max_input_chars: int = 40_000,
    ) -> None:
        self._model = model
        self._clock = clock
        self._timeout_s = timeout_s
        self._max_input_chars = max_input_chars
        self._answers = SharedAnswers(cache_size)

    async def summarise(self, text: str, *, max_chars: int = 2000) -> MetaAnswer[str]:
        """The text in at most `max_chars`; one that is short enough already, as it is.

        Stands in for it: the beginning of the text.
        """
        if len(text) <= max_chars:
            return MetaAnswer(value=text)
        task = TASKS["summarise"].format(max_chars=max_chars)
        found = await self._ask("summarise", str, task, most=max_chars, text=text)
        if found.degraded or not (found.value or "").strip():
            return MetaAnswer(value=cut_at_word(text, max_chars), degraded=True)
        return MetaAnswer(value=cut_at_word(found.value or "", max_chars))

    async def title(self, text: str, *, max_chars: int = TITLE_CHARS) -> MetaAnswer[str]:
        """A title of one line, in at most `max_chars`; stands in for it: the text's first words."""
        if not text.strip():
            return MetaAnswer(value="")
        task = TASKS["title"].format(max_chars=max_chars)
        found = await self._ask("title", str, task, most=max_chars, text=text)
        line = first_words((found.value or "").strip().strip("\"'“”„*#").strip(), max_chars)
        if found.degraded or not line:
            return MetaAnswer(value=first_words(text, max_chars), degraded=True)
        return MetaAnswer(value=line)

    async def classify(self, text: str, labels: Sequence[str]) -> MetaAnswer[str | None]:
        """The label that fits best, as it was given; stands in for it: None.

        Args:
            text: What is classified.
            labels: At least one, each different.
        """
        offered = tuple(dict.fromkeys(labels))
        if len(offered) < 2:  # nothing to choose
            return MetaAnswer(value=offered[0] if offered else None, degraded=not offered)
        task = TASKS["classify"]
        found = await self._ask("classify", _choice(offered), task, fixed=offered, text=text)
        chosen = found.value
        return MetaAnswer(
            value=None if chosen is None else str(chosen.value), degraded=found.degraded
        )

    async def extract(self, text: str, output: TypeForm[T]) -> MetaAnswer[T | None]:
        """What the text says, as a value of a type; stands in for it: None.

        Args:
            text: What is read.
            output: See `majordomo.structured.generate`; its descriptions tell what to look for.
        """
        found = await self._ask("extract", output, TASKS["extract"], fixed=(output,), text=text)
        # A copy: what one caller changes in it is not what the next is told.
        return MetaAnswer(value=deepcopy(found.value), degraded=found.degraded)

    async def judge(
        self, question: str, answer: str, criteria: str
    ) -> MetaAnswer[Judgement | None]:
        """How well an answer meets criteria; stands in for it: None.

        Args:
            question: What was asked.
            answer: What is judged.
            criteria: What counts, in the host's own words; taken as instructions.
        """
        task = f"{TASKS['judge']}\nThe criteria: {criteria}"
        found = await self._ask("judge", Judgement, task, question=question, answer=answer)
        value = found.value
        if value is not None:
            value = Judgement(score=value.score, reason=cut_at_word(value.reason, REASON_CHARS))
        return MetaAnswer(value=value, degraded=found.degraded)

    async def _ask(
        self,
        name: str,
        output: TypeForm[T],
        task: str,
        *,
        most: int = 0,
        fixed: tuple[object, ...] = (),
        **texts: str,
    ) -> MetaAnswer[T | None]:
        """The model's answer, or None and a line in the log.

        Args:
            name: Which question.
            output: Type of the answer.
            task: What the model is told to do.
            most: Characters an answer may have.
            fixed: What else the answer depends on.
            texts: What it is about.
        """
        shown = {key: cut_middle(text, self._max_input_chars) for key, text in texts.items()}
        system, prompt = framed(task, **shown)
        question = partial(self._generate, output, prompt, system, _ROOM_TO_THINK + most)
        try:
            with self._clock.deadline(self._timeout_s):
                key = _key(name, fixed, system, prompt)
                answer = await self._answers.get(key, question)
                return MetaAnswer(value=cast("T", answer))
        except Exception as error:  # noqa: BLE001 - the run that asked goes on without an answer
            cause = _cause(error)
        else:
            cause = f"no answer within {self._timeout_s:g} s"
        logger.warning("the meta-call %s failed, something stands in for it: %s", name, cause)
        return MetaAnswer(value=None, degraded=True)

    async def _generate(self, output: TypeForm[T], prompt: str, system: str, max_tokens: int) -> T:
        model = await self._model() if callable(self._model) else self._model
        settings = Settings(max_tokens=max_tokens)
        return await generate(model, output, prompt, system=system, settings=settings)


@lru_cache(maxsize=64)
def _choice(labels: tuple[str, ...]) -> type[Enum]:
    """A type per set of labels: its validator is kept by the type, and costs milliseconds."""
    made: Any = Enum("Label", [(f"label_{number}", one) for number, one in enumerate(labels)])
    return made


def _key(name: str, fixed: tuple[object, ...], system: str, prompt: str) -> Hashable:
    """By content; the digest keeps the texts themselves out of memory."""
    try:
        hash(fixed)
    except TypeError:  # unhashable metadata in an Annotated type: asked each time
        fixed = (object(),)
    said = f"{len(system)}\n{system}{prompt}".encode(errors="replace")
    return name, fixed, hashlib.sha256(said).digest()


def _cause(error: Exception) -> str:
    """What may be logged: no text of an answer, and nothing of an exception that is not ours."""
    if isinstance(error, OutputError) or not isinstance(error, MajordomoError):
        return type(error).__name__
    return str(error)
