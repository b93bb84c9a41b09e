"""Every row of the failover table, for whole answers and for streams."""

import pickle

import anyio
import pytest
from failover import Rig, error

from majordomo.chain import (
    Attempt,
    Chain,
    ChainDeadline,
    ChainExhausted,
    ChainPolicy,
    Retry,
    Success,
)
from majordomo.clock import SYSTEM_CLOCK
from majordomo.errors import APIError, ConfigError, ErrorKind, UnsupportedRequest, classify
from majordomo.health import HealthTracker, Verdict
from majordomo.llm import ImagePart, ProviderState, Request, Target, assistant, tool_result, user
from majordomo.llm.parts import ToolCallPart
from majordomo.llm.tool import tool
from majordomo.providers.fake import Delay, Hang

A = Target("fake", "a")
DOWN = [error(), error()]
PNG = ImagePart(data=b"\x89PNG\r\n\x1a\n", mime="image/png")


@tool
def noop() -> str:
    """Nothing."""
    return ""


@pytest.fixture(params=["complete", "stream"])
def how(request):
    return request.param


async def test_a_single_transient_failure_recovers_by_a_retry_at_the_same_target(how):
    rig = Rig().script(a=[error(), "fine"])
    answer = await rig.ask(how)
    assert (answer.text, answer.target, rig.dialled) == ("fine", A, "aa")
    assert rig.clock.sleeps == [0.5]
    assert rig.failures("a") == 0
    assert rig.told() == ["attempt a", "retry a", "attempt a", "success a"]


async def test_repeated_transients_bench_and_advance(how):
    rig = Rig().script(a=DOWN, b=["fine"])
    assert (await rig.ask(how)).target.model == "b"
    assert rig.dialled == "aab"
    assert rig.health.benched_s(A) == 30
    assert rig.told()[2:5] == ["attempt a", "bench a", "advance a"]


async def test_a_benched_target_is_skipped_without_dialling(how):
    rig = Rig().script(b=["fine"])
    rig.health.bench(A, 90)
    await rig.ask(how)
    assert rig.dialled == "b"
    assert rig.events[0].reason == "skipped, benched until 00:01:30 UTC (90 s)"


async def test_cooldown_expiry_readmits_and_success_resets(how):
    rig = Rig().script(a=[*DOWN, "back", error(), "fine"], b=["from b"])
    await rig.ask(how)
    rig.clock.advance(30)
    assert (await rig.ask(how)).text == "back"
    assert rig.health.snapshot() == ()
    assert (await rig.ask(how)).text == "fine"


async def test_a_failed_probe_is_not_retried_and_doubles_the_bench(how):
    rig = Rig().script(a=[*DOWN, error()])
    await rig.ask(how)
    rig.clock.advance(30)
    assert (await rig.ask(how)).target.model == "b"
    assert rig.dialled == "aabab"
    assert rig.health.benched_s(A) == 60
    assert [e.probe for e in rig.events if type(e).__name__ == "Attempt"][-2:] == [True, False]


@pytest.mark.parametrize(
    ("retries", "waits"), [(0, []), (3, [0.5, 1.0, 2.0]), (6, [0.5, 1, 2, 4, 8, 8])]
)
async def test_transient_retries_wait_longer_each_time_up_to_the_cap(how, retries, waits):
    rig = Rig("a", policy={"transient_retries": retries}, health={"failure_threshold": 99})
    rig.script(a=[error() for _ in range(retries + 1)])
    with pytest.raises(ChainExhausted):
        await rig.ask(how)
    assert rig.clock.sleeps == waits
    assert rig.failures("a") == retries + 1


async def test_retries_stop_early_when_the_tracker_benches(how):
    rig = Rig(policy={"transient_retries": 9}).script(a=[error() for _ in range(9)])
    await rig.ask(how)
    assert rig.dialled == "aab"


async def test_a_target_benched_by_others_during_the_wait_is_not_asked_again(how):
    rig = Rig(observer=lambda e: rig.health.bench(A, 99) if isinstance(e, Retry) else None)
    await rig.script(a=[error()]).ask(how)
    assert rig.dialled == "ab"


async def test_retry_after_within_the_cap_is_waited_for_and_longer_benches(how):
    rig = Rig().script(a=[error(status=429, retry_after_s=20), "fine"])
    assert (await rig.ask(how)).text == "fine"
    assert rig.clock.sleeps == [20.5]
    rig = Rig().script(a=[error(status=429, retry_after_s=61)])
    assert (await rig.ask(how)).target.model == "b"
    assert (rig.clock.sleeps, rig.health.benched_s(A)) == ([], 61)
    assert rig.told()[:3] == ["attempt a", "bench a", "advance a"]


@pytest.mark.parametrize("threshold", [1, 2])
async def test_a_failure_that_benches_for_two_reasons_is_told_once(how, threshold):
    rig = Rig(health={"failure_threshold": threshold}).script(a=[error(retry_after_s=100)])
    await rig.ask(how)
    assert rig.told().count("bench a") == 1
    assert rig.health.benched_s(A) == 100


async def test_a_failure_of_a_target_others_benched_meanwhile_tells_no_bench(how):
    def benched_meanwhile(_request):
        rig.health.bench(A, 100)
        return error(retry_after_s=70)

    rig = Rig().script(a=[benched_meanwhile])
    assert (await rig.ask(how)).target.model == "b"
    assert rig.dialled == "ab"
    assert "bench a" not in rig.told()
    assert rig.health.benched_s(A) == 100


@pytest.mark.parametrize("status", [408, 429, 500, 503, 529, None])
async def test_transient_statuses_fail_over(how, status):
    rig = Rig().script(a=[error(status=status) for _ in range(2)])
    assert (await rig.ask(how)).target.model == "b"


@pytest.mark.parametrize(
    "failure",
    [
        error(ErrorKind.NOT_FOUND, 404),
        error(ErrorKind.LOCAL, None, code="pool_timeout"),
        UnsupportedRequest("takes no audio"),
    ],
)
async def test_what_another_target_may_take_advances_without_penalty(how, failure):
    rig = Rig().script(a=[failure])
    assert (await rig.ask(how)).target.model == "b"
    assert (rig.dialled, rig.failures("a")) == ("ab", 0)


PERMANENT = [
    error(ErrorKind.AUTH, 401),
    error(ErrorKind.PERMANENT, 400),
    error(ErrorKind.QUOTA, 402),
    error(ErrorKind.HISTORY_REJECTED, 400),  # nothing to strip
    ConfigError("set up wrongly"),
]


@pytest.mark.parametrize("failure", PERMANENT)
async def test_a_refusal_is_raised_at_once_or_advances_when_asked_to(how, failure):
    rig = Rig().script(a=[failure])
    with pytest.raises(type(failure)) as caught:
        await rig.ask(how)
    assert caught.value is failure
    assert (rig.dialled, rig.failures("a")) == ("a", 0)
    rig = Rig(policy={"advance_on_permanent": True}).script(a=[failure])
    assert (await rig.ask(how)).target.model == "b"
    assert rig.failures("a") == 0


async def test_a_foreign_exception_is_raised_unchanged(how):
    rig = Rig().script(a=[failure := ZeroDivisionError("bug")])
    with pytest.raises(ZeroDivisionError) as caught:
        await rig.ask(how)
    assert caught.value is failure
    assert rig.failures("a") == 0


async def test_a_classifier_without_an_opinion_ends_the_request(how):
    rig = Rig(classifier=lambda _: None).script(a=[failure := error()])
    with pytest.raises(APIError) as caught:
        await rig.ask(how)
    assert caught.value is failure


async def test_a_classifier_overrides_what_a_failure_means(how):
    def lenient(failure):
        return ErrorKind.TRANSIENT if isinstance(failure, OSError) else classify(failure)

    rig = Rig(classifier=lenient).script(a=[OSError("gone"), "fine"])
    assert (await rig.ask(how)).text == "fine"


@pytest.mark.parametrize("code", ["missing_key", "missing_url"])
async def test_an_unconfigured_target_is_skipped_and_raised_only_alone(how, code):
    missing = error(ErrorKind.AUTH, 401, code=code)
    rig = Rig().script(a=[missing])
    assert (await rig.ask(how)).target.model == "b"
    assert rig.failures("a") == 0
    assert rig.told()[1] == "skip a"
    rig = Rig("a").script(a=[missing])
    with pytest.raises(APIError) as alone:
        await rig.ask(how)
    assert alone.value is missing
    rig = Rig().script(a=[missing], b=[error(ErrorKind.AUTH, 401, model="b", code=code)])
    with pytest.raises(ChainExhausted) as both:
        await rig.ask(how)
    assert str(both.value).splitlines() == [
        "no target answered (0 asked, 2 skipped):",
        "  fake/a: skipped, went wrong",
        "  fake/b: skipped, went wrong",
    ]
    assert both.value.__cause__ is missing


@pytest.mark.parametrize(
    ("capability", "request_"),
    [
        ({"tools": False}, Request(messages=[user("hi")], tools=[noop])),
        ({"vision": False}, Request(messages=[user("hi", PNG)])),
        (
            {"vision": False},
            Request(messages=[tool_result(ToolCallPart(id="1", name="x"), "", PNG)]),
        ),
    ],
)
async def test_a_declared_mismatch_is_skipped_without_dialling(how, capability, request_):
    rig = Rig(describe={"a": capability}).script(b=["fine"])
    assert (await rig.ask(how, request_)).target.model == "b"
    assert rig.dialled == "b"
    assert (await Rig(describe={"a": capability}).script(a=["yes"]).ask(how)).text == "yes"


@pytest.mark.parametrize(
    ("windows", "dialled", "ends"),
    [
        ((8, 4, 100), "ac", "c"),
        ((8, 8, None), "a", None),
        ((None, 100, 100), "a", None),
    ],
)
async def test_a_context_overflow_goes_only_to_a_larger_declared_window(
    how, windows, dialled, ends
):
    describe = {n: {"context_tokens": w} for n, w in zip("abc", windows, strict=True)}
    overflow = error(ErrorKind.CONTEXT_OVERFLOW, 400)
    rig = Rig("abc", describe=describe).script(a=[overflow])
    if ends is None:
        with pytest.raises(APIError) as caught:
            await rig.ask(how)
        assert caught.value is overflow
    else:
        assert (await rig.ask(how)).target.model == ends
    assert (rig.dialled, rig.failures("a")) == (dialled, 0)


async def test_a_rejected_history_is_asked_again_once_without_provider_state(how):
    state = ProviderState(wire="w", provider="fake", model="a", data="{}")
    request = Request(messages=[user("hi"), assistant("yes", state=state), user("and?")])
    rejected = error(ErrorKind.HISTORY_REJECTED, 400)
    rig = Rig().script(a=[rejected, error(), "fine"])
    assert (await rig.ask(how, request)).text == "fine"
    states = [[m.state for m in r.messages] for _, r in rig.provider.requests]
    assert states == [[None, state, None], [None] * 3, [None] * 3]
    assert rig.events[1].without_state
    rig = Rig().script(a=[rejected, rejected])
    with pytest.raises(APIError) as caught:
        await rig.ask(how, request)
    assert (caught.value, rig.dialled, rig.failures("a")) == (rejected, "aa", 0)


async def test_exhaustion_names_every_target_on_one_line(how):
    rig = Rig("abc").script(
        a=[error(), error()], b=[error(ErrorKind.NOT_FOUND, 404, model="b", code="no\nsuch")]
    )
    rig.health.bench(Target("fake", "c"), 90)
    with pytest.raises(ChainExhausted) as caught:
        await rig.ask(how)
    assert str(caught.value).splitlines() == [
        "no target answered (2 asked, 1 skipped):",
        "  fake/a: 503: went wrong (after 2 attempts)",
        "  fake/b: 404 no such: went wrong",
        "  fake/c: skipped, benched until 00:01:30 UTC (90 s)",
    ]
    assert [o.attempts for o in caught.value.attempts] == [2, 1, 0]
    assert caught.value.__cause__ is caught.value.attempts[1].error
    assert pickle.loads(pickle.dumps(caught.value)).attempts[2].benched_s == 89.5


async def test_a_chain_of_one_ends_the_same_way(how):
    rig = Rig("a").script(a=[error(), last := error()])
    with pytest.raises(ChainExhausted) as caught:
        await rig.ask(how)
    assert caught.value.__cause__ is last
    assert last.attempt == 2
    with pytest.raises(ChainExhausted, match="benched until") as benched:
        await rig.ask(how)
    assert (rig.dialled, benched.value.__cause__) == ("aa", None)


async def test_foreign_failures_are_named_by_type_in_the_list(how):
    rig = Rig("a", classifier=lambda _: ErrorKind.NOT_FOUND).script(a=[OSError("gone")])
    with pytest.raises(ChainExhausted, match="fake/a: OSError: gone"):
        await rig.ask(how)


async def test_all_benched_can_be_probed_soonest_first(how):
    rig = Rig(policy={"all_benched": "probe"}).script(b=["fine"])
    rig.health.bench(A, 90)
    rig.health.bench(Target("fake", "b"), 60)
    assert (await rig.ask(how)).text == "fine"
    assert rig.dialled == "b"
    assert rig.health.benched_s(Target("fake", "b")) == 0


async def test_the_last_resort_is_one_attempt(how):
    rig = Rig(policy={"all_benched": "probe"}).script(a=[error(), "never"])
    rig.health.bench(A, 60)
    rig.health.bench(Target("fake", "b"), 90)
    with pytest.raises(ChainExhausted):
        await rig.ask(how)
    assert rig.dialled == "a"


async def test_nobody_is_probed_twice_at_once(how):
    rig = Rig("a", policy={"all_benched": "probe"})
    rig.health.bench(A, 0)
    rig.health.admit(A)
    with pytest.raises(ChainExhausted, match="another caller is probing it"):
        await rig.ask(how)
    assert rig.dialled == ""


async def test_a_cancelled_attempt_is_not_charged_and_gives_its_probe_back(how):
    rig = Rig("a").script(a=[Hang()])
    rig.health.bench(A, 0)
    async with anyio.create_task_group() as group:
        group.start_soon(rig.ask, how)
        while not rig.dialled:
            await anyio.lowlevel.checkpoint()
        assert rig.health.admit(A).verdict is Verdict.BENCHED
        group.cancel_scope.cancel()
    assert rig.failures("a") == 0
    assert rig.health.admit(A).verdict is Verdict.PROBE


async def test_a_probe_without_a_verdict_is_given_back(how):
    rig = Rig("a").script(a=[error(ErrorKind.PERMANENT, 400)])
    rig.health.bench(A, 0)
    with pytest.raises(APIError):
        await rig.ask(how)
    assert rig.health.admit(A).verdict is Verdict.PROBE


async def test_the_deadline_is_total_and_names_what_was_tried(how):
    policy = {"deadline_s": 10}
    rig = Rig(policy=policy).script(a=[Delay(2, error()), Delay(2, error())], b=[Delay(60, "late")])
    rig.health.bench(Target("fake", "c"), 1)
    with pytest.raises(ChainDeadline) as caught:
        await rig.ask(how)
    assert caught.value.kind is ErrorKind.LOCAL
    assert "deadline of 10 s; tried fake/a: 503: went wrong (after 2" in str(caught.value)
    assert "fake/b: no answer yet" in str(caught.value)
    assert (rig.failures("a"), rig.failures("b")) == (2, 0)
    assert pickle.loads(pickle.dumps(caught.value)).attempts[0].attempts == 2


async def test_a_wait_that_would_pass_the_deadline_is_not_begun(how):
    rig = Rig(policy={"deadline_s": 10}).script(a=[error(retry_after_s=30)], b=["fine"])
    assert (await rig.ask(how)).text == "fine"
    assert rig.clock.sleeps == []


async def test_without_a_deadline_nothing_but_the_caller_ends_it(how):
    rig = Rig(policy={"deadline_s": None}).script(a=[Delay(5000, "late")])
    assert (await rig.ask(how)).text == "late"


async def test_a_failing_observer_is_logged_and_ignored(how, caplog):
    def broken(_event):
        raise RuntimeError("observer")

    rig = Rig(observer=broken).script(a=DOWN, b=["fine"])
    assert (await rig.ask(how)).text == "fine"
    assert "observer failed" in caplog.text


async def test_without_an_observer_everything_works_the_same(how):
    state = ProviderState(wire="w", provider="fake", model="a", data="{}")
    request = Request(messages=[assistant("yes", state=state)])
    rejected = error(ErrorKind.HISTORY_REJECTED, 400)
    rig = Rig(observer=None).script(a=[rejected, error(), error()], b=["fine"])
    assert (await rig.ask(how, request)).text == "fine"
    rig.script(b=["again"])
    assert (await rig.ask(how, request)).text == "again"


async def test_events_carry_timing(how):
    rig = Rig().script(a=[Delay(2, error()), Delay(3, "fine")])
    await rig.ask(how)
    assert [e.elapsed_s for e in rig.events] == [0, 2, 2.5, 5.5]
    assert isinstance(rig.events[-1], Success)
    assert (rig.events[-1].took_s, rig.events[-1].number) == (3, 2)


def test_a_chain_in_a_chain_stands_for_its_targets():
    inner, outer = Rig("ab"), Rig("c")
    chain = Chain([inner.chain, *outer.chain.models], health=HealthTracker(SYSTEM_CLOCK))
    assert repr(chain) == "<Chain fake/a,fake/b,fake/c>"
    assert (chain.target, chain.capabilities) == (A, inner.chain.capabilities)


def test_a_chain_needs_a_target():
    with pytest.raises(ConfigError, match="at least one target"):
        Chain([], health=HealthTracker(SYSTEM_CLOCK))


@pytest.mark.parametrize(
    "fields",
    [
        {"transient_retries": -1},
        {"backoff_s": -1},
        {"max_backoff_s": 0.1},
        {"max_retry_after_s": -1},
        {"deadline_s": 0},
    ],
)
def test_a_policy_out_of_range_is_refused(fields):
    with pytest.raises(ValueError, match=next(iter(fields))):
        ChainPolicy(**fields)


def test_backoff_is_jittered_downwards_by_half_and_added_to_what_the_server_asked():
    policy = ChainPolicy()
    assert [policy.backoff(1, None, jitter) for jitter in (0, 1)] == [0.5, 0.25]
    assert policy.backoff(2, 10, 0) == 11
    assert policy.backoff(10_000, None, 0) == 8


async def test_a_head_that_hangs_leaves_the_tail_its_share_of_the_time(how):
    rig = Rig("abc").script(a=[Hang(), Hang()])
    answers = []

    async def ask():
        answers.append(await rig.ask(how))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        while not answers:
            await anyio.wait_all_tasks_blocked()
            rig.clock.advance(50)
    assert answers[0].target == Target("fake", "b")
    asked = [e.elapsed_s for e in rig.events if isinstance(e, Attempt)]
    assert asked[:2] == [0, 200.5]  # a third of 600 s, and the wait
    assert 330 < asked[2] < 360  # then a third of what was left
    assert "its share of the chain's time" in str(rig.events[1].cause)
    assert rig.failures("a") == 2


async def test_the_last_target_has_all_the_time_that_is_left(how):
    rig = Rig("a").script(a=[Delay(599, "late")])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.ask, how)
        await anyio.wait_all_tasks_blocked()
        rig.clock.advance(599)
    assert rig.told()[-1] == "success a"
