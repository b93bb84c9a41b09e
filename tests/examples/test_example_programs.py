"""Every example runs offline as a user runs it, and prints what its header says."""

import ast
import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import anyio
import pytest

from executus.testing import LoopbackServer, OpenAIServer, Turn
from executus.testing.server import openai_answer, openai_error, openai_stream

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
TOUR = sorted((EXAMPLES / "tour").glob("*.py"))
NINE = {
    "parse", "failover", "tiers", "env_providers", "multimodal", "tool_loop", "structured",
    "agent", "skills",
}  # fmt: skip
KEY = "sk-canary-77"


@pytest.fixture
def anyio_backend():
    """The process has its own; here one does."""
    return "asyncio"


def run(program, tmp_path, *arguments, **env):
    return subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **env},
    )


def promised(path):
    """The lines that a header says are printed; `…` stands for anything."""
    header = ast.get_docstring(ast.parse(path.read_text()))
    return [line[4:] for line in header.split("Prints:\n\n")[1].splitlines()]


def test_there_are_the_nine():
    assert {path.stem for path in TOUR} == NINE


@pytest.mark.parametrize("path", TOUR, ids=lambda path: path.stem)
def test_a_program_of_the_tour_is_short_and_prints_what_its_header_says(path, tmp_path):
    assert len(path.read_text().splitlines()) <= 40
    prints_what_its_header_says(path, tmp_path)


@pytest.mark.parametrize("name", ["batteries", "mcp_server", "own_store"])
def test_a_program_beside_the_tour_prints_what_its_header_says(name, tmp_path):
    prints_what_its_header_says(EXAMPLES / f"{name}.py", tmp_path)


def prints_what_its_header_says(path, tmp_path):
    done = run(path, tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0
    wanted = promised(path)
    found = done.stdout.splitlines()
    assert len(found) == len(wanted)
    for line, pattern in zip(found, wanted, strict=True):
        assert re.fullmatch(".+".join(map(re.escape, pattern.split("…"))), line), line


def test_the_minimal_one_is_minimal(tmp_path):
    assert len((EXAMPLES / "minimal.py").read_text().splitlines()) <= 15
    assert run("minimal.py", tmp_path).stdout == "42 ok, 2 model calls\n"


def test_the_demo_shows_its_steps(tmp_path):
    done = run("demo.py", tmp_path, EXECUTUS_MODEL="fake")
    assert done.returncode == 0, done.stderr
    assert '→ calc__calculate({"expression":"12*(3+4)"})' in done.stdout
    assert "answer: There are 29 days" in done.stdout


class Endpoint(LoopbackServer):
    """A model that does what the six checks ask for, unless one of them is spoilt."""

    def __init__(self, spoilt=""):
        super().__init__()
        self._spoilt = spoilt

    def respond(self, request):
        body = request.json
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return openai_error(401, "Incorrect API key provided.", code="invalid_api_key")
        turn = self._turn(body)
        return openai_stream(turn) if body.get("stream") else openai_answer(turn)

    def _turn(self, body):
        last, tools = (
            body["messages"][-1],
            [one["function"]["name"] for one in body.get("tools", ())],
        )
        text = last["content"]
        if last["role"] == "tool":
            return Turn.text("no idea" if self._spoilt == "tool" else f"It is: {text}")
        if "get_launch_code" in tools:
            return Turn.calls(("get_launch_code", {}))
        if "calculate" in tools:
            return Turn.calls(("calculate", {"expression": "791*71"}))
        if "response_format" in body:
            return Turn.text("{}" if self._spoilt == "structured" else json.dumps(TOKYO))
        return Turn.text("" if self._spoilt == "chat" else "Hello!")


TOKYO = {"name": "Tokyo", "country": "Japan", "population": 14_000_000}


async def live(server, tmp_path):
    env = {"LLM_BASE_URL": f"{server.url}/v1", "LLM_MODEL": "m", "LLM_API_KEY": KEY}
    return await anyio.to_thread.run_sync(partial(run, "live.py", tmp_path, **env))


async def test_the_six_checks_pass_against_an_endpoint(tmp_path):
    async with Endpoint() as server:
        done = await live(server, tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [re.split(r" {2,}", line)[0].replace("PASS", "").strip() for line in lines] == [
        "tiers resolve", "chat", "tool", "structured", "failover", "skill",
    ]  # fmt: skip
    assert all(" PASS " in f" {line} " for line in lines)
    assert "City(name='Tokyo', country='Japan', population=14000000)" in lines[3]
    assert KEY not in done.stdout


@pytest.mark.parametrize("spoilt", ["chat", "tool", "structured"])
async def test_a_check_that_fails_is_a_line_and_an_exit_code(tmp_path, spoilt):
    async with Endpoint(spoilt) as server:
        done = await live(server, tmp_path)
    assert done.returncode == 1
    failed = [line.split()[0] for line in done.stdout.splitlines() if "FAIL" in line]
    assert spoilt in failed
    assert "Traceback" not in done.stderr


async def test_an_endpoint_that_refuses_the_key_fails_what_asks_it(tmp_path):
    async with OpenAIServer(require_key="another") as server:
        done = await live(server, tmp_path)
    assert done.returncode == 1
    assert done.stdout.count("FAIL") == 5
    assert "Incorrect API key" in done.stdout


def test_without_an_endpoint_the_checks_are_left_out_politely(tmp_path):
    done = run("live.py", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("live: no endpoint, nothing is checked; set EXECUTUS_MODEL")


def test_a_misspelt_endpoint_is_one_sentence(tmp_path):
    done = run("live.py", tmp_path, EXECUTUS_MODEL="opnai/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'openai/x'?" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_index_names_every_example():
    index = (EXAMPLES / "README.md").read_text()
    programs = [path.relative_to(EXAMPLES) for path in (*EXAMPLES.glob("*.py"), *TOUR)]
    folders = [path.name for path in EXAMPLES.iterdir() if (path / "README.md").exists()]
    for name in (*map(str, programs), *folders):
        assert f"({name}" in index, name
