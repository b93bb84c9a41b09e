"""Whose turn it is: fairness, weights, caps, priorities, and that nothing leaks."""

import random
from collections import Counter, deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executus.lane import FairQueue


def serve(queue, count):
    """The keys of the next `count` tickets that are served, one after the other."""
    served, running = [], deque()
    while len(served) < count:
        running.extend(queue.grant())
        ticket = running.popleft()
        served.append(ticket.key)
        queue.leave(ticket)
    return served


def test_a_small_key_waits_at_most_one_round_behind_a_thousand():
    queue = FairQueue(4)
    for _ in range(1000):
        queue.submit("big")
    running = list(queue.grant())
    for ticket in running[:2]:
        queue.leave(ticket)
        running += queue.grant()
    small = queue.submit("small")
    assert list(queue.grant()) == []
    queue.leave(running[2])  # the very next slot that comes free
    assert list(queue.grant()) == [small]


def test_keys_take_turns():
    queue = FairQueue(1)
    for _ in range(3):
        for key in "abc":
            queue.submit(key)
    assert serve(queue, 9) == list("abc" * 3)


def test_shares_follow_the_weights():
    weights = {"a": 1.0, "b": 2.0, "c": 5.0}
    queue = FairQueue(3, weight=weights.__getitem__)
    for key in weights:
        for _ in range(4000):
            queue.submit(key)
    got = Counter(serve(queue, 4000))
    for key, weight in weights.items():
        assert got[key] / 4000 == pytest.approx(weight / 8, rel=0.05)


def test_an_idle_key_has_saved_nothing_up():
    queue = FairQueue(1)
    early = queue.submit("idle")
    for _ in range(100):
        queue.submit("busy")
    assert serve(queue, 1) == ["idle"]
    assert early.state == "gone"
    assert set(serve(queue, 50)) == {"busy"}
    for _ in range(10):
        queue.submit("idle")
    served = serve(queue, 10)
    assert served.count("idle") == 5


def test_within_a_key_it_is_first_come_first_served_and_priority_before_all():
    queue = FairQueue(1)
    first, second = queue.submit("a"), queue.submit("a")
    urgent = queue.submit("b", priority=1)
    order = []
    for _ in range(3):
        [ticket] = queue.grant()
        order.append(ticket)
        queue.leave(ticket)
    assert order == [urgent, first, second]


def test_a_key_at_its_cap_lets_others_pass():
    queue = FairQueue(3, per_key=1)
    a1, a2, b = queue.submit("a"), queue.submit("a"), queue.submit("b")
    assert list(queue.grant()) == [a1, b]
    queue.leave(a1)
    assert list(queue.grant()) == [a2]


def test_a_ticket_is_given_back_once():
    queue = FairQueue(1)
    ticket, other = queue.submit("a"), queue.submit("a")
    [*_] = queue.grant()
    queue.leave(ticket)
    queue.leave(ticket)
    assert list(queue.grant()) == [other]
    assert queue.running == 1


def test_keys_that_are_gone_take_no_memory():
    queue = FairQueue(2)
    hold = queue.submit("hold")
    [*_] = queue.grant()
    for number in range(5000):
        ticket = queue.submit(f"user-{number}")
        [*_] = queue.grant()
        queue.leave(ticket)
    assert len(queue._flows) < 200
    assert len(queue._ready) < 1500
    queue.leave(hold)
    assert (queue._flows, queue.counts()) == ({}, {})


class Naive:
    """The same rules, by looking at everything each time."""

    def __init__(self, limit, per_key):
        self.limit, self.per_key = limit, per_key
        self.items, self.times, self.now = [], {}, 0.0

    def of(self, key, state):
        return [i for i in self.items if i["key"] == key and i["state"] == state]

    def top(self, key):
        return max(i["priority"] for i in self.of(key, "waiting"))

    def submit(self, key, priority):
        if not self.of(key, "waiting"):
            self.times[key] = max(self.times.get(key, 0.0), self.now)
        self.items.append({"key": key, "priority": priority, "state": "waiting"})

    def grant(self):
        """The indices granted, and the (priority, time) each was chosen by."""
        while sum(i["state"] == "running" for i in self.items) < self.limit:
            keys = {i["key"] for i in self.items if i["state"] == "waiting"}
            keys = {k for k in keys if len(self.of(k, "running")) < self.per_key}
            if not keys:
                return
            yield min((-self.top(k), self.times[k]) for k in keys), keys

    def start(self, number):
        item = self.items[number]
        item["state"] = "running"
        self.now = max(self.now, self.times[item["key"]])
        self.times[item["key"]] += 1.0


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.sampled_from("abcd"), st.integers(0, 2)),
        st.tuples(st.just("leave"), st.integers(0, 30), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(OPERATIONS, st.integers(1, 4), st.integers(1, 3))
def test_it_chooses_as_one_would_who_looks_at_everything(operations, limit, per_key):
    queue, naive, tickets = FairQueue(limit, per_key=per_key), Naive(limit, per_key), []
    for operation, first, priority in operations:
        if operation == "submit":
            tickets.append(queue.submit(first, priority))
            naive.submit(first, priority)
        elif first < len(tickets):
            queue.leave(tickets[first])
            naive.items[first]["state"] = "gone"
        choices = naive.grant()
        for ticket in queue.grant():
            best, keys = next(choices)
            number = tickets.index(ticket)
            chosen = naive.items[number]
            assert chosen["key"] in keys
            assert (-chosen["priority"], naive.times[chosen["key"]]) == best
            naive.start(number)
        assert next(choices, None) is None, "someone could have been served"
        if not any(i["state"] in ("running", "waiting") for i in naive.items):
            naive.times, naive.now = {}, 0.0
        running = sum(i["state"] == "running" for i in naive.items)
        waiting = sum(i["state"] == "waiting" for i in naive.items)
        assert (queue.running, queue.waiting) == (running, waiting)


@pytest.mark.slow
def test_a_hundred_thousand_random_operations_leak_no_slot():
    rng = random.Random(7)
    queue, alive = FairQueue(8, per_key=3), []
    for _ in range(100_000):
        if rng.random() < 0.5 or not alive:
            alive.append(queue.submit(f"k{rng.randrange(20)}", rng.randrange(3)))
        else:
            index = rng.randrange(len(alive))
            alive[index], alive[-1] = alive[-1], alive[index]
            queue.leave(alive.pop())
        for ticket in queue.grant():
            assert ticket in alive if len(alive) < 50 else ticket.state == "running"
        assert queue.running <= 8
        assert all(running <= 3 for running, _ in queue.counts().values())
    for ticket in alive:
        queue.leave(ticket)
    assert (queue.running, queue.waiting, list(queue.grant())) == (0, 0, [])
