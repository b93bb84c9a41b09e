"""How each provider's features look on its wire, for the tests that hold the table of features."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from wirerows import KEY, WIRE_ROWS

from executus.testing import OpenAIServer
from executus.testing.server import (
    LlamaSwapServer,
    SSEAnswer,
    anthropic_answer,
    anthropic_stream,
    google_answer,
    google_stream,
    ollama_answer,
    ollama_stream,
    openai_answer,
    openai_stream,
    responses_answer,
    responses_stream,
)
from majordomo.llm import Usage

__all__ = ["FEATURE_WIRES", "KEY", "City", "FeatureWire"]

_ROWS = {row.name: row for row in WIRE_ROWS}


@dataclass(frozen=True)
class City:
    name: str
    people: int


def _thinks_aloud(answer, thinking):
    """An answer of Chat Completions with its reasoning, as compatible servers give it."""
    if isinstance(answer, SSEAnswer):
        pieces = [thinking[:3], thinking[3:]]
        deltas = (
            {"choices": [{"delta": {"reasoning_content": piece}}], "id": "x"} for piece in pieces
        )
        chunks = [f"data: {json.dumps(delta)}\n\n".encode() for delta in deltas]
        return replace(answer, chunks=[answer.chunks[0], *chunks, *answer.chunks[1:]])
    answer.body["choices"][0]["message"]["reasoning_content"] = thinking
    return answer


class _Thinking:
    """Adds the turn's thinking to what a server of Chat Completions answers."""

    def _turn(self, body):
        answer = super()._turn(body)
        index = sum(message["role"] == "assistant" for message in body["messages"])
        thinking = self.turns[index].thinking if index < len(self.turns) else ""
        return _thinks_aloud(answer, thinking) if thinking else answer


class ThinkingOpenAIServer(_Thinking, OpenAIServer):
    """A server compatible with OpenAI's whose model thinks aloud."""


class ThinkingLlamaSwapServer(_Thinking, LlamaSwapServer):
    """A llama-swap whose model thinks aloud."""


@dataclass(frozen=True, kw_only=True)
class FeatureWire:
    """One provider.

    Attributes:
        name: Its name.
        server: Makes the vendor's server of turns.
        answer: A turn as a whole answer, with `usage`.
        stream: The same as a stream.
        usage: What the vendor says of usage, in all detail it has.
        counted: What that means.
        schema: Finds the schema of a request.
        effort: Finds what asks for thinking.
        results: Finds what a request holds of tool results.
        images_in_results: Images stay within the results, and are not moved behind them.
        kept_thinking: What of the turns' thinking must come back in the second request.
        marks_cache: `prompt_caching` is said in the request.
    """

    name: str
    server: Callable[..., Any]
    answer: Callable[..., Any]
    stream: Callable[..., Any]
    usage: dict[str, Any]
    counted: Usage
    schema: Callable[[Any], Any]
    effort: Callable[[Any], Any]
    results: Callable[[Any], Any]
    images_in_results: bool = False
    kept_thinking: str = "sig-1"
    marks_cache: bool = False

    def model(self, server):
        return _ROWS[self.name].model(server)

    def enqueue(self, server, turn, *, streaming):
        """Queue an answer with this wire's fullest usage."""
        server.enqueue((self.stream if streaming else self.answer)(turn, usage=self.usage))


def _role(role, messages="messages"):
    return lambda body: [message for message in body[messages] if message["role"] == role]


def _blocks(body):
    parts = [part for message in body["messages"] for part in message["content"]]
    return [part for part in parts if part["type"] == "tool_result"]


_CHAT = FeatureWire(
    name="openai",
    server=partial(ThinkingOpenAIServer, require_key=KEY),
    answer=openai_answer,
    stream=openai_stream,
    usage={
        "prompt_tokens": 12,
        "completion_tokens": 7,
        "total_tokens": 19,
        "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 4},
    },
    counted=Usage(input=12, output=7, cache_read=8, cache_write=3, reasoning=4, requests=1),
    schema=lambda body: body["response_format"]["json_schema"]["schema"],
    effort=lambda body: body["reasoning_effort"] == "high",
    results=_role("tool"),
    kept_thinking="hm one",
)

_NATIVE = FeatureWire(
    name="ollama",
    server=partial(_ROWS["ollama"].server, require_key=KEY),
    answer=ollama_answer,
    stream=ollama_stream,
    usage={"prompt_eval_count": 12, "eval_count": 7},
    counted=Usage(input=12, output=7, requests=1),
    schema=lambda body: body["format"],
    effort=lambda body: body["think"] == "high",
    results=_role("tool"),
    kept_thinking="hm one",
)

FEATURE_WIRES = {
    wire.name: wire
    for wire in (
        _CHAT,
        FeatureWire(
            name="openai-responses",
            server=partial(_ROWS["openai-responses"].server, require_key=KEY),
            answer=responses_answer,
            stream=responses_stream,
            usage={
                "input_tokens": 12,
                "output_tokens": 7,
                "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 3},
                "output_tokens_details": {"reasoning_tokens": 4},
            },
            counted=Usage(input=12, output=7, cache_read=8, cache_write=3, reasoning=4, requests=1),
            schema=lambda body: body["text"]["format"]["schema"],
            effort=lambda body: body["reasoning"]["effort"] == "high",
            results=lambda body: [
                item for item in body["input"] if item.get("type") == "function_call_output"
            ],
            images_in_results=True,
        ),
        FeatureWire(
            name="anthropic",
            server=partial(_ROWS["anthropic"].server, require_key=KEY),
            answer=anthropic_answer,
            stream=anthropic_stream,
            usage={
                "input_tokens": 1,
                "cache_read_input_tokens": 8,
                "cache_creation_input_tokens": 3,
                "output_tokens": 7,
                "output_tokens_details": {"thinking_tokens": 4},
            },
            counted=Usage(input=12, output=7, cache_read=8, cache_write=3, reasoning=4, requests=1),
            schema=lambda body: body["output_config"]["format"]["schema"],
            effort=lambda body: body["output_config"]["effort"] == "high",
            results=_blocks,
            images_in_results=True,
            marks_cache=True,
        ),
        FeatureWire(
            name="google",
            server=partial(_ROWS["google"].server, require_key=KEY),
            answer=google_answer,
            stream=google_stream,
            usage={
                "promptTokenCount": 12,
                "cachedContentTokenCount": 8,
                "candidatesTokenCount": 3,
                "thoughtsTokenCount": 4,
            },
            counted=Usage(input=12, output=7, cache_read=8, reasoning=4, requests=1),
            schema=lambda body: body["generationConfig"]["responseJsonSchema"],
            effort=lambda body: body["generationConfig"]["thinkingConfig"]["thinkingLevel"],
            results=lambda body: [
                part["functionResponse"]
                for content in body["contents"]
                for part in content["parts"]
                if "functionResponse" in part
            ],
            images_in_results=True,
        ),
        _NATIVE,
        replace(
            _NATIVE,
            name="ollama-cloud",
            server=partial(_ROWS["ollama-cloud"].server, require_key=KEY),
        ),
        replace(_NATIVE, name="foreman"),
        replace(
            _CHAT,
            name="llama-swap",
            server=partial(ThinkingLlamaSwapServer, require_key=KEY, loading_state=True),
        ),
    )
}
