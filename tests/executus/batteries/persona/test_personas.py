"""Personas: as agents, in stores, in files."""

import json
import pickle
from dataclasses import replace
from functools import partial
from importlib.resources import files

import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from executus import Executor, Limits, SetupError
from executus.batteries.persona import (
    MemoryNotes,
    MemoryPersonas,
    Persona,
    PersonaConflict,
    PersonaNotes,
    diff,
    load_personas,
    parse_persona,
    rollback,
    save_missing,
    write_persona,
)
from executus.definitionfile import DefinitionError
from executus.money import Money
from executus.testing.contracts import NOTES_CONTRACT, PERSONA_CONTRACT
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider
from majordomo.skill import Skill


class FileLike:
    """A host's own store: JSON lines, as a file would hold them, behind a lock."""

    def __init__(self):
        self.lines = []
        self.lock = anyio.Lock()

    def read(self, name):
        kept = [Persona.from_json(json.loads(line)) for line in self.lines]
        return [one for one in kept if one.name == name]

    async def get(self, name, version=None):
        await anyio.lowlevel.checkpoint()
        kept = self.read(name)
        if version is None:
            return kept[-1] if kept else None
        return next((one for one in kept if one.version == version), None)

    async def versions(self, name):
        return tuple(one.version for one in self.read(name))

    async def names(self):
        return tuple(sorted({json.loads(line)["name"] for line in self.lines}))

    async def save(self, persona):
        async with self.lock:
            await anyio.lowlevel.checkpoint()
            latest = len(self.read(persona.name))
            if latest != persona.version:
                raise PersonaConflict(persona.name, latest)
            saved = replace(persona, version=latest + 1)
            self.lines.append(json.dumps(saved.as_json()))
            return saved

    async def delete(self, name):
        before = len(self.lines)
        self.lines = [line for line in self.lines if json.loads(line)["name"] != name]
        return len(self.lines) < before


class Rows:
    """A host's own notes."""

    def __init__(self):
        self.rows = []

    async def add(self, persona, caller_id, note, *, keep):
        self.rows.append((persona, caller_id, note))
        mine = [row for row in self.rows if row[:2] == (persona, caller_id)]
        self.rows = [r for r in self.rows if r[:2] != (persona, caller_id)] + mine[-keep:]

    async def get(self, persona, caller_id):
        return tuple(note for *key, note in self.rows if key == [persona, caller_id])

    async def clear(self, persona, caller_id):
        self.rows = [row for row in self.rows if row[:2] != (persona, caller_id)]


@pytest.mark.parametrize("store", [MemoryPersonas, FileLike])
@pytest.mark.parametrize("check", PERSONA_CONTRACT)
async def test_a_store_keeps_the_contract(check, store):
    await check(store())


@pytest.mark.parametrize("store", [MemoryNotes, Rows])
@pytest.mark.parametrize("check", NOTES_CONTRACT)
async def test_notes_keep_the_contract(check, store):
    await check(store())


async def test_the_contract_finds_a_store_that_loses_updates():
    class Careless(FileLike):
        async def save(self, persona):
            await anyio.lowlevel.checkpoint()
            saved = replace(persona, version=len(self.read(persona.name)) + 1)
            self.lines.append(json.dumps(saved.as_json()))
            return saved

    failed = 0
    for check in PERSONA_CONTRACT:
        try:
            await check(Careless())
        except AssertionError:
            failed += 1
    assert failed == 2


async def test_a_persona_runs_with_its_grants_skills_notes_and_limits():
    provider = FakeProvider()
    provider.enqueue("m", "hello")

    @tool
    def rhyme(word: str) -> str:
        """Find a rhyme."""
        return word

    persona = Persona(
        name="poet", instructions="Be brief.", skills=("haiku",), limits=Limits(max_steps=2)
    )
    haiku = Skill(name="haiku", instructions="Count syllables.", tools=[rhyme])
    agent = persona.to_runnable(skills={"haiku": haiku}, notes=["likes rain"])
    assert (agent.name, agent.limits) == ("poet", Limits(max_steps=2))
    result = await Executor().run(replace(agent, model=provider.model("m")), "hi")
    assert result.output == "hello"
    request = str(provider.requests[0][1])
    for part in ("Be brief.", "likes rain", "Count syllables.", "rhyme"):
        assert part in request


def test_a_missing_skill_is_named():
    with pytest.raises(SetupError, match="'poet' needs the skill 'haiku'"):
        Persona(name="poet", skills=("haiku",)).to_runnable()


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_name_people_cannot_read_is_refused(name):
    with pytest.raises(SetupError):
        Persona(name=name)


async def test_notes_are_bounded_and_of_one_line():
    notes = PersonaNotes("p", "ann", store=MemoryNotes(), max_notes=2, max_chars=10)
    for note in ("first", "  ", "likes\n* lists", "x" * 50):
        await notes.add(note)
    assert await notes.all() == ("likes * l…", "xxxxxxxxx…")
    await notes.clear()
    assert await notes.all() == ()


async def test_an_earlier_version_comes_back_as_the_newest():
    store = MemoryPersonas()
    one = await store.save(Persona(name="p", instructions="old\ntext", limits=Limits(max_steps=3)))
    two = await store.save(replace(one, instructions="new\ntext", tools=("web.*",), limits=None))
    changes = {change.field: change for change in diff(one, two)}
    assert {"instructions", "tools", "limits.max_steps"} <= set(changes)
    assert "version" not in changes
    assert "-old" in str(changes["instructions"])
    assert "+new" in str(changes["instructions"])
    back = await rollback(store, "p", 1)
    assert back == replace(one, version=3)
    assert diff(one, back) == ()
    assert await store.get("p", 2) == two
    with pytest.raises(SetupError, match="no version 9"):
        await rollback(store, "p", 9)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)


@given(
    st.builds(
        Persona,
        name=names,
        instructions=texts,
        description=texts,
        model=st.none() | names,
        tools=st.lists(names, max_size=3).map(tuple),
        deny=st.lists(names, max_size=2).map(tuple),
        limits=st.none()
        | st.builds(
            partial(Limits, max_cost=Money("0.1")),
            max_steps=st.integers(1, 99),
            max_runtime_s=st.floats(0, 1e6),
        ),
    )
)
def test_a_persona_survives_a_file_and_json(persona):
    assert parse_persona(write_persona(persona)) == persona
    assert Persona.from_json(json.loads(json.dumps(persona.as_json()))) == persona


def test_the_three_forms_say_the_same():
    toml = 'name = "g"\ninstructions = "Hi."\ntools = ["web.*"]\n[limits]\nmax_steps = 3\n'
    plus = '+++\nname = "g"\ntools = ["web.*"]\nlimits.max_steps = 3\n+++\n\nHi.\n'
    plain = "---\nname: g\ntools:\n  - web.*  # all\nlimits.max_steps: 3\n---\nHi.\n"
    expected = Persona(name="g", instructions="Hi.", tools=("web.*",), limits=Limits(max_steps=3))
    assert parse_persona(toml, "x.toml") == expected
    assert parse_persona(plus, "x.md") == expected
    assert parse_persona(plain.replace("\n", "\r\n"), "x.md") == expected


def test_plain_front_matter_reads_what_people_write():
    text = """---
# a comment
description: 'it''s: "fine"'
model: "fast"
tools: [web.*, "a, b"]
deny:
- x
skills:
instructions:
---
"""
    persona = parse_persona(text, "folder/some name.md")
    assert persona == Persona(
        name="some name",
        description='it\'s: "fine"',
        model="fast",
        tools=("web.*", "a, b"),
        deny=("x",),
    )


@pytest.mark.parametrize(
    ("file", "text", "line", "said"),
    [
        ("a.toml", 'name = "x"\ntools = [\n"a"\n"b"]', 4, ""),
        ("a.toml", 'name = "x"\n\ntols = []', 3, "tols: unknown; did you mean 'tools'? (known are"),
        ("a.toml", 'name = "x"\ntools = [1]', 2, "list of texts"),
        ("a.toml", 'name = "x"\n[limits]\nmax_steps = 0', 2, "at least 1"),
        ("a.toml", 'name = "x"\nlimits.max_stepps = 1', 2, "max_stepps is unknown"),
        ("a.toml", 'name = "x"\nlimits.max_steps = "1"', 2, "limits"),
        ("a.toml", 'limits.max_cost = {amount = "x", currency = "USD"}', 1, "'x' is no amount"),
        ("a.toml", 'limits.max_cost = "much"', 1, "'much' is no amount of money; write one as"),
        ("a.toml", "limits.max_cost = 0.5", 1, "write the amount 0.5 as text"),
        ("a.toml", "limits.max_cost = [1]", 1, "is no amount of money"),
        ("a.toml", 'limits.max_cost = {amout = "1"}', 1, "has amount and currency, not amout"),
        ("a.toml", 'limits.max_cost = {amount = "1", currency = 3}', 1, "such as 'USD', not 3"),
        ("a.toml", 'limits.max_runtime_s = "5m"', 1, "must be a number of seconds, not '5m'"),
        ("a.toml", "name = 3", 1, "must be a text"),
        ("a.toml", 'model = "m"\nname = ""', 1, ""),
        ("a.md", "no front matter", 1, "front matter"),
        ("a.md", "---\nname: x\nbody", 1, "not ended"),
        ("a.md", '+++\nname = "x"\n\nmodel = fast\n+++\n', 4, ""),
        ("a.md", "---\nname: x\nnonsense\n---\n", 3, "expected 'key: value'"),
        ("a.md", "---\nname: x\nname: y\n---\n", 3, "said twice"),
        ("a.md", "---\nmodel: x\nmodel.y: z\n---\n", 3, "no table"),
        ("a.md", '---\nname: "x\n---\n', 2, "quote"),
        ("a.md", "---\ndescription: |\n---\n", 2, "TOML"),
        ("a.md", "---\ninstructions: x\n---\nbody", 2, "say them once"),
    ],
)
def test_an_error_names_file_and_line(file, text, line, said):
    if 'name = ""' in text:
        text, said = text.replace('""', '"\\u0007"'), "printable"
        line = 2
    with pytest.raises(DefinitionError) as caught:
        parse_persona(text, file)
    assert (caught.value.source, caught.value.line) == (file, line)
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert said in str(caught.value)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert str(copied) == str(caught.value)


def test_a_folder_is_loaded_by_name(tmp_path):
    (tmp_path / "b.toml").write_text('instructions = "B"')
    (tmp_path / "a.md").write_text("---\nmodel: fast\n---\nA")
    (tmp_path / "README.md").write_text("for people")
    (tmp_path / "notes.txt").write_text("nothing")
    assert [one.name for one in load_personas(tmp_path)] == ["a", "b"]
    (tmp_path / "c.toml").write_text('model = "x"\nname = "a"')
    with pytest.raises(DefinitionError, match=r"c\.toml, line 2: name: another file"):
        load_personas(tmp_path)
    (tmp_path / "c.toml").write_bytes(b'model = "x"\nname = "\xff"')
    with pytest.raises(DefinitionError, match="line 2: is not UTF-8"):
        load_personas(tmp_path)


def test_a_package_can_bring_personas(tmp_path, monkeypatch):
    package = tmp_path / "hostpkg"
    (package / "personas").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "personas" / "guide.toml").write_text('instructions = "Guide."')
    monkeypatch.syspath_prepend(tmp_path)
    (guide,) = load_personas(files("hostpkg") / "personas")
    assert guide.instructions == "Guide."


async def test_shipped_personas_do_not_overwrite_what_people_changed():
    store = MemoryPersonas()
    await store.save(Persona(name="a", instructions="changed"))
    shipped = [Persona(name="a", instructions="shipped"), Persona(name="b")]
    assert await save_missing(store, shipped) == ("b",)
    assert (await store.get("a")).instructions == "changed"


def test_a_conflict_survives_pickling():
    copied = pickle.loads(pickle.dumps(PersonaConflict("p", 4)))
    assert (copied.name, copied.latest) == ("p", 4)


def test_a_remark_behind_a_list_or_a_quoted_text_is_none_of_it():
    text = """---
tools: [web.*, "a # b"] # both
deny: [web.post]  # never
description: 'it''s # one' # two
---
"""
    read = parse_persona(text, "p.md")
    assert (read.tools, read.deny) == (("web.*", "a # b"), ("web.post",))
    assert read.description == "it's # one"


@pytest.mark.parametrize("line", ["deny: [web.post", "deny: [web.post] and"])
def test_a_list_that_is_not_closed_is_no_text(line):
    with pytest.raises(DefinitionError, match="line 2: the list is not closed"):
        parse_persona(f"---\n{line}\n---\n", "p.md")
