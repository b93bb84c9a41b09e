"""Whatever is written down as JSON comes back the same: every type that has a JSON form."""

import ast
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

import executus
from executus import Caller, Invocation, Limits
from executus.asking import InputAnswer, InputRequest
from executus.batteries.audit.records import RECORD_KINDS, AuditRecord, record_from_json
from executus.batteries.persona import Persona
from executus.batteries.schedule import Job, Misfire, Overlap
from executus.batteries.skill import SavedSkill
from executus.dispatchguard import Lineage
from executus.money import Money
from executus.pendingattach import Attachment
from executus.run import MemoryCheckpointer
from executus.run.info import RunInfo
from executus.run.journal import RunJournal
from executus.run.restore import restore
from executus.testing import FakeClock
from majordomo.llm import Usage, user

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
COUNTS = st.integers(0, 2**62)
FLOATS = st.floats(0, 1e9, allow_nan=False)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=2)
MONEY = st.builds(
    Money,
    st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=6),
    st.sampled_from(["USD", "EUR"]),
)
USAGES = st.builds(
    Usage,
    input=st.none() | COUNTS,
    output=st.none() | COUNTS,
    cache_read=st.none() | COUNTS,
    requests=st.integers(1, 9),
)
LATER = st.dictionaries(NAMES.map(lambda name: f"later_{name}"), JSON, max_size=2)
"""Fields that a later release wrote."""
LIMITS = st.builds(
    Limits,
    max_steps=st.integers(1, 10**6),
    max_runtime_s=FLOATS,
    max_tool_calls=COUNTS,
    max_tokens=st.none() | st.integers(1, 10**12),
    max_cost=st.none() | MONEY,
    max_output_bytes=COUNTS,
    max_parallel_tools=st.integers(1, 99),
    close_timeout_s=FLOATS,
    port_timeout_s=FLOATS,
    extra=LATER,
)
BY_TYPE = {
    "str": TEXTS,
    "int": COUNTS,
    "float": FLOATS,
    "bool": st.booleans(),
    "datetime": TIMES,
    "tuple[str, ...]": st.lists(TEXTS, max_size=2).map(tuple),
    "Mapping[str, Any]": OBJECTS,
}


def every_field(kind, /, **named):
    """An object with each field set; a field nobody knows what to set to is an error."""
    chosen = {}
    for each in fields(kind):
        kinds = [part.strip() for part in str(each.type).split("|")]
        kind_name = next(one for one in kinds if one != "None")
        values = named[each.name] if each.name in named else BY_TYPE[kind_name]
        chosen[each.name] = st.none() | values if "None" in kinds else values
    return st.builds(kind, **chosen)


RECORDS = {kind: every_field(kind, extra=LATER) for kind in (*RECORD_KINDS.values(), AuditRecord)}
FORMS = {
    Limits: (LIMITS, Limits.from_json),
    Money: (MONEY, lambda values: Money(**values)),
    Lineage: (
        every_field(Lineage, agents=st.lists(TEXTS, min_size=1, max_size=3).map(tuple)),
        Lineage.from_json,
    ),
    Persona: (
        every_field(Persona, name=NAMES, limits=LIMITS, extra=LATER, version=st.integers(0, 9)),
        Persona.from_json,
    ),
    SavedSkill: (
        every_field(
            SavedSkill,
            name=NAMES,
            instructions=TEXTS.map(lambda text: f"do {text}"),
            limits=LIMITS,
            state=st.sampled_from(["draft", "active"]),
            extra=LATER,
        ),
        SavedSkill.from_json,
    ),
    Job: (
        every_field(
            Job,
            id=TEXTS.filter(str.strip),
            misfire=st.sampled_from([Misfire.SKIP, Misfire.ONCE]),
            overlap=st.sampled_from(Overlap),
            extra=LATER,
        ),
        Job.from_json,
    ),
    **{kind: (strategy, record_from_json) for kind, strategy in RECORDS.items()},
}


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.__name__)
def test_it_comes_back_the_same(kind):
    strategy, read = FORMS[kind]

    @settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def check(value):
        text = to_json(value.as_json())
        again = read(from_json(text))
        assert again == value
        assert to_json(again.as_json()) == text
        if hasattr(value, "extra"):
            assert again.extra == value.extra

    check()


def read_back():
    """The name of every class of executus that is written as JSON and read back."""
    trees = (ast.parse(path.read_text()) for path in Path(executus.__file__).parent.rglob("*.py"))
    classes = (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    return {
        one.name
        for one in classes
        if any(isinstance(each, ast.FunctionDef) and each.name == "from_json" for each in one.body)
    }


def test_no_type_that_is_read_back_is_left_out():
    kinds = {kind for kind in FORMS if not issubclass(kind, AuditRecord)}
    assert {kind.__name__ for kind in kinds} == read_back() | {"Money"}
    assert set(FORMS) - kinds == {*RECORD_KINDS.values(), AuditRecord}


REQUESTS = st.lists(
    every_field(InputRequest, kind=st.sampled_from(["approval", "question"])),
    max_size=3,
    unique_by=lambda request: request.id,
)
FILES = st.builds(
    Attachment.from_bytes, st.binary(max_size=40), name=NAMES, media_type=st.just("text/plain")
)


@settings(deadline=None, max_examples=60)
@given(
    st.builds(Caller, id=TEXTS, name=TEXTS, roles=st.frozensets(TEXTS, max_size=2)),
    LIMITS,
    OBJECTS,
    st.lists(TEXTS, max_size=2),
    st.lists(st.tuples(USAGES, st.none() | MONEY), max_size=2),
    REQUESTS,
    st.lists(FILES, max_size=2),
)
def test_a_journal_says_what_it_was_told(caller, limits, metadata, texts, spent, requests, files):
    clock, store = FakeClock(), MemoryCheckpointer()
    info = RunInfo(
        run_id="r",
        parent=None,
        root="r",
        agent="helper",
        caller=caller,
        limits=limits,
        invocation=Invocation("go", caller=caller, metadata=metadata),
        started=clock.wall(),
    )
    answers = {one.id: InputAnswer(approved=True, text=one.question) for one in requests}
    restored = anyio.run(_kept, store, clock, info, texts, spent, requests, files, answers)
    assert (restored.caller, restored.limits, restored.metadata) == (caller, limits, metadata)
    assert restored.limits.extra == limits.extra
    assert restored.aside == restored.below == spent
    assert restored.asked == {one.id: one for one in requests}
    assert {key: one.answer for key, one in restored.answers.items()} == answers
    assert all(one.request == restored.asked[key] for key, one in restored.answers.items())
    assert restored.attachments == files
    assert [one.text for one in restored.inbox] == texts


async def _kept(store, clock, info, texts, spent, requests, files, answers):
    journal = RunJournal(store, "r", clock=clock, timeout_s=9, written=0)
    journal.begin(info, [user("go")], 0)
    for usage, cost in spent:
        journal.aside(usage, cost)
        journal.below(usage, cost)
    for one in files:
        journal.attached(one)
    journal.inbox([user(text) for text in texts])
    journal.asked(requests)
    journal.resumed("nonce", answers)
    await journal.flush()
    return restore("r", await store.load("r"))
