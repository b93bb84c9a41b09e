"""The bot: a message becomes a run, and what a dead process left is gone on with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import anyio
from anyio.lowlevel import checkpoint
from anyio.to_thread import run_sync
from executus_store_sqlite import open_store

from executus import BudgetExceeded, Caller, Executor, Invocation, RunnableAgent, RunResult
from executus.batteries import persona as personas
from executus.batteries import skill as skills
from executus.batteries.persona import PersonaNotes, load_personas
from executus.batteries.schedule import Scheduler, Tick
from executus.batteries.skill import SkillState, load_skills
from executus.errors import SetupError
from executus.lane import Lane
from executus.run import RunInfo
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import MajordomoError
from majordomo.llm import Part
from majordomo.models import ModelRegistry
from mort.channel import Channel, Post
from mort.wiring import Wiring, wire

__all__ = ["Mort", "open_mort"]

DEFAULT_PERSONA = "mort"
AT_ONCE = 4


class Mort:
    """Answers what users and jobs ask. Made by `open_mort`.

    One lane for messages, jobs and resumed runs: four at once, one of each user, in turns.

    Args:
        parts: What it is made of.
        home: The folder that all is kept in.
        owner: Who may change settings.
        clock: Tells and limits time.
    """

    def __init__(self, parts: Wiring, home: Path, owner: str, clock: Clock) -> None:
        self.parts = parts
        self.home = home
        self.owner = owner
        self.lane = Lane(AT_ONCE, name="conversations", per_key=1, clock=clock)
        self.scheduler = Scheduler(
            parts.store.schedule(), self.fire, clock=clock, lane=self.lane, owner="mort"
        )  # one process at a time has this name: the next takes the lead over at once

    @property
    def executor(self) -> Executor:
        """Runs the agents."""
        return self.parts.executor

    async def say(self, to: str, text: str) -> None:
        """Post something that no run has said."""
        if text:
            await self.parts.channel.post(uuid4().hex, to, text)

    async def answer(self, caller: Caller, said: Sequence[str | Part], *, run_id: str = "") -> None:
        """Have the user's persona answer; the run delivers it."""
        persona = await self.persona_of(caller)
        talk = await run_sync(self.parts.database.talk, caller.id, persona)
        agent = await self.agent(persona, caller)
        asked = Invocation(said, caller=caller, history=talk, run_id=run_id)
        await self.settle(await self.executor.run(agent, asked), agent, caller)

    async def settle(self, result: RunResult, agent: RunnableAgent, caller: Caller) -> None:
        """Keep what was said, or say why there is no answer and leave it at that."""
        for warning in result.warnings:
            await self.say(self.owner, f"Run {result.run_id}: {warning}")
        if result.ok:
            keep = self.parts.database.keep_talk
            await run_sync(keep, caller.id, agent.name, result.messages)
            return
        await self.parts.journals.end(result.run_id)
        if isinstance(result.error, BudgetExceeded):
            (use,) = await self.parts.budget.used(caller=caller.id)
            spent = f"You have spent {use} today, and another answer does not fit"
            await self.say(caller.id, f"{spent}: ask me again tomorrow.")
        else:
            await self.say(caller.id, f"Sorry, I did not get to an answer: {result.error}.")

    async def persona_of(self, caller: Caller) -> str:
        """The persona a user talks to: a setting like any other."""
        return await self.parts.config.get(f"persona.{caller.id}", DEFAULT_PERSONA)

    async def agent(self, name: str, caller: Caller) -> RunnableAgent:
        """A stored persona, or else skill, as an agent that knows its notes about the caller.

        Raises:
            SetupError: There is none of that name.
        """
        store = self.parts.store
        active = {one.name: one for one in await store.skills().list(SkillState.ACTIVE)}
        if (found := await store.personas().get(name)) is not None:
            usable = {one.name: one.as_skill() for one in active.values()}
            notes = await self.notes(name, caller).all()
            return found.to_runnable(skills=usable, notes=notes)
        if name not in active:
            raise SetupError(f"there is no persona and no active skill named {name!r}")
        return active[name].to_runnable()

    def notes(self, persona: str, caller: Caller) -> PersonaNotes:
        """What a persona has noted about a user."""
        return PersonaNotes(persona, caller.id, store=self.parts.store.notes())

    async def fire(self, tick: Tick) -> None:
        """Answer a job as if its user had just asked; the tick's key makes it one run."""
        caller = Caller(id=tick.job.payload["user"])
        with anyio.CancelScope(shield=True):  # when the scheduler is stopped, this is ended first
            try:
                await self.answer(caller, [tick.job.payload["text"]], run_id=tick.key)
            except MajordomoError as error:
                await self.say(caller.id, f"Sorry, {tick.job.payload['text']!r}: {error}")

    async def left(self) -> list[RunInfo]:
        """The runs that earlier processes did not end, the oldest first."""
        found: list[RunInfo] = []
        for run in await self.parts.journals.unfinished():
            try:
                found.append(await self.executor.info(run.run_id))
            except MajordomoError as error:
                await self.say(self.owner, f"Run {run.run_id} cannot be gone on with: {error}")
        return found

    async def resume(self, run: RunInfo) -> None:
        """Go on with a run that an earlier process did not end."""
        try:
            async with self.lane.slot(run.caller.id):
                agent = await self.agent(run.agent, run.caller)
                result = await self.executor.resume(run.run_id, agent=agent)
                await self.settle(result, agent, run.caller)
        except MajordomoError as error:
            await self.say(run.caller.id, f"Sorry, I lost the thread: {error}")

    async def seed(self) -> None:
        """Save the personas and skills of this package that the store does not have yet."""
        store, package = self.parts.store, files("mort")
        await personas.save_missing(store.personas(), load_personas(package / "personas"))
        shipped = load_skills(package / "skills")
        for name in await skills.save_missing(store.skills(), shipped):
            await store.skills().set_state(name, SkillState.ACTIVE)


@asynccontextmanager
async def open_mort(
    home: Path,
    *,
    show: Callable[[Post], object],
    owner: str = "you",
    models: ModelRegistry = DEFAULT_REGISTRY,
    clock: Clock = SYSTEM_CLOCK,
) -> AsyncGenerator[Mort]:
    """A bot that is awake for as long as the block lasts.

    Leaving the block waits for what has begun.

    Args:
        home: Folder that everything is kept in, for one process at a time.
        show: Called with each message of the bot's.
        owner: Who may change settings, and is told of runs in trouble.
        models: Makes models of their names.
        clock: Tells and limits time.
    """
    await anyio.Path(home).mkdir(parents=True, exist_ok=True)
    async with open_store(f"sqlite:///{home / 'mort.db'}") as store:
        parts = await wire(
            store, home, Channel(home, show), owner=owner, models=models, clock=clock
        )
        mort = Mort(parts, home, owner, clock)
        await mort.seed()
        left = await mort.left()
        async with parts.audit, parts.executor, anyio.create_task_group() as background:
            background.start_soon(mort.scheduler.run)
            async with anyio.create_task_group() as taken_over:
                for run in left:
                    taken_over.start_soon(mort.resume, run)
                await checkpoint()  # they stand in the lane before anything new is said
                yield mort
            background.cancel_scope.cancel()
