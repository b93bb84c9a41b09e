"""Agents are started with the gateway at hand, as themselves: arguments, exit code, signals."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from daemons import daemon_home, end_daemon
from executus_gateway.cli.agents import AGENTS
from executus_gateway.local import DaemonFiles
from executus_gateway.sdk import DaemonAddress

SUPPORT = Path(__file__).parents[1] / "support"
COMMAND = [sys.executable, "-c", "from executus_gateway.cli import main; main()"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def module_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("launch") / "home"
    daemon_home(home)
    yield home
    anyio.run(end_daemon, home)


@pytest.fixture
def surroundings(module_home, tmp_path):
    """An environment in which all agents are installed."""
    for name in AGENTS:
        agent = tmp_path / "bin" / name
        agent.parent.mkdir(exist_ok=True)
        agent.write_text(f"#!{sys.executable}\n" + (SUPPORT / "fakeagent.py").read_text())
        agent.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(SUPPORT),
        "EXECUTUS_GATEWAY_HOME": str(module_home),
        "SEEN": str(tmp_path / "seen"),
    }


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_uses_the_gateway_and_its_exit_code_is_the_commands(
    name, surroundings, module_home
):
    ended = subprocess.run(
        [*COMMAND, name, "--exit", "7", "-p", "do this", "--help"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (7, "")
    seen = json.loads(Path(surroundings["SEEN"]).read_text())
    assert seen["answer"] == "42"
    assert seen["args"] == ["--exit", "7", "-p", "do this", "--help"]
    files = DaemonFiles(module_home)
    assert not any(token in part for part in seen["argv"] for token in _tokens(files))


def _tokens(files):
    return files.token(), files.agent_token()


def test_a_signal_reaches_the_agent_itself(surroundings):
    agent = subprocess.Popen(
        [*COMMAND, "codex", "--wait"], env=surroundings, stdout=subprocess.PIPE, text=True
    )
    assert agent.stdout.readline() == "waiting\n"
    agent.send_signal(signal.SIGTERM)
    agent.communicate()
    assert agent.returncode == -signal.SIGTERM


def test_what_opencode_was_told_before_is_kept(surroundings):
    before = {"theme": "dark", "mcp": {"other": {"type": "local"}}}
    surroundings["OPENCODE_CONFIG_CONTENT"] = json.dumps(before)
    subprocess.run([*COMMAND, "opencode"], env=surroundings, check=True)
    told = json.loads(Path(surroundings["SEEN"] + ".config").read_text())
    assert told == {"theme": "dark", "others": ["executus", "other"]}


def test_what_opencode_was_told_in_nonsense_is_refused(surroundings):
    surroundings["OPENCODE_CONFIG_CONTENT"] = "[1]"
    ended = subprocess.run(
        [*COMMAND, "opencode"], env=surroundings, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, "OPENCODE_CONFIG_CONTENT is set" in ended.stderr) == (2, True)
    assert not Path(surroundings["SEEN"]).exists()


def test_claudes_file_is_private(surroundings, module_home):
    subprocess.run([*COMMAND, "claude"], env=surroundings, check=True)
    path = module_home / "agents" / "claude.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["claude.json"]


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_is_given_the_agents_token_alone(name, tmp_path):
    daemon = DaemonAddress(
        url="http://127.0.0.1:1", token="all-doors", agent_token="one-door", pid=1, version=""
    )
    launch = AGENTS[name](daemon, tmp_path, {})
    told = json.dumps([*launch.options, *launch.variables.values(), *launch.files.values()])
    assert "one-door" in told
    assert "all-doors" not in told
    assert not any("one-door" in option for option in launch.options)


def test_an_agent_that_is_not_installed_is_told(surroundings):
    surroundings["PATH"] = "/nowhere"
    ended = subprocess.run(
        [*COMMAND, "claude"], env=surroundings, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("executus-gateway: claude is not installed")
