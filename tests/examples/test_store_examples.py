"""The examples of stores run offline, and say what they promise."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from executus.testing.contracts import PERSONA_CONTRACT

EXAMPLES = Path(__file__).parents[2] / "examples"


def module_of(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(name, folder):
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("check", PERSONA_CONTRACT, ids=lambda check: check.__name__)
async def test_the_hosts_own_store_keeps_the_contract(check, tmp_path):
    await check(module_of("own_store").FolderPersonas(tmp_path))


async def test_a_host_that_forgets_to_compare_versions_is_told(tmp_path):
    class Careless(module_of("own_store").FolderPersonas):
        async def save(self, persona):
            latest = len(await self._kept(persona.name))
            return await super().save(type(persona)(**{**fields_of(persona), "version": latest}))

    a_stale_save_is_refused = PERSONA_CONTRACT[3]
    with pytest.raises(AssertionError, match="stale save"):
        await a_stale_save_is_refused(Careless(tmp_path))


def fields_of(persona):
    return {name: getattr(persona, name) for name in persona.__dataclass_fields__}


@pytest.mark.slow
def test_the_example_of_an_own_store_checks_it(tmp_path):
    lines = printed("own_store", tmp_path)
    assert len([line for line in lines if line.startswith("ok: ")]) == len(PERSONA_CONTRACT)


@pytest.mark.slow
def test_the_example_of_all_batteries_keeps_everything_in_one_file(tmp_path):
    pytest.importorskip("executus_store_sqlite")
    lines = [re.sub(r"[0-9.]+ USD", "some USD", line) for line in printed("batteries", tmp_path)]
    assert lines == [
        "guide 1: 42 for some USD",
        "haiku: active",
        "poem: ok",
        "guide for ann: ok, some USD",
        "haiku for ann: ok, some USD",
        "haiku for anonymous: ok, some USD",
        "forgotten: 0",
    ]
