"""A search over tools: BM25 over names, descriptions and arguments."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from executus.runservices import ToolListing
from executus.tools.meta.words import destroys, related, words_of

__all__ = ["ToolIndex", "index_of"]

_K1, _B = 1.2, 0.6  # the usual figures of BM25; descriptions vary little in length
NAME_WEIGHT = 3
FIRST_SENTENCE_WEIGHT = 2
RELATED_WEIGHT = 0.35
PREFIX_WEIGHT = 0.5
UNASKED_WEIGHT = 0.9
"""Of a tool that takes something away, when the query does not speak of that."""
MIN_PREFIX_CHARS = 4
MAX_QUERY_WORDS = 32


class ToolIndex:
    """Finds tools by what they are for.

    Args:
        documents: For each tool, its name, its description, and words about its arguments.

    Example:
        >>> index = ToolIndex([("mail.send", "Send an email.", ""), ("mail.list", "Inbox.", "")])
        >>> index.search("sending emails", 1)
        [0]
    """

    def __init__(self, documents: Sequence[tuple[str, str, str]]) -> None:
        self._postings: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths: list[int] = []
        self._destroying: set[int] = set()
        for place, (name, description, arguments) in enumerate(documents):
            counts = _counted(name, description, arguments)
            self._lengths.append(counts.total())
            if destroys(words_of(name)):
                self._destroying.add(place)
            for word, count in counts.items():
                self._postings[word].append((place, count))
        self._average = sum(self._lengths) / len(self._lengths) if self._lengths else 1.0

    def search(self, query: str, limit: int) -> list[int]:
        """The places of the tools that fit best, best first; those that fit not at all left out."""
        scores: defaultdict[int, float] = defaultdict(float)
        words = list(dict.fromkeys(words_of(query)))[:MAX_QUERY_WORDS]
        for word in words:
            best: defaultdict[int, float] = defaultdict(float)
            for variant, weight in self._variants(word):
                for place, score in self._scores(variant):
                    best[place] = max(best[place], weight * score)
            for place, score in best.items():
                scores[place] += score
        if not destroys(words):
            for place in self._destroying & scores.keys():
                scores[place] *= UNASKED_WEIGHT
        return sorted(scores, key=lambda place: (-scores[place], place))[:limit]

    def _variants(self, word: str) -> list[tuple[str, float]]:
        found = [(word, 1.0)]
        found += [(one, RELATED_WEIGHT) for one in related(word)]
        if word not in self._postings and len(word) >= MIN_PREFIX_CHARS:
            found += [(one, PREFIX_WEIGHT) for one in self._postings if _akin(one, word)]
        return found

    def _scores(self, word: str) -> list[tuple[int, float]]:
        postings = self._postings.get(word, ())
        if not postings:
            return []
        total = len(self._lengths)
        rarity = math.log(1 + (total - len(postings) + 0.5) / (len(postings) + 0.5))
        return [
            (place, rarity * count * (_K1 + 1) / (count + self._norm(place)))
            for place, count in postings
        ]

    def _norm(self, place: int) -> float:
        return _K1 * (1 - _B + _B * self._lengths[place] / self._average)


def _akin(one: str, word: str) -> bool:
    return len(one) >= MIN_PREFIX_CHARS and (one.startswith(word) or word.startswith(one))


def _counted(name: str, description: str, arguments: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    first = description.partition(". ")[0].partition("\n")[0]
    for text, weight in (
        (name, NAME_WEIGHT),
        (first, FIRST_SENTENCE_WEIGHT),
        (description[len(first) :], 1),
        (arguments, 1),
    ):
        for word in words_of(text):
            counts[word] += weight
    return counts


@lru_cache(maxsize=8)
def _index(documents: tuple[tuple[str, str, str], ...]) -> ToolIndex:
    return ToolIndex(documents)


def index_of(tools: Sequence[ToolListing]) -> ToolIndex:
    """The index of these tools; kept for the next search among the same."""
    return _index(tuple((tool.name, tool.description, _arguments(tool)) for tool in tools))


def _arguments(tool: ToolListing) -> str:
    properties = cast("Mapping[str, Any]", tool.parameters.get("properties", {}))
    return " ".join(properties)
