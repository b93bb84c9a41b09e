"""What importing the library costs, and what its modules may know of each other.

The layers themselves are import-linter contracts in pyproject.toml; here is what they cannot say.
"""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
FILES = sorted(SRC.rglob("*.py"))
FORBIDDEN = {"sqlite3", "aiosqlite", "aiohttp", "yarl", "PIL", "croniter", "rich", "click", "mcp"}
FORBIDDEN |= {"trio", "pytest"}
SDKS = {"openai", "anthropic", "google", "ollama"}


def test_importing_the_core_loads_no_optional_or_heavy_module():
    code = (
        "from executus import *; from majordomo import *; import executus.testing, sys;"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert {"majordomo", "pydantic", "httpx2"} <= loaded
    # httpx2 tries trio by itself where it is installed; nothing of ours asks for it.
    assert not loaded & (FORBIDDEN - {"trio"} | SDKS)


def test_importing_the_core_does_not_load_what_only_tools_need():
    code = (
        "import executus, sys; from executus import *; before = set(sys.modules);"
        "executus.Executor().registry;"
        "print(*sorted(before)); print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, later = (set(line.split()) for line in done.stdout.splitlines())
    tools = {name for name in before if name.startswith(("executus.tools.", "executus.egress"))}
    # httpcore2 is what the transport of every model stands on (ADR 0152).
    assert tools | (before & {"pypdf"}) == set()
    assert {"executus.egress", "executus.tools.web", "executus.tools.meta"} <= later
    # Nor those a host must ask for.
    assert not later & {"executus.tools.files", "executus.tools.comms", "executus.tools.mcp"}


def test_core_asks_for_no_trio():
    asked = [path for path in FILES if "import trio" in path.read_text()]
    assert asked == []


def test_a_foreign_majordomo_is_named_with_the_cure(tmp_path):
    (tmp_path / "majordomo").mkdir()
    (tmp_path / "majordomo" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import executus"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "pip uninstall majordomo" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_no_private_name_crosses_a_module(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("majordomo", "executus")
        ):
            private = [alias.name for alias in node.names if alias.name.startswith("_")]
            assert private in ([], ["__distribution__"]), f"line {node.lineno}: {private}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_no_file_grows_into_the_whole_house(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_imports_stand_at_the_top(path):
    tree = ast.parse(path.read_text())
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [n for n in ast.walk(outer) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert inner == [], f"line {inner[0].lineno if inner else 0}"


PROVIDERS = SRC / "majordomo" / "providers"
WIRES = sorted(path.parent.name for path in PROVIDERS.glob("*/__init__.py"))
SHARED = {("llamaswap", "openai"), *((wire, "images") for wire in WIRES)}


@pytest.mark.parametrize("wire", WIRES)
def test_a_wire_imports_no_other(wire):
    """Also a new one, which the contract in pyproject.toml does not list yet."""
    for path in (PROVIDERS / wire).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                other = name.removeprefix("majordomo.providers.").partition(".")[0]
                if name.startswith("majordomo.providers.") and other in WIRES and other != wire:
                    assert (wire, other) in SHARED, f"{path.name} line {node.lineno}"


BATTERIES = sorted(
    path.parent.name for path in (SRC / "executus" / "batteries").glob("*/__init__.py")
)
EXTRAS = {"croniter", "genai_prices", "dateutil", "sqlite3", "aiosqlite", "opentelemetry"}


def test_the_core_loads_no_battery():
    code = "from executus import *; import executus.testing, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "executus.run" in done.stdout.split()
    assert "executus.batteries" not in done.stdout


def test_a_root_loads_what_a_name_needs_when_it_is_asked_for():
    code = "import executus, sys; print(*sys.modules); executus.SetupError; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, later = (set(line.split()) for line in done.stdout.splitlines())
    ours = {name for name in before if name.startswith(("executus", "majordomo"))}
    assert ours == {"executus", "majordomo"}
    assert later - before >= {"executus.errors", "majordomo.errors"}
    assert not later & {"pydantic", "anyio", "httpx2", "executus.run", "majordomo.llm"}


LATE = ["executus", "majordomo", "executus.runpage", "executus.tools", "executus.tools.mcp"]


@pytest.mark.parametrize("package", LATE)
def test_a_package_lists_its_names_before_they_are_loaded(package):
    module = importlib.import_module(package)
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize("battery", BATTERIES)
def test_importing_a_battery_loads_no_other_and_no_extra(battery):
    code = f"import executus.batteries.{battery}, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    others = {f"executus.batteries.{other}" for other in BATTERIES if other != battery}
    assert f"executus.batteries.{battery}" in loaded
    assert not others & set(loaded)
    assert not EXTRAS & {name.partition(".")[0] for name in loaded}
