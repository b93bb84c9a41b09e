"""Where skills are kept: every version, and one state for each skill."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Protocol

from executus.batteries.skill.savedskill import SavedSkill, SkillState
from executus.errors import ExecutusError

__all__ = ["MemorySkills", "SkillConflict", "SkillStore"]


class SkillConflict(ExecutusError):
    """The skill is not as the caller thinks: changed by another, absent, or in another state.

    Attributes:
        name: Its name.
        reason: What is the matter.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"skill {name!r} {reason}")

    def __reduce__(self) -> tuple[type[SkillConflict], tuple[str, str]]:
        """Survives pickling."""
        return type(self), (self.name, self.reason)


class SkillStore(Protocol):
    """Keeps skills. `executus.testing.contracts` says what an implementation must do."""

    async def get(self, name: str, version: int | None = None) -> SavedSkill | None:
        """A version, by default the latest, with the skill's state; None when there is none."""
        ...

    async def list(self, state: SkillState | None = None) -> tuple[SavedSkill, ...]:
        """The latest version of each skill, of one state or of all, by name."""
        ...

    async def save(self, skill: SavedSkill) -> SavedSkill:
        """Keep it as a new version; `skill.version` is the one it was made from, 0 for none.

        The state of a skill stays as it is in the store; a new one is a draft.

        Returns:
            The skill with its new version and its state.

        Raises:
            SkillConflict: The latest version is another one, or the skill is archived. Of several
                who save at once, one succeeds.
        """
        ...

    async def set_state(self, name: str, state: SkillState) -> SavedSkill:
        """Change the state of a skill, and return its latest version.

        Setting the state it has does nothing.

        Raises:
            SkillConflict: There is no such skill, or its state may not become this
                (`SkillState.may_become`).
        """
        ...


class MemorySkills:
    """Skills in memory, for as long as the process lives. May be used from several loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: dict[str, list[SavedSkill]] = {}
        self._states: dict[str, SkillState] = {}

    async def get(self, name: str, version: int | None = None) -> SavedSkill | None:
        """A version, by default the latest."""
        with self._lock:
            kept = self._versions.get(name, [])
            wanted = len(kept) if version is None else version
            return self._stated(kept[wanted - 1]) if 0 < wanted <= len(kept) else None

    async def list(self, state: SkillState | None = None) -> tuple[SavedSkill, ...]:
        """The latest version of each skill."""
        with self._lock:
            names = sorted(self._versions)
            latest = [self._stated(self._versions[name][-1]) for name in names]
            return tuple(one for one in latest if state is None or one.state is state)

    async def save(self, skill: SavedSkill) -> SavedSkill:
        """Keep it as a new version.

        Raises:
            SkillConflict: The latest version is another one, or the skill is archived.
        """
        with self._lock:
            latest = len(self._versions.get(skill.name, ()))
            if latest != skill.version:
                raise SkillConflict(skill.name, f"has the version {latest} by now; read it again")
            if self._states.get(skill.name) is SkillState.ARCHIVED:
                raise SkillConflict(skill.name, "is archived; make it a draft first")
            saved = replace(skill, version=latest + 1)
            self._versions.setdefault(skill.name, []).append(saved)
            self._states.setdefault(skill.name, SkillState.DRAFT)
            return self._stated(saved)

    async def set_state(self, name: str, state: SkillState) -> SavedSkill:
        """Change the state of a skill.

        Raises:
            SkillConflict: There is no such skill, or its state may not become this.
        """
        with self._lock:
            if name not in self._states:
                raise SkillConflict(name, "is unknown")
            now = self._states[name]
            if now is not state and not now.may_become(state):
                raise SkillConflict(name, f"is {now} and cannot become {state}")
            self._states[name] = state
            return self._stated(self._versions[name][-1])

    def _stated(self, skill: SavedSkill) -> SavedSkill:
        return replace(skill, state=self._states[skill.name])
