"""Finding tools by words: an inverted index of one catalog, in memory."""

from __future__ import annotations

import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from executus_gateway.schema import ToolSummary

__all__ = ["SearchIndex", "words"]

PATH_WEIGHT = 4.0
SUMMARY_WEIGHT = 2.0
WORDS_WEIGHT = 1.0
PREFIX_SHARE = 0.4
MIN_PREFIX = 3

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
_STOP = frozenset(
    {"a", "an", "and", "for", "from", "in", "of", "on", "or", "the", "this", "to", "with", "by"}
)


def words(text: str) -> list[str]:
    """A text's words in lower case, cut where case changes, plurals as singulars.

    >>> words("listUserRepositories of a team")
    ['list', 'user', 'repository', 'team']
    """
    found = (_singular(word.lower()) for word in _WORD.findall(text))
    return [word for word in found if word not in _STOP]


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
        self._postings = _postings(tools)
        self._summaries = [frozenset(words(tool.summary)) for tool in tools]

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
    tools: Sequence[ToolSummary],
) -> dict[str, tuple[array[int], array[float]]]:
    gathered: dict[str, tuple[array[int], array[float]]] = {}
    for number, tool in enumerate(tools):
        weights: dict[str, float] = {}
        for text, weight in (
            (tool.words, WORDS_WEIGHT),
            (tool.summary, SUMMARY_WEIGHT),
            (tool.path, PATH_WEIGHT),
        ):
            for word in words(text):
                weights[word] = max(weights.get(word, 0.0), weight)
        length = math.sqrt(len(weights)) or 1.0
        for word, weight in weights.items():
            numbers, shares = gathered.setdefault(word, (array("I"), array("f")))
            numbers.append(number)
            shares.append(weight / length)
    return gathered
