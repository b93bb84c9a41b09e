"""The scratch store: its contract, for the shipped one and for a host's own, and its tools."""

import json
from hashlib import sha256

import anyio
import pytest

from executus import Executor, Invocation, RunnableAgent
from executus.errors import SetupError
from executus.identity import Caller
from executus.registry import ToolRegistry, own_policy
from executus.testing import FakeProvider, Reply
from executus.testing.contracts import SCRATCH_CONTRACT
from executus.tools import store_tools
from executus.tools.store import MemoryScratch, Scope, ScratchEntry, ScratchFull, ScratchQuota

ANN, BOB = Caller(id="ann"), Caller(id="bob")


class FileScratch:
    """A host's own store: one JSON file per scope."""

    def __init__(self, folder, quota):
        self.folder, self.quota = folder, quota
        self.lock = anyio.Lock()

    def path(self, scope):
        name = json.dumps([scope.agent, scope.caller])
        return self.folder / sha256(name.encode()).hexdigest()

    def read(self, scope):
        path = self.path(scope)
        return json.loads(path.read_text()) if path.exists() else {}

    async def get(self, scope, key):
        return self.read(scope).get(key)

    async def put(self, scope, key, value, *, append=False):
        async with self.lock:
            texts = self.read(scope)
            whole = texts.get(key, "") + value if append else value
            size = len(whole.encode())
            self.quota.check({k: len(v.encode()) for k, v in texts.items()}, key, size)
            self.path(scope).write_text(json.dumps({**texts, key: whole}))
            return size

    async def delete(self, scope, key):
        texts = self.read(scope)
        there = texts.pop(key, None) is not None
        self.path(scope).write_text(json.dumps(texts))
        return there

    async def entries(self, scope):
        texts = self.read(scope)
        return [ScratchEntry(key=k, size_bytes=len(texts[k].encode())) for k in sorted(texts)]


@pytest.mark.parametrize("check", SCRATCH_CONTRACT, ids=lambda check: check.__name__)
async def test_the_memory_store_keeps_the_contract(check):
    await check(MemoryScratch)


@pytest.mark.parametrize("check", SCRATCH_CONTRACT, ids=lambda check: check.__name__)
async def test_a_hosts_own_store_keeps_the_contract(check, tmp_path):
    await check(lambda quota: FileScratch(tmp_path, quota))


class Forgetful(MemoryScratch):
    async def put(self, scope, key, value, *, append=False):
        return await super().put(scope, key, value)


class Shared(MemoryScratch):
    async def get(self, scope, key):
        return await super().get(Scope(), key)

    async def put(self, scope, key, value, *, append=False):
        return await super().put(Scope(), key, value, append=append)


class Greedy(MemoryScratch):
    def __init__(self, quota):
        super().__init__(ScratchQuota())


@pytest.mark.parametrize("broken", [Forgetful, Shared, Greedy])
async def test_the_contract_finds_a_broken_store(broken):
    failed = 0
    for check in SCRATCH_CONTRACT:
        try:
            await check(broken)
        except (AssertionError, ScratchFull):
            failed += 1
    assert failed >= 1


async def test_the_scope_written_to_longest_ago_makes_room():
    store = MemoryScratch(max_scopes=2)
    for caller in ("a", "b", "a", "c"):
        await store.put(Scope(caller=caller), "k", "v")
    assert [await store.get(Scope(caller=c), "k") for c in "abc"] == ["v", None, "v"]


def test_bounds_below_one_are_refused():
    with pytest.raises(SetupError):
        ScratchQuota(max_keys=0)
    with pytest.raises(SetupError):
        MemoryScratch(max_scopes=0)


def call(name, **arguments):
    return Reply(calls=[(f"store__{name}", arguments)])


async def run(registry, *replies, caller=ANN, agent="helper"):
    """The answers of the calls one run makes."""
    provider = FakeProvider()
    provider.enqueue("m", *replies, "done")
    helper = RunnableAgent(name=agent, model=provider.model("m"), tools=["store.*"])
    result = await Executor(registry=registry).run(helper, Invocation("go", caller=caller))
    assert result.output == "done"
    return [part for message in result.messages for part in message.tool_results]


def made(store=None, **options):
    registry = ToolRegistry()
    registry.add("store", store_tools(store, **options))
    return registry


async def test_a_run_writes_reads_lists_and_deletes(tmp_path):
    for store in (MemoryScratch(), FileScratch(tmp_path, ScratchQuota())):
        answers = await run(
            made(store),
            call("put", key="todo", value="milk"),
            call("append", key="todo", text=", bread"),
            call("put", key="other", value="ü"),
            call("get", key="todo"),
            call("list"),
            call("list", prefix="to"),
            call("delete", key="todo"),
            call("get", key="todo"),
            call("put", key="a\nb", value="x"),
        )
        assert [part.text for part in answers[:7]] == [
            "stored 4 bytes under 'todo'",
            "'todo' now has 11 bytes",
            "stored 2 bytes under 'other'",
            "milk, bread",
            "other (2 bytes)\ntodo (11 bytes)",
            "todo (11 bytes)",
            "deleted 'todo'",
        ]
        assert [part.is_error for part in answers] == [False] * 7 + [True] * 2
        assert "list shows the keys" in answers[7].text
        assert "one line of 1 to 200" in answers[8].text


async def test_nobody_else_sees_what_was_stored_unless_it_is_shared():
    for shared, seen in (
        ("nobody", [False, False]),
        ("agents", [True, False]),
        ("callers", [False, True]),
    ):
        registry = made(shared=shared)
        await run(registry, call("put", key="k", value="v"))
        others = (
            await run(registry, call("get", key="k"), agent="other"),
            await run(registry, call("get", key="k"), caller=BOB),
        )
        assert [answers[0].text == "v" for answers in others] == seen
        again = await run(registry, call("get", key="k"))
        assert again[0].text == "v"


async def test_what_is_over_the_quota_is_an_answer_the_model_can_act_on():
    small = MemoryScratch(ScratchQuota(max_value_bytes=3))
    (answer,) = await run(made(small), call("put", key="k", value="long"))
    assert answer.is_error
    assert "store less, or split it over several keys" in answer.text


def test_only_appending_twice_does_more_than_once():
    idempotent = {tool.name: own_policy(tool).idempotent for tool in store_tools()}
    assert [name for name, value in idempotent.items() if not value] == ["append"]
