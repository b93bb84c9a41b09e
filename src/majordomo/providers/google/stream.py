"""Streamed answers of `streamGenerateContent` (wire/google §8)."""

from __future__ import annotations

from collections.abc import Sequence

from majordomo.llm.response import Response
from majordomo.llm.stream import FinishEvent, StreamEvent
from majordomo.providers.faults import TRUNCATED, WireFault
from majordomo.providers.google.decode import Answer
from majordomo.providers.payloads import Payloads
from majordomo.providers.wire import ResponseMeta

__all__ = ["ContentDecoder"]


class ContentDecoder:
    """Decodes one streamed answer; see `StreamDecoder`.

    There is no end marker: an answer that has its reason is complete when the body ends.
    """

    __slots__ = ("_answer", "_payloads", "done")

    def __init__(self) -> None:
        self.done = False
        self._answer = Answer()
        self._payloads = Payloads()

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the data of one event."""
        return self._answer.add(self._payloads.parse(payload))

    def end(self) -> Sequence[StreamEvent]:
        """The last event, when the answer is complete.

        Raises:
            WireFault: It is not, or the model went wrong.
        """
        if self._payloads.broken is not None or not self._answer.reported:
            raise WireFault(TRUNCATED)
        return [FinishEvent(self._answer.finish())]

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far."""
        return self._answer.response(meta)
