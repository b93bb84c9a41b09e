"""What is sent of a conversation that outgrows its model's context window.

A run's transcript is kept whole; only what is sent of it is folded, in tiers, each when the one
before was not enough: old results of tools become stubs, old texts are cut, old turns are replaced
by a summary (or dropped), and what is left is cut. The fold is then sent byte for byte the same
until the window is nearly full again, so that prompt caches and signed reasoning hold in between.

Example:
    >>> import anyio
    >>> from majordomo.llm import user
    >>> from majordomo.providers.fake import FakeProvider
    >>> scope = CompactionScope(model=FakeProvider().model("small"), system="Be brief.")
    >>> run = ContextCompactor(context_tokens=4_000).begin(scope)
    >>> short, long = [user("Hello.")], [user("What is in this log? " + "a line, " * 10_000)]
    >>> anyio.run(run.compact, short) is short
    True
    >>> [sent] = anyio.run(run.compact, long)
    >>> len(sent.text) < 16_000
    True
"""

from executus.compact.contextcompactor import DEFAULT_CONTEXT_TOKENS, ContextCompactor, ContextRun
from executus.compact.seam import (
    NO_COMPACTION,
    CompactionScope,
    Compactor,
    RunCompactor,
)
from executus.compact.summary import NO_SUMMARY, Summarise

__all__ = [
    "DEFAULT_CONTEXT_TOKENS",
    "NO_COMPACTION",
    "NO_SUMMARY",
    "CompactionScope",
    "Compactor",
    "ContextCompactor",
    "ContextRun",
    "RunCompactor",
    "Summarise",
]
