"""docs/cli.md against the command: JSON fields, commands, slash commands, variables, exit codes."""

import json
import re
from pathlib import Path

import pytest
from commandline import executus_sync

from executus.cli import process
from executus.cli.app import cli
from executus.cli.chat.slash import COMMANDS
from executus.cli.display import usage_json
from executus.cli.doctor.finding import Finding
from executus.cli.setting import AGENTS_VARIABLE, MCP_VARIABLE
from executus.cli.storing import STORE_VARIABLE
from executus.run import RunStatus
from majordomo.llm import Usage

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()


def rows(title):
    """The first cells of the table under a heading of that text."""
    table = PAGE.partition(f"| {title} |")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| (.*?) \| (.*) \|$", table, re.MULTILINE))


def quoted(text):
    return set(re.findall(r"`([a-z_]+)`", text))


FIELDS = {name.strip("`"): text for name, text in rows("field of the result").items()}


def test_each_field_of_a_result_is_documented_and_no_other():
    done = executus_sync("run", "hi", "-m", "fake", "--json")
    result = json.loads(done.stdout.splitlines()[-1])
    assert set(FIELDS) == set(result)
    assert quoted(FIELDS["usage"]) == set(usage_json(Usage()))
    assert quoted(FIELDS["status"]) == set(RunStatus) - {RunStatus.RUNNING, RunStatus.PAUSED}
    assert quoted(FIELDS["cost"]) == {"amount", "currency"}


def test_a_run_that_was_not_begun_has_documented_fields_too():
    done = executus_sync("run", "hi", "-m", "nobody/x", "--json")
    [result] = map(json.loads, done.stdout.splitlines())
    assert set(result) <= set(FIELDS)
    assert (done.returncode, result["run_id"], result["status"]) == (2, None, "rejected")


def test_the_fields_of_tools_and_findings_are_documented():
    [tool] = map(json.loads, executus_sync("tools", "calc.*", "--json").stdout.splitlines())
    told = PAGE.partition("`tools --json` prints")[2].partition("\n\n")[0]
    assert quoted(told) == set(tool)
    told = PAGE.partition("`--json` a finding is an object of")[2].partition("\n\n")[0]
    assert quoted(told) - {"problem", "note"} == set(Finding.__dataclass_fields__)


def test_commands_variables_and_exit_codes_are_documented():
    named = set(re.findall(r"^\| `executus (\w+)", PAGE, re.MULTILINE))
    assert named == set(cli.commands)
    assert all(f"`{name}" in PAGE for name in COMMANDS)
    assert {AGENTS_VARIABLE, MCP_VARIABLE, STORE_VARIABLE} <= set(re.findall(r"EXECUTUS_\w+", PAGE))
    codes = {int(code) for cell in rows("exit code") for code in re.findall(r"\d+", cell)}
    ended = {128 + number for number in process.ENDING}
    assert codes == {process.DONE, process.FAILED, process.MISUSED, process.UNREAD} | ended


@pytest.mark.parametrize("command", ["run", "chat"])
def test_the_shared_options_are_documented(command):
    options = {name for one in cli.commands[command].params for name in one.opts if "--" in name}
    assert {name for name in options if name not in PAGE} <= {"--file"}
