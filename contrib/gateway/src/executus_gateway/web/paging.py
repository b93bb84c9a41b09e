"""A long list cut into pages, of which an address names one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

__all__ = ["PAGE_ITEMS", "Paged", "asked_page", "paged"]

T = TypeVar("T")

PAGE_ITEMS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Generic[T]):
    """One page.

    Attributes:
        items: On it.
        number: Of the page, from 1.
        pages: How many there are, at least 1.
        total: Items on all of them.
        newer: Query that leads to the page before; empty on the first.
        older: Query that leads to the page after; empty on the last.
    """

    items: Sequence[T]
    number: int
    pages: int
    total: int
    newer: str
    older: str


def paged(items: Sequence[T], request: Request, *, page_items: int = PAGE_ITEMS) -> Paged[T]:
    """The page that the address's `page` names; what names none is the nearest one.

    Args:
        items: All.
        request: Its other parameters are kept in the links.
        page_items: Most items on a page.
    """
    pages = max(1, -(-len(items) // page_items))
    number = min(asked_page(request), pages)
    begin = (number - 1) * page_items
    return Paged(
        items=items[begin : begin + page_items],
        number=number,
        pages=pages,
        total=len(items),
        newer=_query(request, number - 1) if number > 1 else "",
        older=_query(request, number + 1) if number < pages else "",
    )


def asked_page(request: Request) -> int:
    """The number of the page that is asked for, 1 for anything that is none."""
    asked = request.query_params.get("page", "")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1


def _query(request: Request, number: int) -> str:
    kept = {key: value for key, value in request.query_params.items() if key != "page" and value}
    return "?" + urlencode({**kept, "page": number})
