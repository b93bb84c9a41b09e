"""Every case on every wire by every transport, whole and streamed; by itself and in a chain."""

from cases import TIMEOUT_S, Case
from invariants import (
    Memory,
    check_failover,
    check_outcome,
    check_stream,
    check_time,
    check_usage,
)
from labbench import POLICY, Bench
from plays import every, plays

every_play = every(plays())


@every_play
async def test_one_attempt_meets(case: Case, wire, streamed, way, tls):
    async with Bench(case, wire, streamed, way=way, tls=tls) as bench:
        await bench.warm_up()
        started = bench.clock.monotonic()
        with Memory(case.most_memory):
            outcome = await bench.ask(bench.model)
        check_time(bench.clock, started, TIMEOUT_S)
        check_outcome(outcome, bench.expect, wire)
        if streamed:
            check_stream(outcome, bench.expect)
        if outcome.response is not None:
            check_usage(outcome, outcome.response.usage)
        await bench.check_everywhere(outcome)


@every_play
async def test_a_chain_meets(case: Case, wire, streamed, way, tls):
    async with Bench(case, wire, streamed, way=way, tls=tls) as bench:
        await bench.warm_up()
        started = bench.clock.monotonic()
        outcome = await bench.ask(bench.chain())
        check_time(bench.clock, started, POLICY.deadline_s)
        check_failover(
            outcome,
            bench.expect,
            tracker=bench.tracker,
            told=bench.told,
            max_retry_after_s=POLICY.max_retry_after_s,
            recovers=case.warm,
        )
        await bench.check_everywhere(outcome)
