"""Runs as an audit keeps them, made by hand: a rich one, long ones, and one that means harm."""

from datetime import UTC, datetime, timedelta

from executus.batteries.audit import (
    AttemptRecord,
    DenialRecord,
    MemoryAuditStore,
    MemoryRunIndex,
    RunRecord,
    StepRecord,
    ToolCallRecord,
    read_story,
)

START = datetime(2026, 11, 21, 9, 14, 3, tzinfo=UTC)
RUN = "5f0c2b7a9d3e4c1f8a6b7c8d9e0f1a2b"

HOSTILE = (
    "<script>document.title='pwned'</script></style></pre></body>"
    "<img src=http://127.0.0.1:9/x onerror=alert(1)>\"'>&amp;"
    "\u2028\u2029\u202eesrever\u2066\x1b[2J\x00\x9b\ud800"
)


def at(seconds):
    return START + timedelta(seconds=seconds)


def run(run_id=RUN, **changes):
    fields = {
        "id": run_id,
        "run_id": run_id,
        "at": START,
        "parent": None,
        "root": run_id,
        "agent": "helper",
        "caller": "ann",
        "status": "ok",
        "started": START,
        "ended": at(12.5),
        "input": "What is new?",
        "output": "Everything.",
        "steps": 2,
        "tool_calls": 3,
        "input_tokens": 1234,
        "output_tokens": 56,
        "cost": "0.0125 USD",
        "model": "p/second",
    }
    return RunRecord(**{**fields, **changes})


def step(number, begin, answered, end=None, **changes):
    fields = {
        "id": f"step-{number}-{begin}",
        "run_id": RUN,
        "at": at(end or answered),
        "step": number,
        "model": "p/first",
        "finish_reason": "tool_calls",
        "tool_calls": 1,
        "input_tokens": 100,
        "output_tokens": 10,
        "started": at(begin),
        "answered": at(answered),
        "ended": at(end or answered),
        "cost": "0.001 USD",
    }
    return StepRecord(**{**fields, **changes})


def call(call_id, begin, end, **changes):
    fields = {
        "id": f"call-{call_id}",
        "run_id": RUN,
        "at": at(end),
        "call_id": call_id,
        "tool": "web.fetch",
        "arguments": '{"url":"https://example.org"}',
        "text": "a page",
        "outcome": "ok",
        "images": 0,
        "started": at(begin),
        "ended": at(end),
    }
    return ToolCallRecord(**{**fields, **changes})


def attempt(action, **changes):
    fields = {
        "id": f"attempt-{action}-{changes}",
        "run_id": RUN,
        "at": START,
        "action": action,
        "model": "p/first",
        "reason": "",
        "wait_s": None,
        "to": "",
    }
    return AttemptRecord(**{**fields, **changes})


def denial(call_id, **changes):
    fields = {
        "id": f"denial-{call_id}",
        "run_id": RUN,
        "at": START,
        "call_id": call_id,
        "tool": "disk.write",
        "stage": "approval",
        "reason": "not today",
    }
    return DenialRecord(**{**fields, **changes})


def rich():
    """Failover, calls beside each other, one that failed, one that was refused, one cut off."""
    return [
        attempt("attempt"),
        attempt("retry", reason="429", wait_s=2.0),
        attempt("advance", reason="503", to="p/second"),
        attempt("success", model="p/second"),
        call("a", 3, 6),
        call("b", 3, 4, outcome="error", text="timed out", images=1),
        denial("c"),
        call("c", 3, 3.5, tool="disk.write", outcome="error", text="denied"),
        step(0, 0, 3, 6, model="p/second"),
        attempt("attempt"),
        denial("d", tool="nobody.knows"),
        call("e", 8, 12, outcome="unfinished", text=""),
    ]


def many(steps):
    """A run of many steps with a night in the middle."""
    records, now = [], 0.0
    for number in range(steps):
        records += [call(f"{number}-{k}", now + 1, now + 1.5 + k) for k in range(number % 3)]
        records.append(step(number, now, now + 1, now + 4))
        now += 4 + (50_000 if number == steps // 2 else 0)
    return records


async def story_of(records, *runs):
    index, store = MemoryRunIndex(), MemoryAuditStore()
    for one in runs or (run(),):
        await index.put(one)
    await store.write(records)
    return await read_story(index, store, (runs or (run(),))[0])
