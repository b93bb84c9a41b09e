"""One HTTP exchange at an endpoint: key, sending, deadline, bounds and errors, for every call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from majordomo.clock import Clock
from majordomo.http import (
    MAX_BODY_BYTES,
    HTTPRequest,
    HTTPResponse,
    Inflater,
    Transport,
    TransportError,
    read_body,
)
from majordomo.llm.assembler import ArgumentsTooLong
from majordomo.llm.response import Target
from majordomo.providers.faults import WireFault, find_fault, parse_json
from majordomo.providers.reporter import Reporter, request_id
from majordomo.providers.text import dump
from majordomo.providers.wire import Endpoint, ResponseMeta, Vendor
from majordomo.providers.wirestream import MALFORMED

__all__ = ["Answer", "Exchange"]

T = TypeVar("T")

logger = logging.getLogger("majordomo.http")

_ERROR_BODY_BYTES = 64 * 1024
_JSON = "application/json"
_BASE_HEADERS = (("accept-encoding", "identity"), ("user-agent", "executus"))
_BODY_HEADERS = (("content-type", _JSON), *_BASE_HEADERS)


class Answer(NamedTuple):
    """A good answer, read to its end.

    Attributes:
        body: Decoded bytes.
        headers: Names in lower case.
    """

    body: bytes
    headers: Mapping[str, str]


class Exchange:
    """How one target is called over HTTP.

    Chat models build on the steps (`request`, `open`, `fetch`, `decode`); other calls are whole
    (`call`, `send`). Everything raises `APIError` and nothing else but what encoding raises.

    Args:
        vendor: Takes the key and knows the error codes.
        endpoint: Where it is.
        target: Who is named in errors; the model is empty for calls that name none.
        transport: What carries the bytes.
        clock: Limits calls and dates `Retry-After`.
    """

    __slots__ = ("_clock", "_endpoint", "_target", "_transport", "_vendor", "reporter")

    def __init__(
        self,
        vendor: Vendor,
        endpoint: Endpoint,
        target: Target,
        *,
        transport: Transport,
        clock: Clock,
    ) -> None:
        self._vendor = vendor
        self._endpoint = endpoint
        self._target = target
        self._transport = transport
        self._clock = clock
        self.reporter = Reporter(target, vendor, clock)

    def timeout_s(self, own: float | None) -> float | None:
        """Total seconds for a call: its own bound, else the endpoint's; None for no bound."""
        return self._endpoint.timeout_s if own is None else own

    def check_configured(self) -> str:
        """The base URL, once it is sure that there is one, and a key where one is needed.

        Raises:
            APIError: A 401 of our own that says what to set.
        """
        endpoint = self._endpoint
        if endpoint.base_url is None:
            raise self.reporter.not_configured("missing_url", f"no URL; {endpoint.key_hint}")
        if endpoint.api_key is None and endpoint.needs_key:
            raise self.reporter.not_configured("missing_key", f"no API key; {endpoint.key_hint}")
        return endpoint.base_url

    async def request(
        self,
        path: str,
        *,
        method: str = "POST",
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
        accept: str = _JSON,
    ) -> HTTPRequest:
        """A request with its key, ready to send.

        Args:
            path: Appended to the endpoint's base URL.
            method: HTTP method.
            body: JSON; empty for none.
            headers: The call's own, after the general and before the endpoint's.
            accept: Media type wanted.

        Raises:
            APIError: URL or key is missing, or no header can carry the key.
        """
        base_url = self.check_configured()
        key = self._endpoint.api_key
        if key is not None and not isinstance(key, str):
            key = await key()
        auth = self._auth(key) if key else ()
        base = _BODY_HEADERS if body else _BASE_HEADERS
        return HTTPRequest(
            method=method,
            url=base_url + path,
            headers=(*base, ("accept", accept), *headers, *auth, *self._endpoint.headers),
            body=body,
        )

    def _auth(self, key: str) -> tuple[tuple[str, str], ...]:
        if not (key.isascii() and key.isprintable()):
            hint = self._endpoint.key_hint
            raise self.reporter.not_configured(
                "bad_key", f"the API key has a character no header can carry; {hint}"
            )
        self.reporter.conceal(key)
        return self._vendor.auth(key)

    async def open(self, message: HTTPRequest) -> HTTPResponse:
        """Send a request; the answer is a good one whose body is still to be read.

        Raises:
            APIError: No answer came, or one with an error status.
        """
        try:
            response = await self._transport.open(message)
        except TransportError as error:
            raise self.reporter.transport_failed(error) from error
        logger.debug("%s answered %d", self._target, response.status)
        if 200 <= response.status < 300:
            return response
        try:
            body = await _error_body(response)
        finally:
            await response.aclose()
        raise self.reporter.refused(response.status, response.headers, body)

    async def fetch(self, message: HTTPRequest, *, max_bytes: int = MAX_BODY_BYTES) -> Answer:
        """Send a request and read the whole answer.

        Raises:
            APIError: It failed, or its body is over `max_bytes`.
        """
        response = await self.open(message)
        try:
            body = await read_body(response, max_bytes=max_bytes)
        except TransportError as error:
            raise self.reporter.transport_failed(error) from error
        finally:
            await response.aclose()
        return Answer(body, response.headers)

    def decode(
        self, answer: Answer, read: Callable[[Any, ResponseMeta], T], *, keep_raw: bool = False
    ) -> T:
        """An answer's JSON, as `read` understands it.

        Args:
            answer: The answer.
            read: Takes the parsed body; raises `WireFault` for an error in it, `ArgumentsTooLong`,
                and for an unexpected shape whatever indexing raises.
            keep_raw: Hand it the body's bytes too.

        Raises:
            APIError: The answer is an error, or malformed.
        """
        meta = ResponseMeta(
            target=self._target,
            request_id=request_id(answer.headers),
            raw=answer.body if keep_raw else None,
        )
        try:
            return read(parse_json(answer.body), meta)
        except WireFault as error:
            raise self.reporter.failed(error.fault, answer.headers, answer.body) from error
        except ArgumentsTooLong as error:
            raise self.reporter.too_large(error, answer.headers) from error
        except MALFORMED as error:
            raise self.reporter.malformed(error, answer.headers, answer.body) from error

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        max_bytes: int = MAX_BODY_BYTES,
        timeout_s: float | None = None,
    ) -> Answer:
        """A whole call whose answer is taken as bytes.

        Args:
            method: HTTP method.
            path: Appended to the endpoint's base URL.
            body: Sent as JSON; None for no body.
            max_bytes: Cap of the answer's body, decoded.
            timeout_s: Total seconds; None for the endpoint's bound.

        Raises:
            APIError: It failed.
            UnsupportedRequest: The body holds something JSON cannot carry.
        """
        bound_s = self.timeout_s(timeout_s)
        with self._clock.deadline(bound_s):
            self.check_configured()
            data = b"" if body is None else dump(body, self._target)
            message = await self.request(path, method=method, body=data)
            return await self.fetch(message, max_bytes=max_bytes)
        raise self.reporter.timed_out(bound_s or 0)

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        read: Callable[[Any, ResponseMeta], T],
        max_bytes: int = MAX_BODY_BYTES,
        timeout_s: float | None = None,
        keep_raw: bool = False,
    ) -> T:
        """A whole call whose answer is JSON; see `send` and `decode`.

        An `error` in the answer is one whatever the status, before `read` sees it.
        """
        answer = await self.send(method, path, body, max_bytes=max_bytes, timeout_s=timeout_s)

        def checked(value: Any, meta: ResponseMeta) -> T:
            fault = find_fault(value)
            if fault is not None:
                raise WireFault(fault)
            return read(value, meta)

        return self.decode(answer, checked, keep_raw=keep_raw)


async def _error_body(response: HTTPResponse) -> bytes:
    """The start of an error answer's body; a broken one must not hide the status."""
    body = b""
    try:
        inflater = Inflater(response.headers.get("content-encoding", ""), _ERROR_BODY_BYTES)
        while len(body) < _ERROR_BODY_BYTES and (chunk := await response.read_chunk()):
            body += inflater.feed(chunk)
    except TransportError:
        return body
    return body
