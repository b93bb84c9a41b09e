"""The command, against one real daemon: what it writes where, and its exit codes."""

import json
import os
import sys
from functools import partial

import anyio
import pytest
from daemons import daemon_home, end_daemon
from executus_gateway.cli.app import run_app
from executus_gateway.cli.execute import run_code
from executus_gateway.sdk import Client, start_daemon
from petservice import PetService, document

from majordomo.clock import SYSTEM_CLOCK

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def module_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("command") / "home"
    daemon_home(home)
    anyio.run(start_daemon, home)
    yield home
    anyio.run(end_daemon, home)


@pytest.fixture
def run(module_home, monkeypatch, capsys):
    """Run the command; gives exit code, standard output, standard error."""
    monkeypatch.setenv("EXECUTUS_GATEWAY_HOME", str(module_home))

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["executus-gateway", *args])
        code = run_app()
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture(scope="module")
def pets():
    """A service of its own loop: the command has one for each of its runs."""
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(portal.call(PetService)) as service,
    ):
        yield service


@pytest.fixture
def with_pets(run, pets):
    code, out, err = run("sources", "add", "openapi", f"{pets.url}/openapi.json", "--name", "pets")
    assert (code, out.split("\t")[:4]) == (0, ["pets", "openapi", "connected", "4"]), err
    yield pets
    run("sources", "remove", "pets")


def test_sources_are_listed_refreshed_and_removed(run, with_pets):
    code, out, _ = run("sources", "list", "--json")
    (source,) = [json.loads(line) for line in out.splitlines()]
    assert (code, source["namespace"], source["tools"]) == (0, "pets", 4)
    assert run("sources", "refresh", "pets")[0] == 0
    assert run("sources", "remove", "pets") == (0, "", "pets is removed\n")
    assert run("sources", "list") == (0, "", "")
    assert run("sources", "remove", "pets")[0] == 2


def test_what_is_at_an_address_is_found_out(run, pets):
    code, out, err = run("sources", "add", "url", f"{pets.url}/openapi.json", "--name", "found")
    assert (code, out.split("\t")[:3]) == (0, ["found", "openapi", "connected"]), err
    assert run("sources", "remove", "found")[0] == 0
    code, out, err = run("sources", "add", "url", f"{pets.url}/api/pets")
    assert (code, out) == (1, "")
    assert "nothing" in err


def test_a_source_that_cannot_be_reached_fails_the_command_and_stays(run):
    code, out, _ = run("sources", "add", "openapi", "http://127.0.0.1:1/x", "--name", "gone")
    assert (code, out.split("\t")[2]) == (1, "error")
    assert run("sources", "remove", "gone")[0] == 0


def test_a_document_in_a_file_is_found_from_where_the_person_is(run, tmp_path, monkeypatch):
    (tmp_path / "spec.json").write_text(json.dumps(document()))
    monkeypatch.chdir(tmp_path)
    base = ("--base-url", "http://127.0.0.1:1")
    code, out, err = run("sources", "add", "openapi", "spec.json", "--name", "filed", *base)
    assert (code, out.split("\t")[2]) == (0, "connected"), err
    assert run("sources", "remove", "filed")[0] == 0


def test_tools_are_searched_described_and_called(run, with_pets):
    code, out, _ = run("tools", "search", "list", "pets", "--limit", "1")
    assert (code, out.split("\t")[:2]) == (0, ["pets.pets.list_pets", "allow"])
    code, out, _ = run("tools", "describe", "pets.pets.create_pet")
    assert json.loads(out)["policy"] == "ask"
    code, out, _ = run("tools", "call", "pets.pets.list_pets", "limit=2")
    assert (code, json.loads(out)["data"]) == (0, {"path": "/api/pets?limit=2"})
    code, out, _ = run("tools", "call", "tools.pets.pets.list_pets", '{"limit": 3}', "--json")
    assert json.loads(out)["outcome"]["value"]["data"] == {"path": "/api/pets?limit=3"}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["pets; import os"], "is no tool's path"),
        (["pets.__import__('os')"], "is no tool's path"),
        (["pets.list", "limit"], "is not name=value"),
        (["pets.list", "{"], "no JSON object"),
    ],
)
def test_a_call_that_is_written_wrongly_is_not_run(run, args, told):
    code, _, err = run("tools", "call", *args)
    assert code == 2
    assert told in err


def test_a_rule_is_added_explained_and_removed(run, with_pets):
    code, out, _ = run("policy", "add", "pets.*", "deny", "--reason", "closed", "--json")
    rule = json.loads(out)
    assert (code, rule["action"], rule["scope"]) == (0, "deny", "workspace")
    code, out, _ = run("policy", "explain", "pets.pets.list_pets", "--json")
    assert (json.loads(out)["action"], json.loads(out)["rule"]) == ("deny", rule["id"])
    assert run("policy", "list")[1].startswith(rule["id"])
    assert run("policy", "remove", rule["id"])[0] == 0
    assert run("policy", "remove", rule["id"])[0] == 2
    code, out, _ = run("policy", "explain", "pets.pets.list_pets")
    assert out.startswith("allow\t")


def test_a_value_goes_to_standard_output_and_all_else_to_standard_error(run):
    code, out, err = run("execute", "print('seen')\nemit('shown')\nreturn {'a': 1}")
    assert (code, json.loads(out), err) == (0, {"a": 1}, "seen\nshown\n")
    code, out, err = run("execute", "return nonsense")
    assert (code, out) == (1, "")
    assert err.startswith("executus-gateway: ")


def test_code_is_read_from_a_file(run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("return 'from a file'")
    assert run("execute", f"@{script}") == (0, "from a file\n", "")
    assert run("execute", f"@{tmp_path}/none")[0] == 2


def test_a_question_is_listed_and_answered_and_the_run_shown(run, with_pets, module_home):
    before = len(with_pets.writes)
    code = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
    with anyio.from_thread.start_blocking_portal() as portal:
        waiting = portal.start_task_soon(anyio.to_thread.run_sync, call_quietly, module_home, code)
        while not (out := run("inbox")[1]):
            anyio.run(SYSTEM_CLOCK.sleep, 0.02)
        question, kind = out.split("\t")[:2]
        assert kind == "approval"
        code, _, err = run("inbox", "answer", "first", "--accept")
        assert (code, err.splitlines()[-1]) == (0, f"{question} is accepted")
        waiting.result()
    assert len(with_pets.writes) == before + 1
    code, out, _ = run("runs", "show", "last")
    assert code == 0
    assert "pets.pets.create_pet\tsucceeded" in out
    assert run("inbox", "answer", question, "--accept")[0] == 2
    assert run("inbox", "answer", "first")[0] == 2
    listed = json.loads(run("runs", "list", "--limit", "1", "--json")[1])
    assert listed["state"] == "completed"


def call_quietly(home, code):
    """The command's own function, outside of the main thread: signals are not its to take."""
    anyio.run(partial(run_code, home, code, as_json=True))


def test_the_daemon_is_told_of(run, module_home):
    code, out, _ = run("daemon", "status", "--json")
    assert (code, json.loads(out)["running"]) == (0, True)
    code, _, err = run("--home", str(module_home.parent / "none"), "daemon", "status")
    assert (code, err) == (1, f"no daemon serves {module_home.parent / 'none'}\n")


def test_a_login_is_printed(run):
    code, out, _ = run("open", "--print-url")
    assert code == 0
    assert out.startswith("http://127.0.0.1:")
    assert "/login?ticket=" in out


def test_the_doctor_looks_at_everything(run, with_pets):
    code, out, _ = run("doctor", "--json")
    rows = {row["what"]: row["state"] for row in map(json.loads, out.splitlines())}
    assert code == 0
    assert rows["daemon"] == rows["sandbox"] == rows["source pets"] == "ok"


def test_the_doctor_tells_of_a_folder_that_is_open_to_others(run, module_home):
    module_home.chmod(0o755)
    try:
        code, out, _ = run("doctor")
    finally:
        module_home.chmod(0o700)
    assert code == 1
    assert f"{module_home} is open to others (755)" in out


@pytest.mark.parametrize(
    ("args", "code"),
    [(["nothing"], 2), (["sources", "add"], 2), (["runs", "show", "none"], 2), (["--help"], 0)],
)
def test_exit_codes_are_those_of_the_house(run, args, code):
    assert run(*args)[0] == code


async def test_a_daemon_that_ends_while_a_person_is_asked_is_one_sentence(served, pets):
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.start(pets.add() + "return tools.pets.pets.create_pet(body={'name': 'Rex'})")
        ours, theirs = os.openpty()
        watching = await anyio.open_process(
            [sys.executable, "-m", "executus_gateway.cli", "--home", served, "inbox", "watch"],
            stdin=theirs,
        )
        told = b""
        while b"[y/N" not in told:
            told += await watching.stderr.receive()
        await end_daemon(served)
        async for more in watching.stderr:
            told += more
        assert await watching.wait() == 1
        await watching.aclose()
        os.close(ours)
        os.close(theirs)
    last = told.decode().strip().splitlines()[-1]
    # Whether it first misses the events or an answer is a race that nobody has to win.
    assert last.startswith("executus-gateway: the gateway's daemon ")
    assert last.endswith(("ended: start watching again", "is started by the next client"))
    assert b"Traceback" not in told
