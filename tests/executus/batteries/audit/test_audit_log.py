"""Every run leaves all its records, without secrets, whatever the store does meanwhile."""

import json

import anyio
import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.batteries.audit import (
    UNREDACTED,
    AuditLog,
    MemoryAuditStore,
    MemoryRunIndex,
    RunQuery,
    SecretPatterns,
    ToolCallRecord,
    export_jsonl,
)
from executus.batteries.audit.redaction import redacted
from executus.errors import ExecutusError
from executus.events import ToolDenied
from executus.registry import ToolRegistry
from executus.testing import FakeClock
from majordomo.llm import Usage, tool
from majordomo.providers.fake import FakeProvider, Reply

KEY = "sk-c4n4ryc4n4ryc4n4ry"


@tool
async def look(where: str) -> str:
    """Look."""
    return f"seen {where}"


def agent(*, calls=1, where="there", limits=None):
    fake = FakeProvider()
    usage = Usage(input=3, output=2, requests=1)
    for _ in range(calls):
        fake.enqueue("m", Reply(calls=[("eye__look", {"where": where})], usage=usage))
    fake.enqueue("m", Reply(text="done", usage=usage))
    return RunnableAgent(name="helper", model=fake.model("m"), tools=["eye.*"], limits=limits)


def executor(audit):
    registry = ToolRegistry()
    registry.add("eye", [look])
    return Executor(registry=registry, ports=Ports(audit=audit))


async def test_a_run_leaves_its_steps_calls_and_itself():
    audit = AuditLog()
    await executor(audit).run(agent(), Invocation("go", run_id="r", metadata={"ticket": 7}))
    run = await audit.runs.get("r")
    assert (run.status, run.input, run.output, run.steps) == ("ok", "go", "done", 2)
    assert (run.input_tokens, run.output_tokens, run.metadata) == (6, 4, {"ticket": 7})
    kinds = [record.kind for record in await audit.store.read("r")]
    assert [kind for kind in kinds if kind != "attempt"] == ["tool_call", "step", "step"]
    call = next(r for r in await audit.store.read("r") if isinstance(r, ToolCallRecord))
    assert (call.outcome, call.text, json.loads(call.arguments)) == (
        "ok",
        "seen there",
        {"where": "there"},
    )
    assert audit.waiting == 0


async def test_a_refused_call_leaves_a_denial():
    audit = AuditLog()
    await executor(audit).run(agent(calls=2, limits=Limits(max_tool_calls=1)), "go")
    (run,) = await audit.runs.list(RunQuery())
    denials = [r for r in await audit.store.read(run.run_id) if r.kind == "denial"]
    assert [(d.tool, d.stage) for d in denials] == [("eye__look", "limit")]


async def test_a_rejected_run_leaves_a_record_too():
    audit = AuditLog()

    class Closed:
        async def reserve(self, info):
            raise RuntimeError("closed")

        async def extend(self, run_id, usage, cost): ...
        async def commit(self, run_id, usage, cost): ...
        async def release(self, run_id): ...

    result = await Executor(ports=Ports(audit=audit, budget=Closed())).run(agent(), "go")
    run = await audit.runs.get(result.run_id)
    assert run.status == "rejected"
    assert "closed" in run.error


async def test_secrets_are_gone_before_any_sink_sees_them():
    seen = []

    class Sink:
        async def write(self, records):
            seen.extend(records)

    audit = AuditLog(sinks=[Sink()])
    metadata = {"api_key": "whatever it is", "deep": {"note": f"use {KEY}"}}
    talk = Invocation(f"my key is {KEY}", run_id="r", metadata=metadata)
    await executor(audit).run(agent(where=KEY), talk)
    everything = [*seen, *await audit.store.read("r"), await audit.runs.get("r")]
    text = json.dumps([record.as_json() for record in everything])
    assert "c4n4ry" not in text
    assert "whatever" not in text
    assert text.count("[redacted]") >= 6


async def test_a_hosts_redactor_replaces_ours():
    class Shouting:
        def redact(self, text):
            return text.upper()

    for redactor, found in ((Shouting(), f"{KEY} GO".upper()), (UNREDACTED, f"{KEY} go")):
        audit = AuditLog(redactor=redactor)
        await executor(audit).run(agent(), Invocation(f"{KEY} go", run_id="r"))
        assert (await audit.runs.get("r")).input == found


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("ghp_0123456789abcdefABCD", "0123456789"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ('{"password": "hunter2 is it"}', "hunter2"),
        ('{\\"client_secret\\": \\"hunter2\\"}', "hunter2"),
        ("DB_PASSWORD=hunter2 next", "hunter2"),
        ("postgres://ann:hunter2@db/x", "hunter2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n-----END RSA PRIVATE KEY-----", "hunter2"),
        ("https://x.org/?a=1&key=hunter2", "hunter2"),
        ("https://x.org/o?X-Amz-Signature=hunter2&b=1", "hunter2"),
        ("https://hunter2hunter2hunter2@github.com/x", "hunter2"),
        ("Authorization: Token hunter2", "hunter2"),
        ("Cookie: a=hunter1; b=hunter2", "hunter"),
        ("Set-Cookie: sid=hunter2; Path=/", "hunter2"),
        ("X-Api-Key: hunter2", "hunter2"),
        ("deploy --token hunter2", "hunter2"),
        ("AccountKey=hunter2==;", "hunter2"),
        ("Server=db;Pwd=hunter2;", "hunter2"),
        ("gsk_hunter2hunter2hunter2", "hunter2"),
        ("https://hooks.slack.com/services/T0/B0/hunter2", "hunter2"),
        ("123456789:AAhunter2hunter2hunter2hunter2hunter2", "hunter2"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl", "c2lnbmF0"),
        (json.dumps({"password": 'ab"hunter2'}), "hunter2"),
        (json.dumps(json.dumps({"password": 'ab"hunter2', "b": "c"})), "hunter2"),
        (json.dumps({"passwords": ["hunter2", "hunter2"]}), "hunter2"),
        (json.dumps({"secrets": {"ann": "hunter2"}}), "hunter2"),
        (json.dumps({"credentials": "x" * 5000 + "hunter2"}), "hunter2"),
        ("authorization=Token hunter2", "hunter2"),
        ('Authorization: Digest username="ann", response="hunter2"', "hunter2"),
        ("Cookie: a=bcdefg; session=hunter2", "hunter2"),
        ("postgres://ann:p@hunter2@db/x", "hunter2"),
        ("https://hunter2hunter2hunter2@example.org/x", "hunter2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nhunter2\n", "hunter2"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text, secret):
    clean = SecretPatterns().redact(text)
    assert secret not in clean
    assert "[redacted]" in clean


@pytest.mark.parametrize(
    "text",
    [
        "The password was changed.",
        "https://example.org:8080/a@b",
        "https://ann@example.org/?q=key",
        "max_tokens",
        "task-force",
        "the access-token expires",
        "at 12:30:15 it was done",
        "PWD=/home/ann",
        "a cookie is a biscuit",
    ],
)
def test_what_is_none_stays(text):
    assert SecretPatterns().redact(text) == text


@pytest.mark.parametrize(
    "arguments",
    [
        '{"token": 12345678, "a": 1}',
        '{"headers": {"X-Api-Key": ["12345678"]}}',
        '{"secret": {"deep": "12345678"}}',
        '[{"password": "12345678"}]',
        '{"password": "12345678", broken',
    ],
)
async def test_arguments_are_looked_through_by_name(arguments):
    assert "12345678" not in redacted(arguments, SecretPatterns().redact)
    counted = '{"max_tokens": 12345678}'
    assert redacted(counted, SecretPatterns().redact) == counted
    assert redacted(arguments, UNREDACTED.redact, named=False) == arguments


def test_what_stands_behind_a_secret_in_json_stays():
    text = json.dumps({"note": json.dumps({"token": 'a"b', "city": "Rome"}), "to": "ann"})
    clean = SecretPatterns().redact(text)
    assert json.loads(json.loads(clean)["note"]) == {"token": "[redacted]", "city": "Rome"}


@pytest.mark.parametrize(
    "piece",
    ["-eyJaaaaaaaa", "password ", "ab.cd+ef-", "a://", 'token="', "--a", "?key", "-hf-", "1:"],
)
def test_a_text_made_to_be_slow_is_read_in_time(piece):
    text = piece * (200_000 // len(piece))  # reading it anew from each piece takes minutes
    assert SecretPatterns().redact(text)


async def test_a_secret_is_gone_that_names_a_member_or_stands_where_a_text_is_cut():
    audit = AuditLog(max_text_chars=20)
    talk = Invocation("x" * 10 + f" {KEY}", run_id="r", metadata={KEY: [KEY * 9]})
    await executor(audit).run(agent(), talk)
    run = await audit.runs.get("r")
    assert "c4n4" not in json.dumps(run.as_json())
    assert run.input == "xxxxxxxxxx [redacted … (12 more characters)"


def test_a_hosts_pattern_is_taken_out_too():
    assert SecretPatterns(also=[r"EMP-\d+"]).redact("EMP-123 left") == "[redacted] left"


@pytest.mark.slow
async def test_a_thousand_runs_at_once_lose_no_record():
    class Slow(MemoryAuditStore):
        async def write(self, records):
            await anyio.lowlevel.checkpoint()
            await super().write(records)

    audit = AuditLog(Slow(), max_waiting=50)
    async with audit, executor(audit) as runs, anyio.create_task_group() as group:
        for number in range(1000):
            group.start_soon(runs.run, agent(), Invocation("go", run_id=f"r{number}"))
    assert audit.waiting == 0
    for number in range(1000):
        kinds = [r.kind for r in await audit.store.read(f"r{number}") if r.kind != "attempt"]
        assert sorted(kinds) == ["step", "step", "tool_call"]
        assert (await audit.runs.get(f"r{number}")).status == "ok"


class Flaky(MemoryAuditStore):
    down = True

    async def write(self, records):
        if self.down:
            raise OSError("disk full")
        await super().write(records)


async def test_what_a_store_refused_is_written_when_it_is_back():
    store = Flaky()
    audit = AuditLog(store)
    runs = executor(audit)
    first = await runs.run(agent(), Invocation("go", run_id="first"))
    assert any("audit.close_run" in warning for warning in first.warnings)
    assert audit.waiting > 0
    store.down = False
    await runs.run(agent(), Invocation("go", run_id="second"))
    assert (await audit.runs.get("first")).status == "ok"
    kinds = [r.kind for r in await store.read("first") if r.kind != "attempt"]
    assert kinds == ["tool_call", "step", "step"]
    assert audit.waiting == 0


async def test_leaving_the_block_writes_the_rest_or_says_how_much_is_lost():
    audit = AuditLog(Flaky(), clock=FakeClock())
    with pytest.raises(ExecutusError, match=r"\d+ audit records could not be written"):
        async with audit:
            await executor(audit).run(agent(), "go")
    audit.store.down = False
    async with audit:
        pass
    assert audit.waiting == 0


async def test_new_runs_wait_while_too_much_is_queued():
    store = Flaky()
    audit = AuditLog(store, max_waiting=1)
    runs = executor(audit)
    await runs.run(agent(), "go")
    held = await runs.run(agent(), "go")
    assert any("audit.start_run" in warning for warning in held.warnings)


async def test_a_failing_sink_harms_nobody(caplog):
    class Broken:
        async def write(self, records):
            raise OSError("no")

    audit = AuditLog(sinks=[Broken()])
    result = await executor(audit).run(agent(), "go")
    assert result.warnings == ()
    assert (await audit.runs.get(result.run_id)).status == "ok"
    assert "an audit sink misses" in caplog.text


async def test_an_export_has_a_line_for_each_record():
    audit = AuditLog(MemoryAuditStore(), MemoryRunIndex())
    for name in "ab":
        await executor(audit).run(agent(), Invocation("go", run_id=name))
    lines = [json.loads(line) async for line in export_jsonl(audit.runs, audit.store)]
    assert [line["run_id"] for line in lines if line["kind"] == "run"] == ["b", "a"]
    total = sum([1 + len(await audit.store.read(name)) for name in "ab"])
    assert len(lines) == total


async def test_a_long_text_is_cut():
    audit = AuditLog(max_text_chars=10)
    result = await executor(audit).run(agent(), "x" * 50)
    assert (await audit.runs.get(result.run_id)).input == "xxxxxxxxxx … (40 more characters)"


async def test_texts_within_metadata_are_cut():
    audit = AuditLog(max_text_chars=10)
    await executor(audit).run(
        agent(), Invocation("go", run_id="r", metadata={"deep": ["y" * 50, 7]})
    )
    assert (await audit.runs.get("r")).metadata == {
        "deep": ["yyyyyyyyyy … (40 more characters)", 7]
    }


async def test_what_a_store_refused_is_tried_again_though_nothing_else_happens():
    store = Flaky()
    clock = FakeClock()
    async with AuditLog(store, clock=clock) as audit:
        audit.emit(ToolDenied(run_id="r", seq=1, call_id="c", tool="t", stage="grant", reason="no"))
        while not clock.sleeps:
            await anyio.lowlevel.checkpoint()
        store.down = False
        with anyio.fail_after(60):
            while audit.waiting:
                await anyio.lowlevel.checkpoint()
    assert [record.kind for record in await store.read("r")] == ["denial"]


async def test_sinks_get_a_run_after_its_records_however_slow_another_is():
    begun, go_on, seen = anyio.Event(), anyio.Event(), []

    class Slow:
        async def write(self, records):
            if any(record.kind != "run" for record in records):
                begun.set()
                await go_on.wait()

    class Seen:
        async def write(self, records):
            seen.extend(record.kind for record in records)

    async with (
        AuditLog(sinks=[Slow(), Seen()]) as audit,
        executor(audit) as runs,
        anyio.create_task_group() as group,
    ):
        group.start_soon(runs.run, agent(), "go")
        await begun.wait()  # the writer beside the run is held up
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert seen[0] == seen[-1] == "run"
    assert sorted(seen[1:-1])[-3:] == ["step", "step", "tool_call"]


async def test_a_sink_that_hangs_misses_what_it_was_given(caplog):
    class Hanging:
        async def write(self, records):
            await anyio.sleep_forever()

    audit = AuditLog(sinks=[Hanging()], clock=(clock := FakeClock()))
    async with anyio.create_task_group() as group:
        group.start_soon(executor(audit).run, agent(), Invocation("go", run_id="r"))
        while (run := await audit.runs.get("r")) is None or run.status == "running":
            await anyio.wait_all_tasks_blocked()
            clock.advance(10)
        await anyio.wait_all_tasks_blocked()
        clock.advance(10)
    assert "it hangs" in caplog.text


class Empty(MemoryAuditStore):
    """A host's store that says how many things it holds: none, so it counts as false."""

    def __len__(self):
        return 0


def test_an_empty_store_of_a_host_is_not_taken_for_none():
    store = Empty()
    audit = AuditLog(store, store)
    assert audit.store is store
    assert audit.runs is store
