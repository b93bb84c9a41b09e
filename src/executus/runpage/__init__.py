"""A recorded run for people to read: its figures in words, and one page of HTML that needs nothing.

Example:
    >>> import anyio
    >>> from executus import Executor, Ports, RunnableAgent
    >>> from executus.batteries.audit import AuditLog, read_story
    >>> from executus.runpage import run_page
    >>> audit = AuditLog()
    >>> agent = RunnableAgent(name="helper", model="fake")
    >>> done = Executor(ports=Ports(audit=audit)).run_sync(agent, "Is 1 < 2?")
    >>> async def story():
    ...     return await read_story(audit.runs, audit.store, await audit.runs.get(done.run_id))
    >>> html = run_page(anyio.run(story))
    >>> html[:15], "Is 1 &lt; 2?" in html
    ('<!doctype html>', True)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from executus.runpage.words import (
    amount,
    count,
    duration,
    moment,
    one_of,
    shortened,
    tool_name,
    trouble,
)

if TYPE_CHECKING:
    from executus.runpage.page import run_page

__all__ = [
    "amount",
    "count",
    "duration",
    "moment",
    "one_of",
    "run_page",
    "shortened",
    "tool_name",
    "trouble",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: a page brings the records of runs, words are for any face.
    if name != "run_page":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.page").run_page


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
