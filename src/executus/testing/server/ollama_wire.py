"""Speaks Ollama's native API: answers as the server shapes them, and a scripted server.

Source: wire/ollama.md §5, §8.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from executus.testing.server.answer import Answer, JSONAnswer, SSEAnswer
from executus.testing.server.loopback import LoopbackServer
from executus.testing.server.ollama_rules import find_broken_rule
from executus.testing.server.request import RecordedRequest
from executus.testing.server.turn import Turn, pick_turn, pieces

__all__ = [
    "OllamaServer",
    "ollama_answer",
    "ollama_calls",
    "ollama_error",
    "ollama_stream",
    "ollama_text",
]

_MODEL = "scripted"
_CREATED = "2026-11-21T10:00:00.123456789Z"
_NDJSON = {"content-type": "application/x-ndjson"}
Json = dict[str, Any]
Usage = Mapping[str, Any]


def ollama_text(text: str, *, usage: Usage | None = None, model: str = _MODEL) -> JSONAnswer:
    """A whole answer in words; `usage` replaces the counters."""
    return ollama_answer(Turn.text(text), usage=usage, model=model)


def ollama_calls(
    calls: Iterable[tuple[str, str]], *, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A whole answer with tool calls, each a name and its arguments as JSON text."""
    return ollama_answer(Turn.calls(*calls), usage=usage, model=model)


def ollama_answer(
    turn: Turn,
    *,
    index: int = 0,
    usage: Usage | None = None,
    model: str = _MODEL,
    ids: bool = True,
) -> JSONAnswer:
    """A turn as a whole answer.

    Args:
        turn: What is said; its `stop` is the `done_reason`.
        index: The turn's number within its conversation, for ids.
        usage: Instead of the counters of the turn.
        model: The model that says so.
        ids: Whether calls have ids; older servers give none.
    """
    message: Json = {"role": "assistant", "content": turn.content}
    if turn.thinking:
        message["thinking"] = turn.thinking
    if turn.tool_calls:
        message["tool_calls"] = list(_calls(turn, index, ids=ids))
    return JSONAnswer(200, {**_line(model, message), **_end(turn, usage)})


def ollama_stream(
    turn: Turn,
    *,
    index: int = 0,
    usage: Usage | None = None,
    model: str = _MODEL,
    ids: bool = True,
) -> SSEAnswer:
    """A turn as a stream of lines, its texts cut to pieces, one line a chunk; calls come whole."""
    messages: list[Json] = [
        *({"content": "", "thinking": piece} for piece in pieces(turn.thinking)),
        *({"content": piece} for piece in pieces(turn.content)),
        *({"content": "", "tool_calls": [call]} for call in _calls(turn, index, ids=ids)),
    ]
    lines = [_line(model, {"role": "assistant", **message}) for message in messages]
    last = {**_line(model, {"role": "assistant", "content": ""}), **_end(turn, usage)}
    return SSEAnswer([_encoded(line) for line in (*lines, last)], headers=_NDJSON)


def ollama_error(
    status: int, message: str, *, headers: Mapping[str, str] | None = None
) -> JSONAnswer:
    """An error answer."""
    return JSONAnswer(status, {"error": message}, headers or {})


def _line(model: str, message: Json) -> Json:
    return {"model": model, "created_at": _CREATED, "message": message, "done": False}


def _end(turn: Turn, usage: Usage | None) -> Json:
    counts = {"prompt_eval_count": turn.input_tokens, "eval_count": turn.output_tokens}
    durations = {"total_duration": 900, "load_duration": 100, "eval_duration": 400}
    counted = {name: count for name, count in counts.items() if count}  # zeros are left out
    own = counted if usage is None else dict(usage)
    return {"done": True, "done_reason": turn.stop or "stop", **durations, **own}


def _calls(turn: Turn, index: int, *, ids: bool) -> Iterator[Json]:
    """The calls; the index of each is 0, as where every call comes in a line of its own."""
    for at, (name, arguments) in enumerate(turn.tool_calls):
        function = {"index": 0, "name": name, "arguments": _parsed(arguments)}
        yield {"id": f"call_{index}_{at}", "function": function} if ids else {"function": function}


def _parsed(arguments: str) -> Any:
    """The arguments as an object; broken JSON can only be a text."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _encoded(line: Json) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


class OllamaServer(LoopbackServer):
    """An Ollama server whose model follows a script.

    The turn is chosen by the number of assistant messages in the request, so concurrent runs do not
    interfere. A request without messages loads the model. What the vendor would refuse is refused.
    Faults are queued with `enqueue`.

    Args:
        turns: What the model answers, in order.
        require_key: The key to expect as a bearer token; without it any or none will do.
        buffered: Answer streaming requests with one object, as foreman does.
        ids: Whether calls have ids; older servers give none.
        lacking: What the model cannot do: of `tools` and `thinking`.
        models: What `GET /api/tags` lists.
    """

    def __init__(
        self,
        turns: Sequence[Turn] = (),
        *,
        require_key: str | None = None,
        buffered: bool = False,
        ids: bool = True,
        lacking: Iterable[str] = (),
        models: Sequence[str] = (_MODEL,),
    ) -> None:
        super().__init__()
        self.turns = tuple(turns)
        self._require_key = require_key
        self._buffered = buffered
        self._ids = ids
        self._lacking = frozenset(lacking)
        self._models = tuple(models)

    @property
    def base_url(self) -> str:
        """The URL to give a client; this vendor's has no path."""
        return self.url

    def respond(self, request: RecordedRequest) -> Answer:
        """Check the request as the vendor does, then answer with the turn it is at."""
        refused = self._refusal(request)
        if refused is None and request.path == "/api/tags":
            return JSONAnswer(200, {"models": [{"name": name} for name in self._models]})
        return refused or self._turn(request.json)

    def _refusal(self, request: RecordedRequest) -> JSONAnswer | None:
        key = self._require_key
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return ollama_error(401, "unauthorized")
        method = {"/api/chat": "POST", "/api/tags": "GET"}.get(request.path)
        if method is None:
            return ollama_error(404, "404 page not found")
        if request.method != method:
            return ollama_error(405, "405 method not allowed")
        if method == "GET":
            return None
        broken = find_broken_rule(request.json) or self._unable(request.json)
        return ollama_error(*broken) if broken else None

    def _unable(self, body: Json) -> tuple[int, str] | None:
        wanted = {"tools": body.get("tools"), "thinking": body.get("think")}
        lacking = next((name for name in wanted if wanted[name] and name in self._lacking), None)
        return (400, f'"{body["model"]}" does not support {lacking}') if lacking else None

    def _turn(self, body: Json) -> Answer:
        messages: list[Json] = body.get("messages") or []
        if not messages:
            reason = "unload" if body.get("keep_alive") == 0 else "load"
            loaded = _line(body["model"], {"role": "assistant", "content": ""})
            return JSONAnswer(200, {**loaded, "done": True, "done_reason": reason})
        try:
            index, turn = pick_turn(self.turns, messages)
        except IndexError as error:
            return ollama_error(500, str(error))
        streamed = body.get("stream", True) and not self._buffered
        answer = ollama_stream if streamed else ollama_answer
        return answer(turn, index=index, model=body["model"], ids=self._ids)
