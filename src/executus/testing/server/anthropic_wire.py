"""Speaks Anthropic Messages: answers as the vendor shapes them, and a scripted server.

Source: wire/anthropic.md §8-§9.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from executus.testing.server.answer import Answer, JSONAnswer, SSEAnswer
from executus.testing.server.anthropic_rules import find_broken_rule
from executus.testing.server.loopback import LoopbackServer
from executus.testing.server.request import RecordedRequest
from executus.testing.server.turn import Turn, pick_turn, pieces

__all__ = [
    "AnthropicServer",
    "anthropic_answer",
    "anthropic_calls",
    "anthropic_error",
    "anthropic_stream",
    "anthropic_text",
]

_MODEL = "scripted"
Usage = Mapping[str, Any]


def anthropic_text(text: str, *, usage: Usage | None = None, model: str = _MODEL) -> JSONAnswer:
    """A whole answer in words; `usage` replaces the wire's usage object."""
    return anthropic_answer(Turn.text(text), usage=usage, model=model)


def anthropic_calls(
    calls: Iterable[tuple[str, str]], *, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A whole answer with tool calls, each a name and its arguments as JSON text."""
    return anthropic_answer(Turn.calls(*calls), usage=usage, model=model)


def anthropic_answer(
    turn: Turn, *, index: int = 0, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A turn as a whole answer; `index` numbers it within its conversation, for ids."""
    body = {
        **_envelope(index, model),
        "content": [block for block, _ in _blocks(turn, index)],
        "stop_reason": _stop(turn),
        "usage": usage or _usage(turn),
    }
    return JSONAnswer(200, body, {"request-id": f"req_{index}"})


def anthropic_stream(
    turn: Turn, *, index: int = 0, usage: Usage | None = None, model: str = _MODEL
) -> SSEAnswer:
    """A turn as a stream with pings, its texts and call inputs cut to pieces, one event a chunk."""
    usage = usage or _usage(turn)
    message = {**_envelope(index, model), "usage": {**usage, "output_tokens": 1}}
    stop = {"stop_reason": _stop(turn), "stop_sequence": None}
    end = {"delta": stop, "usage": {"output_tokens": usage.get("output_tokens", 0)}}
    events = [
        _event("message_start", message=message),
        _event("ping"),
        *_block_events(turn, index),
        _event("message_delta", **end),
        _event("message_stop"),
    ]
    return SSEAnswer(events, headers={"request-id": f"req_{index}"})


def anthropic_error(
    status: int,
    message: str,
    *,
    type: str = "invalid_request_error",
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONAnswer:
    """An error answer; `type` is the wire's, `code` its `details.error_code`."""
    error: dict[str, Any] = {"type": type, "message": message}
    if code is not None:
        error["details"] = {"error_code": code}
    return JSONAnswer(status, {"type": "error", "error": error}, headers or {})


def _envelope(index: int, model: str) -> dict[str, Any]:
    head = {"id": f"msg_{index}", "type": "message", "role": "assistant", "model": model}
    return {**head, "content": [], "stop_reason": None, "stop_sequence": None}


def _stop(turn: Turn) -> str:
    return turn.stop or ("tool_use" if turn.tool_calls else "end_turn")


def _usage(turn: Turn) -> Usage:
    return {
        "input_tokens": turn.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": turn.output_tokens,
    }


def _blocks(turn: Turn, index: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each block as a whole, and the deltas that stream it."""
    if turn.thinking or turn.signature:
        block = {"type": "thinking", "thinking": turn.thinking, "signature": turn.signature}
        deltas = [{"type": "thinking_delta", "thinking": text} for text in pieces(turn.thinking)]
        yield block, [*deltas, {"type": "signature_delta", "signature": turn.signature}]
    if turn.content:
        deltas = [{"type": "text_delta", "text": text} for text in pieces(turn.content)]
        yield {"type": "text", "text": turn.content}, deltas
    for at, (name, arguments) in enumerate(turn.tool_calls):
        block = {"type": "tool_use", "id": f"toolu_{index}_{at}", "name": name}
        texts = ["", *pieces(arguments)]
        deltas = [{"type": "input_json_delta", "partial_json": text} for text in texts]
        yield {**block, "input": _input(arguments)}, deltas


def _input(arguments: str) -> Any:
    """The parsed input; broken JSON can only be streamed, and a whole answer has none of it."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


_EMPTY: dict[str, dict[str, Any]] = {
    "thinking": {"thinking": "", "signature": ""},
    "text": {"text": ""},
    "tool_use": {"input": {}},
}


def _block_events(turn: Turn, index: int) -> Iterator[bytes]:
    for at, (block, deltas) in enumerate(_blocks(turn, index)):
        start = {**block, **_EMPTY[block["type"]]}
        yield _event("content_block_start", index=at, content_block=start)
        yield _event("ping")
        for delta in deltas:
            yield _event("content_block_delta", index=at, delta=delta)
        yield _event("content_block_stop", index=at)


def _event(name: str, **fields: Any) -> bytes:
    data = json.dumps({"type": name, **fields}, ensure_ascii=False)
    return f"event: {name}\ndata: {data}\n\n".encode()


class AnthropicServer(LoopbackServer):
    """A vendor's endpoint whose model follows a script.

    The turn is chosen by the number of assistant messages in the request, so concurrent runs do not
    interfere. A request the vendor would refuse is refused. Faults are queued with `enqueue`.

    Args:
        turns: What the model answers, in order.
        require_key: The key to expect in `x-api-key` or as a bearer token; without it any or none
            will do.
    """

    def __init__(self, turns: Sequence[Turn] = (), *, require_key: str | None = None) -> None:
        super().__init__()
        self.turns = tuple(turns)
        self._require_key = require_key

    @property
    def base_url(self) -> str:
        """The URL to give a client; this vendor's has no /v1."""
        return self.url

    def respond(self, request: RecordedRequest) -> Answer:
        """Check the request as the vendor does, then answer with the turn it is at."""
        return self._refusal(request) or self._turn(request.json)

    def _refusal(self, request: RecordedRequest) -> JSONAnswer | None:
        if not self._let_in(request.headers):
            return anthropic_error(401, "invalid x-api-key", type="authentication_error")
        if (request.method, request.path) != ("POST", "/v1/messages"):
            return anthropic_error(404, "Not Found", type="not_found_error")
        if "anthropic-version" not in request.headers:
            return anthropic_error(400, "anthropic-version: header is required")
        broken = find_broken_rule(request.json, self.turns)
        return anthropic_error(400, broken) if broken else None

    def _let_in(self, headers: Mapping[str, str]) -> bool:
        key = self._require_key
        given = headers.get("x-api-key"), headers.get("authorization")
        return key is None or given[0] == key or given[1] == f"Bearer {key}"

    def _turn(self, body: Mapping[str, Any]) -> Answer:
        try:
            index, turn = pick_turn(self.turns, body["messages"])
        except IndexError as error:
            return anthropic_error(500, str(error), type="loopback_server_error")
        answer = anthropic_stream if body.get("stream") else anthropic_answer
        return answer(turn, index=index, model=body["model"])
