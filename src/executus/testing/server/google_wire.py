"""Speaks Gemini's generateContent: answers as the vendor shapes them, and a scripted server.

Source: wire/google.md §1, §6, §8, §9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from executus.testing.server.answer import Answer, JSONAnswer, SSEAnswer
from executus.testing.server.google_rules import find_broken_rule
from executus.testing.server.loopback import LoopbackServer
from executus.testing.server.request import RecordedRequest
from executus.testing.server.turn import Turn, pick_turn, pieces

__all__ = [
    "GoogleServer",
    "google_answer",
    "google_calls",
    "google_error",
    "google_stream",
    "google_text",
]

_MODEL = "scripted"
_PATH = re.compile(
    r"/v1(?:beta)?/(?:models/|(?=tunedModels/))(?P<model>[^:?]+)"
    r":(?P<method>generateContent|streamGenerateContent\?alt=sse)"
)
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
Usage = Mapping[str, Any]
Part = dict[str, Any]


def google_text(text: str, *, usage: Usage | None = None, model: str = _MODEL) -> JSONAnswer:
    """A whole answer in words; `usage` replaces the wire's usage object."""
    return google_answer(Turn.text(text), usage=usage, model=model)


def google_calls(
    calls: Iterable[tuple[str, str]], *, usage: Usage | None = None, model: str = _MODEL
) -> JSONAnswer:
    """A whole answer with tool calls, each a name and its arguments as JSON text."""
    return google_answer(Turn.calls(*calls), usage=usage, model=model)


def google_answer(
    turn: Turn,
    *,
    index: int = 0,
    usage: Usage | None = None,
    model: str = _MODEL,
    thoughts: bool = True,
) -> JSONAnswer:
    """A turn as a whole answer.

    Args:
        turn: What is answered.
        index: Numbers it within its conversation, for the response's id.
        usage: Instead of the turn's counts.
        model: Named as the version that answered.
        thoughts: Show the thinking.
    """
    thinking = [{"text": turn.thinking, "thought": True}] if turn.thinking and thoughts else []
    said = [{"text": turn.content}] if turn.content else []
    parts = _signed([*thinking, *said, *_calls(turn)], turn)
    return JSONAnswer(200, _chunk(parts, index, model, usage or _usage(turn), _stop(turn)))


def google_stream(
    turn: Turn,
    *,
    index: int = 0,
    usage: Usage | None = None,
    model: str = _MODEL,
    thoughts: bool = True,
) -> SSEAnswer:
    """A turn as a stream, one event a chunk; the last has an empty text and the reason."""
    usage = usage or _usage(turn)
    first = {**usage, "candidatesTokenCount": 0}
    last: Part = {"text": ""}
    if turn.signature and not turn.tool_calls:
        last["thoughtSignature"] = turn.signature
    parts = [*_deltas(turn, thoughts=thoughts), *_signed(_calls(turn), turn)]
    chunks = [_event(_chunk([part], index, model, first)) for part in parts]
    return SSEAnswer([*chunks, _event(_chunk([last], index, model, usage, _stop(turn)))])


def google_error(
    status: int,
    message: str,
    *,
    type: str = "",
    details: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONAnswer:
    """An error answer; `type` is the status in a word, the usual one by default."""
    error: dict[str, Any] = {"code": status, "message": message}
    error["status"] = type or _STATUS.get(status, "UNKNOWN")
    if details:
        error["details"] = list(details)
    return JSONAnswer(status, {"error": error}, headers or {})


def _stop(turn: Turn) -> str:
    return turn.stop or "STOP"


def _usage(turn: Turn) -> Usage:
    return {
        "promptTokenCount": turn.input_tokens,
        "candidatesTokenCount": turn.output_tokens,
        "totalTokenCount": turn.input_tokens + turn.output_tokens,
    }


def _chunk(
    parts: list[Part], index: int, model: str, usage: Usage, reason: str = ""
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    counts = {name: value for name, value in usage.items() if value}
    known = {"usageMetadata": counts, "modelVersion": model, "responseId": f"resp_{index}"}
    return {"candidates": [candidate], **known}


def _calls(turn: Turn) -> list[Part]:
    return [
        {"functionCall": {"name": name, "args": _args(arguments)}}
        for name, arguments in turn.tool_calls
    ]


def _args(arguments: str) -> Any:
    """The parsed arguments; this wire has no way to send broken ones."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


def _signed(parts: list[Part], turn: Turn) -> list[Part]:
    """The signature goes on the first call, or without calls on the last part."""
    if not turn.signature or not parts:
        return parts
    at = next((at for at, part in enumerate(parts) if "functionCall" in part), len(parts) - 1)
    signed = {**parts[at], "thoughtSignature": turn.signature}
    return [*parts[:at], signed, *parts[at + 1 :]]


def _deltas(turn: Turn, *, thoughts: bool) -> Iterator[Part]:
    if thoughts:
        for text in pieces(turn.thinking):
            yield {"text": text, "thought": True}
    for text in pieces(turn.content):
        yield {"text": text}


def _event(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\r\n\r\n".encode()


class GoogleServer(LoopbackServer):
    """A vendor's endpoint whose model follows a script.

    The turn is chosen by the number of model contents in the request, so concurrent runs do not
    interfere. A request the vendor would refuse is refused. Faults are queued with `enqueue`.

    Args:
        turns: What the model answers, in order.
        require_key: The key to expect in `x-goog-api-key`; without it any or none will do.
    """

    def __init__(self, turns: Sequence[Turn] = (), *, require_key: str | None = None) -> None:
        super().__init__()
        self.turns = tuple(turns)
        self._require_key = require_key

    @property
    def base_url(self) -> str:
        """The URL to give a client; the API's version is not in it."""
        return self.url

    def respond(self, request: RecordedRequest) -> Answer:
        """Check the request as the vendor does, then answer with the turn it is at."""
        asked = _PATH.fullmatch(request.path)
        if request.method != "POST" or asked is None:
            return google_error(404, "Not Found")
        if self._require_key not in (None, request.headers.get("x-goog-api-key")):
            details = [{"@type": "google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
            return google_error(400, "API key not valid.", details=details)
        model = asked["model"]
        broken = find_broken_rule(request.json, model, self.turns)
        if broken:
            return google_error(400, broken)
        return self._turn(request.json, model, whole=asked["method"] == "generateContent")

    def _turn(self, body: Mapping[str, Any], model: str, *, whole: bool) -> Answer:
        roles = {"model": "assistant"}
        said = [{"role": roles.get(content["role"])} for content in body["contents"]]
        try:
            index, turn = pick_turn(self.turns, said)
        except IndexError as error:
            return google_error(500, str(error))
        thinking = body.get("generationConfig", {}).get("thinkingConfig", {})
        answer = google_answer if whole else google_stream
        shown = bool(thinking.get("includeThoughts"))
        return answer(turn, index=index, model=model, thoughts=shown)
