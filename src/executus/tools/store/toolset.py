"""The toolset `store`: a scratch pad of keys and texts that outlives one run."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from executus.registry import Effect, policy
from executus.runservices import services
from executus.tools.store.scratch import MemoryScratch, Scope, ScratchStore
from majordomo.llm import BadArguments, Tool, ToolContext, tool

__all__ = ["Sharing", "store_tools"]

MAX_KEY_CHARS = 200
MAX_LISTED = 200

Key: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_KEY_CHARS)]
Sharing = Literal["nobody", "agents", "callers"]


def store_tools(
    store: ScratchStore | None = None, *, shared: Sharing = "nobody"
) -> tuple[Tool, ...]:
    """Tools that put, append, get, list and delete texts by key.

    Args:
        store: Where they are kept; this process's memory otherwise.
        shared: Who sees the same texts: `nobody` else than this agent for this caller, all
            `agents` of a caller, or all `callers` of an agent (they then read each other's texts).
    """
    pad = _Pad(MemoryScratch() if store is None else store, shared)
    return (*_writing(pad), *_reading(pad))


class _Pad:
    def __init__(self, store: ScratchStore, shared: Sharing) -> None:
        self.store = store
        self._shared = shared

    def scope(self, context: ToolContext[Any]) -> Scope:
        run = services(context)
        return Scope(
            agent="" if self._shared == "agents" else run.agent,
            caller="" if self._shared == "callers" else run.caller.id,
        )


def _writing(pad: _Pad) -> tuple[Tool, ...]:
    @policy(effect=Effect.WRITE, idempotent=True, keep_overflow=False)
    @tool
    async def put(context: ToolContext[Any], key: Key, value: str) -> str:
        """Store a text under a key for later, also for later conversations; it replaces the old.

        Args:
            context: The call.
            key: A short name.
            value: The text.
        """
        size = await pad.store.put(pad.scope(context), _checked(key), value)
        return f"stored {size} bytes under {key!r}"

    @policy(effect=Effect.WRITE, keep_overflow=False)
    @tool
    async def append(context: ToolContext[Any], key: Key, text: str) -> str:
        """Add a text at the end of what is stored under a key; begins it when there is nothing.

        Args:
            context: The call.
            key: A short name.
            text: What to add, with its own line break where one is wanted.
        """
        size = await pad.store.put(pad.scope(context), _checked(key), text, append=True)
        return f"{key!r} now has {size} bytes"

    @policy(effect=Effect.WRITE, idempotent=True, keep_overflow=False)
    @tool
    async def delete(context: ToolContext[Any], key: Key) -> str:
        """Forget what is stored under a key.

        Args:
            context: The call.
            key: The key.
        """
        there = await pad.store.delete(pad.scope(context), _checked(key))
        return f"deleted {key!r}" if there else f"there was nothing under {key!r}"

    return put, append, delete


def _reading(pad: _Pad) -> tuple[Tool, ...]:
    @policy(effect=Effect.READ, idempotent=True)
    @tool
    async def get(context: ToolContext[Any], key: Key) -> str:
        """Read what is stored under a key.

        Args:
            context: The call.
            key: The key.
        """
        value = await pad.store.get(pad.scope(context), _checked(key))
        if value is None:
            raise BadArguments(f"nothing is stored under {key!r}; list shows the keys there are")
        return value or "(an empty text)"

    @policy(effect=Effect.READ, idempotent=True)
    @tool(name="list")
    async def list_keys(context: ToolContext[Any], prefix: str = "") -> str:
        """List the keys that are stored, with the sizes of their texts.

        Args:
            context: The call.
            prefix: Only keys that begin so.
        """
        entries = await pad.store.entries(pad.scope(context))
        found = [entry for entry in entries if entry.key.startswith(prefix)]
        if not found:
            return "no key begins so" if entries else "nothing is stored"
        lines = [f"{entry.key} ({entry.size_bytes} bytes)" for entry in found[:MAX_LISTED]]
        more = len(found) - MAX_LISTED
        return "\n".join(lines + ([f"and {more} more: give a prefix"] if more > 0 else []))

    return get, list_keys


def _checked(key: str) -> str:
    if not key.strip() or len(key) > MAX_KEY_CHARS or not key.isprintable():
        raise BadArguments(
            f"a key is one line of 1 to {MAX_KEY_CHARS} printable characters, not {key[:60]!a}"
        )
    return key
