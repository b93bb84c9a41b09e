"""A light host installs the core alone; these count what that brings (never time it)."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import executus
import majordomo

DEPENDENCIES = {"httpx2", "pydantic", "anyio"}
MOST_DISTRIBUTIONS = 12
MOST_BYTES = 16 * 10**6
LEAN = """
from majordomo.agent import Agent
from majordomo.llm import tool
from majordomo.providers.openai import openai_provider
def add(a: int, b: int) -> int:
    "Add."
    return a + b
model = openai_provider("key", base_url="http://127.0.0.1:1").model("m")
Agent(model, tools=[tool(add)])
"""
BOUNDED = (
    LEAN
    + """
from executus import Executor, RunnableAgent
Executor(agents=[RunnableAgent(model=model, tools=[add])])
"""
)


def unconditional(distribution):
    """Names a plain install of the distribution brings, on this interpreter."""
    for text in metadata.requires(distribution) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def test_the_core_requires_three_distributions():
    assert set(unconditional("executus")) == DEPENDENCIES


def core_distributions():
    found, queue = set(), ["executus"]
    while queue:
        name = queue.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            queue.extend(unconditional(name))
    return found


def installed_bytes(name):
    """What a distribution takes on disk, without what the interpreter compiles."""
    if name == "executus":  # here it is a checkout
        roots = [Path(package.__file__).parent for package in (executus, majordomo)]
        files = [path for root in roots for path in root.rglob("*")]
    else:
        files = [Path(path.locate()) for path in metadata.files(name)]
    return sum(path.stat().st_size for path in files if path.is_file() and path.suffix != ".pyc")


def test_a_core_install_is_at_most_twelve_distributions():
    assert len(core_distributions()) <= MOST_DISTRIBUTIONS, sorted(core_distributions())


def test_a_core_install_is_at_most_16_megabytes():
    sizes = {name: installed_bytes(name) for name in core_distributions()}
    assert min(sizes.values()) > 0
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def others_beside(core):
    """Top-level modules of distributions that are installed here and are none of the core's."""
    return {
        module
        for module, names in metadata.packages_distributions().items()
        if not {name.lower().replace("_", "-") for name in names} & core
    }


@pytest.mark.parametrize(("made", "most"), [(LEAN, 480), (BOUNDED, 600)])
def test_what_answers_a_first_question_loads_so_many_modules(made, most):
    """On CPython 3.11 450 and 565; what comes only because it is there, as trio, is left out."""
    code = f"import json, sys\nbefore = set(sys.modules)\n{made}\n"
    code += "print(json.dumps(sorted(set(sys.modules) - before)))"
    told = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    beside = others_beside(core_distributions())
    modules = [name for name in json.loads(told.stdout) if name.partition(".")[0] not in beside]
    assert "majordomo.providers.openai" in modules
    assert len(modules) <= most, modules


def test_dependencies_have_lower_bounds_and_no_upper_ones():
    for text in metadata.requires("executus"):
        requirement = Requirement(text)
        if requirement.name in DEPENDENCIES:
            assert [s.operator for s in requirement.specifier] == [">="], text


def test_both_packages_are_typed():
    for package in (executus, majordomo):
        assert (Path(package.__file__).parent / "py.typed").exists()
