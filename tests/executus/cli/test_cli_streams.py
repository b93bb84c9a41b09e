"""Streams that are closed, full, left or of another encoding, input that is no text."""

import json
import re
import sys

import pytest
from commandline import TOKEN, Terminal, executus_sync, shell

from executus.cli.output import say_json

pytestmark = pytest.mark.slow

RUN = "executus run hello -m fake"


@pytest.mark.parametrize(
    ("line", "codes", "says"),
    [
        (f"{RUN} >&-", "1", "cannot write to standard output: Bad file descriptor"),
        (f"{RUN} --json >&-", "1", "cannot write to standard output: Bad file descriptor"),
        (f"{RUN} >/dev/full", "1", "cannot write to standard output: No space left on device"),
        (f"{RUN} --json >/dev/full", "1", "cannot write to standard output: No space left"),
        ("executus models >/dev/full", "1", "cannot write to standard output: No space left"),
        ("executus models --check fake >/dev/full", "1", "cannot write to standard output"),
        ("executus --help >/dev/full", "1", "No space left on device"),
        (f"{RUN} >&- 2>&-", "1", ""),
        (f"{RUN} --json | (exec <&-; true)", "141 0", ""),
        ("executus models | (exec <&-; true)", "141 0", ""),
        ("executus --help | (exec <&-; true)", "141 0", ""),
        ("executus run - -m fake <&-", "2", "standard input is closed; give the task"),
        (
            r"printf 'a\xff' | executus run - -m fake",
            "0 2",
            "standard input is not UTF-8 text (byte 2)",
        ),
        (r"executus run $'a\xff' -m fake", "2", "the task is not UTF-8 text"),
        (r"executus run $'a\xff' -m fake --json >/dev/null", "2", "the task is not UTF-8 text"),
        (r"executus run a -i $'a\xff' -m fake", "2", "the system text is not UTF-8 text"),
        (r"executus run a -t $'a\xff' -m fake", "2", "a tool's name is not UTF-8 text"),
        (r"executus models $'a\xff'", "2", "a model's name is not UTF-8 text"),
        ("executus run a -m fake --max-runtime nan", "2", "'nan' is not a duration such as"),
        ("executus run a -m fake --max-runtime inf", "2", "'inf' is not a duration such as"),
        ("executus run a -m fake --max-runtime=-1", "2", "'-1' is not a duration such as"),
        ("executus run a -m fake --max-runtime 0s", "2", "'0s' is no duration above 0"),
        ("executus run hello -m fake --max-runtime 5m >/dev/null", "0", "ok · 1 step"),
        ("executus models --check fake --timeout soon", "2", "'soon' is not a duration such as"),
        ("executus run a -m fake -f /dev/zero", "2", "larger than 64 MiB"),
        ("executus run a -m fake -f /", "2", "is a directory"),
    ],
)
def test_what_cannot_be_written_or_read_is_at_most_a_sentence(line, codes, says):
    done = shell(f"{line}; echo ${{PIPESTATUS[@]}} >&2")
    *told, code = done.stderr.decode().splitlines()
    assert code == codes
    assert says in "\n".join(told)
    if not says:
        assert [one for one in told if not one.startswith("step 1")] == []
    assert "Traceback" not in done.stderr.decode()
    assert "Exception ignored" not in done.stderr.decode()


@pytest.mark.parametrize("aside", ["2>&-", "2>/dev/full", "2> >(exec <&-; true)", "<&-"])
def test_what_is_told_aside_never_costs_the_answer(aside):
    done = shell(f"{RUN} {aside}; exit $?")
    assert (done.returncode, done.stdout) == (0, b"hello\n")


def test_a_socket_does_not_take_the_place_of_a_closed_stream():
    code = (
        "import executus.cli, os, executus_command\n"
        "def show(): os.write(2, b'%d' % os.open('/', os.O_RDONLY))\n"
        "executus.cli.main = show\n"
        "os.close(1)\n"
        "executus_command.main()"
    )
    done = shell(f"'{sys.executable}' -c \"{code}\"")
    assert int(done.stderr) > 2


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
    ids=str,
)
def test_without_a_locale_text_comes_and_goes_as_utf_8(locale):
    done = executus_sync("run", "héllo ✓", "-m", "fake", env=locale)
    assert done.returncode == 0
    assert done.stdout.decode() == "héllo ✓\n"
    assert "step 1 · fake/offline" in done.stderr.decode()
    done = executus_sync("run", "-", "-m", "fake", env=locale, input="\ufeffé".encode())
    assert done.stdout.decode() == "é\n"


def test_what_an_encoding_lacks_is_written_as_an_escape():
    done = executus_sync("run", "é ✓", "-m", "fake", env={"PYTHONIOENCODING": "latin-1"})
    assert (done.returncode, done.stdout) == (0, b"\xe9 \\u2713\n")


def test_half_a_surrogate_pair_is_replaced_in_json(capsys):
    say_json({"a\ud83d": ["\ud83d", 1, None, {"b": "\ud83d✓"}]})
    assert json.loads(capsys.readouterr().out) == {"a?": ["?", 1, None, {"b": "?✓"}]}


@pytest.mark.parametrize(
    "key", ["sk-canary-é", "sk-canary-\x01x", "sk-canary-\nx", "sk-canary-\udcff"], ids=ascii
)
@pytest.mark.parametrize("command", [["run", "hi", "-m"], ["models", "--check"]], ids=" ".join)
def test_a_malformed_key_is_not_shown(key, command):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        model = {"OPENAI_API_KEY": "openai/m", "ANTHROPIC_API_KEY": "anthropic/m"}[name]
        done = executus_sync(*command, model, env={name: key})
        told = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == 1
        assert f"no header can carry; set {name}" in told
        assert "canary" not in told
        assert "Traceback" not in told


def test_an_error_nobody_expected_shows_its_place_and_not_its_words():
    code = (
        "import executus.cli.app as app, executus.cli.runcommand as command, sys\n"
        f"def fail(*_, **__): raise KeyError('{TOKEN}')\n"
        "command.require_access = fail\n"
        "sys.exit(app.run_app())"
    )
    done = shell(f"'{sys.executable}' -c \"{code}\" run hi -m fake")
    assert done.returncode == 1
    [line] = done.stderr.decode().splitlines()
    assert line == "executus: internal error, please report it: KeyError at <string>:2"


def test_a_missing_key_is_one_sentence_before_anything_is_dialled():
    done = executus_sync("run", "hi", "-m", "openai/m,anthropic/m")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "executus: openai/m is not set up: set OPENAI_API_KEY; "
        "anthropic/m is not set up: set ANTHROPIC_API_KEY\n"
    )
    done = executus_sync("run", "hi", "--json", env={"EXECUTUS_MODEL": "openai/m"})
    result = json.loads(done.stdout)
    assert (done.returncode, result["kind"], result["status"]) == (2, "result", "rejected")
    assert result["error"] == "openai/m is not set up: set OPENAI_API_KEY"


def test_a_chain_with_one_target_that_has_what_it_needs_is_asked():
    done = executus_sync("run", "hi", "-m", "openai/m,fake")
    assert (done.returncode, done.stdout) == (0, b"hi\n")
    told = done.stderr.decode().splitlines()
    assert "step 1 · fake/offline" in told  # who answers, not who stands first


@pytest.mark.parametrize("arguments", [["--version"], ["run", "2+3?", "-m", "fake"], ["--nope"]])
def test_the_module_works_like_the_command(arguments):
    command = executus_sync(*arguments)
    module = shell(f"'{sys.executable}' -m executus " + " ".join(f"'{one}'" for one in arguments))
    assert (module.returncode, module.stdout) == (command.returncode, command.stdout)


def test_in_a_pipe_the_listing_is_a_line_per_name_with_tabs():
    url = "http://" + "very-" * 30 + "long.test"
    hint = "set LLM_<NAME>=foreman://token@host and ask for <name>/MODEL"
    done = executus_sync(
        "models", env={"LLM_BOX": f"openai-compatible://{TOKEN}@{url[7:]}?tls=0", "COLUMNS": "20"}
    )
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert {len(row) for row in rows} == {3}
    assert ["foreman", "built-in", hint] in rows
    assert ["box", "LLM_BOX", f"{url}/v1"] in rows


@pytest.mark.parametrize("columns", [24, 50, 100])
def test_in_a_terminal_the_listing_is_a_table_no_wider_than_it(columns):
    terminal = Terminal("models", columns=columns)
    assert terminal.finish() == 0
    plain = re.sub(r"\x1b\[[\d;]*m", "", terminal.shown.decode())
    assert "OPENAI_API_" in plain
    assert ("built-in" in plain) == (columns >= 60)
    assert max(map(len, plain.splitlines())) <= columns


def test_a_colour_setting_does_not_make_a_pipe_a_terminal():
    done = executus_sync("run", "hi", "-m", "fake", env={"FORCE_COLOR": "1"})
    assert b"\x1b[2K" not in done.stderr
    assert b"tokens \xc2\xb7" not in done.stderr  # no status line
