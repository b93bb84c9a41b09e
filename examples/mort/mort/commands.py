"""What a line means: something said, or a command; each command is a function in one table."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import anyio
from anyio.to_thread import run_sync

from executus import Caller, Invocation
from executus.batteries.schedule import Job
from executus.batteries.skill import SavedSkill, SkillState, try_skill
from executus.errors import SetupError
from majordomo.errors import MajordomoError, did_you_mean
from majordomo.llm import ImagePart
from mort.bot import Mort

__all__ = ["hear"]

Command: TypeAlias = Callable[[Mort, Caller, str], Awaitable[str]]


async def hear(mort: Mort, name: str, text: str) -> None:
    """Answer what a user says in the channel, or do what the user commands, in the user's turn."""
    caller = Caller(id=name)
    try:
        async with mort.lane.slot(name):
            if text.startswith("/"):
                await mort.say(name, await _do(mort, caller, text[1:]))
            else:
                await mort.answer(caller, [text])
    except (MajordomoError, ValueError) as error:
        await mort.say(name, f"Sorry: {error}")


async def _do(mort: Mort, caller: Caller, line: str) -> str:
    name, _, rest = line.partition(" ")
    if name not in COMMANDS:
        raise SetupError(f"/{name} is no command{did_you_mean(name, COMMANDS)}; /help lists them")
    return await COMMANDS[name][1](mort, caller, rest.strip())


async def _help(mort: Mort, caller: Caller, rest: str) -> str:
    del mort, caller, rest
    return "\n".join(usage for usage, _ in COMMANDS.values())


async def _persona(mort: Mort, caller: Caller, rest: str) -> str:
    store = mort.parts.store.personas()
    if rest:
        if await store.get(rest) is None:
            raise SetupError(
                f"there is no persona {rest!r}{did_you_mean(rest, await store.names())}"
            )
        await run_sync(mort.parts.database.set, f"persona.{caller.id}", rest)
    current = await mort.persona_of(caller)
    return f"You talk to {current}, out of {', '.join(await store.names())}."


async def _note(mort: Mort, caller: Caller, rest: str) -> str:
    notes = mort.notes(await mort.persona_of(caller), caller)
    await notes.add(rest)
    return "\n".join(await notes.all()) or "Nothing is noted."


async def _forget(mort: Mort, caller: Caller, rest: str) -> str:
    del rest
    await mort.notes(await mort.persona_of(caller), caller).clear()
    await run_sync(mort.parts.database.forget_talks, caller.id)
    return "Who are you again?"


async def _skill(mort: Mort, caller: Caller, rest: str) -> str:
    """Save a draft, try it, and make it active if it works."""
    name, _, instructions = rest.partition(" ")
    store = mort.parts.store.skills()
    before = await store.get(name)
    draft = SavedSkill(
        name=name,
        instructions=instructions,
        test_prompt="Show what you do, with an example.",
        version=before.version if before else 0,
    )
    saved = await store.save(draft)
    tried = await try_skill(mort.executor, saved, caller=caller)
    if not tried.ok:
        return f"{name} stays as it was, a {saved.state}: {tried.error}."
    active = await store.set_state(name, SkillState.ACTIVE)
    return f"{name} is {active.state}, version {active.version}: /do {name} …"


async def _do_skill(mort: Mort, caller: Caller, rest: str) -> str:
    name, _, text = rest.partition(" ")
    skill = await mort.parts.store.skills().get(name)
    if skill is None or skill.state is not SkillState.ACTIVE:
        raise SetupError(f"there is no active skill {name!r}")
    agent = skill.to_runnable()
    result = await mort.executor.run(agent, Invocation(text, caller=caller))
    await mort.settle(result, agent, caller)
    return ""


async def _every(mort: Mort, caller: Caller, rest: str) -> str:
    cron, *words = shlex.split(rest)
    job = Job(
        id=f"{caller.id}: {' '.join(words)}",
        cron=cron,
        key=caller.id,
        payload={"user": caller.id, "text": " ".join(words)},
    )
    await mort.scheduler.add(job)
    return await _jobs(mort, caller, "")


async def _jobs(mort: Mort, caller: Caller, rest: str) -> str:
    del rest
    kept = [one for one in await mort.parts.store.schedule().list() if one.job.key == caller.id]
    return "\n".join(f"{one.job.cron} {one.job.payload['text']}" for one in kept) or "No jobs."


async def _budget(mort: Mort, caller: Caller, rest: str) -> str:
    del rest
    (use,) = await mort.parts.budget.used(caller=caller.id)
    return f"You have spent {use} today."


async def _look(mort: Mort, caller: Caller, rest: str) -> str:
    """An image that was uploaded; a name is no path, so no other file of the host's is shown."""
    name, _, question = rest.partition(" ")
    path = anyio.Path(mort.home / "uploads" / Path(name).name)
    if not await path.is_file():
        raise SetupError(f"there is no {name!r} in uploads/")
    image = ImagePart.from_bytes(await path.read_bytes())
    await mort.answer(caller, [question or "What is this?", image])
    return ""


async def _set(mort: Mort, caller: Caller, rest: str) -> str:
    if caller.id != mort.owner:
        return f"Only {mort.owner} may change settings."
    key, _, value = rest.partition(" ")
    await run_sync(mort.parts.database.set, key, value)
    return f"{key} is {await mort.parts.config.get(key, 'not set')} from now on."


COMMANDS: dict[str, tuple[str, Command]] = {
    "help": ("/help: this", _help),
    "persona": ("/persona [NAME]: whom you talk to", _persona),
    "note": ("/note TEXT: something your persona shall know about you", _note),
    "forget": ("/forget: your notes, and all that was said", _forget),
    "skill": ("/skill NAME INSTRUCTIONS: teach something", _skill),
    "do": ("/do NAME TEXT: have it done", _do_skill),
    "every": ('/every "CRON" TEXT: ask this by the clock (UTC)', _every),
    "jobs": ("/jobs: what you ask by the clock", _jobs),
    "budget": ("/budget: what you have spent", _budget),
    "look": ("/look FILE [QUESTION]: show an image out of uploads/", _look),
    "set": ("/set KEY VALUE: change a setting, such as model or max_steps (owner)", _set),
}
