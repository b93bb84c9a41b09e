"""`python -m llama_cpp.server` as a real process on a free loopback port."""

import json
import queue
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

HOST = "127.0.0.1"
KEY = "sk-canary-llama"
CONTEXT = 1024
START_S = 40
_PORT_ATTEMPTS = 3
_LISTENING = "Uvicorn running on"
_KEPT_LINES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaServer:
    """A server that answers.

    Attributes:
        port: On loopback.
        process: Its process.
        log: The last lines it wrote.
    """

    port: int
    process: subprocess.Popen[str]
    log: deque[str]

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
    log: deque[str] = deque(maxlen=_KEPT_LINES)
    for _ in range(_PORT_ATTEMPTS):  # somebody else may take a port between finding and using it
        port = _free_port()
        process = _spawn(_settings(model, formats, port, interrupt=interrupt))
        if _is_up(process, log):
            return LlamaServer(port=port, process=process, log=log)
        _kill(process)
        if not any("address already in use" in line for line in log):
            break
    raise RuntimeError("the server did not come up; it said:\n" + "".join(log))


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


def _spawn(settings: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", "--config_file", str(settings)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _is_up(process: subprocess.Popen[str], log: deque[str]) -> bool:
    """Wait for the line that says so; False when the process ends or takes too long instead."""
    listening: queue.Queue[bool] = queue.Queue()

    def read() -> None:
        with process.stdout:
            for line in process.stdout:  # to the end: a full pipe would stop the server
                log.append(line)
                if _LISTENING in line:
                    listening.put(True)
        listening.put(False)

    threading.Thread(target=read, daemon=True).start()
    try:
        return listening.get(timeout=START_S)
    except queue.Empty:
        return False


def _kill(process: subprocess.Popen[str]) -> None:
    """Not asked but ended: an open stream would hold up a polite end."""
    process.kill()
    process.wait()
