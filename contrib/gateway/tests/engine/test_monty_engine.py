"""The sandbox: what it reaches, what bounds it, how it is stored and taken up again."""

import pytest
from executus_gateway.engine import MontyEngine
from executus_gateway.errors import EngineFailed
from executus_gateway.ports import Finished, Program, RunLimits, Waiting
from executus_gateway.schema import Outcome

KEY = b"k" * 32


@pytest.fixture
async def engine():
    async with MontyEngine(seal_key=KEY) as made:
        yield made


def program(code, run="run_1", **limits):
    return Program(run=run, code=code, limits=RunLimits(**limits))


async def finish(engine, code, answer=lambda call: {"ok": True, "data": call.number}, **limits):
    async with engine.start(program(code, **limits)) as execution:
        step = await execution.step({})
        while isinstance(step, Waiting):
            step = await execution.step({call.number: answer(call) for call in step.calls})
        return step.outcome


async def test_calls_prints_and_emits_are_told_apart(engine):
    outcome = await finish(
        engine,
        "print('p')\nemit({'e': 1})\nx = tools.a.b_c.d({'k': (1, b'x')}, n=2)\nreturn x['data']",
    )
    assert (outcome.value, outcome.emitted, outcome.printed) == (1, ({"e": 1},), "p\n")


@pytest.mark.parametrize(
    "code",
    [
        "return tools.a.b(x=1)",
        "return await tools.a.b(x=1)",
        "f = tools.a.b\nreturn f(x=1)",
        "t = tools.a\nreturn t.b(x=1)",
        "async def main():\n    return await tools.a.b(x=1)\nreturn await main()",
        "# ümläut\nreturn await tools.a.b(x=1)",
    ],
)
async def test_a_tool_may_be_reached_in_every_way_that_python_has(engine, code):
    seen = []

    def answer(call):
        seen.append((call.path, dict(call.kwargs)))
        return "got"

    assert (await finish(engine, code, answer)).value == "got"
    assert seen == [("a.b", {"x": 1})]


async def test_calls_of_several_tasks_wait_together(engine):
    code = (
        "import asyncio\nasync def one(i):\n    return await tools.a(i)\n"
        "return await asyncio.gather(one(1), one(2), one(3))"
    )
    async with engine.start(program(code)) as execution:
        step = await execution.step({})
        assert [call.args for call in step.calls] == [(1,), (2,), (3,)]
        step = await execution.step({2: "b"})
        assert [call.number for call in step.calls] == [1, 3]
        step = await execution.step({1: "a", 3: "c"})
    assert step.outcome.value == ["a", "b", "c"]


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/passwd').read()",
        "import os\nos.environ['PATH']",
        "import os\nos.listdir('/')",
        "import socket",
        "import subprocess",
        "from pathlib import Path\nPath('/etc/passwd').read_text()",
        "__import__('os').system('id')",
        "tools.__class__.__bases__[0].__subclasses__()",
        "eval('open(1)')",
    ],
)
async def test_the_machine_is_out_of_reach(engine, code):
    outcome = await finish(engine, f"x = {code}" if "\n" not in code else code)
    assert outcome.problem is not None
    assert "root:" not in str(outcome)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("while True: pass", "time"),
        ("x = [0]\nwhile True: x = x + x", "memory"),
        ("def f(): return f()\nf()", "exception"),
        ("def f(:", "syntax"),
        ("raise ValueError('no')", "exception"),
        ("while True: tools.a(1)", "limit"),
    ],
)
async def test_everything_is_bounded_and_its_end_is_named(engine, code, kind):
    outcome = await finish(engine, code, compute_s=0.5, memory_bytes=32 << 20, max_calls=20)
    assert outcome.problem.kind == kind


async def test_sleeping_costs_nothing_and_printing_is_cut(engine):
    outcome = await finish(engine, "import time\ntime.sleep(3600)\nreturn 'awake'", compute_s=1.0)
    assert outcome.value == "awake"
    code = "for i in range(10000): print(i, 'x' * 100)\ntools.a(1)\nprint('end')\nreturn 'all'"
    flood = await finish(engine, code, max_printed=1000)
    assert (flood.problem, flood.value) == (None, "all")
    assert len(flood.printed) == 1000
    assert flood.printed.endswith(f"\n9999 {'x' * 100}\nend\n")


@pytest.mark.parametrize(
    "code", ["raise ValueError('x' * 1_000_000)", "return (\n" + "(" * 100_000]
)
async def test_what_an_error_says_is_bounded(engine, code):
    problem = (await finish(engine, code)).problem
    assert len(problem.message) < 8100


async def test_of_a_long_error_its_place_and_its_end_are_told(engine):
    problem = (await finish(engine, "\nraise ValueError('x' * 1_000_000 + 'end')")).problem
    assert "line 2" in problem.message
    assert problem.message.endswith("xend")


async def dumped(engine, code):
    async with engine.start(program(code)) as execution:
        assert isinstance(await execution.step({}), Waiting)
        return await execution.dump()


CODE = "print('before')\nemit('e')\na = tools.x.y(1)\nb = tools.x.z(2)\nreturn [a, b]"


async def test_a_dump_goes_on_in_another_process_with_all_that_was_before(engine):
    dump = await dumped(engine, CODE)
    async with MontyEngine(seal_key=KEY) as other, other.restore(program(CODE), dump) as execution:
        (call,) = (await execution.step({})).calls
        assert (call.number, call.path, call.args) == (1, "x.y", (1,))
        (call,) = (await execution.step({1: "A"})).calls
        assert (call.number, call.path) == (2, "x.z")
        step = await execution.step({2: "B"})
    assert isinstance(step, Finished)
    assert step.outcome.value == ["A", "B"]
    assert (step.outcome.printed, step.outcome.emitted) == ("before\n", ("e",))


async def test_only_an_own_dump_of_the_same_run_is_taken_up(engine):
    dump = await dumped(engine, CODE)
    changed = bytearray(dump)
    changed[-10] ^= 1
    with pytest.raises(EngineFailed, match="not made by this gateway"):
        engine.restore(program(CODE), bytes(changed))
    with pytest.raises(EngineFailed, match="another run"):
        engine.restore(program(CODE, run="run_2"), dump)
    with pytest.raises(EngineFailed, match="another run"):
        engine.restore(program("return 1"), dump)
    async with MontyEngine(seal_key=b"o" * 32) as other:
        with pytest.raises(EngineFailed, match="not made by this gateway"):
            other.restore(program(CODE), dump)


async def test_what_does_not_wait_is_not_dumped(engine):
    async with engine.start(program("return 1")) as execution:
        with pytest.raises(EngineFailed, match="while it waits"):
            await execution.dump()


async def test_bytes_in_arguments_are_marked_and_in_results_base64(engine):
    seen = []

    def answer(call):
        seen.append((call.args, dict(call.kwargs)))
        return "got"

    code = "tools.a(b'x', {'k': [b'y']}, z=(b'z', 'w'))\nreturn [b'x']"
    assert (await finish(engine, code, answer)).value == ["eA=="]
    marked = [{"$bytes": text} for text in ("eA==", "eQ==", "eg==")]
    assert seen == [((marked[0], {"k": [marked[1]]}), {"z": [marked[2], "w"]})]


async def test_what_is_emitted_is_bounded_and_says_so_once(engine):
    code = "for n in range(50):\n    emit('x' * 98)\nreturn 1"
    outcome = await finish(engine, code, max_emitted=1000)
    assert len(outcome.emitted) == 11
    assert outcome.emitted[9:] == ("x" * 98, "[more was emitted than 1000 bytes]")


@pytest.mark.parametrize(
    "code",
    ["return {VALUE}", "emit({VALUE})", "return tools.a([{VALUE}])", "return {{{VALUE}: 1}}"],
)
async def test_an_integer_that_no_log_can_hold_is_told_as_text(engine, code):
    seen = []
    outcome = await finish(engine, code.format(VALUE="-(10**4300)"), seen.append)
    assert outcome.problem is None
    assert "[an integer of 14285 bits]" in str((outcome.value, outcome.emitted, seen))
    fits = (await finish(engine, "return 10**4300 - 1")).model_dump_json()
    assert Outcome.model_validate_json(fits).value == 10**4300 - 1
