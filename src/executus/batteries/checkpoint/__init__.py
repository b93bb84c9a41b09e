"""Journals that outlive a process: runs are resumed where it died, or paused."""

from executus.batteries.checkpoint.durable import DurableCheckpointer
from executus.batteries.checkpoint.sealing import JournalRefused
from executus.batteries.checkpoint.storage import (
    JournalStorage,
    MemoryJournalStorage,
    UnfinishedRun,
    journal_conflict,
)

__all__ = [
    "DurableCheckpointer",
    "JournalRefused",
    "JournalStorage",
    "MemoryJournalStorage",
    "UnfinishedRun",
    "journal_conflict",
]
