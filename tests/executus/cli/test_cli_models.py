"""The parts of the commands that need no process: probes, listings, displays."""

import io
import json

import pytest
from rich.console import Console

from executus import Executor, RunnableAgent, events
from executus.cli.content import read_content
from executus.cli.linedisplay import LineDisplay
from executus.cli.live import LiveDisplay
from executus.cli.models import list_models
from executus.cli.run import RunRequest, run_task
from executus.printable import printable
from executus.testing import FakeProvider
from majordomo.builtin import default_registry
from majordomo.errors import UnknownModel
from majordomo.models import ModelRegistry

TOKEN = "tok-canary-3f"


@pytest.fixture
def registry():
    registry = ModelRegistry()
    registry.register("p", FakeProvider("p"))
    return registry


async def test_a_listing_tells_what_is_missing_and_no_secret(capsys):
    environ = {
        "LLM_BOX": f"openai-compatible://{TOKEN}@box.test/v1",
        "LLM_BAD": f"openai-compatible://{TOKEN}@box.test:0",
        "LLM_TIER": "box/m,fake",
    }
    assert await list_models(default_registry(environ), [], as_json=False) == 0
    out = capsys.readouterr().out
    assert "set OPENAI_API_KEY" in out
    assert "https://box.test/v1" in out
    assert "bad\tLLM_BAD\tLLM_BAD: the port is no number" in out
    assert "tier" in out
    assert TOKEN not in out
    assert "box/m,fake" not in out  # the text of a variable is never shown

    assert await list_models(default_registry(environ), [], as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["name"]: line["ready"] for line in lines}["bad"] is False
    assert TOKEN not in str(lines)


async def test_a_spec_is_listed_as_its_targets(registry, capsys):
    registry.alias("fast", "p/a,p/b")
    assert await list_models(registry, ["p/c,fast"], as_json=False) == 0
    assert capsys.readouterr().out == "p/c,fast → p/c, p/a, p/b\n"
    with pytest.raises(UnknownModel):
        await list_models(registry, ["nobody"], as_json=False)


async def test_a_spec_is_listed_with_what_its_targets_lack(capsys):
    names = default_registry({})
    assert await list_models(names, ["openai/a,fake"], as_json=False) == 0
    assert capsys.readouterr().out == (
        "openai/a,fake → openai/a (set OPENAI_API_KEY), fake/offline\n"
    )
    assert await list_models(names, ["openai/a,fake"], as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "spec": "openai/a,fake",
        "targets": ["openai/a", "fake/offline"],
        "missing": {"openai/a": "set OPENAI_API_KEY", "fake/offline": ""},
    }


def test_what_models_say_cannot_steer_the_terminal():
    assert printable("a\x1b[2Jb\r\x07c\td\n\x9b31m") == "a�[2Jb��c\td\n�31m"


def test_a_line_is_cut_and_has_no_line_breaks():
    out = io.StringIO()
    display = LineDisplay(Console(file=out, width=80))
    display.show(
        events.ToolAnswered(
            run_id="r", seq=0, call_id="c", tool="t", text="a\nb" * 500, is_error=False, images=0
        )
    )
    [line] = out.getvalue().splitlines()
    assert len(line) == 400
    assert line.startswith("← a ba b")


async def test_in_a_narrow_terminal_nothing_is_wider_than_it():
    out = io.StringIO()
    console = Console(file=out, width=20, height=6, force_terminal=True, color_system=None)
    with LiveDisplay(console) as display:
        agent = RunnableAgent(model="fake")
        async with Executor().stream(agent, "word " * 60) as run:
            async for event in run:
                display.show(event)
        drawn = console.render_lines(display, pad=False)
        display.finish(run.result, run.tally.elapsed_s)
    assert len(drawn) <= 6
    assert all(sum(segment.cell_length for segment in line) <= 20 for line in drawn)


async def test_an_image_and_a_pdf_are_shown_to_the_model(tmp_path, monkeypatch):
    seen = []

    class Recorder:
        def show(self, event):
            seen.append(event)

        def finish(self, result, elapsed_s):
            seen.append(result)

    png = tmp_path / "a.png"
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    pdf = tmp_path / "b.pdf"
    pdf.write_bytes(b"%PDF-1.7 x")
    request = RunRequest(content=read_content("look", [png, pdf]), model="fake")
    assert await run_task(request, Recorder()) == 0
    parts = seen[-1].messages[0].parts
    assert [type(part).__name__ for part in parts] == ["TextPart", "ImagePart", "DocumentPart"]
    assert parts[2].name == "b.pdf"
