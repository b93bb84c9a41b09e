"""Typed settings: defaults, ranges, and a refusal of what cannot be read."""

import pickle

import pytest

from executus.config import (
    NO_CONFIG,
    BadSetting,
    Config,
    EnvironmentSource,
    LayeredSource,
    MappingSource,
)


class Broken:
    async def get(self, key):
        raise OSError("no disk")


@pytest.fixture
def values():
    return {}


@pytest.fixture
def config(values):
    return Config(MappingSource(values))


async def test_values_are_read_by_their_type(config, values):
    values.update(n="3", x="0.5", d="1h30m", on="yes", names="a, b", t="  text ")
    assert await config.get_int("n", 0) == 3
    assert await config.get_float("x", 0.0) == 0.5
    assert await config.get_duration("d", 0.0) == 5400
    assert await config.get_bool("on", False) is True
    assert await config.get_list("names") == ("a", "b")
    assert await config.get("t") == "text"


async def test_nothing_configured_is_the_default_without_a_word(config, values, caplog):
    values["blank"] = "  "
    for key in ("blank", "absent"):
        assert await config.get_int(key, 7) == 7
        assert await config.get_list(key, ["x"]) == ("x",)
        assert await config.get(key, "d") == "d"
        assert await config.get(key) is None
    assert await NO_CONFIG.get_duration("tier.fast", None) is None
    assert caplog.records == []


READERS = {
    "a whole number": ("get_int", {}, "many", "a whole number"),
    "too little": ("get_int", {"minimum": 1}, "0", "a whole number, at least 1"),
    "too much": ("get_float", {"maximum": 1.0}, "1.5", "a number, at most 1"),
    "a number": ("get_float", {}, "nan", "a finite number"),
    "a duration": ("get_duration", {}, "5 minutes", "a duration such as 30s, 5m, 1h30m, or plain"),
    "a short duration": ("get_duration", {"minimum": 60}, "1s", "seconds, at least 60"),
    "a switch": ("get_bool", {}, "maybe", "1, true, yes, on, 0, false, no or off"),
}


@pytest.mark.parametrize(("reader", "range_", "value", "wanted"), READERS.values(), ids=READERS)
async def test_a_bad_value_is_refused_with_what_to_write(
    config, values, reader, range_, value, wanted
):
    values["run.bound"] = value
    with pytest.raises(
        BadSetting, match=rf"^run\.bound is '{value}'; write {wanted}.*, or unset it"
    ):
        await getattr(config, reader)("run.bound", None, **range_)


async def test_a_bad_value_of_the_environment_is_told_by_its_variable(values):
    environment = EnvironmentSource(environ={"EXECUTUS_MAX_STEPS": "ten"})
    for source in (environment, LayeredSource(MappingSource(values), LayeredSource(environment))):
        with pytest.raises(
            BadSetting, match=r"^EXECUTUS_MAX_STEPS is 'ten'; write a whole"
        ) as caught:
            await Config(source).get_int("max_steps", 10)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.name) == (str(caught.value), "EXECUTUS_MAX_STEPS")
    values["max_steps"] = "nine"  # of two layers the one that counts is named
    with pytest.raises(BadSetting, match=r"^max_steps is 'nine'"):
        await Config(LayeredSource(MappingSource(values), environment)).get_int("max_steps", 10)


@pytest.mark.parametrize(
    ("key", "value"), [("search.api_key", "canary-5d"), ("db", "x://me:canary-5d@host")]
)
async def test_a_value_that_may_be_a_secret_is_not_told(config, values, key, value):
    values[key] = value
    with pytest.raises(BadSetting) as caught:
        await config.get_int(key, 1)
    assert str(caught.value) == f"{key} cannot be read; write a whole number, or unset it"
    assert "canary" not in repr((caught.value.__cause__, caught.value.__context__))


async def test_a_change_counts_at_the_next_look(config, values):
    assert await config.get_int("n", 1) == 1
    values["n"] = "2"
    assert await config.get_int("n", 1) == 2


async def test_a_source_that_fails_means_the_defaults_and_one_warning(caplog):
    config = Config(Broken())
    assert [await config.get_int("n", 4) for _ in range(2)] == [4, 4]
    assert [r.getMessage() for r in caplog.records] == [
        "the configuration source Broken failed (OSError) and is passed over"
    ]
