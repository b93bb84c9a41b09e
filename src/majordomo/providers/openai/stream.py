"""Streamed answers of Chat Completions and its compatibles (wire/openai §8, §11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pydantic_core import from_json

from majordomo.llm.assembler import Assembler, Kind
from majordomo.llm.message import Message, Role
from majordomo.llm.response import FinishReason, Response, Usage
from majordomo.llm.stream import FinishEvent, StreamEvent, TextDelta, ThinkingDelta, UsageEvent
from majordomo.providers.faults import TRUNCATED, WireFault
from majordomo.providers.openai.calls import CallFragments
from majordomo.providers.openai.decode import (
    check_error,
    finish_reason,
    reported_reason,
    visible_text,
)
from majordomo.providers.openai.reasoning import ReasoningFields, make_state, thinking_of
from majordomo.providers.openai.usage import find_usage
from majordomo.providers.payloads import Payloads
from majordomo.providers.text import is_cut_json, is_json
from majordomo.providers.wire import ResponseMeta

__all__ = ["ChatDecoder"]

Json = dict[str, Any]

# Keys sort as a whole answer orders its parts.
_THINKING, _TEXT, _CALLS = 0, 1, 2

# Fields of a delta that add nothing to a piece of text.
_QUIET = frozenset({"content", "role"})


def _only_text(delta: Json) -> bool:
    return not any(value and name not in _QUIET for name, value in delta.items())


class ChatDecoder:
    """Decodes one streamed answer; see `StreamDecoder`."""

    __slots__ = (
        "_calls",
        "_model",
        "_payloads",
        "_pieces",
        "_reason",
        "_reasoning",
        "_refused",
        "_reported",
        "_text",
        "_thinking",
        "_usage",
        "done",
    )

    def __init__(self) -> None:
        self.done = False
        self._pieces = Assembler()
        self._thinking = self._pieces.piece((_THINKING,), Kind.THINKING).chunks
        self._text = self._pieces.piece((_TEXT,), Kind.TEXT).chunks
        self._calls = CallFragments(self._pieces, _CALLS)
        self._reasoning = ReasoningFields()
        self._refused = False
        self._reported: str | None = None
        self._reason: FinishReason | None = None
        self._usage: Usage | None = None
        self._model = ""
        self._payloads = Payloads()

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the data of one event; see `StreamDecoder.feed`.

        Most payloads hold a piece of text and nothing else: those take the short way.
        """
        if self._payloads.broken is not None and not self.done:
            raise self._payloads.broken
        try:
            chunk: Json = from_json(payload)
        except ValueError:
            return self._feed_unparsed(payload)
        try:
            choice: Json = chunk["choices"][0]
            delta: Json = choice["delta"]
            text = delta.get("content")
            plain = (
                isinstance(text, str)
                and (len(delta) == 1 or _only_text(delta))
                and choice.get("finish_reason") is None
                and chunk.get("usage") is None
                and "error" not in chunk
                and "x_groq" not in chunk
                and (self._model or not chunk.get("model"))
                and not self.done
            )
        except (KeyError, TypeError, IndexError, AttributeError):
            return self._feed_chunk(chunk)
        if not plain:
            return self._feed_chunk(chunk)
        if not text:
            return ()
        self._text.append(text)
        return (TextDelta(text),)

    def _feed_unparsed(self, payload: bytes) -> Sequence[StreamEvent]:
        if self.done or not payload.strip():
            return ()
        chunk: object = self._payloads.parse(payload)
        self.done = payload.strip() == b"[DONE]"
        return self._feed_chunk(chunk)

    def _feed_chunk(self, body: object) -> Sequence[StreamEvent]:
        if self.done:
            return ()
        chunk = cast("Json", body)
        if isinstance(body, list) or chunk.get("error"):
            check_error(chunk)
        if not self._model:
            self._model = chunk.get("model") or ""
        events: list[StreamEvent] = []
        for choice in (chunk.get("choices") or ())[:1]:
            self._choice(choice, events)
        usage = find_usage(chunk)
        if usage is not None and usage != self._usage:
            self._usage = usage
            events.append(UsageEvent(usage))
        return events

    def _choice(self, choice: Json, events: list[StreamEvent]) -> None:
        delta: Json = choice.get("delta") or {}
        if not delta and not self._has_content():
            # A buffered answer. After deltas, the whole message would only repeat them.
            delta = choice.get("message") or {}
        calls = delta.get("tool_calls")
        if not calls or len(delta) > 1:
            self._texts(delta, events)
        for raw in calls or ():
            self._calls.add(raw, events)
        self._reported = reported_reason(choice) or self._reported

    def _texts(self, delta: Json, events: list[StreamEvent]) -> None:
        thinking = thinking_of(delta)
        if thinking:
            self._thinking.append(thinking)
            events.append(ThinkingDelta(thinking))
        self._reasoning.add(delta)
        refusal = delta.get("refusal") or ""
        self._refused = self._refused or bool(refusal)
        text = visible_text(delta.get("content")) + refusal
        if text:
            self._text.append(text)
            events.append(TextDelta(text))

    def _has_content(self) -> bool:
        return bool(self._text or self._thinking or self._pieces.has_calls)

    def end(self) -> Sequence[StreamEvent]:
        """The remaining events, once `[DONE]` was seen or the body has ended.

        A call cut by the token limit gets no end: it is kept as a whole answer keeps it, for the
        loop to answer and never to execute.

        Raises:
            WireFault: The stream is cut: no finish reason came, and what did come is not ended by
                `[DONE]`, holds nothing of an answer, or breaks off within a call.
        """
        if self._reported is None and not self._is_ended():
            raise WireFault(TRUNCATED)
        self._reason = finish_reason(
            self._reported, calls=self._pieces.has_calls, refused=self._refused
        )
        events: list[StreamEvent] = []
        for call in self._pieces.open_calls:
            if self._reason is FinishReason.LENGTH and not is_json(call.text or "{}"):
                self._pieces.cut_call(call)
            else:
                events.append(self._pieces.end_call(call))
        return (*events, FinishEvent(self._reason))

    def _is_ended(self) -> bool:
        """Whether a stream without a reason is an answer all the same (wire/openai §11).

        Some servers never give one. Some send `[DONE]` after what failed, too.
        """
        calls = self._pieces.open_calls
        return self.done and self._has_content() and not any(is_cut_json(c.text) for c in calls)

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far."""
        state = make_state(self._reasoning.fields, self._calls.extras, meta.target)
        return Response(
            message=Message(role=Role.ASSISTANT, parts=self._pieces.parts(), state=state),
            finish_reason=self._reason or FinishReason.OTHER,
            usage=self._usage or Usage(requests=1),
            target=meta.target,
            served_model=self._model,
            request_id=meta.request_id,
            raw=meta.raw,
        )
