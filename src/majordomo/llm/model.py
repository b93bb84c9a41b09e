"""The two protocols every provider, chain and test double satisfies."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.llm.stream import Stream

__all__ = ["Access", "Capabilities", "Model", "Provider", "ReachedProvider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a target can take. None means unknown: assume nothing is forbidden.

    Attributes:
        vision: Images in user messages.
        tools: Function tools.
        structured_output: A native JSON Schema mode.
        image_mimes: Accepted image types; empty means unknown.
        max_image_pixels: Longest edge in pixels.
        max_image_bytes: Size of one image before base64.
        context_tokens: Size of the context window in tokens.
    """

    vision: bool | None = None
    tools: bool | None = None
    structured_output: bool | None = None
    image_mimes: frozenset[str] = frozenset()
    max_image_pixels: int | None = None
    max_image_bytes: int | None = None
    context_tokens: int | None = None


class Model(Protocol):
    """Something that answers requests: one target, or a chain of them."""

    @property
    def target(self) -> Target:
        """The target asked first."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What that target can take."""
        ...

    async def complete(self, request: Request) -> Response:
        """Ask once and wait for the whole answer.

        Raises:
            APIError: The attempt failed.
            UnsupportedRequest: The target cannot take this request.
        """
        ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[Stream]:
        """Ask once and read the answer as it comes; entering the block sends the request.

        Raises:
            APIError: The attempt failed before any content.
            StreamInterrupted: It failed later; raised by the stream, with what was received.
            UnsupportedRequest: The target cannot take this request.
        """
        ...


class Provider(Protocol):
    """A source of models."""

    @property
    def name(self) -> str:
        """Name it is registered under."""
        ...

    def model(self, model_id: str) -> Model:
        """The model of that id; ids are not checked before use."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a provider is reached; holds no credential.

    Attributes:
        base_url: None when it has none, or none is configured.
        missing: What has to be done before it can be used, such as "set OPENAI_API_KEY"; empty
            when nothing has.
        unbounded: Its answers may take any time, as where a model is loaded first: only the
            caller's deadline counts.
    """

    base_url: str | None = None
    missing: str = ""
    unbounded: bool = False


@runtime_checkable
class ReachedProvider(Provider, Protocol):
    """A provider that says how it is reached; nothing is known of one that does not."""

    @property
    def access(self) -> Access:
        """How, as it is configured now."""
        ...
