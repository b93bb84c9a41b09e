"""What the start of a command costs, counted in modules: each loads what it does, and no more."""

import json
import subprocess
import sys

import pytest
from commandline import environment

pytestmark = pytest.mark.slow

LOADED = """
import atexit, json, os, sys
sys.argv = json.loads(sys.argv[1])
def tell(*_):
    with open(3, "w") as told:
        json.dump(list(sys.modules), told)
    leave(0)
leave, os._exit = os._exit, tell
atexit.register(tell)
import executus_command
executus_command.main()
"""
WIRES = {f"majordomo.providers.{one}" for one in ("google", "llamaswap", "ollama", "responses")}
RUNS = {"executus.run", "executus.batteries", "executus.tools.files", "majordomo.agent"}
OPTIONAL = {"mcp", "PIL", "sqlite3", "aiosqlite", "aiohttp", "croniter", "pypdf", "opentelemetry"}


def loaded_by(*arguments):
    """The modules that a new interpreter has loaded when the command ends."""
    command = f'exec \'{sys.executable}\' -c "$0" "$1" 3>&1 >/dev/null 2>/dev/null'
    done = subprocess.run(
        ["bash", "-c", command, LOADED, json.dumps(["executus", *arguments])],
        check=True,
        capture_output=True,
        env=environment(),
    )
    return json.loads(done.stdout)


def ours(modules):
    return [name for name in modules if name.partition(".")[0] in ("executus", "majordomo")]


def test_the_version_costs_no_more_modules_than_it_did():
    modules = loaded_by("--version")
    assert len(modules) <= 200  # 172; those of this library are none
    assert ours(modules) == []


@pytest.mark.parametrize(
    ("arguments", "most", "without"),
    [
        (["run", "hi", "-m", "fake", "--json"], 370, WIRES | OPTIONAL | {"rich"}),
        (["run", "hi", "-m", "fake"], 370, WIRES | OPTIONAL | {"executus.cli.chat"}),
        (["chat", "-m", "fake", "--json"], 370, WIRES | OPTIONAL | {"rich"}),
        (["models", "openai/gpt-6"], 180, RUNS | OPTIONAL | {"executus.cli.chat"}),
        (["doctor", "--json"], 415, OPTIONAL | {"rich", "executus.cli.chat"}),
        (["runs", "list"], 380, WIRES | OPTIONAL | {"executus.cli.chat"}),
        (["tools", "calc.*"], 365, WIRES | OPTIONAL | {"executus.cli.chat"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_command_loads_what_it_does(arguments, most, without):
    modules = loaded_by(*arguments)
    assert not set(modules) & without
    assert len(ours(modules)) <= most
