"""Runs the command in forks of a process that has loaded it, for tests of anything but its start.

Each is a process of its own all the same: its streams, environment, signals and exit code are what
a new interpreter would have. That those must not be needed at the start is for callers to see to.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack

MOST_INPUT = 4096  # every pipe takes that much at once


class CommandFork:
    """The process that forks; it ends with this one.

    Args:
        environ: What it is started with: what interpreters read before any code runs.
    """

    def __init__(self, environ):
        self._ours, theirs = socket.socketpair()
        self._turn = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(self, arguments, environ, data=None):
        """Run the command to its end.

        Args:
            arguments: What follows its name.
            environ: Its whole environment.
            data: Its standard input, `MOST_INPUT` bytes at most; None for the null device.
        """
        with ExitStack() as stack:
            out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            status, told = os.pipe()
            given = _filled(data)
            streams = [given, out.fileno(), err.fileno(), told]
            with os.fdopen(status, "rb") as ends:
                self._ask(streams, {"arguments": [*map(str, arguments)], "environ": environ})
                os.close(told)
                os.close(given)
                code = int(ends.readline())
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def _ask(self, streams, wanted):
        with self._turn:
            body = json.dumps({**wanted, "folder": os.getcwd()}).encode() + b"\n"
            socket.send_fds(self._ours, [body], streams)
            assert self._ours.recv(1) == b"\n", "the forking process has ended"


def _filled(data):
    if data is None:
        return os.open(os.devnull, os.O_RDONLY)
    here, there = os.pipe()
    assert len(data) <= MOST_INPUT
    os.write(there, data)
    os.close(there)
    return here


def served(connection):
    """Fork for each request; returns in the fork, with what it is to run, and None at the end."""
    while True:
        text, streams, *_ = socket.recv_fds(connection, 65536, 4)
        while text and not text.endswith(b"\n"):
            text += connection.recv(65536)
        if not text:
            return None
        connection.sendall(b"\n")
        if not os.fork():
            connection.close()
            return json.loads(text), streams
        for stream in streams:
            os.close(stream)


def kept(streams):
    """Fork once more: the parent tells how the child ended. Returns in the child."""
    *ours, told = streams
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if child := os.fork():
        for stream in ours:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.close(told)
    for number, stream in enumerate(ours):
        os.dup2(stream, number)
        os.close(stream)


def become(wanted):
    """Take on what was asked for, but what interpreters set themselves at their start."""
    own = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}
    os.environ.clear()
    os.environ.update({**own, **wanted["environ"]})
    os.chdir(wanted["folder"])
    sys.argv = ["executus", *wanted["arguments"]]


if __name__ == "__main__":
    import executus_command
    from executus.cli.app import cli

    for name in cli.commands:
        cli.commands[name]
    gc.freeze()  # else each fork would copy what the collector walks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    found = served(socket.socket(fileno=int(sys.argv[1])))
    if found is not None:
        asked, descriptors = found
        kept(descriptors)
        become(asked)
        executus_command.main()
