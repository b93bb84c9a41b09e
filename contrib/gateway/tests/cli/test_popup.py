"""Questions in a popup of a real tmux: it opens by itself, takes the answer, and goes."""

import fcntl
import os
import shutil
import struct
import sys
import termios
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import pytest
from executus_gateway.cli.popup import Popup, watch_with_popups
from executus_gateway.errors import Refused
from executus_gateway.schema import Answer
from executus_gateway.sdk import Client, stop_daemon

from majordomo.clock import SYSTEM_CLOCK

CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
ASKS = "an agent asks"
TMUX = shutil.which("tmux")

needs_tmux = pytest.mark.skipif(
    TMUX is None, reason="tmux is not installed: the popup was not tried (apt-get install tmux)"
)


class Screen:
    """What a terminal that is attached to tmux was sent, and a keyboard before it."""

    def __init__(self, terminal):
        self._terminal = terminal
        self.seen = ""

    async def read(self):
        while True:
            await anyio.wait_readable(self._terminal)
            try:
                self.seen += os.read(self._terminal, 65536).decode("utf-8", "replace")
            except OSError:
                return

    async def until(self, text, times=1):
        while self.seen.count(text) < times:
            await SYSTEM_CLOCK.sleep(0.02)

    def type(self, text):
        os.write(self._terminal, text.encode())


@pytest.fixture
async def tmux(tmp_path):
    """A server of our own with one session, in which the command given runs."""
    base = [TMUX, "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]

    async def run(*arguments):
        return await anyio.run_process([*base, *arguments])

    @asynccontextmanager
    async def attached():
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        process = await anyio.open_process(
            [*base, "attach"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)
        screen = Screen(ours)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(screen.read)
                yield screen
                group.cancel_scope.cancel()
        finally:
            os.close(ours)
            with anyio.CancelScope(shield=True), suppress(ProcessLookupError):
                process.kill()
                await process.wait()

    run.attached = attached
    yield run
    await anyio.run_process([*base, "kill-server"], check=False)


def watching(home):
    command = [sys.executable, "-m", "executus_gateway.cli", "--home", str(home)]
    return [*command, "inbox", "watch", "--popup"]


def popups(home):
    """The processes that answer in a popup."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = place.read_bytes().split(b"\0")
            if str(home).encode() in words and b"--linger" in words:
                found.append(place.parent.name)
    return found


async def until_gone(home):
    while popups(home):
        await SYSTEM_CLOCK.sleep(0.02)


@needs_tmux
@pytest.mark.slow
async def test_a_question_opens_a_popup_and_an_answer_closes_it(served, pets, tmux):
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.execute(pets.add())
        await tmux("new-session", "-d", *watching(served))
        async with tmux.attached() as screen:
            for number in (1, 2):
                run = await client.start(CREATE)
                await screen.until(ASKS, number)
                await screen.until("[y/N", number)
                screen.type("y\r")
                assert (await client.wait(run.id)).outcome.value["ok"]
                await until_gone(served)
    assert len(pets.writes) == 2


@needs_tmux
@pytest.mark.slow
async def test_a_popup_goes_when_others_answer(served, pets, tmux):
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.execute(pets.add())
        await tmux("new-session", "-d", *watching(served))
        async with tmux.attached() as screen:
            run = await client.start(CREATE)
            await screen.until("[y/N")
            (asked,) = await client.inbox()
            await client.answer(asked.id, Answer(verdict="decline"))
            await client.wait(run.id)
            await until_gone(served)
    assert pets.writes == []


@needs_tmux
@pytest.mark.slow
async def test_a_popup_that_is_closed_stays_closed_until_there_is_another_question(
    served, pets, tmux
):
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.execute(pets.add())
        await tmux("new-session", "-d", *watching(served))
        async with tmux.attached() as screen:
            await client.start(CREATE)
            await screen.until("[y/N")
            screen.type("\x03")
            await until_gone(served)
            assert len(await client.inbox()) == 1
            assert screen.seen.count(ASKS) == 1
            await client.start(CREATE)
            await screen.until(ASKS, 2)
    assert pets.writes == []


@needs_tmux
@pytest.mark.slow
async def test_who_attaches_later_is_asked_and_daemons_may_come_and_go(served, pets, tmux):
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.execute(pets.add())
        await tmux("new-session", "-d", *watching(served))
        await client.start(CREATE)
    await stop_daemon(served)
    async with (
        await Client.create(adapter="daemon", folder=served) as client,
        tmux.attached() as screen,
    ):
        await screen.until("[y/N")
        screen.type("y\r")
        (run,) = (await client.runs())[1:]
        assert (await client.wait(run.id)).outcome.value["ok"]
    assert len(pets.writes) == 1


@pytest.mark.parametrize("environment", [{"PATH": os.environ["PATH"]}, {"TMUX": "x", "PATH": "/"}])
async def test_without_a_tmux_session_one_sentence_says_so(home, environment):
    with pytest.raises(Refused, match="popups need a tmux session"):
        await Popup.here(home, environment)


class Refusing:
    """Stands for a tmux to which nobody is attached, at first."""

    def __init__(self, *told):
        self.told = list(told)
        self.shown = anyio.Event()

    async def show(self):
        told = self.told.pop(0)
        if not told:
            self.shown.set()
        return told


async def test_what_tmux_refuses_is_told_once_and_tried_again(served, pets, capsys):
    popup = Refusing("no current client", "no current client", "")
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.start(pets.add() + CREATE)
        async with anyio.create_task_group() as group:
            group.start_soon(watch_with_popups, served, popup)
            await popup.shown.wait()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    assert popup.told == []
    assert capsys.readouterr().err.count("no current client") == 1
