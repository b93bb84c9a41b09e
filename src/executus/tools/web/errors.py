"""What can go wrong with a page or a search, in words a model can act on."""

from __future__ import annotations

from typing import Literal

from executus.errors import ExecutusError

__all__ = ["PageUnreadable", "SearchFailed", "SearchFault"]

SearchFault = Literal["auth", "rate", "quota", "request", "server"]


class PageUnreadable(ExecutusError):
    """An answer came, and it is not a page that can be read."""


class SearchFailed(ExecutusError):
    """The search service did not search. Never holds a key, nor the service's own words.

    Args:
        sentence: What happened and what to do.
        fault: What kind of thing it was, for programs.
        retry_after_s: Seconds the service asked to wait; None when it said nothing.
    """

    def __init__(
        self, sentence: str, *, fault: SearchFault, retry_after_s: float | None = None
    ) -> None:
        self.fault: SearchFault = fault
        self.retry_after_s = retry_after_s
        super().__init__(sentence)
