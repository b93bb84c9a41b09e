"""What the start of a command costs, counted in modules: a client loads nothing of the daemon."""

import json
import subprocess
import sys

import pytest
from executus_gateway.cli import agents, launch
from executus_gateway.cli.app import cli

pytestmark = pytest.mark.slow

LOADED = """
import json, sys
sys.argv = json.loads(sys.argv[1])
from executus_gateway.cli import main
try:
    main()
except SystemExit:
    sys.stderr.write("\\n" + json.dumps(list(sys.modules)))
"""
DAEMON = {"executus_gateway.service", "executus_gateway.assembly", "executus_gateway.sources"}
SERVING = {"mcp", "starlette", "uvicorn", "graphql", "jsonschema", "jinja2", "cryptography", "yaml"}
SANDBOX = {"pydantic_monty"}
HARNESS = {"executus.run", "executus.registry", "majordomo.llm", "majordomo.builtin"}


def loaded_by(*arguments):
    """The modules that a new interpreter has loaded when the command ends."""
    command = [sys.executable, "-c", LOADED, json.dumps(["executus-gateway", *arguments])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stderr.splitlines()[-1])


@pytest.mark.parametrize("arguments", [["--version"], ["daemon", "status", "--json"]], ids=str)
def test_a_client_loads_nothing_of_the_daemon(arguments, tmp_path):
    modules = set(loaded_by("--home", str(tmp_path), *arguments))
    assert not modules & (DAEMON | SERVING | SANDBOX | HARNESS | {"rich"})
    ours = {name for name in modules if name.startswith(("executus", "majordomo"))}
    assert len(ours) <= 110


def test_no_command_but_the_bridge_loads_the_daemon():
    code = """
import sys
from executus_gateway.cli.app import cli
for name in cli.commands:
    if name != "mcp":
        cli.commands[name]
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    modules = set(done.stdout.split())
    assert "executus_gateway.cli.sources" in modules
    assert not modules & (DAEMON | SERVING | SANDBOX | HARNESS)


def test_the_daemon_loads_nothing_of_the_harness():
    code = "import executus_gateway.daemon.process, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    modules = set(done.stdout.split())
    assert "executus_gateway.service" in modules
    assert not modules & (HARNESS - {"majordomo.llm"})


def test_each_agent_that_is_known_has_its_command():
    assert {name: cli.commands[name] for name in agents.AGENTS} == {
        name: getattr(launch, name) for name in agents.AGENTS
    }
