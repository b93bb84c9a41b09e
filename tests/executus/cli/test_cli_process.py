"""The command as a user meets it: a process of its own, its streams, its exit code."""

import json
import signal

import anyio
import pytest
from commandline import (
    EXECUTUS,
    TOKEN,
    Terminal,
    environment,
    executus,
    executus_sync,
    live,
)

from executus.testing import Hang, OpenAIServer, Turn
from executus.testing.server import openai_stream

pytestmark = pytest.mark.slow


@pytest.fixture
def anyio_backend():
    """The process has its own; here one does."""
    return "asyncio"


async def test_a_run_answers_on_stdout_alone():
    done = await executus("run", "what is 6*7?", "-m", "fake", "-t", "calc.*")
    assert (done.returncode, done.stdout) == (0, b"42\n")
    told = done.stderr.decode()
    assert '→ calc__calculate {"expression":"6*7"}' in told
    assert "ok · 2 steps, 1 tool call" in told


async def test_the_task_is_read_from_stdin():
    done = await executus("run", "-", "-m", "fake", stdin=b"echo this")
    assert done.stdout == b"echo this\n"


async def test_json_is_one_object_a_line_with_the_result_last():
    done = await executus("run", "2+3?", "-m", "fake", "-t", "calc.*", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["kind"] for e in events][:2] == ["stage", "run_started"]
    assert events[-1]["kind"] == "result"
    assert (events[-1]["status"], events[-1]["output"]) == ("ok", "5")
    assert events[-1]["usage"]["requests"] == 2
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", "hi", "-m", "fakee"], 2, "did you mean 'fake'?"),
        (["run", "hi"], 2, "set EXECUTUS_MODEL=provider/model"),
        (["run", " ", "-m", "fake"], 2, "the task is empty"),
        (["run", "hi", "-m", "fake", "-t", "clac.*"], 2, "did you mean 'calc.*'"),
        (
            ["run", "hi", "-m", "openai/gpt-6-sol"],
            2,
            "openai/gpt-6-sol is not set up: set OPENAI_API_KEY",
        ),
        (["run", "hi", "-m", "bad/m"], 2, "LLM_BAD: the port is no number from 1 to 65535"),
        (["run", "hi", "-m", "fake", "-f", __file__], 2, "give an image or a PDF"),
        (["run", "hi", "-m", "fake", "--max-steps", "0"], 2, "--max-steps"),
        (["models", "--check", "nobody/x"], 2, "LLM_NOBODY would define"),
        (["nonsense"], 2, "No such command"),
    ],
)
async def test_a_mistake_is_one_sentence_and_never_a_traceback(arguments, code, says):
    bad = f"openai-compatible://{TOKEN}@127.0.0.1:99999"
    done = await executus(*arguments, LLM_BAD=bad)
    assert done.returncode == code
    told = done.stderr.decode()
    assert says in told
    assert "Traceback" not in told
    assert TOKEN not in told


async def test_a_dead_head_fails_over_and_is_not_dialled_by_the_second_request():
    turns = [Turn.calls(("calc__calculate", {"expression": "6*7"})), Turn.text("It is 42.")]
    async with OpenAIServer(turns, require_key=TOKEN) as server:
        done = await executus(
            "run", "6*7?", "-m", "dead/m,tail/m", "-t", "calc.*", "--json", LLM_TAIL=live(server)
        )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert events[-1]["output"] == "It is 42."
    routes = [(e["action"], e["model"]) for e in events if e["kind"] == "route"]
    assert routes == [
        ("attempt", "dead/m"),
        ("retry", "dead/m"),
        ("attempt", "dead/m"),
        ("bench", "dead/m"),
        ("advance", "dead/m"),
        ("attempt", "tail/m"),
        ("success", "tail/m"),
        ("skip", "dead/m"),  # the second request of the run does not dial it
        ("attempt", "tail/m"),
        ("success", "tail/m"),
    ]
    assert TOKEN not in done.stdout.decode() + done.stderr.decode()


async def test_an_interrupt_shows_what_was_reached_and_exits_130():
    turn = Turn.calls(("calc__calculate", {"expression": "6*7"}))
    async with OpenAIServer([], require_key=TOKEN) as server:
        server.enqueue(openai_stream(turn), Hang())
        arguments = ["run", "6*7?", "-m", "tail/m", "-t", "calc.*"]
        async with await anyio.open_process(
            [*EXECUTUS, *arguments], env=environment(LLM_TAIL=live(server))
        ) as process:
            await server.received(2)
            process.send_signal(signal.SIGINT)
            told = b"".join([chunk async for chunk in process.stderr]).decode()
            code = await process.wait()
    assert code == 130
    assert "cancelled · 1 step, 1 tool call" in told
    assert told.rstrip().endswith("executus: interrupted")
    assert "Traceback" not in told


def test_in_a_terminal_a_status_line_moves_and_the_answer_stays():
    terminal = Terminal("run", "what is 6*7?", "-m", "fake", "-t", "calc.*", columns=99)
    assert terminal.finish() == 0
    assert "tokens · " in terminal.shown.decode()  # the status line
    *lines, summary, end = terminal.screen
    assert lines == [
        "step 1 · fake/offline",
        '→ calc__calculate {"expression":"6*7"}',
        "← 42",
        "step 2 · fake/offline",
        "42",
    ]
    assert summary.startswith("ok · 2 steps, 1 tool call, 45 tokens in, 10 out")
    assert end == ""
    assert terminal.has_cursor


@pytest.mark.parametrize("module", ["click", "rich"])
def test_without_the_extra_one_sentence_says_what_to_install(tmp_path, module):
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError(name={module!r})")
    done = executus_sync("run", "hi", "-m", "fake", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.decode().strip() == (
        "the command line needs an extra: pip install 'executus[cli]'"
    )
