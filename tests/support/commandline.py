"""The command as a user meets it: a process of its own, in a pipe or in a pseudo-terminal.

One that runs to its end is a fork of a process that has loaded the command, unless something is
asked for that only a new interpreter shows: see `executus_sync`.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import tomllib
from functools import cache, partial
from pathlib import Path

import anyio
from commandfork import MOST_INPUT, CommandFork

from executus.testing import SSEAnswer, Turn
from executus.testing.server import openai_stream

TOKEN = "tok-canary-91c"
DEAD = f"openai-compatible://{TOKEN}@127.0.0.1:9?tls=0"


def _entry():
    """What the installed script does, by the project's own declaration."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    module, function = project["project"]["scripts"]["executus"].split(":")
    return [sys.executable, "-c", f"from {module} import {function}; {function}()"]


EXECUTUS = _entry()


def environment(**more):
    return {"PATH": os.environ["PATH"], "LLM_DEAD": DEAD, **more}


@cache
def _fork():
    return CommandFork(environment())


async def executus(*arguments, stdin=None, **env):
    return await anyio.to_thread.run_sync(
        partial(executus_sync, *arguments, env=env, **({} if stdin is None else {"input": stdin}))
    )


def executus_sync(*arguments, env=None, **streams):
    """Run to the end; `streams` as for subprocess, both captured by default.

    A new interpreter, instead of a fork, if its start could matter: a variable that interpreters
    read themselves, a stream that is no pipe, much input, and `--help` and `--version`.
    """
    env = environment(**(env or {}))
    data = streams.get("input")
    at_start = any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env)
    is_plain = streams.keys() <= {"input"} and len(data or b"") <= MOST_INPUT
    if is_plain and not at_start and not {"--help", "--version"} & set(arguments):
        return _fork().run(arguments, env, data)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    if "input" not in streams:
        streams.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([*EXECUTUS, *arguments], check=False, env=env, **streams)


def shell(line, **env):
    """Run a line of bash in which `executus` is the command; standard error is caught."""
    command = f"executus() {{ '{EXECUTUS[0]}' -c '{EXECUTUS[2]}' \"$@\"; }}; {line}"
    return subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, env=environment(**env)
    )


def live(server):
    return f"openai-compatible://{TOKEN}@{server.url.removeprefix('http://')}?tls=0"


def half_an_answer(text, then):
    """A stream that has said half of `text` when `then` is awaited."""
    whole = openai_stream(Turn.text(text)).chunks
    half = len(whole) // 2

    async def before(index):
        if index == half:
            await then()

    return SSEAnswer(whole, before=before)


def _take_terminal():
    """Make standard input the terminal that sends this process its signals."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A process in a pseudo-terminal; `typing` lets somebody type into it."""

    def __init__(
        self, *arguments, columns=60, rows=12, env=None, command=EXECUTUS, typing=False, cwd=None
    ):
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.columns = columns
        self.shown = b""
        self._looked = 0
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=follower if typing else subprocess.DEVNULL,
            stdout=follower,
            stderr=follower,
            env=environment(**{"TERM": "xterm-256color", **(env or {})}),
            start_new_session=typing,
            preexec_fn=_take_terminal if typing else None,  # noqa: PLW1509 - one system call
            cwd=cwd,
        )
        os.close(follower)

    def type(self, text):
        """Type something; `\\x03` is Ctrl-C and `\\x04` Ctrl-D."""
        os.write(self._leader, text.encode())

    def resize(self, columns, rows):
        """Give the window another size, as a window manager does."""
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def seen(self, text):
        """Wait until text has come since this was last asked."""
        while text.encode() not in self.shown[self._looked :]:
            assert self._read(), self.shown
        self._looked = self.shown.index(text.encode(), self._looked) + len(text.encode())

    def _read(self):
        try:
            chunk = os.read(self._leader, 65536)
        except OSError:  # how Linux says that the other side is closed
            chunk = b""
        self.shown += chunk
        return bool(chunk)

    def read_until(self, text):
        while text.encode() not in self.shown:
            assert self._read(), self.shown

    def finish(self):
        """Read to the end; the exit code."""
        while self._read():
            pass
        os.close(self._leader)
        return self.process.wait()

    async def after(self, text, then):
        """Wait for text, do something, and read to the end; the exit code."""
        await anyio.to_thread.run_sync(partial(self.read_until, text))
        then()
        return await anyio.to_thread.run_sync(self.finish)

    @property
    def has_cursor(self):
        text = self.shown.decode()
        return text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")

    @property
    def screen(self):
        """The lines that stand there, scrolled ones included."""
        lines, row, column = [""], 0, 0
        for piece in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|[^\x1b]", self.shown.decode()):
            if piece == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif piece == "\r":
                column = 0
            elif piece == "\x1b[2K":
                lines[row] = ""
            elif piece == "\x1b[1A":
                row -= 1
            elif not piece.startswith("\x1b"):
                if column == self.columns:
                    row, column = row + 1, 0
                    lines += [""] * (row + 1 - len(lines))
                lines[row] = lines[row][:column].ljust(column) + piece + lines[row][column + 1 :]
                column += 1
        return [line.rstrip() for line in lines]
