"""Lives of mort: processes with pipes, killed and begun again over one folder."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from executus_store_sqlite import open_store

from executus.batteries.audit import RunQuery
from mort.database import HostDatabase

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
DRIVER = ROOT / "tests" / "support" / "mortdriver.py"
SIGKILL = -9


class Life:
    """A process: what it is told, and what it says."""

    def __init__(self, home, process):
        self.home, self._process = home, process

    def tell(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def hear(self, what):
        """Read what it says until something is in it."""
        for line in self._process.stdout:
            if what in line:
                return line.strip()
        raise AssertionError(f"it ended without {what!r}: {self._process.stderr.read()}")

    def ask(self, line, what):
        self.tell(line)
        return self.hear(what)

    def kill(self):
        self._process.kill()

    def end(self):
        """Let it end; the lines it still says, and its exit code."""
        said, errors = self._process.communicate()
        assert errors == ""
        return said.splitlines(), self._process.returncode


@contextmanager
def life(home, dies=""):
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "examples" / "mort"),
        "EXECUTUS_MODEL": "script/m",
        "MORT_DIES": dies,
    }
    command = [sys.executable, "-W", "error", str(DRIVER), "--home", str(home)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as one:
        try:
            yield Life(home, one)
        finally:
            one.kill()


def posts(home):
    lines = (home / "channel.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


def answers(home):
    return [post for post in posts(home) if post["text"].startswith("Bob is thanked")]


def karma(home):
    return HostDatabase(home / "host.db").karma("bob")


async def in_store(home, look):
    async with open_store(f"sqlite:///{home / 'mort.db'}") as store:
        return await look(store)


async def make_due(store):
    """As if nobody had been there when the only job was due."""
    (kept,) = await store.schedule().list()
    past = datetime.now(UTC) - timedelta(hours=1)
    assert await store.schedule().put(kept.job, past, instead_of=kept)


async def unfinished(store):
    return await store.checkpoints().unfinished()


def test_a_second_life_keeps_persona_memory_budget_and_schedule(tmp_path):
    with life(tmp_path) as first:
        first.ask("ann: /persona albert", "You talk to albert")
        first.ask("ann: /note likes tea", "likes tea")
        assert "Albert here, notes True, turn 1: hi" in first.ask("ann: hi", "here")
        first.ask("bob: remember the scythe", "I will.")
        first.ask('ann: /every "0 7 * * *" wake up', "0 7 * * * wake up")
        spent = first.ask("ann: /budget", "You have spent")
        assert first.end() == ([], 0)
    assert "spent 0 mortbux" not in spent
    with life(tmp_path) as second:
        assert second.ask("ann: /budget", "You have spent") == spent
        assert "Albert here, notes True, turn 2: again" in second.ask("ann: again", "here")
        second.ask("bob: recall", "I found: the scythe")
        second.ask("ann: /jobs", "0 7 * * * wake up")
        assert second.end() == ([], 0)
    runs = anyio.run(in_store, tmp_path, lambda store: store.runs().list(RunQuery()))
    assert [(run.agent, run.caller, run.status) for run in runs] == [
        ("mort", "bob", "ok"),
        ("albert", "ann", "ok"),
        ("mort", "bob", "ok"),
        ("albert", "ann", "ok"),
    ]
    assert {run.cost.split()[1] for run in runs} == {"mortbux"}


def test_a_run_whose_process_is_killed_goes_on_in_the_next_and_repeats_no_write(tmp_path):
    with life(tmp_path, dies="thinking") as first:
        first.ask("ann: thank bob", "thinking")
        first.kill()
        assert first.end()[1] == SIGKILL
    assert (karma(tmp_path), posts(tmp_path)) == (1, [])
    with life(tmp_path) as second:
        assert (
            second.hear("Bob is thanked") == "mort → ann: Bob is thanked well: bob now has 1 karma"
        )
        assert second.end()[1] == 0
    assert karma(tmp_path) == 1
    (answer,) = answers(tmp_path)
    assert [(tmp_path / "files" / name).read_text() for name in answer["files"]] == [
        "thank you, bob"
    ]
    assert anyio.run(in_store, tmp_path, unfinished) == ()


def test_a_write_whose_process_is_killed_before_it_is_noted_is_not_repeated(tmp_path):
    with life(tmp_path, dies="writing") as first:
        first.tell("ann: thank bob")
        assert first.end()[1] == SIGKILL
    assert karma(tmp_path) == 1
    with life(tmp_path) as second:
        assert "in doubt" in second.hear("Bob is thanked")
    assert karma(tmp_path) == 1


@pytest.mark.parametrize(("dies", "there"), [("delivered", 1), ("delivering", 0)])
def test_an_answer_and_its_attachment_are_posted_once_wherever_delivery_is_killed(
    tmp_path, dies, there
):
    with life(tmp_path, dies=dies) as first:
        first.tell("ann: thank bob")
        assert first.end()[1] == SIGKILL
    whole = [
        line for line in (tmp_path / "channel.jsonl").read_bytes().splitlines() if b"}" in line
    ]
    assert len(whole) == there
    assert len(anyio.run(in_store, tmp_path, unfinished)) == 1  # it is not known to have arrived
    with life(tmp_path) as second:
        second.ask("ann: hi", "turn 2")  # in ann's turn: after what was left of the run
        assert second.end()[1] == 0
    (answer,) = answers(tmp_path)
    assert f"thanked {dies}" in answer["text"]  # the model was not asked for it again
    assert len(answer["files"]) == 1
    assert len(list((tmp_path / "files").iterdir())) == 1
    assert anyio.run(in_store, tmp_path, unfinished) == ()


def test_a_job_that_was_due_while_nobody_lived_is_answered_once(tmp_path):
    with life(tmp_path) as first:
        first.ask('ann: /every "0 7 * * *" wake up', "wake up")
        assert first.end()[1] == 0
    anyio.run(in_store, tmp_path, make_due)
    with life(tmp_path) as second:
        assert second.hear("wake up") == "mort → ann: Mort here, notes False, turn 1: wake up"
        assert second.end() == ([], 0)
    with life(tmp_path) as third:
        third.ask("ann: hi", "turn 2")
        assert third.end() == ([], 0)
    assert len([post for post in posts(tmp_path) if post["text"].endswith(": wake up")]) == 1


def test_a_job_whose_process_is_killed_is_answered_in_the_next_life(tmp_path):
    with life(tmp_path) as first:
        first.ask('ann: /every "0 7 * * *" thank bob', "thank bob")
        assert first.end()[1] == 0
    anyio.run(in_store, tmp_path, make_due)
    with life(tmp_path, dies="thinking") as second:
        second.hear("thinking")
        second.kill()
        assert second.end()[1] == SIGKILL
    with life(tmp_path) as third:
        third.hear("Bob is thanked")
        assert third.end()[1] == 0
    (run,) = anyio.run(in_store, tmp_path, lambda store: store.runs().list(RunQuery()))
    assert (run.run_id[:15], run.status) == ("ann: thank bob@", "ok")  # one run over two lives
    assert (karma(tmp_path), len(answers(tmp_path))) == (1, 1)
