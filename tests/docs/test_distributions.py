"""What would be released: both distributions, built, looked into, and used from their wheels."""

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = {
    "executus": (ROOT, ("majordomo", "executus", "executus_command")),
    "executus-store-sqlite": (ROOT / "contrib" / "store_sqlite", ("executus_store_sqlite",)),
}
TRY = """
import executus, executus_store_sqlite, anyio
from importlib.metadata import version
from executus import Executor, RunnableAgent
from executus.batteries.stores import open_store

async def main():
    async with open_store("sqlite:///runs.db") as store:
        await store.notes().add("p", "ann", "likes lakes", keep=5)
        print(await store.notes().get("p", "ann"))

anyio.run(main)
print(Executor().run_sync(RunnableAgent(model="fake", tools=["calc.*"]), "6*7?").output)
print(version("executus"), version("executus-store-sqlite"))
print(executus.__file__, executus_store_sqlite.__file__)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(wheel, sdist) of each distribution."""
    folder = tmp_path_factory.mktemp("dist")
    found = {}
    for name, (root, _) in PROJECTS.items():
        place = folder / name
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "hatchling",
                "build",
                "-d",
                str(place),
                "-t",
                "wheel",
                "-t",
                "sdist",
            ],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found[name] = (next(place.glob("*.whl")), next(place.glob("*.tar.gz")))
    return found


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def metadata_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        [path] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(path))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_holds_its_packages_typed_and_nothing_else(built, name):
    packages = PROJECTS[name][1]
    inside = names_in(built[name][0])
    tops = {path.partition("/")[0] for path in inside}
    assert tops == {*packages, next(top for top in tops if top.endswith(".dist-info"))}
    typed = {f"{package}/py.typed" for package in packages if not package.endswith(".py")}
    assert typed <= set(inside)
    assert not [path for path in inside if "__pycache__" in path or "/tests/" in path]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_says_what_it_is(built, name):
    settings = tomllib.loads((PROJECTS[name][0] / "pyproject.toml").read_text())["project"]
    metadata = metadata_of(built[name][0])
    assert metadata["Name"] == name
    assert metadata["Version"] == settings["version"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Summary"] == settings["description"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().startswith("# executus")
    assert any("licenses/LICENSE" in path for path in names_in(built[name][0]))
    assert "Typing :: Typed" in metadata.get_all("Classifier")


@pytest.mark.slow
def test_the_store_requires_the_core_and_has_its_version(built):
    core, store = (metadata_of(built[name][0]) for name in PROJECTS)
    assert any(re.match(r"executus\b(?!-)", line) for line in store.get_all("Requires-Dist"))
    assert core["Version"] == store["Version"]


@pytest.mark.slow
def test_the_sdist_of_the_core_holds_what_a_packager_needs(built):
    with tarfile.open(built["executus"][1]) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "Makefile"}
    assert wanted <= inside
    assert "tests/conftest.py" in inside
    assert "docs/README.md" in inside
    assert not [name for name in inside if ".venv" in name or "__pycache__" in name]


@pytest.mark.slow
def test_both_wheels_work_side_by_side(built, tmp_path):
    place = tmp_path / "installed"
    for wheel, _ in built.values():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", TRY],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    notes, answer, versions, files = done.stdout.splitlines()
    assert notes == "('likes lakes',)"
    assert answer == "42"
    assert len(set(versions.split())) == 1
    assert all(file.startswith(str(place)) for file in files.split())
