"""The processes of a measurement: the mock server, and one fresh child per contestant and round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from environments import HERE, SERVER, python

TIMEOUT_S = 1500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a child printed: its figures, or why there are none."""

    figures: dict[str, float] = field(default_factory=dict[str, float])
    error: str = ""
    stderr: str = ""


def environment(*, cpu: int | None) -> dict[str, str]:
    """The same for every contestant: no proxy, no Python options, no real key."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.lower().endswith("_proxy") and not key.startswith(("PYTHON", "BENCH_"))
    }
    env |= {"PYTHONHASHSEED": "0", "OPENAI_API_KEY": "sk-mock"}
    return env if cpu is None else env | {"BENCH_CPU": str(cpu)}


def cpus(*, pin: bool) -> tuple[int | None, int | None]:
    """One CPU for the client and another for the server, where the system can pin at all."""
    if not pin or not hasattr(os, "sched_getaffinity"):
        return None, None
    allowed = os.sched_getaffinity(0)
    return min(allowed), max(allowed)


class MockServer:
    """The mock server as a process; a context manager."""

    def __init__(self, *, pin: bool) -> None:
        own = python(SERVER)
        self.process = subprocess.Popen(
            [own if own.exists() else sys.executable, HERE / "mock_server.py", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(cpu=cpus(pin=pin)[1]),
        )
        assert self.process.stdout is not None
        self.root = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def get(self, path: str) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.root + path) as answer:
            return json.load(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.terminate()
        self.process.communicate()


def run_child(
    name: str,
    workload: str,
    server: MockServer,
    arguments: Sequence[object],
    *,
    pin: bool = False,
    prefix: Sequence[str] = (),
) -> Outcome:
    """One workload of one contestant in a process of its own."""
    command = [*prefix, python(name), "-P", HERE / "child.py", name, workload, server.root + "/v1"]
    with tempfile.TemporaryDirectory() as directory:
        try:
            done = subprocess.run(
                [*map(str, command), *map(str, arguments)],
                cwd=Path(directory),
                env=environment(cpu=cpus(pin=pin)[0]),
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(error=f"no end after {TIMEOUT_S} s")
    try:
        return Outcome(figures=json.loads(done.stdout.splitlines()[-1]), stderr=done.stderr)
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return Outcome(error=last[:300], stderr=done.stderr)
