"""Turns whatever went wrong with one attempt into the one typed error, `APIError`."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from majordomo.clock import Clock
from majordomo.errors import APIError, ErrorKind
from majordomo.http import TransportError, rate_reset_s, retry_after_s
from majordomo.llm.response import Target
from majordomo.providers.faults import Fault, kind_of_status, text_fault
from majordomo.providers.wire import Vendor

__all__ = ["Reporter", "request_id"]

LONG_KEY_CHARS = 12
NO_HEADERS: Mapping[str, str] = {}

# Statuses by which a server says that it did not process the request.
_NOT_PROCESSED = frozenset({429, 503, 529})


def request_id(headers: Mapping[str, str]) -> str:
    """The vendor's id of a request; empty when its answer names none."""
    return headers.get("x-request-id") or headers.get("request-id") or ""


class Reporter:
    """Errors of one target. Bodies are excerpted, headers never shown."""

    __slots__ = ("_clock", "_secrets", "_target", "_vendor")

    def __init__(self, target: Target, vendor: Vendor, clock: Clock) -> None:
        self._target = target
        self._vendor = vendor
        self._clock = clock
        self._secrets: deque[str] = deque(maxlen=8)

    def conceal(self, secret: str) -> None:
        """Keep a key out of every later error: some servers repeat it in their answers.

        A short one, such as the `token` of a server that wants none, is looked for as a word: parts
        of other words are not it.
        """
        if secret not in self._secrets:
            self._secrets.append(secret)

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            if len(secret) >= LONG_KEY_CHARS:
                text = text.replace(secret, "[key]")
            else:
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "[key]", text)
        return text

    def not_configured(self, code: str, message: str) -> APIError:
        """A key or URL is missing: a 401 of our own, before any I/O."""
        return self._error(message, kind=ErrorKind.AUTH, status=401, code=code, safe_to_replay=True)

    def timed_out(self, timeout_s: float) -> APIError:
        """The call reached its own deadline."""
        return self._error(
            f"no complete answer within {timeout_s:g} s", kind=ErrorKind.TRANSIENT, code="timeout"
        )

    def transport_failed(self, error: TransportError) -> APIError:
        """The exchange failed below HTTP."""
        return self._error(
            str(error), kind=error.kind, code=error.code, safe_to_replay=error.safe_to_replay
        )

    def refused(self, status: int, headers: Mapping[str, str], body: bytes) -> APIError:
        """The server answered with an error status."""
        return self.failed(replace(text_fault(body, status), status=status), headers, body)

    def failed(self, fault: Fault, headers: Mapping[str, str], body: bytes = b"") -> APIError:
        """The answer says that it is an error, whatever its status."""
        fault = self._vendor.refine(fault, fault.status or 0)
        status = fault.status or 500
        kind = fault.kind or kind_of_status(status, f"{fault.code} {fault.type} {fault.message}")
        return self._error(
            fault.message,
            kind=_server_decides(kind, headers),
            status=fault.status,
            code=fault.code or fault.type,
            param=fault.param,
            request_id=request_id(headers) or None,
            retry_after_s=self._wait_s(fault, status, headers),
            safe_to_replay=status in _NOT_PROCESSED,
            body=self._hide(body.decode("utf-8", "replace")),
        )

    def _wait_s(self, fault: Fault, status: int, headers: Mapping[str, str]) -> float | None:
        """The first source that names a delay counts (wire/README §6)."""
        now = self._clock.wall()
        wait_s = retry_after_s(headers, now)
        if wait_s is None:
            wait_s = fault.retry_after_s
        if wait_s is None and status == 429:  # on any other answer they only inform
            wait_s = rate_reset_s(headers, now)
        return wait_s

    def malformed(
        self, error: Exception, headers: Mapping[str, str], body: bytes = b""
    ) -> APIError:
        """The answer cannot be read in this dialect."""
        what = "missing field " if isinstance(error, KeyError) else ""
        return self._error(
            f"the answer is malformed: {what}{str(error)[:200]}",
            kind=ErrorKind.TRANSIENT,
            code="malformed_response",
            request_id=request_id(headers) or None,
            body=self._hide(body.decode("utf-8", "replace")),
        )

    def too_large(self, error: Exception, headers: Mapping[str, str]) -> APIError:
        """The answer passed one of our caps."""
        return self._error(
            str(error),
            kind=ErrorKind.PERMANENT,
            code="answer_too_large",
            request_id=request_id(headers) or None,
        )

    def _error(self, message: str, *, kind: ErrorKind, **fields: object) -> APIError:
        return APIError(
            self._hide(message),
            provider=self._target.provider,
            model=self._target.model,
            kind=kind,
            **fields,  # pyright: ignore[reportArgumentType] - APIError's own keyword fields
        )


def _server_decides(kind: ErrorKind, headers: Mapping[str, str]) -> ErrorKind:
    """`x-should-retry` overrides what the status means (wire/README §6)."""
    verdict = headers.get("x-should-retry")
    if verdict == "true" and kind is ErrorKind.PERMANENT:
        return ErrorKind.TRANSIENT
    if verdict == "false" and kind is ErrorKind.TRANSIENT:
        return ErrorKind.PERMANENT
    return kind
