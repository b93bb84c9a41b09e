"""Streamed answers of `streamGenerateContent` (wire/google §8)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import from_json

from majordomo.errors import ErrorKind
from majordomo.llm.response import Response
from majordomo.llm.stream import FinishEvent, StreamEvent
from majordomo.providers.faults import Fault, WireFault, parse_json
from majordomo.providers.google.decode import Answer
from majordomo.providers.wire import ResponseMeta

__all__ = ["ContentDecoder"]


class ContentDecoder:
    """Decodes one streamed answer; see `StreamDecoder`.

    There is no end marker: an answer that has its reason is complete when the body ends.
    """

    __slots__ = ("_answer", "_broken", "done")

    def __init__(self) -> None:
        self.done = False
        self._answer = Answer()
        self._broken: ValueError | None = None

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the data of one event."""
        if self._broken is not None:
            raise self._broken
        try:
            body: object = from_json(payload)
        except ValueError:
            return self._feed_broken(payload.strip())
        return self._answer.add(body)

    def _feed_broken(self, payload: bytes) -> Sequence[StreamEvent]:
        """Broken UTF-8, the marker some proxies add, or a payload that may be cut off."""
        if not payload or payload == b"[DONE]":
            return ()
        try:
            body = parse_json(payload)
        except ValueError as error:
            self._broken = error  # malformed, unless it is the last one: then the body was cut
            return ()
        return self._answer.add(body)

    def end(self) -> Sequence[StreamEvent]:
        """The last event, when the answer is complete.

        Raises:
            WireFault: It is not, or the model went wrong.
        """
        if self._broken is not None or not self._answer.reported:
            raise WireFault(
                Fault(
                    message="the stream ended before its answer was complete",
                    code="truncated_stream",
                    kind=ErrorKind.TRANSIENT,
                )
            )
        return [FinishEvent(self._answer.finish())]

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far."""
        return self._answer.response(meta)
