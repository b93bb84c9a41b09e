"""`executus chat` as a person and as a pipe meet it: a process of its own, typed into."""

import json
from functools import partial

import anyio
import pytest
from commandline import Terminal, executus, half_an_answer, live

from executus.testing import LoopbackServer, OpenAIServer, Turn
from executus.testing.server import openai_stream

pytestmark = pytest.mark.slow


@pytest.fixture
def anyio_backend():
    return "asyncio"


def chatting(server, *arguments, **env):
    return Terminal(
        "chat", "-m", "box/m", *arguments, typing=True, env={"LLM_BOX": live(server), **env}
    )


async def typed(terminal, *steps):
    """Type and wait in turn: a text that begins with `<` is typed, any other is waited for."""

    def go():
        for step in steps:
            if step.startswith("<"):
                terminal.type(step[1:])
            else:
                terminal.seen(step)
        return terminal.finish()

    return await anyio.to_thread.run_sync(go)


def texts(request):
    return [
        part if isinstance(part := message["content"], str) else part[0]["text"]
        for message in request.json["messages"]
        if message["role"] in ("user", "assistant")
    ]


async def test_a_conversation_remembers_and_ends_with_ctrl_d():
    async with OpenAIServer([Turn.text("Hello Ann."), Turn.text("You are Ann.")]) as server:
        terminal = chatting(server)
        code = await typed(
            terminal, "> ", "<I am Ann\n", "ok · 1 step", "> ", "<who am I?\n", "You are Ann.",
            "ok · 1 step", "> ", "<\x04",
        )  # fmt: skip
        last = texts(server.requests[-1])
    assert code == 0
    assert last == ["I am Ann", "Hello Ann.", "who am I?"]
    assert terminal.has_cursor


async def test_ctrl_c_cancels_the_turn_and_keeps_the_conversation():
    answers = iter([half_an_answer("one two three four", anyio.sleep_forever)])

    def respond(request):
        return next(answers, None) or openai_stream(Turn.text("still here"))

    async with LoopbackServer(respond) as server:
        terminal = chatting(server)
        code = await typed(
            terminal, "> ", "<count\n", "one two", "<\x03", "executus: interrupted", "> ",
            "<and now?\n", "still here", "ok · 1 step", "> ", "<\x03",
        )  # fmt: skip
        last = texts(server.requests[-1])
    assert code == 130  # at the prompt it ends the conversation
    assert last[0] == "count"
    assert last[-1] == "and now?"
    assert "Traceback" not in terminal.shown.decode()


async def test_several_lines_between_fences_are_one_turn():
    async with OpenAIServer([Turn.text("fine")]) as server:
        terminal = chatting(server)
        code = await typed(
            terminal,
            "> ",
            '<"""\nfirst\n',
            "... ",
            '<\nsecond"""\n',
            "ok · 1 step",
            "> ",
            "</quit\n",
        )
        [said] = texts(server.requests[0])
    assert (code, said) == (0, "first\n\nsecond")


async def test_a_call_is_asked_about_and_the_answer_counts():
    call = Turn.calls(("calc__calculate", {"expression": "6*7"}))
    async with OpenAIServer([call, Turn.text("It is 42."), call, Turn.text("Then not.")]) as server:
        terminal = chatting(server, "-t", "calc.*", "--ask", "calc.*")
        code = await typed(
            terminal, "> ", "<6*7?\n", "[y/N, or why not]", "<y\n", "It is 42.", "ok · 2 steps",
            "> ", "<again\n", "[y/N, or why not]", "<not now\n", "denied", "Then not.",
            "ok · 2 steps", "> ", "<\x04",
        )  # fmt: skip
        told = server.requests[-1].json["messages"][-1]["content"]
    assert code == 0
    assert "not now" in json.dumps(told)


async def test_what_a_tool_asks_is_answered_in_a_run_too():
    asked = Turn.calls(("comms__ask_user", {"question": "Which colour?"}))
    async with OpenAIServer([asked, Turn.text("Blue it is.")]) as server:
        terminal = Terminal(
            "run", "paint", "-m", "box/m", "-t", "comms.*",
            typing=True, env={"LLM_BOX": live(server)},
        )  # fmt: skip
        code = await typed(terminal, "Which colour?", "> ", "<blue\n", "ok · 2 steps")
        assert "blue" in json.dumps(server.requests[-1].json["messages"][-1])
    assert code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "standard input is no terminal (--yes approves calls)"),
        (["--no-input"], "--no-input was given"),
        (["--yes"], "← 42"),
    ],
    ids=str,
)
async def test_a_machine_is_not_asked(options, says):
    arguments = ["run", "6*7?", "-m", "fake", "-t", "calc.*", "--ask", "calc.*", *options]
    done = await executus(*arguments)
    assert says in done.stderr.decode()


async def test_from_a_pipe_each_line_is_a_turn_and_no_prompt_is_shown(tmp_path):
    kept = tmp_path / "talk.json"
    lines = ["6*7?", "", "/usage", "/hlep", f"/save {kept}", "/tools", "//etc"]
    done = await executus("chat", "-m", "fake", "-t", "calc.*", stdin="\n".join(lines).encode())
    told = done.stderr.decode()
    assert done.stdout == b"42\n/etc\n"
    assert done.returncode == 1  # /hlep
    assert "did you mean '/help'" in told
    assert "1 turns, " in told
    assert "tools: calc.calculate" in told
    assert "> " not in told.replace("→ ", "")
    assert len(json.loads(kept.read_text())["messages"]) == 4


async def test_a_turn_that_fails_is_a_sentence_and_the_next_one_is_answered():
    async with OpenAIServer([Turn.text("back")]) as server:
        done = await executus(
            "chat",
            "-m",
            "dead/m",
            "--json",
            stdin=b"hello\n/model box/m\nhello again\n",
            LLM_BOX=live(server),
        )
    results = [
        body for line in done.stdout.splitlines() if (body := json.loads(line))["kind"] == "result"
    ]
    assert [(one["status"], one["output"]) for one in results] == [("failed", None), ("ok", "back")]
    assert done.returncode == 1
    assert "Traceback" not in done.stderr.decode()


async def test_a_model_without_its_key_is_refused_before_the_first_line():
    done = await executus("chat", "-m", "openai/m", stdin=b"hello\n")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == "executus: openai/m is not set up: set OPENAI_API_KEY\n"


async def test_a_terminal_that_is_resized_and_narrow_shows_the_whole_answer():
    words = " ".join(f"word{number}" for number in range(60))

    async def respond(_):
        return half_an_answer(words, partial(anyio.to_thread.run_sync, resize))

    def resize():
        terminal.resize(40, 8)

    async with LoopbackServer(respond) as server:
        terminal = Terminal("run", "hi", "-m", "box/m", columns=80, env={"LLM_BOX": live(server)})
        assert await anyio.to_thread.run_sync(terminal.finish) == 0
    shown = terminal.shown.decode()
    assert all(f"word{number}" in shown for number in range(60))
    assert terminal.has_cursor
