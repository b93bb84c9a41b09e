"""A process that dies anywhere: what is resumed ends well, and no write is done twice."""

import json

import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunRejected
from executus.registry import Effect, ToolPolicy, ToolRegistry
from executus.run import Checkpointer, JournalConflict, MemoryCheckpointer, Phase
from executus.run.journal import RunJournal
from executus.testing import FakeClock
from majordomo.llm import ImagePart, tool, user
from majordomo.providers.fake import FakeProvider, Reply

PNG = b"\x89PNG\r\n\x1a\n"


class Died(BaseException):
    """The process is gone: nothing after this happens."""


class Mortal(MemoryCheckpointer):
    """Keeps what is written, and dies before or after the n-th write."""

    def __init__(self, dies_at=None, *, before=False):
        super().__init__()
        self.writes, self.dies_at, self.before = 0, dies_at, before

    async def append(self, run_id, at, entries):
        self.writes += 1
        dying = self.writes == self.dies_at
        if dying and self.before:
            raise Died
        await super().append(run_id, at, entries)
        if dying:
            raise Died

    async def end(self, run_id):
        if self.dies_at is None:
            await super().end(run_id)


class World:
    """What tools did to it, whatever processes come and go."""

    def __init__(self):
        self.written, self.read = [], 0
        self.registry = ToolRegistry()

        @tool
        async def write(line: str) -> str:
            """Write a line."""
            self.written.append(line)
            return f"wrote {line}"

        @tool
        async def read() -> list:
            """Read."""
            self.read += 1
            return ["read", ImagePart(data=PNG, mime="image/png")]

        self.registry.add("disk", [write])
        self.registry.add("look", [read], policy=ToolPolicy(effect=Effect.READ))


TURNS = [
    Reply(text="first", calls=[("disk__write", {"line": "one"}), ("look__read", {})]),
    Reply(calls=[("disk__write", {"line": "two"})]),
    Reply(text="finished"),
]


class Script(FakeProvider):
    """A model that answers by how far the transcript is, as a real one would."""

    def take(self, model_id, request):
        turns = [message for message in request.messages if message.role == "assistant"]
        self.enqueue(model_id, TURNS[len(turns)])
        return super().take(model_id, request)


def make(world, checkpointer, *, phases=False):
    model = Script().model("m")
    agent = RunnableAgent(
        name="scribe",
        model=model,
        tools=["disk.*", "look.*"],
        phases=[Phase(name="a"), Phase(name="b", tools=["look.*"])] if phases else (),
    )
    executor = Executor(
        agents=[agent], registry=world.registry, ports=Ports(checkpointer=checkpointer)
    )
    return executor, agent


def texts(result):
    return [(m.role, m.text, [r.text for r in m.tool_results]) for m in result.messages]


async def undisturbed():
    world = World()
    journals = Mortal()
    executor, agent = make(world, journals)
    result = await executor.run(agent, Invocation("go", run_id="r", history=(user("before"),)))
    assert result.output == "finished", result.error
    return result, journals.writes


async def test_wherever_the_process_dies_the_run_ends_and_no_write_is_done_twice():
    whole, writes = await undisturbed()
    assert writes >= 6
    doubts = 0
    for dies_at in range(1, writes + 1):
        for before in (False, True):
            world, journals = World(), Mortal(dies_at, before=before)
            executor, agent = make(world, journals)
            invocation = Invocation("go", run_id="r", history=(user("before"),))
            with pytest.raises(Died):
                await executor.run(agent, invocation)
            where = f"died {'before' if before else 'after'} write {dies_at}"
            journals.dies_at = None
            fresh, _ = make(world, journals)
            try:
                result = await fresh.resume("r")
            except RunRejected:
                assert dies_at == 1, where  # nothing was ever written
                assert world.written == []
                continue
            assert result.output == "finished", where
            doubtful = [t for _, _, found in texts(result) for t in found if "in doubt" in t]
            doubts += len(doubtful)
            assert len(world.written) + len(doubtful) >= 2, where
            assert sorted(set(world.written)) == sorted(world.written), where
            if not doubtful:
                assert texts(result) == texts(whole), where
                assert result.tool_calls == 3, where
            assert result.usage.requests == 3, where
            assert await journals.load("r") == (), where
    assert doubts >= 2


async def test_a_run_of_several_phases_goes_on_in_the_phase_it_died_in():
    journals = Mortal()
    executor, agent = make(World(), journals, phases=True)
    whole = await executor.run(agent, Invocation("go", run_id="r"))
    assert whole.ok, whole.error
    for dies_at in range(2, journals.writes + 1):
        world, mortal = World(), Mortal(dies_at)
        executor, agent = make(world, mortal, phases=True)
        with pytest.raises(Died):
            await executor.run(agent, Invocation("go", run_id="r"))
        mortal.dies_at = None
        result = await make(world, mortal, phases=True)[0].resume("r")
        assert result.output == "finished", f"died at write {dies_at}"
        assert len(set(world.written)) == len(world.written)


async def test_an_agent_that_lost_phases_since_is_rejected_and_the_journal_kept():
    world, journals = World(), Mortal()
    executor, agent = make(world, journals, phases=True)
    await executor.run(agent, Invocation("go", run_id="r"))
    dies_at = journals.writes - 1
    mortal = Mortal(dies_at)
    executor, agent = make(world, mortal, phases=True)
    with pytest.raises(Died):
        await executor.run(agent, Invocation("go", run_id="r"))
    mortal.dies_at = None
    other, _ = make(world, mortal)
    rejected = await other.resume("r")
    assert "has fewer phases than when the run began" in str(rejected.error)
    assert (await make(world, mortal, phases=True)[0].resume("r")).ok


async def test_an_image_in_a_result_survives():
    whole, _ = await undisturbed()
    journals = Mortal(4)
    world = World()
    executor, agent = make(world, journals)
    with pytest.raises(Died):
        await executor.run(agent, Invocation("go", run_id="r", history=(user("before"),)))
    journals.dies_at = None
    result = await make(world, journals)[0].resume("r")
    images = [r.images for m in result.messages for r in m.tool_results if r.images]
    assert images == [r.images for m in whole.messages for r in m.tool_results if r.images]
    assert images[0][0].data == PNG


async def test_a_step_costs_the_journal_what_the_step_is_long():
    sizes = []

    class Scale(MemoryCheckpointer):
        async def append(self, run_id, at, entries):
            sizes.append(sum(map(len, entries)))
            await super().append(run_id, at, entries)

    world = World()
    provider = FakeProvider()
    calls = [Reply(calls=[("disk__write", {"line": str(n)})]) for n in range(60)]
    provider.enqueue("m", *calls, "done")
    agent = RunnableAgent(model=provider.model("m"), tools=["disk.*"])
    ports = Ports(checkpointer=Scale())
    limits = Limits(max_steps=100)
    result = await Executor(registry=world.registry, ports=ports, defaults=limits).run(agent, "go")
    assert result.ok
    early, late = sizes[4:24], sizes[-26:-6]
    assert sum(late) < sum(early) * 1.2


@pytest.mark.parametrize(
    ("journal", "says"),
    [
        ([], "nothing to resume of run 'r'"),
        (["{}"], "has version None, this release reads 1"),
        (['{"version": 99}'], "has version 99, this release reads 1"),
        (["nonsense"], "cannot be read"),
        (['{"version": 1}'], "cannot be read"),
    ],
)
async def test_a_journal_that_cannot_be_read_is_one_sentence(journal, says):
    class Fixed(MemoryCheckpointer):
        async def load(self, run_id):
            return journal

    with pytest.raises(RunRejected, match=says) as caught:
        await Executor(ports=Ports(checkpointer=Fixed())).resume("r")
    assert "\n" not in str(caught.value)


async def test_an_entry_of_an_unknown_kind_is_refused_and_not_skipped():
    journals, world = Mortal(3), World()
    executor, agent = make(world, journals)
    with pytest.raises(Died):
        await executor.run(agent, Invocation("go", run_id="r"))
    entries = [*await journals.load("r"), json.dumps({"kind": "of a later release"})]

    class Fixed(MemoryCheckpointer):
        async def load(self, run_id):
            return entries

    with pytest.raises(RunRejected, match="unknown kind 'of a later release'"):
        await make(world, Fixed())[0].resume("r")


async def test_metadata_that_are_no_json_reject_a_checkpointed_run():
    world = World()
    executor, agent = make(world, MemoryCheckpointer())
    result = await executor.run(agent, Invocation("go", metadata={"socket": object()}))
    assert "must be JSON values to be checkpointed" in str(result.error)


def a_journal(checkpointer, **options):
    return RunJournal(checkpointer, "r", clock=FakeClock(), timeout_s=2, **options)


async def test_a_write_whose_acknowledgement_was_lost_is_recognised_as_our_own():
    class Lossy(MemoryCheckpointer):
        lossy = True

        async def append(self, run_id, at, entries):
            await super().append(run_id, at, entries)
            if self.lossy:
                self.lossy = False
                raise OSError("connection reset")

    kept = Lossy()
    journal = a_journal(kept)
    journal.note("first")
    with pytest.raises(OSError, match="reset"):
        await journal.flush()
    journal.note("second")
    await journal.flush()
    kinds = [json.loads(entry)["kind"] for entry in await kept.load("r")]
    assert kinds == ["first", "second"]
    assert journal.mine


async def test_what_somebody_else_wrote_is_a_conflict():
    kept = MemoryCheckpointer()
    ours, theirs = a_journal(kept), a_journal(kept)
    ours.note("ours")
    theirs.note("theirs")
    await ours.flush()
    with pytest.raises(JournalConflict, match="another process goes on with this run"):
        await theirs.flush()
    assert not theirs.mine


async def test_without_a_checkpointer_nothing_is_noted():
    from executus.run.journal import NO_CHECKPOINTER

    checkpointer: Checkpointer = NO_CHECKPOINTER
    journal = a_journal(checkpointer)
    journal.note("anything", large=object())
    await journal.flush()
    assert not journal.on
    assert await checkpointer.load("r") == ()


async def test_a_resumed_run_can_be_watched():
    world, journals = World(), Mortal()
    executor, agent = make(world, journals)
    async with executor.stream(agent, Invocation("go", run_id="r")) as run:
        async for event in run:
            if event.kind == "tool_called":
                break  # leaving the block cancels it
    assert run.result.status == "cancelled"
    async with await executor.resume_stream("r", agent=agent) as run:
        seen = [event.kind async for event in run]
    assert (run.run_id, run.result.output) == ("r", "finished")
    assert "tool_called" in seen
    assert seen[-1] == "run_ended"
    with pytest.raises(RunRejected, match="nothing to resume"):
        await executor.resume_stream("r", agent=agent)
