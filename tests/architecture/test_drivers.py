"""Only a store's own distribution knows a database driver; the core comes without one."""

import ast
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
DRIVERS = {"sqlite3", "aiosqlite"}
FILES = sorted(SRC.rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_no_module_of_the_core_imports_a_driver(path):
    assert not DRIVERS & set(imported(path))


@pytest.mark.slow
def test_no_battery_loads_a_driver_and_the_core_loads_no_battery():
    code = """if True:
        import sys, executus.testing
        from executus import *
        print(*sys.modules)
        import executus.batteries.audit, executus.batteries.budget, executus.batteries.checkpoint
        import executus.batteries.stores, executus.testing.contracts
        print(*sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    core, batteries = (set(line.split()) for line in done.stdout.splitlines())
    assert not {name for name in core if name.startswith("executus.batteries")}
    assert "executus.batteries.budget" in batteries
    assert not batteries & {*DRIVERS, "opentelemetry", "pytest"}


def test_the_driver_comes_with_the_store_and_not_with_the_core():
    core = {Requirement(text).name for text in metadata.requires("executus")}
    project = tomllib.loads((ROOT / "contrib/store_sqlite/pyproject.toml").read_text())["project"]
    store = {Requirement(text).name for text in project["dependencies"]}
    assert store == {"executus", "aiosqlite"}
    assert "aiosqlite" not in core
    assert set(project["entry-points"]) == {"executus.stores"}
