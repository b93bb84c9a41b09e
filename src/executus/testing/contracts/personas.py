"""What a `PersonaStore` and a `NoteStore` must do.

Each check takes a new, empty store and raises AssertionError:

    @pytest.mark.parametrize("check", PERSONA_CONTRACT)
    async def test_my_personas(check):
        await check(MyPersonas())
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import anyio

from executus.batteries.persona import NoteStore, Persona, PersonaConflict, PersonaStore
from executus.invocation import Limits
from executus.money import Money

__all__ = ["NOTES_CONTRACT", "PERSONA_CONTRACT"]

_FULL = Persona(
    name="guide é 1",
    instructions="Show people\naround. \u2028 ''' \"\"\"",
    description="for visitors",
    model="fast",
    tools=("web.*", "calc.*"),
    deny=("web.post",),
    skills=("haiku",),
    limits=Limits(max_steps=3, max_cost=Money("0.10"), max_runtime_s=1.5, extra={"max_words": 9}),
    extra={"mood": {"deep": [1, None, "é"]}},
)


def _must(claim: object, sentence: str) -> None:
    if not claim:
        raise AssertionError(sentence)


async def _conflicts(store: PersonaStore, persona: Persona) -> bool:
    try:
        await store.save(persona)
    except PersonaConflict:
        return True
    return False


async def a_new_store_is_empty(store: PersonaStore) -> None:
    """Nothing is there, and asking is no error."""
    _must(await store.names() == (), "a new store has names")
    _must(await store.get("nobody") is None, "an unknown name must give None")
    _must(await store.get("nobody", 1) is None, "an unknown version must give None")
    _must(await store.versions("nobody") == (), "an unknown name has no versions")
    _must(await store.delete("nobody") is False, "there was nothing to delete")


async def every_field_is_kept(store: PersonaStore) -> None:
    """What is saved comes back the same, with a version; also fields of later releases."""
    saved = await store.save(_FULL)
    _must(saved == replace(_FULL, version=1), f"saved as {saved}")
    _must(await store.get(_FULL.name) == saved, "a field was lost")


async def versions_never_change(store: PersonaStore) -> None:
    """Each save adds one; the earlier ones stay."""
    one = await store.save(_FULL)
    two = await store.save(replace(one, instructions="new", limits=None))
    _must(two.version == 2, "versions count from 1 by 1")
    _must(await store.get(_FULL.name, 1) == one, "an earlier version changed")
    _must(await store.get(_FULL.name, 2) == two, "a version is missing")
    _must(await store.get(_FULL.name) == two, "the latest must be the default")
    _must(await store.versions(_FULL.name) == (1, 2), "versions are listed from the oldest")
    for version in (0, 3, -1):
        _must(await store.get(_FULL.name, version) is None, f"there is no version {version}")


async def a_stale_save_is_refused(store: PersonaStore) -> None:
    """Nobody overwrites what they have not seen."""
    one = await store.save(_FULL)
    await store.save(one)
    _must(await _conflicts(store, one), "a stale save must raise PersonaConflict")
    _must(await _conflicts(store, _FULL), "a second creation must raise PersonaConflict")
    ahead = replace(_FULL, name="other", version=5)
    _must(await _conflicts(store, ahead), "a version that never was must raise PersonaConflict")
    _must(await store.versions(_FULL.name) == (1, 2), "a refused save must change nothing")


async def one_of_many_saves_wins(store: PersonaStore) -> None:
    """Ten who save the same version at once: one succeeds."""
    refused: list[bool] = []

    async def attempt(number: int) -> None:
        refused.append(await _conflicts(store, replace(_FULL, description=str(number))))

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(attempt, number)
    _must(refused.count(False) == 1, f"{refused.count(False)} saves of one version succeeded")
    _must(await store.versions(_FULL.name) == (1,), "refused saves left versions")


async def names_are_apart(store: PersonaStore) -> None:
    """Names are sorted, exact, and deleted one by one."""
    for name in ("b", "A", "a", "a%"):
        await store.save(Persona(name=name))
    for name in ("b", "A", "a", "a%"):
        found = await store.get(name)
        _must(found is not None and found.name == name, f"{name!r} gave another persona, or none")
    _must(await store.names() == ("A", "a", "a%", "b"), "names are sorted, and case counts")
    _must(await store.delete("a") is True, "there was something to delete")
    _must(await store.names() == ("A", "a%", "b"), "another name was deleted, or none")
    _must(await store.get("a", 1) is None, "a deleted version is still there")
    _must((await store.save(Persona(name="a"))).version == 1, "a deleted name begins anew")


PersonaCheck: TypeAlias = Callable[[PersonaStore], Awaitable[None]]
NoteCheck: TypeAlias = Callable[[NoteStore], Awaitable[None]]

PERSONA_CONTRACT: tuple[PersonaCheck, ...] = (
    a_new_store_is_empty,
    every_field_is_kept,
    versions_never_change,
    a_stale_save_is_refused,
    one_of_many_saves_wins,
    names_are_apart,
)


async def notes_are_kept_in_order(store: NoteStore) -> None:
    """By persona and caller, from the oldest."""
    _must(await store.get("p", "ann") == (), "a new store has notes")
    for note in ("one", "two", "two"):
        await store.add("p", "ann", note, keep=9)
    await store.add("p", "bob", "his", keep=9)
    await store.add("q", "ann", "other", keep=9)
    _must(await store.get("p", "ann") == ("one", "two", "two"), "notes are lost or out of order")
    await store.clear("p", "ann")
    await store.clear("p", "nobody")
    _must(await store.get("p", "ann") == (), "cleared notes are still there")
    _must(await store.get("p", "bob") == ("his",), "another caller's notes are gone")
    _must(await store.get("q", "ann") == ("other",), "another persona's notes are gone")


async def no_more_notes_than_asked_for(store: NoteStore) -> None:
    """Also when many add at once."""
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(partial(store.add, "p", "ann", f"note {number}", keep=5))
    await store.add("p", "bob", "his", keep=5)
    kept = await store.get("p", "ann")
    _must(len(set(kept)) == 5, f"{len(kept)} notes were kept instead of 5")
    await store.add("p", "ann", "last", keep=2)
    _must(await store.get("p", "ann") == (kept[-1], "last"), "the newest notes must stay")
    _must(await store.get("p", "bob") == ("his",), "another caller's notes made room")


NOTES_CONTRACT: tuple[NoteCheck, ...] = (notes_are_kept_in_order, no_more_notes_than_asked_for)
