"""Agents from files: by path, by name in a folder; a fault names file and line."""

import pytest
from commandline import executus

from executus import Executor, Ports
from executus.cli.agents import find_agent, read_agent
from executus.cli.run import RunRequest
from executus.definitionfile import DefinitionError
from executus.errors import SetupError
from executus.run import RunnableAgent
from executus.tools import default_registry

GUIDE = """---
model: fake
tools: [calc.*]
limits.max_steps: 4
---
You are a patient guide.
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "guide.md").write_text(GUIDE)
    (tmp_path / "adder.toml").write_text('model = "fake"\ntools = ["clac.*"]\n')
    (tmp_path / "README.md").write_text("# Agents")
    return tmp_path


def test_a_name_is_looked_up_in_the_folder_and_a_path_is_read(folder):
    by_name = find_agent("guide", folder).agent
    by_path = find_agent(str(folder / "guide.md"), None).agent
    assert by_name == by_path
    assert (by_name.name, by_name.model, by_name.tools) == ("guide", "fake", ("calc.*",))


def test_what_is_asked_for_goes_over_what_the_file_says(folder):
    base = find_agent("guide", folder).agent
    same = RunRequest().agent(base)
    assert same == base
    other = RunRequest(model="fast", tools=("web.*",), max_runtime_s=5.0).agent(base)
    assert (other.model, other.tools, other.instructions) == ("fast", ("web.*",), base.instructions)
    assert (other.limits.max_steps, other.limits.max_runtime_s) == (4, 5.0)


class Seen:
    """A budget that notes the bounds in force."""

    async def reserve(self, info):
        self.limits = info.limits

    async def extend(self, run_id, usage, cost): ...
    async def commit(self, run_id, usage, cost): ...
    async def release(self, run_id): ...


async def test_a_bound_that_is_asked_for_leaves_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("EXECUTUS_MAX_RUNTIME", "5m")
    monkeypatch.setenv("EXECUTUS_MAX_TOKENS", "900")
    agent = RunRequest(max_steps=3).agent(RunnableAgent(model="fake"))
    seen = Seen()
    await Executor(ports=Ports(budget=seen)).run(agent, "hello")
    limits = seen.limits
    assert (limits.max_steps, limits.max_runtime_s, limits.max_tokens) == (3, 300.0, 900)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("---\nmodel: fake\ntols: [a]\n---\n", 3, "tols: unknown"),
        ("---\nskills: [haiku]\n---\n", 2, "skills are code"),
        ("no front matter", 1, "front matter"),
    ],
)
def test_a_fault_names_its_line(tmp_path, text, line, says):
    path = tmp_path / "x.md"
    path.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        read_agent(path).require_tools(default_registry())
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert caught.value.line == line


def test_bytes_that_are_no_text_name_their_line(tmp_path):
    path = tmp_path / "x.md"
    path.write_bytes(b"---\nmodel: fake\n---\n\xff")
    with pytest.raises(DefinitionError, match="line 4: is not UTF-8"):
        read_agent(path)


@pytest.mark.parametrize(
    ("name", "says"),
    [("gide", "did you mean 'guide'"), ("/nowhere/x.md", "No such file"), ("adder", "")],
)
def test_an_agent_that_is_not_there_is_a_sentence(folder, name, says):
    if name == "adder":
        with pytest.raises(DefinitionError, match="line 2: tools: no tool matches"):
            find_agent(name, folder).require_tools(default_registry())
        return
    with pytest.raises(SetupError, match=says):
        find_agent(name, folder)


def test_without_a_folder_a_name_says_what_to_set():
    with pytest.raises(SetupError, match="set EXECUTUS_AGENTS"):
        find_agent("guide", None)


@pytest.mark.slow
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_command_runs_an_agent_of_a_file(folder):
    done = await executus("run", "6*7?", "-a", str(folder / "guide.md"))
    assert (done.returncode, done.stdout) == (0, b"42\n")
    done = await executus("run", "6*7?", "-a", str(folder / "adder.toml"), "--json")
    assert done.returncode == 2
    assert b"adder.toml, line 2: tools: no tool matches" in done.stderr
    assert b'"status":"rejected"' in done.stdout
