"""The catalogs of all sources together: a tool by its full path, a search over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from executus_gateway.domain.searchindex import SearchIndex, words
from executus_gateway.ports import Catalog
from executus_gateway.schema import SourceId, ToolSummary

__all__ = ["Catalogs", "Found"]

MAX_SUGGESTIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A tool and whose it is.

    Attributes:
        source: Its source.
        path: Its full path.
        summary: What it is.
    """

    source: SourceId
    path: str
    summary: ToolSummary


class _Shelf:
    """One source's catalog; what it takes to search it is made when it is searched first."""

    def __init__(self, source: SourceId, namespace: str, catalog: Catalog) -> None:
        self.source = source
        self.namespace = namespace
        self.catalog = catalog
        self.by_path = {tool.path: tool for tool in catalog.summaries}
        self._index: SearchIndex | None = None

    @property
    def index(self) -> SearchIndex:
        if self._index is None:
            self._index = SearchIndex(self.catalog.summaries)
        return self._index

    def found(self, tool: ToolSummary) -> Found:
        return Found(source=self.source, path=f"{self.namespace}.{tool.path}", summary=tool)


class Catalogs:
    """Catalogs by the namespace of their source."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}

    def set(self, source: SourceId, namespace: str, catalog: Catalog) -> None:
        """Put a catalog in, in place of an earlier one."""
        self._shelves[namespace] = _Shelf(source, namespace, catalog)

    def drop(self, namespace: str) -> None:
        """Take a catalog out."""
        self._shelves.pop(namespace, None)

    def catalog(self, namespace: str) -> Catalog | None:
        """A source's catalog, or None."""
        shelf = self._shelves.get(namespace)
        return None if shelf is None else shelf.catalog

    def find(self, path: str) -> Found | None:
        """The tool of exactly that path, or None: nothing is guessed."""
        namespace, _, rest = path.partition(".")
        shelf = self._shelves.get(namespace)
        tool = None if shelf is None else shelf.by_path.get(rest)
        return None if shelf is None or tool is None else shelf.found(tool)

    def all(self) -> Iterable[Found]:
        """Every tool."""
        for shelf in self._shelves.values():
            for tool in shelf.catalog.summaries:
                yield shelf.found(tool)

    def search(
        self, query: str, *, namespace: str = "", limit: int, visible: Callable[[Found], bool]
    ) -> list[Found]:
        """The tools that fit best, best first.

        Args:
            query: Words.
            namespace: Only of this source; empty for all.
            limit: Most hits.
            visible: Whether a tool may be shown.
        """
        scored: list[tuple[float, str, Found]] = []
        for shelf in self._chosen(namespace):
            share = 1.5 if shelf.namespace in words(query) else 1.0
            for number, score in shelf.index.search(query).items():
                found = shelf.found(shelf.catalog.summaries[number])
                scored.append((-score * share, found.path, found))
        scored.sort(key=lambda entry: entry[:2])
        hits: list[Found] = []
        for _, _, found in scored:
            if len(hits) >= limit:
                break
            if visible(found):
                hits.append(found)
        return hits

    def suggest(self, path: str, visible: Callable[[Found], bool]) -> tuple[str, ...]:
        """Paths that may have been meant, best first."""
        close = get_close_matches(path, [found.path for found in self.all()], 3, 0.7)
        spoken = path.replace(".", " ").replace("_", " ")
        similar = [f.path for f in self.search(spoken, limit=MAX_SUGGESTIONS, visible=visible)]
        shown = (self.find(candidate) for candidate in dict.fromkeys([*close, *similar]))
        names = [found.path for found in shown if found is not None and visible(found)]
        return tuple(names[:MAX_SUGGESTIONS])

    def _chosen(self, namespace: str) -> Iterable[_Shelf]:
        if not namespace:
            return self._shelves.values()
        shelf = self._shelves.get(namespace)
        return () if shelf is None else (shelf,)
