"""Dispatching agents: loops, bounds, and that an ended tree leaves nothing."""

import json
import pickle
import random
import threading

import pytest

from executus.dispatchguard import DispatchGuard, DispatchRefused, Lineage
from executus.errors import RunRejected, SetupError


def chain(guard, *agents):
    """A root and its descendants, each dispatched by the one before."""
    line = [guard.begin("r0", agents[0])]
    for number, agent in enumerate(agents[1:], start=1):
        line.append(guard.admit(line[-1], f"r{number}", agent))
    return line


def refused(guard, parent, agent, run_id="new"):
    with pytest.raises(DispatchRefused) as caught:
        guard.admit(parent, run_id, agent)
    return caught.value


def test_a_lineage_tells_where_a_run_stands():
    _, _, last = chain(DispatchGuard(), "a", "b", "c")
    assert last == Lineage(run_id="r2", root_id="r0", agents=("a", "b", "c"), depth=2)
    assert Lineage.from_json(json.loads(json.dumps(last.as_json()))) == last


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"run_id": "r", "root_id": "r", "agents": [], "depth": 0},
        {"run_id": "r", "root_id": "r", "agents": "ab", "depth": 0},
        {"run_id": "r", "root_id": "r", "agents": ["a"], "depth": True},
        {"run_id": "r", "root_id": "r", "agents": ["a"], "depth": -1},
        {"run_id": 1, "root_id": "r", "agents": ["a"], "depth": 0},
    ],
)
def test_what_is_no_lineage_is_not_read_as_one(value):
    with pytest.raises(ValueError, match="a lineage has"):
        Lineage.from_json(value)


def test_a_loop_is_named_with_its_path():
    guard = DispatchGuard()
    error = refused(guard, chain(guard, "a", "b")[-1], "a")
    assert (error.reason, error.agents) == ("loop", ("a", "b", "a"))
    assert str(error) == (
        "agent 'a' was not dispatched: it is at work above you already (a → b → a); "
        "do this part yourself or choose another agent"
    )
    assert isinstance(error, RunRejected)


def test_an_agent_may_not_dispatch_itself_unless_allowed():
    guard = DispatchGuard()
    assert refused(guard, guard.begin("r", "a"), "a").reason == "loop"


def test_an_agent_that_may_dispatch_itself_still_may_not_come_back_by_another():
    guard = DispatchGuard(allow_self=True)
    _, again = chain(guard, "a", "a")
    other = guard.admit(again, "r2", "b")
    assert other.agents == ("a", "a", "b")
    assert refused(guard, other, "a").reason == "loop"
    assert refused(guard, guard.admit(other, "r3", "b"), "b").reason == "depth"


def test_siblings_of_the_same_agent_are_no_loop():
    guard = DispatchGuard()
    root = guard.begin("r", "a")
    assert guard.admit(root, "x", "b").agents == guard.admit(root, "y", "b").agents


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_no_more_stand_below_one_another_than_may(depth):
    guard = DispatchGuard(max_depth=depth)
    last = chain(guard, *(f"a{n}" for n in range(depth + 1)))[-1]
    assert last.depth == depth
    error = refused(guard, last, "z")
    assert error.reason == "depth"
    assert f"at most {depth} below one another" in str(error)


def test_a_run_dispatches_no_more_than_it_may_even_when_they_have_ended():
    guard = DispatchGuard(max_children=2)
    root = guard.begin("r", "a")
    for name in ("x", "y"):
        guard.end(guard.admit(root, name, "b"))
    error = refused(guard, root, "b")
    assert error.reason == "children"
    assert str(error) == (
        "agent 'b' was not dispatched: this run has dispatched 2 agents, as many as it may; "
        "finish with what they answered"
    )


def test_a_tree_grows_no_larger_than_it_may():
    guard = DispatchGuard(max_total=3)
    root = guard.begin("r", "a")
    child = guard.admit(root, "x", "b")
    guard.admit(child, "y", "c")
    guard.admit(root, "z", "b")
    assert refused(guard, child, "c").reason == "total"
    other = guard.begin("other", "a")
    assert guard.admit(other, "o", "b").root_id == "other"


def test_a_refusal_counts_for_nothing():
    guard = DispatchGuard(max_children=1, max_total=1)
    root = guard.begin("r", "a")
    for _ in range(5):
        assert refused(guard, root, "a").reason == "loop"
        assert refused(guard, root, "b", run_id="r").reason == "duplicate"
    guard.admit(root, "x", "b")


def test_an_ended_run_dispatches_nothing():
    guard = DispatchGuard()
    root, child = chain(guard, "a", "b")
    guard.end(child)
    assert refused(guard, child, "c").reason == "ended"
    guard.end(root)
    assert refused(guard, root, "c").reason == "ended"


def test_children_that_outlive_their_root_dispatch_nothing_and_leave_nothing():
    guard = DispatchGuard()
    root, child = chain(guard, "a", "b")
    guard.end(root)
    assert guard.live == 0
    assert refused(guard, child, "c").reason == "ended"
    guard.end(child)
    guard.end(root)
    assert guard.live == 0


def test_a_late_child_does_not_touch_the_next_tree_of_the_same_root_id():
    guard = DispatchGuard()
    root, child = chain(guard, "a", "b")
    guard.end(root)
    again = guard.begin("r0", "a")
    guard.end(child)
    assert guard.admit(again, "r9", "b").depth == 1


def test_one_id_belongs_to_one_run_at_a_time():
    guard = DispatchGuard()
    root = guard.begin("r", "a")
    with pytest.raises(DispatchRefused, match="run id 'r' belongs to a run that has not ended"):
        guard.begin("r", "b")
    guard.admit(root, "x", "b")
    assert refused(guard, root, "b", run_id="x").reason == "duplicate"
    guard.end(root)
    guard.begin("r", "b")


def test_bounds_hold_whatever_threads_do_and_nothing_is_left():
    guard = DispatchGuard(max_depth=4, max_children=5, max_total=20)
    roots = [guard.begin(f"root{n}", "a") for n in range(3)]
    admitted, refusals, barrier = [], [], threading.Barrier(6)

    def work(seed):
        chance, mine = random.Random(seed), list(roots)
        barrier.wait()
        for number in range(200):
            parent = chance.choice(mine)
            try:
                line = guard.admit(parent, f"{seed}-{number}", chance.choice("bcdef"))
            except DispatchRefused as error:
                refusals.append(error.reason)
                continue
            mine.append(line)
            admitted.append((parent, line))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for root in roots:
        below = [line for _, line in admitted if line.root_id == root.run_id]
        parents = [parent.run_id for parent, line in admitted if line.root_id == root.run_id]
        assert len(below) == 20
        assert max(parents.count(one) for one in parents) <= 5
        assert all(line.depth <= 4 and len(set(line.agents)) == line.depth + 1 for line in below)
    assert {"loop", "total"} <= set(refusals)
    assert guard.live == 63
    for root in roots:
        guard.end(root)
    assert guard.live == 0


def test_a_refusal_survives_pickling():
    guard = DispatchGuard(max_depth=0)
    error = refused(guard, guard.begin("r", "a"), "b")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.reason, again.agents) == (str(error), "depth", ("a", "b"))


@pytest.mark.parametrize("bound", ["max_depth", "max_children", "max_total"])
def test_a_negative_bound_is_refused(bound):
    with pytest.raises(SetupError, match="must be at least 0"):
        DispatchGuard(**{bound: -1})


def test_a_hosts_own_guard_takes_the_defaults_place():
    class OnlyWriters:
        """Dispatches nobody but writers, and counts nothing."""

        def begin(self, run_id, agent):
            return Lineage(run_id=run_id, root_id=run_id, agents=(agent,), depth=0)

        def admit(self, parent, run_id, agent):
            if agent != "writer":
                raise DispatchRefused("ask a writer", reason="total", agents=(agent,))
            agents = (*parent.agents, agent)
            return Lineage(run_id=run_id, root_id=parent.root_id, agents=agents, depth=1)

        def end(self, lineage):
            pass

    def dispatch(agent, guard):
        """What a kernel does with any guard: the refusal is what the model reads."""
        root = guard.begin("r", "planner")
        try:
            return guard.admit(root, "x", agent).agents[-1]
        except DispatchRefused as error:
            return str(error)
        finally:
            guard.end(root)

    assert dispatch("coder", DispatchGuard()) == "coder"
    assert dispatch("coder", OnlyWriters()) == "agent 'coder' was not dispatched: ask a writer"
    assert dispatch("writer", OnlyWriters()) == "writer"
