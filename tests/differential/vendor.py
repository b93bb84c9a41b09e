"""What a comparison must know of one vendor: how both sides are asked, and how theirs is read."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from majordomo.http import HttpxTransport
from majordomo.llm.request import Request
from majordomo.llm.response import Response

KEY = "sk-differential"

# Loopback speaks plain HTTP: loading certificates for each client would take longer than the test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# Headers of a 429, by what they say; DATE stands for one to come.
WAITS = {
    "seconds": {"retry-after": "7"},
    "a fraction of a second": {"retry-after": "0.25"},
    "milliseconds": {"retry-after-ms": "1500"},
    "milliseconds before seconds": {"retry-after-ms": "1500", "retry-after": "9"},
    "broken milliseconds": {"retry-after-ms": "soon", "retry-after": "9"},
    "a date": {"retry-after": "DATE"},
    "words": {"retry-after": "later"},
    "negative": {"retry-after": "-5"},
    "nothing": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of request.

    Attributes:
        name: Its name in `request/<name>`.
        request: What ours is asked.
        streaming: Ask for a stream.
        then: Makes a second request from the first one's answer; that one is compared.
        model: Another model than the vendor's usual one.
    """

    name: str
    request: Request
    streaming: bool = False
    then: Callable[[Response], Request] | None = None
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One answer, whole and as a stream, where it has both forms.

    Attributes:
        name: Its name in `answer/<name>, whole` and `answer/<name>, streamed`.
        whole: The body.
        stream: The events.
    """

    name: str
    whole: Any = None
    stream: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One error answer.

    Attributes:
        name: Its name in `error/<name>`.
        status: Status code; 200 for an error inside a stream.
        body: The body, as JSON or bytes.
        headers: Response headers.
        stream: The events of an answer that turns into an error.
    """

    name: str
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor.

    Attributes:
        name: Names it in cases and in `differences`.
        model: Model both sides ask for.
        provider: Our provider, from `url` and `transport`.
        client: Their client, from `url` and `retries`; an async context manager.
        calls: Their side of every shape by name: asks, and reads the answer to its end.
        lacks: Shapes that have no counterpart there, and why.
        own: Shapes of its own.
        headers: Request headers that are compared.
        answer: Something plausible for a request, so that both sides are content.
        ask: Asks for one answer (client, streaming) and reads it as `seen` does.
        answers: Answers both must read the same.
        refusals: Errors both must read the same.
        failure: Reads one of their exceptions: `status`, `kinds` (those it may be here), …
        request_id: The response header with the id of a request.
        stream_headers: More headers of a streamed answer.
        raises: The root of their exceptions.
        retries: Whether their client tries again by itself.
        wait_s: The seconds they would wait, from the client and the exception.
    """

    name: str
    model: str
    provider: Callable[..., Any]
    client: Callable[..., Any]
    calls: Mapping[str, Callable[[Any], Awaitable[Any]]]
    lacks: Mapping[str, str] = field(default_factory=dict)
    own: tuple[Shape, ...] = ()
    headers: tuple[str, ...] = ("authorization", "content-type", "accept")
    answer: Callable[[Any], Any]
    ask: Callable[..., Awaitable[Any]]
    answers: tuple[Served, ...]
    refusals: tuple[Refusal, ...]
    failure: Callable[[Exception], dict[str, Any]]
    request_id: str = "x-request-id"
    stream_headers: Mapping[str, str] = field(default_factory=dict)
    raises: type[Exception]
    retries: bool = True
    wait_s: Callable[[Any, Exception], float | None] | None = None


def seen(*, text, calls, finish, usage, model, request_id="", thinking=""):
    """An answer as both sides are compared.

    Args:
        text: Visible text, a refusal's included.
        calls: (id, name, parsed arguments).
        finish: Our word for why it ended.
        usage: Counts in our terms; None where nothing was said.
        model: The model that answered.
        request_id: From the headers.
        thinking: Reasoning text.
    """
    names = ("id", "name", "arguments")
    return {
        "text": text,
        "thinking": thinking,
        "calls": [dict(zip(names, call, strict=True)) for call in calls],
        "finish": finish,
        "usage": usage,
        "model": model,
        "request_id": request_id,
    }


def usage(*, input=None, output=None, cache_read=None, cache_write=None, reasoning=None):
    """Counts in our terms: input includes what the cache did, output includes reasoning."""
    return {
        "input": input,
        "output": output,
        "cache_read": cache_read,
        "cache_write": cache_write,
        "reasoning": reasoning,
    }


async def ask_ours(vendor, url, shape):
    """Ask the way a shape says; the last answer."""
    transport = HttpxTransport()
    try:
        provider = vendor.provider(url=url, transport=transport)
        model = provider.model(shape.model or vendor.model)
        response = await _once(model, shape.request, streaming=shape.streaming)
        if shape.then is not None:
            response = await _once(model, shape.then(response), streaming=shape.streaming)
        return response
    finally:
        await transport.aclose()


async def _once(model, request, *, streaming):
    if not streaming:
        return await model.complete(request)
    async with model.stream(request) as stream:
        return await stream.response()
