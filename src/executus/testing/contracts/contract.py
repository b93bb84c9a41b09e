"""What a contract is: named checks of a seam, each of which takes a fresh implementation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

__all__ = ["Check", "ContractBroken", "expect"]

Seam = TypeVar("Seam")

Check: TypeAlias = Callable[[Seam], Awaitable[None]]


class ContractBroken(AssertionError):
    """An implementation does not do what its seam promises; the message says what."""


def expect(found: object, promised: object, what: str) -> None:
    """Compare what an implementation did with what its seam promises.

    Raises:
        ContractBroken: They differ.
    """
    if found != promised:
        raise ContractBroken(f"{what}: expected {promised!r}, found {found!r}")
