"""What a guarded request brought back."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["EgressResponse", "RedirectHop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectHop:
    """One redirect that was followed.

    Attributes:
        status: 301, 302, 303, 307 or 308.
        url: What was asked.
    """

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressResponse:
    """The last hop's answer, whole.

    Attributes:
        status: Status code; every one is an answer, none an error.
        headers: Names in lower case, in order, repeated ones kept.
        body: Decoded bytes, at most `max_bytes`.
        truncated: Whether the body was cut at a bound.
        url: What was asked last, in one spelling, without fragment.
        address: The address that answered.
        history: The redirects before it, in order.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    truncated: bool = False
    url: str
    address: str
    history: tuple[RedirectHop, ...] = ()

    def header(self, name: str, default: str = "") -> str:
        """The first header of that name, in whatever case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), default)
