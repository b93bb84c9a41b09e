"""The contract of a `ScratchStore`: each check takes a function that makes an empty one.

A host runs it against its own store, with any test runner:

    @pytest.mark.parametrize("check", SCRATCH_CONTRACT)
    async def test_my_store(check, tmp_path):
        await check(lambda quota: MyStore(tmp_path, quota))
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio

from executus.tools.store import Scope, ScratchFull, ScratchQuota, ScratchStore

__all__ = ["SCRATCH_CONTRACT", "ScratchFactory"]

ScratchFactory: TypeAlias = Callable[[ScratchQuota], ScratchStore]
"""Makes an empty store that keeps a quota."""

_ANN = Scope(agent="helper", caller="ann")
_SMALL = ScratchQuota(max_keys=3, max_value_bytes=10, max_total_bytes=24)


def _same(found: object, wanted: object, rule: str) -> None:
    if found != wanted:
        raise AssertionError(f"{rule}: expected {wanted!r}, found {found!r}")


async def _refused(call: Awaitable[object], rule: str) -> None:
    try:
        await call
    except ScratchFull:
        return
    raise AssertionError(f"{rule}: expected ScratchFull")


async def keeps_texts(make: ScratchFactory) -> None:
    """What was put is got, letter for letter; a later value replaces it."""
    store = make(ScratchQuota())
    _same(await store.get(_ANN, "a"), None, "a key that was never put has no value")
    for text in ("", "one", "zwei\n\r\n\0 ü 🜚"):
        size = await store.put(_ANN, "a", text)
        _same(size, len(text.encode()), "put tells the size in bytes of UTF-8")
        _same(await store.get(_ANN, "a"), text, "a value is kept as it is")


async def takes_any_key(make: ScratchFactory) -> None:
    """Keys are any text: no spelling is a path, a pattern, or the same as another."""
    store = make(ScratchQuota())
    keys = ["../up", "a", "A", "a/b", "a%2Fb", "%", ".", "..", "ü", "u\u0308", " ", "x" * 200]
    for key in keys:
        await store.put(_ANN, key, f"value of {key}")
    for key in keys:
        _same(await store.get(_ANN, key), f"value of {key}", "keys are kept apart")
    found = [entry.key for entry in await store.entries(_ANN)]
    _same(found, sorted(keys), "entries has all keys, sorted")


async def appends(make: ScratchFactory) -> None:
    """Appending begins a value or goes on with it."""
    store = make(ScratchQuota())
    await store.put(_ANN, "log", "ä", append=True)
    _same(await store.put(_ANN, "log", "b", append=True), 3, "append tells the whole size")
    _same(await store.get(_ANN, "log"), "äb", "append goes on with the value")


async def deletes(make: ScratchFactory) -> None:
    """A deleted key is gone, and only it."""
    store = make(ScratchQuota())
    await store.put(_ANN, "a", "1")
    await store.put(_ANN, "b", "")
    _same(await store.delete(_ANN, "a"), True, "deleting tells that the key was there")
    _same(await store.delete(_ANN, "a"), False, "deleting again tells that it was not")
    _same(await store.get(_ANN, "a"), None, "a deleted key has no value")
    _same(await store.delete(_ANN, "b"), True, "a key with an empty value is there")


async def keeps_scopes_apart(make: ScratchFactory) -> None:
    """No scope sees another's, also where two would look alike when joined."""
    store = make(ScratchQuota())
    scopes = [
        _ANN,
        Scope(agent="helper", caller="bob"),
        Scope(agent="other", caller="ann"),
        Scope(agent="helper"),
        Scope(caller="ann"),
        Scope(agent="a/b", caller="c"),
        Scope(agent="a", caller="b/c"),
        Scope(agent="..", caller=".."),
    ]
    for number, scope in enumerate(scopes):
        await store.put(scope, "k", str(number))
    for number, scope in enumerate(scopes):
        _same(await store.get(scope, "k"), str(number), "scopes are kept apart")
    await store.delete(_ANN, "k")
    _same(await store.entries(_ANN), [], "a scope can become empty")
    _same(await store.get(scopes[1], "k"), "1", "deleting leaves other scopes alone")


async def lists_sizes(make: ScratchFactory) -> None:
    """Entries are sorted and carry sizes in bytes."""
    store = make(ScratchQuota())
    _same(list(await store.entries(_ANN)), [], "an unknown scope is empty")
    await store.put(_ANN, "b", "ü")
    await store.put(_ANN, "a", "1")
    found = [(entry.key, entry.size_bytes) for entry in await store.entries(_ANN)]
    _same(found, [("a", 1), ("b", 2)], "entries are sorted, with sizes in bytes of UTF-8")


async def refuses_what_is_over_the_quota(make: ScratchFactory) -> None:
    """Each bound holds, and a refusal changes nothing."""
    store = make(_SMALL)
    await _refused(store.put(_ANN, "a", "ü" * 6), "a value over max_value_bytes")
    await store.put(_ANN, "a", "x" * 10)
    await _refused(store.put(_ANN, "a", "y", append=True), "appending over max_value_bytes")
    _same(await store.get(_ANN, "a"), "x" * 10, "a refusal changes nothing")
    await store.put(_ANN, "b", "x" * 10)
    await _refused(store.put(_ANN, "c", "xx"), "a value over max_total_bytes, keys included")
    await store.put(_ANN, "c", "x")
    await store.put(_ANN, "a", "")
    await _refused(store.put(_ANN, "d", ""), "a key over max_keys")
    await store.put(_ANN, "a", "again")
    await store.put(Scope(agent="other"), "d", "x" * 10)


async def gives_room_back(make: ScratchFactory) -> None:
    """What is deleted or replaced by less no longer counts."""
    store = make(_SMALL)
    for _ in range(3):
        await store.put(_ANN, "a", "x" * 10)
        await store.put(_ANN, "b", "x" * 10)
        await store.put(_ANN, "b", "")
        await store.put(_ANN, "c", "x" * 10)
        await store.delete(_ANN, "c")
        await store.delete(_ANN, "a")


async def loses_no_append(make: ScratchFactory) -> None:
    """Appends from several tasks at once all arrive."""
    store = make(ScratchQuota())

    async def write(letter: str) -> None:
        for _ in range(20):
            await store.put(_ANN, "log", letter, append=True)

    async with anyio.create_task_group() as group:
        for letter in "abc":
            group.start_soon(write, letter)
    found = await store.get(_ANN, "log") or ""
    _same("".join(sorted(found)), "a" * 20 + "b" * 20 + "c" * 20, "no append is lost")


SCRATCH_CONTRACT: tuple[Callable[[ScratchFactory], Awaitable[None]], ...] = (
    keeps_texts,
    takes_any_key,
    appends,
    deletes,
    keeps_scopes_apart,
    lists_sizes,
    refuses_what_is_over_the_quota,
    gives_room_back,
    loses_no_append,
)
"""All checks; each raises `AssertionError` with the rule that is broken."""
