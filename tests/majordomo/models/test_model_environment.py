"""What variables add to a registry, when they are looked at, and what is never shown of them."""

import logging
import re

import pytest
from failover import ASK
from leaks import everything_shown

from majordomo.builtin import default_registry
from majordomo.dsn import DSNError
from majordomo.errors import APIError, ConfigError, UnknownModel
from majordomo.models import ModelRegistry, Source
from majordomo.providers.fake import FakeProvider
from majordomo.spec import AliasCycle, SpecError

CANARY = "c4nary"


class Built(FakeProvider):
    """A provider that keeps the declaration it was made of."""

    def __init__(self, dsn, name):
        super().__init__(name)
        self.dsn = dsn


class Environ(dict):
    """Variables that tell which of them were looked at, and how often all were gone through."""

    def __init__(self, values=()):
        super().__init__(values)
        self.read = []
        self.scans = 0

    def __iter__(self):
        self.scans += 1
        return super().__iter__()

    def __getitem__(self, variable):
        self.read.append(variable)
        return super().__getitem__(variable)

    def get(self, variable, default=None):
        self.read.append(variable)
        return super().get(variable, default)


def registry(environ, *registered, built_in=()):
    names = ModelRegistry(environ=environ, schemes={"foreman": Built, "fake": Built})
    for name in registered:
        names.register(name, FakeProvider(name))
    for name in built_in:
        names.register(name, FakeProvider(name), source=Source.BUILT_IN, default_model="m")
    return names


def targets(model):
    return [str(one.target) for one in model.models]


# -- when they are looked at ----------------------------------------------------------------------


def test_a_variable_declares_a_provider():
    names = registry({"LLM_M1": "foreman://token@host", "HOME": "/root"}, "own")
    assert names.names == ("own", "m1")
    assert targets(names.parse("m1/qwen3:30b,m1:x")) == ["m1/qwen3:30b", "m1/x"]
    provider = names.provider("m1")
    assert (provider.name, provider.dsn.token, provider.dsn.host) == ("m1", "token", "host")
    assert names.provider("m1") is provider


@pytest.mark.parametrize("make", [registry, default_registry])
def test_no_variable_is_looked_at_before_the_first_use(make):
    environ = Environ({"LLM_M1": "foreman://host", "OPENAI_API_KEY": "k"})
    names = make(environ)
    names.register("more", FakeProvider("more"))
    names.alias("tier", "more/x")
    names.resolver(lambda _: None)
    assert (environ.read, environ.scans) == ([], 0)
    names.parse("more/x")
    assert environ.scans == 1
    assert "LLM_M1" in environ.read
    assert "OPENAI_API_KEY" not in environ.read


@pytest.mark.parametrize(
    "use",
    [
        lambda names: names.names,
        lambda names: names.describe(),
        lambda names: names.provider("own"),
        lambda names: names.parse("own/x"),
    ],
    ids=["names", "describe", "provider", "parse"],
)
def test_any_first_use_finds_what_is_declared_by_then(use):
    environ = {}
    names = registry(environ, "own")
    environ["LLM_M1"] = "foreman://host"
    use(names)
    del environ["LLM_M1"]
    assert names.names == ("own", "m1")


def test_all_are_gone_through_once():
    environ = Environ({"LLM_M1": "foreman://host"})
    names = registry(environ)
    for _ in range(3):
        names.parse("m1/x")
    assert environ.scans == 1


def test_a_declared_provider_is_built_when_it_is_used_and_once():
    made = []
    names = ModelRegistry(
        environ={"LLM_M1": "foreman://host"},
        schemes={"foreman": lambda dsn, name: made.append(name) or Built(dsn, name)},
    )
    assert names.names == ("m1",)
    assert made == []
    names.parse("m1/x,m1/y")
    names.parse("m1/x")
    assert made == ["m1"]


def test_a_later_variable_is_found_when_its_name_is_asked_for():
    environ = {}
    names = registry(environ, "own")
    with pytest.raises(UnknownModel, match="LLM_LATE would define 'late'"):
        names.parse("late/x")
    environ["LLM_LATE"] = "foreman://host"
    environ["LLM_LATER"] = "foreman://host"
    environ["LLM_TIER"] = "late/x,own/y"
    assert names.names == ("own",)
    assert targets(names.parse("late/x")) == ["late/x"]
    assert names.provider("later").name == "later"
    assert targets(names.parse("tier")) == ["late/x", "own/y"]
    environ["LLM_TIER"] = "own/z"
    assert targets(names.parse("tier")) == ["own/z"]


async def test_a_token_that_is_set_later_is_found():
    environ = {"LLM_M1": "openai://127.0.0.1:1?tls=0"}
    names = default_registry(environ)
    with pytest.raises(APIError, match="put a token into LLM_M1, as in openai://token@host"):
        await names.parse("m1/x").complete(ASK)
    environ["LLM_M1"] = "openai://token@127.0.0.1:1?tls=0"
    assert names.provider("m1").access.missing == ""
    assert names.provider("m1") is names.provider("m1")


def test_a_variable_that_is_unset_again_is_told_by_name():
    environ = {"LLM_M1": "foreman://host"}
    names = registry(environ)
    assert names.names == ("m1",)
    del environ["LLM_M1"]
    with pytest.raises(DSNError, match=r"^LLM_M1: it is not set any more$"):
        names.parse("m1/x")


# -- faults ---------------------------------------------------------------------------------------


def test_a_broken_variable_stops_nobody_but_who_uses_it():
    names = registry({"LLM_BAD": f"foreman://{CANARY}:@host", "LLM_M1": "foreman://host"})
    assert targets(names.parse("m1/x")) == ["m1/x"]
    for use in (lambda: names.parse("m1/x,bad/y"), lambda: names.provider("bad")):
        with pytest.raises(DSNError) as caught:
            use()
        assert str(caught.value) == "LLM_BAD: the token after ':' is empty"
        assert CANARY not in everything_shown(caught.value)
    bad, good = names.describe()
    assert (bad.name, bad.ready, bad.access.missing) == (
        "bad",
        False,
        "LLM_BAD: the token after ':' is empty",
    )
    assert (good.name, good.ready, good.variable) == ("m1", True, "LLM_M1")


def test_a_scheme_that_does_not_exist_is_told_with_those_that_do():
    names = registry({"LLM_M1": f"forman://{CANARY}@host", "LLM_M2": f"{CANARY}://host"})
    with pytest.raises(DSNError) as caught:
        names.parse("m1/x")
    says = "LLM_M1: its scheme is unknown; did you mean 'foreman'?; known schemes: foreman, fake"
    assert str(caught.value) == says
    assert CANARY not in everything_shown(caught.value)
    with pytest.raises(DSNError) as caught:
        names.parse("m2/x")
    assert CANARY not in everything_shown(caught.value)
    bare = ModelRegistry(environ={"LLM_M1": "openai://host"})
    with pytest.raises(DSNError, match="known schemes: none"):
        bare.parse("m1/x")


# -- aliases --------------------------------------------------------------------------------------


def test_a_value_without_a_scheme_is_an_alias_chain():
    environ = {"LLM_THINKING": " m1/a , fast ", "LLM_M1": "foreman://host", "LLM_FAST": "own/b"}
    names = registry(environ, "own")
    assert targets(names.parse("own/x,thinking")) == ["own/x", "m1/a", "own/b"]
    assert names.names == ("own", "m1")


def test_an_alias_may_be_written_with_a_hyphen_or_an_underscore():
    names = registry({"LLM_MY_TIER": "own/a", "LLM_MY_HOST": "foreman://host"}, "own")
    assert targets(names.parse("my-tier")) == targets(names.parse("my_tier")) == ["own/a"]
    assert targets(names.parse("my-host/x,my_host/x")) == ["my-host/x", "my_host/x"]
    with pytest.raises(UnknownModel):
        names.parse("MY_TIER")


def test_a_static_alias_and_a_default_model_go_before_a_variable():
    environ = {"LLM_TIER": "own/variable", "LLM_CORE": "own/variable", "LLM_OWN": "own/variable"}
    names = registry(environ, "own", built_in=["core"])
    assert targets(names.parse("core")) == ["core/m"]
    assert targets(names.parse("own")) == ["own/variable"]
    assert targets(names.parse("tier")) == ["own/variable"]
    names.alias("tier", "own/static")
    assert targets(names.parse("tier")) == ["own/static"]
    assert [listed.source for listed in names.describe() if listed.name == "tier"] == [Source.ALIAS]


def test_a_cycle_through_variables_prints_its_path():
    names = registry({"LLM_A": "own/x,b", "LLM_B": "c"}, "own")
    names.alias("c", "own/y,a")
    with pytest.raises(AliasCycle, match=r"^alias cycle: b -> c -> a -> b$"):
        names.parse("b")


SETTINGS = {
    "LLM_CACHE_DIR": "/var/cache/models",
    "LLM_USER_PATH": r"C:\tools",
    "LLM_TEMPERATURE": "0.7",
    "LLM_PROMPT": f"Briefly, {CANARY}, politely.",
    "LLM_VENDOR_KEY": f"sk-{CANARY}",
    "LLM_LIST": f"{CANARY},,,",
    "LLM_CHAIN": f"own/ok,{CANARY}/x",
    "LLM_SELF": f"own/{CANARY},self",
    "LLM_COLON": f"{CANARY}:y",
    "LLM_BOMB": ",".join(["bomb"] * 3 + [CANARY]),
}


def test_other_programs_settings_disturb_nothing():
    names = registry(SETTINGS, "own")
    assert targets(names.parse("own/x")) == ["own/x"]
    assert names.names == ("own",)
    listed = [one for one in names.describe() if one.is_alias]
    assert [one.variable for one in listed] == sorted(SETTINGS)
    assert {(one.spec, one.source, one.ready) for one in listed} == {("", Source.VARIABLE, True)}
    assert CANARY not in repr(names.describe())


@pytest.mark.parametrize("variable", sorted(SETTINGS))
def test_another_programs_setting_is_not_shown_when_its_name_is_asked_for(variable):
    names = registry(SETTINGS, "own")
    names.alias("outer", f"own/ok,{variable.removeprefix('LLM_').lower()}")
    with pytest.raises(ConfigError) as caught:
        names.parse("own/fine,outer")
    shown = everything_shown(caught.value)
    assert CANARY not in shown
    for word in re.split("[ ,]+", SETTINGS[variable]):
        assert not word or word == "own/ok" or word in ("bomb", "self") or word not in shown
    if isinstance(caught.value, UnknownModel):
        hint = f"{variable} is read as an alias, and its text (not shown) holds an unknown name"
        assert hint in str(caught.value)
        assert caught.value.name == variable.removeprefix("LLM_").lower()
    else:
        assert isinstance(caught.value, SpecError)
        assert isinstance(caught.value, AliasCycle) or variable in str(caught.value)


def test_reserved_variables_declare_nothing():
    environ = Environ(
        {"LLM_API_KEY": "own/x", "LLM_MODEL": "own/x", "LLM_BASE_URL": "foreman://host"}
    )
    names = registry(environ, "own")
    assert names.names == ("own",)
    assert [listed.name for listed in names.describe()] == ["own"]
    for name in ("api_key", "api-key", "model", "base_url", "base-url"):
        for spec in (name, f"{name}/x"):
            with pytest.raises(UnknownModel) as caught:
                names.parse(spec)
            assert "would define" not in str(caught.value)
    assert not {"LLM_API_KEY", "LLM_MODEL", "LLM_BASE_URL"} & set(environ.read)


def test_an_empty_variable_counts_as_unset():
    names = registry({"LLM_A": "", "LLM_B": "  "}, "own")
    for name in "ab":
        with pytest.raises(UnknownModel, match=f"LLM_{name.upper()} would define"):
            names.parse(name)
    assert len(names.describe()) == 1


# -- replacing ------------------------------------------------------------------------------------


def test_a_variable_replaces_a_built_in_in_its_place_with_one_warning(caplog):
    environ = {"LLM_CORE": f"foreman://{CANARY}@host", "LLM_OTHER": "foreman://host"}
    names = registry(environ, built_in=["first", "core", "last"])
    assert caplog.records == []
    for _ in range(3):
        names.parse("core/x,first/y")
        names.describe()
    assert names.names == ("first", "core", "last", "other")
    assert isinstance(names.provider("core"), Built)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("majordomo.models", logging.WARNING)
    assert record.getMessage() == "LLM_CORE replaces the built-in provider 'core'"


def test_an_underscore_means_the_hyphen_of_a_built_in(caplog):
    names = registry({"LLM_OLLAMA_CLOUD": "foreman://host"}, built_in=["ollama-cloud", "ollama"])
    assert names.names == ("ollama-cloud", "ollama")
    assert names.provider("ollama-cloud").name == "ollama-cloud"
    assert isinstance(names.provider("ollama-cloud"), Built)
    says = ["LLM_OLLAMA_CLOUD replaces the built-in provider 'ollama-cloud'"]
    assert [record.getMessage() for record in caplog.records] == says


def test_a_provider_that_the_host_registered_stays(caplog):
    environ = {"LLM_OWN": "foreman://host", "LLM_MY_OWN": "foreman://host"}
    names = registry(environ, "own", "my-own")
    assert names.names == ("own", "my-own")
    assert not isinstance(names.provider("own"), Built)
    assert not isinstance(names.provider("my-own"), Built)
    assert caplog.records == []


def test_a_provider_that_the_host_registers_later_replaces_a_declared_one(caplog):
    names = registry({"LLM_OWN": "foreman://host"})
    assert isinstance(names.provider("own"), Built)
    names.register("own", FakeProvider("own"))
    assert not isinstance(names.provider("own"), Built)
    assert caplog.records == []


def test_two_variables_for_one_name_are_no_built_in_replaced(caplog):
    environ = {
        "LLM_M1": "foreman://upper",
        "llm_m1": "foreman://lower",
        "LLM_A-B": "foreman://hyphen",
        "LLM_A_B": "foreman://underscore",
    }
    names = registry(environ)
    assert names.names == ("a-b", "a_b", "m1")
    hosts = [names.provider(name).dsn.host for name in names.names]
    assert hosts == ["hyphen", "underscore", "upper"]
    assert caplog.records == []


# -- nothing is shown -----------------------------------------------------------------------------


def test_no_credential_stands_in_anything_a_registry_gives_away():
    environ = {
        "LLM_M1": f"openai://us3r:{CANARY}@host/v1?timeout=5",
        "LLM_M2": f"anthropic://{CANARY}@host",
        "LLM_M3": f"openai://{CANARY}@host?vison=1",
        "LLM_M4": f"anthropic://{CANARY}@host?strict=1",
        "LLM_M5": f"opnai://{CANARY}@host",
        "LLM_M6": f"openai://host/{CANARY}@x",
        "LLM_M7": f"sk-{CANARY}",
        "LLM_M8": f"{CANARY}://host",
        "LLM_M9": f"anthropic://{CANARY}?strict=1",
        "OPENAI_API_KEY": f"sk-{CANARY}",
        "OPENAI_BASE_URL": f"https://us3r:{CANARY}@host/v1",
        "ANTHROPIC_AUTH_TOKEN": CANARY,
        "GROQ_API_KEY": CANARY,
    }
    names = default_registry(environ)
    listed = names.describe()
    shown = [repr(names), repr(listed), *(str(one.access) for one in listed), repr(names.names)]
    for name in ("m1", "m2", "openai", "anthropic", "groq"):
        provider, chain = names.provider(name), names.parse(f"{name}/x")
        shown += map(repr, (provider, provider.wire, chain, *chain.models))
        if name != "openai":  # whose URL holds it: what is dialled must
            shown += map(repr, (provider.endpoint, provider.access))
    for spec in ("m3/x", "m4/x", "m5/x", "m6/x", "m7", "m7/x", "m8/x", "m9/x"):
        with pytest.raises(ConfigError) as caught:
            names.parse(spec)
        shown.append(everything_shown(caught.value))
    text = "\n".join(shown)
    assert "us3r" not in text
    assert CANARY not in text
    faults = {one.name for one in listed if one.access.missing.startswith("LLM_")}
    assert faults == {"m3", "m4", "m5", "m6", "m8", "m9"}
