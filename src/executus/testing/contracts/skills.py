"""What a `SkillStore` must do.

Each check takes a new, empty store and raises AssertionError:

    @pytest.mark.parametrize("check", SKILL_CONTRACT)
    async def test_my_skills(check):
        await check(MySkills())
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import anyio

from executus.batteries.skill import SavedSkill, SkillConflict, SkillState, SkillStore
from executus.invocation import Limits
from executus.money import Money

__all__ = ["SKILL_CONTRACT"]

_FULL = SavedSkill(
    name="haiku é 1",
    instructions="Answer\nas a haiku. \u2028 '''",
    description="for poets",
    model="fast",
    tools=("web.*", "calc.*"),
    limits=Limits(max_steps=3, max_cost=Money("0.10"), extra={"max_words": 9}),
    extra={"mood": {"deep": [1, None, "é"]}},
    test_prompt="rain",
)
DRAFT, ACTIVE, ARCHIVED = SkillState.DRAFT, SkillState.ACTIVE, SkillState.ARCHIVED


def _must(claim: object, sentence: str) -> None:
    if not claim:
        raise AssertionError(sentence)


async def _refused(attempt: Awaitable[Any]) -> bool:
    try:
        await attempt
    except SkillConflict:
        return True
    return False


async def a_new_store_is_empty(store: SkillStore) -> None:
    """Nothing is there, and asking is no error."""
    _must(await store.list() == (), "a new store has skills")
    _must(await store.get("nothing") is None, "an unknown name must give None")
    _must(await store.get("nothing", 1) is None, "an unknown version must give None")
    _must(await _refused(store.set_state("nothing", ACTIVE)), "an unknown skill has no state")


async def every_field_is_kept(store: SkillStore) -> None:
    """What is saved comes back the same, as a draft; also fields of later releases."""
    saved = await store.save(replace(_FULL, state=ACTIVE))
    _must(saved == replace(_FULL, version=1, state=DRAFT), f"a new skill was saved as {saved}")
    _must(await store.get(_FULL.name) == saved, "a field was lost")


async def versions_never_change(store: SkillStore) -> None:
    """Each save adds one; the earlier ones stay."""
    one = await store.save(_FULL)
    two = await store.save(replace(one, instructions="new", limits=None))
    _must(two.version == 2, "versions count from 1 by 1")
    _must(await store.get(_FULL.name, 1) == one, "an earlier version changed")
    _must(await store.get(_FULL.name) == two, "the latest must be the default")
    for version in (0, 3, -1):
        _must(await store.get(_FULL.name, version) is None, f"there is no version {version}")


async def a_stale_save_is_refused(store: SkillStore) -> None:
    """Nobody overwrites what they have not seen."""
    one = await store.save(_FULL)
    await store.save(one)
    _must(await _refused(store.save(one)), "a stale save must raise SkillConflict")
    _must(await _refused(store.save(_FULL)), "a second creation must raise SkillConflict")
    _must(await store.get(_FULL.name, 3) is None, "a refused save must change nothing")


async def one_of_many_saves_wins(store: SkillStore) -> None:
    """Ten who save the same version at once: one succeeds."""
    refused: list[bool] = []

    async def attempt(number: int) -> None:
        refused.append(await _refused(store.save(replace(_FULL, description=str(number)))))

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(attempt, number)
    _must(refused.count(False) == 1, f"{refused.count(False)} saves of one version succeeded")


async def a_life_goes_from_draft_to_archive(store: SkillStore) -> None:
    """And back to a draft; not otherwise."""
    await store.save(_FULL)
    for state in (DRAFT, ACTIVE, ACTIVE, ARCHIVED, DRAFT, ARCHIVED, DRAFT):
        changed = await store.set_state(_FULL.name, state)
        _must(changed.state is state, f"the state is {changed.state} instead of {state}")
        kept = await store.get(_FULL.name)
        _must(kept == changed and changed.version == 1, "a change of state makes no version")
    await store.set_state(_FULL.name, ACTIVE)
    _must(await _refused(store.set_state(_FULL.name, DRAFT)), "active must not become a draft")
    await store.set_state(_FULL.name, ARCHIVED)
    _must(await _refused(store.set_state(_FULL.name, ACTIVE)), "archived must not become active")


async def the_state_is_the_skills_and_not_a_versions(store: SkillStore) -> None:
    """All versions have it; saving does not change it; an archived skill is not saved."""
    one = await store.save(_FULL)
    await store.set_state(_FULL.name, ACTIVE)
    two = await store.save(replace(one, instructions="new"))
    _must(two.state is ACTIVE, "a new version of an active skill is active")
    first = await store.get(_FULL.name, 1)
    _must(first is not None and first.state is ACTIVE, "an earlier version has another state")
    await store.set_state(_FULL.name, ARCHIVED)
    _must(await _refused(store.save(two)), "an archived skill must not be saved")


async def lists_are_sorted_and_by_state(store: SkillStore) -> None:
    """The latest version of each."""
    for name in ("b", "A", "a"):
        await store.save(replace(_FULL, name=name))
    await store.save(replace(_FULL, name="b", version=1))
    active = await store.set_state("b", ACTIVE)
    listed = await store.list()
    _must([skill.name for skill in listed] == ["A", "a", "b"], "skills are sorted by name")
    _must(await store.list(ACTIVE) == (active,), "only active ones were asked for")
    _must(active.version == 2, "the latest version is listed")
    _must(await store.list(ARCHIVED) == (), "none is archived")


SkillCheck: TypeAlias = Callable[[SkillStore], Awaitable[None]]

SKILL_CONTRACT: tuple[SkillCheck, ...] = (
    a_new_store_is_empty,
    every_field_is_kept,
    versions_never_change,
    a_stale_save_is_refused,
    one_of_many_saves_wins,
    a_life_goes_from_draft_to_archive,
    the_state_is_the_skills_and_not_a_versions,
    lists_are_sorted_and_by_state,
)
