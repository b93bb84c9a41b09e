"""`models --check`: each target once, within its time, and none loses another's result."""

import json

import pytest
from commandline import TOKEN, executus, live

from executus.cli.check import check_models, probe
from executus.errors import SetupError
from executus.testing import FakeClock, FakeProvider, Hang, OpenAIServer, Turn
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import Target
from majordomo.models import ModelRegistry

MINUTES = 600


@pytest.fixture
def registry():
    registry = ModelRegistry()
    registry.register("p", FakeProvider("p"))
    return registry


@pytest.fixture
def check(registry, capsys):
    async def check(*specs, clock=None):
        clock = clock or FakeClock()
        code = await check_models(registry, specs, timeout_s=MINUTES, as_json=True, clock=clock)
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return check


def down():
    return APIError("out of order", provider="p", model="m", kind=ErrorKind.TRANSIENT, status=503)


class Stubborn:
    """A model that heeds no time-out, or fails in its own way."""

    def __init__(self, model_id, clock):
        self.target = Target("odd", model_id)
        self.capabilities = FakeProvider("odd").model(model_id).capabilities
        self._clock = clock

    async def complete(self, request):
        if self.target.model == "hangs":
            await self._clock.sleep(MINUTES)
        raise RuntimeError(f"Bearer {TOKEN}")


class Odd:
    name = "odd"

    def __init__(self, clock):
        self._clock = clock

    def model(self, model_id):
        return Stubborn(model_id, self._clock)


async def test_a_probe_says_in_one_line_why_a_target_did_not_answer():
    provider = FakeProvider("p")
    provider.enqueue("m", down())
    found = await probe(provider.model("m"), timeout_s=1)
    assert (found.ok, found.detail) == (False, "503: out of order")


async def test_a_probe_has_the_time_it_was_given():
    provider = FakeProvider("p")
    await probe(provider.model("m"), timeout_s=7)
    [(_, request)] = provider.requests
    assert request.settings.timeout_s == 7


async def test_a_model_that_heeds_no_time_out_is_left_after_it():
    clock = FakeClock()
    found = await probe(Stubborn("hangs", clock), timeout_s=MINUTES, clock=clock)
    assert (found.ok, found.detail) == (False, "no answer within 600 s")
    assert found.took_s == MINUTES


async def test_what_a_foreign_error_says_is_not_shown():
    found = await probe(Stubborn("fails", FakeClock()), timeout_s=1)
    assert (found.ok, found.detail) == (False, "RuntimeError")


async def test_a_dynamic_name_is_looked_up_to_be_checked(registry, check):
    registry.resolver(lambda name: "p/m" if name == "tier" else None)
    code, [line] = await check("tier")
    assert (code, line["target"], line["specs"]) == (0, "p/m", ["tier"])


async def test_a_resolver_that_hangs_or_fails_loses_no_other_result(registry, check):
    clock = FakeClock()

    @registry.resolver
    async def resolver(name):
        if name == "hangs":
            await clock.sleep(MINUTES)
        raise RuntimeError(TOKEN)

    code, lines = await check("hangs", "fails", "p/m", clock=clock)
    assert code == 2
    assert [(line["specs"], line["ok"]) for line in lines] == [
        (["hangs"], False),
        (["fails"], False),
        (["p/m"], True),
    ]
    assert lines[0]["detail"] == "hangs: not resolved within 600 s"
    assert lines[1]["detail"] == "RuntimeError"


async def test_a_target_of_several_specs_is_asked_once(registry, check):
    provider = registry.provider("p")
    registry.alias("fast", "p/m,p/n")
    code, lines = await check("p/m", "fast", "p/m", "p/m,p/n")
    assert code == 0
    assert {line["target"]: line["specs"] for line in lines} == {
        "p/m": ["p/m", "fast", "p/m,p/n"],
        "p/n": ["fast", "p/m,p/n"],
    }
    assert len(provider.requests) == 2


async def test_with_nothing_to_ask_the_check_says_what_to_do(registry, check, monkeypatch):
    monkeypatch.delenv("EXECUTUS_MODEL", raising=False)
    with pytest.raises(SetupError, match="set EXECUTUS_MODEL"):
        await check()


async def test_aliases_and_the_configured_model_are_checked_unasked(monkeypatch, check, capsys):
    monkeypatch.setenv("EXECUTUS_MODEL", "p/own")
    names = ModelRegistry(environ={"LLM_TIER": "p/tier", "LLM_HOME": "/home/somebody"})
    names.register("p", FakeProvider("p"))
    names.alias("fast", "p/quick")
    assert await check_models(names, [], timeout_s=1, as_json=False) == 0
    caught = capsys.readouterr()
    told = sorted(line.split(" 0.")[0] for line in caught.out.splitlines())
    assert told == ["✓ p/own", "✓ p/quick (fast)", "✓ p/tier (tier)"]
    assert caught.err == ""  # LLM_HOME is another program's


@pytest.mark.slow
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
class TestAsAProcess:
    async def test_it_asks_what_resolves_and_says_what_answered(self):
        async with OpenAIServer([Turn.text("OK")], require_key=TOKEN) as server:
            done = await executus(
                "models", "--check", "dead/m,tail/m", "fake", LLM_TAIL=live(server)
            )
        lines = sorted(done.stdout.decode().splitlines())
        assert done.returncode == 0
        assert lines[0].startswith("✓ fake/offline (fake)")
        assert lines[1].startswith("✓ tail/m (dead/m,tail/m)")
        assert lines[1].endswith("OK")
        assert lines[2].startswith("✗ dead/m (dead/m,tail/m)")
        assert "connect_failed" in lines[2]

    async def test_it_fails_when_a_spec_has_no_target_that_answers(self):
        done = await executus("models", "--check", "fake", "dead/m")
        assert done.returncode == 1

    async def test_one_that_hangs_and_one_that_means_nothing_cost_only_themselves(self):
        async with OpenAIServer([]) as server:
            server.enqueue(Hang())
            done = await executus(
                *("models", "--check", "box/m", "opnai/x", "fake", "--timeout", "0.5"),
                LLM_BOX=live(server),
            )
        assert done.returncode == 2
        first, second = done.stdout.decode().splitlines()  # as they came
        assert first.startswith("✓ fake/offline")
        assert second.startswith("✗ box/m ")
        assert done.stderr.decode().startswith("executus: unknown model 'opnai/x'; did you mean")
