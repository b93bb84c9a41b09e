"""The bot in a terminal, through a pipe, as the README shows it: offline, with the `fake` model."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HOST = Path(__file__).parents[3] / "examples" / "mort"


def talk(home, *lines, **more):
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOST), "EXECUTUS_MODEL": "fake", **more}
    command = [sys.executable, "-W", "error", "-m", "mort", "--home", str(home)]
    done = subprocess.run(
        command, input="\n".join(lines), env=env, capture_output=True, text=True, check=False
    )
    assert done.stderr == "", done.stderr
    assert done.returncode == 0
    return done.stdout.splitlines()


def session():
    """The session that the README shows: what is typed, and what is then printed."""
    (text,) = re.findall(r"```text\n(.*?)```", (HOST / "README.md").read_text(), re.DOTALL)
    lines = text.splitlines()
    said = [line for line in lines if not line.startswith(("mort → ", " "))]
    return said, [line for line in lines if line not in said]


def test_the_session_of_the_readme_goes_as_it_is_shown(tmp_path):
    said, shown = session()
    assert len(said) >= 5
    assert talk(tmp_path, *said) == shown


def test_a_name_before_a_line_is_who_says_it(tmp_path):
    assert sorted(talk(tmp_path, "hello", "", "  ", "ann: hello", "12:30 is late")) == [
        "mort → ann: hello",
        "mort → you: 12:30 is late",
        "mort → you: hello",
    ]


def test_without_a_model_the_user_is_told_what_to_set(tmp_path):
    (told,) = talk(tmp_path, "hello", EXECUTUS_MODEL="")
    assert "no model is configured: set EXECUTUS_MODEL=provider/model" in told
    assert talk(tmp_path, "/set model fake", "hello", EXECUTUS_MODEL="")[1] == "mort → you: hello"


def test_what_a_model_says_cannot_steer_the_terminal(tmp_path):
    assert talk(tmp_path, "red \x1b[31m alert") == ["mort → you: red �[31m alert"]


@pytest.mark.parametrize("broken", ["store", "folder"])
def test_what_cannot_be_opened_is_one_sentence(tmp_path, broken):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mort.db").write_text("this is no database, and never was one; go away")
    home = tmp_path / "home" / ("mort.db" if broken == "folder" else "")
    command = [sys.executable, "-m", "mort", "--home", str(home)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOST)}
    done = subprocess.run(command, env=env, input="", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mort: ")
    assert done.stderr.count("\n") == 1


def test_interrupted_it_ends_at_once_and_quietly(tmp_path):
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOST), "EXECUTUS_MODEL": "fake"}
    command = [sys.executable, "-m", "mort", "--home", str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as one:
        one.stdin.write("hello\n")
        one.stdin.flush()
        assert one.stdout.readline() == "mort → you: hello\n"
        one.send_signal(signal.SIGINT)
        assert one.wait() == 130
        assert one.stderr.read() == ""
