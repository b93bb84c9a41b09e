"""Real daemons: one per folder, found again, ended well, and dead ones recognised."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from daemons import end_daemon
from executus_gateway.assembly import open_local
from executus_gateway.errors import DaemonFailed
from executus_gateway.local import DaemonFiles, DaemonRecord
from executus_gateway.sdk import Client, DaemonTarget, find_daemon, start_daemon, stop_daemon

from majordomo.clock import SYSTEM_CLOCK

COLD_CLIENT = Path(__file__).parents[1] / "support" / "coldclient.py"
CLIENTS = 3

pytestmark = pytest.mark.slow


async def test_9_cold_clients_that_start_at_once_end_with_one_daemon(served):
    clients = [
        subprocess.Popen([sys.executable, COLD_CLIENT, served], stdout=subprocess.PIPE, text=True)
        for _ in range(CLIENTS)
    ]
    told = [client.communicate()[0].split() for client in clients]
    assert [value for _, value in told] == ["1"] * CLIENTS
    assert {int(pid) for pid, _ in told} == {DaemonFiles(served).holder()}


async def test_what_a_daemon_leaves_in_its_folder_is_nobody_elses(served):
    address = await start_daemon(served)
    files = DaemonFiles(served)
    assert files.token() != files.agent_token()
    private = [path for path in served.iterdir() if path.name != "gateway.toml"]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in private}
    assert {mode for name, mode in modes.items() if name != "artifacts"} == {0o600}
    assert stat.S_IMODE(served.stat().st_mode) & 0o077 == 0
    log = files.log.read_text()
    assert f"serving {served}" in log
    assert address.token not in log + repr(address) + files.complaint.read_text()


async def test_a_killed_daemon_is_told_from_a_living_one_and_replaced(served):
    first = await start_daemon(served)
    assert (await start_daemon(served)) == first
    await end_daemon(served, signal.SIGKILL)
    assert (served / "daemon.json").exists()
    assert find_daemon(served) is None
    with pytest.raises(DaemonFailed, match="no daemon serves"):
        await Client.create(adapter="daemon", folder=served, start=False)
    second = await start_daemon(served)
    assert second.pid != first.pid


async def test_a_signal_ends_it_well_and_runs_that_computed_are_told_as_interrupted(served):
    async with await Client.create(adapter="daemon", folder=served) as client:
        run = await client.start("while True: pass")
        async with client.events() as events:
            await end_daemon(served)
            assert [event.kind async for event in events] == []
    assert not (served / "daemon.json").exists()
    assert "told to stop by SIGTERM" in DaemonFiles(served).log.read_text()
    async with open_local(served) as gateway:
        (found,) = gateway.runs()
        assert (found.id, found.state) == (run.id, "interrupted")
        assert found.outcome.problem.kind == "restart"


async def test_it_is_stopped_by_a_request_and_its_clients_are_told(served):
    target = await DaemonTarget.open(served)
    assert await stop_daemon(served) == target.address
    assert DaemonFiles(served).holder() is None
    assert await stop_daemon(served) is None
    with pytest.raises(DaemonFailed, match="is gone"):
        await target.request("runs.list", {})
    await target.aclose()


async def test_nobody_asking_ends_it_where_that_is_set(served):
    with (served / "gateway.toml").open("a") as settings:
        settings.write("\nidle_stop_s = 0.2\n")
    await start_daemon(served)
    while DaemonFiles(served).holder() is not None:
        await SYSTEM_CLOCK.sleep(0.02)
    assert "nobody asked for 0.2 s" in DaemonFiles(served).log.read_text()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("port = 70000", "gateway.toml: port: Input should be less than 65536"),
        ("prot = 1", "gateway.toml: prot: Extra inputs are not permitted"),
        ("port = ", "gateway.toml cannot be read"),
    ],
)
async def test_a_mistake_in_its_settings_is_told_to_who_starts_it(home, settings, told):
    home.mkdir()
    (home / "gateway.toml").write_text(settings)
    with pytest.raises(DaemonFailed, match=told):
        await start_daemon(home)


async def test_state_that_is_damaged_is_told_to_who_starts_it(home):
    home.mkdir()
    (home / "snapshot.json").write_text("nonsense")
    with pytest.raises(DaemonFailed, match=r"did not come up: .*snapshot\.json"):
        await start_daemon(home)


async def test_a_port_that_is_taken_is_told_to_who_starts_it(home, pets):
    home.mkdir()
    port = pets.url.rpartition(":")[2]
    (home / "gateway.toml").write_text(f"port = {port}")
    with pytest.raises(DaemonFailed, match=f"port {port} cannot be had"):
        await start_daemon(home)


def test_a_record_of_another_process_than_the_folders_holder_is_stale(home):
    files = DaemonFiles(home)
    files.prepare()
    files.write(DaemonRecord(pid=os.getpid(), port=1))
    assert files.alive() is None


async def test_a_record_is_believed_only_of_the_process_that_holds_the_folder(gateway, home):
    files = DaemonFiles(home)
    files.write(DaemonRecord(pid=os.getpid(), port=1))
    assert files.alive() is not None
    files.write(DaemonRecord(pid=os.getpid() + 1, port=1))
    assert files.alive() is None


@pytest.mark.parametrize("spoil", ["open", "empty", "gone"])
def test_a_token_that_others_may_know_is_not_used(home, spoil):
    files = DaemonFiles(home)
    files.prepare()
    token = home / "token"
    match spoil:
        case "open":
            token.chmod(0o640)
        case "empty":
            token.write_text("")
        case _:
            token.unlink()
    with pytest.raises(DaemonFailed, match="token"):
        files.token()


def test_a_token_is_made_once(home):
    files = DaemonFiles(home)
    files.prepare()
    known = files.token(), files.agent_token()
    DaemonFiles(home).prepare()
    assert (files.token(), files.agent_token()) == known
    assert {path.name for path in home.iterdir()} == {"token", "agent-token"}
