"""Words as a search compares them: split, without endings, and with their near relations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["destroys", "related", "words_of"]

_WORD = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_STOP = frozenset(
    word
    for line in (
        "a an and any are as at be by can do does for from get give has have how i if in into is",
        "it its let me my need of on one or our please s so some that the their them then there",
        "these this take to up us use used want was we what when where which who will with you",
        "your",
    )
    for word in line.split()
)
# Endings of English words, longest first, and what is left in their place.
_ENDINGS = (
    ("ations", ""), ("ation", ""), ("ating", ""), ("ated", ""), ("ates", ""), ("ate", ""),
    ("ings", ""), ("ies", "y"), ("ing", ""), ("ied", "y"),
    ("ors", ""), ("ers", ""), ("ion", ""), ("ed", ""), ("es", ""), ("er", ""), ("or", ""),
    ("ly", ""), ("s", ""), ("e", ""), ("y", "i"),
)  # fmt: skip
MIN_STEM_CHARS = 3
_GROUPS = (
    "create add new make insert register open book schedule",
    "delete remove drop erase destroy clear cancel terminate",
    "cancel abort revoke stop end",
    "list show enumerate browse all display see",
    "find search look query lookup locate",
    "open navigate visit go browse",
    "website site page web url link internet online",
    "look screenshot see view",
    "read fetch download retrieve load view get",
    "update edit change modify set rename alter adjust move",
    "send post write message notify text tell inform",
    "reply answer respond response",
    "save store write keep put upload remember memory",
    "sms text mobile phone",
    "propose review pull submit suggest",
    "build ci workflow pipeline compile",
    "done finish complete close resolve status",
    "error exception failure fail crash problem",
    "cached cache stale old purge refresh",
    "scale replica copy size capacity",
    "available availability free slot open",
    "disk file storage drive",
    "hear listen sound audio voice speak speech talk say recording",
    "transcribe speech dictation subtitle",
    "figure number table data value",
    "start run launch execute trigger begin",
    "restart reboot reset",
    "merge join combine",
    "car drive travel",
    "email mail inbox",
    "meeting meet appointment event calendar",
    "picture image photo",
    "file document doc",
    "folder directory",
    "customer client account",
    "user person member employee people staff",
    "issue ticket bug",
    "order purchase buy",
    "invoice bill charge",
    "pay payment transfer money",
    "refund reimburse money back return",
    "weather forecast temperature rain snow sun wind storm umbrella",
    "price cost quote rate",
    "translate translation language english french german spanish portuguese italian chinese",
    "compute calculate math",
    "server machine host instance vm",
    "log trace",
    "chart graph plot diagram",
    "phone call dial",
    "chat channel slack",
    "repository repo git",
    "deploy release publish ship rollout",
    "convert transform",
    "summary summarise summarize report overview",
    "permission access role grant allow",
    "directions route navigate way",
    "statistics metric analytics stats",
    "reminder alarm remind",
    "stock inventory warehouse",
    "holiday vacation leave absence",
)


def _stem(word: str) -> str:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_CHARS:
            if ending == "s" and word.endswith(("ss", "us", "is")):
                continue
            return _undoubled(word[: len(word) - len(ending)] + instead)
    return word


def _undoubled(stem: str) -> str:
    """`plann` of `planning` is `plan`; a last e goes, a last y is an i: endings do the same."""
    if len(stem) > MIN_STEM_CHARS and stem[-1] == stem[-2] and stem[-1] not in "aeioulsz":
        return stem[:-1]
    if stem.endswith("e") and len(stem) > MIN_STEM_CHARS:
        return stem[:-1]
    return stem[:-1] + "i" if stem.endswith("y") and len(stem) > MIN_STEM_CHARS else stem


def words_of(text: str) -> list[str]:
    """The stems of a text's words, in order, without those that say nothing.

    Names are split where a reader splits them: `create_event`, `createEvent`, `HTTPServer`.
    """
    found = (word.lower() for word in _WORD.findall(text))
    return [_stem(word) for word in found if word not in _STOP]


def _relations(groups: Iterable[str]) -> Mapping[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for group in groups:
        stems = {_stem(word) for word in group.split()}
        for one in stems:
            known.setdefault(one, set()).update(stems - {one})
    return {one: frozenset(others) for one, others in known.items()}


_RELATED = _relations(_GROUPS)


_DESTROYING = frozenset(
    map(_stem, ["delete", "remove", "drop", "erase", "destroy", "clear", "cancel"])
)


def destroys(stems: Iterable[str]) -> bool:
    """Whether words speak of taking something away."""
    return not _DESTROYING.isdisjoint(stems)


def related(stem: str) -> frozenset[str]:
    """Stems of words that people use for much the same."""
    return _RELATED.get(stem, frozenset())
