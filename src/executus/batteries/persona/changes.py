"""What differs between two versions of a persona, and going back to one."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import Any

from executus.batteries.persona.persona import Persona
from executus.batteries.persona.store import PersonaStore
from executus.errors import SetupError

__all__ = ["Change", "diff", "rollback"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, as JSON values.

    Attributes:
        field: Its name; `limits.max_steps` for one of the limits.
        before: What it was.
        after: What it is.
    """

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """One line, or for longer texts a unified diff."""
        texts = [str(side or "") for side in (self.before, self.after)]
        if not any("\n" in text for text in texts):
            return f"{self.field}: {self.before!r} -> {self.after!r}"
        before, after = (text.splitlines() for text in texts)
        lines = difflib.unified_diff(before, after, self.field, self.field, lineterm="")
        return "\n".join(lines)


def diff(before: Persona, after: Persona) -> tuple[Change, ...]:
    """The fields that differ, in their order; the version is none of them."""
    old, new = _flat(before), _flat(after)
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


async def rollback(store: PersonaStore, name: str, version: int) -> Persona:
    """Save an earlier version as the newest one; nothing is lost.

    Raises:
        SetupError: There is no such version.
        PersonaConflict: Somebody saved it meanwhile.
    """
    latest, wanted = await store.get(name), await store.get(name, version)
    if latest is None or wanted is None:
        raise SetupError(f"persona {name!r} has no version {version}")
    return await store.save(replace(wanted, version=latest.version))


def _flat(persona: Persona) -> dict[str, Any]:
    values = persona.as_json()
    del values["version"]
    limits: dict[str, Any] = values.pop("limits") or {}
    return {**values, **{f"limits.{name}": value for name, value in limits.items()}}
