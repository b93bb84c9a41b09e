"""The tiers in `executus models`."""

import json

import pytest

from executus.cli import models, tiers
from executus.cli.models import list_models
from majordomo.builtin import default_registry


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for tier in ("FAST", "WORKHORSE", "THINKING", "VISION"):
        monkeypatch.delenv(f"EXECUTUS_TIER_{tier}", raising=False)
    monkeypatch.setenv("EXECUTUS_TIER_WORKHORSE", "fake")
    monkeypatch.setenv("EXECUTUS_TIER_VISION", "openai://canary-2c@host")


async def test_tiers_are_listed_with_what_their_models_lack(capsys, monkeypatch):
    monkeypatch.setattr(models, "is_terminal", lambda stream: True)
    monkeypatch.setattr(tiers, "is_terminal", lambda stream: True)
    registry = default_registry({"OPENAI_API_KEY": "k"})
    assert await list_models(registry, [], as_json=False) == 0
    out = capsys.readouterr().out
    rows = [line.split() for line in out.partition("tier ")[2].splitlines()]
    assert ["fast", "table", "openai/gpt-6-luna"] in rows
    assert ["anthropic/claude-haiku-5-5:", "set", "ANTHROPIC_API_KEY"] in rows
    assert ["workhorse", "configuration", "fake/offline"] in rows
    assert "canary" not in out


async def test_into_a_pipe_tiers_are_lines_with_tabs(capsys):
    assert await list_models(default_registry({"OPENAI_API_KEY": "k"}), [], as_json=False) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["fast", "table", "openai/gpt-6-luna"] in rows
    assert ["workhorse", "configuration", "fake/offline"] in rows
    assert {len(row) for row in rows} == {3}
    assert "canary" not in str(rows)


async def test_tiers_are_lines_of_json(capsys):
    assert await list_models(default_registry({}), [], as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {line["name"]: line for line in lines if line.get("is_tier")}
    assert found["workhorse"]["ready"] is True
    assert found["fast"]["ready"] is False
    assert found["fast"]["targets"][0] == {
        "target": "openai/gpt-6-luna",
        "missing": "set OPENAI_API_KEY",
    }
    assert "canary" not in str(found)


async def test_a_tier_is_named_like_any_model(capsys):
    registry = default_registry({"ANTHROPIC_API_KEY": "k"})
    assert await list_models(registry, ["thinking,workhorse"], as_json=False) == 0
    out = capsys.readouterr().out
    assert out == "thinking,workhorse → anthropic/claude-opus-5-5, fake/offline\n"
