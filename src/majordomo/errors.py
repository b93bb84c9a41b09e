"""Every error majordomo raises derives from one root; the tree is drawn here.

    MajordomoError
    ├── ConfigError                 the program is set up wrongly: fix it, then run again
    │   ├── UnknownModel            a model name nobody registered
    │   ├── MissingExtra            a feature whose optional package is not installed
    │   └── ToolDefinitionError     a tool that cannot be offered to a model
    ├── APIError                    one attempt at one target failed
    │   ├── StreamInterrupted       … after the first content (llm.stream)
    │   └── ChainDeadline           the chain's own deadline came first (chain)
    ├── ChainExhausted              no target of a chain answered (chain)
    ├── TransportError              an exchange failed below HTTP (http); never leaves a provider
    ├── UnsupportedRequest          this target cannot take this request
    ├── TranscriptError             text that is not a transcript (llm.transcript)
    ├── OutputError                 the model's answer does not fit the asked type (structured)
    ├── SessionBusy                 a turn of a session beside another one (agent)
    └── AgentError                  a run that ended without an answer (agent)
        ├── MaxSteps
        ├── ToolLoop
        ├── ModelFailed             a model call failed; its error is the `__cause__`
        └── AnswerMismatch          the answer never fitted the output type

Errors that carry `llm` types live in the package that raises them. All survive pickling, none holds
a header or a credential. Cancellation is never one of them: it passes through unchanged.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Any, Self

__all__ = [
    "APIError",
    "ConfigError",
    "ErrorKind",
    "MajordomoError",
    "MissingExtra",
    "ToolDefinitionError",
    "UnknownModel",
    "UnsupportedRequest",
    "classify",
    "close_names",
    "did_you_mean",
]

BODY_EXCERPT_CHARS = 2048
MOST_COMPARED = 1000
MOST_COMPARED_CHARS = 100


class ErrorKind(StrEnum):
    """What a failure means for the next attempt.

    `TRANSIENT` alone is worth another try of the same request at the same target.
    """

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    AUTH = "auth"
    QUOTA = "quota"
    NOT_FOUND = "not_found"
    CONTEXT_OVERFLOW = "context_overflow"
    HISTORY_REJECTED = "history_rejected"
    UNSUPPORTED = "unsupported"
    LOCAL = "local"
    """The fault is on this side: a full pool, no file descriptors, the caller's own deadline."""


class MajordomoError(Exception):
    """Root of all errors of this library."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by attributes, so that keyword-only constructors do not matter."""
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    cls: type[MajordomoError], args: tuple[object, ...], state: dict[str, Any]
) -> MajordomoError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigError(MajordomoError):
    """The program is set up wrongly; the message names the cause and the fix."""


class UnknownModel(ConfigError):
    """A model name that resolves to nothing.

    Args:
        name: The name as the caller wrote it.
        known: Names that would have resolved, for the suggestion.
        hint: A sentence that says how to define it.
    """

    def __init__(self, name: str, *, known: Iterable[str] = (), hint: str = "") -> None:
        self.name = name
        self.known = tuple(known)
        sentence = f"unknown model {name!r}{did_you_mean(name, self.known)}"
        super().__init__(f"{sentence} ({hint})" if hint else sentence)


class MissingExtra(ConfigError):
    """A feature needs an optional package.

    Args:
        feature: What was asked for, in the user's words.
        extra: The extra of the distribution `executus` that brings it.
    """

    def __init__(self, feature: str, *, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        super().__init__(f"{feature} needs an extra: pip install 'executus[{extra}]'")


class ToolDefinitionError(ConfigError):
    """A tool cannot be offered to a model: its signature, name or schema is at fault."""


class UnsupportedRequest(MajordomoError):
    """The target cannot take this request; another target might.

    Args:
        message: What the target cannot take, and what it could.
        provider: Registered provider name.
        model: Model id.
    """

    def __init__(self, message: str, *, provider: str = "", model: str = "") -> None:
        self.provider = provider
        self.model = model
        super().__init__(message)


class APIError(MajordomoError):
    """One attempt at one target failed.

    Args:
        message: The server's own words where there are any, else what happened, in one line.
        provider: Registered provider name of the target.
        model: Model id of the target.
        kind: What the failure means for the next attempt.
        status: HTTP status, or the status an in-stream error stands for; None when no answer came.
        code: The vendor's error code, or ours (`missing_key`, `truncated_stream`, …).
        param: The request field the vendor complains about.
        request_id: The vendor's id of the request, for their support.
        retry_after_s: Seconds the server asked to wait; None when it said nothing.
        safe_to_replay: True when nothing of the request can have taken effect, or the server
            said that it did not process it.
        body: Start of the answer's body, at most 2,048 characters. Never a header.
        attempt: Which attempt at the target this was, from 1.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        model: str,
        kind: ErrorKind,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        safe_to_replay: bool = False,
        body: str = "",
        attempt: int = 1,
    ) -> None:
        self.message = message
        self.provider = provider
        self.model = model
        self.kind = kind
        self.status = status
        self.code = code
        self.param = param
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.safe_to_replay = safe_to_replay
        self.body = body[:BODY_EXCERPT_CHARS]
        self.attempt = attempt
        super().__init__(message)

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed at the same target later."""
        return self.kind is ErrorKind.TRANSIENT

    def __str__(self) -> str:
        where = f"{self.provider}/{self.model}" if self.model else self.provider
        what = " ".join(str(part) for part in (self.status, self.code) if part is not None)
        facts = [f"request {self.request_id}" if self.request_id else ""]
        if self.retry_after_s is not None:
            facts.append(f"retry after {self.retry_after_s:g} s")
        tail = ", ".join(fact for fact in facts if fact)
        return ": ".join(p for p in (where, what, self.message) if p) + (
            f" ({tail})" if tail else ""
        )

    def with_attempt(self, attempt: int) -> Self:
        """Note which attempt this was; returns the error itself."""
        self.attempt = attempt
        return self


def classify(error: BaseException) -> ErrorKind:
    """Say what a failure means for the next attempt.

    Args:
        error: Anything raised while a target was asked.

    Returns:
        The kind an `APIError` carries; `UNSUPPORTED` for an `UnsupportedRequest`; `PERMANENT` for
        every other error of this library; `LOCAL` for anything foreign.
    """
    match error:
        case APIError():
            return error.kind
        case UnsupportedRequest():
            return ErrorKind.UNSUPPORTED
        case MajordomoError():
            return ErrorKind.PERMANENT
        case _:
            return ErrorKind.LOCAL


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the closest known name, or an empty string."""
    close = close_names(name, known, most=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def close_names(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Known names a typing error away, the closest first.

    Bounded, because comparing costs the product of the lengths: nothing is close to a name over
    100 characters, and of the known ones the first 1,000 within that length are compared.
    """
    if len(name) > MOST_COMPARED_CHARS:
        return []
    candidates = (other for other in known if len(other) <= MOST_COMPARED_CHARS)
    return difflib.get_close_matches(name, islice(candidates, MOST_COMPARED), n=most, cutoff=0.6)
