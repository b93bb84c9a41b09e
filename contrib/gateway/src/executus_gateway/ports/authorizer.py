"""Authorization flows of sources (OAuth). A seam: this version has no implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from executus_gateway.schema import OAuthToken, Source

__all__ = ["Authorizer", "Consent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person must open to consent.

    Attributes:
        url: In a browser.
        state: Identifies the flow when it comes back.
    """

    url: str
    state: str


class Authorizer(Protocol):
    """Detects, begins, ends and renews a flow; secrets go to the vault, never through a model."""

    async def detect(self, source: Source) -> bool:
        """Whether the source offers a flow we can follow."""
        ...

    async def begin(self, source: Source) -> Consent:
        """Register with the issuer where that is needed, and say where to consent."""
        ...

    async def finish(self, state: str, code: str) -> OAuthToken:
        """Exchange what came back for tokens."""
        ...

    async def renew(self, token: OAuthToken) -> OAuthToken:
        """A fresh access token."""
        ...
