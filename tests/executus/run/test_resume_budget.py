"""What a budget is told of a run that several processes worked on: all of it, and once."""

from decimal import Decimal

from executus import Executor, Invocation, Ports, RunnableAgent, RunStatus
from executus.asking import PENDING
from executus.batteries.budget import BudgetRule, Estimate, RollingBudget
from executus.errors import BudgetExceeded
from executus.money import Money
from executus.registry import AskFor, ToolPolicy, ToolRegistry
from executus.run import MemoryCheckpointer
from majordomo.llm import Usage, tool
from majordomo.providers.fake import FakeProvider, Reply

ASKED = Usage(input=100, output=10, requests=1)
TURNS = [
    Reply(text="looking", calls=[("bank__look", {})], usage=ASKED),
    Reply(calls=[("bank__pay", {})], usage=ASKED),
    Reply(text="done", usage=ASKED),
]


class Ledger:
    """A budget that keeps what it was told."""

    def __init__(self, *, fails=False):
        self.committed, self.released, self.fails = [], 0, fails

    async def reserve(self, info): ...

    async def extend(self, run_id, usage, cost): ...

    async def commit(self, run_id, usage, cost):
        if self.fails:
            raise OSError("down")
        self.committed.append((usage, cost))

    async def release(self, run_id):
        self.released += 1

    @property
    def told(self):
        """Tokens, calls and money of all processes."""
        return (
            sum(usage.input + usage.output for usage, _ in self.committed),
            sum(usage.requests for usage, _ in self.committed),
            sum(cost.amount for _, cost in self.committed),
        )


class Prices:
    """A cent for each call."""

    def cost(self, target, usage):
        return Money(Decimal("0.01") * usage.requests, "USD")


class Script(FakeProvider):
    """Answers by how far the transcript is."""

    def take(self, model_id, request):
        turns = [message for message in request.messages if message.role == "assistant"]
        self.enqueue(model_id, TURNS[len(turns)])
        return super().take(model_id, request)


def bank():
    registry = ToolRegistry()

    @tool
    async def look() -> str:
        """Look."""
        return "much"

    @tool
    async def pay() -> str:
        """Pay."""
        return "paid"

    registry.add("bank", [look, pay], policy=ToolPolicy(cost=Decimal("0.5")))
    return registry


def make(budget, journals, *, ask=None):
    agent = RunnableAgent(name="teller", model=Script().model("m"), tools=["bank.*"])
    return Executor(
        agents=[agent],
        registry=bank(),
        policy=AskFor(tools=["bank.pay"]),
        ports=Ports(budget=budget, checkpointer=journals, prices=Prices()),
        on_approval=ask,
    )


async def yes(request):
    return True


async def later(request):
    return PENDING


class Left(MemoryCheckpointer):
    """Keeps the journal as it stood after each write, as a process that is killed leaves it."""

    def __init__(self):
        super().__init__()
        self.stages = []

    async def append(self, run_id, at, entries):
        await super().append(run_id, at, entries)
        self.stages.append(await self.load(run_id))


async def left_by_a_killed_process():
    journals = Left()
    executor = make(Ledger(), journals, ask=yes)
    whole = await executor.run(executor.agents["teller"], Invocation("go", run_id="r"))
    assert whole.output == "done", whole.error
    return whole, journals.stages


async def test_what_a_killed_process_spent_is_told_when_its_run_is_resumed():
    whole, stages = await left_by_a_killed_process()
    assert whole.usage.requests == 3
    assert whole.cost == Money(Decimal("1.03"), "USD")
    assert len(stages) >= 5
    for stage in stages:
        ledger, journals = Ledger(), MemoryCheckpointer()
        await journals.append("r", 0, stage)
        result = await make(ledger, journals, ask=yes).resume("r")
        assert result.output == "done", result.error
        asked = result.usage.requests  # 4 when the place was lost before the answer was noted
        assert ledger.told == (110 * asked, asked, result.cost.amount), len(stage)


async def test_what_was_told_before_a_pause_is_not_told_again():
    ledger, journals = Ledger(), MemoryCheckpointer()
    executor = make(ledger, journals, ask=later)
    paused = await executor.run(executor.agents["teller"], Invocation("go", run_id="r"))
    assert paused.status is RunStatus.PAUSED
    assert ledger.told == (220, 2, Decimal("0.52"))
    (request,) = paused.pending
    result = await make(ledger, journals).resume("r", answers={request.id: True})
    assert result.output == "done", result.error
    assert ledger.told == (330, 3, Decimal("1.03"))


async def test_a_budget_that_was_down_when_the_run_paused_is_told_later():
    journals = MemoryCheckpointer()
    executor = make(Ledger(fails=True), journals, ask=later)
    paused = await executor.run(executor.agents["teller"], Invocation("go", run_id="r"))
    assert any("budget.commit failed" in warning for warning in paused.warnings)
    ledger = Ledger()
    result = await make(ledger, journals).resume("r", answers={paused.pending[0].id: True})
    assert result.output == "done", result.error
    assert ledger.told == (330, 3, Decimal("1.03"))


async def test_a_resumed_run_counts_what_it_owes_against_the_budget():
    _, stages = await left_by_a_killed_process()
    journals = MemoryCheckpointer()
    await journals.append("r", 0, stages[-2])
    budget = RollingBudget(BudgetRule(max_tokens=150, per="all"), estimate=Estimate(tokens=10))
    result = await make(budget, journals, ask=yes).resume("r")
    assert result.status is RunStatus.FAILED, "it owes more than the budget has"
    assert isinstance(result.error, BudgetExceeded)
    (used,) = await budget.used()
    assert used.used >= 220


async def test_what_is_owed_stays_so_while_the_budget_refuses():
    _, stages = await left_by_a_killed_process()
    journals = MemoryCheckpointer()
    await journals.append("r", 0, stages[-2])
    full = RollingBudget(BudgetRule(max_tokens=5), estimate=Estimate(tokens=10))
    result = await make(full, journals, ask=yes).resume("r")
    assert result.status is RunStatus.REJECTED
    assert not [text for text in result.warnings if "budget" in text]
    ledger = Ledger()
    result = await make(ledger, journals, ask=yes).resume("r")
    assert ledger.told == (110 * result.usage.requests, result.usage.requests, result.cost.amount)
