"""A store of one's own: saved personas in a folder of JSON files, and the contract it keeps.

A seam is a protocol of a few methods; the contract says what each must do, and finds what does not.
Prints:

    ok: a new store is empty
    ok: every field is kept
    ok: versions never change
    ok: a stale save is refused
    ok: one of many saves wins
    ok: names are apart
    instructions: 'Show people around.' -> 'Show people around, slowly.'
"""

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio

from executus.batteries.persona import Persona, PersonaConflict, PersonaStore, diff
from executus.testing.contracts import PERSONA_CONTRACT


class FolderPersonas:
    """A `PersonaStore`: a file per persona, with all its versions.

    For one process: a lock lets no two of its tasks save at once.

    Args:
        folder: There already.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saving = anyio.Lock()

    async def get(self, name: str, version: int | None = None) -> Persona | None:
        """A version, by default the latest."""
        kept = await self._kept(name)
        wanted = len(kept) if version is None else version
        return kept[wanted - 1] if 0 < wanted <= len(kept) else None

    async def versions(self, name: str) -> tuple[int, ...]:
        """The versions there are."""
        return tuple(persona.version for persona in await self._kept(name))

    async def names(self) -> tuple[str, ...]:
        """The names of all."""
        paths = [path async for path in anyio.Path(self._folder).glob("*.json")]
        return tuple(sorted([json.loads(await path.read_text())[0]["name"] for path in paths]))

    async def save(self, persona: Persona) -> Persona:
        """Keep it as a new version."""
        async with self._saving:
            kept = await self._kept(persona.name)
            if len(kept) != persona.version:
                raise PersonaConflict(persona.name, len(kept))
            saved = replace(persona, version=len(kept) + 1)
            text = json.dumps([one.as_json() for one in (*kept, saved)])
            new = self._path(persona.name).with_suffix(".new")
            await new.write_text(text)
            await new.rename(self._path(persona.name))  # a reader sees all of it or nothing
            return saved

    async def delete(self, name: str) -> bool:
        """Forget all versions."""
        there = await self._path(name).exists()
        await self._path(name).unlink(missing_ok=True)
        return there

    async def _kept(self, name: str) -> list[Persona]:
        path = self._path(name)
        found: list[Any] = json.loads(await path.read_text()) if await path.exists() else []
        return [Persona.from_json(values) for values in found]

    def _path(self, name: str) -> anyio.Path:
        return anyio.Path(self._folder / f"{quote(name, safe='')}.json")


async def check(make: Callable[[Path], PersonaStore]) -> None:
    """The contract, in five lines; a test runner would have one test per check."""
    for promise in PERSONA_CONTRACT:
        with tempfile.TemporaryDirectory() as folder:
            await promise(make(Path(folder)))
            print(f"ok: {promise.__name__.replace('_', ' ')}")


async def main() -> None:
    """Check the store, then use it."""
    await check(FolderPersonas)
    with tempfile.TemporaryDirectory() as folder:
        store = FolderPersonas(Path(folder))
        first = await store.save(Persona(name="guide", instructions="Show people around."))
        second = await store.save(replace(first, instructions="Show people around, slowly."))
        print(*diff(first, second), sep="\n")


if __name__ == "__main__":
    sys.exit(anyio.run(main))
