"""Speaks OpenAI Responses: answers as the vendor shapes them, and a scripted server.

Source: wire/responses.md §4-§6.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from executus.testing.server.answer import Answer, JSONAnswer, SSEAnswer
from executus.testing.server.loopback import LoopbackServer
from executus.testing.server.request import RecordedRequest
from executus.testing.server.responses_rules import find_broken_rule, group_turns
from executus.testing.server.turn import Turn, pick_turn, pieces

__all__ = [
    "ResponsesServer",
    "responses_answer",
    "responses_calls",
    "responses_error",
    "responses_stream",
    "responses_text",
]

_CREATED = 1790000000
_MODEL = "scripted"
Json = dict[str, Any]
Usage = Mapping[str, Any]


def responses_text(text: str, *, usage: Usage | None = None, model: str = _MODEL) -> JSONAnswer:
    """A whole answer in words; `usage` replaces the wire's usage object."""
    return responses_answer(Turn.text(text), usage=usage, model=model)


def responses_calls(
    calls: Iterable[tuple[str, str]], *, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A whole answer with tool calls, each a name and its arguments as JSON text."""
    return responses_answer(Turn.calls(*calls), usage=usage, model=model)


def responses_answer(
    turn: Turn, *, index: int = 0, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A turn as a whole answer; `index` numbers it within its conversation, for ids.

    Its thinking is a reasoning item, its signature that item's encrypted content; its `stop`, where
    there is one, the reason the answer is incomplete.
    """
    return JSONAnswer(200, _body(turn, index, usage, model), {"x-request-id": f"req_{index}"})


def responses_stream(
    turn: Turn, *, index: int = 0, usage: Usage | None = None, model: str = _MODEL
) -> SSEAnswer:
    """A turn as a stream, its texts and arguments cut to pieces, one event a chunk."""
    whole = _body(turn, index, usage, model)
    begun: Json = {**whole, "status": "in_progress", "output": [], "usage": None}
    begun["incomplete_details"] = None
    events: list[tuple[str, Json]] = [
        ("response.created", {"response": begun}),
        ("response.in_progress", {"response": begun}),
        *(event for at, item in enumerate(whole["output"]) for event in _item_events(at, item)),
        (f"response.{whole['status']}", {"response": whole}),
    ]
    chunks = [_event(kind, number, fields) for number, (kind, fields) in enumerate(events)]
    return SSEAnswer(chunks, headers={"x-request-id": f"req_{index}"})


def responses_error(
    status: int,
    message: str,
    *,
    type: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONAnswer:
    """An error answer; `type`, `code` and `param` are the wire's."""
    error = {"message": message, "type": type, "param": param, "code": code}
    return JSONAnswer(status, {"error": error}, headers or {})


def _body(turn: Turn, index: int, usage: Usage | None, model: str) -> Json:
    return {
        "id": f"resp_{index}",
        "object": "response",
        "created_at": _CREATED,
        "model": model,
        "status": "incomplete" if turn.stop else "completed",
        "error": None,
        "incomplete_details": {"reason": turn.stop} if turn.stop else None,
        "service_tier": "default",
        "output": list(_items(turn, index)),
        "usage": usage or _usage(turn),
    }


def _usage(turn: Turn) -> Usage:
    return {
        "input_tokens": turn.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": turn.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": turn.input_tokens + turn.output_tokens,
    }


def _items(turn: Turn, index: int) -> Iterator[Json]:
    if turn.thinking or turn.signature:
        summary = [{"type": "summary_text", "text": turn.thinking}] if turn.thinking else []
        item: Json = {"type": "reasoning", "id": f"rs_{index}", "summary": summary}
        yield {**item, "encrypted_content": turn.signature}
    if turn.content:
        part: Json = {
            "type": "output_text",
            "text": turn.content,
            "annotations": [],
            "logprobs": [],
        }
        item = {"type": "message", "id": f"msg_{index}", "role": "assistant", "content": [part]}
        phase = "commentary" if turn.tool_calls else "final_answer"
        yield {**item, "status": "incomplete" if turn.stop else "completed", "phase": phase}
    for at, (name, arguments) in enumerate(turn.tool_calls):
        item = {"type": "function_call", "id": f"fc_{index}_{at}", "call_id": f"call_{index}_{at}"}
        status = "incomplete" if turn.stop and not _is_json(arguments) else "completed"
        yield {**item, "name": name, "arguments": arguments, "status": status}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


_EMPTY: dict[str, Json] = {
    "reasoning": {"summary": [], "encrypted_content": ""},
    "message": {"content": []},
    "function_call": {"arguments": ""},
}


def _item_events(at: int, item: Json) -> Iterator[tuple[str, Json]]:
    kind = item["type"]
    where = {"output_index": at}
    begun = {**item, **_EMPTY[kind]}
    if "status" in item:
        begun["status"] = "in_progress"
    yield "response.output_item.added", {**where, "item": begun}
    for name, fields in _part_events(item):
        yield f"response.{name}", {"item_id": item["id"], **where, **fields}
    yield "response.output_item.done", {**where, "item": item}


def _part_events(item: Json) -> Iterator[tuple[str, Json]]:
    match item["type"]:
        case "function_call":
            for piece in pieces(item["arguments"]):
                yield "function_call_arguments.delta", {"delta": piece}
            yield "function_call_arguments.done", {"arguments": item["arguments"]}
        case "message":
            for index, part in enumerate(item["content"]):
                yield from _texts("content_part", "output_text", "content_index", index, part)
        case _:
            for index, part in enumerate(item["summary"]):
                names = ("reasoning_summary_part", "reasoning_summary_text", "summary_index")
                yield from _texts(*names, index, part)


def _texts(
    around: str, name: str, where: str, index: int, part: Json
) -> Iterator[tuple[str, Json]]:
    """The events of a part that is text."""
    at = {where: index}
    yield f"{around}.added", {**at, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield f"{name}.delta", {**at, "delta": piece}
    yield f"{name}.done", {**at, "text": part["text"]}
    yield f"{around}.done", {**at, "part": part}


def _event(kind: str, number: int, fields: Json) -> bytes:
    data = json.dumps({"type": kind, "sequence_number": number, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {data}\n\n".encode()


class ResponsesServer(LoopbackServer):
    """A vendor's endpoint whose model follows a script.

    The turn is chosen by the number of the model's turns in the request, so concurrent runs do not
    interfere. A request the vendor would refuse is refused. Faults are queued with `enqueue`.

    Args:
        turns: What the model answers, in order.
        require_key: The key to expect as a bearer token; without it any or none will do.
    """

    def __init__(self, turns: Sequence[Turn] = (), *, require_key: str | None = None) -> None:
        super().__init__()
        self.turns = tuple(turns)
        self._require_key = require_key

    @property
    def base_url(self) -> str:
        """The URL to give a client, ending in /v1."""
        return f"{self.url}/v1"

    def respond(self, request: RecordedRequest) -> Answer:
        """Check the request as the vendor does, then answer with the turn it is at."""
        return self._refusal(request) or self._turn(request.json)

    def _refusal(self, request: RecordedRequest) -> JSONAnswer | None:
        key = self._require_key
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return responses_error(401, "Incorrect API key provided.", code="invalid_api_key")
        if (request.method, request.path) != ("POST", "/v1/responses"):
            return responses_error(404, f"Invalid URL ({request.method} {request.path})")
        broken = find_broken_rule(request.json, self.turns)
        return responses_error(400, broken[0], param=broken[1]) if broken else None

    def _turn(self, body: Mapping[str, Any]) -> Answer:
        given = body["input"]
        said = [] if isinstance(given, str) else list(group_turns(given))
        try:
            index, turn = pick_turn(self.turns, [{"role": "assistant"} for _ in said])
        except IndexError as error:
            return responses_error(500, str(error), type="server_error")
        answer = responses_stream if body.get("stream") else responses_answer
        return answer(turn, index=index, model=body["model"])
