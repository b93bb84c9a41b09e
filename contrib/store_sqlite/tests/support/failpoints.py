"""The places where a process is killed, and how it dies there."""

import os
import random
import signal
import threading

KINDS = (
    "begin",
    "phase",
    "messages",
    "step",
    "call",
    "result",
    "answered",
    "asked",
    "resumed",
    "aside",
    "attached",
    "inbox",
    "settled",
    "below",
)
"""Every kind of entry that a journal has (`executus.run.journal`)."""

FAILPOINTS = (
    # The store itself: its first migration, and any transaction while it is being committed.
    "open.in_migration",
    "open.opened",
    "commit.during",
    # Each kind of journal entry: before its transaction, within it, and when it is on disk.
    *(f"journal.{when}.{kind}" for kind in KINDS for when in ("before", "in", "after")),
    # The model: not asked yet; answered, and nothing noted.
    "model.before",
    "model.answered",
    # A call that must not be made twice: recorded and begun; done and not recorded.
    "call.begun",
    "call.effected",
    "read.begun",
    "inner.between",
    # A run that another run waits for.
    "child.model.before",
    "child.call.begun",
    "child.call.effected",
    "child.journal.after.result",
    "child.end.before",
    "child.end.after",
    # Questions to a person.
    "paused.asking",
    "paused.waiting",
    "answering.before",
    "answering.taken",
    # Going on with what another process left.
    "resume.before_load",
    "resume.after_load",
    "resume.taken",
    # The budget.
    "budget.before_reserve",
    "budget.in_reserve",
    "budget.after_reserve",
    "budget.before_commit",
    "budget.in_commit",
    "budget.after_commit",
    # The audit: what happened, and the terminal record.
    "audit.before_flush",
    "audit.in_flush",
    "audit.after_flush",
    "terminal.before",
    "terminal.in",
    "terminal.after",
    # The answer goes out, the journal is let go.
    "deliver.before",
    "deliver.after",
    "end.before",
    "end.in",
    "end.after",
)

_SLOW = frozenset({"commit.during"})


def die():
    """As `kill -9` does it: nothing of this process runs any more."""
    os.kill(os.getpid(), signal.SIGKILL)


class Death:
    """Kills this process when it comes to a place for the n-th time.

    Args:
        place: One of `FAILPOINTS`; empty for none.
        nth: Which time, from 1.
        tell: Called with the place, just before.
    """

    def __init__(self, place, nth, tell):
        assert not place or place in FAILPOINTS, place
        self._place, self._left, self._tell = place, nth, tell

    def at(self, place):
        assert place in FAILPOINTS, place
        if place != self._place:
            return
        self._left -= 1
        if self._left:
            return
        self._tell("fired", place)
        if place in _SLOW:  # another thread does it, somewhere in what comes next
            threading.Timer(random.random() * 0.003, die).start()
        else:
            die()
