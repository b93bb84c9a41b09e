"""From `executus run --store` to `runs list`, `show` and `resume`, as a user meets them."""

import json
import signal
import sqlite3
from datetime import UTC, datetime

import pytest
from commandline import Terminal, executus, live

from executus.testing import Hang, OpenAIServer, Turn

pytestmark = pytest.mark.slow


@pytest.fixture
def anyio_backend():
    """The process has its own; here one does."""
    return "asyncio"


@pytest.fixture
def store(tmp_path):
    return f"sqlite:///{tmp_path / 'runs.db'}"


async def a_run(store, *more, **env):
    done = await executus("run", "what is 6*7?", "-m", "fake", "-t", "calc.*", *more, **env)
    assert done.returncode == 0, done.stderr
    return done


async def test_a_newcomer_runs_lists_and_shows(store, tmp_path):
    done = await a_run(store, "--store", store)
    assert done.stdout == b"42\n"
    found = await executus("runs", "list", "--store", store)
    run_id, began, agent, model, state, steps, *_ = found.stdout.decode().split("\t")
    assert (agent, model, state, steps) == ("cli", "fake/offline", "ok", "2")
    assert done.stderr.decode().splitlines()[-1] == f"run {run_id}"
    assert datetime.fromisoformat(began) <= datetime.now(UTC)
    for wanted in (run_id, run_id[:6], "last"):
        shown = await executus("runs", "show", wanted, EXECUTUS_STORE=store)
        assert shown.returncode == 0
        assert '→ calc.calculate {"expression":"6*7"}' in shown.stdout.decode()
    page = tmp_path / "run.html"
    done = await executus("runs", "show", "last", "--html", str(page), EXECUTUS_STORE=store)
    assert (done.returncode, done.stdout) == (0, b"")
    assert run_id in page.read_text()
    done = await executus("runs", "show", "last", "--json", EXECUTUS_STORE=store)
    body = json.loads(done.stdout)
    assert [one["step"]["step"] for one in body["steps"]] == [0, 1]
    assert body["run"]["run_id"] == run_id


async def test_runs_are_found_by_what_is_asked(store):
    for _ in range(3):
        await a_run(store, EXECUTUS_STORE=store)
    failed = await executus("run", "hi", "-m", "dead/m", "--store", store)
    assert failed.returncode == 1

    async def count(*asked):
        done = await executus("runs", "list", "--store", store, "--json", *asked)
        assert done.returncode == 0, done.stderr
        return len(done.stdout.splitlines())

    assert await count() == 4
    assert await count("--state", "failed") == 1
    assert await count("--limit", "2") == 2
    assert await count("--agent", "other") == 0
    assert await count("--caller", "anonymous", "--since", "1h") == 4
    assert await count("--since", "2999-01-01") == 0


async def test_what_is_old_is_forgotten_when_that_is_asked_for(store):
    await a_run(store, "--store", store)
    failed = await executus("run", "hi", "-m", "dead/m", "--store", store)
    assert failed.returncode == 1
    kept = await executus("runs", "prune", "--older", "1d", "--store", store)
    assert kept.stdout == b"forgotten: 0 runs, 0 audits, 0 journals\n"
    with sqlite3.connect(store.removeprefix("sqlite:///")) as file:
        file.execute("UPDATE run SET ended_us = 1")
        file.execute("UPDATE record SET at_us = 1")
        file.execute("UPDATE journal SET at_us = 1")
    done = await executus("runs", "prune", "--older", "1d", "--json", EXECUTUS_STORE=store)
    assert json.loads(done.stdout) == {"runs": 2, "audits": 2, "journals": 1}
    assert (await executus("runs", "list", "--store", store)).stdout == b""


@pytest.mark.parametrize("older", ["0", "-1d", "soon", "99999999999d"])
async def test_an_age_that_is_none_is_one_sentence(store, older):
    done = await executus("runs", "prune", f"--older={older}", "--store", store)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "is no age above zero, such as 30d or 12h" in done.stderr.decode()


async def test_an_age_without_a_unit_is_refused(store):
    done = await executus("runs", "prune", "--older", "90", "--store", store)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "--older '90' has no unit; write 90d for days" in done.stderr.decode()


async def test_in_a_terminal_it_is_a_table(store):
    await a_run(store, "--store", store)
    terminal = Terminal("runs", "list", columns=70, env={"EXECUTUS_STORE": store})
    assert terminal.finish() == 0
    assert terminal.screen[0].split()[:3] == ["id", "when", "agent"]
    assert all(len(line) <= 70 for line in terminal.screen)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no store is named: give --store sqlite:///runs.db or set EXECUTUS_STORE"),
        ("runs.db", "a store is named by a URL"),
        ("redis://token@host", "no store for redis:// is installed"),
        ("sqlite:///{}/none.db", "there is no store at "),
        ("sqlite:///{}/other.db", "is a database of something else"),
        ("sqlite:///{}/newer.db", "pip install -U executus-store-sqlite"),
        ("sqlite:///{}/broken.db", "cannot be opened as a store"),
    ],
)
@pytest.mark.parametrize(
    "command", [["list"], ["show", "last"], ["resume", "last"], ["prune", "--older", "1d"]]
)
async def test_a_store_that_cannot_be_read_is_one_sentence(tmp_path, url, says, command):
    (tmp_path / "broken.db").write_bytes(b"no database " * 100)
    for name, then in (("other", "CREATE TABLE x (y)"), ("newer", "PRAGMA user_version = 999")):
        with sqlite3.connect(tmp_path / f"{name}.db") as connection:
            if name == "newer":
                connection.execute(f"PRAGMA application_id = {0x45585553}")
            connection.execute(then)
    done = await executus("runs", *command, EXECUTUS_STORE=url.format(tmp_path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert b"token" not in done.stderr
    assert not (tmp_path / "none.db").exists()


async def test_a_store_that_cannot_be_written_is_told_before_anything_is_asked(tmp_path):
    url = f"sqlite:///{tmp_path / 'nowhere' / 'runs.db'}"
    done = await executus("run", "hi", "-m", "fake", "--store", url)
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1


async def test_an_unknown_run_and_a_page_that_cannot_be_written_are_one_sentence(store, tmp_path):
    await a_run(store, "--store", store)
    unknown = await executus("runs", "show", "zz", "--store", store)
    page = await executus("runs", "show", "last", "--store", store, "--html", str(tmp_path / "a/b"))
    for done, says in ((unknown, "the nearest: "), (page, "No such file or directory")):
        assert done.returncode == 2
        assert says in done.stderr.decode()
        assert len(done.stderr.splitlines()) == 1


async def test_a_run_that_was_interrupted_is_shown_and_resumed(store):
    """The tool's call was answered before; it is not made again."""
    async with OpenAIServer(
        [Turn.calls(("calc__calculate", {"expression": "6*7"})), Hang()]
    ) as server:
        env = {"LLM_MY": live(server), "EXECUTUS_STORE": store}
        terminal = Terminal("run", "6*7?", "-m", "my/m", "-t", "calc.*", columns=100, env=env)
        code = await terminal.after(
            "step 2 · my/m", lambda: terminal.process.send_signal(signal.SIGINT)
        )
        assert code == 130
    shown = await executus("runs", "show", "last", EXECUTUS_STORE=store)
    assert "cli  cancelled" in shown.stdout.decode()
    async with OpenAIServer([Turn.text("never"), Turn.text("it is 42")]) as server:
        env = {"LLM_MY": live(server), "EXECUTUS_STORE": store}
        done = await executus("runs", "resume", "last", **env)
        assert (done.returncode, done.stdout) == (0, b"it is 42\n")
        (request,) = server.requests
        assert [m["role"] for m in request.json["messages"]][-2:] == ["assistant", "tool"]
    listed = await executus("runs", "list", EXECUTUS_STORE=store)
    assert listed.stdout.decode().split("\t")[4] == "ok"
    again = await executus("runs", "resume", "last", EXECUTUS_STORE=store)
    assert again.returncode == 2
    assert "there is nothing to resume" in again.stderr.decode()
