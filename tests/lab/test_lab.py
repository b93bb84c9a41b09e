"""Every case on every wire, whole and streamed, on both event loops; by itself and in a chain."""

import pytest
from cases import BELOW_THE_WIRE, CASES, TIMEOUT_S, Case
from invariants import (
    Memory,
    check_failover,
    check_outcome,
    check_stream,
    check_time,
    check_usage,
)
from labbench import POLICY, Bench
from wires import WIRES


def plays():
    """Every case on every wire it is for, whole and streamed."""
    for case in CASES:
        for wire in WIRES:
            if wire.like and case.name in BELOW_THE_WIRE:
                continue
            for streamed in (False, True):
                wanted = case.streamed if streamed else case.whole
                if wanted is not None and case.only in ("", wire.name):
                    how = "streamed" if streamed else "whole"
                    yield pytest.param(case, wire, streamed, id=f"{case.name}, {wire.name}, {how}")


every_play = pytest.mark.parametrize(("case", "wire", "streamed"), list(plays()))


@every_play
async def test_one_attempt_meets(case: Case, wire, streamed, tls):
    async with Bench(case, wire, streamed, tls=tls) as bench:
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
async def test_a_chain_meets(case: Case, wire, streamed, tls):
    async with Bench(case, wire, streamed, tls=tls) as bench:
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
