"""`python -m llama_cpp.server` as a real process on a free loopback port."""

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

HOST = "127.0.0.1"
KEY = "sk-canary-llama"
CONTEXT = 1024
START_S = 40
_PORT_ATTEMPTS = 3
_LISTENING = "Uvicorn running on"
_KEPT_LINES = 50


class Log:
    """The last lines a server wrote; waits for those to come."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._changed = threading.Condition()
        self._ended = False

    def __str__(self) -> str:
        with self._changed:
            return "".join(self._lines)

    def read(self, pipe: IO[str]) -> None:
        """Take all lines, to the end: a full pipe would stop the server."""
        with pipe:
            for line in pipe:
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, text: str) -> bool:
        """Whether a line with this text has come, and is now forgotten; False in time if none."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._find(text) is not None, START_S)
            found = self._find(text)
            if found is not None:
                self._lines.remove(found)
            return found is not None

    def _find(self, text: str) -> str | None:
        return next((line for line in self._lines if text in line), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaServer:
    """A server that answers.

    Attributes:
        port: On loopback.
        process: Its process.
        log: What it wrote.
    """

    port: int
    process: subprocess.Popen[str]
    log: Log

    @property
    def base_url(self) -> str:
        """Up to and including `/v1`."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def dsn(self) -> str:
        """What a variable that declares it holds."""
        return f"openai-compatible://{KEY}@{HOST}:{self.port}?tls=0"

    def models(self) -> list[str]:
        """The names it lists."""
        request = urllib.request.Request(
            f"{self.base_url}/models", headers={"authorization": f"Bearer {KEY}"}
        )
        with urllib.request.urlopen(request, timeout=START_S) as answer:
            return [model["id"] for model in json.load(answer)["data"]]


@contextmanager
def serving(
    model: Path, formats: dict[str, str | None], *, interrupt: bool
) -> Iterator[LlamaServer]:
    """Serve a model file under several names; the process is gone when the block ends.

    Args:
        model: A GGUF file; the server's settings are written beside it.
        formats: Chat format by model name; None for the template in the file.
        interrupt: Let a new request end a stream that is running, the server's default.

    Raises:
        RuntimeError: It did not come up; the message holds the end of its log.
    """
    server = _start(model, formats, interrupt=interrupt)
    try:
        assert server.models() == list(formats)
        yield server
    finally:
        _kill(server.process)


def _start(model: Path, formats: dict[str, str | None], *, interrupt: bool) -> LlamaServer:
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        port = _free_port()
        process, log = _spawn(_settings(model, formats, port, interrupt=interrupt))
        if log.wait(_LISTENING):
            return LlamaServer(port=port, process=process, log=log)
        _kill(process)
        # Somebody else may take a port between finding and using it.
        if attempt == _PORT_ATTEMPTS or "address already in use" not in str(log):
            raise RuntimeError(f"the server did not come up; it said:\n{log}")
    raise AssertionError("the last attempt returns or raises")


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        return bound.getsockname()[1]


def _settings(model: Path, formats: dict[str, str | None], port: int, *, interrupt: bool) -> Path:
    models = [
        {
            "model": str(model),
            "model_alias": alias,
            "chat_format": chat_format,
            "n_ctx": CONTEXT,
            "n_threads": 1,
            "verbose": False,
        }
        for alias, chat_format in formats.items()
    ]
    path = model.with_name(f"server-{port}.json")
    settings = {"host": HOST, "port": port, "api_key": KEY, "interrupt_requests": interrupt}
    path.write_text(json.dumps({**settings, "models": models}))
    return path


def _spawn(settings: Path) -> tuple[subprocess.Popen[str], Log]:
    process = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", "--config_file", str(settings)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
        errors="replace",
    )
    log = Log()
    threading.Thread(target=log.read, args=[process.stdout], daemon=True).start()
    return process, log


def _kill(process: subprocess.Popen[str]) -> None:
    """Not asked but ended: an open stream would hold up a polite end."""
    process.kill()
    process.wait()
