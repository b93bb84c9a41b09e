"""Finds the store for a URL among the installed distributions."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from typing import Any

from executus.errors import SetupError

__all__ = ["STORES_GROUP", "open_store"]

STORES_GROUP = "executus.stores"
_SHIPPED = {"sqlite": "executus-store-sqlite"}


def open_store(url: str, *, create: bool = True) -> AbstractAsyncContextManager[Any]:
    """Find the store that a URL names; `async with` opens it.

    A store is a distribution with an entry point of the group `executus.stores`, named like the
    URL's scheme: a function that takes the URL and returns the block. The block gives an object
    with a method per seam it keeps, such as `budget()`; which ones is the distribution's matter.

    Args:
        url: Names it.
        create: Otherwise a store that is not there is refused instead of made: the function is
            given `create=False`, too.

    Raises:
        SetupError: It is no URL, or no installed distribution has a store for its scheme.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or not scheme:
        raise SetupError("a store is named by a URL, such as sqlite:///runs.db")
    for found in entry_points(group=STORES_GROUP, name=scheme):
        return found.load()(url) if create else found.load()(url, create=False)
    known = ", ".join(sorted(entry_points(group=STORES_GROUP).names)) or "none"
    cure = f"pip install {_SHIPPED[scheme]}" if scheme in _SHIPPED else "install one that has it"
    raise SetupError(f"no store for {scheme}:// is installed (there are: {known}): {cure}")
