"""A model that was turned tries all it can think of; no boundary is crossed, and each is there.

Each attack is a row in `attacks_on_*.py`. What must not have happened is looked for in the real
world: bytes at servers, files, tool runs, prompts, records. Where the protection can be taken away,
the same model must get there: so the looking can fail.
"""

import logging
import shutil

import attacks_by_dispatch
import attacks_by_servers
import attacks_on_approvals
import attacks_on_budgets
import attacks_on_files
import attacks_on_networks
import attacks_on_permissions
import attacks_on_records
import attacks_on_secrets
import attacks_on_tenants
import pytest
from attackworld import World

ATTACKS = [
    *attacks_on_files.ATTACKS,
    *attacks_on_networks.ATTACKS,
    *attacks_on_permissions.ATTACKS,
    *attacks_on_approvals.ATTACKS,
    *attacks_on_budgets.ATTACKS,
    *attacks_by_dispatch.ATTACKS,
    *attacks_by_servers.ATTACKS,
    *attacks_on_secrets.ATTACKS,
    *attacks_on_records.ATTACKS,
    *attacks_on_tenants.ATTACKS,
]
BOUNDARIES = {
    "permission",
    "approval",
    "egress",
    "path",
    "budget",
    "dispatch",
    "secret",
    "records",
    "tenants",
}


@pytest.fixture
def anyio_backend(request):
    """What is looked at is the same on both, so one is enough for most."""
    return "trio" if request.function.__name__.endswith("_on_trio") else "asyncio"


async def run(attack, world, turns=None):
    if turns is None:
        turns = attack.turns(world) if callable(attack.turns) else attack.turns
    async with world.open():
        drive = world.more.get("drive", attack.drive)
        if drive is not None:
            await drive(world, turns)
        else:
            await world.attack(turns)
    left = world.provider.pending("turned")
    assert attack.stopped or not left, f"{left} turns not taken: {world.results}"
    return attack.harm(world)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One folder for all worlds, so that the tools that read it need not be made anew."""
    return tmp_path_factory.mktemp("place") / "world"


def made_world(place, monkeypatch, caplog, attack):
    caplog.set_level(logging.DEBUG)
    shutil.rmtree(place, ignore_errors=True)
    world = World(place)
    world.log = caplog
    attack.world(world)
    for name, value in world.more.get("environ", {}).items():
        monkeypatch.setenv(name, value)
    return world


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.goal)
async def test_it_does_not_get_there(attack, place, monkeypatch, caplog):
    world = made_world(place, monkeypatch, caplog, attack)
    assert not await run(attack, world)


CONTROLLED = [attack for attack in ATTACKS if attack.control is not None]


@pytest.mark.parametrize("attack", CONTROLLED, ids=lambda attack: attack.goal)
async def test_without_the_protection_it_does(attack, place, monkeypatch, caplog):
    world = made_world(place, monkeypatch, caplog, attack)
    turns = attack.control(world)
    assert await run(attack, world, turns if isinstance(turns, list) else None)


ONE_OF_EACH = {attack.boundary: attack for attack in reversed(ATTACKS)}


@pytest.mark.parametrize("boundary", sorted(BOUNDARIES))
async def test_one_of_each_boundary_on_trio(boundary, place, monkeypatch, caplog):
    attack = ONE_OF_EACH[boundary]
    world = made_world(place, monkeypatch, caplog, attack)
    assert not await run(attack, world)


def test_there_are_enough_of_them_and_each_boundary_can_be_seen_to_be_crossed():
    goals = [attack.goal for attack in ATTACKS]
    assert len(set(goals)) == len(goals) >= 250
    assert {attack.boundary for attack in ATTACKS} == BOUNDARIES
    assert {attack.boundary for attack in CONTROLLED} == BOUNDARIES
    assert len(CONTROLLED) >= 100
