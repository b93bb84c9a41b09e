"""How an endpoint that speaks the Responses API is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ResponsesOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesOptions:
    """Choices a request does not carry.

    Attributes:
        store: Let the server keep requests and answers. The whole conversation is sent either way;
            without it, reasoning comes and goes back encrypted.
        summary: Ask for summaries of reasoning, which some models give verified organisations only.
    """

    store: bool = False
    summary: Literal["auto", "concise", "detailed"] | None = None
