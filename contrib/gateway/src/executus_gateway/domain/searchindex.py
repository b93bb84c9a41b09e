"""Finding tools by words: an inverted index of one catalog, in memory."""

from __future__ import annotations

import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from executus_gateway.schema import ToolSummary

__all__ = ["SearchIndex", "words"]

PATH_WEIGHT = 4.0
SUMMARY_WEIGHT = 2.0
WORDS_WEIGHT = 1.0
PREFIX_SHARE = 0.4
MIN_PREFIX = 3
CACHED_WORDS = 10_000

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
_STOP = frozenset(
    {"a", "an", "and", "for", "from", "in", "of", "on", "or", "the", "this", "to", "with", "by"}
)


def words(text: str) -> list[str]:
    """A text's words in lower case, cut where case changes, plurals as singulars.

    >>> words("listUserRepositories of a team")
    ['list', 'user', 'repository', 'team']
    """
    return [word for word in map(_counted, _WORD.findall(text)) if word]


@lru_cache(maxsize=CACHED_WORDS)
def _counted(word: str) -> str:
    """A word as it is looked for; empty for one that says nothing."""
    lower = _singular(word.lower())
    return "" if lower in _STOP else lower


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


class SearchIndex:
    """Words → tools of one catalog.

    Args:
        tools: The catalog; hits are numbers in it.
    """

    def __init__(self, tools: Sequence[ToolSummary]) -> None:
        self._size = len(tools)
        self._summaries = [frozenset(words(tool.summary)) for tool in tools]
        self._postings = _postings(tools, self._summaries)

    def search(self, query: str) -> Mapping[int, float]:
        """Numbers of the tools that fit, with how well they do; all words count, none must fit."""
        scores: dict[int, float] = defaultdict(float)
        asked = dict.fromkeys(words(query))
        hits: dict[int, int] = defaultdict(int)
        for word in asked:
            best: dict[int, float] = {}
            for term, share in self._terms(word):
                numbers, weights = self._postings[term]
                rarity = math.log(1 + self._size / len(numbers)) * share
                for number, weight in zip(numbers, weights, strict=True):
                    best[number] = max(best.get(number, 0.0), weight * rarity)
            for number, score in best.items():
                scores[number] += score
                hits[number] += 1
        return {
            number: score * hits[number] / len(asked) * (1 + self._covered(number, asked))
            for number, score in scores.items()
        }

    def _covered(self, number: int, asked: Iterable[str]) -> float:
        """How much of a tool's summary was asked for: a tool that does just that comes first."""
        summary = self._summaries[number]
        return len(summary.intersection(asked)) / len(summary) if summary else 0.0

    def _terms(self, word: str) -> Iterable[tuple[str, float]]:
        if word in self._postings:
            yield word, 1.0
        elif len(word) >= MIN_PREFIX:
            for term in self._postings:
                if term.startswith(word):
                    yield term, PREFIX_SHARE


def _postings(
    tools: Sequence[ToolSummary], summaries: Sequence[Iterable[str]]
) -> dict[str, tuple[array[int], array[float]]]:
    gathered: dict[str, tuple[array[int], array[float]]] = {}
    for number, (tool, summary) in enumerate(zip(tools, summaries, strict=True)):
        weights = dict.fromkeys(words(tool.words), WORDS_WEIGHT)
        weights.update(dict.fromkeys(summary, SUMMARY_WEIGHT))
        weights.update(dict.fromkeys(words(tool.path), PATH_WEIGHT))
        length = math.sqrt(len(weights)) or 1.0
        for word, weight in weights.items():
            posted = gathered.get(word)
            if posted is None:
                posted = gathered[word] = (array("I"), array("f"))
            posted[0].append(number)
            posted[1].append(weight / length)
    return gathered
