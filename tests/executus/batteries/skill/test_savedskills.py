"""Saved skills: their life, their stores, their files, their trial."""

import json
import pickle
from dataclasses import replace

import anyio.lowlevel
import pytest

from executus import Executor, Limits, SetupError
from executus.batteries.skill import (
    MemorySkills,
    SavedSkill,
    SkillConflict,
    SkillState,
    load_skills,
    parse_skill,
    save_missing,
    try_skill,
    write_skill,
)
from executus.definitionfile import DefinitionError
from executus.money import Money
from executus.testing.contracts import SKILL_CONTRACT
from majordomo.agent import Agent
from majordomo.providers.fake import FakeProvider

HAIKU = SavedSkill(name="haiku", instructions="Answer as a haiku.", test_prompt="rain")


class Tables:
    """A host's own store: a table of versions and one of states."""

    def __init__(self):
        self.versions, self.states, self.lock = {}, {}, anyio.Lock()

    def row(self, name, version):
        values = json.loads(self.versions[name, version])
        return SavedSkill.from_json({**values, "state": self.states[name]})

    def latest(self, name):
        return max((v for n, v in self.versions if n == name), default=0)

    async def get(self, name, version=None):
        wanted = self.latest(name) if version is None else version
        return self.row(name, wanted) if (name, wanted) in self.versions else None

    async def list(self, state=None):
        rows = [self.row(name, self.latest(name)) for name in sorted(self.states)]
        return tuple(row for row in rows if state in (None, row.state))

    async def save(self, skill):
        async with self.lock:
            latest = self.latest(skill.name)
            await anyio.lowlevel.checkpoint()
            if latest != skill.version or self.states.get(skill.name) == "archived":
                raise SkillConflict(skill.name, "cannot be saved")
            values = {**skill.as_json(), "version": latest + 1}
            self.versions[skill.name, latest + 1] = json.dumps(values)
            self.states.setdefault(skill.name, "draft")
            return self.row(skill.name, latest + 1)

    async def set_state(self, name, state):
        now = self.states.get(name)
        if now is None or (now != state and not SkillState(now).may_become(state)):
            raise SkillConflict(name, "cannot be put there")
        self.states[name] = str(state)
        return self.row(name, self.latest(name))


@pytest.mark.parametrize("store", [MemorySkills, Tables])
@pytest.mark.parametrize("check", SKILL_CONTRACT)
async def test_a_store_keeps_the_contract(check, store):
    await check(store())


async def test_the_contract_finds_states_that_ride_on_versions():
    class Riding(Tables):
        def row(self, name, version):
            return SavedSkill.from_json(json.loads(self.versions[name, version]))

    failed = 0
    for check in SKILL_CONTRACT:
        try:
            await check(Riding())
        except AssertionError:
            failed += 1
    assert failed >= 3


async def test_a_skill_runs_alone_and_is_tried_with_its_prompt():
    provider = FakeProvider()
    provider.enqueue("m", "drops on the window")
    skill = replace(HAIKU, limits=Limits(max_steps=2))
    executor = Executor()
    agent = skill.to_runnable()
    assert (agent.instructions, agent.limits) == (skill.instructions, skill.limits)
    result = await executor.run(replace(agent, model=provider.model("m")), skill.test_prompt)
    assert result.output == "drops on the window"
    with pytest.raises(SetupError, match="no test prompt"):
        await try_skill(executor, replace(HAIKU, test_prompt=" "))
    tried = await try_skill(executor, replace(HAIKU, model="fake"))
    assert tried.ok
    assert tried.messages[0].text == "rain"


async def test_a_skill_is_given_to_an_agent_of_either_floor():
    provider = FakeProvider()
    provider.enqueue("m", "yes", "yes")
    model = provider.model("m")
    agent = Agent(model=model, skills=[HAIKU.as_skill()])
    await agent.run("hi")
    assert "Answer as a haiku." in str(provider.requests[0][1])


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "a\tb"}, {"instructions": " "}])
def test_a_skill_that_says_nothing_is_refused(wrong):
    with pytest.raises(SetupError):
        SavedSkill(**{"name": "x", "instructions": "y", **wrong})


def test_files_hold_a_skill_without_its_life(tmp_path):
    skill = replace(
        HAIKU,
        tools=("web.*",),
        limits=Limits(max_cost=Money("0.2")),
        state=SkillState.ACTIVE,
        version=4,
    )
    text = write_skill(skill)
    assert parse_skill(text) == replace(skill, state=SkillState.DRAFT, version=0)
    (tmp_path / "haiku.md").write_text(text)
    (tmp_path / "other.toml").write_text('instructions = "Say less."')
    assert [one.name for one in load_skills(tmp_path)] == ["haiku", "other"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("---\nname: x\nstate: active\n---\nbody", 3, "state: unknown"),
        ("---\nname: x\n---\n", 2, "no instructions"),
        ("---\nmodel: 3\n---\nbody", 2, "must be a text"),
    ],
)
def test_an_error_names_file_and_line(text, line, said):
    with pytest.raises(DefinitionError, match=f"^s.md, line {line}: ") as caught:
        parse_skill(text, "s.md")
    assert said in str(caught.value)


async def test_shipped_skills_are_saved_once():
    store = MemorySkills()
    assert await save_missing(store, [HAIKU]) == ("haiku",)
    assert await save_missing(store, [HAIKU]) == ()


def test_a_conflict_survives_pickling():
    copied = pickle.loads(pickle.dumps(SkillConflict("s", "is odd")))
    assert (copied.name, copied.reason) == ("s", "is odd")
