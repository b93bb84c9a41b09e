"""The toolset `store` and its seam: scratch texts by key."""

from executus.tools.store.scratch import (
    MemoryScratch,
    Scope,
    ScratchEntry,
    ScratchFull,
    ScratchQuota,
    ScratchStore,
)
from executus.tools.store.toolset import Sharing, store_tools

__all__ = [
    "MemoryScratch",
    "Scope",
    "ScratchEntry",
    "ScratchFull",
    "ScratchQuota",
    "ScratchStore",
    "Sharing",
    "store_tools",
]
