"""How many tokens a message is likely to take: an estimate without a tokenizer.

Four bytes of UTF-8 a token: close for English and code, and fair to scripts that take two or three
bytes a letter. Reported usage corrects it (`Gauge`), so it need only be right in proportion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import assert_never
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from majordomo.llm import (
    DocumentPart,
    ImagePart,
    Message,
    OpaquePart,
    Part,
    TextPart,
    ThinkingPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
    Usage,
)
from majordomo.media.header import read_header

__all__ = ["Gauge", "Scale", "Weight", "fixed_tokens", "text_tokens"]

_BYTES_PER_TOKEN = 4
_AROUND_MESSAGE = 4
_AROUND_CALL = 8
# Vendors scale an image down to what costs about this, and take a least price (wire/README §7).
_LEAST_IMAGE, _MOST_IMAGE = 256, 1_600
_PIXELS_PER_TOKEN = 750
_PAGE = 1_500  # as text and as a picture
_BYTES_PER_PAGE = 100_000  # of a scan; a guess too low is mended by the provider's refusal
_PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b")


def text_tokens(text: str) -> int:
    """Tokens of a text, about; 0 for an empty one."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // _BYTES_PER_TOKEN)


def fixed_tokens(system: str, tools: Sequence[Tool]) -> int:
    """Tokens that every request takes, whatever its messages."""
    return text_tokens(system) + sum(map(_tool_tokens, tools))


_tools_known: WeakKeyDictionary[Tool, int] = WeakKeyDictionary()


def _tool_tokens(tool: Tool) -> int:
    found = _tools_known.get(tool)
    if found is None:
        schema = len(to_json(tool.parameters)) // _BYTES_PER_TOKEN
        found = _AROUND_CALL + text_tokens(tool.name) + text_tokens(tool.description) + schema
        _tools_known[tool] = found
    return found


class Scale:
    """Weighs messages in estimated tokens, each only once: by identity, as they cannot change."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[Message, int]] = {}

    def weigh(self, message: Message) -> int:
        """The message's tokens."""
        found = self._known.get(id(message))
        if found is None:
            # The message is kept beside its weight, so its id stays its own.
            found = self._known[id(message)] = (message, _message_tokens(message))
        return found[1]

    def weigh_all(self, messages: Iterable[Message]) -> int:
        """The tokens of all of them."""
        return sum(map(self.weigh, messages))

    def keep_only(self, messages: Iterable[Message]) -> None:
        """Forget all others, so that what is sent no more is not held."""
        kept = {id(message) for message in messages}
        self._known = {key: entry for key, entry in self._known.items() if key in kept}


class Weight:
    """What a conversation weighs; a `majordomo.llm.fragments.Joiner`.

    Attributes:
        tokens: Of all messages so far.
        keep: Always.
    """

    __slots__ = ("keep", "tokens")

    def __init__(self) -> None:
        self.tokens = 0
        self.keep = True

    def add(self, message: Message) -> None:
        """Weigh the next message."""
        self.tokens += _message_tokens(message)


def _message_tokens(message: Message) -> int:
    said = sum(map(_part_tokens, message.parts))
    # State mostly holds the whole turn as its provider wrote it, and is then sent in its place.
    state = text_tokens(message.state.data) if message.state is not None else 0
    return _AROUND_MESSAGE + max(said, state)


def _part_tokens(part: Part) -> int:
    match part:
        case TextPart():
            return text_tokens(part.text)
        case ToolCallPart():
            return _AROUND_CALL + text_tokens(part.name) + text_tokens(part.arguments)
        case ToolResultPart():
            return _AROUND_CALL + text_tokens(part.text) + sum(map(_image_tokens, part.images))
        case ImagePart():
            return _image_tokens(part)
        case DocumentPart():
            return _document_tokens(part.data)
        case ThinkingPart() | OpaquePart():
            return 0  # goes back as state or not at all
        case _:
            assert_never(part)


def _image_tokens(image: ImagePart) -> int:
    header = read_header(image.data)
    if header is None or not header.pixels:
        return _MOST_IMAGE
    return max(_LEAST_IMAGE, min(_MOST_IMAGE, header.pixels // _PIXELS_PER_TOKEN))


def _document_tokens(data: bytes) -> int:
    """By its pages, where they can be counted without unpacking it."""
    pages = sum(1 for _ in _PAGE_OBJECT.finditer(data)) or len(data) // _BYTES_PER_PAGE
    return _PAGE * max(1, pages)


class Gauge:
    """Learns from reported usage how many real tokens an estimated one is.

    Attributes:
        ratio: Real tokens per estimated one, 1/3 to 8; 1 until something was reported.
    """

    __slots__ = ("_last", "ratio")

    def __init__(self) -> None:
        self.ratio = 1.0
        self._last = (0, 0)

    def learn(self, estimated: int, reported: Usage) -> None:
        """Compare the estimate for a request with what its provider counted.

        A count that cannot be of the whole prompt is ignored: some servers report only what was
        not in their cache (wire/ollama §4). A rise counts at once, a fall by half: to think a
        request too small costs more than to think it too big.

        Args:
            estimated: Estimated tokens of what was sent, at least 1.
            reported: What the provider said.
        """
        counted = reported.input
        if counted is None or counted * 3 < estimated:
            return
        shorter, was = self._last
        if shorter <= estimated and counted < was:
            return
        self._last = (estimated, counted)
        seen = min(8.0, counted / estimated)
        self.ratio = seen if seen > self.ratio else (seen + self.ratio) / 2
