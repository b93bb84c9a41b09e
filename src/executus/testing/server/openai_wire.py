"""Speaks OpenAI Chat Completions: answers as the vendor shapes them, and a scripted server.

Source: wire/openai.md §7-§9.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from executus.testing.server.answer import Answer, JSONAnswer, SSEAnswer
from executus.testing.server.loopback import LoopbackServer
from executus.testing.server.openai_rules import find_broken_rule
from executus.testing.server.request import RecordedRequest
from executus.testing.server.turn import Turn, pick_turn, pieces

__all__ = [
    "OpenAIServer",
    "openai_answer",
    "openai_calls",
    "openai_error",
    "openai_stream",
    "openai_text",
]

_CREATED = 1790000000
_MODEL = "scripted"
Usage = Mapping[str, Any]


def openai_text(text: str, *, usage: Usage | None = None, model: str = _MODEL) -> JSONAnswer:
    """A whole answer in words; `usage` replaces the wire's usage object."""
    return openai_answer(Turn.text(text), usage=usage, model=model)


def openai_calls(
    calls: Iterable[tuple[str, str]], *, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A whole answer with tool calls, each a name and its arguments as JSON text."""
    return openai_answer(Turn.calls(*calls), usage=usage, model=model)


def openai_answer(
    turn: Turn, *, index: int = 0, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A turn as a whole answer; `index` numbers it within its conversation, for ids."""
    message: dict[str, Any] = {"role": "assistant", "content": turn.content or None}
    message |= {"refusal": None, "annotations": []}
    if turn.tool_calls:
        message["tool_calls"] = [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
            for id_, name, arguments in _calls(turn, index)
        ]
    choice = {"index": 0, "finish_reason": _stop(turn), "logprobs": None, "message": message}
    envelope = _envelope("chat.completion", index, model)
    body = {**envelope, "choices": [choice], "usage": usage or _usage(turn)}
    return JSONAnswer(200, body, {"x-request-id": f"req_{index}"})


def openai_stream(
    turn: Turn,
    *,
    index: int = 0,
    usage: Usage | None = None,
    include_usage: bool = True,
    model: str = _MODEL,
) -> SSEAnswer:
    """A turn as a stream, its text and call arguments cut to pieces, one event per chunk."""
    envelope = _envelope("chat.completion.chunk", index, model)
    no_usage = {"usage": None} if include_usage else {}
    payloads = [{**envelope, "choices": [choice], **no_usage} for choice in _choices(turn, index)]
    if include_usage:
        payloads.append({**envelope, "choices": [], "usage": usage or _usage(turn)})
    texts = [*(json.dumps(payload, ensure_ascii=False) for payload in payloads), "[DONE]"]
    chunks = [f"data: {text}\n\n".encode() for text in texts]
    return SSEAnswer(chunks, headers={"x-request-id": f"req_{index}"})


def openai_error(
    status: int,
    message: str,
    *,
    type: str = "invalid_request_error",
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONAnswer:
    """An error answer; `type` and `code` are the wire's."""
    error = {"message": message, "type": type, "param": None, "code": code}
    return JSONAnswer(status, {"error": error}, headers or {})


def _envelope(kind: str, index: int, model: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{index}", "object": kind, "created": _CREATED, "model": model}


def _calls(turn: Turn, index: int) -> list[tuple[str, str, str]]:
    return [(f"call_{index}_{at}", *call) for at, call in enumerate(turn.tool_calls)]


def _stop(turn: Turn) -> str:
    return turn.stop or ("tool_calls" if turn.tool_calls else "stop")


def _usage(turn: Turn) -> Usage:
    return {
        "prompt_tokens": turn.input_tokens,
        "completion_tokens": turn.output_tokens,
        "total_tokens": turn.input_tokens + turn.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _choices(turn: Turn, index: int) -> Iterator[dict[str, Any]]:
    for delta in _deltas(turn, index):
        yield {"index": 0, "delta": delta, "finish_reason": None}
    yield {"index": 0, "delta": {}, "finish_reason": _stop(turn)}


def _deltas(turn: Turn, index: int) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": "" if turn.content else None, "refusal": None}
    for piece in pieces(turn.content):
        yield {"content": piece}
    for at, (id_, name, arguments) in enumerate(_calls(turn, index)):
        function = {"name": name, "arguments": ""}
        yield {"tool_calls": [{"index": at, "id": id_, "type": "function", "function": function}]}
        for piece in pieces(arguments):
            yield {"tool_calls": [{"index": at, "function": {"arguments": piece}}]}


class OpenAIServer(LoopbackServer):
    """A vendor's endpoint whose model follows a script.

    The turn is chosen by the number of assistant messages in the request, so concurrent runs do not
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
            return openai_error(401, "Incorrect API key provided.", code="invalid_api_key")
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            return openai_error(404, f"Invalid URL ({request.method} {request.path})")
        broken = find_broken_rule(request.json)
        return openai_error(400, broken) if broken else None

    def _turn(self, body: Mapping[str, Any]) -> Answer:
        try:
            index, turn = pick_turn(self.turns, body["messages"])
        except IndexError as error:
            return openai_error(500, str(error), type="loopback_server_error")
        model = body["model"]
        if not body.get("stream"):
            return openai_answer(turn, index=index, model=model)
        options: Mapping[str, Any] = body.get("stream_options") or {}
        include_usage = bool(options.get("include_usage"))
        return openai_stream(turn, index=index, include_usage=include_usage, model=model)
