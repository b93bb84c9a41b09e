"""One answer: candidates, usage and reasons, from one whole body or from many chunks.

Source: wire/google §6, README §3, §4.
"""

from __future__ import annotations

from typing import Any, cast

from majordomo.errors import ErrorKind
from majordomo.llm.message import Message, Role
from majordomo.llm.response import FinishReason, Response, Usage
from majordomo.llm.stream import StreamEvent, UsageEvent
from majordomo.providers.faults import Fault, WireFault, find_fault
from majordomo.providers.google.answer import AnswerParts
from majordomo.providers.google.errors import refine_fault
from majordomo.providers.google.state import make_state
from majordomo.providers.members import count_of
from majordomo.providers.wire import ResponseMeta

__all__ = ["Answer", "decode_response"]

Json = dict[str, Any]

_FINISH = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "CONTINUATION": FinishReason.PAUSE,
    "SAFETY": FinishReason.CONTENT_FILTER,
    "RECITATION": FinishReason.CONTENT_FILTER,
    "BLOCKLIST": FinishReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "SPII": FinishReason.CONTENT_FILTER,
    "IMAGE_SAFETY": FinishReason.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "IMAGE_RECITATION": FinishReason.CONTENT_FILTER,
    "ESCALATION": FinishReason.CONTENT_FILTER,
    "MODEL_ARMOR": FinishReason.CONTENT_FILTER,
    "PUP_LIMITED_DISABLED": FinishReason.CONTENT_FILTER,
}
# The model went wrong and there is no answer, but the next attempt is likely to give one.
_MISHAPS = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MALFORMED_RESPONSE",
    }
)


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer; one that a server gives as a list of chunks, too.

    Raises:
        WireFault: The body is an error, or holds no answer.
        ArgumentsTooLong: It holds a call whose arguments are.
    """
    answer = Answer()
    answer.add(body)
    if not answer.began:
        message = "the answer has no candidates"
        fault = Fault(message=message, code="malformed_response", kind=ErrorKind.TRANSIENT)
        raise WireFault(fault)
    answer.finish()
    return answer.response(meta)


class Answer:
    """What has been received of one answer.

    Attributes:
        began: A candidate has been seen.
        reported: The server's word for why it ended; "" before it has.
    """

    __slots__ = (
        "_counts",
        "_id",
        "_message",
        "_model",
        "_parts",
        "_token",
        "began",
        "reported",
    )

    def __init__(self) -> None:
        self.began = False
        self.reported = ""
        self._parts = AnswerParts()
        self._counts: Json = {}
        self._message = ""
        self._model = ""
        self._id = ""
        self._token: str | None = None

    def add(self, body: Any) -> list[StreamEvent]:
        """Take a body or a chunk.

        Raises:
            WireFault: It is an error, or says that the prompt was blocked.
        """
        if isinstance(body, list):
            return [event for item in cast("list[Any]", body) for event in self.add(item)]
        chunk = cast("Json", body)
        if chunk.get("error") is not None:
            fault = find_fault(chunk) or Fault(message="the provider gave no message")
            raise WireFault(refine_fault(fault, 0))
        self._check_block(chunk.get("promptFeedback") or {})
        events: list[StreamEvent] = []
        for candidate in chunk.get("candidates") or ():
            if not candidate.get("index"):  # others are further answers to the same prompt
                self._candidate(candidate, events)
        self._model = chunk.get("modelVersion") or self._model
        self._id = chunk.get("responseId") or self._id
        self._count(chunk.get("usageMetadata") or {}, events)
        return events

    def _check_block(self, feedback: Json) -> None:
        reason = feedback.get("blockReason")
        if reason:
            said = feedback.get("blockReasonMessage") or "the prompt was blocked"
            message = f"{said} ({reason}); change the prompt or the safety settings"
            raise WireFault(Fault(message=message, code=reason, kind=ErrorKind.PERMANENT))

    def _candidate(self, candidate: Json, events: list[StreamEvent]) -> None:
        self.began = True
        content: Json = candidate.get("content") or {}
        for part in content.get("parts") or ():
            events.extend(self._parts.add(part))
        reason = candidate.get("finishReason")
        if reason:
            self.reported = reason
            self._message = candidate.get("finishMessage") or self._message
            self._token = candidate.get("continuationToken")

    def _count(self, counts: Json, events: list[StreamEvent]) -> None:
        """Counts are cumulative: what is not null replaces what was known."""
        known = self._counts | {name: n for name, n in counts.items() if n is not None}
        if known != self._counts:
            self._counts = known
            events.append(UsageEvent(_usage(known)))

    def finish(self) -> FinishReason:
        """Why it ended (wire/README §3); calls beat what the server says.

        Raises:
            WireFault: The model went wrong, or misses a signature.
        """
        if self.reported == "MISSING_THOUGHT_SIGNATURE":
            raise WireFault(self._mishap(ErrorKind.HISTORY_REJECTED))
        if self.reported in _MISHAPS and not self._parts.has_calls:
            raise WireFault(self._mishap(ErrorKind.TRANSIENT))
        return self._reason()

    def _mishap(self, kind: ErrorKind) -> Fault:
        message = self._message or f"the model gave no answer ({self.reported})"
        return Fault(message=message[:500], code=self.reported, kind=kind)

    def _reason(self) -> FinishReason:
        reason = _FINISH.get(self.reported, FinishReason.OTHER)
        calls = self._parts.has_calls and reason is not FinishReason.LENGTH
        return FinishReason.TOOL_CALLS if calls else reason

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far, as a response."""
        token = self._token if self._reason() is FinishReason.PAUSE else None
        state = make_state(self._parts.raw(), token, meta.target)
        return Response(
            message=Message(role=Role.ASSISTANT, parts=self._parts.parts(), state=state),
            finish_reason=self._reason(),
            usage=_usage(self._counts),
            target=meta.target,
            served_model=self._model,
            request_id=meta.request_id or self._id,
            raw=meta.raw,
        )


def _usage(counts: Json) -> Usage:
    """Token counts (wire/README §4): thoughts are counted apart, and zeros are left out."""
    if count_of(counts, "promptTokenCount") is None:
        return Usage(requests=1)
    return Usage(
        input=_sum(counts, "promptTokenCount", "toolUsePromptTokenCount"),
        output=_sum(counts, "candidatesTokenCount", "thoughtsTokenCount"),
        cache_read=count_of(counts, "cachedContentTokenCount"),
        reasoning=count_of(counts, "thoughtsTokenCount"),
        requests=1,
    )


def _sum(counts: Json, *names: str) -> int:
    return sum(count_of(counts, name) or 0 for name in names)
