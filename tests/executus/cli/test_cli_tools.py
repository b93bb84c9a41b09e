"""`executus tools`: what can be granted, with its policy and its arguments; servers included."""

import json
import re
import sys
from pathlib import Path

import pytest
from commandline import Terminal, executus_sync

from executus.cli.servers import read_servers
from executus.errors import SetupError

pytestmark = pytest.mark.slow

SERVER = Path(__file__).parents[2] / "support" / "mcpserver.py"


def test_into_a_pipe_a_tool_is_a_line_with_tabs():
    done = executus_sync("tools")
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert {len(row) for row in rows} == {5}
    assert ["calc.calculate", "read", "idempotent", "60 s", "expression"] in rows
    assert ["clock.time_now", "read", "idempotent", "60 s", "timezone?"] in rows
    assert any(row[0] == "comms.ask_user" for row in rows)


def test_patterns_choose_and_json_has_schemas():
    done = executus_sync("tools", "calc.*", "clock.*", "--json")
    tools = [json.loads(line) for line in done.stdout.splitlines()]
    names = [one["name"] for one in tools]
    assert names == ["clock.time_now", "clock.time_convert", "calc.calculate"]
    assert tools[-1]["parameters"]["required"] == ["expression"]
    shown = json.loads(executus_sync("tools", "show", "calc.calculate").stdout)
    assert shown == tools[-1]


def test_of_an_agent_those_its_file_grants(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\ntools: [calc.*, clock.*]\ndeny: [clock.time_convert]\n---\nHi.")
    done = executus_sync("tools", "-a", str(path))
    names = [line.split("\t")[0] for line in done.stdout.decode().splitlines()]
    assert names == ["clock.time_now", "calc.calculate"]


def test_a_servers_tools_are_listed_and_used(tmp_path):
    path = tmp_path / "mcp.json"
    entry = {"command": sys.executable, "args": [str(SERVER)]}
    path.write_text(json.dumps({"mcpServers": {"tests": entry}}))
    done = executus_sync("tools", "tests.add", "--mcp", str(path))
    assert done.stdout == b"tests.add\twrite\tonce\t60 s\ta, b\n", done.stderr


def test_in_a_terminal_they_are_a_table_no_wider_than_it():
    terminal = Terminal("tools", "c*.*", columns=40, env={"NO_COLOR": "1"})
    assert terminal.finish() == 0
    plain = re.sub(r"\x1b\[[\d;]*m", "", terminal.shown.decode())
    assert max(map(len, plain.splitlines())) <= 40
    assert "…" not in plain  # a name that is cut cannot be granted
    assert "\x1b[3" not in terminal.shown.decode()  # no colour


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "EOF"),
        ("{}", "mcpServers: Field required"),
        ('{"mcpServers": {"a": {}}}', "a: give either a command or a url"),
        ('{"mcpServers": {"a": {"command": "x", "env": {"T": ["canary"]}}}}', "mcpServers.a.env.T"),
    ],
)
def test_a_file_of_servers_with_a_fault_names_the_place_and_no_value(tmp_path, text, says):
    path = tmp_path / "mcp.json"
    path.write_text(text)
    with pytest.raises(SetupError) as caught:
        read_servers(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert "canary" not in str(caught.value)
