"""What calls cost: vendors' lists, the host's own table, and what is not known."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from executus import Executor, Limits, Ports, RunnableAgent, RunStatus, SetupError
from executus.batteries.prices import OfflinePrices, Price, PriceTable
from executus.money import Money
from executus.testing import FakeClock
from majordomo.llm import Target, Usage
from majordomo.providers.fake import FakeProvider, Reply

CLOCK = FakeClock(datetime(2026, 6, 1, tzinfo=UTC))
SONNET = Target("anthropic", "claude-sonnet-4-5")
GPT = Target("openai", "gpt-4o")


def used(input=0, output=0, *, requests=1, **more):
    return Usage(input=input, output=output, requests=requests, **more)


@pytest.fixture(scope="module")
def prices():
    return OfflinePrices(clock=CLOCK)


@pytest.mark.parametrize(
    ("target", "usage", "dollars"),
    [
        (GPT, used(1_000_000), "2.5"),
        (GPT, used(0, 1_000_000), "10"),
        (GPT, used(100_000, 100), "0.251"),
        (GPT, used(1_000_000, cache_read=400_000), "2.0"),
        (SONNET, used(100_000, 1000), "0.315"),
        (SONNET, used(100_000, cache_read=90_000, cache_write=5_000), "0.06075"),
        # the long-context price holds for the whole call
        (Target("google", "gemini-2.5-pro"), used(200_000), "0.25"),
        (Target("google", "gemini-2.5-pro"), used(300_000), "0.75"),
        (Target("gemini", "gemini-2.5-pro"), used(300_000), "0.75"),
        (GPT, used(), "0"),
    ],
)
def test_a_vendors_list_is_applied(prices, target, usage, dollars):
    assert prices.cost(target, usage) == Money(dollars)


@pytest.mark.parametrize(
    ("target", "usage"),
    [
        (Target("openai", "no-such-model"), used(10, 10)),
        (Target("my-openai", "gpt-4o"), used(10, 10)),
        (Target("openai-compatible", "gpt-4o"), used(10, 10)),
        (Target("ollama", "llama3"), used(10, 10)),
        (GPT, Usage(input=10, requests=1)),
        (GPT, Usage(output=10, requests=1)),
        (GPT, used(10, 10, cache_read=20)),
        # of several calls together, it is open which were long
        (Target("google", "gemini-2.5-pro"), used(300_000, requests=3)),
        # a list without a price for what was generated
        (Target("openai", "text-embedding-3-small"), used(10, 10)),
    ],
)
def test_what_is_not_known_is_unknown_and_never_free(prices, target, usage):
    assert prices.cost(target, usage) is None


def test_several_short_calls_have_a_price(prices):
    usage = used(150_000, requests=3)
    assert prices.cost(Target("google", "gemini-2.5-pro"), usage) == Money("0.1875")


def test_the_hosts_prices_come_first():
    own = {
        "openai/gpt-4o": Price(input=Decimal(1), output=Decimal(2)),
        "openai/*": None,
        "corp/*": Price(input=Decimal("0.5"), output=Decimal("0.5"), currency="CREDITS"),
    }
    prices = OfflinePrices(own, clock=CLOCK)
    assert prices.cost(GPT, used(1_000_000, 1_000_000)) == Money(3)
    assert prices.cost(Target("openai", "gpt-4o-mini"), used(10, 10)) is None
    assert prices.cost(Target("corp", "x"), used(2_000_000)) == Money(1, "CREDITS")
    assert prices.cost(SONNET, used(1_000_000)) is not None


def test_a_declared_provider_can_be_given_a_list():
    prices = OfflinePrices(catalogues={"work": "openai"}, clock=CLOCK)
    assert prices.cost(Target("work", "gpt-4o"), used(1_000_000)) == Money("2.5")
    assert prices.cost(GPT, used(1_000_000)) is None


def test_a_table_prices_caches_and_long_calls():
    long = Price(input=Decimal(2), output=Decimal(20))
    price = Price(
        input=Decimal(1),
        output=Decimal(10),
        cache_read=Decimal("0.1"),
        cache_write=Decimal("1.25"),
        above={1_000_000: long},
    )
    table = PriceTable({"a/b": price})
    cost = table.cost(
        Target("a", "b"), used(1_000_000, 100_000, cache_read=500_000, cache_write=200_000)
    )
    assert cost == Money("1.6")
    assert table.cost(Target("a", "b"), used(2_000_000, 100_000)) == Money(6)
    assert table.cost(Target("a", "b"), used(2_000_000, requests=2)) is None
    assert table.cost(Target("a", "b"), used(5, cache_read=6)) is None
    assert table.cost(Target("a", "b"), Usage(input=5)) is None


@pytest.mark.parametrize("wrong", [Decimal(-1), 0.5, Decimal("NaN")])
def test_a_price_that_is_none_is_refused(wrong):
    with pytest.raises(SetupError):
        Price(input=wrong, output=Decimal(1))


async def test_a_run_is_priced_and_bounded_by_it():
    provider = FakeProvider()
    provider.enqueue("m", Reply(text="ok", usage=used(1_000_000, 1_000_000)), "again")
    agent = RunnableAgent(model=provider.model("m"))
    own = {"fake/*": Price(input=Decimal(1), output=Decimal(2))}
    executor = Executor(ports=Ports(prices=OfflinePrices(own)))
    result = await executor.run(agent, "hi")
    assert result.cost == Money(3)
    bounded = Executor(ports=Ports(prices=OfflinePrices()), defaults=Limits(max_cost=Money(1)))
    unknown = await bounded.run(agent, "hi")
    assert unknown.cost is None
    assert unknown.status is not RunStatus.OK


def test_without_the_extra_importing_works_and_using_names_the_cure():
    code = """
import sys
sys.modules["genai_prices"] = None
from executus.batteries.prices import OfflinePrices, PriceTable
PriceTable({})
try:
    OfflinePrices()
except Exception as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "executus[prices]" in done.stdout
