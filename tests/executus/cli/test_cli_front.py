"""What the command says of itself: quickly, correctly, with an example, and what was meant."""

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest
from commandline import environment, executus_sync

import executus_command
from executus.cli import process
from executus.cli.app import cli
from executus_command import front

pytestmark = pytest.mark.slow

SRC = Path(__file__).parents[3] / "src"
COMMANDS = sorted(cli.commands)


@pytest.mark.parametrize("option", ["--version", "--help", "-h"])
def test_version_and_help_load_nothing_of_the_library(option):
    code = (
        f"import os, sys; sys.argv = ['executus', {option!r}]\n"
        "def leave(code): print(code, *sys.modules); sys.stdout.flush(); leave_now(code)\n"
        "leave_now, os._exit = os._exit, leave\n"
        "import executus_command; executus_command.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    exit_code, *modules = done.stdout.splitlines()[-1].split()
    loaded = {name.partition(".")[0] for name in modules}
    assert exit_code == "0"
    assert "executus_command" in loaded
    assert not loaded & {"executus", "majordomo", "pydantic", "httpx2", "anyio", "rich"}


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_quick_help_is_that_of_the_whole_command(width):
    def text(group):
        context = click.Context(
            group, info_name="executus", terminal_width=width, **group.context_settings
        )
        return group.get_help(context)

    assert text(front.outline()) == text(cli)


def test_the_quick_version_is_that_of_the_whole_command():
    quick = executus_sync("--version").stdout
    slow = executus_sync("--version", "--version").stdout
    assert quick == slow
    assert quick.startswith(b"executus, version ")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_that_names_its_options(name):
    command = cli.commands[name]
    text = command.get_help(click.Context(command, info_name=f"executus {name}"))
    assert "Example" in text
    assert f"executus {name}" in text.partition("Example")[2]
    assert len(command.get_short_help_str(80)) < 70
    known = {option for parameter in command.params for option in parameter.opts}
    words = text.partition("Example")[2].split()
    assert {word for word in words if word.startswith("-") and word != "-"} <= known


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cht"], "Did you mean 'chat'?"),
        (["run", "hi", "--modle", "fake"], "'--model'?"),
        (["doctor", "--onlin"], "--online"),
        (["tools", "calc.calculat"], "did you mean 'calc.calculate'?"),
        (["tools", "show", "calc.calculat"], "did you mean 'calc.calculate'?"),
        (["run", "hi", "-m", "fake", "--yes", "--no-input"], "give one"),
    ],
    ids=str,
)
def test_a_slip_is_answered_with_what_was_meant(arguments, says):
    done = executus_sync(*arguments)
    assert done.returncode == 2
    assert says.lower() in done.stderr.decode().lower()
    assert done.stdout == b""


def test_a_command_without_a_subcommand_is_its_help_once():
    for arguments in ([], ["runs"]):
        done = executus_sync(*arguments)
        assert done.returncode == 2
        assert done.stderr.count(b"Usage: ") == 1
        assert b"Error" not in done.stderr


def test_without_the_extra_help_says_what_to_install(tmp_path):
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError(name='click')")
    done = executus_sync("--help", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert b"pip install 'executus[cli]'" in done.stderr


def test_nothing_of_the_library_leads_back_to_the_first_lines():
    for path in (SRC / "executus").rglob("*.py"):
        if path.name == "__main__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.startswith("executus_command") for name in names), path
    assert process.ENDING == executus_command.ENDING
