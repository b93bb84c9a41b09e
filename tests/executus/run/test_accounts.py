"""What a run took and cost is counted wherever it ends; no record is lost or another's."""

import anyio
import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunStatus
from executus.asking import PENDING
from executus.money import Money
from executus.pendingattach import Attachment
from executus.registry import AskFor, MappingSecrets, ToolPolicy, ToolRegistry
from executus.run import MemoryCheckpointer, Phase
from executus.testing import FakeClock
from majordomo.llm import (
    FinishReason,
    Message,
    Response,
    Role,
    Target,
    ToolCallPart,
    ToolContext,
    Usage,
    tool,
)
from majordomo.providers.fake import FakeProvider, Hang, Reply


class Prices:
    """One unit per request, where the usage is known."""

    def __init__(self, currency="USD"):
        self.currency = currency

    def cost(self, target, usage):
        return None if usage.total is None else Money(usage.requests, self.currency)


class Log:
    """Every port that is told how a run ended, in one list."""

    wants = ()

    def __init__(self):
        self.log = []

    async def start_run(self, info):
        self.log.append(("start", info.run_id))

    def emit(self, event): ...

    async def close_run(self, info, result):
        self.log.append(("close", info.run_id, result.status))

    async def reserve(self, info):
        self.log.append(("reserve", info.run_id))

    async def extend(self, run_id, usage, cost): ...

    async def commit(self, run_id, usage, cost):
        self.log.append(("commit", run_id, usage.requests, cost))

    async def release(self, run_id):
        self.log.append(("release", run_id))


@tool
async def work() -> str:
    """Work."""
    return "done"


def agent(*replies, tools=(work,), **options):
    provider = FakeProvider()
    provider.enqueue("m", *replies)
    return RunnableAgent(name="a", model=provider.model("m"), tools=tools, **options), provider


WORK = Reply(calls=[("work", {})], usage=Usage(input=10, output=5, requests=1))


@pytest.mark.parametrize("steps", [1, 3])
async def test_the_last_steps_cost_counts_when_the_steps_run_out(steps):
    log = Log()
    busy, _ = agent(*[WORK] * steps, limits=Limits(max_steps=steps))
    ports = Ports(budget=log, prices=Prices())
    result = await Executor(ports=ports).run(busy, Invocation("go", run_id="r"))
    assert result.status is RunStatus.MAX_STEPS
    assert result.cost == Money(steps)
    assert log.log[-1] == ("commit", "r", steps, Money(steps))


async def test_each_process_commits_what_it_spent_itself():
    log, journals, registry = Log(), MemoryCheckpointer(), ToolRegistry()
    registry.add("b", [work])

    def make(*replies):
        one, _ = agent(*replies, tools=["b.*"])
        ports = Ports(budget=log, prices=Prices(), checkpointer=journals)
        executor = Executor(
            agents=[one],
            registry=registry,
            policy=AskFor(tools=["b.*"]),
            on_approval=lambda request: PENDING,
            ports=ports,
        )
        return executor, one

    call = Reply(calls=[("b__work", {})], usage=Usage(input=1, output=1, requests=1))
    executor, one = make(call)
    paused = await executor.run(one, Invocation("go", run_id="r"))
    assert paused.cost == Money(1)
    done = Reply(text="done", usage=Usage(input=1, output=1, requests=1))
    result = await make(done)[0].resume("r", answers={paused.pending[0].id: True})
    assert result.cost == Money(2)
    commits = [entry for entry in log.log if entry[0] == "commit"]
    assert commits == [("commit", "r", 1, Money(1)), ("commit", "r", 1, Money(1))]


async def test_bounds_on_what_cannot_be_told_stop_the_run():
    blind = Reply(calls=[("work", {})], usage=Usage(requests=1))
    one, provider = agent(blind, blind, limits=Limits(max_tokens=50))
    result = await Executor().run(one, "go")
    assert "a model call did not say what it took" in str(result.error)
    assert len(provider.requests) == 1


async def test_a_model_asked_by_a_tool_does_not_hide_what_was_spent():
    @tool
    async def think(context: ToolContext) -> str:
        """Ask."""
        return await context.run.generate("hm?", model="fake")

    usage = Usage(input=1000, output=1000, requests=1)
    one, _ = agent(
        Reply(calls=[("think", {})], usage=usage),
        "more",
        tools=[think],
        limits=Limits(max_tokens=1500),
    )
    result = await Executor().run(one, "go")
    assert result.status is RunStatus.FAILED
    assert "max_tokens is 1500" in str(result.error) or "did not say" in str(result.error)


async def test_what_a_tool_costs_is_in_the_currency_of_the_models():
    registry = ToolRegistry()
    registry.add("paid", [work], policy=ToolPolicy(cost="0.5"))
    usage = Usage(input=1, output=1, requests=1)
    one, _ = agent(
        Reply(calls=[("paid__work", {})], usage=usage),
        Reply(text="done", usage=usage),
        tools=["paid.*"],
    )
    result = await Executor(registry=registry, ports=Ports(prices=Prices("EUR"))).run(one, "go")
    assert (result.status, result.cost) == (RunStatus.OK, Money("2.5", "EUR"))


async def test_prices_that_fail_or_mix_currencies_lose_no_answer():
    class Broken:
        def cost(self, target, usage):
            raise OSError("no price list")

    class Mixed:
        count = 0

        def cost(self, target, usage):
            self.count += 1
            return Money(1, "USD" if self.count % 2 else "EUR")

    for prices in (Broken(), Mixed()):
        one, _ = agent(WORK, "done")
        result = await Executor(ports=Ports(prices=prices)).run(one, "go")
        assert (result.output, result.cost) == ("done", None)


@pytest.mark.parametrize("how", ["run", "resume"])
async def test_a_run_under_a_live_ones_id_leaves_its_account_and_record_alone(how):
    log, started, go_on = Log(), anyio.Event(), anyio.Event()

    @tool
    async def wait() -> str:
        """Wait."""
        started.set()
        await go_on.wait()
        return "ok"

    slow, _ = agent(Reply(calls=[("wait", {})]), "done", tools=[wait])
    ports = Ports(audit=log, budget=log, checkpointer=MemoryCheckpointer())
    async with Executor(agents=[slow], ports=ports) as executor:
        first = executor.start(slow, Invocation("go", run_id="same"))
        await started.wait()
        if how == "run":
            second = await executor.run(slow, Invocation("go", run_id="same"))
        else:
            second = await executor.resume("same")
        assert second.status is RunStatus.REJECTED
        assert log.log == [("reserve", "same"), ("start", "same")]
        go_on.set()
        assert (await first.wait()).ok
    assert [entry[0] for entry in log.log] == ["reserve", "start", "commit", "close"]


async def test_a_new_run_under_a_paused_ones_id_is_refused_and_spoils_nothing():
    log, journals, registry = Log(), MemoryCheckpointer(), ToolRegistry()
    registry.add("b", [work])
    one, _ = agent(Reply(calls=[("b__work", {})]), "done", tools=["b.*"])
    executor = Executor(
        agents=[one],
        registry=registry,
        policy=AskFor(tools=["b.*"]),
        on_approval=lambda request: PENDING,
        ports=Ports(audit=log, checkpointer=journals),
    )
    paused = await executor.run(one, Invocation("go", run_id="r"))
    again = await executor.run(one, Invocation("go", run_id="r"))
    assert again.status is RunStatus.REJECTED
    assert "has a journal already; resume it, or take another id" in str(again.error)
    assert [entry for entry in log.log if entry[0] == "close"] == [("close", "r", "paused")]
    assert (await executor.resume("r", answers={paused.pending[0].id: True})).ok


async def test_the_journal_is_let_go_only_once_the_record_is_written():
    order = []

    class Journals(MemoryCheckpointer):
        async def end(self, run_id):
            order.append("journal")
            await super().end(run_id)

    class Audit(Log):
        async def close_run(self, info, result):
            order.append("record")
            if broken:
                raise OSError("disk full")

    broken, journals = False, Journals()
    one, _ = agent("fine")
    await Executor(ports=Ports(audit=Audit(), checkpointer=journals)).run(one, "go")
    assert order == ["record", "journal"]
    broken = True
    one, _ = agent("fine")
    executor = Executor(ports=Ports(audit=Audit(), checkpointer=journals))
    await executor.run(one, Invocation("go", run_id="r"))
    assert await journals.load("r")


@pytest.mark.parametrize("end", ["cancelled", "provider"])
async def test_a_run_that_did_not_answer_can_be_resumed(end):
    journals = MemoryCheckpointer()
    one, provider = agent(WORK, Hang())
    clock = FakeClock()
    async with Executor(ports=Ports(checkpointer=journals), clock=clock) as executor:
        run = executor.start(one, Invocation("go", run_id="r"))
        while len(provider.requests) < 2:
            await anyio.lowlevel.checkpoint()
        if end == "cancelled":
            run.cancel()
        else:
            clock.advance(601)
        assert not (await run.wait()).ok
    two, _ = agent("done at last")
    result = await Executor(agents=[two], ports=Ports(checkpointer=journals)).resume("r")
    assert result.output == "done at last"
    assert [part.text for m in result.messages for part in m.tool_results] == ["done"]


async def test_attachments_and_steering_survive_a_pause():
    journals, registry, handles = MemoryCheckpointer(), ToolRegistry(), []

    @tool
    async def chart(context: ToolContext) -> str:
        """Attach."""
        context.run.attach(Attachment.from_bytes(b"hello", name="c.txt"))
        return "attached"

    registry.add("b", [chart, work])

    def ask(request):
        handles[0].steer("use the other account")
        return PENDING

    def make(*replies):
        one, provider = agent(*replies, tools=["b.*"])
        return (
            one,
            provider,
            Executor(
                agents=[one],
                registry=registry,
                policy=AskFor(tools=["b.work"]),
                on_approval=ask,
                ports=Ports(checkpointer=journals),
            ),
        )

    one, _, executor = make(Reply(calls=[("b__chart", {}), ("b__work", {})]))
    async with executor.stream(one, Invocation("go", run_id="r")) as run:
        handles.append(run)
        paused = await run.wait()
    _, provider, executor = make("done")
    result = await executor.resume("r", answers={paused.pending[0].id: True})
    assert [attachment.name for attachment in result.attachments] == ["c.txt"]
    assert "use the other account" in [m.text for m in provider.requests[0][1].messages]


async def test_a_secret_given_out_once_is_scrubbed_in_all_phases_and_after_a_resumption():
    canary = "SECRET-CANARY-123456"
    journals, registry = MemoryCheckpointer(), ToolRegistry()

    @tool
    async def login(context: ToolContext) -> str:
        """Log in."""
        return f"logged in with {context.secrets['token']}"

    @tool
    async def cat() -> str:
        """Show a file that happens to hold it."""
        return f"the file has {canary}"

    registry.add("a", [login], policy=ToolPolicy(secrets=("token",)))
    registry.add("b", [cat])

    def make(ask, *replies):
        one, provider = agent(
            *replies,
            tools=["a.*", "b.*"],
            phases=[Phase(name="one"), Phase(name="two", tools=["b.*"])],
        )
        return (
            one,
            provider,
            Executor(
                agents=[one],
                registry=registry,
                policy=AskFor(tools=["b.*"]),
                on_approval=ask,
                ports=Ports(checkpointer=journals, secrets=MappingSecrets({"token": canary})),
            ),
        )

    one, _, executor = make(
        lambda request: PENDING,
        Reply(calls=[("a__login", {})]),
        "next",
        Reply(calls=[("b__cat", {})]),
    )
    paused = await executor.run(one, Invocation("go", run_id="r"))
    assert paused.status is RunStatus.PAUSED
    _, provider, executor = make(lambda request: True, "done")
    result = await executor.resume("r", answers={paused.pending[0].id: True})
    assert result.ok, result.error
    shown = [part.text for m in result.messages for part in m.tool_results]
    assert shown == ["logged in with [secret token]", "the file has [secret token]"]
    assert canary not in repr(provider.requests) + repr(result)


async def test_two_calls_of_one_id_are_told_apart():
    paid = []

    @tool
    async def pay(amount: int) -> str:
        """Pay."""
        paid.append(amount)
        return f"paid {amount}"

    def call(amount):
        return ToolCallPart(id="c", name="b__pay", arguments=f'{{"amount": {amount}}}')

    twice = Response(
        message=Message(role=Role.ASSISTANT, parts=(call(5), call(500))),
        finish_reason=FinishReason.TOOL_CALLS,
        usage=Usage(requests=1),
        target=Target("fake", "m"),
    )
    registry, asked = ToolRegistry(), []
    registry.add("b", [pay])
    one, _ = agent(twice, "done", tools=["b.*"])

    def ask(request):
        asked.append(request)
        return '"amount": 5}' in request.arguments

    executor = Executor(registry=registry, policy=AskFor(tools=["b.*"]), on_approval=ask)
    result = await executor.run(one, "go")
    assert [request.arguments for request in asked] == ['{"amount": 5}', '{"amount": 500}']
    assert paid == [5]
    assert [m.role for m in result.messages] == ["user", "assistant", "tool", "assistant"]


async def test_a_run_that_goes_on_says_so():
    one, provider = agent(Hang())
    async with Executor().stream(one, "go") as run:
        while not provider.requests:
            await anyio.lowlevel.checkpoint()
        assert (run.result.status, run.done) == (RunStatus.RUNNING, False)
        run.cancel()
        assert (await run.wait()).status is RunStatus.CANCELLED
        assert run.done


async def test_a_warning_shows_no_password_of_a_url():
    class Broken(Log):
        async def start_run(self, info):
            raise OSError("cannot reach postgres://admin:hunter2@db/audit")

    one, _ = agent("fine")
    result = await Executor(ports=Ports(audit=Broken())).run(one, "go")
    assert "postgres://…@db/audit" in result.warnings[0]
    assert "hunter2" not in repr(result)


async def test_a_listener_that_cannot_say_what_it_wants_is_told_nothing():
    class Odd(Log):
        @property
        def wants(self):
            raise RuntimeError("not ready")

    one, _ = agent("fine")
    assert (await Executor(ports=Ports(audit=Odd())).run(one, "go")).ok
