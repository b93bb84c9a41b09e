"""The tracker benches after failures in a row, doubles cooldowns, and lets one caller probe."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from executus.testing import FakeClock
from majordomo.clock import SYSTEM_CLOCK
from majordomo.health import (
    MAX_BENCH_S,
    Admission,
    HealthPolicy,
    HealthState,
    HealthTracker,
    Verdict,
)
from majordomo.llm import Target

A = Target("fake", "a")
B = Target("fake", "b")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def health(clock):
    return HealthTracker(clock)


def fail(health, times=1, target=A, **kwargs):
    return [health.record_failure(target, **kwargs) for _ in range(times)]


def test_an_unknown_target_is_admitted_and_takes_no_memory(health):
    assert health.admit(A) == Admission(verdict=Verdict.OK)
    health.record_success(A)
    assert health.snapshot() == ()


def test_failures_in_a_row_bench_at_the_threshold(health):
    assert fail(health) == [False]
    assert health.admit(A).verdict is Verdict.OK
    assert fail(health) == [True]
    assert health.admit(A).verdict is Verdict.BENCHED
    assert health.admit(B).verdict is Verdict.OK


def test_a_success_between_failures_starts_the_count_anew(health):
    fail(health)
    health.record_success(A)
    assert fail(health) == [False]


def test_bench_readmits_after_cooldown(health, clock):
    fail(health, 2)
    clock.advance(29.9)
    assert health.admit(A).verdict is Verdict.BENCHED
    clock.advance(0.1)
    assert health.admit(A).verdict is Verdict.PROBE


def test_an_admission_says_until_when_in_wall_time(health, clock):
    fail(health, 2)
    clock.advance(10)
    admission = health.admit(A)
    assert (admission.left_s, admission.until.isoformat()) == (20, "2026-01-01T00:00:30+00:00")


def test_exactly_one_caller_probes_while_the_others_skip(health, clock):
    fail(health, 2)
    clock.advance(30)
    verdicts = [health.admit(A).verdict for _ in range(100)]
    assert verdicts.count(Verdict.PROBE) == 1
    assert verdicts.count(Verdict.BENCHED) == 99
    assert health.admit(A).until is None


def test_a_successful_probe_readmits_everyone_and_resets_both_counters(health, clock):
    fail(health, 2)
    clock.advance(30)
    fail(health)  # a second round: the cooldown doubles
    clock.advance(60)
    assert health.admit(A).verdict is Verdict.PROBE
    health.record_success(A)
    assert health.admit(A).verdict is Verdict.OK
    assert fail(health, 2) == [False, True]
    assert health.admit(A).left_s == 30


def test_one_failed_probe_benches_again(health, clock):
    fail(health, 2)
    clock.advance(30)
    health.admit(A)
    assert fail(health) == [True]
    assert health.admit(A).left_s == 60


def test_cooldown_doubles_per_round_up_to_its_cap(health, clock):
    fail(health)
    cooldowns = []
    for _ in range(8):
        fail(health)
        cooldowns.append(health.benched_s(A))
        clock.advance(cooldowns[-1])
    assert cooldowns == [30, 60, 120, 240, 480, 600, 600, 600]


def test_a_probe_given_back_goes_to_the_next_caller(health, clock):
    fail(health, 2)
    clock.advance(30)
    probe = health.admit(A)
    health.release(A, probe)
    assert health.admit(A).verdict is Verdict.PROBE


def test_a_probe_given_back_late_does_not_take_a_newer_one_away(health, clock):
    fail(health, 2)
    clock.advance(30)
    old = health.admit(A)
    health.bench(A, 5)
    clock.advance(60)
    assert health.admit(A).verdict is Verdict.PROBE
    health.release(A, old)
    assert health.admit(A).verdict is Verdict.BENCHED


def test_giving_back_what_was_no_probe_does_nothing(health, clock):
    health.release(A, health.admit(A))
    fail(health, 2)
    clock.advance(30)
    health.admit(A)
    health.release(A, Admission(verdict=Verdict.OK))
    assert health.admit(A).verdict is Verdict.BENCHED


def test_failures_of_attempts_from_before_the_bench_do_not_lengthen_it(health, clock):
    assert fail(health, 50) == [False, True] + [False] * 48
    assert health.benched_s(A) == 30
    clock.advance(30)
    fail(health)
    assert health.benched_s(A) == 60


def test_a_success_from_before_the_bench_resets_the_counters_but_not_the_bench(health, clock):
    fail(health, 2)
    clock.advance(30)
    fail(health)  # benched for 60 s
    health.record_success(A)
    assert health.benched_s(A) == 60
    assert health.snapshot()[0].failures == 0
    clock.advance(60)
    fail(health)
    assert health.benched_s(A) == 30


@pytest.mark.parametrize(
    ("waits", "left_s"),
    [
        ([None, 45], 45),
        ([45, None], 45),  # what the first failure was told still counts
        ([None, 10], 30),
        ([None, None, 100], 100),  # benched already: the server's word lengthens it
        ([None, 1e300], MAX_BENCH_S),
    ],
)
def test_retry_after_lengthens_the_cooldown_and_never_shortens_it(health, waits, left_s):
    for wait in waits:
        health.record_failure(A, wait)
    assert health.benched_s(A) == left_s


def test_a_long_retry_after_does_not_count_as_a_round(health, clock):
    fail(health, 2, retry_after_s=500)
    clock.advance(500)
    fail(health)
    assert health.benched_s(A) == 60


def test_bench_takes_out_at_once_and_unbench_forgets(health):
    health.bench(A, 90)
    assert health.admit(A).left_s == 90
    health.bench(A, 10)  # never shortens
    assert health.admit(A).left_s == 90
    health.unbench(A)
    health.unbench(B)
    assert health.admit(A).verdict is Verdict.OK
    assert fail(health) == [False]


def test_a_bench_of_nothing_lets_one_caller_probe(health):
    health.bench(A, 0)
    assert [health.admit(A).verdict for _ in range(2)] == [Verdict.PROBE, Verdict.BENCHED]


@pytest.mark.parametrize("seconds", [-1, MAX_BENCH_S + 1, float("inf"), float("nan")])
def test_a_bench_out_of_range_is_refused_with_its_unit(health, seconds):
    with pytest.raises(ValueError, match=r"0 to 86400 s, not"):
        health.bench(A, seconds)
    assert health.snapshot() == ()


def test_an_early_probe_passes_a_running_cooldown_once(health):
    fail(health, 2)
    assert health.admit(A, early=True).verdict is Verdict.PROBE
    second = health.admit(A, early=True)
    assert (second.verdict, second.left_s) == (Verdict.BENCHED, 30)
    health.record_success(A)
    assert health.admit(A).verdict is Verdict.OK


def test_a_failed_early_probe_starts_the_next_round(health, clock):
    fail(health, 2)
    clock.advance(10)
    health.admit(A, early=True)
    assert fail(health) == [True]
    assert health.benched_s(A) == 60


def test_benched_seconds_are_zero_for_whom_nothing_is_benched(health, clock):
    assert health.benched_s(A) == 0
    fail(health)
    assert health.benched_s(A) == 0
    fail(health)
    clock.advance(40)
    assert health.benched_s(A) == 0


def test_a_snapshot_is_plain_data_per_target(health, clock):
    fail(health)
    health.bench(B, 60)
    clock.advance(20)
    one, two = health.snapshot()
    assert (one.target, one.state, one.failures, one.left_s) == (A, HealthState.OK, 1, 0)
    assert one.benched_until is None
    assert (two.target, two.state, two.left_s) == (B, HealthState.BENCHED, 40)
    assert two.benched_until.isoformat() == "2026-01-01T00:01:00+00:00"
    clock.advance(50)
    half_open = health.snapshot()[1]
    assert (half_open.state, half_open.left_s) == (HealthState.HALF_OPEN, 0)
    assert half_open.benched_until == two.benched_until


def test_a_target_being_probed_early_shows_as_half_open(health):
    health.bench(A, 60)
    health.admit(A, early=True)
    assert health.snapshot()[0].state is HealthState.HALF_OPEN


@pytest.mark.parametrize(
    "fields",
    [
        {"failure_threshold": 0},
        {"cooldown_s": 0},
        {"cooldown_s": 700},
        {"max_cooldown_s": MAX_BENCH_S + 1},
    ],
)
def test_a_policy_out_of_range_is_refused(fields):
    with pytest.raises(ValueError, match=next(iter(fields))):
        HealthPolicy(**fields)


def test_threads_lose_no_failure_and_share_one_probe():
    threshold, threads = 1000, 8
    health = HealthTracker(SYSTEM_CLOCK, HealthPolicy(failure_threshold=threshold))
    start = threading.Barrier(threads)

    def work(_):
        start.wait()
        return sum(health.record_failure(A) for _ in range(threshold // threads))

    with ThreadPoolExecutor(threads) as pool:
        benched = list(pool.map(work, range(threads)))
    assert sum(benched) == 1, "only the failure that reached the threshold benched it"
    assert health.snapshot()[0].failures == threshold

    health.unbench(A)
    health.bench(A, 0)
    start.reset()

    def probe(_):
        start.wait()
        return [health.admit(A).verdict for _ in range(200)].count(Verdict.PROBE)

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(probe, range(threads))) == 1


def test_a_late_failure_does_not_bench_a_target_whose_probe_is_out(health, clock):
    before = health.admit(A)
    fail(health, 2)
    clock.advance(31)
    probe = health.admit(A)
    assert not health.record_failure(A, admission=before)
    health.record_success(A, probe)
    assert health.snapshot() == ()


def test_a_late_success_does_not_let_everyone_in_while_a_probe_is_out(health, clock):
    before = health.admit(A)
    fail(health, 2)
    clock.advance(31)
    probe = health.admit(A)
    health.record_success(A, before)
    assert health.admit(A).verdict is Verdict.BENCHED
    assert health.record_failure(A, admission=probe)
    assert health.benched_s(A) == 60


def test_a_late_verdict_does_not_stand_for_the_probe_nobody_has_made_yet(health, clock):
    before = health.admit(A)
    fail(health, 2)
    clock.advance(31)
    health.record_success(A, before)
    assert not health.record_failure(A, admission=before)
    assert health.admit(A).verdict is Verdict.PROBE
