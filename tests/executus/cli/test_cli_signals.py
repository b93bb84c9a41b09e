"""Signals: the run is cancelled and closed, what came of it stays, the terminal is as it was."""

import json
import os
import signal
import subprocess
import sys
from functools import partial

import anyio
import pytest
from commandline import (
    EXECUTUS,
    Terminal,
    environment,
    executus,
    half_an_answer,
    live,
    shell,
)

from executus.cli.process import AGAIN_AFTER_S, Signals
from executus.testing import Close, Hang, LoopbackServer, OpenAIServer, Turn
from executus.testing.server import openai_stream

pytestmark = pytest.mark.slow

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
HALF = "one two three"
WHOLE = f"{HALF} four five six"


@pytest.fixture
def anyio_backend():
    return "asyncio"


def halting(_=None):
    return half_an_answer(WHOLE, anyio.sleep_forever)


def said(told):
    """The text in the whole lines of JSON."""
    lines = [json.loads(line) for line in told.splitlines(keepends=True) if line.endswith(b"\n")]
    return "".join(line["text"] for line in lines if line["kind"] == "text")


def has_ended(process, within_s):
    try:
        process.wait(timeout=within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.mark.parametrize(("number", "code"), SIGNALS)
async def test_in_a_terminal_the_text_stays_and_the_cursor_comes_back(number, code):
    async with LoopbackServer(halting) as server:
        terminal = Terminal("run", "hi", "-m", "box/m", env={"LLM_BOX": live(server)})
        ended = await terminal.after(HALF, lambda: terminal.process.send_signal(number))
    assert ended == code
    assert terminal.has_cursor
    step, text, summary, reason, _ = terminal.screen
    assert step == "step 1 · box/m"
    assert text.startswith(HALF)
    assert summary.startswith("cancelled · 0 steps")
    assert reason == "executus: interrupted"


@pytest.mark.parametrize(("number", "code"), SIGNALS)
async def test_as_json_the_result_has_the_text_that_came(number, code):
    async with LoopbackServer(halting) as server:
        arguments = ["run", "hi", "-m", "box/m", "--json"]
        async with await anyio.open_process(
            [*EXECUTUS, *arguments], env=environment(LLM_BOX=live(server))
        ) as process:
            told = b""
            while HALF not in said(told):
                told += await process.stdout.receive()
            process.send_signal(number)
            told += b"".join([chunk async for chunk in process.stdout])
            assert await process.wait() == code
    *events, result = [json.loads(line) for line in told.splitlines()]
    assert events[-1]["kind"] == "run_ended"  # the close stage was walked, and told
    assert (result["kind"], result["status"]) == ("result", "cancelled")
    assert result["output"] is None
    assert result["partial_text"].startswith(HALF)
    assert result["error"] == "interrupted"


async def test_where_the_terminal_went_away_the_exit_code_is_that_of_the_signal():
    reader, writer = os.pipe()
    async with (
        LoopbackServer(halting) as server,
        await anyio.open_process(
            [*EXECUTUS, "run", "hi", "-m", "box/m", "--json"],
            stdout=writer,
            env=environment(LLM_BOX=live(server)),
        ) as process,
    ):
        os.close(writer)
        told = b""
        while HALF not in said(told):
            told += await anyio.to_thread.run_sync(os.read, reader, 65536)
        os.close(reader)
        process.send_signal(signal.SIGHUP)
        assert [chunk async for chunk in process.stderr] == []
        assert await process.wait() == 129


async def test_a_stream_that_breaks_leaves_the_text_it_brought():
    chunks = openai_stream(Turn.text(WHOLE))
    size = sum(map(len, chunks.chunks[: len(chunks.chunks) // 2]))
    async with LoopbackServer(lambda _: Close(after_bytes=size, answer=chunks)) as server:
        plain = await executus("run", "hi", "-m", "box/m", LLM_BOX=live(server))
        lines = await executus("run", "hi", "-m", "box/m", "--json", LLM_BOX=live(server))
    assert (plain.returncode, lines.returncode) == (1, 1)
    assert plain.stdout.decode().startswith(HALF)
    assert "failed" in plain.stderr.decode()
    result = json.loads(lines.stdout.splitlines()[-1])
    assert result["partial_text"].startswith(HALF)
    assert result["status"] == "failed"


async def test_a_time_limit_leaves_the_text_that_came():
    async with LoopbackServer(halting) as server:
        done = await executus(
            "run", "hi", "-m", "box/m", "--max-runtime", "1.5", LLM_BOX=live(server)
        )
    assert done.returncode == 1
    assert done.stdout.decode().startswith(HALF)
    assert "max_runtime_s" in done.stderr.decode()


async def test_a_check_that_is_interrupted_has_told_what_answered():
    async with OpenAIServer([]) as server:
        server.enqueue(Hang())
        async with await anyio.open_process(
            [*EXECUTUS, "models", "--check", "box/m", "fake"],
            env=environment(LLM_BOX=live(server)),
        ) as process:
            assert (await process.stdout.receive()).decode().startswith("✓ fake/offline")
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130
            assert [chunk async for chunk in process.stderr] == []


@pytest.mark.parametrize("module", ["pydantic_core", "click"])
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_while_it_is_being_imported_a_signal_ends_it_without_a_word(tmp_path, module, number, code):
    slow = "import signal, sys; sys.stdout.write('importing'); sys.stdout.flush(); signal.pause()"
    (tmp_path / f"{module}.py").write_text(slow)
    with subprocess.Popen(
        [*EXECUTUS, "run", "hi"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PYTHONPATH=str(tmp_path)),
    ) as process:
        assert process.stdout.read(9) == b"importing"
        process.send_signal(number)
        assert process.stderr.read() == b""
    assert process.returncode == code


def test_while_it_reads_its_input_a_signal_ends_it_without_a_word():
    with subprocess.Popen(
        [*EXECUTUS, "run", "-", "-m", "fake"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        process.stdin.write(b"x" * 500_000)  # more than a pipe holds: somebody reads
        process.send_signal(signal.SIGINT)
        while not has_ended(process, within_s=1):  # it came just before the next read began
            process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
    assert process.returncode == 130


async def test_a_signal_that_is_ignored_stays_ignored():
    """As under `nohup`."""
    asked, released = anyio.Event(), anyio.Event()

    async def respond(_):
        asked.set()
        await released.wait()
        return openai_stream(Turn.text("done"))

    code = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {EXECUTUS[2]}"
    async with (
        LoopbackServer(respond) as server,
        await anyio.open_process(
            [sys.executable, "-c", code, "run", "hi", "-m", "box/m"],
            env=environment(LLM_BOX=live(server)),
        ) as process,
    ):
        await asked.wait()
        process.send_signal(signal.SIGHUP)
        released.set()
        told = b"".join([chunk async for chunk in process.stdout])
        assert await process.wait() == 0
    assert told == b"done\n"


STUCK = """
import anyio
from executus.cli.process import run_async

async def work():
    print("ready", flush=True)
    with anyio.CancelScope(shield=True):
        await anyio.sleep_forever()

run_async(work)
"""


def test_what_does_not_end_at_the_first_signal_is_left_at_a_later_one():
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        while not has_ended(process, within_s=0.1):
            process.send_signal(signal.SIGTERM)
        assert process.stderr.read() == b""
    assert process.returncode == 143


def test_what_is_left_at_once_leaves_the_cursor_behind():
    terminal = Terminal(command=[sys.executable, "-c", STUCK])
    terminal.read_until("ready")
    terminal.process.send_signal(signal.SIGINT)
    while not has_ended(terminal.process, within_s=0.1):
        terminal.process.send_signal(signal.SIGINT)
    assert terminal.finish() == 130
    assert "\x1b[?25h" in terminal.shown.decode()


async def test_a_run_whose_reader_went_away_ends_without_waiting_for_its_model():
    async with LoopbackServer(halting) as server:
        run = partial(shell, "executus run hi -m box/m --json | head -1; echo ${PIPESTATUS[@]}")
        done = await anyio.to_thread.run_sync(partial(run, LLM_BOX=live(server)))
    event, codes = done.stdout.decode().splitlines()
    assert json.loads(event)["kind"] == "stage"
    assert (codes, done.stderr) == ("141 0", b"")


class Watch:
    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


def test_an_echo_of_the_first_signal_is_not_a_second_one(monkeypatch):
    left, cancelled, clock = [], [], Watch()
    monkeypatch.setattr(os, "_exit", left.append)
    with Signals(clock) as signals:
        signals.cancel_by(lambda: cancelled.append(True))
        signal.raise_signal(signal.SIGTERM)
        clock.now = AGAIN_AFTER_S - 0.01
        signal.raise_signal(signal.SIGTERM)
        assert (cancelled, left, signals.exit_code) == ([True], [], 143)
        clock.now = AGAIN_AFTER_S
        signal.raise_signal(signal.SIGINT)
    assert left == [130]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_before_there_is_anything_to_cancel_cancels_it_then():
    cancelled = []
    with Signals() as signals:
        signal.raise_signal(signal.SIGHUP)
        signals.cancel_by(lambda: cancelled.append(True))
    assert cancelled == [True]
