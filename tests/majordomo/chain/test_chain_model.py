"""The chain against a naive model of it, over random scripts of outcomes and pauses."""

import anyio
from failover import Rig, error
from hypothesis import given, settings
from hypothesis import strategies as st

from majordomo.chain import ChainExhausted
from majordomo.errors import APIError, ErrorKind

OK, DOWN, GONE, BAD = "ok", "down", "gone", "bad"
ERRORS = {DOWN: ErrorKind.TRANSIENT, GONE: ErrorKind.NOT_FOUND, BAD: ErrorKind.PERMANENT}
outcomes = st.sampled_from([OK, DOWN, DOWN, DOWN, GONE, BAD])
steps = st.lists(st.sampled_from([0, 1, 29, 31, 61, 700]), min_size=1, max_size=12)


def naive(names, script, pauses):  # noqa: C901 - one plain reading of the table
    """The table, said again in the plainest way: one caller, threshold 2, one retry."""
    now, dialled, ends = 0.0, "", []
    queue = {name: list(script[name]) for name in names}
    health = {name: {"fails": 0, "until": None, "next": 30} for name in names}

    def ask():
        nonlocal now, dialled
        for name in names:
            h = health[name]
            for retry in (False, True):
                if h["until"] is not None and now < h["until"]:
                    break
                dialled += name
                what = queue[name].pop(0) if queue[name] else OK
                if what == OK:
                    h.update(fails=0, until=None, next=30)
                    return name
                if what == BAD:
                    return BAD
                if what == GONE:
                    break
                h["fails"] += 1
                if h["until"] is not None or h["fails"] >= 2:
                    h["until"] = now + h["next"]
                    h["next"] = min(2 * h["next"], 600)
                    break
                if not retry:
                    now += 0.5
        return "exhausted"

    for pause in pauses:
        now += pause
        ends.append(ask())
    return dialled, ends


async def real(names, script, pauses, how):
    rig, ends = Rig(names), []
    for name in names:
        rig.provider.enqueue(
            name, *("fine" if o == OK else error(ERRORS[o], model=name) for o in script[name])
        )
    for pause in pauses:
        rig.clock.advance(pause)
        try:
            ends.append((await rig.ask(how)).target.model)
        except ChainExhausted:
            ends.append("exhausted")
        except APIError:
            ends.append(BAD)
    return rig.dialled, ends


@settings(deadline=None, max_examples=80)
@given(
    names=st.sampled_from(["a", "ab", "abc"]),
    script=st.fixed_dictionaries({n: st.lists(outcomes, max_size=12) for n in "abc"}),
    pauses=steps,
    how=st.sampled_from(["complete", "stream"]),
    backend=st.sampled_from(["asyncio", "asyncio", "trio"]),
)
def test_the_chain_does_what_a_naive_model_of_it_does(names, script, pauses, how, backend):
    got = anyio.run(real, names, script, pauses, how, backend=backend)
    assert got == naive(names, script, pauses)
