"""Why a request did not go out, or its answer did not come in: one typed error with two leaves."""

from __future__ import annotations

from typing import Literal

from executus.errors import ExecutusError

__all__ = ["EgressError", "EgressFailed", "EgressRefused", "FailureReason", "RefusalReason"]

RefusalReason = Literal[
    "url",
    "scheme",
    "host",
    "port",
    "address",
    "method",
    "header",
    "redirect",
    "size",
]
FailureReason = Literal["dns", "connect", "tls", "protocol", "encoding", "time"]


class EgressError(ExecutusError):
    """A guarded request gave no answer; catch this one to catch all.

    The sentence names host and address, never a URL's path, query or credentials, nor a header.

    Args:
        sentence: What happened and what to set or do.
        reason: What kind of thing it was, for programs.
        host: The host asked for, as it was understood; empty when it could not be.
        address: The address the answer is about; empty when there is none.
    """

    def __init__(self, sentence: str, *, reason: str, host: str = "", address: str = "") -> None:
        self.reason = reason
        self.host = host
        self.address = address
        super().__init__(sentence)


class EgressRefused(EgressError):
    """The guard said no: the same request will be refused again until its settings change."""

    def __init__(
        self, sentence: str, *, reason: RefusalReason, host: str = "", address: str = ""
    ) -> None:
        super().__init__(sentence, reason=reason, host=host, address=address)


class EgressFailed(EgressError):
    """The request was allowed but the network, the server or the time failed it."""

    def __init__(
        self, sentence: str, *, reason: FailureReason, host: str = "", address: str = ""
    ) -> None:
        super().__init__(sentence, reason=reason, host=host, address=address)
