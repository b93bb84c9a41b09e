"""Every record comes back as it went: each field set, and fields of releases yet to come."""

import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, timedelta

import anyio
import pytest
from executus_store_sqlite import open_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executus.batteries.audit import AuditRecord, RunRecord, record_from_json
from executus.batteries.audit.records import RECORD_KINDS
from executus.batteries.persona import Persona
from executus.batteries.schedule import Job, Misfire, Overlap, ScheduledJob
from executus.batteries.skill import SavedSkill, SkillState
from executus.invocation import Limits
from executus.money import Money
from executus.tools.store import Scope

# Lone surrogates as well: models write them, and UTF-8 cannot hold them.
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NAMES = IDS.filter(lambda text: text.isprintable() and text.strip())
MOMENTS = st.datetimes(timezones=st.just(UTC))
COUNTS = st.integers(1, 10**12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
LATER = st.dictionaries(st.sampled_from(["later", "mood", "ünknown"]), JSON, min_size=1)
BY_TYPE = {
    "str": TEXTS,
    "int": COUNTS,
    "float": st.floats(0.1, 1e9),
    "datetime": MOMENTS,
    "tuple[str, ...]": st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    "Mapping[str, Any]": OBJECTS,
}
NAMED = {"id": IDS, "run_id": IDS, "root": IDS, "agent": IDS, "caller": IDS, "extra": LATER}
BOUNDS = {
    "max_steps": COUNTS,
    "max_runtime_s": BY_TYPE["float"],
    "max_tool_calls": COUNTS,
    "max_tokens": COUNTS,
    "max_cost": st.builds(Money, st.decimals(0, 10**6, places=6), st.sampled_from(["USD", "EUR"])),
    "max_output_bytes": COUNTS,
    "max_parallel_tools": COUNTS,
    "close_timeout_s": BY_TYPE["float"],
    "port_timeout_s": BY_TYPE["float"],
    "delivery_timeout_s": BY_TYPE["float"],
    "extra": LATER,
}
LIMITS = st.builds(Limits, **BOUNDS)


def every_field(kind, **named):
    """A record with each field set to something; a field without a strategy is an error."""
    known, chosen = {**NAMED, **named}, {}
    for each in fields(kind):
        kinds = [part.strip() for part in str(each.type).split("|") if part.strip() != "None"]
        chosen[each.name] = known[each.name] if each.name in known else BY_TYPE[kinds[0]]
    return st.builds(kind, **chosen)


PERSONAS = every_field(Persona, name=NAMES, limits=LIMITS, version=st.just(0))
SKILLS = every_field(
    SavedSkill,
    name=NAMES,
    instructions=TEXTS.map(lambda text: f"do {text}"),
    limits=LIMITS,
    state=st.just(SkillState.DRAFT),
    version=st.just(0),
)
JOBS = every_field(
    Job,
    id=IDS.filter(str.strip),
    misfire=st.sampled_from([Misfire.SKIP, Misfire.ONCE]),
    overlap=st.sampled_from(Overlap),
    enabled=st.booleans(),
)
RECORDS = st.one_of([every_field(kind) for kind in RECORD_KINDS.values() if kind is not RunRecord])


def property_of(*strategies):
    """Each example in a file of its own: it is not shared between examples, as a fixture is."""

    def decorate(check):
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.tuples(*strategies))
        def run(values):
            async def main(folder):
                url = f"sqlite:///{folder}/store.db"
                async with open_store(url) as store:
                    await check(store, *values)

            with tempfile.TemporaryDirectory() as folder:
                anyio.run(main, folder)

        run.__name__, run.__doc__ = check.__name__, check.__doc__
        return run

    return decorate


def test_every_limit_is_set():
    assert {each.name for each in fields(Limits) if each.init} == set(BOUNDS)


async def test_a_lone_surrogate_is_kept(store):
    """Models write them, and a record that could not be written would hold up the whole audit."""
    values = {"id": "1", "run_id": "r", "at": "2026-01-01T00:00:00+00:00", "text": "\ud800"}
    record = record_from_json(values)
    await store.audit().write([record])
    assert await store.audit().read("r") == (record,)


@property_of(RECORDS)
async def test_an_audit_record_comes_back_whole(store, record):
    await store.audit().write([record])
    assert await store.audit().read(record.run_id) == (record,)


@property_of(every_field(RunRecord))
async def test_a_run_comes_back_whole(store, record):
    await store.runs().put(record)
    assert await store.runs().get(record.run_id) == record


@property_of(IDS, MOMENTS, LATER, st.sampled_from(["thought", "mood", ""]))
async def test_a_record_of_a_kind_yet_to_come_is_kept(store, run_id, at, extra, kind):
    values = {**extra, "kind": kind, "id": "1", "run_id": run_id, "at": at.isoformat()}
    record = record_from_json(values)
    assert type(record) is AuditRecord
    await store.audit().write([record])
    (found,) = await store.audit().read(run_id)
    assert found.as_json() == values


@property_of(PERSONAS)
async def test_a_persona_comes_back_whole_and_stays_so_when_it_is_changed(store, persona):
    saved = await store.personas().save(persona)
    assert saved == replace(persona, version=1)
    assert await store.personas().get(persona.name) == saved
    again = await store.personas().save(replace(saved, description="changed"))
    assert await store.personas().get(persona.name) == again
    assert again.extra == persona.extra and again.limits.extra == persona.limits.extra


@property_of(SKILLS)
async def test_a_skill_comes_back_whole_and_stays_so_when_it_is_changed(store, skill):
    saved = await store.skills().save(skill)
    assert saved == replace(skill, version=1)
    active = await store.skills().set_state(skill.name, SkillState.ACTIVE)
    assert active == replace(saved, state=SkillState.ACTIVE)
    assert await store.skills().list() == (active,)


@property_of(JOBS, MOMENTS)
async def test_a_job_comes_back_whole(store, job, at):
    await store.schedule().put(job, at)
    assert await store.schedule().list() == (ScheduledJob(job=job, next_fire=at),)
    assert await store.schedule().claim(job.id, at, at + timedelta(microseconds=1))


@property_of(NAMES, IDS, st.lists(TEXTS, min_size=1, max_size=4))
async def test_notes_and_journals_come_back_whole(store, name, caller, texts):
    for text in texts:
        await store.notes().add(name, caller, text, keep=9)
    assert await store.notes().get(name, caller) == tuple(texts)
    await store.checkpoints().append(caller, 0, texts, sample_moment())
    assert await store.checkpoints().load(caller) == tuple(texts)


def sample_moment():
    return record_from_json({"id": "", "run_id": "", "at": "2026-01-01T00:00:00+00:00"}).at


@property_of(IDS, IDS, IDS, TEXTS, TEXTS)
async def test_a_text_comes_back_whole(store, agent, caller, key, text, more):
    scope, scratch = Scope(agent=agent, caller=caller), store.scratch()
    await scratch.put(scope, key, text)
    size = await scratch.put(scope, key, more, append=True)
    assert await scratch.get(scope, key) == text + more
    (entry,) = await scratch.entries(scope)
    assert (entry.key, entry.size_bytes) == (key, size)


LATER_ROWS = {
    "persona": ("guide", lambda store: store.personas(), Persona(name="guide")),
    "skill_version": ("haiku", lambda s: s.skills(), SavedSkill(name="haiku", instructions="do")),
}


@pytest.mark.parametrize("table", LATER_ROWS)
async def test_what_a_later_release_wrote_beside_survives_a_change_by_this_one(url, table):
    """The row is changed as a later release would write it: a field more, and one in its limits."""
    name, accessor, record = LATER_ROWS[table]
    async with open_store(url) as store:
        await accessor(store).save(replace(record, limits=Limits()))
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            ((body,),) = other.execute(f"SELECT body FROM {table}")
            values = json.loads(body)
            values["mood"] = {"deep": [1]}
            values["limits"]["max_words"] = 9
            other.execute(f"UPDATE {table} SET body = ?", (json.dumps(values),))
            other.commit()
        read = await accessor(store).get(name)
        await accessor(store).save(replace(read, description="changed by an older release"))
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            rows = other.execute(f"SELECT body FROM {table} ORDER BY version").fetchall()
    newest = json.loads(rows[-1][0])
    assert newest["description"] == "changed by an older release"
    assert newest["mood"] == {"deep": [1]}
    assert newest["limits"]["max_words"] == 9
