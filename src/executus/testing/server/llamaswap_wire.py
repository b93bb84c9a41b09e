"""Speaks llama-swap: OpenAI's chat of models that must be loaded first, and their management.

Source: wire/llama-swap.md §2-§6.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import responses
from typing import Any, cast
from urllib.parse import unquote

from executus.testing.server.answer import Answer, JSONAnswer, RawAnswer, SSEAnswer
from executus.testing.server.images import sd_server_answer
from executus.testing.server.openai_wire import OpenAIServer
from executus.testing.server.request import RecordedRequest
from executus.testing.server.turn import Turn

__all__ = ["LlamaSwapServer", "llama_swap_error", "loading_chunks"]

_UNLOAD = "/api/models/unload"
_LOADING = (
    "━━━━━\nllama-swap loading model",
    "\nQueue position: #2",
    ".",
    "\nDone! (1.23s)\n━━━━━\n",
)


def llama_swap_error(status: int, code: str, message: str, *, type: str) -> JSONAnswer:
    """An error of llama-swap itself."""
    error = {"message": message, "type": type, "param": None, "code": code}
    return JSONAnswer(status, {"src": "llama-swap", "error": error})


def loading_chunks() -> list[bytes]:
    """What a stream begins with while its model is loaded."""
    deltas = ({"choices": [{"delta": {"reasoning_content": text}}]} for text in _LOADING)
    texts = (json.dumps(delta, ensure_ascii=False) for delta in deltas)
    return [f"data: {text}\n\n".encode() for text in texts]


class LlamaSwapServer(OpenAIServer):
    """A llama-swap whose models all follow one script; image requests get one pixel.

    Args:
        turns: What a chat model answers, in order.
        models: Ids that can be asked for.
        require_key: The key to expect; without it any or none will do.
        loading_state: Streams that start a model tell of its loading first.
        old: Behave as a release without `/api/models/unload`.

    Attributes:
        loaded: Ids of the models in memory, in the order they were started.
    """

    def __init__(
        self,
        turns: Sequence[Turn] = (),
        *,
        models: Sequence[str] = ("qwen3-8b", "flux"),
        require_key: str | None = None,
        loading_state: bool = False,
        old: bool = False,
    ) -> None:
        super().__init__(turns)
        self.models = tuple(models)
        self.loaded: list[str] = []
        self._key = require_key
        self._loading_state = loading_state
        self._old = old

    def respond(self, request: RecordedRequest) -> Answer:
        """Check the key, then answer as the path says."""
        key = self._key
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return llama_swap_error(
                401, "unauthorized", "unauthorized", type="authentication_error"
            )
        if request.path in ("/v1/chat/completions", "/v1/images/generations"):
            return self._dispatch(request)
        return self._manage(request.method, request.path) or _text(404, "404 page not found")

    def _manage(self, method: str, path: str) -> Answer | None:
        match method, path:
            case "GET", "/v1/models":
                return JSONAnswer(
                    200, {"object": "list", "data": [*map(self._listed, self.models)]}
                )
            case "GET", "/running":
                running = [{"model": model, "state": "ready"} for model in self.loaded]
                return JSONAnswer(200, {"running": running})
            case "GET", "/unload":
                return self._unload(self.models)
            case "POST", path if path.startswith(_UNLOAD) and not self._old:
                return self._unload_path(path.removeprefix(_UNLOAD))
            case _:
                return None

    def _listed(self, model: str) -> dict[str, Any]:
        status = {"value": "loaded" if model in self.loaded else "unloaded"}
        return {"id": model, "object": "model", "owned_by": "llama-swap", "status": status}

    def _unload_path(self, rest: str) -> Answer:
        if rest in ("", "/"):
            return self._unload(self.models)
        model = unquote(rest[1:])
        return self._unload([model]) if model in self.models else _no_model(model)

    def _unload(self, models: Sequence[str]) -> Answer:
        self.loaded = [model for model in self.loaded if model not in models]
        return _text(200, "OK")

    def _dispatch(self, request: RecordedRequest) -> Answer:
        body = cast("dict[str, Any]", request.json or {})
        model = body.get("model")
        if model not in self.models:
            return _no_model(model)
        starting = model not in self.loaded
        if starting:
            self.loaded.append(model)
        if request.path == "/v1/images/generations":
            return sd_server_answer(body)
        answer = super().respond(request)
        if isinstance(answer, SSEAnswer) and starting and self._loading_state:
            return SSEAnswer([*loading_chunks(), *answer.chunks], headers=answer.headers)
        return answer


def _no_model(model: object) -> JSONAnswer:
    return llama_swap_error(
        404, "not_found", f"no router for requested model {model}", type="invalid_request_error"
    )


def _text(status: int, text: str) -> RawAnswer:
    head = f"HTTP/1.1 {status} {responses[status]}\r\ncontent-type: text/plain\r\n"
    return RawAnswer(f"{head}content-length: {len(text)}\r\n\r\n{text}".encode())
