"""Drops the chunks in which llama-swap tells how far a model's loading is (wire/llama-swap §4).

They look like reasoning. Were they handed out, a stream would have begun before the model has, and
a chain could no longer fail over when the loading fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pydantic_core import from_json

from majordomo.llm.response import Response
from majordomo.llm.stream import StreamEvent
from majordomo.providers.wire import ResponseMeta, StreamDecoder

__all__ = ["LoadingFilter"]


class LoadingFilter:
    """A `StreamDecoder` that passes everything on from the first real chunk.

    Args:
        decoder: Takes the chunks of the model.
    """

    __slots__ = ("_decoder", "_loading")

    def __init__(self, decoder: StreamDecoder) -> None:
        self._decoder = decoder
        self._loading = True

    @property
    def done(self) -> bool:
        """See `StreamDecoder.done`."""
        return self._decoder.done

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """See `StreamDecoder.feed`; nothing for a loading chunk."""
        if self._loading:
            self._loading = _is_loading(payload)
            if self._loading:
                return ()
        return self._decoder.feed(payload)

    def end(self) -> Sequence[StreamEvent]:
        """See `StreamDecoder.end`; loading chunks alone are a truncated stream."""
        return self._decoder.end()

    def response(self, meta: ResponseMeta) -> Response:
        """See `StreamDecoder.response`."""
        return self._decoder.response(meta)


def _is_loading(payload: bytes) -> bool:
    """Whether a chunk is llama-swap's: it names no answer, and holds only reasoning."""
    try:
        chunk = from_json(payload)
    except ValueError:
        return False
    if not isinstance(chunk, dict) or "id" in chunk or "object" in chunk:
        return False
    try:
        delta: object = cast("dict[str, Any]", chunk)["choices"][0]["delta"]
    except (KeyError, TypeError, IndexError):
        return False
    return isinstance(delta, dict) and set(cast("dict[str, Any]", delta)) == {"reasoning_content"}
