"""A run that waits for a person: asked at once, or paused, saved and resumed elsewhere."""

import json
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from executus import (
    Caller,
    Executor,
    Invocation,
    Ports,
    RunnableAgent,
    RunRejected,
    RunStatus,
    SetupError,
)
from executus.asking import PENDING, InputAnswer
from executus.registry import AskFor, ToolRegistry
from executus.run import JournalConflict, MemoryCheckpointer
from majordomo.llm import TextPart, ToolContext, tool, user
from majordomo.providers.fake import FakeProvider, Reply

PROGRAM = Path(__file__).parent / "pausing_host.py"


class Bank:
    """A registry with a call that must be approved, and what was really done."""

    def __init__(self):
        self.paid = []
        self.registry = ToolRegistry()

        @tool
        async def pay(amount: int) -> str:
            """Pay an amount."""
            self.paid.append(amount)
            return f"paid {amount}"

        @tool
        async def balance() -> int:
            """Look up the balance."""
            return 100

        self.registry.add("bank", [pay, balance])


def make(bank, *replies, ask=None, checkpointer=None, events=None):
    provider = FakeProvider()
    provider.enqueue("m", *replies)
    agent = RunnableAgent(name="teller", model=provider.model("m"), tools=["bank.*"])
    ports = Ports(checkpointer=checkpointer) if checkpointer else Ports()
    executor = Executor(
        agents=[agent],
        registry=bank.registry,
        policy=AskFor(tools=["bank.pay"]),
        ports=ports,
        on_approval=ask,
        on_event=events.append if events is not None else None,
    )
    return executor, agent, provider


PAY = Reply(calls=[("bank__pay", {"amount": 5})])


def answers_of(result):
    return [part.text for message in result.messages for part in message.tool_results]


@pytest.mark.parametrize("said", [True, InputAnswer(), InputAnswer(approved=True, text="fine")])
async def test_an_approved_call_is_made(said):
    bank, asked, events = Bank(), [], []

    async def ask(request):
        asked.append(request)
        return said

    executor, agent, _ = make(bank, PAY, "done", ask=ask, events=events)
    result = await executor.run(agent, "pay 5")
    assert (result.output, bank.paid) == ("done", [5])
    assert (asked[0].kind, asked[0].tool, asked[0].agent) == ("approval", "bank.pay", "teller")
    assert json.loads(asked[0].arguments) == {"amount": 5}
    outcomes = [e.outcome for e in events if e.kind == "input_answered"]
    assert outcomes == ["approved"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (False, "refused"),
        (InputAnswer(approved=False, text="too much"), "too much"),
        ("no, wait until Monday", "no, wait until Monday"),
    ],
)
async def test_a_refused_call_is_not_made_and_the_model_reads_why(said, told):
    bank, events = Bank(), []
    executor, agent, _ = make(bank, PAY, "ok", ask=lambda request: said, events=events)
    result = await executor.run(agent, "pay 5")
    assert (result.status, bank.paid) == (RunStatus.OK, [])
    assert told in answers_of(result)[0]
    assert [e.stage for e in events if e.kind == "tool_denied"] == ["approval"]


async def test_without_anybody_to_ask_the_denial_says_so():
    bank = Bank()
    executor, agent, _ = make(bank, PAY, "ok")
    result = await executor.run(agent, "pay 5")
    assert "approval needed, no approver configured" in answers_of(result)[0]
    assert bank.paid == []


async def test_an_asker_that_fails_has_not_agreed():
    bank = Bank()

    def ask(request):
        raise OSError("chat is down")

    executor, agent, _ = make(bank, PAY, "ok", ask=ask)
    result = await executor.run(agent, "pay 5")
    assert bank.paid == []
    assert "asking for an answer failed: OSError: chat is down" in result.warnings[0]


async def test_an_answer_that_comes_later_needs_a_checkpointer():
    bank = Bank()
    executor, agent, _ = make(bank, PAY, "ok", ask=lambda request: PENDING)
    result = await executor.run(agent, "pay 5")
    assert (result.status, bank.paid) == (RunStatus.OK, [])
    assert "cannot wait" in answers_of(result)[0]
    assert "give the executor a checkpointer" in result.warnings[0]


async def test_a_run_pauses_with_the_other_calls_made_and_goes_on_with_the_answer():
    bank, journals = Bank(), MemoryCheckpointer()
    calls = [("bank__balance", {}), ("bank__pay", {"amount": 5}), ("bank__balance", {})]
    first, agent, _ = make(
        bank, Reply(calls=calls), ask=lambda request: PENDING, checkpointer=journals
    )
    paused = await first.run(agent, Invocation("pay 5", run_id="r"))
    assert paused.status is RunStatus.PAUSED
    assert (paused.output, paused.tool_calls) == (None, 2)
    (request,) = paused.pending
    assert (request.tool, bank.paid) == ("bank.pay", [])

    second, agent, provider = make(bank, "done", checkpointer=journals)
    result = await second.resume("r", answers={request.id: True})
    assert (result.status, result.output, bank.paid) == (RunStatus.OK, "done", [5])
    assert answers_of(result) == ["100", "paid 5", "100"]
    assert result.tool_calls == 3
    assert result.usage.requests == 2
    assert [step.index for step in result.steps] == [0, 1]
    assert len(provider.requests) == 1
    assert result.pending == ()
    with pytest.raises(RunRejected, match="nothing to resume of run 'r'"):
        await second.resume("r")


async def test_what_was_refused_is_not_made_after_a_resumption():
    bank, journals = Bank(), MemoryCheckpointer()
    first, agent, _ = make(bank, PAY, ask=lambda request: PENDING, checkpointer=journals)
    paused = await first.run(agent, Invocation("pay", run_id="r"))
    second, _, _ = make(bank, "ok", checkpointer=journals)
    result = await second.resume("r", answers={paused.pending[0].id: "not today"})
    assert (result.output, bank.paid) == ("ok", [])
    assert "not today" in answers_of(result)[0]


async def test_what_is_still_unanswered_is_asked_again_and_pauses_again():
    bank, journals = Bank(), MemoryCheckpointer()
    two = Reply(calls=[("bank__pay", {"amount": 1}), ("bank__pay", {"amount": 2})])
    first, agent, _ = make(bank, two, ask=lambda request: PENDING, checkpointer=journals)
    paused = await first.run(agent, Invocation("pay", run_id="r"))
    assert len(paused.pending) == 2
    second, _, _ = make(bank, ask=lambda request: PENDING, checkpointer=journals)
    again = await second.resume("r", answers={paused.pending[0].id: True})
    assert again.status is RunStatus.PAUSED
    assert [request.id for request in again.pending] == [paused.pending[1].id]
    assert bank.paid == [1]
    third, _, _ = make(bank, "done", checkpointer=journals)
    result = await third.resume("r", answers={again.pending[0].id: True})
    assert (result.output, bank.paid) == ("done", [1, 2])


async def test_two_that_resume_at_once_do_not_both_go_on():
    bank, journals = Bank(), MemoryCheckpointer()
    first, agent, _ = make(bank, PAY, ask=lambda request: PENDING, checkpointer=journals)
    paused = await first.run(agent, Invocation("pay", run_id="r"))
    answer = {paused.pending[0].id: True}
    one, _, _ = make(bank, "done", checkpointer=journals)
    two, _, _ = make(bank, "done", checkpointer=journals)
    results = []
    async with anyio.create_task_group() as group:
        for executor in (one, two):

            async def go(executor=executor):
                try:
                    results.append((await executor.resume("r", answers=answer)).status)
                except RunRejected:
                    results.append(RunStatus.REJECTED)

            group.start_soon(go)
    assert sorted(results) in (["failed", "ok"], ["ok", "rejected"])
    assert bank.paid == [5]


async def test_answers_to_what_was_not_asked_are_refused_and_lose_nothing():
    bank, journals = Bank(), MemoryCheckpointer()
    first, agent, _ = make(bank, PAY, ask=lambda request: PENDING, checkpointer=journals)
    paused = await first.run(agent, Invocation("pay", run_id="r"))
    second, _, _ = make(bank, "done", checkpointer=journals)
    with pytest.raises(
        RunRejected, match=f"did not ask for x; it waits for {paused.pending[0].id}"
    ):
        await second.resume("r", answers={"x": True})
    assert (await second.resume("r", answers={paused.pending[0].id: True})).ok


async def test_a_resumption_the_budget_refuses_keeps_the_journal():
    class Closed:
        async def reserve(self, info):
            raise RunRejected("closed on Sundays")

        async def extend(self, run_id, usage, cost): ...
        async def commit(self, run_id, usage, cost): ...
        async def release(self, run_id): ...

    bank, journals = Bank(), MemoryCheckpointer()
    first, agent, _ = make(bank, PAY, ask=lambda request: PENDING, checkpointer=journals)
    paused = await first.run(agent, Invocation("pay", run_id="r"))
    answer = {paused.pending[0].id: True}
    ports = Ports(checkpointer=journals, budget=Closed())
    refused = await Executor(agents=[agent], ports=ports).resume("r", answers=answer)
    assert refused.status is RunStatus.REJECTED
    third, _, _ = make(bank, "done", checkpointer=journals)
    assert (await third.resume("r", answers=answer)).output == "done"


async def test_a_run_that_cannot_be_taken_over_is_rejected_before_anything_is_done():
    class ReadOnly(MemoryCheckpointer):
        async def append(self, run_id, at, entries):
            raise OSError("read-only file system")

        async def load(self, run_id):
            return await journals.load(run_id)

    bank, journals = Bank(), MemoryCheckpointer()
    first, agent, _ = make(bank, PAY, ask=lambda request: PENDING, checkpointer=journals)
    paused = await first.run(agent, Invocation("pay", run_id="r"))
    second, _, provider = make(bank, "done", checkpointer=ReadOnly())
    result = await second.resume("r", answers={paused.pending[0].id: True})
    assert result.status is RunStatus.REJECTED
    assert "could not be taken over" in str(result.error)
    assert (bank.paid, provider.requests) == ([], [])


async def test_a_host_learns_whose_run_it_is_before_it_makes_the_agent():
    bank, journals = Bank(), MemoryCheckpointer()
    executor, agent, _ = make(bank, PAY, ask=lambda _: PENDING, checkpointer=journals)
    ann = Caller(id="ann", name="Ann", roles=frozenset({"clerk"}))
    asked = Invocation(
        "pay 5", caller=ann, history=(user("before"),), run_id="r", metadata={"channel": "c1"}
    )
    paused = await executor.run(agent, asked)
    info = await Executor(ports=Ports(checkpointer=journals)).info("r")
    assert (info.run_id, info.agent, info.caller) == ("r", "teller", ann)
    assert info.invocation.metadata == {"channel": "c1"}
    assert info.invocation.input == (TextPart("pay 5"),)
    assert info.invocation.history == (user("before"),)
    assert (info.started, info.resumed) == (paused.started, True)
    result = await executor.resume("r", answers={paused.pending[0].id: True}, agent=agent)
    assert (result.status, bank.paid) == (RunStatus.OK, [5])  # asking took nothing over
    with pytest.raises(RunRejected, match="nothing to resume of run 'r'"):
        await executor.info("r")
    with pytest.raises(SetupError, match="needs journals"):
        await Executor().info("r")


async def test_resuming_needs_journals_and_a_known_agent():
    with pytest.raises(SetupError, match="give the executor Ports\\(checkpointer="):
        await Executor().resume("r")
    bank, journals = Bank(), MemoryCheckpointer()
    first, agent, _ = make(bank, PAY, ask=lambda request: PENDING, checkpointer=journals)
    await first.run(agent, Invocation("pay", run_id="r"))
    stranger = Executor(ports=Ports(checkpointer=journals))
    with pytest.raises(SetupError, match="no agent is named 'teller'"):
        await stranger.resume("r")


async def test_a_run_whose_journal_cannot_be_written_fails_instead_of_pausing():
    class Full(MemoryCheckpointer):
        async def append(self, run_id, at, entries):
            if any('"asked"' in entry for entry in entries):
                raise OSError("disk full")
            await super().append(run_id, at, entries)

    bank = Bank()
    executor, agent, _ = make(bank, PAY, ask=lambda request: PENDING, checkpointer=Full())
    result = await executor.run(agent, "pay")
    assert result.status is RunStatus.FAILED
    assert "its journal could not be written" in str(result.error)


async def test_a_call_that_cannot_be_recorded_is_not_made():
    class Full(MemoryCheckpointer):
        async def append(self, run_id, at, entries):
            raise OSError("disk full")

    bank, events = Bank(), []
    executor, agent, _ = make(
        bank,
        Reply(calls=[("bank__pay", {"amount": 5})]),
        "ok",
        ask=lambda request: True,
        checkpointer=Full(),
        events=events,
    )
    result = await executor.run(agent, "pay")
    assert (result.output, bank.paid) == ("ok", [])
    assert [e.stage for e in events if e.kind == "tool_denied"] == ["journal"]


async def test_a_run_taken_over_by_another_process_stops():
    bank, journals = Bank(), MemoryCheckpointer()

    class Thief(MemoryCheckpointer):
        async def append(self, run_id, at, entries):
            if any('"call"' in entry for entry in entries):
                raise JournalConflict("another process goes on with this run")
            await journals.append(run_id, at, entries)

        async def load(self, run_id):
            return (*(await journals.load(run_id)), '{"kind":"resumed"}')

        async def end(self, run_id):
            raise AssertionError("not ours to end")

    executor, agent, _ = make(bank, PAY, "ok", ask=lambda request: True, checkpointer=Thief())
    result = await executor.run(agent, "pay")
    assert result.status is RunStatus.FAILED
    assert "another process goes on with this run" in str(result.error)
    assert bank.paid == []
    assert result.warnings == ()


async def test_a_tool_asks_a_question_and_is_called_anew_when_the_answer_is_there():
    calls = []

    @tool
    async def book(context: ToolContext, city: str) -> str:
        """Book a room."""
        calls.append("begun")
        nights = await context.run.ask(f"How many nights in {city}?")
        beds = await context.run.ask("How many beds?")
        calls.append("booked")
        return f"{nights} nights, {beds} beds"

    bank, journals = Bank(), MemoryCheckpointer()
    bank.registry.add("hotel", [book])

    def agent_of(*replies):
        provider = FakeProvider()
        provider.enqueue("m", *replies)
        return RunnableAgent(name="travel", model=provider.model("m"), tools=["hotel.*"])

    def executor(ask):
        return Executor(registry=bank.registry, ports=Ports(checkpointer=journals), on_approval=ask)

    first = agent_of(Reply(calls=[("hotel__book", {"city": "Rome"})]))
    one = await executor(lambda r: PENDING).run(first, Invocation("book", run_id="r"))
    assert one.pending[0].question == "How many nights in Rome?"
    two = await executor(lambda r: PENDING).resume(
        "r", agent=agent_of(), answers={one.pending[0].id: "three"}
    )
    assert [request.question for request in two.pending] == ["How many beds?"]
    done = await executor(None).resume(
        "r", agent=agent_of("enjoy"), answers={two.pending[0].id: "two"}
    )
    assert done.output == "enjoy"
    assert answers_of(done) == ["three nights, two beds"]
    assert calls == ["begun", "begun", "begun", "booked"]


async def test_a_question_nobody_answers_is_an_error_the_model_reads():
    @tool
    async def book(context: ToolContext) -> str:
        """Book a room."""
        return await context.run.ask("How many nights?")

    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("book", {})]), "sorry")
    result = await Executor().run(RunnableAgent(model=provider.model("m"), tools=[book]), "go")
    assert "no one can answer, no approver configured" in answers_of(result)[0]


@pytest.mark.slow
def test_a_run_paused_in_one_process_is_answered_and_finished_in_another(tmp_path):
    def host(*args):
        done = subprocess.run(
            [sys.executable, str(PROGRAM), str(tmp_path), *args],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    paused = host("run")
    assert paused["status"] == "paused"
    assert not (tmp_path / "written").exists()
    finished = host("resume", paused["pending"][0])
    assert finished == {"status": "ok", "output": "all written", "pending": []}
    assert (tmp_path / "written").read_text() == "once\n"
    assert list((tmp_path / "journals").iterdir()) == []
