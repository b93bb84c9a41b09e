"""An audit as JSON Lines."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from pydantic_core import to_json

from executus.batteries.audit.store import AuditStore, RunIndex, RunQuery

__all__ = ["export_jsonl"]

_PAGE = 100


async def export_jsonl(
    runs: RunIndex, store: AuditStore, query: RunQuery = RunQuery()
) -> AsyncGenerator[str]:
    """Each run that matches, then its records; one JSON object per line, each with its newline.

    Args:
        runs: Where to find them.
        store: Where to read them.
        query: Which; its limit holds.

    Raises:
        Exception: What the index or the store raised.
    """
    left, offset = query.limit, query.offset
    while left > 0:
        page = await runs.list(replace(query, limit=min(left, _PAGE), offset=offset))
        if not page:
            return
        left, offset = left - len(page), offset + len(page)
        for run in page:
            for record in (run, *await store.read(run.run_id)):
                yield to_json(record.as_json(), fallback=str).decode() + "\n"
