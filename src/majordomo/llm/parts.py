"""The parts a message is made of. Values only: no I/O, no provider knowledge."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

from majordomo.llm.magic import sniff_mime

__all__ = [
    "DocumentPart",
    "ImagePart",
    "OpaquePart",
    "Part",
    "TextPart",
    "ThinkingPart",
    "ToolCallPart",
    "ToolResultPart",
]


@dataclass(frozen=True, slots=True)
class TextPart:
    """Plain text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """An image, always as bytes: a URL is the tool's or the host's business to fetch.

    Attributes:
        data: The encoded image file.
        mime: `image/png`, `image/jpeg`, …; it must match the bytes, servers check.
    """

    data: bytes
    mime: str

    @classmethod
    def from_bytes(cls, data: bytes, mime: str | None = None) -> Self:
        """Wrap image bytes; the type is read from the first bytes when not given.

        Raises:
            ValueError: The type is not given and the bytes start like no known image.
        """
        found = mime or sniff_mime(data)
        if found is None or not found.startswith("image/"):
            raise ValueError("these bytes start like no known image type; pass mime='image/…'")
        return cls(data=data, mime=found)

    @classmethod
    def from_path(cls, path: str | Path) -> Self:
        """Read an image file.

        Raises:
            OSError: The file cannot be read.
            ValueError: It starts like no known image.
        """
        return cls.from_bytes(Path(path).read_bytes())

    @classmethod
    def from_data_url(cls, url: str) -> Self:
        """Decode a `data:image/…;base64,…` URL.

        Raises:
            ValueError: The URL is of another form, or its base64 is broken.
        """
        head, comma, body = url.partition(",")
        if not head.startswith("data:") or not comma or not head.endswith(";base64"):
            raise ValueError("expected a URL of the form data:image/png;base64,…")
        try:
            data = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise ValueError(f"the data URL's base64 is broken: {error}") from error
        return cls.from_bytes(data, head[5:-7] or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPart:
    """A document the model reads as a whole; today that is PDF.

    Attributes:
        data: The file's bytes.
        mime: `application/pdf`.
        name: File name shown to the model.
    """

    data: bytes
    mime: str = "application/pdf"
    name: str = "document.pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallPart:
    """The model asks for a tool.

    Attributes:
        id: The provider's id of the call, or ours where it gave none; unique in a transcript.
        name: Tool name as it was offered.
        arguments: JSON text exactly as the model wrote it; parsed on use, so it may be invalid.
    """

    id: str
    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResultPart:
    """What a tool answered.

    Attributes:
        call_id: Id of the `ToolCallPart` this answers.
        name: Tool name, for providers that match by name.
        text: What the model reads.
        images: Images for the model, after the text.
        is_error: The call failed; `text` then tells the model what to do about it.
    """

    call_id: str
    name: str
    text: str = ""
    images: tuple[ImagePart, ...] = ()
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class ThinkingPart:
    """Reasoning text, for people to read. What a provider wants back is in `Message.state`."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaquePart:
    """A provider's block that this version does not know; kept so that nothing is lost.

    Attributes:
        provider: Wire that produced it.
        kind: The block's own type name.
        data: The block as JSON text.
    """

    provider: str
    kind: str
    data: str


Part: TypeAlias = (
    TextPart | ImagePart | DocumentPart | ToolCallPart | ToolResultPart | ThinkingPart | OpaquePart
)
