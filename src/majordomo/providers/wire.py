"""What a provider is made of: a `Wire` says how it speaks, an `Endpoint` where it is.

Adding a provider means writing a wire: an encoder and a decoder, both without I/O. `WireModel` does
the rest the same way for all of them: sending, deadlines, errors, streams.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias

from majordomo.llm.message import Message
from majordomo.llm.model import Capabilities
from majordomo.llm.output import OutputMode
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target
from majordomo.llm.stream import StreamEvent
from majordomo.providers.faults import Fault

__all__ = [
    "Endpoint",
    "PayloadReader",
    "ResponseMeta",
    "StreamDecoder",
    "Vendor",
    "Wire",
    "WireCall",
    "bearer",
    "own_state",
]

KeySource: TypeAlias = str | Callable[[], Awaitable[str]]
"""A key, or a function that gives one when it is needed (short-lived tokens)."""

DEFAULT_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a provider is, and how to get in.

    Attributes:
        provider: Name it is registered under; errors and provider state carry it.
        base_url: Without a trailing slash; None when it is not configured.
        api_key: Key or key function; None when there is none.
        needs_key: Refuse to dial without a key.
        key_hint: What to do about a missing key, such as "set OPENAI_API_KEY".
        headers: Sent with every request, after the wire's own.
        timeout_s: Total seconds for one model call; None for no bound but the caller's.
        vision: Whether images may be sent; None leaves that to the wire.
    """

    provider: str
    base_url: str | None
    api_key: KeySource | None = field(default=None, repr=False)
    needs_key: bool = True
    key_hint: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout_s: float | None = DEFAULT_TIMEOUT_S
    vision: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WireCall:
    """An encoded request.

    Attributes:
        path: Appended to the endpoint's base URL.
        headers: The wire's own, without credentials; names in lower case.
        body: JSON.
    """

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseMeta:
    """What of a response is known before its body is read."""

    target: Target
    request_id: str = ""
    raw: bytes | None = None


class PayloadReader(Protocol):
    """Cuts a streamed body into payloads, without I/O: `majordomo.http` has one per framing.

    Identical payloads for every way the body may be cut.

    Attributes:
        media_type: What a streaming request says it accepts.
        json_is_whole: A body that begins as JSON does is one whole answer, for no frame does.
    """

    media_type: ClassVar[str]
    json_is_whole: ClassVar[bool]

    @property
    def stray(self) -> bytes:
        """Text outside of any frame that looks like JSON: an error some server sent raw."""
        ...

    def feed(self, chunk: bytes) -> Sequence[bytes]:
        """Take more bytes; return the payloads that are complete now.

        Raises:
            LineTooLong: A line or a payload passed its cap.
        """
        ...

    def flush(self) -> Sequence[bytes]:
        """The body has ended: return the payload that was still open, if any."""
        ...


class StreamDecoder(Protocol):
    """Turns one streamed answer into events, without I/O.

    Identical events for every way the body may be cut. Raises `WireFault` for an error in the
    stream; `KeyError`, `TypeError`, `ValueError` and `AttributeError` mean a malformed payload.
    """

    @property
    def done(self) -> bool:
        """The wire's end marker has been seen: what follows is not read."""
        ...

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the next payload (an SSE event's data, or an NDJSON line)."""
        ...

    def end(self) -> Sequence[StreamEvent]:
        """The body has ended, or `done` is set: the remaining events, `FinishEvent` last.

        Raises:
            WireFault: Marked transient and `truncated_stream` when the answer is not complete.
        """
        ...

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far, as the non-streaming answer would have been."""
        ...


class Vendor(Protocol):
    """What all calls at one vendor have in common, chat or not. Every `Wire` is one."""

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """See `Wire.auth`."""
        ...

    def refine(self, fault: Fault, status: int) -> Fault:
        """See `Wire.refine`."""
        ...


class Wire(Protocol):
    """How a kind of provider speaks. Immutable; one instance serves any number of calls."""

    @property
    def name(self) -> str:
        """Dialect name; tags provider state."""
        ...

    def describe(self, model: str) -> tuple[Capabilities, OutputMode]:
        """What a model can take, and how it is told an output schema."""
        ...

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """The headers that carry the key."""
        ...

    def encode(self, request: Request, target: Target, *, streaming: bool) -> WireCall:
        """The request in this dialect.

        Raises:
            UnsupportedRequest: The target cannot take it.
        """
        ...

    def decode(self, body: Any, meta: ResponseMeta) -> Response:
        """A whole answer, parsed from JSON.

        Raises:
            WireFault: The body is an error, whatever its status.
        """
        ...

    def reader(self) -> PayloadReader:
        """A reader of one streamed body, for the framing this wire uses."""
        ...

    def decoder(self) -> StreamDecoder:
        """A decoder for one streamed answer."""
        ...

    def refine(self, fault: Fault, status: int) -> Fault:
        """Add what this vendor's types and codes mean; `kind` stays None where they say nothing."""
        ...


def bearer(key: str) -> tuple[tuple[str, str], ...]:
    """The header that carries a key as a bearer token."""
    return (("authorization", f"Bearer {key}"),)


def own_state(
    message: Message, wire: str, target: Target, *, family: Callable[[str], str] = str
) -> str | None:
    """The provider state this target's family wrote in this dialect, or None.

    A state is replayed only where it came from: others refuse or ignore it (wire/README §9).

    Args:
        message: The assistant's.
        wire: The dialect.
        target: Who is asked now.
        family: Name of the family a model id belongs to, whose members read each other's state;
            by default each model is one of its own.
    """
    state = message.state
    if state is None or state.wire != wire or state.provider != target.provider:
        return None
    return state.data if family(state.model) == family(target.model) else None
