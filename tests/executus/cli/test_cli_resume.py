"""`runs resume`: with the agent, the servers and the questions the run was begun with."""

import json
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from commandline import TOKEN, Terminal, executus, live

from executus.cli.asked import Asked
from executus.cli.setting import Setting
from executus.cli.storing import recording
from executus.errors import ExecutusError, SetupError
from executus.run import RunnableAgent
from executus.testing import Hang, LoopbackServer, OpenAIServer, Turn
from executus.testing.server import openai_error, openai_stream

pytestmark = pytest.mark.slow

SERVER = Path(__file__).parents[2] / "support" / "mcpserver.py"
GUIDE = "---\nmodel: box/m\ntools: [calc.*]\n---\nYou are a patient guide.\n"
CALL = Turn.calls(("calc__calculate", {"expression": "6*7"}))
END = Turn.text("It is 42.")


@pytest.fixture
def anyio_backend():
    """The process has its own; here one does."""
    return "asyncio"


@pytest.fixture
def store(tmp_path):
    return f"sqlite:///{tmp_path / 'runs.db'}"


@pytest.fixture
def guide(tmp_path):
    path = tmp_path / "guide.md"
    path.write_text(GUIDE)
    return path


def saying(*turns):
    """A server that says these, one after the other, and then breaks down."""
    left = iter(turns)

    def respond(request):
        turn = next(left, None)
        if isinstance(turn, Turn):
            return openai_stream(turn)
        return turn or openai_error(400, "broken")

    return LoopbackServer(respond)


async def begun(store, *arguments, turns=(CALL,), **env):
    """A run whose server breaks down once it has said this."""
    async with saying(*turns) as server:
        env = {"EXECUTUS_STORE": store, "LLM_BOX": live(server), **env}
        done = await executus("run", "6*7?", *arguments, **env)
    assert done.returncode == 1, done.stderr


async def resumed(store, *options, turns=(END,)):
    """The run, resumed: how that ended, and what the model was sent."""
    async with saying(*turns) as server:
        env = {"EXECUTUS_STORE": store, "LLM_BOX": live(server)}
        done = await executus("runs", "resume", "last", *options, **env)
        return done, [request.json for request in server.requests]


async def test_an_agent_of_a_file_goes_on_as_the_file_is_now(store, guide):
    await begun(store, "-a", str(guide))
    guide.write_text(GUIDE.replace("patient", "quick"))
    done, [sent] = await resumed(store)
    assert (done.returncode, done.stdout) == (0, b"It is 42.\n"), done.stderr
    assert "a quick guide" in json.dumps(sent["messages"][0])
    assert sent["messages"][-1]["role"] == "tool"
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["calc__calculate"]
    listed = await executus("runs", "list", EXECUTUS_STORE=store)
    assert listed.stdout.split(b"\t")[2] == b"guide"


async def test_an_agent_found_by_its_name_is_found_again_without_the_folder(store, guide):
    await begun(store, "-a", "guide", EXECUTUS_AGENTS=str(guide.parent))
    done, _ = await resumed(store)
    assert done.stdout == b"It is 42.\n", done.stderr


@pytest.mark.parametrize("as_json", [False, True])
async def test_an_agent_that_is_gone_or_another_is_one_sentence(store, guide, as_json):
    await begun(store, "-a", str(guide))
    for change, says in (
        (lambda: guide.write_text(GUIDE.replace("model", "name: other\nmodel")), "defines 'other'"),
        (guide.unlink, f"put its file back as {guide}"),
    ):
        change()
        done, sent = await resumed(store, *["--json"] * as_json)
        assert (done.returncode, sent) == (2, [])
        assert says in done.stderr.decode()
        assert len(done.stderr.splitlines()) == 1
        assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == [
            "rejected"
        ] * as_json


async def test_servers_are_started_again(store, tmp_path):
    entry = {"command": sys.executable, "args": [str(SERVER)]}
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"tests": entry}}))
    await begun(store, "-m", "box/m", "-t", "tests.add", "--mcp", str(path), turns=())
    call = Turn.calls(("tests__add", {"a": 40, "b": 2}))
    done, sent = await resumed(store, turns=[call, Turn.text("42")])
    assert done.stdout == b"42\n", done.stderr
    assert "42" in json.dumps(sent[-1]["messages"][-1])


async def test_a_question_that_was_cut_off_is_asked_again(store):
    """Begun with --ask and interrupted at its question; answered in another terminal."""
    options = ["-m", "box/m", "-t", "calc.*", "--ask", "calc.*"]
    async with OpenAIServer([CALL, END]) as server:
        env = {"LLM_BOX": live(server), "EXECUTUS_STORE": store}
        terminal = Terminal("run", "6*7?", *options, typing=True, env=env, columns=100)
        interrupt = partial(terminal.process.send_signal, signal.SIGINT)
        assert await terminal.after("[y/N, or why not]", interrupt) == 130
        nobody = await executus("runs", "show", "last", EXECUTUS_STORE=store)
        assert "← " not in nobody.stdout.decode()
        again = Terminal("runs", "resume", "last", typing=True, env=env, columns=100)
        code = await again.after("[y/N, or why not]", lambda: again.type("y\n"))
        assert code == 0
        assert "It is 42." in again.shown.decode()
        assert "42" in json.dumps(server.requests[-1].json["messages"][-1])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "standard input is no terminal"),
        (["--no-input"], "--no-input was given"),
        (["--yes"], "← 42"),
        (["--ask", "write"], "← 42"),
    ],
    ids=str,
)
async def test_what_is_asked_about_stays_unless_it_is_said(store, options, says):
    await begun(store, "-m", "box/m", "-t", "calc.*", "--ask", "calc.*", turns=())
    done, _ = await resumed(store, *options, turns=[CALL, Turn.text("done")])
    assert says in done.stderr.decode()
    assert done.stdout == b"done\n"


async def test_an_interrupted_resumption_is_shown_and_can_be_resumed(store):
    await begun(store, "-m", "box/m", "-t", "calc.*")
    async with saying(Hang()) as server:
        env = {"LLM_BOX": live(server), "EXECUTUS_STORE": store}
        terminal = Terminal("runs", "resume", "last", columns=100, env=env)
        interrupt = partial(terminal.process.send_signal, signal.SIGINT)
        assert await terminal.after("step 2 · box/m", interrupt) == 130
    assert "cancelled · 1 step" in terminal.shown.decode()
    done, _ = await resumed(store)
    assert done.stdout == b"It is 42.\n"


async def test_turns_of_a_conversation_are_kept_and_resumed_with_what_was_changed(store):
    async with saying(Turn.text("Hello.")) as server:
        lines = b"I am Ann\n/tools none\n/model box/n\nwho am I?\n"
        done = await executus(
            "chat", "-m", "box/m", "-t", "calc.*",
            stdin=lines, EXECUTUS_STORE=store, LLM_BOX=live(server),
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, b"Hello.\n")
    listed = await executus("runs", "list", EXECUTUS_STORE=store)
    assert [line.split("\t")[4] for line in listed.stdout.decode().splitlines()] == ["failed", "ok"]
    done, [sent] = await resumed(store, turns=[Turn.text("Ann.")])
    assert done.stdout == b"Ann.\n"
    assert (sent["model"], "tools" in sent) == ("n", False)
    assert [one["role"] for one in sent["messages"]] == ["user", "assistant", "user"]


async def test_a_dispatched_run_names_the_one_to_resume(store, tmp_path):
    (tmp_path / "boss.md").write_text("---\nmodel: box/m\ntools: [meta.*]\n---\n")
    (tmp_path / "adder.md").write_text("---\nmodel: box/a\n---\n")
    dispatch = Turn.calls(("meta__dispatch", {"agent": "adder", "task": "6*7"}))

    async with saying(dispatch) as server:
        await executus(
            "run", "go", "-a", "boss",
            EXECUTUS_AGENTS=str(tmp_path), EXECUTUS_STORE=store, LLM_BOX=live(server),
        )  # fmt: skip
    listed = await executus("runs", "list", EXECUTUS_STORE=store)
    ids = {row.split("\t")[2]: row.split("\t")[0] for row in listed.stdout.decode().splitlines()}
    done = await executus("runs", "resume", ids["adder"], EXECUTUS_STORE=store)
    assert done.returncode == 2
    assert f"was dispatched by run {ids['boss']}" in done.stderr.decode()


async def test_no_key_is_in_what_is_noted(store, guide):
    await begun(store, "-a", str(guide))
    shown = await executus("runs", "show", "last", "--json", EXECUTUS_STORE=store)
    assert TOKEN not in shown.stdout.decode()
    noted = Asked.of(json.loads(shown.stdout)["run"]["metadata"])
    assert noted == Asked(agent=str(guide), ask=("external",))


def test_what_is_noted_survives_and_only_what_differs_is_noted(tmp_path):
    base = RunnableAgent(name="a", instructions="Be brief.", model="m", tools=("calc.*",))
    setting = Setting(mcp=tmp_path / "s.json", ask=("write",))
    same = Asked.over(base, base, file="", setting=setting)
    assert (same.model, same.tools, same.instructions) == (None, None, None)
    agent = RunnableAgent(name="a", instructions="", model="n", tools=())
    asked = Asked.of(Asked.over(base, agent, file="x.md", setting=setting).as_metadata())
    assert asked is not None
    assert asked.apply(base) == agent
    assert asked.agent == str(Path("x.md").absolute())
    assert asked.setting(Setting(ask=())).ask == ("write",)
    assert asked.setting(Setting(ask=("external",), store="s://")).ask == ("external",)


@pytest.mark.parametrize("metadata", [{}, {"executus.cli": 1}, {"executus.cli": {"model": "m"}}])
def test_what_others_noted_is_not_ours(metadata):
    assert Asked.of(metadata) is None


async def test_records_that_cannot_be_written_are_a_warning(store, monkeypatch, capsys):
    async def lose(log, *error):
        if error[0] is None:
            raise ExecutusError("3 audit records could not be written")

    monkeypatch.setattr("executus.batteries.audit.AuditLog.__aexit__", lose)
    async with recording(store):
        pass
    assert "warning: 3 audit records" in capsys.readouterr().err
    with pytest.raises(SetupError, match="of the body"):
        async with recording(store):
            raise SetupError("of the body")
