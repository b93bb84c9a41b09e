"""Streamed answers of the Responses API (wire/responses §5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from majordomo.llm.assembler import Assembler
from majordomo.llm.response import Response
from majordomo.llm.stream import FinishEvent, StreamEvent, TextDelta, ThinkingDelta, UsageEvent
from majordomo.providers.faults import TRUNCATED, Fault, WireFault, find_fault
from majordomo.providers.members import call_name
from majordomo.providers.payloads import Payloads
from majordomo.providers.responses.decode import (
    build_response,
    check_answer,
    finish_reason,
    read_usage,
)
from majordomo.providers.responses.items import as_text, said_by, with_call_id
from majordomo.providers.responses.streamed import REFUSAL, SUMMARY, TEXT, THOUGHT, StreamedItem
from majordomo.providers.wire import ResponseMeta

__all__ = ["ResponsesDecoder"]

Json = dict[str, Any]

_MESSAGE: Json = {"type": "message", "role": "assistant"}
_REASONING: Json = {"type": "reasoning"}


class ResponsesDecoder:
    """Decodes one streamed answer; see `StreamDecoder`."""

    def __init__(self) -> None:
        self.done = False
        self._pieces = Assembler()
        self._items: dict[int, StreamedItem] = {}
        self._answer: Json = {}
        self._payloads = Payloads()
        self._on: dict[str, Callable[[Json], Sequence[StreamEvent]]] = {
            "response.output_text.delta": partial(self._text, TEXT),
            "response.refusal.delta": partial(self._text, REFUSAL),
            "response.reasoning_summary_text.delta": partial(self._thought, SUMMARY),
            "response.reasoning_text.delta": partial(self._thought, THOUGHT),
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments_done,
            "response.output_item.added": self._added,
            "response.output_item.done": self._item_done,
            "response.created": self._created,
            "response.completed": self._ended,
            "response.incomplete": self._ended,
            "response.failed": self._ended,
            "error": self._error,
        }

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the data of one event; unknown types say nothing."""
        if self.done:
            return ()
        event: Json = self._payloads.parse(payload)
        handle = self._on.get(event.get("type", ""))
        if handle is not None:
            return handle(event)
        return self._error(event) if event.get("error") else ()

    def _text(self, kind: str, event: Json) -> Sequence[StreamEvent]:
        text = as_text(event["delta"])
        if not text:
            return ()
        item = self._item(event["output_index"], _MESSAGE)
        return [TextDelta(item.add(kind, event.get("content_index") or 0, text))]

    def _thought(self, kind: str, event: Json) -> Sequence[StreamEvent]:
        text = as_text(event["delta"])
        if not text:
            return ()
        item = self._item(event["output_index"], _REASONING)
        at = event.get("summary_index" if kind == SUMMARY else "content_index")
        return [ThinkingDelta(item.add(kind, at or 0, text))]

    def _item(self, index: int, kind: Json) -> StreamedItem:
        """The item at an index; some servers do not announce theirs."""
        found = self._items.get(index)
        if found is None:
            found = self._items[index] = StreamedItem(dict(kind))
        return found

    def _arguments(self, event: Json) -> Sequence[StreamEvent]:
        text, item = as_text(event["delta"]), self._items[event["output_index"]]
        if item.call is None or not text:
            return ()
        return [self._pieces.add_arguments(item.call, text)]

    def _arguments_done(self, event: Json) -> Sequence[StreamEvent]:
        item = self._items[event["output_index"]]
        said = event.get("arguments")
        if item.call is None or item.call.text or not isinstance(said, str) or not said:
            return ()
        return [self._pieces.add_arguments(item.call, said)]

    def _added(self, event: Json) -> Sequence[StreamEvent]:
        start, index = with_call_id(event["item"]), event["output_index"]
        if start.get("type") != "function_call":
            self._items[index] = StreamedItem(start)
            return ()
        piece, began = self._pieces.start_call((index,), start["call_id"], call_name(start))
        self._items[index] = StreamedItem(start, piece)
        return [began]

    def _item_done(self, event: Json) -> Sequence[StreamEvent]:
        return self._complete(event["output_index"], event["item"])

    def _complete(self, index: int, final: Json) -> Sequence[StreamEvent]:
        """An item is complete: what was not streamed of it follows now."""
        events: list[StreamEvent] = []
        if index not in self._items:
            events.extend(self._added({"item": final, "output_index": index}))
        item = self._items[index]
        if item.final is not None:
            return events
        said = said_by(final)
        missing = said.removeprefix(item.shown) if said.startswith(item.shown) else ""
        if item.call is not None:
            return [*events, *self._complete_call(item, final, said, missing)]
        item.final = final
        if missing:
            thinks = final.get("type") == "reasoning"
            events.append(ThinkingDelta(missing) if thinks else TextDelta(missing))
        return events

    def _complete_call(
        self, item: StreamedItem, final: Json, said: str, missing: str
    ) -> Sequence[StreamEvent]:
        call = item.call
        if call is None:
            return ()
        item.final = {**final, "call_id": call.id}
        events: list[StreamEvent] = []
        if missing:
            events.append(self._pieces.add_arguments(call, missing))
        elif said != call.text:  # what is complete counts, not its pieces
            call.chunks, call.size = [], 0
            self._pieces.add_arguments(call, said)
        if final.get("status") != "incomplete":
            events.append(self._pieces.end_call(call))
        return events

    def _created(self, event: Json) -> Sequence[StreamEvent]:
        """The answer begins: an interrupted one still tells its model."""
        self._answer = event.get("response") or {}
        return ()

    def _ended(self, event: Json) -> Sequence[StreamEvent]:
        """The terminal event; items a server did not complete by themselves are complete now."""
        status = event["type"].removeprefix("response.")
        answer: Json = {**self._answer, **(event.get("response") or {}), "status": status}
        check_answer(answer)
        events: list[StreamEvent] = []
        for index, final in self._left(answer):
            events.extend(self._complete(index, final))
        self._answer = answer
        self.done = True
        return [*events, UsageEvent(read_usage(answer))]

    def _left(self, answer: Json) -> list[tuple[int, Json]]:
        """Items that are not complete yet, by their place in the answer's own list of items."""
        known = sorted(self._items)
        given: list[Json] = answer.get("output") or []
        if len(given) < len(known):  # some servers leave the list empty
            ended = answer["status"] == "completed"
            return [(index, self._items[index].whole(ended=ended)) for index in known]
        after = known[-1] + 1 if known else 0
        new = range(after, after + len(given) - len(known))
        return list(zip([*known, *new], given, strict=True))

    def _error(self, event: Json) -> Sequence[StreamEvent]:
        fault = find_fault(event)
        if fault is None:
            said = {name: event.get(name) for name in ("code", "message", "param")}
            fault = find_fault({"error": said})
        raise WireFault(fault or Fault(message="the provider gave no message"))

    def end(self) -> Sequence[StreamEvent]:
        """The remaining event, once a terminal one was seen."""
        if not self.done:
            raise WireFault(TRUNCATED)
        return [FinishEvent(finish_reason(self._whole(), self._answer))]

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far; only a complete answer has state."""
        return build_response(self._whole(), self._answer, meta, broken=not self.done)

    def _whole(self) -> list[Json]:
        return [item.whole() for item in self._items.values()]  # as the events told of them
